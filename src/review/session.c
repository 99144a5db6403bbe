/* Models are asked for all papers of a window at once; what arrives drives the rest. */
#include "review/session.h"

#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/trace.h"
#include "meta/meta.h"
#include "review/session_batch.h"
#include "review/session_budget.h"
#include "review/session_job.h"
#include "review/session_line.h"

/* How often papers that another process reviews are looked at, and how many of them at most. */
#define CLAIM_INTERVAL_US 250000
#define CLAIM_MAX_LOOKS 256
/* Of sleep while nothing else is to be done. */
#define WAIT_STEP_US 50000

struct session {
	const struct session_settings *settings;
	const struct paper *const *papers;
	struct line line;            /* papers that were not begun */
	struct model_engine *engine; /* NULL without models */
	struct session_budget *budget;
	struct session_batch *batch;
	struct session_totals *totals;
	struct session_progress progress;
	struct job **open;           /* SESSION_WINDOW slots */
	size_t nr_open;
	struct error *err;           /* the first that concerns everything: the session winds up */
	volatile int stop;           /* what the engine looks at: the caller's flag, or ERR */
	bool admitting;              /* guards against starting jobs from within a start */
	uint64_t looked_us;          /* when the line was last gone through */
	bool waiting_told;
	struct score_histories *histories;
	uint64_t first_sent_us, progress_us;
	bool *asked;                 /* by model */
	bool *told;                  /* by model: that others stand in for it */
};

static void admit(struct session *s);

static bool winding_up(const struct session *s)
{
	return s->err || (s->settings->stop && *s->settings->stop);
}

static void session_fail(struct session *s, struct error *err)
{
	if (!err)
		return;
	if (s->err)
		error_free(err);
	else
		s->err = err;
	s->stop = 1; /* what is queued still would be paid for, and perhaps not kept */
}

/* The call that has been waited for longest. */
static const struct call *oldest_call(const struct session *s)
{
	const struct call *oldest = NULL;
	for (size_t i = 0; i < s->nr_open; i++) {
		const struct job *job = s->open[i];
		for (size_t a = 0; a < job->nr_assignments; a++) {
			for (size_t c = 0; c < job->assignments[a].nr_calls; c++) {
				const struct call *call = &job->assignments[a].calls[c];
				if (call->sent_us && (!oldest || call->sent_us < oldest->sent_us))
					oldest = call;
			}
		}
	}
	return oldest;
}

static void note_waiting(struct session *s)
{
	const struct call *call = oldest_call(s);
	uint64_t now = clock_us();
	s->progress.waiting = call ? call->assignment->model->reviewer : NULL;
	s->progress.waiting_paper = call ? call->assignment->job->paper->path : NULL;
	s->progress.waiting_us = call ? now - call->sent_us : 0;
	s->progress.elapsed_us = s->first_sent_us ? now - s->first_sent_us : 0;
}

/* Nobody reads faster than this. */
#define PROGRESS_INTERVAL_US 50000

static void report_progress(struct session *s)
{
	if (!s->settings->on_progress || clock_us() - s->progress_us < PROGRESS_INTERVAL_US)
		return;
	s->progress_us = clock_us();
	note_waiting(s);
	s->progress.cost_usd = session_budget_spent(s->budget);
	s->settings->on_progress(s->settings->data, &s->progress);
}

static struct error *send_call(struct session *s, struct call *call);

/* Submits calls again that found no room in the budget; ALL of them, or as many as have been settled. */
static void resume_calls(struct session *s, bool all)
{
	struct call *call;
	while (!winding_up(s) && (call = session_budget_resume(s->budget, all)))
		session_fail(s, send_call(s, call));
}

static void on_tick(void *data)
{
	struct session *s = data;
	if (winding_up(s))
		s->stop = 1;
	resume_calls(s, false);
	if (s->line.nr && clock_us() - s->looked_us >= CLAIM_INTERVAL_US)
		admit(s);
	report_progress(s);
}

static void forget_job(struct session *s, struct job *job)
{
	for (size_t i = 0; i < s->nr_open; i++) {
		if (s->open[i] == job) {
			s->open[i] = s->open[--s->nr_open];
			break;
		}
	}
	job_close(job);
	free(job);
}

