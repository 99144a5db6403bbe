/* How a model scores papers otherwise: what its score of one paper is held against. */
#include "review/session_job.h"

#include <math.h>

#include "base/memory.h"
#include "base/trace.h"
#include "paper/paper.h"

/* Papers that are looked at: more change the mean by little. */
#define SCORES_MAX_PAPERS 300

struct score_histories {
	struct score_history *items; /* one a model of the settings; papers < 0: not looked up yet */
	size_t nr;
};

struct score_histories *score_histories_new(const struct session_settings *settings)
{
	struct score_histories *h = xcalloc(1, sizeof(*h));
	h->nr = settings->nr_models;
	h->items = xcalloc(h->nr + 1, sizeof(*h->items));
	for (size_t i = 0; i < h->nr; i++)
		h->items[i].papers = -1;
	return h;
}

void score_histories_free(struct score_histories *h)
{
	if (!h)
		return;
	free(h->items);
	free(h);
}

/* The overall score of the paper CONTENT_ID, or 0 when there is none. */
static double overall_of(struct records *store, const char *content_id, const char *name)
{
	struct buffer text = BUFFER_INIT_MAX(RECORD_MAX_SIZE);
	struct record r;
	double value = 0;
	struct error *err = records_read(store, content_id, name, &text);
	if (!err)
		err = record_parse(&r, slice_of(&text), name);
	if (!err) {
		const struct score *s = assessment_score(&r.assessment, CRITERION_OVERALL);
		value = s ? s->value : 0;
		record_release(&r);
	}
	error_free(err); /* of another paper: told when that one is looked at */
	buffer_release(&text);
	return value;
}

static void look_up(const struct session_settings *settings, const char *reviewer,
		    struct score_history *out)
{
	const struct paper_list *papers = settings->neighbours;
	struct buffer name = BUFFER_INIT;
	double sum = 0, squares = 0;
	*out = (struct score_history){ 0 };
	record_name(&name, reviewer, NULL);
	for (size_t i = 0; papers && i < papers->nr && out->papers < SCORES_MAX_PAPERS; i++) {
		double value = overall_of(settings->records, papers->items[i].content_id, name.data);
		sum += value;
		squares += value * value;
		out->papers += value > 0;
	}
	buffer_release(&name);
	if (!out->papers)
		return;
	double nr = (double)out->papers;
	double variance = squares / nr - sum / nr * (sum / nr);
	out->mean = round(sum / nr * 1e4) / 1e4;
	out->deviation = variance > 0 ? round(sqrt(variance) * 1e4) / 1e4 : 0;
}

void job_add_score_histories(const struct job *job, struct run *run)
{
	run->histories = xcalloc(job->nr_assignments + 1, sizeof(*run->histories));
	for (size_t i = 0; i < job->nr_assignments && job->histories; i++) {
		const struct model *model = job->assignments[i].model;
		size_t m = (size_t)(model - job->settings->models);
		struct score_history *h = &job->histories->items[m];
		if (h->papers < 0)
			look_up(job->settings, model->reviewer, h);
		if (h->papers < SCORE_HISTORY_MIN_PAPERS)
			continue;
		run->histories[run->nr_histories++] = (struct score_history){
			xstrdup(model->reviewer), h->papers, h->mean, h->deviation
		};
	}
}
