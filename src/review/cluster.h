/* Which findings say the same: the inner part of the consensus. */
#ifndef REVIEW_CLUSTER_H
#define REVIEW_CLUSTER_H

#include "review/record.h"
#include "review/tokens.h"

#define CLUSTER_CONTAINMENT 0.6
#define CLUSTER_JACCARD 0.25

/* One finding of one record. */
struct entry {
	const struct record *record;
	const struct finding *finding;
	bool placed;           /* it has a range in a file */
	struct tokens quote;
	struct tokens title;
	struct tokens text;    /* title and why */
	struct tokens subject;
	size_t cluster;        /* number of the first entry of its cluster */
};

/* All findings of RECORDS in an order that depends on their contents only. */
struct entry *entries_make(const struct record *const *records, size_t nr_records, size_t *nr);
void entries_free(struct entry *entries, size_t nr);

/* Sets `cluster` of sorted entries. */
void entries_cluster(struct entry *entries, size_t nr);

#endif