static void count_result(struct session_totals *t, const struct session_result *result)
{
	t->papers++;
	t->waiting += result->waiting;
	t->incomplete += !result->complete;
	if (!result->review)
		return;
	for (int i = 0; i < 3; i++)
		t->counts[i] += result->review->consensus.counts[i];
	t->unverified += result->review->consensus.nr_unverified;
}

static const char *top_of_reports(const struct session *s)
{
	if (s->settings->write_to)
		return s->settings->write_to;
	return repo_work_tree(snapshot_repo(s->settings->snapshot));
}

/* A paper that a sparse checkout leaves out has no folder to write into; its records stay. */
static bool is_checked_out(const struct session *s, const struct job *job)
{
	return s->settings->write_to || file_exists_below(top_of_reports(s), job->paper->manuscripts[0].path);
}

static struct error *check_write(const struct session *s, const struct job *job)
{
	if (!s->settings->write || !is_checked_out(s, job))
		return NULL;
	return review_check_write(top_of_reports(s), job->paper->path);
}

static struct error *write_review(struct session *s, struct job *job, const struct review *review)
{
	struct meta_initial initial;
	if (!s->settings->write)
		return NULL;
	if (!is_checked_out(s, job)) {
		trace_printf("%s is not checked out: no report is written", job->paper->path);
		return NULL;
	}
	job_meta_initial(job, &initial);
	struct error *err = review_write(review, top_of_reports(s), job->paper->path, &initial,
					 &s->totals->written);
	s->totals->reports += !err;
	return err;
}

/* What stands in one paper's way: a record or a meta.yaml without the form it should have, a link
 * where its report should be. Anything else (the disk, the store) would be in the way of all. */
static bool concerns_one_paper(const struct error *err)
{
	return error_is(err, ERROR_SYNTAX) || error_is(err, ERROR_LIMIT) ||
	       error_is(err, ERROR_UNSUPPORTED);
}

static void free_review(struct review *review)
{
	if (review)
		review_release(review);
	free(review);
}

/* A paper that cannot have its report is not recorded as done: the next session comes back. */
static struct error *review_job(struct session *s, struct job *job, struct session_result *result)
{
	struct review *review = xcalloc(1, sizeof(*review));
	struct error *blocked = check_write(s, job);
	struct error *err = job_review(job, review, s->settings->write && !blocked, &result->fresh);
	if (err) {
		error_free(blocked);
		free(review);
		return err;
	}
	result->review = review;
	return blocked ? blocked : write_review(s, job, review);
}

/* A paper of which nothing could be read leaves no record and no report: it is said each time. */
static void finish_job(struct session *s, struct job *job)
{
	struct session_result result = { .paper = job->paper,
					 .place = job->place,
					 .unread = job->unread,
					 .nr_unread = job->nr_unread,
					 .complete = job_is_complete(job) };
	result.waiting = job_waits(job);
	struct error *err = job->nr_documents && !result.waiting ? review_job(s, job, &result) : NULL;
	if (!err || concerns_one_paper(err)) {
		result.error = err;
		result.complete = result.complete && !err;
		count_result(s->totals, &result);
		result.elapsed_us = clock_us() - job->started_us;
		s->progress.papers_done++;
		s->settings->on_result(s->settings->data, &result);
		error_free(err);
	} else {
		free_review(result.review);
		session_fail(s, err);
	}
	if (result.waiting)
		session_fail(s, session_batch_close_job(s->batch, job));
	forget_job(s, job);
}

/* That a budget is used up is told once, with how often it was in the way. */
static bool note_over_budget(struct session_totals *t, const struct assignment *a)
{
	if (strcmp(a->outcome, model_outcome_name(MODEL_OVER_BUDGET)) != 0)
		return false;
	if (!t->over_budget++)
		t->over_budget_message = xstrdup(a->message);
	return true;
}

