/* Everything the store knows about one content id, put together. */
#ifndef REVIEW_REVIEW_H
#define REVIEW_REVIEW_H

#include "git/records.h"
#include "review/report.h"

#define REVIEW_RUN_NAME "run.json"
#define REVIEW_REPORT_MARKDOWN "scrutiny.md"
#define REVIEW_REPORT_JSON "scrutiny.json"

struct review {
	struct run run;
	struct record *items;          /* one a reviewer, sorted by reviewer */
	const struct record **records; /* the same, as report.h takes them */
	size_t nr;
	struct record *adjudications;  /* rulings upon findings, the newest of each model, sorted by reviewer */
	size_t nr_adjudications;
	struct consensus consensus;
	struct metadata metadata;      /* what the models together say the paper is about */
	struct report report;          /* over the members above */
};

/*
 * Records do not know where their paper lies, so that moving or copying it changes nothing: a path
 * in them is relative to its folder ("sections/proof.tex"), and one outside of it is from the top
 * of the repository, with ":/" in front (":/shared/macros.tex"). These turn the paths of FINDINGS,
 * and of RUN, into that form and back, for the folder PAPER.
 */
void review_store_paths(struct finding_list *findings, const char *paper);
void review_place_paths(struct finding_list *findings, const char *paper);
void review_store_run(struct run *run);
void review_place_run(struct run *run, const char *paper);

/* Puts the review of CONTENT_ID, which lies in the folder PAPER now, together from the store
 * alone. ERROR_NOT_FOUND when it was never reviewed. Several records of one reviewer become one: see
 * record_merge.h.
 * OUT must not be moved afterwards. */
struct error *review_load(struct review *out, struct records *store, const char *content_id,
			  const char *paper);
/* As review_load with the facts of a run whose paths are in place; takes RUN over, even on failure. */
struct error *review_make(struct review *out, struct records *store, struct run *run);
/* As review_make with one more record, BUILTIN, that is not in the store and whose paths are in place; takes it over
 * likewise. */
struct error *review_make_with(struct review *out, struct records *store, struct run *run, struct record *builtin);
void review_release(struct review *review);

/* The name under which the built-in reviewer's record is stored. */
void review_builtin_name(struct buffer *out);

/* What stands where review_write would write and makes it fail, as its error: a link, a directory,
 * a meta.yaml that cannot be read. */
struct error *review_check_write(const char *work_tree, const char *paper);

/*
 * Writes scrutiny.md, scrutiny.json and, in meta.yaml, the scrutiny section and what models say the paper is
 * about where no person does (see meta_set_generated) into the folder PAPER of
 * WORK_TREE, each only if its bytes differ. INITIAL fills a meta.yaml that does not exist.
 * The paths (from the top) that hold the result are appended to WRITTEN, NUL-separated.
 */
struct meta_initial;
struct error *review_write(const struct review *review, const char *work_tree, const char *paper,
			   const struct meta_initial *initial, struct buffer *written);

#endif
