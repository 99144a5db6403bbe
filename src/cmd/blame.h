/* What blame found out, and how it is shown. */
#ifndef CMD_BLAME_H
#define CMD_BLAME_H

#include "cmd/workspace.h"
#include "history/blame.h"
#include "history/known.h"

struct blame_row {
	const struct consensus_finding *finding;
	const struct blame_item *item; /* NULL: nothing to look for in the paper */
};

struct blame_paper {
	const struct paper *paper;
	bool loaded;
	struct known known;
	struct paper_history *history;
	const char **quotes;
	struct blame_item *items;
	struct blame_row *rows;        /* in order of place */
	size_t nr;
};

void blame_text(struct buffer *out, const struct blame_paper *papers, size_t nr, bool color);
/* LIKE is as long as this repository's ids. */
void blame_porcelain(struct buffer *out, const struct blame_paper *papers, size_t nr, const struct oid *like);
void blame_json(struct buffer *out, const struct blame_paper *papers, size_t nr);

#endif
