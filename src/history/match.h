/*
 * Which findings of two versions are the same.
 *
 * The same are those that have the same identity (review/identity.h), wherever they stand. Of several with one
 * identity first those go together that quote the same line, then the rest in order of place. Those that are left
 * go together when all but the file they stand in is the same: it was renamed, or they moved to another.
 */
#ifndef HISTORY_MATCH_H
#define HISTORY_MATCH_H

#include <stdint.h>

#include "paper/finding.h"

struct finding_key {
	uint64_t quoted, placed, bare; /* with path and quote, with path, without */
};

/* The keys of a list, malloc'd. Paths are those of records. */
struct finding_key *finding_keys(const struct finding_list *list);

/* OUT has a place for each of the newer ones: the number of the older one that it is, from 1, or 0. */
void findings_match(size_t *out, const struct finding_key *newer, size_t nr_newer,
		    const struct finding_key *older, size_t nr_older);

#endif
