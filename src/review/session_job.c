#include "review/session_job.h"

#include <stdio.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/trace.h"
#include "check/check.h"
#include "meta/meta.h"
#include "review/answer.h"

/* -- reading ---------------------------------------------------------------------------------- */

static void add_unread(struct job *job, char *line)
{
	ALLOC_GROW(job->unread, job->nr_unread, job->alloc_unread);
	job->unread[job->nr_unread++] = line;
}

static void add_problems(struct job *job, struct document *doc)
{
	for (size_t i = 0; i < doc->nr_problems; i++) {
		const struct problem *p = &doc->problems[i];
		size_t line, column;
		document_position(doc, p->where, &line, &column);
		add_unread(job, xstrfmt("%s:%zu: %s", doc->files[p->where.file].path, line,
					p->message));
	}
}

void job_open(struct job *job, const struct session_settings *settings, const struct paper *paper)
{
	job->settings = settings;
	job->paper = paper;
	job->documents = xcalloc(paper->nr_manuscripts + 1, sizeof(*job->documents));
	job->readable = xcalloc(paper->nr_manuscripts + 1, sizeof(*job->readable));
	job->tasks = xcalloc(settings->nr_models + 1, sizeof(*job->tasks));
	for (size_t i = 0; i < settings->nr_models; i++)
		job->tasks[i] = (struct task){ .job = job, .model = &settings->models[i] };
	for (size_t i = 0; i < paper->nr_manuscripts; i++) {
		struct document *doc = &job->documents[job->nr_documents];
		struct error *err = document_read(doc, settings->snapshot, paper,
						  &paper->manuscripts[i]);
		if (err) {
			const char *path = paper->manuscripts[i].path;
			bool named = starts_with(err->message, path);
			add_unread(job, named ? xstrdup(err->message)
					      : xstrfmt("%s: %s", path, err->message));
			error_free(err);
			continue;
		}
		job->readable[job->nr_documents++] = doc;
		add_problems(job, doc);
	}
}

static void call_release(struct call *call)
{
	prompt_release(&call->prompt);
	reply_release(&call->reply);
}

void job_close(struct job *job)
{
	for (size_t i = 0; i < job->settings->nr_models; i++) {
		struct task *task = &job->tasks[i];
		for (size_t c = 0; c < task->nr_calls; c++)
			call_release(&task->calls[c]);
		free(task->calls);
		part_list_release(&task->parts);
		free(task->outcome);
		free(task->message);
	}
	free(job->tasks);
	if (job->index)
		ground_index_free(job->index);
	for (size_t i = 0; i < job->nr_documents; i++)
		document_release(&job->documents[i]);
	free(job->documents);
	free(job->readable);
	for (size_t i = 0; i < job->nr_unread; i++)
		free(job->unread[i]);
	free(job->unread);
}

/* -- records ---------------------------------------------------------------------------------- */

/* R is used up: its paths are those of the store afterwards. */
static struct error *put_record(struct job *job, struct record *r, const char *version)
{
	review_store_paths(&r->findings, job->paper->path);
	struct buffer name = BUFFER_INIT, text = BUFFER_INIT_MAX(RECORD_MAX_SIZE);
	record_name(&name, r->reviewer, version);
	record_write(&text, r);
	struct error *err = buffer_check(&text, "a record");
	if (!err)
		err = records_put(job->settings->records, r->content_id, name.data,
				  slice_of(&text));
	buffer_release(&name);
	buffer_release(&text);
	if (!err)
		job->did_work = true;
	return err;
}

struct error *job_run_checks(struct job *job)
{
	struct buffer name = BUFFER_INIT;
	review_builtin_name(&name);
	bool recorded = records_has(job->settings->records, job->paper->content_id, name.data);
	buffer_release(&name);
	if (recorded || !job->nr_documents)
		return NULL;
	char version[16];
	snprintf(version, sizeof(version), "%d", CHECK_VERSION);
	struct record r = {
		.reviewer = xstrdup("builtin"),
		.version = xstrdup(version),
		.family = xstrdup("builtin"),
		.content_id = xstrdup(job->paper->content_id),
		.date = job->settings->now,
	};
	check_run(&r.findings, job->readable, job->nr_documents);
	struct error *err = put_record(job, &r, version);
	record_release(&r);
	return err;
}

static void task_fail(struct task *task, const char *outcome, const char *message)
{
	if (task->outcome)
		return; /* the first failure is the one that is told */
	task->outcome = xstrdup(outcome);
	task->message = xstrdup(message);
}

/* -- calls ------------------------------------------------------------------------------------ */

