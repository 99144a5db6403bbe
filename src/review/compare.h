/*
 * What changed in a paper's findings between two revisions, without asking a model: from the records of its
 * content ids, or from the report that is committed beside it; the built-in checks are run on the spot where
 * there is no record of theirs.
 */
#ifndef REVIEW_COMPARE_H
#define REVIEW_COMPARE_H

#include "git/records.h"
#include "paper/paper.h"
#include "review/report.h"

/* Where the findings of one side come from. */
enum compare_source {
	COMPARE_NOTHING, /* nothing of the paper can be read, and it was never reviewed */
	COMPARE_CHECKS,  /* never reviewed: the built-in checks, run now */
	COMPARE_REPORT,  /* the scrutiny.json that stands beside it */
	COMPARE_RECORDS,
};
const char *compare_source_name(enum compare_source source); /* "nothing", "checks", "report", "records" */

/* A paper at one revision. */
struct compare_side {
	enum compare_source source;
	struct run run;
	struct record *items;          /* sorted by reviewer */
	const struct record **records; /* the same */
	size_t nr;
};

/*
 * Finds out what is known of PAPER, which is one of SNAPSHOT. Paths are told as if its folder were
 * PLACE, so that the sides of a paper that moved can be compared. A report that cannot be read counts
 * as none, and is told in *COMPLAINT (malloc'd, else NULL).
 */
struct error *compare_side_load(struct compare_side *out, struct records *store,
				struct snapshot *snapshot, const struct paper *paper,
				const char *place, char **complaint);
void compare_side_release(struct compare_side *side);

/* A paper at both. Must not be moved once it is made. */
struct comparison {
	const char *was, *path;    /* its folder then and now; NULL: it was not, or is not there */
	struct compare_side before, after;
	struct run run;            /* its past is what was found before */
	struct consensus consensus; /* of what is found after: new, persisting, fixed, unchecked */
};

/* BEFORE, AFTER, WAS and PATH are set; fills the rest. Of a paper that is gone everything is unchecked. */
void comparison_make(struct comparison *c);
void comparison_release(struct comparison *c);

/* The worst new finding that is verified, as run's --fail-on counts: a severity, or -1. */
int comparison_worst(const struct comparison *c);

/* All comparisons, for people and programs. */
struct comparison_report {
	const char *before, *after; /* as they were typed; AFTER may be "the work tree" */
	struct comparison *const *items;
	size_t nr;
	size_t unchanged;           /* papers that are the same on both sides */
};
void compare_text(struct buffer *out, const struct comparison_report *report, bool color);
void compare_markdown(struct buffer *out, const struct comparison_report *report);
void compare_json(struct buffer *out, const struct comparison_report *report);

#endif
