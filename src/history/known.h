/* What is known of a paper without asking anybody: its records, else the report that stands beside it, and the built-in
 * checks in any case. */
#ifndef HISTORY_KNOWN_H
#define HISTORY_KNOWN_H

#include "history/history.h"
#include "review/compare.h"

struct known {
	struct compare_side side;
	struct consensus consensus;  /* as the report has it, ids included */
	double cost_usd;             /* of all its records; < 0: unknown */
};

/* PAPER is one of SNAPSHOT; its paths are told as if its folder were PLACE. A report that cannot be read counts as
 * none. OUT must not be moved afterwards. */
struct error *known_load(struct known *out, struct records *store, struct snapshot *snapshot,
			 const struct paper *paper, const char *place);
void known_release(struct known *known);

/* "clean", "notes", "warnings", "errors", or "unread" when nothing can be said. */
const char *known_verdict(const struct known *known);

/* Appends "2 errors, 1 warning", "clean", or "not readable": COUNTS by severity. */
void known_words(struct buffer *out, const char *verdict, const size_t counts[3]);

/* The number of the finding in LOOK (paths as records have them, of FOLDER) that F is, from 1; 0: it is none of them. */
size_t known_find(const struct look *look, const char *folder, const struct finding *f);

#endif
