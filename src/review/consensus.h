/*
 * The consensus: all findings of all reviewers, duplicates folded, nothing dropped.
 *
 * Clusters: two findings say the same when the byte ranges of their quotes overlap in one file
 * (without a grounded quote: when they fall into the same paragraph) and their quotes' tokens
 * (containment >= 0.6) or their titles and texts (Jaccard >= 0.25) do; closed transitively in a
 * stable order. Findings of the built-in reviewer join a cluster but are never folded into one
 * another. Severity: the median over distinct families, the higher of the two middle ones when
 * their number is even and the finding is grounded. Buckets: verified (a built-in rule that is
 * sure, or grounded and shared by two families), plausible (grounded), unverified (the rest).
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
	char id[13];               /* 12 hexadecimal digits: see consensus.c for what it is made of */
	struct finding lead;       /* borrowed strings: the best grounded voice's */
	enum severity severity;
	enum bucket bucket;
	enum history history;
	struct voice *voices;      /* [0] is the lead */
	size_t nr_voices;
	char **families;           /* distinct, sorted */
	size_t nr_families;
	char **silent;             /* reviewers that completed and did not raise it: the dissent */
	size_t nr_silent;
};

struct consensus {
	struct consensus_finding *findings; /* bucket, severity, families, place, id */
	size_t nr;
	const struct past_finding **fixed;  /* of run->past, no longer found */
	size_t nr_fixed;
	size_t nr_voices;          /* findings before folding */
	size_t counts[3];          /* by severity, verified and plausible only */
	size_t nr_unverified;
};

/* RECORDS and RUN must outlive OUT. The order of RECORDS does not matter. */
void consensus_make(struct consensus *out, const struct record *const *records, size_t nr,
		    const struct run *run);
void consensus_release(struct consensus *c);

#endif