static void reply_name(struct buffer *out, const char *hash)
{
	buffer_addf(out, "replies/%s.json", hash);
}

static struct error *find_reply(struct job *job, struct call *call)
{
	struct buffer name = BUFFER_INIT, text = BUFFER_INIT_MAX(RECORD_MAX_SIZE);
	reply_name(&name, call->hash);
	struct error *err = records_read(job->settings->records, job->paper->content_id, name.data,
					 &text);
	if (!error_drop_if(&err, ERROR_NOT_FOUND) && !err) {
		err = reply_parse(&call->reply, slice_of(&text), name.data);
		/* Stored replies that are damaged are asked for again, not fatal. */
		if (err)
			trace_printf("ignoring a stored reply: %s", err->message);
		call->answered = !err;
		error_free(err);
		err = NULL;
	}
	buffer_release(&name);
	buffer_release(&text);
	return err;
}

void call_request(const struct call *call, struct model_request *out)
{
	*out = (struct model_request){
		.system = call->prompt.system.data,
		.user = call->prompt.user.data,
		.schema_name = "review",
		.schema = answer_schema,
		.max_output_tokens = call->task->output_tokens,
	};
}

static struct error *prepare_task(struct job *job, struct task *task)
{
	int64_t tokens = prompt_part_tokens(task->model, &task->output_tokens);
	prompt_split(&task->parts, job->readable, job->nr_documents, tokens);
	if (!task->parts.nr)
		task_fail(task, "skipped", "the paper has no text");
	if (task->parts.nr > PROMPT_MAX_PARTS) {
		char *message = xstrfmt("the paper would need %zu parts, more than %d",
					task->parts.nr, PROMPT_MAX_PARTS);
		task_fail(task, "skipped", message);
		free(message);
		return NULL;
	}
	task->calls = xcalloc(task->parts.nr + 1, sizeof(*task->calls));
	struct error *err = NULL;
	for (size_t i = 0; i < task->parts.nr && !err; i++) {
		struct call *call = &task->calls[task->nr_calls++];
		struct model_request request;
		call->task = task;
		call->index = i;
		prompt_make(&call->prompt, &task->parts.items[i], i, task->parts.nr);
		call_request(call, &request);
		model_request_hash(task->model, &request, call->hash);
		err = find_reply(job, call);
		if (!call->answered)
			task->pending++;
	}
	job->pending += task->pending;
	return err;
}

struct error *job_prepare_calls(struct job *job)
{
	bool local_only = policy_is_local_only(job->settings->policy, job->paper->path);
	struct buffer name = BUFFER_INIT;
	struct error *err = NULL;
	for (size_t i = 0; i < job->settings->nr_models && !err; i++) {
		struct task *task = &job->tasks[i];
		buffer_reset(&name);
		record_name(&name, task->model->reviewer, NULL);
		task->recorded = records_has(job->settings->records, job->paper->content_id,
					     name.data);
		if (task->recorded || !job->nr_documents)
			continue;
		task->withheld = local_only && !task->model->local;
		if (task->withheld)
			task_fail(task, "skipped", "not sent: the paper is local_only");
		else
			err = prepare_task(job, task);
	}
	buffer_release(&name);
	return err;
}

static void fill_reply(struct call *call, const struct model_reply *from, int64_t now)
{
	struct reply *to = &call->reply;
	*to = (struct reply){
		.request = xstrdup(call->hash),
		.reviewer = xstrdup(call->task->model->reviewer),
		.date = now,
		.outcome = xstrdup(model_outcome_name(from->outcome)),
		.answer = xmemdupz(from->answer.data, from->answer.len),
		.answer_len = from->answer.len,
		.served_model = from->served_model ? xstrdup(from->served_model) : NULL,
		.input_tokens = from->usage.input_tokens,
		.output_tokens = from->usage.output_tokens,
		.cached_tokens = from->usage.cached_tokens,
		.part = (int64_t)call->index + 1,
		.parts = (int64_t)call->task->nr_calls,
		.attempts = from->attempts,
		.repaired = from->repaired,
	};
}

static struct error *put_reply(struct job *job, const struct call *call, const char *name)
{
	struct buffer text = BUFFER_INIT_MAX(RECORD_MAX_SIZE);
	reply_write(&text, &call->reply);
	struct error *err = buffer_check(&text, "a reply");
	if (!err)
		err = records_put(job->settings->records, job->paper->content_id, name,
				  slice_of(&text));
	buffer_release(&text);
	return err;
}