/* A reviewer who failed gave no metadata either: one line is enough when the reason is the same. */
static bool metadata_is_told(const struct session *s, const struct assignment *a)
{
	bool over_budget = a->outcome && !strcmp(a->outcome, model_outcome_name(MODEL_OVER_BUDGET));
	return a->metadata_message && s->settings->on_failure &&
	       !(a->outcome && (over_budget || ends_with(a->metadata_message, a->message)));
}

static void settle(struct session *s, struct job *job, struct assignment *a)
{
	if (a->pending || a->waiting)
		return;
	session_fail(s, job_settle(job, a));
	if (metadata_is_told(s, a))
		s->settings->on_failure(s->settings->data, job->paper, a->model->reviewer,
					a->metadata_message);
	if (!a->outcome || note_over_budget(s->totals, a))
		return;
	if (!a->successor && s->settings->on_failure)
		s->settings->on_failure(s->settings->data, job->paper, a->model->reviewer,
					a->message);
}

static void on_reply(void *data, const struct model_reply *reply);

/* The one place where a question leaves. */
static struct error *send_call(struct session *s, struct call *call)
{
	struct model_request request;
	size_t model = (size_t)(call->assignment->model - s->settings->models);
	struct error *err = call_note(call);
	if (err)
		return err;
	call_request(call, &request);
	call->sent_us = clock_us();
	if (!s->first_sent_us)
		s->first_sent_us = call->sent_us;
	s->progress.models += !s->asked[model];
	s->asked[model] = true;
	return model_submit(s->engine, call->assignment->model, &request, on_reply, call);
}

/* Takes CALL out of those that are waited for now. */
static void leave_call(struct call *call, enum call_way way)
{
	struct assignment *a = call->assignment;
	a->pending--;
	a->job->pending--;
	if (way == CALL_WAITS)
		a->waiting++;
	else
		call_fail(call, "failed", "no answer came with a batch: `git scrutiny run` asks");
}

static struct error *place_call(struct session *s, struct call *call)
{
	enum call_way way;
	struct error *err = session_batch_take(s->batch, call, &way);
	if (error_is(err, ERROR_BUDGET)) {
		call_fail(call, model_outcome_name(MODEL_OVER_BUDGET), err->message);
		error_free(err);
		err = NULL;
		way = CALL_UNASKED;
	}
	if (err || way != CALL_LIVE) {
		leave_call(call, way);
		return err;
	}
	s->progress.calls++;
	return send_call(s, call);
}

static struct error *ask_one(struct session *s, struct assignment *a)
{
	struct error *err = NULL;
	for (size_t c = 0; c < a->nr_calls && !err; c++)
		if (!a->calls[c].answered)
			err = place_call(s, &a->calls[c]);
	if (!err)
		settle(s, a->job, a);
	return err;
}

/* Puts the questions of the assignments from FIRST on. Those with nothing to ask settle here: their
 * replies were all in the store. Batches are looked at before replies: one that another process collects
 * in between is then still taken for under way, and not for one whose answers never came. */
static void ask(struct session *s, struct job *job, size_t first)
{
	struct error *err = job->nr_assignments > first ? session_batch_look(s->batch) : NULL;
	if (!err)
		err = job_prepare_calls(job, first);
	for (size_t i = first; i < job->nr_assignments && !err; i++)
		err = ask_one(s, &job->assignments[i]);
	session_fail(s, err);
}

/* The last question of a paper: what to think of the findings. Nobody waits for it with a batch. */
static void adjudicate(struct session *s, struct job *job)
{
	if (!s->settings->adjudicator || job->adjudicated || job_waits(job) ||
	    s->settings->asking != SESSION_ASK_LIVE || !job->nr_documents)
		return;
	job->adjudicated = true;
	struct error *err = job_adjudicate(job);
	if (!err && !job->adjudication.recorded)
		err = ask_one(s, &job->adjudication);
	session_fail(s, err);
}

/* Said once a reviewer: what is wrong with its provider is no matter of the paper. */
static void tell_fall_back(struct session *s, const struct assignment *a)
{
	size_t model = (size_t)(a->model - s->settings->models);
	if (!s->told[model] && s->settings->on_failure)
		s->settings->on_failure(s->settings->data, NULL, a->model->reviewer, a->message);
	s->told[model] = true;
}

