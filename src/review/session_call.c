/* Questions on their way out, replies on their way in. */
#include "review/session_job.h"

#include "base/memory.h"
#include "base/trace.h"
#include "review/answer.h"

void assignment_fail(struct assignment *a, const char *outcome, const char *message)
{
	if (a->outcome)
		return;
	a->outcome = xstrdup(outcome);
	a->message = xstrdup(message);
}

void assignment_release(struct assignment *a)
{
	for (size_t i = 0; i < a->nr_calls; i++) {
		reply_release(&a->calls[i].reply);
		free(a->calls[i].words);
	}
	free(a->calls);
	for (size_t i = 0; a->shared && i < a->parts.nr; i++)
		buffer_release(&a->shared[i]);
	free(a->shared);
	record_release(&a->known);
	part_list_release(&a->parts);
	free(a->outcome);
	free(a->message);
	free(a->metadata_message);
}

/* -- questions -------------------------------------------------------------------------------- */

static void reply_name(struct buffer *out, const char *hash)
{
	buffer_addf(out, "replies/%s.json", hash);
}

/* Stored replies that cannot be read, another clone's perhaps, are asked for again, not fatal. A damaged one makes
 * room for the new one: else it would be asked for each time. */
static struct error *forgive_reply(struct job *job, const char *name, struct slice text, struct error *err)
{
	struct records *store = job->settings->records;
	const char *content_id = job->paper->content_id;
	bool damaged = error_is(err, ERROR_SYNTAX);
	if (!damaged && !error_is(err, ERROR_LIMIT) && !error_is(err, ERROR_UNSUPPORTED))
		return err;
	trace_printf("ignoring a stored reply: %s", err->message);
	error_free(err);
	if (!damaged || records_is_set_aside(store, content_id, name, text))
		return NULL;
	return records_set_aside(store, content_id, name, text);
}

static struct error *find_reply(struct job *job, struct call *call)
{
	struct buffer name = BUFFER_INIT, text = BUFFER_INIT_MAX(RECORD_MAX_SIZE);
	reply_name(&name, call->hash);
	struct error *err = records_read(job->settings->records, job->paper->content_id, name.data,
					 &text);
	if (!error_drop_if(&err, ERROR_NOT_FOUND)) {
		if (!err)
			err = reply_parse(&call->reply, slice_of(&text), name.data);
		call->answered = !err;
		err = forgive_reply(job, name.data, slice_of(&text), err);
	}
	buffer_release(&name);
	buffer_release(&text);
	return err;
}

static const char *words_of(const struct call *call)
{
	if (call->task->id == TASK_ADJUDICATION)
		return call->assignment->job->adjudication_words.data;
	return prompt_words_get(call->assignment->job->settings->words, call->task->name);
}

void call_request(const struct call *call, struct model_request *out)
{
	const struct assignment *a = call->assignment;
	if (call->task->id == TASK_METADATA) {
		metadata_request(call, out);
		return;
	}
	/* A paper that does not fit is left out of an adjudication: the findings quote it. */
	bool alone = call->task->id == TASK_ADJUDICATION && a->parts.nr > 1;
	*out = (struct model_request){
		.system = a->job->system.data,
		.shared = alone ? NULL : a->shared[call->part].data,
		.user = call->words ? call->words : words_of(call),
		.schema_name = "review",
		.schema = answer_schema,
		.may_lack = answer_may_lack,
		.max_output_tokens = a->output_tokens,
	};
}

void call_place(const struct call *call, int64_t *part, int64_t *parts)
{
	bool of_all = call->task->id == TASK_METADATA;
	*part = of_all ? 1 : (int64_t)call->part + 1;
	*parts = of_all ? 1 : (int64_t)call->assignment->parts.nr;
}

void task_version(const struct assignment *a, const struct task *task,
		  char out[PROMPT_VERSION_DIGITS + 1])
{
	char *words = xstrfmt("%s\n%s", a->job->system.data,
			      prompt_words_get(a->job->settings->words, task->name));
	prompt_version(out, words);
	free(words);
}

static int64_t tokens_of(const char *text)
{
	return model_estimate_tokens((struct slice){ text, strlen(text) });
}

