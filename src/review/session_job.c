#include "review/session_job.h"

#include <stdio.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/trace.h"
#include "check/check.h"
#include "meta/meta.h"

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
	buffer_init(&job->system, BUFFER_MAX_INTERNAL);
	buffer_init(&job->adjudication_words, BUFFER_MAX_INTERNAL);
	buffer_init(&job->excerpt, BUFFER_MAX_INTERNAL);
	buffer_init(&job->excerpt_sent, BUFFER_MAX_INTERNAL);
	buffer_init(&job->metadata_words, BUFFER_MAX_INTERNAL);
	job->documents = xcalloc(paper->nr_manuscripts + 1, sizeof(*job->documents));
	job->readable = xcalloc(paper->nr_manuscripts + 1, sizeof(*job->readable));
	job_assign(job);
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

void job_close(struct job *job)
{
	for (size_t i = 0; i < job->nr_assignments; i++)
		assignment_release(&job->assignments[i]);
	free(job->assignments);
	assignment_release(&job->adjudication);
	buffer_release(&job->adjudication_words);
	records_claim_free(job->claim);
	strmap_release(&job->damaged, NULL);
	buffer_release(&job->system);
	metadata_release_question(job);
	job_release_privacy(job);
	number_index_free(job->numbers);
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

static bool is_damaged(const struct error *err)
{
	return error_is(err, ERROR_SYNTAX) || error_is(err, ERROR_LIMIT);
}

/* Whether NAME can be read, as its error. */
static struct error *try_record(const char *name, struct slice text)
{
	struct record record;
	struct run run;
	struct error *err;
	if (!strcmp(name, REVIEW_RUN_NAME)) {
		err = run_parse(&run, text, name);
		if (!err)
			run_release(&run);
		return err;
	}
	err = record_parse(&record, text, name);
	if (!err)
		record_release(&record);
	return err;
}

static struct error *set_aside(struct job *job, const char *name, struct slice text)
{
	struct records *store = job->settings->records;
	const char *content_id = job->paper->content_id;
	strmap_add(&job->damaged, name, strlen(name));
	/* Facts of a run are replaced anyhow. */
	if (!strcmp(name, REVIEW_RUN_NAME) || records_is_set_aside(store, content_id, name, text))
		return NULL;
	if (job->settings->on_damaged)
		job->settings->on_damaged(job->settings->data, job->paper, name);
	return records_set_aside(store, content_id, name, text);
}

struct error *job_find_damaged(struct job *job)
{
	struct records *store = job->settings->records;
	struct buffer text = BUFFER_INIT_MAX(RECORD_MAX_SIZE);
	char **names = NULL;
	size_t nr = 0;
	struct error *err = records_list(store, job->paper->content_id, &names, &nr);
	for (size_t i = 0; i < nr && !err; i++) {
		if (strpbrk(names[i], "~/") || !ends_with(names[i], ".json"))
			continue;
		buffer_reset(&text);
		err = records_read(store, job->paper->content_id, names[i], &text);
		if (!err)
			err = try_record(names[i], slice_of(&text));
		if (!is_damaged(err)) {
			/* A newer format is told of when the review is put together. */
			error_drop_if(&err, ERROR_UNSUPPORTED);
			continue;
		}
		trace_printf("%s", err->message);
		error_free(err);
		err = set_aside(job, names[i], slice_of(&text));
	}
	strings_free(names, nr);
	buffer_release(&text);
	return err;
}

struct error *job_run_checks(struct job *job)
{
	struct buffer name = BUFFER_INIT;
	review_builtin_name(&name);
	bool recorded = records_has(job->settings->records, job->paper->content_id, name.data) &&
			!strmap_has(&job->damaged, name.data, name.len);
	if (recorded || !job->nr_documents) {
		buffer_release(&name);
		return NULL;
	}
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
	struct error *err = job_put_record(job, &r, name.data);
	record_release(&r);
	buffer_release(&name);
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
	size_t nr_absent = job->settings->nr_absent;
	*run = (struct run){
		.program_version = xstrdup(job->settings->program_version),
		.content_id = xstrdup(paper->content_id),
		.paper = xstrdup(paper->path),
		.title = paper_title(job),
		.date = job->settings->now,
		.manuscripts = xcalloc(paper->nr_manuscripts + 1, sizeof(char *)),
		.reviewers = xcalloc(job->nr_assignments + nr_absent + 2, sizeof(struct run_reviewer)),
		.unread = xcalloc(job->nr_unread + 2, sizeof(char *)),
	};
	for (size_t i = 0; i < paper->nr_manuscripts; i++)
		run->manuscripts[run->nr_manuscripts++] = xstrdup(paper->manuscripts[i].path);
	add_reviewer(run, "builtin", "ok", NULL);
	for (size_t i = 0; i < job->nr_assignments; i++) {
		const struct assignment *a = &job->assignments[i];
		add_reviewer(run, a->model->reviewer, a->outcome ? a->outcome : "ok", a->message);
	}
	if (job->adjudication.outcome) {
		char *name = xstrfmt("adjudication by %s", job->adjudication.model->reviewer);
		add_reviewer(run, name, job->adjudication.outcome, job->adjudication.message);
		free(name);
	}
	for (size_t i = 0; i < job->settings->nr_absent; i++)
		add_reviewer(run, job->settings->absent[i].reviewer, "failed",
			     job->settings->absent[i].message);
	for (size_t i = 0; i < job->nr_unread; i++)
		run->unread[run->nr_unread++] = xstrdup(job->unread[i]);
	char *not_sent = job_what_was_not_sent(job);
	if (not_sent)
		run->unread[run->nr_unread++] = not_sent;
}

static struct error *store_run(struct job *job, struct run *run, struct buffer *text)
{
	review_store_run(run);
	run_write(text, run);
	review_place_run(run, job->paper->path);
	return buffer_check(text, "a run");
}

/* Whether the facts of a run are stored that was made when the report that stands there now did: another one would
 * only have another date. */
static bool has_facts(const struct job *job)
{
	const struct paper *paper = job->paper;
	struct records *store = job->settings->records;
	struct buffer text = BUFFER_INIT_MAX(RECORD_MAX_SIZE);
	struct run run = { 0 };
	if (paper_report_is_current(paper))
		return records_has(store, paper->content_id, REVIEW_RUN_NAME);
	struct error *err = records_read(store, paper->content_id, REVIEW_RUN_NAME, &text);
	if (!err)
		err = run_parse(&run, slice_of(&text), REVIEW_RUN_NAME);
	bool has = !err && run.previous && !strcmp(run.previous, paper->reported);
	error_free(err); /* made anew */
	run_release(&run);
	buffer_release(&text);
	return has;
}

struct error *job_review(struct job *job, struct review *out, bool keep, bool *fresh)
{
	struct buffer text = BUFFER_INIT_MAX(RECORD_MAX_SIZE);
	struct records *store = job->settings->records;
	*fresh = !job->did_work && !job->damaged.nr && job_is_complete(job) && has_facts(job);
	if (*fresh) { /* settled first: what is put meanwhile is for those who put it */
		struct error *err = keep ? records_settle(store, job->paper->content_id) : NULL;
		return err ? err : review_load(out, store, job->paper->content_id, job->paper->path);
	}
	struct run run;
	fill_run(job, &run);
	job_add_score_histories(job, &run);
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
	for (size_t i = 0; i < job->nr_assignments; i++)
		if (!assignment_is_done(&job->assignments[i]))
			return false;
	bool ruled = !job->adjudication.outcome || job->adjudication.withheld;
	return ruled && !job->settings->nr_absent;
}

bool job_waits(const struct job *job)
{
	for (size_t i = 0; i < job->nr_assignments; i++)
		if (job->assignments[i].waiting)
			return true;
	return false;
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
