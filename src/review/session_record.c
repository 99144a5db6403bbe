/* From replies to a record. */
#include "review/session_job.h"

#include "base/memory.h"
#include "review/answer.h"

struct error *job_put_record(struct job *job, struct record *r, const char *version)
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
				struct assignment *a, size_t i)
{
	const struct call *call = &a->calls[i];
	struct slice answer = { call->reply.answer, call->reply.answer_len };
	char *summary = NULL;
	size_t first = r->findings.nr;
	struct error *err = answer_parse(&r->findings, &summary, answer, r->reviewer);
	if (err)
		return err;
	add_summary(summaries, summary, call->part, a->parts.nr);
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

struct error *job_settle(struct job *job, struct assignment *a)
{
	if (a->recorded || a->outcome || !a->nr_calls)
		return NULL;
	for (size_t i = 0; i < a->nr_calls; i++)
		if (!a->calls[i].answered)
			return NULL;
	if (!job->index)
		job->index = ground_index_new(job->readable, job->nr_documents);
	struct buffer summaries = BUFFER_INIT;
	struct record r = {
		.reviewer = xstrdup(a->model->reviewer),
		.family = xstrdup(a->model->family),
		.content_id = xstrdup(job->paper->content_id),
		.date = job->settings->now,
		.requests = xcalloc(a->nr_calls, sizeof(char *)),
	};
	struct error *err = NULL;
	for (size_t i = 0; i < a->nr_calls && !err; i++)
		err = add_answer(job, &r, &summaries, a, i);
	if (err) {
		/* Validated when it arrived; a stored one may have been changed since. */
		assignment_fail(a, "invalid", err->message);
		error_free(err);
		err = NULL;
	} else {
		r.summary = summaries.len ? xstrdup(summaries.data) : NULL;
		err = job_put_record(job, &r, NULL);
		a->recorded = !err;
	}
	record_release(&r);
	buffer_release(&summaries);
	return err;
}
