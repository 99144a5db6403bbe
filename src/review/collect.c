#include "review/collect.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "review/answer.h"
#include "review/record.h"

/* A batch that nobody has heard of so long after it was to be sent was not sent. */
#define UNSENT_AFTER 120
/* Servers keep answers for about a month. */
#define GIVE_UP_AFTER (30 * 24 * 3600)
/* How long a cancelled batch may take to end. */
#define CANCEL_SECONDS 60

void collect_totals_release(struct collect_totals *t)
{
	strmap_release(&t->content_ids, NULL);
}

/* One batch that is being looked at. */
struct collecting {
	const struct collect_settings *settings;
	const struct outstanding *batch;
	const struct batch_api *api;
	struct batch_server server;
	cJSON *schema;
	const struct batch_entry **entries; /* by request */
	struct strmap seen;                 /* requests with a result */
	struct strmap ids;                  /* of all batches that were sent; filled when one is searched */
	size_t answers, failed;
	double usd;                         /* < 0: unknown */
	struct collect_totals *totals;
	struct error *err;                  /* of the store */
};

static void note(const struct collecting *c, bool warning, const char *text)
{
	char *line = xstrfmt("%s: %s", c->batch->reviewer, text);
	c->settings->on_note(c->settings->data, warning, line);
	free(line);
}

static void note_error(const struct collecting *c, struct error *err)
{
	char *text = xstrfmt("its batch cannot be collected: %s", err->message);
	note(c, true, text);
	free(text);
	error_free(err);
}

/* -- one answer ----------------------------------------------------------------------------------- */

static int by_request(const void *a, const void *b)
{
	const struct batch_entry *const *x = a, *const *y = b;
	return strcmp((*x)->request, (*y)->request);
}

