#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/exchange.h"
#include "model/schema.h"
#include "net/retry.h"

#define DEFAULT_DEADLINE_MS 600000
/* The places of the providers are the limit. */
#define MAX_PER_HOST 1000000
#define TICK_MS 100
#define NEVER UINT64_MAX

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

/* -- making and freeing ------------------------------------------------------------------------------ */

static void hedge_all(struct model_engine *e)
{
	uint64_t now = clock_ms();
	for (struct exchange *x = e->unsettled; x; x = x->next_unsettled)
		if (x->lane->pool->in_flight < x->lane->pool->window.size &&
		    circuit_state(&x->lane->pool->circuit, now) == CIRCUIT_CLOSED &&
		    now >= x->lane->paused_until_ms)
			exchange_hedge(x, now);
}

/* Ends what waits for its next attempt beyond its deadline. */
static void end_overdue(struct model_engine *e)
{
	uint64_t now = clock_ms();
	struct exchange *x = e->unsettled;
	while (x) {
		struct exchange *next = x->next_unsettled;
		bool waits = x->place == PLACE_READY || x->place == PLACE_FOLLOWING;
		if (waits && !exchange_time_left(x, now)) {
			queue_leave(x);
			exchange_send(x); /* says that it is too late */
			next = e->unsettled;
		}
		x = next;
	}
}

/* What goes through all requests, or shows them to a person, is not done each time the loop is woken. */
static void on_tick(void *data)
{
	struct model_engine *e = data;
	uint64_t now = clock_ms();
	bool full = now >= e->next_tick_ms;
	if (full) {
		e->next_tick_ms = now + TICK_MS;
		if (e->tick)
			e->tick(e->tick_data);
		end_overdue(e);
	}
	engine_pump(e);
	if (full && e->settings.hedge > 0 && !e->cancelled)
		hedge_all(e);
}

struct error *model_engine_new(struct model_engine **out, const struct model_engine_settings *settings)
{
	struct model_engine *e = xcalloc(1, sizeof(*e));
	e->settings = *settings;
	e->settings.http.max_per_host = MAX_PER_HOST;
	struct error *err = http_new(&e->http, &e->settings.http);
	if (err) {
		free(e);
		return err;
	}
	if (e->settings.deadline_ms <= 0)
		e->settings.deadline_ms = DEFAULT_DEADLINE_MS;
	if (e->settings.retry_first_ms <= 0)
		e->settings.retry_first_ms = RETRY_FIRST_MS;
	e->run_end_ms = NEVER;
	e->random = clock_ms() ^ ((uint64_t)getpid() << 32);
	http_set_tick(e->http, TICK_MS, on_tick, e);
	e->next_tick_ms = clock_ms() + TICK_MS;
	*out = e;
	return NULL;
}

void model_engine_free(struct model_engine *e)
{
	if (!e)
		return;
	http_free(e->http);
	while (e->unsettled) {
		struct exchange *x = e->unsettled;
		e->unsettled = x->next_unsettled;
		exchange_free(x);
	}
	queue_free(e);
	while (e->schemas) {
		struct engine_schema *schema = e->schemas;
		e->schemas = schema->next;
		cJSON_Delete(schema->json);
		free(schema->text);
		free(schema);
	}
	free(e);
}

void model_engine_set_tick(struct model_engine *e, void (*fn)(void *data), void *data)
{
	e->tick = fn;
	e->tick_data = data;
}

unsigned model_engine_in_flight(const struct model_engine *e)
{
	return e->in_flight;
}

/* -- submitting and settling ------------------------------------------------------------------------- */

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
	struct lane *lane;
	struct error *err = lane_of(e, m, &lane);
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
	x->number = ++e->nr_requests;
	x->input_tokens = -1;
	x->reply.usage = MODEL_USAGE_UNKNOWN;
	buffer_init(&x->reply.answer, BUFFER_MAX_INTERNAL);
	buffer_init(&x->reply.raw_first, BUFFER_MAX_INTERNAL);
	buffer_init(&x->earlier, BUFFER_MAX_INTERNAL);
	x->lane = lane;
	x->next_unsettled = e->unsettled;
	if (e->unsettled)
		e->unsettled->prev_unsettled = x;
	e->unsettled = x;
	queue_admit(x);
	return NULL;
}

void engine_settle(struct exchange *x)
{
	struct model_engine *e = x->engine;
	queue_leave(x);
	queue_release_followers(x);
	if (x->prev_unsettled)
		x->prev_unsettled->next_unsettled = x->next_unsettled;
	else
		e->unsettled = x->next_unsettled;
	if (x->next_unsettled)
		x->next_unsettled->prev_unsettled = x->prev_unsettled;
	x->on_reply(x->data, &x->reply);
	exchange_free(x);
}

