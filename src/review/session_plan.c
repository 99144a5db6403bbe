/* What a session would ask and cost, from the questions it would ask and the answers there were. */
#include "base/memory.h"
#include "base/strmap.h"
#include "model/codec.h"
#include "review/batches.h"
#include "review/session_job.h"

/* An answer of a model that has given none, in tokens: of a task, and of a whole review in one. */
#define TYPICAL_OUTPUT 1200
#define TYPICAL_REVIEW 2000
#define TYPICAL_METADATA 250
/* How far back answers are looked at. */
#define HISTORY_SECONDS INT64_C(5184000)
/* Below, no provider caches a prompt. */
#define CACHE_MIN_TOKENS 1024

/* -- how long answers are -------------------------------------------------------------------- */

struct sample {
	int64_t tokens, answers;
};

struct outputs {
	struct strmap samples;  /* "<reviewer> <task>", "<reviewer>" -> struct sample */
	struct strmap requests; /* those that were seen: rounds of one question are one answer */
};

static void outputs_release(struct outputs *o)
{
	strmap_release(&o->samples, free);
	strmap_release(&o->requests, NULL);
}

static void add_sample(struct outputs *o, const char *key, int64_t tokens, bool new_answer)
{
	void **slot = strmap_at(&o->samples, key, strlen(key));
	if (!*slot)
		*slot = xcalloc(1, sizeof(struct sample));
	struct sample *sample = *slot;
	sample->tokens += tokens;
	sample->answers += new_answer;
}

static void take_entry(struct outputs *o, const struct spending *s)
{
	if (s->output_tokens < 0 || s->estimated || !s->task || !s->request)
		return;
	bool new_answer = strmap_add(&o->requests, s->request, strlen(s->request));
	char *key = xstrfmt("%s %s", s->reviewer, s->task);
	add_sample(o, key, s->output_tokens, new_answer);
	add_sample(o, s->reviewer, s->output_tokens, new_answer);
	free(key);
}

static struct error *outputs_read(struct outputs *o, struct records *store, int64_t now)
{
	struct ledger ledger;
	*o = (struct outputs){ 0 };
	struct error *err = ledger_read(&ledger, store, now - HISTORY_SECONDS, now + 1);
	for (size_t i = 0; i < ledger.nr; i++)
		take_entry(o, &ledger.items[i]);
	ledger_release(&ledger);
	return err;
}

static int64_t sample_mean(const struct outputs *o, const char *key)
{
	const struct sample *sample = strmap_get(&o->samples, key, strlen(key));
	return sample && sample->answers ? sample->tokens / sample->answers : -1;
}

/* The mean of what the model has answered to that task, or to any; else a guess. */
static int64_t expected_output(const struct outputs *o, const struct call *call, bool *guessed)
{
	const char *reviewer = call->assignment->model->reviewer;
	char *key = xstrfmt("%s %s", reviewer, call->task->name);
	int64_t tokens = sample_mean(o, key);
	free(key);
	if (tokens < 0)
		tokens = sample_mean(o, reviewer);
	*guessed = tokens < 0;
	if (tokens < 0)
		tokens = call->task->id == TASK_REVIEW	   ? TYPICAL_REVIEW
			 : call->task->id == TASK_METADATA ? TYPICAL_METADATA
							   : TYPICAL_OUTPUT;
	return tokens < call->assignment->output_tokens ? tokens : call->assignment->output_tokens;
}

/* -- what calls cost ------------------------------------------------------------------------- */

static int64_t likely_tokens(const char *text)
{
	return model_likely_tokens(model_estimate_tokens((struct slice){ text, strlen(text) }));
}

/* Whether another call about the same part goes ahead of CALL and fills the provider's cache. */
static bool follows_another(const struct call *call)
{
	const struct assignment *a = call->assignment;
	for (size_t i = 0; &a->calls[i] != call; i++)
		if (a->calls[i].part == call->part && !a->calls[i].answered)
			return true;
	return false;
}

static bool leads_another(const struct call *call)
{
	const struct assignment *a = call->assignment;
	for (const struct call *c = call + 1; c < a->calls + a->nr_calls; c++)
		if (c->part == call->part && !c->answered)
			return true;
	return false;
}