/* Tokens of the longest words around a part. */
static int64_t tokens_around(const struct assignment *a)
{
	int64_t longest = 0;
	for (size_t i = 0; i < TASK_NR; i++) {
		if (!(a->tasks & TASK_BIT(i)))
			continue;
		int64_t n = tokens_of(i == TASK_ADJUDICATION
					      ? a->job->adjudication_words.data
					      : prompt_words_get(a->job->settings->words, tasks[i].name));
		longest = n > longest ? n : longest;
	}
	return longest + tokens_of(a->job->system.data) + tokens_of(answer_schema);
}

static void write_shared(struct assignment *a, size_t i)
{
	const struct part *part = &a->parts.items[i];
	const struct document *doc = part->document;
	char *blocked = NULL, *title = NULL;
	buffer_init(&a->shared[i], BUFFER_MAX_INTERNAL);
	if (!a->model->local && doc->title)
		title = job_redact(a->job, doc->title, &blocked);
	if (!blocked)
		prompt_shared(&a->shared[i], part, i, a->parts.nr, title ? title : doc->title,
			      a->model->local ? NULL : job_scan_of(a->job, doc));
	free(blocked);
	free(title);
}

/* False, with the reason told, when there is nothing to ask about. */
static bool cut_into_parts(struct assignment *a)
{
	struct job *job = a->job;
	int64_t tokens = prompt_part_tokens(a->model, tokens_around(a), &a->output_tokens);
	prompt_split(&a->parts, job->readable, job->nr_documents, tokens);
	if (!a->parts.nr)
		assignment_fail(a, "skipped", "the paper has no text");
	if (a->parts.nr > PROMPT_MAX_PARTS) {
		char *message = xstrfmt("the paper would need %zu parts, more than %d", a->parts.nr,
					PROMPT_MAX_PARTS);
		assignment_fail(a, "skipped", message);
		free(message);
		return false;
	}
	a->shared = xcalloc(a->parts.nr + 1, sizeof(*a->shared));
	for (size_t i = 0; i < a->parts.nr; i++)
		write_shared(a, i);
	return a->parts.nr > 0;
}

/* The one place where a question takes its final form: what leaves this machine is settled here. */
static struct error *prepare_call(struct assignment *a, struct call *call)
{
	struct model_request request;
	call_request(call, &request);
	if (!a->model->local) {
		char *blocked = NULL;
		call->words = job_redact(a->job, request.user, &blocked);
		free(blocked); /* may_be_sent has seen to that; what came to light since then is replaced */
		call_request(call, &request);
	}
	/* Other papers' tags make no other question of it: an answer once paid for serves. */
	if (call->task->id == TASK_METADATA)
		request.user = words_of(call);
	model_request_hash(a->model, &request, call->hash);
	struct error *err = find_reply(a->job, call);
	if (!call->answered)
		a->pending++;
	return err;
}

static char *why_not_text(struct job *job, const char *text)
{
	char *blocked = NULL;
	free(job_redact(job, text, &blocked));
	return blocked;
}

/* Whether A's model may see the paper, and the words that go with it; the reason is told. */
static bool may_be_sent(struct assignment *a)
{
	struct job *job = a->job;
	if (a->model->local)
		return true;
	char *reason = job_why_not_sent(job);
	for (size_t i = 0; i < job->nr_documents && !reason; i++)
		if (job->readable[i]->title)
			reason = why_not_text(job, job->readable[i]->title);
	if (!reason)
		reason = why_not_text(job, job->system.data);
	for (size_t t = 0; t < TASK_NR && !reason; t++)
		if (a->tasks & TASK_BIT(t))
			reason = why_not_text(job, prompt_words_get(job->settings->words, tasks[t].name));
	a->blocked = reason != NULL;
	if (reason)
		assignment_fail(a, "skipped", reason);
	free(reason);
	return !a->blocked;
}

static struct error *add_call(struct assignment *a, const struct task *task, size_t part)
{
	struct call *call = &a->calls[a->nr_calls++];
	*call = (struct call){ .assignment = a, .task = task, .part = part };
	return prepare_call(a, call);
}