struct error *job_take_reply(struct job *job, struct call *call, const struct model_reply *reply)
{
	struct task *task = call->task;
	task->pending--;
	job->pending--;
	job->did_work = true;
	call->answered = reply->outcome == MODEL_OK;
	if (!call->answered)
		task_fail(task, model_outcome_name(reply->outcome),
			  reply->message ? reply->message : "no answer");
	if (!call->answered && !reply->answer.len)
		return NULL;
	/* An unusable answer is kept too, under a name that no later session takes for an answer. */
	struct buffer name = BUFFER_INIT;
	if (call->answered)
		reply_name(&name, call->hash);
	else
		buffer_addf(&name, "replies/%s.%s.json", call->hash,
			    model_outcome_name(reply->outcome));
	fill_reply(call, reply, job->settings->now);
	struct error *err = put_reply(job, call, name.data);
	buffer_release(&name);
	return err;
}

double call_cost(const struct call *call)
{
	struct model_usage usage = MODEL_USAGE_UNKNOWN;
	usage.input_tokens = call->reply.input_tokens;
	usage.output_tokens = call->reply.output_tokens;
	usage.cached_tokens = call->reply.cached_tokens;
	return model_cost(call->task->model, &usage, call->reply.date);
}

/* -- from replies to a record ----------------------------------------------------------------- */

/* A count that some server did not tell is not told of the whole. */
static int64_t add_tokens(int64_t sum, int64_t more)
{
	return sum < 0 || more < 0 ? -1 : sum + more;
}

static double add_cost(double sum, double more)
{
	return sum < 0 || more < 0 ? -1 : sum + more;
}

static void add_summary(struct buffer *out, char *summary, size_t index, size_t parts)
{
	if (summary && *summary) {
		if (out->len)
			buffer_addch(out, '\n');
		if (parts > 1)
			buffer_addf(out, "Part %zu: ", index + 1);
		buffer_addstr(out, summary);
	}
	free(summary);
}

static struct error *add_answer(struct job *job, struct record *r, struct buffer *summaries,
				struct task *task, size_t i)
{
	const struct call *call = &task->calls[i];
	struct slice answer = { call->reply.answer, call->reply.answer_len };
	char *summary = NULL;
	size_t first = r->findings.nr;
	struct error *err = answer_parse(&r->findings, &summary, answer, r->reviewer);
	if (err)
		return err;
	add_summary(summaries, summary, i, task->nr_calls);
	for (size_t f = first; f < r->findings.nr; f++)
		ground_finding(job->index, &r->findings.items[f]);
	r->requests[r->nr_requests++] = xstrdup(call->hash);
	r->input_tokens = add_tokens(r->input_tokens, call->reply.input_tokens);
	r->output_tokens = add_tokens(r->output_tokens, call->reply.output_tokens);
	r->cost_usd = add_cost(r->cost_usd, call_cost(call));
	if (!r->version && call->reply.served_model)
		r->version = xstrdup(call->reply.served_model);
	return NULL;
}

struct error *job_settle_task(struct job *job, struct task *task)
{
	if (task->recorded || task->outcome || !task->nr_calls)
		return NULL;
	for (size_t i = 0; i < task->nr_calls; i++)
		if (!task->calls[i].answered)
			return NULL;
	if (!job->index)
		job->index = ground_index_new(job->readable, job->nr_documents);
	struct buffer summaries = BUFFER_INIT;
	struct record r = {
		.reviewer = xstrdup(task->model->reviewer),
		.family = xstrdup(task->model->family),
		.content_id = xstrdup(job->paper->content_id),
		.date = job->settings->now,
		.requests = xcalloc(task->nr_calls, sizeof(char *)),
	};
	struct error *err = NULL;
	for (size_t i = 0; i < task->nr_calls && !err; i++)
		err = add_answer(job, &r, &summaries, task, i);
	if (err) {
		/* Validated when it arrived; a stored one may have been changed since. */
		task_fail(task, "invalid", err->message);
		error_free(err);
		err = NULL;
	} else {
		r.summary = summaries.len ? xstrdup(summaries.data) : NULL;
		err = put_record(job, &r, NULL);
		task->recorded = !err;
	}
	record_release(&r);
	buffer_release(&summaries);
	return err;
}

/* -- from records to a review ----------------------------------------------------------------- */

static void add_reviewer(struct run *run, const char *reviewer, const char *outcome,
			 const char *message)
{
	run->reviewers[run->nr_reviewers++] = (struct run_reviewer){
		xstrdup(reviewer), xstrdup(outcome), message ? xstrdup(message) : NULL
	};
}

static char *paper_title(const struct job *job)
{
	for (size_t i = 0; i < job->nr_documents; i++)
		if (job->documents[i].title)
			return xstrdup(job->documents[i].title);
	return NULL;
}