static struct model_usage expected_usage(const struct outputs *o, const struct call *call, bool *guessed)
{
	const struct codec *codec = call->assignment->model->codec;
	struct model_request r;
	call_request(call, &r);
	int64_t shared = likely_tokens(r.system) + likely_tokens(r.shared);
	struct model_usage usage = {
		.input_tokens = shared + likely_tokens(r.user) + likely_tokens(r.schema),
		.output_tokens = expected_output(o, call, guessed),
	};
	if (codec->keeps_no_cache || shared < CACHE_MIN_TOKENS)
		return usage;
	if (follows_another(call))
		usage.cached_tokens = shared;
	else if (codec->asks_for_cache && leads_another(call))
		usage.cache_write_tokens = shared;
	return usage;
}

/* The sum of two amounts either of which may be unknown. */
static double add_usd(double a, double b)
{
	return a < 0 || b < 0 ? -1 : a + b;
}

static void add_call(struct session_estimate *out, const struct outputs *o, const struct call *call,
		     int64_t now)
{
	const struct model *m = call->assignment->model;
	struct model_request r;
	bool guessed;
	struct model_usage likely = expected_usage(o, call, &guessed);
	call_request(call, &r);
	struct model_usage most = model_usage_at_most(m, &r);
	double usd_at_most = model_cost(m, &most, now);
	out->input_tokens += likely.input_tokens;
	out->cached_tokens += likely.cached_tokens;
	out->output_tokens += likely.output_tokens;
	out->guessed += guessed;
	out->usd = add_usd(out->usd, model_cost(m, &likely, now));
	/* The second round is sent the first answer too. */
	most.input_tokens += most.output_tokens;
	out->usd_at_most = add_usd(out->usd_at_most, add_usd(usd_at_most, model_cost(m, &most, now)));
}

/* What a batch would cost, for those who are asked in one. */
static void halve(struct session_estimate *out, const struct assignment *a)
{
	const struct session_settings *settings = a->job->settings;
	if (settings->asking != SESSION_ASK_BATCH || !batch_api_of(a->model))
		return;
	double fraction = model_batch_fraction(a->model, 0, settings->now);
	out->usd = out->usd < 0 ? out->usd : out->usd * fraction;
	out->usd_at_most = out->usd_at_most < 0 ? out->usd_at_most : out->usd_at_most * fraction;
}

static void estimate(struct session_estimate *out, const struct outputs *o, const struct assignment *a,
		     const struct batches *under_way)
{
	const struct session_settings *settings = a->job->settings;
	const char *content_id = a->job->paper->content_id;
	*out = (struct session_estimate){
		.recorded = a->recorded,
		.withheld = a->withheld || a->blocked,
		.too_long = a->outcome && a->parts.nr,
		.calls = a->nr_calls,
	};
	for (size_t i = 0; i < a->nr_calls; i++) {
		bool waits = batches_wait_for(under_way, content_id, a->calls[i].hash);
		out->calls_known += a->calls[i].answered || waits;
		out->calls_waiting += !a->calls[i].answered && waits;
		if (!a->calls[i].answered && !waits)
			add_call(out, o, &a->calls[i], settings->now);
	}
	halve(out, a);
}

static struct error *note_questions(const struct assignment *a)
{
	struct error *err = NULL;
	for (size_t i = 0; i < a->nr_calls && !err; i++)
		if (!a->calls[i].answered)
			err = call_note(&a->calls[i]);
	return err;
}

struct error *session_plan(const struct session_settings *settings, const struct paper *const *papers,
			   size_t nr, struct session_estimate *out, bool *unreadable)
{
	struct outputs outputs;
	struct batches under_way = { .waiting = STRMAP_INIT };
	struct error *err = outputs_read(&outputs, settings->records, settings->now);
	if (!err)
		err = batches_load(&under_way, settings->records);
	for (size_t i = 0; i < nr && !err; i++) {
		struct job job = { 0 };
		struct session_estimate *row = &out[i * settings->nr_models];
		job_open(&job, settings, papers[i]);
		unreadable[i] = !job.nr_documents;
		size_t surely = job.nr_assignments;
		job_assign_dearer(&job);
		err = job_prepare_calls(&job, 0);
		for (size_t m = 0; m < settings->nr_models; m++)
			row[m] = (struct session_estimate){ .unasked = true };
		for (size_t a = 0; a < job.nr_assignments && !err; a++) {
			size_t m = (size_t)(job.assignments[a].model - settings->models);
			estimate(&row[m], &outputs, &job.assignments[a], &under_way);
			err = note_questions(&job.assignments[a]);
			row[m].if_needed = a >= surely;
		}
		job_close(&job);
	}
	outputs_release(&outputs);
	batches_release(&under_way);
	return err;
}
