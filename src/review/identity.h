/*
 * Who a finding is, from one run to the next.
 *
 * An id is the first 12 hexadecimal digits of SHA-256 over, each ended by a NUL: the rule or
 * "claim"; the file's path relative to the paper; the subject, or the quote as it is compared
 * loosely, or, without either, the title; and a number that tells equals apart in order of place.
 * Nothing of that changes when lines move. A finding that is recognised although its id changed
 * (the file was renamed, the sentence touched up, another model leads) inherits the old id.
 */
#ifndef REVIEW_IDENTITY_H
#define REVIEW_IDENTITY_H

#include "review/cluster.h"
#include "review/consensus.h"

/* Replaces OUT by what makes a finding itself but for its number: its rule, PATH as it is relative to the paper ("" to
 * leave it out), and what it is about. */
void identity_key(struct buffer *out, const struct finding *f, const char *path);

/* Gives ids to the findings, which stand in order of place. */
void identity_assign(struct consensus *c, const struct run *run);

/* Sets history, inherited ids, fixed and unchecked. FINDING_OF has the number of the finding that
 * each of the sorted entries went into. */
void identity_match_past(struct consensus *c, const struct run *run,
			 const struct record *const *records, size_t nr_records,
			 const struct entry *entries, size_t nr_entries, const size_t *finding_of);

#endif
