/* Several records of one reviewer, as clones that did not know of each other leave them: one voice. */
#ifndef REVIEW_RECORD_MERGE_H
#define REVIEW_RECORD_MERGE_H

#include "review/record.h"

/*
 * Sorts ITEMS by reviewer and makes one of those of the same reviewer; returns how many there are
 * then. The result does not depend on the order they come in.
 *
 * Of the built-in reviewer the record of the newest version stays, the others are released. A
 * model's records are joined: the newest one (of the same second, the one whose bytes are smaller)
 * gives version and summary, and all findings stay, those that are equal in everything once. What
 * both cost was paid twice and is added, except when they are made from the same replies. One that is
 * made from everything that another is made from, and perhaps more, takes its place.
 */
size_t record_merge_all(struct record *items, size_t nr);

/* True when R was made from everything that OLD, of the same reviewer, was made from. */
bool record_covers(const struct record *r, const struct record *old);
/* Moves what FROM, an older record of the same reviewer and content id, has and INTO has not into INTO: summary,
 * version and scores of INTO stay. Releases FROM. */
void record_join(struct record *into, struct record *from);

#endif
