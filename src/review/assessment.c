#include "review/assessment.h"

#include "base/memory.h"
#include "review/stored.h"

const struct criterion criteria[CRITERION_NR] = {
	{ CRITERION_SOUNDNESS, "soundness", 1, 4 },
	{ CRITERION_PRESENTATION, "presentation", 1, 4 },
	{ CRITERION_CONTRIBUTION, "contribution", 1, 4 },
	{ CRITERION_OVERALL, "overall", 1, 10 },
	{ CRITERION_CONFIDENCE, "confidence", 1, 5 },
};

const struct criterion *criterion_by_name(const char *name)
{
	for (size_t i = 0; i < CRITERION_NR; i++)
		if (!strcmp(criteria[i].name, name))
			return &criteria[i];
	return NULL;
}

/* -- remarks ---------------------------------------------------------------------------------- */

void remarks_add(struct remarks *list, char *text)
{
	for (size_t i = 0; i < list->nr; i++) {
		if (!strcmp(list->items[i], text)) {
			free(text);
			return;
		}
	}
	ALLOC_GROW(list->items, list->nr, list->alloc);
	list->items[list->nr++] = text;
}

void remarks_release(struct remarks *list)
{
	strings_free(list->items, list->nr);
	*list = (struct remarks){ 0 };
}

static void remarks_move(struct remarks *to, struct remarks *from)
{
	for (size_t i = 0; i < from->nr; i++)
		remarks_add(to, from->items[i]);
	from->nr = 0;
	remarks_release(from);
}

/* -- scores ----------------------------------------------------------------------------------- */

static void release_scores(struct assessment *a)
{
	for (size_t i = 0; i < a->nr_scores; i++)
		free(a->scores[i].reason);
	free(a->scores);
	a->scores = NULL;
	a->nr_scores = a->alloc_scores = 0;
}

static void append_score(struct assessment *a, struct score score)
{
	ALLOC_GROW(a->scores, a->nr_scores, a->alloc_scores);
	a->scores[a->nr_scores++] = score;
}

bool assessment_add_score(struct assessment *a, enum criterion_id criterion, double value, char *reason)
{
	if (!(value >= criteria[criterion].low && value <= criteria[criterion].high)) {
		free(reason);
		return false;
	}
	append_score(a, (struct score){ criterion, value, reason });
	return true;
}

const struct score *assessment_score(const struct assessment *a, enum criterion_id criterion)
{
	for (size_t i = 0; i < a->nr_scores; i++)
		if (a->scores[i].criterion == criterion)
			return &a->scores[i];
	return NULL;
}

/* Two decimals say all that a mean of whole numbers has to say. */
static double rounded(double value)
{
	return (double)(int64_t)(value * 100 + 0.5) / 100;
}

void assessment_settle(struct assessment *a)
{
	struct assessment settled = { 0 };
	for (int c = 0; c < CRITERION_NR; c++) {
		struct buffer reasons = BUFFER_INIT;
		double sum = 0;
		size_t nr = 0;
		for (size_t i = 0; i < a->nr_scores; i++) {
			const struct score *s = &a->scores[i];
			if ((int)s->criterion != c)
				continue;
			sum += s->value;
			nr++;
			if (s->reason && !strstr(reasons.data, s->reason))
				buffer_addf(&reasons, "%s%s", reasons.len ? "\n" : "", s->reason);
		}
		if (nr)
			append_score(&settled, (struct score){
				(enum criterion_id)c, rounded(sum / (double)nr),
				reasons.len ? xstrdup(reasons.data) : NULL });
		buffer_release(&reasons);
	}
	release_scores(a);
	a->scores = settled.scores;
	a->nr_scores = settled.nr_scores;
	a->alloc_scores = settled.alloc_scores;
}

/* -- assessments ------------------------------------------------------------------------------ */

void assessment_release(struct assessment *a)
{
	remarks_release(&a->strengths);
	remarks_release(&a->weaknesses);
	remarks_release(&a->questions);
	release_scores(a);
}

bool assessment_is_empty(const struct assessment *a)
{
	return !a->strengths.nr && !a->weaknesses.nr && !a->questions.nr && !a->nr_scores;
}

void assessment_extend(struct assessment *a, struct assessment *from)
{
	struct assessment old = *a;
	remarks_move(&a->strengths, &from->strengths);
	remarks_move(&a->weaknesses, &from->weaknesses);
	remarks_move(&a->questions, &from->questions);
	a->scores = NULL;
	a->nr_scores = a->alloc_scores = 0;
	for (size_t i = 0; i < old.nr_scores; i++) {
		if (assessment_score(from, old.scores[i].criterion))
			free(old.scores[i].reason);
		else
			append_score(a, old.scores[i]);
	}
	free(old.scores);
	for (size_t i = 0; i < from->nr_scores; i++)
		append_score(a, from->scores[i]);
	from->nr_scores = 0;
	release_scores(from);
	assessment_settle(a);
}

/* -- as JSON ---------------------------------------------------------------------------------- */

void assessment_put(struct json_writer *w, const struct assessment *a)
{
	stored_put_list(w, "strengths", a->strengths.items, a->strengths.nr);
	stored_put_list(w, "weaknesses", a->weaknesses.items, a->weaknesses.nr);
	stored_put_list(w, "questions", a->questions.items, a->questions.nr);
	json_key(w, "scores");
	json_begin_array(w);
	for (size_t i = 0; i < a->nr_scores; i++) {
		const struct score *s = &a->scores[i];
		json_begin_object(w);
		json_put_string(w, "criterion", criteria[s->criterion].name);
		json_put_number(w, "score", s->value);
		json_put_string(w, "reason", s->reason);
		json_end_object(w);
	}
	json_end_array(w);
}

static struct error *get_remarks(const cJSON *object, const char *key, const char *what,
				 struct remarks *out)
{
	struct error *err = stored_get_list(object, key, what, &out->items, &out->nr);
	out->alloc = out->nr;
	if (!err && out->nr > ASSESSMENT_MAX_STORED)
		err = error_new(ERROR_LIMIT, "%s: '%s' has more than %d items", what, key,
				ASSESSMENT_MAX_STORED);
	return err;
}

static bool stored_criterion(const char *name, int *value)
{
	const struct criterion *c = criterion_by_name(name);
	if (c)
		*value = (int)c->id;
	return c != NULL;
}

static struct error *get_score(const cJSON *o, const char *what, void *item)
{
	struct score *s = item;
	int criterion;
	struct error *err = stored_get_name(o, "criterion", what, stored_criterion, &criterion);
	if (err || (err = json_get_number(o, "score", what, &s->value)))
		return err;
	s->criterion = (enum criterion_id)criterion;
	if (!(s->value >= criteria[criterion].low && s->value <= criteria[criterion].high))
		return error_new(ERROR_SYNTAX, "%s: 'score' is out of range", what);
	return stored_get_string_or_null(o, "reason", what, &s->reason);
}

struct error *assessment_get(const cJSON *object, const char *what, struct assessment *out)
{
	void *scores = NULL;
	struct error *err;
	if ((err = get_remarks(object, "strengths", what, &out->strengths)) ||
	    (err = get_remarks(object, "weaknesses", what, &out->weaknesses)) ||
	    (err = get_remarks(object, "questions", what, &out->questions)))
		return err;
	err = stored_get_array(object, "scores", what, &scores, &out->nr_scores,
			       sizeof(*out->scores), get_score);
	out->scores = scores;
	out->alloc_scores = out->nr_scores;
	return err;
}
