/* From replies to a record. */
#include "review/session_job.h"

#include "base/memory.h"
#include "base/text.h"
#include "review/answer.h"
#include "review/record_merge.h"

/* -- the store -------------------------------------------------------------------------------- */

struct error *job_put_record(struct job *job, struct record *r, const char *name)
{
	review_store_paths(&r->findings, job->paper->path);
	struct buffer text = BUFFER_INIT_MAX(RECORD_MAX_SIZE);
	record_write(&text, r);
	struct error *err = buffer_check(&text, "a record");
	if (!err)
		err = records_put(job->settings->records, r->content_id, name, slice_of(&text));
	buffer_release(&text);
	if (!err)
		job->did_work = true;
	return err;
}

/* "ollama_llama3.1-5f3a9c01": how the names of all records of the reviewer begin. */
static void record_stem(struct buffer *out, const struct assignment *a)
{
	record_name(out, a->model->reviewer, NULL);
	buffer_truncate(out, out->len - strlen(".json"));
}

/* "<stem>.json", "<stem>.partial.json", and either with "~<hash>": what another clone had. */
static bool is_of_reviewer(const char *name, const char *stem)
{
	const char *rest;
	return skip_prefix(name, stem, &rest) && (*rest == '.' || *rest == '~') &&
	       !starts_with(rest, ".adjudication");
}

/* ERROR_SYNTAX or ERROR_LIMIT when that record is damaged, ERROR_UNSUPPORTED when it is too new for us; *OUT is empty when it is of
 * somebody else. */
static struct error *read_known(struct job *job, const struct assignment *a, const char *name,
				struct record *out)
{
	struct buffer text = BUFFER_INIT_MAX(RECORD_MAX_SIZE);
	struct error *err = records_read(job->settings->records, job->paper->content_id, name,
					 &text);
	*out = (struct record){ 0 };
	if (!err)
		err = record_parse(out, slice_of(&text), name);
	buffer_release(&text);
	if (!err && strcmp(out->reviewer, a->model->reviewer) != 0)
		record_release(out);
	if (!err)
		review_place_paths(&out->findings, job->paper->path);
	return err;
}

static unsigned known_tasks(const struct assignment *a)
{
	unsigned set = 0;
	for (size_t i = 0; i < TASK_NR; i++)
		if (record_has_task(&a->known, tasks[i].name))
			set |= TASK_BIT(i);
	return set;
}

/* Where nobody asked for certain tasks, one pass over everything is as good as all tasks and the other way
 * round: what was paid for once serves. */
static unsigned missing_tasks(const struct job *job, const struct assignment *a)
{
	unsigned known = known_tasks(a);
	bool is_review = known & TASK_SET_COMBINED || (known & TASK_SET_FULL) == TASK_SET_FULL;
	if (!job->settings->tasks && is_review)
		return a->tasks & TASK_BIT(TASK_METADATA) & ~known;
	return a->tasks & ~known;
}

