/*
 * What a reviewer says about a paper as a whole, beside its findings: the fields of a conference's review form
 * (NeurIPS, ICLR).
 */
#ifndef REVIEW_ASSESSMENT_H
#define REVIEW_ASSESSMENT_H

#include "base/json.h"

/* Remarks of one kind that are taken from one answer. */
#define ASSESSMENT_MAX_REMARKS 30
/* What is accepted of one kind from a store. */
#define ASSESSMENT_MAX_STORED 10000

enum criterion_id {
	CRITERION_SOUNDNESS,
	CRITERION_PRESENTATION,
	CRITERION_CONTRIBUTION,
	CRITERION_OVERALL,
	CRITERION_CONFIDENCE,
	CRITERION_NR,
};

struct criterion {
	enum criterion_id id;
	const char *name;
	double low, high;
};
extern const struct criterion criteria[CRITERION_NR]; /* by id */
const struct criterion *criterion_by_name(const char *name); /* NULL: there is none */

struct remarks {
	char **items;
	size_t nr, alloc;
};
/* Takes TEXT over; one that is there already is not added again. */
void remarks_add(struct remarks *list, char *text);
void remarks_release(struct remarks *list);

struct score {
	enum criterion_id criterion;
	double value;       /* within the criterion's bounds */
	char *reason;       /* may be NULL */
};

struct assessment {
	struct remarks strengths, weaknesses, questions;
	struct score *scores;
	size_t nr_scores, alloc_scores;
};
void assessment_release(struct assessment *a);
bool assessment_is_empty(const struct assessment *a);
/* Takes REASON over. Of a value out of bounds nothing is added, and false returned. */
bool assessment_add_score(struct assessment *a, enum criterion_id criterion, double value, char *reason);
/* NULL when it was not scored. */
const struct score *assessment_score(const struct assessment *a, enum criterion_id criterion);
/* Several scores of one criterion, as the parts of a long paper give them, become their mean; the scores are
 * then in order of criterion. */
void assessment_settle(struct assessment *a);
/* Moves all of FROM into A; a criterion that FROM has scored replaces A's scores. */
void assessment_extend(struct assessment *a, struct assessment *from);

/* As keys "strengths", "weaknesses", "questions", "scores" of the object that is open, and back. The receiver
 * releases *OUT also after an error. */
void assessment_put(struct json_writer *w, const struct assessment *a);
struct error *assessment_get(const cJSON *object, const char *what, struct assessment *out);

#endif