/* An answer that cannot be used is the model's own; everything else another provider may do better. */
static void fall_back(struct session *s, struct job *job, struct assignment *a)
{
	size_t first = job->nr_assignments;
	if (job_fall_back(job, a)) {
		tell_fall_back(s, a);
		ask(s, job, first);
	}
}

/* When nobody is asked any more, the review is complete, unless those who answered disagree. True when the job
 * is gone. */
static bool proceed(struct session *s, struct job *job)
{
	size_t first = job->nr_assignments;
	if (job->pending || s->err)
		return false;
	session_fail(s, job_escalate(job));
	if (job->nr_assignments > first)
		ask(s, job, first);
	if (job->pending || s->err)
		return false;
	adjudicate(s, job);
	if (job->pending || s->err)
		return false;
	finish_job(s, job);
	return true;
}

static int64_t told(int64_t tokens)
{
	return tokens > 0 ? tokens : 0;
}

static void on_reply(void *data, const struct model_reply *reply)
{
	struct call *call = data;
	struct assignment *a = call->assignment;
	struct job *job = a->job;
	struct session *s = job->owner;
	if (session_budget_postpone(s->budget, call, reply))
		return;
	session_fail(s, job_take_reply(job, call, reply));
	s->totals->calls += call->reply.request != NULL;
	s->progress.calls_done++;
	s->progress.tokens += told(reply->usage.input_tokens) + told(reply->usage.output_tokens);
	call->sent_us = 0;
	report_progress(s);
	if (winding_up(s))
		return; /* jobs that are open are closed at the end, unreported */
	/* For metadata that are missing nobody is asked for the whole review. */
	if (reply->outcome == MODEL_FAILED && call->task->id != TASK_METADATA && a != &job->adjudication)
		fall_back(s, job, a);
	settle(s, job, a);
	if (proceed(s, job))
		admit(s);
}

static void start_job(struct session *s, size_t place, struct records_claim *claim)
{
	struct job *job = xcalloc(1, sizeof(*job));
	job->owner = s;
	job->started_us = clock_us();
	s->open[s->nr_open++] = job;
	job->place = place;
	job->claim = claim;
	s->progress.papers_begun++;
	job->histories = s->histories;
	job_open(job, s->settings, s->papers[place]);
	struct error *err = job_find_damaged(job);
	if (!err)
		err = job_run_checks(job);
	session_fail(s, err);
	if (!err)
		ask(s, job, 0);
	proceed(s, job);
}

/* A copy of a paper waits for the first of them, and then takes the records of that one. */
static bool is_open(const struct session *s, const struct paper *paper)
{
	for (size_t i = 0; i < s->nr_open; i++)
		if (!strcmp(s->open[i]->paper->content_id, paper->content_id))
			return true;
	return false;
}

/* In a git directory that cannot be written to, papers can be looked at whose answers are all recorded. */
static bool has_all_records(const struct session *s, const struct paper *paper)
{
	bool recorded = !s->settings->tasks; /* else a record may lack a task */
	struct buffer name = BUFFER_INIT;
	for (size_t i = 0; i < s->settings->nr_models && recorded; i++) {
		buffer_reset(&name);
		record_name(&name, s->settings->models[i].reviewer, NULL);
		recorded = records_has(s->settings->records, paper->content_id, name.data);
	}
	buffer_release(&name);
	return recorded;
}

/* Models are asked about a paper by one process at a time. False: another one does that now. */
static bool claim_paper(struct session *s, const struct paper *paper, struct records_claim **claim)
{
	*claim = NULL;
	if (!s->settings->nr_models)
		return true;
	struct error *err = records_claim(s->settings->records, paper->content_id, claim);
	if (err && has_all_records(s, paper)) {
		trace_printf("%s", err->message);
		error_free(err);
		return true;
	}
	bool another = !err && !*claim;
	if (*claim && s->settings->may_ask && !s->settings->may_ask(s->settings->data, paper)) {
		records_claim_free(*claim);
		*claim = NULL;
		another = true;
	}
	session_fail(s, err);
	return !another;
}

/* Starts papers until the window is full; called again whenever one has finished. One that another
 * process works on goes to the back of the line: what that one pays for is taken over later. */