struct error *job_find_known(struct job *job, struct assignment *a)
{
	struct buffer stem = BUFFER_INIT;
	char **names = NULL;
	size_t nr = 0, found = 0;
	record_stem(&stem, a);
	struct error *err = records_list(job->settings->records, job->paper->content_id, &names, &nr);
	struct record *items = xcalloc(nr + 1, sizeof(*items));
	bool is_whole = false, newer = false;
	for (size_t i = 0; i < nr && !err; i++) {
		if (!is_of_reviewer(names[i], stem.data))
			continue;
		err = read_known(job, a, names[i], &items[found]);
		is_whole |= !err && !strcmp(names[i] + stem.len, ".json");
		found += !err && items[found].reviewer;
		/* From a newer version, which is told when the review is put together: nothing is paid for
		 * to get round it. What is damaged is asked for anew. */
		newer |= error_drop_if(&err, ERROR_UNSUPPORTED);
		if (error_drop_if(&err, ERROR_SYNTAX) || error_drop_if(&err, ERROR_LIMIT))
			continue;
	}
	a->has_known = record_merge_all(items, found) > 0;
	a->known = items[0];
	if (a->has_known)
		a->tasks = missing_tasks(job, a);
	a->known_is_whole = is_whole;
	a->recorded = newer || (is_whole && !a->tasks);
	free(items);
	strings_free(names, nr);
	buffer_release(&stem);
	return err;
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

/* Only two tasks are asked for a summary; what another has to say there is told as its own. */
static void add_summary(struct buffer *out, const struct call *call, const char *summary)
{
	bool expected = call->task->id == TASK_REVIEW || call->task->id == TASK_SUMMARY;
	if (!summary)
		return;
	if (out->len)
		buffer_addch(out, '\n');
	if (!expected)
		buffer_addf(out, "On %s: ", call->task->title);
	if (call->assignment->parts.nr > 1)
		buffer_addf(out, "Part %zu: ", call->part + 1);
	buffer_addstr(out, summary);
}

static void move_remarks(struct remarks *to, struct remarks *from)
{
	for (size_t i = 0; i < from->nr; i++)
		remarks_add(to, from->items[i]);
	from->nr = 0;
}

static void move_assessment(struct assessment *to, struct assessment *from)
{
	move_remarks(&to->strengths, &from->strengths);
	move_remarks(&to->weaknesses, &from->weaknesses);
	move_remarks(&to->questions, &from->questions);
	for (size_t i = 0; i < from->nr_scores; i++) {
		struct score *s = &from->scores[i];
		assessment_add_score(to, s->criterion, s->value, s->reason);
		s->reason = NULL;
	}
}

static struct error *add_review(struct job *job, struct record *r, struct buffer *summaries,
				const struct call *call)
{
	struct slice text = { call->reply.answer, call->reply.answer_len };
	struct answer answer;
	struct error *err = answer_parse(&answer, text, r->reviewer);
	if (err)
		return err;
	add_summary(summaries, call, answer.summary);
	move_assessment(&r->assessment, &answer.assessment);
	for (size_t i = 0; i < answer.findings.nr; i++) {
		struct finding *f = finding_list_add(&r->findings);
		*f = answer.findings.items[i];
		memset(&answer.findings.items[i], 0, sizeof(*f));
		job_ground(job, call->assignment, f);
	}
	answer_release(&answer);
	return NULL;
}

static struct error *add_metadata(struct job *job, struct record *r, const struct call *call)
{
	struct slice text = { call->reply.answer, call->reply.answer_len };
	metadata_free(r->metadata);
	r->metadata = xcalloc(1, sizeof(*r->metadata));
	return metadata_parse(r->metadata, text, r->reviewer, job->settings->vocabulary);
}

static struct error *add_answer(struct job *job, struct record *r, struct buffer *summaries,
				const struct call *call)
{
	struct error *err = call->task->id == TASK_METADATA ? add_metadata(job, r, call)
							    : add_review(job, r, summaries, call);
	if (err)
		return err;
	r->requests[r->nr_requests++] = xstrdup(call->hash);
	r->input_tokens = add_tokens(r->input_tokens, call->reply.input_tokens);
	r->output_tokens = add_tokens(r->output_tokens, call->reply.output_tokens);
	r->cost_usd = add_cost(r->cost_usd, call_cost(call));
	if (!r->version && call->reply.served_model)
		r->version = xstrdup(call->reply.served_model);
	return NULL;
}

/* A task counts as answered when it is for every part. */
static bool is_answered(const struct assignment *a, const struct task *task)
{
	bool any = false;
	for (size_t i = 0; i < a->nr_calls; i++) {
		const struct call *call = &a->calls[i];
		if (call->task == task && !call->answered)
			return false;
		any |= call->task == task;
	}
	return any;
}

static struct error *add_task(struct job *job, struct record *r, struct buffer *summaries,
			      const struct assignment *a, const struct task *task)
{
	char version[PROMPT_VERSION_DIGITS + 1];
	struct error *err = NULL;
	for (size_t i = 0; i < a->nr_calls && !err; i++)
		if (a->calls[i].task == task)
			err = add_answer(job, r, summaries, &a->calls[i]);
	task_version(a, task, version);
	record_add_task(r, task->name, version,
			prompt_source_name(prompt_words_source(job->settings->words, task->name)));
	return err;
}

/* The record of what was answered now. */
static struct error *make_record(struct job *job, struct assignment *a, struct record *r)
{
	struct buffer summaries = BUFFER_INIT;
	struct error *err = NULL;
	*r = (struct record){
		.reviewer = xstrdup(a->model->reviewer),
		.family = xstrdup(a->model->family),
		.content_id = xstrdup(job->paper->content_id),
		.date = job->settings->now,
		.rubric = job->rubric == RUBRIC_NONE ? NULL : xstrdup(rubric_name(job->rubric)),
		.requests = xcalloc(a->nr_calls + 1, sizeof(char *)),
	};
	for (size_t t = 0; t < TASK_NR && !err; t++)
		if (is_answered(a, &tasks[t]))
			err = add_task(job, r, &summaries, a, &tasks[t]);
	assessment_settle(&r->assessment);
	if (summaries.len)
		r->summary = xstrdup(summaries.data);
	buffer_release(&summaries);
	return err;
}

static bool all_answered(const struct assignment *a)
{
	for (size_t i = 0; i < a->nr_calls; i++)
		if (!a->calls[i].answered && a->calls[i].task->id != TASK_METADATA)
			return false;
	return !a->outcome;
}

static struct error *put_whole_or_part(struct job *job, struct assignment *a, struct record *r)
{
	struct buffer name = BUFFER_INIT;
	bool whole = all_answered(a);
	if (a->has_known) {
		record_join(r, &a->known);
		a->has_known = false;
	}
	record_stem(&name, a);
	buffer_addstr(&name, whole ? ".json" : ".partial.json");
	struct error *err = job_put_record(job, r, name.data);
	a->recorded = whole && !err;
	buffer_release(&name);
	return err;
}

struct error *job_settle(struct job *job, struct assignment *a)
{
	struct record r;
	if (a == &job->adjudication)
		return job_settle_adjudication(job);
	bool nothing_asked = !a->nr_calls && (a->outcome || !a->has_known);
	if (a->recorded || nothing_asked)
		return NULL;
	if (!job->index)
		job->index = ground_index_new(job->readable, job->nr_documents);
	struct error *err = make_record(job, a, &r);
	if (err) {
		/* Validated when it arrived; a stored one may have been changed since. */
		assignment_fail(a, "invalid", err->message);
		error_free(err);
		err = NULL;
	} else if (!r.nr_tasks && a->known_is_whole) {
		a->recorded = true; /* only metadata were missing, and are still */
	} else if (r.nr_tasks || !a->outcome) {
		err = put_whole_or_part(job, a, &r);
	}
	record_release(&r);
	return err;
}
