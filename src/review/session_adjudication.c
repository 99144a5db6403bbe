/* Adjudication: one model rules upon what the others found. Its rulings are shown beside the findings;
 * nothing is taken away or changed by them. */
#include "review/session_job.h"

#include "base/memory.h"
#include "base/text.h"
#include "review/answer.h"

/* What the model is shown of it. */
#define MAX_SHOWN 200
#define MAX_SHOWN_TEXT 1500

static void add_line(struct buffer *out, const char *name, const char *text)
{
	struct slice s = { text, text ? strlen(text) : 0 };
	if (!s.len)
		return;
	if (s.len > MAX_SHOWN_TEXT)
		s.len = MAX_SHOWN_TEXT;
	buffer_addf(out, "%s: ", name);
	utf8_scrub(out, s.data, s.len);
	buffer_addch(out, '\n');
}

static void add_finding(struct buffer *out, const struct consensus_finding *f)
{
	buffer_addf(out, "[%s] %s, raised by ", f->id, severity_name(f->severity));
	for (size_t i = 0; i < f->nr_voices; i++)
		buffer_addf(out, "%s%s", i ? ", " : "", f->voices[i].record->reviewer);
	for (size_t i = 0; i < f->nr_silent; i++)
		buffer_addf(out, "%s%s", i ? ", " : "; not by ", f->silent[i]);
	buffer_addch(out, '\n');
	add_line(out, "claim", f->lead.title);
	add_line(out, f->lead.grounding == GROUNDING_NONE ? "quote (not found in the manuscript)" : "quote",
		 f->lead.quote);
	for (size_t i = 0; i < f->nr_voices; i++)
		add_line(out, "why", f->voices[i].finding->why);
	buffer_addch(out, '\n');
}

/* Rules are certain of what they say: only claims are judged. Returns how many there are. */
static size_t add_findings(struct buffer *out, const struct consensus *c)
{
	size_t nr = 0;
	for (size_t i = 0; i < c->nr; i++) {
		if (c->findings[i].lead.rule)
			continue;
		if (nr++ < MAX_SHOWN)
			add_finding(out, &c->findings[i]);
	}
	if (nr > MAX_SHOWN)
		buffer_addf(out, "%zu more findings are not shown.\n", nr - MAX_SHOWN);
	return nr;
}

/* The findings as they stand, fenced, and what to do with them. False when there is nothing to judge. */
static bool write_words(struct job *job, const struct consensus *c)
{
	struct buffer list = BUFFER_INIT;
	size_t nr = add_findings(&list, c);
	if (nr) {
		buffer_addstr(&job->adjudication_words, "The findings of other reviewers:\n");
		prompt_fence(&job->adjudication_words, slice_of(&list));
		buffer_addf(&job->adjudication_words, "\n%s",
			    prompt_words_get(job->settings->words, tasks[TASK_ADJUDICATION].name));
	}
	buffer_release(&list);
	return nr > 0;
}

static void adjudication_name(struct buffer *out, const struct assignment *a)
{
	record_name(out, a->model->reviewer, NULL);
	buffer_truncate(out, out->len - strlen(".json"));
	buffer_addstr(out, RECORD_ADJUDICATION_ENDING);
}

/* Whether the answer to this very question is recorded. */
static struct error *find_ruling(struct job *job, struct assignment *a)
{
	struct buffer name = BUFFER_INIT, text = BUFFER_INIT_MAX(RECORD_MAX_SIZE);
	struct record r;
	adjudication_name(&name, a);
	struct error *err = records_read(job->settings->records, job->paper->content_id, name.data,
					 &text);
	bool missing = error_drop_if(&err, ERROR_NOT_FOUND);
	if (!err && !missing)
		err = record_parse(&r, slice_of(&text), name.data);
	if (!err && !missing) {
		a->recorded = a->nr_calls && r.nr_requests == 1 &&
			      !strcmp(r.requests[0], a->calls[0].hash);
		record_release(&r);
	}
	/* One that is damaged is told when the review is put together. */
	if (error_drop_if(&err, ERROR_SYNTAX) || error_drop_if(&err, ERROR_LIMIT) ||
	    error_drop_if(&err, ERROR_UNSUPPORTED))
		a->recorded = true;
	buffer_release(&name);
	buffer_release(&text);
	return err;
}

struct error *job_adjudicate(struct job *job)
{
	struct assignment *a = &job->adjudication;
	struct run run = { .content_id = xstrdup(job->paper->content_id),
			   .paper = xstrdup(job->paper->path) };
	struct review review;
	struct error *err = review_make(&review, job->settings->records, &run);
	if (err) {
		run_release(&run);
		error_drop_if(&err, ERROR_SYNTAX); /* told when the review is put together */
		error_drop_if(&err, ERROR_LIMIT);
		error_drop_if(&err, ERROR_UNSUPPORTED);
		return err;
	}
	*a = (struct assignment){ .job = job, .model = job->settings->adjudicator,
				  .tasks = TASK_BIT(TASK_ADJUDICATION) };
	if (write_words(job, &review.consensus))
		err = job_prepare_adjudication(job);
	if (!err && a->nr_calls)
		err = find_ruling(job, a);
	review_release(&review);
	return err;
}

/* A ruling is a finding whose subject is the id of the one that it is about. */
static struct error *take_rulings(struct job *job, struct assignment *a, struct record *r)
{
	struct call *call = &a->calls[0];
	struct slice text = { call->reply.answer, call->reply.answer_len };
	struct answer answer;
	struct error *err = answer_parse(&answer, text, r->reviewer);
	if (err)
		return err;
	r->findings = answer.findings;
	answer.findings = (struct finding_list){ 0 };
	for (size_t i = 0; i < r->findings.nr; i++) {
		struct finding *f = &r->findings.items[i];
		f->subject = f->location;
		f->location = NULL;
		job_ground(job, a, f);
	}
	r->summary = answer.summary;
	answer.summary = NULL;
	answer_release(&answer);
	return NULL;
}

struct error *job_settle_adjudication(struct job *job)
{
	struct assignment *a = &job->adjudication;
	char version[PROMPT_VERSION_DIGITS + 1];
	if (a->recorded || a->outcome || !a->nr_calls || !a->calls[0].answered)
		return NULL;
	const struct reply *reply = &a->calls[0].reply;
	if (!job->index)
		job->index = ground_index_new(job->readable, job->nr_documents);
	struct record r = {
		.reviewer = xstrdup(a->model->reviewer),
		.version = reply->served_model ? xstrdup(reply->served_model) : NULL,
		.family = xstrdup(a->model->family),
		.content_id = xstrdup(job->paper->content_id),
		.date = job->settings->now,
		.requests = xcalloc(1, sizeof(char *)),
		.input_tokens = reply->input_tokens,
		.output_tokens = reply->output_tokens,
		.cost_usd = call_cost(&a->calls[0]),
	};
	r.requests[r.nr_requests++] = xstrdup(a->calls[0].hash);
	task_version(a, &tasks[TASK_ADJUDICATION], version);
	record_add_task(&r, tasks[TASK_ADJUDICATION].name, version,
			prompt_source_name(prompt_words_source(job->settings->words,
							       tasks[TASK_ADJUDICATION].name)));
	struct error *err = take_rulings(job, a, &r);
	if (err) {
		assignment_fail(a, "invalid", err->message);
		error_free(err);
		err = NULL;
	} else {
		struct buffer name = BUFFER_INIT;
		adjudication_name(&name, a);
		err = job_put_record(job, &r, name.data);
		a->recorded = !err;
		buffer_release(&name);
	}
	record_release(&r);
	return err;
}