static void admit(struct session *s)
{
	if (s->admitting)
		return;
	s->admitting = true;
	s->looked_us = clock_us();
	size_t looks = s->line.nr < CLAIM_MAX_LOOKS ? s->line.nr : CLAIM_MAX_LOOKS;
	while (looks && !winding_up(s) && s->line.nr && s->nr_open < SESSION_WINDOW) {
		size_t place = line_take(&s->line);
		struct records_claim *claim = NULL;
		if (is_open(s, s->papers[place]) || !claim_paper(s, s->papers[place], &claim)) {
			line_put_back(&s->line, place);
			looks--;
		} else if (winding_up(s)) {
			records_claim_free(claim);
		} else {
			start_job(s, place, claim);
			report_progress(s);
		}
	}
	s->admitting = false;
}

/* Only papers are left that other processes review: their records are worth the wait. */
static void wait_for_others(struct session *s)
{
	const struct paper *paper = s->papers[s->line.places[s->line.first]];
	long pid = records_claim_holder(s->settings->records, paper->content_id);
	bool known = pid || s->settings->may_ask;
	if (!s->waiting_told && known && s->settings->on_waiting) {
		s->settings->on_waiting(s->settings->data, paper, pid);
		s->waiting_told = true;
	}
	while (!winding_up(s) && clock_us() - s->looked_us < CLAIM_INTERVAL_US) {
		struct timespec step = { 0, WAIT_STEP_US * 1000L };
		nanosleep(&step, NULL);
		report_progress(s);
	}
}

/* Until every paper has had its turn. */
static struct error *work(struct session *s)
{
	struct error *err = NULL;
	admit(s);
	while (!err && (s->nr_open || s->line.nr) && !winding_up(s)) {
		if (s->nr_open)
			err = model_run(s->engine, &s->stop);
		else if (session_batch_holds_claims(s->batch)) /* copies of those papers may be in line */
			err = session_batch_flush(s->batch);
		else
			wait_for_others(s);
		/* Nothing is in flight: what finds no room now never will. */
		resume_calls(s, true);
		if (!err)
			admit(s);
	}
	if (!err && !winding_up(s))
		err = session_batch_flush(s->batch);
	/* A stopped run ends with ERROR_CANCELLED: said in the totals, not as a failure. */
	error_drop_if(&err, ERROR_CANCELLED);
	return err;
}

struct error *session_run(const struct session_settings *settings, const struct paper *const *papers,
			  size_t nr, struct session_totals *totals)
{
	struct session s = {
		.settings = settings,
		.papers = papers,
		.totals = totals,
		.progress = { .papers = nr },
		.open = xcalloc(SESSION_WINDOW, sizeof(struct job *)),
		.histories = score_histories_new(settings),
		.asked = xcalloc(settings->nr_models + 1, sizeof(bool)),
		.told = xcalloc(settings->nr_models + 1, sizeof(bool)),
	};
	*totals = (struct session_totals){ .written = BUFFER_INIT };
	line_init(&s.line, nr);
	struct error *err = NULL;
	struct model_engine_settings engine = settings->engine;
	s.budget = session_budget_new(settings, papers, nr);
	session_budget_watch(s.budget, &engine);
	if (settings->nr_models)
		err = model_engine_new(&s.engine, &engine);
	if (s.engine)
		model_engine_set_tick(s.engine, on_tick, &s);
	if (!err)
		err = session_batch_new(&s.batch, settings, s.budget);
	if (!err)
		err = work(&s);
	totals->cancelled = settings->stop && *settings->stop;
	model_engine_free(s.engine);
	session_batch_free(s.batch);
	session_fail(&s, session_budget_finish(s.budget, totals));
	session_budget_free(s.budget);
	while (s.nr_open)
		forget_job(&s, s.open[0]);
	free(s.open);
	free(s.asked);
	free(s.told);
	score_histories_free(s.histories);
	line_release(&s.line);
	session_fail(&s, err);
	return s.err;
}

void session_totals_release(struct session_totals *totals)
{
	buffer_release(&totals->written);
	free(totals->over_budget_message);
}