static struct error *prepare_assignment(struct assignment *a)
{
	struct error *err = NULL;
	if (!may_be_sent(a) || !cut_into_parts(a))
		return NULL;
	a->calls = xcalloc(a->parts.nr * TASK_NR, sizeof(*a->calls));
	for (size_t part = 0; part < a->parts.nr; part++) {
		for (size_t t = 0; t < TASK_NR && !err; t++) {
			bool once = t == TASK_METADATA || (t == TASK_ADJUDICATION && part);
			if (!(a->tasks & TASK_BIT(t)) || once)
				continue;
			err = add_call(a, &tasks[t], part);
		}
	}
	if (!err && a->tasks & TASK_BIT(TASK_METADATA) && metadata_prepare(a))
		err = add_call(a, &tasks[TASK_METADATA], a->parts.nr);
	a->job->pending += a->pending;
	return err;
}

struct error *job_prepare_adjudication(struct job *job)
{
	struct assignment *a = &job->adjudication;
	char *local = job_why_local(job);
	struct error *err = NULL;
	a->withheld = local && !a->model->local;
	if (a->withheld)
		assignment_fail(a, "skipped", local);
	else
		err = prepare_assignment(a);
	free(local);
	return err;
}

/* What all questions about the paper begin with. */
static void write_system(struct job *job)
{
	const struct session_settings *settings = job->settings;
	buffer_addstr(&job->system, prompt_words_get(settings->words, "system"));
	job->rubric = policy_rubric_of(settings->policy, job->paper->path);
	if (job->rubric == RUBRIC_AUTO)
		job->rubric = rubric_of_paper(job->readable, job->nr_documents);
	if (job->rubric == RUBRIC_NONE)
		return;
	char *name = xstrfmt("rubrics/%s", rubric_name(job->rubric));
	buffer_addf(&job->system, "\n%s", prompt_words_get(settings->words, name));
	free(name);
}

struct error *job_prepare_calls(struct job *job, size_t first)
{
	char *local = job_why_local(job);
	struct error *err = NULL;
	if (job->nr_assignments && !job->system.len)
		write_system(job);
	metadata_choose(job, first);
	for (size_t i = first; i < job->nr_assignments && !err; i++) {
		struct assignment *a = &job->assignments[i];
		err = job_find_known(job, a);
		if (err || a->recorded || !job->nr_documents)
			continue;
		a->withheld = local && !a->model->local;
		if (a->withheld)
			assignment_fail(a, "skipped", local);
		else if (a->tasks)
			err = prepare_assignment(a);
	}
	free(local);
	return err;
}

/* -- replies ---------------------------------------------------------------------------------- */

static void fill_reply(struct call *call, const struct model_reply *from, int64_t now)
{
	struct reply *to = &call->reply;
	*to = (struct reply){
		.request = xstrdup(call->hash),
		.reviewer = xstrdup(call->assignment->model->reviewer),
		.date = now,
		.task = xstrdup(call->task->name),
		.outcome = xstrdup(model_outcome_name(from->outcome)),
		.answer = xmemdupz(from->answer.data, from->answer.len),
		.answer_len = from->answer.len,
		.served_model = from->served_model ? xstrdup(from->served_model) : NULL,
		.input_tokens = from->usage.input_tokens,
		.output_tokens = from->usage.output_tokens,
		.cached_tokens = from->usage.cached_tokens,
		.cache_write_tokens = from->usage.cache_write_tokens,
		.reasoning_tokens = from->usage.reasoning_tokens,
		.attempts = from->attempts,
		.repaired = from->repaired,
	};
	call_place(call, &to->part, &to->parts);
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

/* A review is one without its metadata too; the next one of the paper asks for them again. */
void call_fail(const struct call *call, const char *outcome, const char *message)
{
	struct assignment *a = call->assignment;
	if (call->task->id != TASK_METADATA)
		assignment_fail(a, outcome, message);
	else if (!a->metadata_message)
		a->metadata_message = xstrfmt("no description, tags and scope: %s", message);
}

struct error *job_take_reply(struct job *job, struct call *call, const struct model_reply *reply)
{
	struct assignment *a = call->assignment;
	a->pending--;
	job->pending--;
	job->did_work = true;
	call->answered = reply->outcome == MODEL_OK;
	if (!call->answered)
		call_fail(call, model_outcome_name(reply->outcome),
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
	usage.cache_write_tokens = call->reply.cache_write_tokens;
	usage.reasoning_tokens = call->reply.reasoning_tokens;
	const struct model *m = call->assignment->model;
	double cost = model_cost(m, &usage, call->reply.date);
	if (cost > 0 && call->reply.batch)
		cost *= model_batch_fraction(m, usage.input_tokens, call->reply.date);
	return cost;
}
