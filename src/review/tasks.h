/*
 * What models are asked to do. A review is a set of tasks; each task is one question about each part of the
 * paper, and all of them share the system words and the paper itself, so that a provider's cache serves those.
 * The words of a task are in prompts/<name>.txt: see prompt_words.h.
 */
#ifndef REVIEW_TASKS_H
#define REVIEW_TASKS_H

#include "base/error.h"
#include "model/model.h"

enum task_id {
	TASK_REVIEW,       /* all of a review in one question: for small models */
	TASK_SUMMARY,
	TASK_CORRECTNESS,
	TASK_EXPERIMENTS,
	TASK_NOVELTY,
	TASK_CLARITY,
	TASK_METADATA,     /* what the paper is about, for meta.yaml: asked once, about its beginning */
	TASK_ADJUDICATION, /* rulings upon the findings of the others: run --adjudicate */
	TASK_NR,
};

struct task {
	enum task_id id;
	const char *name;  /* in settings, records and file names */
	const char *title; /* for people: "arguments and proofs" */
};
extern const struct task tasks[TASK_NR]; /* by id */

/* NULL when there is none of that name. */
const struct task *task_by_name(const char *name);

/* Sets of tasks: bit (1 << id). */
#define TASK_BIT(id) (1u << (id))
#define TASK_SET_COMBINED TASK_BIT(TASK_REVIEW)
#define TASK_SET_FULL                                                                              \
	(TASK_BIT(TASK_SUMMARY) | TASK_BIT(TASK_CORRECTNESS) | TASK_BIT(TASK_EXPERIMENTS) |        \
	 TASK_BIT(TASK_NOVELTY) | TASK_BIT(TASK_CLARITY))

/* "summary, clarity" as people type it; ERROR_USAGE names the word that is no task and those that are. */
struct error *task_set_parse(unsigned *out, const char *list);

/* What MODEL is asked when nobody says: one combined question of a local model, which is small and slow,
 * and all tasks of any other. */
unsigned task_set_default(const struct model *model);

#endif
