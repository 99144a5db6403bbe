#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "model/exchange.h"
#include "model/provider.h"
#include "model/schema.h"

#define DEFAULT_DEADLINE_MS 600000
#define DEFAULT_PER_PROVIDER 8
#define TICK_MS 100

const char *model_outcome_name(enum model_outcome outcome)
{
	static const char *const names[] = {
		[MODEL_OK] = "ok",		[MODEL_FAILED] = "failed",
		[MODEL_INVALID] = "invalid",	[MODEL_TRUNCATED] = "truncated",
		[MODEL_REFUSED] = "refused",	[MODEL_OVER_BUDGET] = "over-budget",
		[MODEL_CANCELLED] = "cancelled",
	};
	return names[outcome];
}

void model_reply_release(struct model_reply *r)
{
	buffer_release(&r->answer);
	buffer_release(&r->raw_first);
	free(r->message);
	free(r->served_model);
	r->message = NULL;
	r->served_model = NULL;
}

static void pump(struct model_engine *e);

static void on_tick(void *data)
{
	struct model_engine *e = data;
	if (e->tick)
		e->tick(e->tick_data);
	pump(e);
}

struct error *model_engine_new(struct model_engine **out, const struct model_engine_settings *settings)
{
	struct model_engine *e = xcalloc(1, sizeof(*e));
	struct http_settings http = settings->http;
	if (!http.max_per_host) /* the places of the providers are the limit */
		http.max_per_host = 100000;
	struct error *err = http_new(&e->http, &http);
	if (err) {
		free(e);
		return err;
	}
	e->deadline_ms = settings->deadline_ms > 0 ? settings->deadline_ms : DEFAULT_DEADLINE_MS;
	e->per_provider = settings->per_provider;
	e->random = model_clock_ms() ^ ((uint64_t)getpid() << 32);
	http_set_tick(e->http, TICK_MS, on_tick, e);
	*out = e;
	return NULL;
}

void model_engine_free(struct model_engine *e)
{
	if (!e)
		return;
	http_free(e->http);
	while (e->queues) {
		struct provider_queue *queue = e->queues;
		e->queues = queue->next;
		while (queue->first) {
			struct exchange *x = queue->first;
			queue->first = x->next;
			exchange_free(x);
		}
		free(queue->name);
		free(queue);
	}
	while (e->schemas) {
		struct engine_schema *schema = e->schemas;
		e->schemas = schema->next;
		cJSON_Delete(schema->json);
		free(schema->text);
		free(schema);
	}
	while (e->models) {
		struct engine_model *model = e->models;
		e->models = model->next;
		free(model->key);
		free(model);
	}
	free(e);
}

void model_engine_set_tick(struct model_engine *e, void (*fn)(void *data), void *data)
{
	e->tick = fn;
	e->tick_data = data;
}

void model_engine_stats(const struct model_engine *e, uint64_t *bytes, unsigned *in_flight)
{
	*bytes = e->bytes;
	*in_flight = e->in_flight;
}

static struct engine_model *shared_of(struct model_engine *e, const struct model *m)
{
	char *key = xstrfmt("%s %s", m->reviewer, m->endpoint);
	struct engine_model *shared = e->models;
	while (shared && strcmp(shared->key, key))
		shared = shared->next;
	if (shared) {
		free(key);
		return shared;
	}
	shared = xcalloc(1, sizeof(*shared));
	shared->key = key;
	shared->next = e->models;
	e->models = shared;
	return shared;
}

static struct provider_queue *queue_of(struct model_engine *e, const struct model *m)
{
	struct provider_queue *queue = e->queues;
	while (queue && strcmp(queue->name, m->provider))
		queue = queue->next;
	if (queue)
		return queue;
	queue = xcalloc(1, sizeof(*queue));
	queue->name = xstrdup(m->provider);
	queue->limit = m->row && m->row->per_provider ? m->row->per_provider : DEFAULT_PER_PROVIDER;
	if (e->per_provider)
		queue->limit = e->per_provider;
	queue->next = e->queues;
	e->queues = queue;
	return queue;
}

