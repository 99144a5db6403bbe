/*
 * The consensus: all findings of all reviewers, duplicates folded, nothing dropped.
 *
 * Clusters: two findings say the same when the byte ranges of their quotes overlap in one file
 * and their titles and reasons do (Jaccard >= 0.25), or their quotes' words (containment >= 0.6) if
 * what they say of them has something in common as well (Jaccard >= 0.16, or titles >= 0.6);
 * closed transitively in a stable order. The range of a finding whose quote was not found is that of
 * the paragraph nearest to it and its neighbours (see ground.h); without such a paragraph it is
 * compared with others of that kind by their words alone, more strictly. A built-in rule's finding
 * takes in claims that share its reasons or name its subject, and is never folded into another
 * rule's.
 *
 * Severity: the median over distinct families, the higher of the two middle ones when their number
 * is even and the finding is grounded; a family's is the severest of its grounded voices, or the
 * lower median of its voices when none is; a rule that is sure keeps its own. Buckets: verified (a
 * built-in rule that is sure, or grounded and shared by two families), plausible (grounded),
 * unverified (the rest). A voice that cites a number which is not in the paper counts as not grounded.
 *
 * Ids are the same in the next run when the finding is: see identity.h. What the last run
 * (run->past) raised and nobody raises now is fixed - if one of those who raised it looked again.
 */
#ifndef REVIEW_CONSENSUS_H
#define REVIEW_CONSENSUS_H

#include "review/record.h"

enum bucket { BUCKET_VERIFIED, BUCKET_PLAUSIBLE, BUCKET_UNVERIFIED };
const char *bucket_name(enum bucket bucket);

enum history { HISTORY_NEW, HISTORY_PERSISTING };

struct voice {
	const struct record *record;   /* borrowed */
	const struct finding *finding; /* borrowed from it */
};

struct consensus_finding {
	char id[13]; /* 12 hexadecimal digits: see identity.h for what it is made of */
	struct finding lead;       /* borrowed strings: the best grounded voice's */
	enum severity severity;
	enum bucket bucket;
	enum history history;
	struct voice *voices;      /* [0] is the lead */
	size_t nr_voices;
	const char **families;     /* distinct, sorted; borrowed */
	size_t nr_families;
	const char **silent; /* models that completed and did not raise it: the dissent; borrowed */
	size_t nr_silent;
};

struct consensus {
	struct consensus_finding *findings; /* bucket, severity, families, place, id */
	size_t nr;
	const struct past_finding **fixed;  /* of run->past, no longer found */
	size_t nr_fixed;
	const struct past_finding **unchecked; /* ... whose reviewers did not complete this time */
	size_t nr_unchecked;
	size_t nr_new;             /* of findings, those with HISTORY_NEW */
	size_t nr_voices;          /* findings before folding */
	size_t counts[3];          /* by severity, verified and plausible only */
	size_t nr_unverified;
};

/* RECORDS and RUN must outlive OUT. The order of RECORDS does not matter. */
void consensus_make(struct consensus *out, const struct record *const *records, size_t nr,
		    const struct run *run);
void consensus_release(struct consensus *c);
/* The order of two findings by severity, then bucket, then how many families have it, then place; as of qsort. */
int consensus_worst_first(const struct consensus_finding *a, const struct consensus_finding *b);

#endif