static struct error *read_past(struct job *job, struct run *run)
{
	struct buffer path = BUFFER_INIT, text = BUFFER_INIT_MAX(RECORD_MAX_SIZE);
	if (*job->paper->path)
		buffer_addf(&path, "%s/", job->paper->path);
	buffer_addstr(&path, REVIEW_REPORT_JSON);
	struct error *err = snapshot_read(job->settings->snapshot, path.data, &text);
	if (!err) {
		/* That file may hold anything: one of another make counts as no report before. */
		struct error *bad = report_read_past(run, slice_of(&text), path.data);
		if (bad)
			trace_printf("no report before this one: %s", bad->message);
		error_free(bad);
	}
	error_drop_if(&err, ERROR_NOT_FOUND);
	error_drop_if(&err, ERROR_LIMIT);
	error_drop_if(&err, ERROR_UNSUPPORTED); /* a link that leads out, say */
	buffer_release(&path);
	buffer_release(&text);
	return err;
}

static void fill_run(struct job *job, struct run *run)
{
	const struct paper *paper = job->paper;
	size_t nr_models = job->settings->nr_models, nr_absent = job->settings->nr_absent;
	*run = (struct run){
		.program_version = xstrdup(job->settings->program_version),
		.content_id = xstrdup(paper->content_id),
		.paper = xstrdup(paper->path),
		.title = paper_title(job),
		.date = job->settings->now,
		.manuscripts = xcalloc(paper->nr_manuscripts + 1, sizeof(char *)),
		.reviewers = xcalloc(nr_models + nr_absent + 1, sizeof(struct run_reviewer)),
		.unread = xcalloc(job->nr_unread + 1, sizeof(char *)),
	};
	for (size_t i = 0; i < paper->nr_manuscripts; i++)
		run->manuscripts[run->nr_manuscripts++] = xstrdup(paper->manuscripts[i].path);
	add_reviewer(run, "builtin", "ok", NULL);
	for (size_t i = 0; i < nr_models; i++) {
		const struct task *task = &job->tasks[i];
		add_reviewer(run, task->model->reviewer, task->outcome ? task->outcome : "ok",
			     task->message);
	}
	for (size_t i = 0; i < job->settings->nr_absent; i++)
		add_reviewer(run, job->settings->absent[i].reviewer, "failed",
			     job->settings->absent[i].message);
	for (size_t i = 0; i < job->nr_unread; i++)
		run->unread[run->nr_unread++] = xstrdup(job->unread[i]);
}

static struct error *store_run(struct job *job, struct run *run, struct buffer *text)
{
	review_store_run(run);
	run_write(text, run);
	review_place_run(run, job->paper->path);
	return buffer_check(text, "a run");
}

struct error *job_review(struct job *job, struct review *out, bool keep, bool *fresh)
{
	struct buffer text = BUFFER_INIT_MAX(RECORD_MAX_SIZE);
	struct records *store = job->settings->records;
	*fresh = !job->did_work && job_is_complete(job) && paper_report_is_current(job->paper) &&
		 records_has(store, job->paper->content_id, REVIEW_RUN_NAME);
	if (*fresh)
		return review_load(out, store, job->paper->content_id, job->paper->path);
	struct run run;
	fill_run(job, &run);
	struct error *err = read_past(job, &run);
	if (!err && keep)
		err = store_run(job, &run, &text);
	if (!err)
		err = review_make(out, store, &run);
	/* Journalled when there is a review, so that no paper without one counts as done, and
	 * before any report is written: a kill in between finds the run again. */
	if (!err && keep) {
		err = records_put(store, job->paper->content_id, REVIEW_RUN_NAME, slice_of(&text));
		if (err)
			review_release(out);
	}
	run_release(&run);
	buffer_release(&text);
	return err;
}

bool job_is_complete(const struct job *job)
{
	if (job->nr_documents < job->paper->nr_manuscripts)
		return false;
	for (size_t i = 0; i < job->settings->nr_models; i++)
		if (job->tasks[i].outcome && !job->tasks[i].withheld)
			return false;
	return !job->settings->nr_absent;
}

void job_meta_initial(const struct job *job, struct meta_initial *out)
{
	*out = (struct meta_initial){ 0 };
	for (size_t i = 0; i < job->nr_documents; i++) {
		const struct document *doc = &job->documents[i];
		if (!out->title)
			out->title = doc->title;
		if (!out->nr_authors) {
			out->authors = (const char *const *)doc->authors;
			out->nr_authors = doc->nr_authors;
		}
		if (!out->abstract)
			out->abstract = doc->abstract;
	}
}