/* -- the pump -------------------------------------------------------------------------------------- */

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* When LANE may send its next request: NOW, or a later time. */
static uint64_t lane_opens(const struct lane *lane, uint64_t now)
{
	struct exchange *x = lane->ready.first;
	if (lane->paused_until_ms > now)
		return lane->paused_until_ms;
	uint64_t wait = pace_wait(&lane->pace, exchange_tokens_to_pace(x), now);
	/* What is only foreseen is no reason to give up: the server may know better. */
	return wait < exchange_time_left(x, now) ? now + wait : now;
}

/* Those who cannot wait for the end of a pause are sent away at once. */
static void send_away(struct lane *lane, uint64_t now)
{
	struct exchange *x = lane->ready.first;
	lane->pause_is_news = false;
	while (x) {
		struct exchange *next = x->next;
		if (now + exchange_time_left(x, now) <= lane->paused_until_ms) {
			char *message = xstrfmt("not asked: %s", lane->pool->complaint);
			exchange_fail_later(x, message);
			free(message);
			next = lane->ready.first; /* the reply may have led to anything */
		}
		x = next;
	}
}

/* Nothing is sent to a server that keeps failing. */
static void empty_pool(struct model_engine *e, struct pool *pool)
{
	for (size_t i = 0; i < e->delayed.nr;) {
		struct exchange *x = e->delayed.items[i].data;
		i++;
		if (x->lane->pool != pool)
			continue;
		queue_leave(x);
		queue_ready(x, false);
		i = 0;
	}
	char *message = xstrfmt("not asked, because the last requests to the server failed: %s",
				pool->complaint);
	for (struct lane *lane = pool->lanes; lane; lane = lane->next_of_pool)
		while (lane->ready.first)
			exchange_fail_later(lane->ready.first, message);
	free(message);
}

/* The next lane of POOL, in turn, that has something to send; *WAKE is when one will. */
static struct lane *next_lane(struct pool *pool, uint64_t now, uint64_t *wake)
{
	struct lane *lane = pool->turn ? pool->turn : pool->lanes, *first = lane;
	do {
		struct lane *next = lane->next_of_pool ? lane->next_of_pool : pool->lanes;
		if (lane->pause_is_news && lane->paused_until_ms > now)
			send_away(lane, now);
		uint64_t opens = lane->ready.first ? lane_opens(lane, now) : NEVER;
		if (opens <= now) {
			pool->turn = next;
			return lane;
		}
		*wake = sooner(*wake, opens);
		lane = next;
	} while (lane != first);
	return NULL;
}

static uint64_t pump_pool(struct model_engine *e, struct pool *pool)
{
	uint64_t wake = NEVER;
	while (!e->cancelled && pool->in_flight < pool->window.size) {
		uint64_t now = clock_ms();
		enum circuit_state state = circuit_state(&pool->circuit, now);
		if (state == CIRCUIT_OPEN)
			empty_pool(e, pool);
		if (state == CIRCUIT_OPEN || state == CIRCUIT_PROBING)
			break;
		struct lane *lane = next_lane(pool, now, &wake);
		if (!lane)
			break;
		struct exchange *x = lane->ready.first;
		queue_leave(x);
		exchange_send(x);
	}
	return wake;
}

/* What settles at once calls on_reply, which may submit more: that only lengthens the queues being emptied
 * here, if need be in another round. */
void engine_pump(struct model_engine *e)
{
	if (e->pumping || e->cancelled)
		return;
	e->pumping = true;
	uint64_t now = clock_ms(), wake = NEVER;
	while (e->delayed.nr && e->delayed.items[0].rank <= now) {
		struct exchange *x = e->delayed.items[0].data;
		queue_leave(x);
		queue_ready(x, true);
	}
	uint64_t before;
	do {
		before = e->nr_requests;
		wake = NEVER;
		for (struct pool *pool = e->pools; pool; pool = pool->next)
			wake = sooner(wake, pump_pool(e, pool));
	} while (e->nr_requests != before && !e->cancelled);
	if (e->delayed.nr)
		wake = sooner(wake, e->delayed.items[0].rank);
	now = clock_ms();
	http_wake(e->http, wake == NEVER ? HTTP_NO_WAKE : wake > now ? wake - now : 0);
	e->pumping = false;
}

/* -- running --------------------------------------------------------------------------------------- */

/* When nothing is under way any more, what is left can only wait for something that will not come. */
static void settle_rest(struct model_engine *e, enum model_outcome outcome, const char *message)
{
	while (e->unsettled)
		exchange_fail(e->unsettled, outcome, message);
}

struct error *model_run(struct model_engine *e, volatile const int *stop)
{
	if (e->settings.run_deadline_ms > 0)
		e->run_end_ms = clock_ms() + (uint64_t)e->settings.run_deadline_ms;
	struct error *err = NULL;
	do {
		engine_pump(e);
		err = http_run(e->http, stop);
	} while (!err && e->unsettled);
	if (err) {
		e->cancelled = true;
		settle_rest(e, MODEL_CANCELLED, "interrupted");
	}
	return err;
}
