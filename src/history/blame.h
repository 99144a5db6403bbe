/*
 * Since when a finding is there: the commit that it came with, found by running the checks on earlier versions.
 *
 * From the present back the finding is followed as long as it is there; at a merge, to the first parent that has it. The
 * version at which no parent has it is the one it came with. So that is the newest commit at which it went
 * from absent to present, even if it was there before, and went away.
 *
 * What a model found is never looked for again: it is told since when the words that it quotes stand in the paper.
 */
#ifndef HISTORY_BLAME_H
#define HISTORY_BLAME_H

#include "history/history.h"

enum blame_outcome {
	BLAME_COMMIT,
	BLAME_NOT_COMMITTED,
	BLAME_NOT_QUOTED, /* a model's: its words are not in the paper */
};

/* What is asked about. */
struct blame_item {
	bool is_quote;
	size_t number;         /* of the present's findings, or of settings.quotes */
	/* the answer: */
	enum blame_outcome outcome;
	const struct version *version; /* with BLAME_COMMIT */
	bool boundary;         /* what is before it is not here, so it may be older */
};

/* The versions in ITEMS belong to HISTORY. */
struct error *blame_items(struct paper_history *history, struct blame_item *items, size_t nr);

#endif
