/*
 * One folder in many views: what discovery (paper.h) says of it when it is looked at from inside, as if no other
 * folder were a paper. Where paper_discover lists the folder, both say the same of it.
 *
 * Folders that are alike in two views are looked at once.
 */
#ifndef PAPER_LOOKUP_H
#define PAPER_LOOKUP_H

#include "paper/paper.h"

struct paper_lookup; /* opaque; for one thread at a time */

/* RULES must outlive it, and be NULL or say what is in force in all views. */
struct paper_lookup *paper_lookup_new(const struct paper_rules *rules);
void paper_lookup_free(struct paper_lookup *lookup);

struct paper_inside {
	struct paper_list list;  /* the paper alone; empty when the folder is none, or is not there */
	char **inputs;           /* the files that its content id covers, from the top */
	size_t nr_inputs;
	char **outside;          /* what else decides: paths from the top outside of the folder, of files or folders
	                            that are there or are not */
	size_t nr_outside;
};

/* Looks at the folder PATH of SNAPSHOT. All snapshots of one lookup are of one repository. */
struct error *paper_lookup_at(struct paper_lookup *lookup, struct snapshot *snapshot, const char *path,
			      struct paper_inside *out);
void paper_inside_release(struct paper_inside *inside);

#endif