/* The first entry of that request, as a place among the sorted ones; c->batch->nr when there is none. */
static size_t first_entry(const struct collecting *c, const char *request)
{
	size_t low = 0, high = c->batch->nr;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(c->entries[middle]->request, request) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Dated by the batch, so that clones that collect it both write the same bytes. */
static struct error *journal(const struct collecting *c, const struct batch_entry *e, const char *name,
			     const struct model_reply *from)
{
	struct buffer text = BUFFER_INIT_MAX(RECORD_MAX_SIZE);
	struct reply r = {
		.request = e->request,
		.reviewer = c->batch->reviewer,
		.date = c->batch->date,
		.task = e->task,
		.outcome = (char *)model_outcome_name(from->outcome),
		.answer = from->answer.data,
		.answer_len = from->answer.len,
		.served_model = from->served_model,
		.input_tokens = from->usage.input_tokens,
		.output_tokens = from->usage.output_tokens,
		.cached_tokens = from->usage.cached_tokens,
		.cache_write_tokens = from->usage.cache_write_tokens,
		.reasoning_tokens = from->usage.reasoning_tokens,
		.part = e->part,
		.parts = e->parts,
		.attempts = from->attempts,
		.batch = true,
	};
	reply_write(&text, &r);
	struct error *err = buffer_check(&text, "a reply");
	if (!err)
		err = records_put(c->settings->records, e->content_id, name, slice_of(&text));
	buffer_release(&text);
	return err;
}

/* An unusable answer is kept too, under a name that no session takes for an answer. */
static struct error *take_reply(const struct collecting *c, const struct batch_entry *e,
				const struct model_reply *reply)
{
	bool ok = reply->outcome == MODEL_OK;
	char *name = ok ? xstrfmt("replies/%s.json", e->request)
			: xstrfmt("replies/%s.%s.json", e->request, model_outcome_name(reply->outcome));
	struct error *err = NULL;
	if ((ok || reply->answer.len) && !records_has(c->settings->records, e->content_id, name))
		err = journal(c, e, name, reply);
	free(name);
	return err;
}

static double cost_of(const struct collecting *c, const struct model_reply *reply)
{
	const struct model *m = c->server.model;
	if (reply->outcome == MODEL_FAILED && reply->usage.input_tokens < 0)
		return 0; /* nothing was billed */
	double usd = model_cost(m, &reply->usage, c->batch->date);
	return usd < 0 ? usd : usd * model_batch_fraction(m, reply->usage.input_tokens, c->batch->date);
}

/* In place of the estimate that was booked when it was sent, or that another clone has booked; with the date of
 * the batch, which is that of the estimate. */
static struct error *book(const struct collecting *c, const struct batch_entry *e,
			  const struct model_usage *usage, double usd)
{
	char id[BATCH_SPENDING_DIGITS + 1];
	uint64_t reservation;
	struct budget *budget = c->settings->budget;
	if (!budget || model_is_free(c->server.model))
		return NULL;
	outstanding_spending_id(c->batch->tag, e->request, id);
	struct spending s = {
		.id = id,
		.date = c->batch->date,
		.reviewer = c->batch->reviewer,
		.paper = e->paper,
		.content_id = e->content_id,
		.task = e->task,
		.author = e->author,
		.request = e->request,
		.input_tokens = usage->input_tokens,
		.output_tokens = usage->output_tokens,
		.cached_tokens = usage->cached_tokens,
		.usd = usd,
		.batch = true,
	};
	struct error *err = budget_reserve(budget, &s, 0, &reservation);
	return err ? err : budget_settle(budget, reservation, &s);
}

/* What no answer came for is not billed. */
static struct error *book_unanswered(struct collecting *c)
{
	struct error *err = NULL;
	for (size_t i = 0; i < c->batch->nr && !err; i++) {
		const struct batch_entry *e = c->entries[i];
		if (strmap_add(&c->seen, e->request, strlen(e->request)))
			err = book(c, e, &MODEL_USAGE_UNKNOWN, 0);
	}
	return err;
}

/* Of the first that failed: the others mostly have the same. */
static void note_failed(const struct collecting *c, const struct model_reply *reply)
{
	char *text = xstrfmt("a question of its batch brought no answer: %s", reply->message);
	note(c, true, text);
	free(text);
}

static void on_result(void *data, const char *id, const cJSON *answer, const char *problem)
{
	struct collecting *c = data;
	struct model_reply reply;
	size_t i = first_entry(c, id);
	if (c->err || i == c->batch->nr || strcmp(c->entries[i]->request, id) != 0 ||
	    !strmap_add(&c->seen, id, strlen(id)))
		return;
	batch_reply(&reply, c->server.model, c->schema, answer_may_lack, answer, problem);
	c->answers += reply.outcome == MODEL_OK;
	if (reply.outcome != MODEL_OK && !c->failed++)
		note_failed(c, &reply);
	double usd = cost_of(c, &reply);
	c->usd = c->usd < 0 || usd < 0 ? -1 : c->usd + usd;
	c->err = book(c, c->entries[i], &reply.usage, usd);
	for (; i < c->batch->nr && !strcmp(c->entries[i]->request, id) && !c->err; i++)
		c->err = take_reply(c, c->entries[i], &reply);
	model_reply_release(&reply);
}

/* -- one batch ------------------------------------------------------------------------------------ */

/* Batches that are done have ids, too. */
static bool is_other(void *data, const char *id)
{
	struct collecting *c = data;
	return strmap_has(&c->ids, id, strlen(id));
}

static bool has_request(void *data, const char *id)
{
	const struct collecting *c = data;
	size_t i = first_entry(c, id);
	return i < c->batch->nr && !strcmp(c->entries[i]->request, id);
}

/* Requests, each counted once. */
static size_t count_requests(const struct outstanding *o)
{
	struct strmap set = STRMAP_INIT;
	for (size_t i = 0; i < o->nr; i++)
		strmap_add(&set, o->entries[i].request, strlen(o->entries[i].request));
	size_t nr = set.nr;
	strmap_release(&set, NULL);
	return nr;
}

/* Who sends a batch holds the claims of its papers meanwhile, be it for hours over a slow line. */
static bool is_being_sent(const struct collecting *c)
{
	struct records_claim *claim = NULL;
	if (!c->batch->nr)
		return false;
	struct error *err = records_claim(c->settings->records, c->batch->entries[0].content_id, &claim);
	bool held = !err && !claim;
	error_free(err);
	records_claim_free(claim);
	return held;
}

/* The process that was to send it has died, or heard nothing. *ID stays NULL when it will not come. */
static struct error *find_id(struct collecting *c, char **id)
{
	const struct outstanding *o = c->batch;
	struct batch_search search = { .tag = o->tag, .date = o->date, .nr = count_requests(o),
				       .is_other = is_other, .has_request = has_request, .data = c };
	if (o->id) {
		*id = xstrdup(o->id);
		return NULL;
	}
	struct error *err = batches_known_ids(&c->ids, c->settings->records);
	if (!err)
		err = c->api->find(&c->server, &search, id);
	if (!err)
		return batches_put_sent(c->settings->records, o->tag, *id);
	if (!error_is(err, ERROR_NOT_FOUND))
		return err;
	error_free(err);
	if (is_being_sent(c))
		return error_new(ERROR_CONFLICT, "another git scrutiny is sending it");
	if (c->settings->now < o->date + UNSENT_AFTER)
		return error_new(ERROR_CONFLICT, "the server has not heard of it; whether it was sent is known two "
				 "minutes after it was to be");
	note(c, false, "a batch that was to be sent was not; `git scrutiny run` asks again");
	err = book_unanswered(c);
	return err ? err : batches_put_done(c->settings->records, o->tag, "not sent");
}

static void note_running(const struct collecting *c, const struct batch_status *status)
{
	char *text = status->total ? xstrfmt("its batch is under way, %zu of %zu requests are done", status->done,
					     status->total)
				   : xstrdup("its batch is under way");
	note(c, false, text);
	free(text);
}

static struct error *end_batch(struct collecting *c, const char *id, const struct batch_status *status)
{
	size_t nr = count_requests(c->batch);
	struct error *err = c->api->results(&c->server, id, status, on_result, c);
	if (err)
		return err;
	if (!c->err)
		c->err = book_unanswered(c);
	if (c->err)
		return NULL;
	for (size_t i = 0; i < c->batch->nr; i++)
		strmap_add(&c->totals->content_ids, c->batch->entries[i].content_id,
			   strlen(c->batch->entries[i].content_id));
	c->totals->ended++;
	c->totals->answers += c->answers;
	c->totals->failed += nr - c->answers;
	struct buffer text = BUFFER_INIT;
	buffer_addf(&text, "%zu of %zu answers of its batch are taken in", c->answers, nr);
	if (c->usd > 0)
		buffer_addf(&text, ", for $%.4f", c->usd);
	if (status->problem)
		buffer_addf(&text, "; the batch ended as: %s", status->problem);
	note(c, c->answers < nr, text.data);
	buffer_release(&text);
	c->err = batches_put_done(c->settings->records, c->batch->tag, status->problem ? "incomplete" : "ended");
	return NULL;
}

static bool sleep_second(const struct collecting *c)
{
	struct timespec step = { 0, 100000000 };
	for (int i = 0; i < 10 && !(c->settings->stop && *c->settings->stop); i++)
		nanosleep(&step, NULL);
	return !(c->settings->stop && *c->settings->stop);
}

/* Ends it, and waits for the server to have done so: only then is it known what was answered. */
static struct error *cancel(struct collecting *c, const char *id, struct batch_status *status)
{
	if (status->ended)
		return NULL;
	struct error *err = c->api->cancel(&c->server, id);
	for (int i = 0; i < CANCEL_SECONDS && !err && !status->ended && sleep_second(c); i++) {
		batch_status_release(status);
		err = c->api->status(&c->server, id, status);
	}
	return err;
}

static struct error *look_at(struct collecting *c)
{
	struct batch_status status = { 0 };
	char *id = NULL;
	struct error *err = find_id(c, &id);
	if (!err && id)
		err = c->api->status(&c->server, id, &status);
	if (!err && id && c->settings->cancel)
		err = cancel(c, id, &status);
	if (!err && id && status.ended) {
		err = end_batch(c, id, &status);
	} else if (!err && id) {
		note_running(c, &status);
		c->totals->running++;
	}
	bool too_old = c->settings->now > c->batch->date + GIVE_UP_AFTER;
	if ((too_old || c->settings->cancel) && error_drop_if(&err, ERROR_NOT_FOUND)) {
		note(c, true, "its server does not know the batch any more; its questions can be asked again");
		c->err = batches_put_done(c->settings->records, c->batch->tag, "lost");
	}
	batch_status_release(&status);
	free(id);
	return err;
}

static struct error *prepare(struct collecting *c)
{
	const struct outstanding *o = c->batch;
	struct error *err = c->settings->find_model(c->settings->data, o->reviewer, &c->server.model);
	if (err)
		return err;
	c->api = batch_api_of(c->server.model);
	if (!c->api)
		return error_new(ERROR_USAGE, "the provider has no batches as it is configured now");
	err = json_parse(&c->schema, (struct slice){ o->schema, strlen(o->schema) }, "the answer's schema");
	if (err)
		return err;
	c->entries = xcalloc(o->nr + 1, sizeof(*c->entries));
	for (size_t i = 0; i < o->nr; i++)
		c->entries[i] = &o->entries[i];
	qsort(c->entries, o->nr, sizeof(*c->entries), by_request);
	return NULL;
}

struct error *batches_collect(const struct batches *b, const struct collect_settings *settings,
			      struct collect_totals *totals)
{
	struct error *fatal = NULL;
	*totals = (struct collect_totals){ .content_ids = STRMAP_INIT };
	for (size_t i = 0; i < b->nr && !fatal; i++) {
		struct collecting c = { .settings = settings, .batch = &b->items[i], .seen = STRMAP_INIT,
					.ids = STRMAP_INIT, .totals = totals };
		c.server = (struct batch_server){ .http = settings->http, .stop = settings->stop };
		struct error *err = prepare(&c);
		if (!err)
			err = look_at(&c);
		fatal = c.err;
		if (error_is(err, ERROR_CANCELLED) && !fatal) {
			fatal = err;
		} else if (err) {
			totals->running++;
			note_error(&c, err);
		}
		cJSON_Delete(c.schema);
		free(c.entries);
		strmap_release(&c.seen, NULL);
		strmap_release(&c.ids, NULL);
	}
	return fatal;
}