static struct error *schema_of(struct model_engine *e, const char *text, const cJSON **out)
{
	struct engine_schema *schema = e->schemas;
	while (schema && strcmp(schema->text, text))
		schema = schema->next;
	if (!schema) {
		cJSON *json = NULL;
		struct error *err = json_parse(&json, (struct slice){ text, strlen(text) },
					       "the answer's schema");
		if (!err)
			err = schema_check(json);
		if (err) {
			cJSON_Delete(json);
			return err;
		}
		schema = xcalloc(1, sizeof(*schema));
		schema->text = xstrdup(text);
		schema->json = json;
		schema->next = e->schemas;
		e->schemas = schema;
	}
	*out = schema->json;
	return NULL;
}

struct error *model_submit(struct model_engine *e, const struct model *m, const struct model_request *r,
			   void (*on_reply)(void *data, const struct model_reply *reply), void *data)
{
	if (e->cancelled)
		return error_new(ERROR_CANCELLED, "interrupted");
	const cJSON *schema;
	struct error *err = http_check_url(m->endpoint);
	if (!err)
		err = schema_of(e, r->schema, &schema);
	if (err)
		return err;
	struct exchange *x = xcalloc(1, sizeof(*x));
	x->engine = e;
	x->model = m;
	x->request = *r;
	x->schema = schema;
	x->on_reply = on_reply;
	x->data = data;
	x->shared = shared_of(e, m);
	x->queue = queue_of(e, m);
	x->reply.usage = MODEL_USAGE_UNKNOWN;
	buffer_init(&x->reply.answer, BUFFER_MAX_INTERNAL);
	buffer_init(&x->reply.raw_first, BUFFER_MAX_INTERNAL);
	buffer_init(&x->body, BUFFER_MAX_INTERNAL);
	buffer_init(&x->earlier, BUFFER_MAX_INTERNAL);
	codec_answer_init(&x->answer);
	stream_init(&x->stream, m->codec->stream, NULL, NULL);
	if (x->queue->last)
		x->queue->last->next = x;
	else
		x->queue->first = x;
	x->queue->last = x;
	return NULL;
}

static struct exchange *queue_take(struct provider_queue *queue)
{
	struct exchange *x = queue->first;
	queue->first = x->next;
	if (!queue->first)
		queue->last = NULL;
	x->next = NULL;
	return x;
}

/* Fills the free places. What settles at once calls on_reply, which may submit more: that only
 * lengthens the queues being emptied here. */
static void pump(struct model_engine *e)
{
	if (e->pumping)
		return;
	e->pumping = true;
	for (struct provider_queue *queue = e->queues; queue; queue = queue->next)
		while (!e->cancelled && queue->first && queue->in_flight < queue->limit) {
			queue->in_flight++;
			e->in_flight++;
			exchange_start(queue_take(queue));
		}
	e->pumping = false;
}

void engine_settle(struct exchange *x)
{
	struct model_engine *e = x->engine;
	x->queue->in_flight--;
	e->in_flight--;
	x->on_reply(x->data, &x->reply);
	exchange_free(x);
	pump(e);
}

static void cancel_queued(struct model_engine *e)
{
	e->cancelled = true;
	for (struct provider_queue *queue = e->queues; queue; queue = queue->next)
		while (queue->first) {
			struct exchange *x = queue_take(queue);
			x->started_ms = model_clock_ms();
			queue->in_flight++;
			e->in_flight++;
			exchange_fail(x, MODEL_CANCELLED, "interrupted");
		}
}

static bool has_queued(const struct model_engine *e)
{
	for (const struct provider_queue *queue = e->queues; queue; queue = queue->next)
		if (queue->first)
			return true;
	return false;
}

struct error *model_run(struct model_engine *e, volatile const int *stop)
{
	struct error *err = NULL;
	do {
		pump(e);
		err = http_run(e->http, stop);
	} while (!err && has_queued(e));
	if (err)
		cancel_queued(e);
	return err;
}
