/* One HTTP request of an exchange: its body, its headers, and the answer as it comes in. */
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/trace.h"
#include "model/authorize.h"
#include "model/exchange.h"

/* Bytes of a body that are not the question's own, more or less. */
#define BODY_OVERHEAD 2048

static struct error *take_message(void *data, const char *event, struct slice message)
{
	struct attempt *a = data;
	size_t before = a->answer.text.len;
	struct error *err = codec_take_message(a->exchange->model->codec, &a->answer, event, message);
	if (a->answer.text.len > before)
		a->heard_ms = clock_ms();
	return err;
}

static bool on_data(void *data, const char *bytes, size_t len)
{
	struct attempt *a = data;
	if (!a->began) {
		a->began = true;
		queue_release_followers(a->exchange);
	}
	a->stream_error = stream_feed(&a->stream, bytes, len);
	return !a->stream_error;
}

/* -- what an answer tells about its server ------------------------------------------------------------ */

/* The server asked for less: fewer at once from now on. */
static bool is_too_much(long status)
{
	return status == 429 || status == 529;
}

static void note_circuit(struct attempt *a, const struct http_response *response)
{
	struct exchange *x = a->exchange;
	struct circuit *circuit = &x->lane->pool->circuit;
	if (response->error && error_is(response->error, ERROR_CANCELLED))
		circuit_withdrawn(circuit);
	else if ((!response->error && response->status / 100 != 5) || a->answer.finished)
		circuit_answered(circuit);
	else
		circuit_failed(circuit, x->number, a->sent_ms, clock_ms());
}

static void note_server(struct attempt *a, const struct http_response *response)
{
	struct exchange *x = a->exchange;
	struct pool *pool = x->lane->pool;
	uint64_t now = clock_ms();
	note_circuit(a, response);
	if (is_too_much(response->status))
		window_cut(&pool->window, a->sent_ms, now);
	else if (response->status / 100 == 2 && a->answer.finished)
		window_answered(&pool->window, pool->in_flight);
	if (response->status / 100 == 2 && a->answer.finished)
		hedge_answered(&x->lane->hedge, now - a->sent_ms);
	if (x->lane->limits && response->status)
		pace_learn(&x->lane->pace, &a->mark, x->lane->limits, response, now, time(NULL));
}

/* -- the end ------------------------------------------------------------------------------------------ */

/* A is not under way any more. */
static void leave(struct attempt *a)
{
	struct exchange *x = a->exchange;
	for (size_t i = 0; i < ARRAY_SIZE(x->flying); i++)
		if (x->flying[i] == a)
			x->flying[i] = NULL;
	x->lane->pool->in_flight--;
	x->engine->in_flight--;
}

static void on_done(void *data, const struct http_response *response)
{
	struct attempt *a = data;
	struct exchange *x = a->exchange;
	struct model_engine *e = x->engine;
	if (response->status / 100 == 2 && !a->stream_error && !response->error)
		a->stream_error = stream_end(&a->stream);
	note_server(a, response);
	leave(a);
	struct bill bill = reservation_bill(a, response);
	exchange_take(x, a, response);
	bill_settle(e, &bill);
	attempt_free(a);
	engine_pump(e);
}

void attempt_cancel(struct attempt *a)
{
	http_cancel(a->exchange->engine->http, a->http_id);
	circuit_withdrawn(&a->exchange->lane->pool->circuit);
	leave(a);
	struct bill bill = reservation_bill(a, NULL);
	bill_settle(a->exchange->engine, &bill);
	attempt_free(a);
}

void attempt_free(struct attempt *a)
{
	buffer_release(&a->body);
	stream_release(&a->stream);
	codec_answer_release(&a->answer);
	error_free(a->stream_error);
	free(a);
}

/* -- the beginning -------------------------------------------------------------------------------------- */

struct codec_question exchange_question(const struct exchange *x)
{
	return (struct codec_question){
		.model = x->model,
		.request = &x->request,
		.schema = x->schema,
		.dialect = x->lane->dialect,
		.earlier = slice_of(&x->earlier),
		.complaint = x->complaint,
		.alone = !x->group || x->group->members < 2,
	};
}

static void write_body(struct attempt *a)
{
	struct codec_question q = exchange_question(a->exchange);
	const struct model_request *r = q.request;
	struct json_writer w;
	buffer_reserve(&a->body, BODY_OVERHEAD + strlen(r->schema) + strlen(r->system) + strlen(r->user) +
					 (r->shared ? strlen(r->shared) : 0));
	json_writer_init(&w, &a->body, false);
	a->exchange->model->codec->write_body(&w, &q);
}

static struct error *write_headers(const struct model *m, const struct http_request *request,
				   struct header_list *list)
{
	const char *const *line = m->codec->headers;
	header_list_add(list, "Content-Type: application/json");
	for (; line && *line; line++)
		header_list_add(list, "%s", *line);
	return model_authorize(m, request, list);
}

static struct error *submit(struct attempt *a)
{
	struct exchange *x = a->exchange;
	struct buffer url = BUFFER_INIT;
	struct header_list headers = { .nr = 0 };
	buffer_addstr(&url, x->model->endpoint);
	codec_write_path(&url, x->model);
	struct http_request request = {
		.method = "POST",
		.url = url.data,
		.headers = (const char *const *)headers.lines,
		.body = slice_of(&a->body),
		.deadline_ms = (long)exchange_time_left(x, a->sent_ms),
		.on_data = on_data,
		.on_done = on_done,
		.data = a,
	};
	struct error *err = buffer_check(&a->body, "the request");
	if (!err)
		err = write_headers(x->model, &request, &headers);
	if (!err)
		err = http_submit(x->engine->http, &request, 0);
	if (!err)
		a->http_id = http_last_id(x->engine->http);
	buffer_release(&url);
	header_list_release(&headers);
	return err;
}

struct error *attempt_start(struct attempt **out, struct exchange *x)
{
	struct attempt *a = xcalloc(1, sizeof(*a));
	struct pool *pool = x->lane->pool;
	a->exchange = x;
	a->dialect = x->lane->dialect;
	a->sent_ms = a->heard_ms = clock_ms();
	buffer_init(&a->body, BUFFER_MAX_INTERNAL);
	codec_answer_init(&a->answer);
	stream_init(&a->stream, x->model->codec->stream, take_message, a);
	*out = NULL;
	struct error *err = reservation_make(a);
	if (err) {
		attempt_free(a);
		return err;
	}
	write_body(a);
	err = submit(a);
	if (err) {
		static const struct http_response unsent;
		struct bill bill = reservation_bill(a, &unsent);
		bill_settle(x->engine, &bill);
		attempt_free(a);
		return err;
	}
	a->mark = pace_spend(&x->lane->pace, exchange_tokens_to_pace(x), a->sent_ms);
	circuit_sent(&pool->circuit, a->sent_ms);
	pool->in_flight++;
	x->engine->in_flight++;
	x->reply.attempts++;
	*out = a;
	return NULL;
}
