#include "model/exchange.h"

#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/trace.h"
#include "model/authorize.h"
#include "model/extract.h"
#include "net/retry.h"

/* Bytes of a wrong answer that are sent back for repair. */
#define MAX_EARLIER ((size_t)16 << 10)
/* An answer that comes broken costs as much as a whole one: it is asked for less often. */
#define MAX_BROKEN_ATTEMPTS 3

static void send_attempt(struct exchange *x, uint64_t delay_ms);

uint64_t model_clock_ms(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

void exchange_free(struct exchange *x)
{
	buffer_release(&x->body);
	stream_release(&x->stream);
	codec_answer_release(&x->answer);
	error_free(x->stream_error);
	free(x->complaint);
	buffer_release(&x->earlier);
	model_reply_release(&x->reply);
	free(x);
}

static void settle(struct exchange *x, enum model_outcome outcome)
{
	x->reply.outcome = outcome;
	x->reply.elapsed_ms = model_clock_ms() - x->started_ms;
	engine_settle(x);
}

void exchange_fail(struct exchange *x, enum model_outcome outcome, const char *message)
{
	free(x->reply.message);
	x->reply.message = model_one_line(message);
	settle(x, outcome);
}

/* -- when something went wrong on the way ---------------------------------------------------------- */

static double random_fraction(struct model_engine *e)
{
	e->random = e->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (double)(e->random >> 33) / (double)(UINT64_C(1) << 31);
}

static uint64_t time_left(const struct exchange *x)
{
	uint64_t now = model_clock_ms();
	return now < x->deadline_ms ? x->deadline_ms - now : 0;
}

static void fail_finally(struct exchange *x, const char *message)
{
	char *line = x->attempt > 1 ? xstrfmt("%s (%u attempts)", message, x->attempt)
				    : xstrdup(message);
	exchange_fail(x, MODEL_FAILED, line);
	free(line);
}

/* Tries again if ADVICE says so and the deadline allows it, else fails with MESSAGE. */
static void retry_or_fail(struct exchange *x, struct retry_advice advice, const char *message)
{
	if (!advice.retry || advice.delay_ms >= time_left(x)) {
		fail_finally(x, message);
		return;
	}
	trace_printf("%s: %s; again in %llu ms", x->model->reviewer, message,
		     (unsigned long long)advice.delay_ms);
	if (advice.server_said) {
		uint64_t until = model_clock_ms() + advice.delay_ms;
		if (until > x->shared->paused_until_ms)
			x->shared->paused_until_ms = until;
	}
	send_attempt(x, advice.delay_ms);
}

static struct retry_advice advise(struct exchange *x, const struct http_response *response)
{
	return retry_advise(response, x->attempt, time(NULL), random_fraction(x->engine));
}

/* The answer came with a good status but is broken or holds an error. */
static void retry_broken(struct exchange *x, const struct http_response *response, bool permanent,
			 const char *message)
{
	struct retry_advice advice = advise(x, response);
	advice.retry = !permanent && x->attempt < MAX_BROKEN_ATTEMPTS;
	retry_or_fail(x, advice, message);
}

static void on_transport_failure(struct exchange *x, const struct http_response *response)
{
	const char *message = response->error->message;
	if (error_is(response->error, ERROR_CANCELLED)) {
		x->engine->cancelled = true;
		exchange_fail(x, MODEL_CANCELLED, "interrupted");
		return;
	}
	bool down = starts_with(message, "cannot connect");
	char *line = down && x->model->local
			     ? xstrfmt("%s (%s)", message, x->model->codec->when_down)
			     : xstrdup(message);
	retry_or_fail(x, advise(x, response), line);
	free(line);
}

/* Whether the complaint is one that asking in other words avoids. Several requests may get the
 * same complaint at once: only the first of them changes the dialect. */
static bool adapt(struct exchange *x, long status, const char *complaint)
{
	struct codec_dialect *current = &x->shared->dialect;
	if ((status != 400 && status != 422) || !complaint)
		return false;
	if (memcmp(current, &x->dialect, sizeof(*current)))
		return true;
	return x->model->codec->adapt(current, complaint);
}

static void on_status(struct exchange *x, const struct http_response *response)
{
	struct codec_error e;
	codec_error_parse(&e, slice_of(&response->body));
	if (adapt(x, response->status, e.message)) {
		x->attempt--; /* it was understood and refused: not a failure */
		send_attempt(x, 0);
		codec_error_release(&e);
		return;
	}
	struct retry_advice advice = advise(x, response);
	if (e.permanent)
		advice.retry = false;
	char *message = codec_status_message(response->status, &e,
					     advice.server_said ? advice.delay_ms : 0);
	retry_or_fail(x, advice, message);
	free(message);
	codec_error_release(&e);
}

/* -- when there is an answer ------------------------------------------------------------------------ */

static void accept(struct exchange *x)
{
	x->reply.repaired = x->complaint != NULL;
	settle(x, MODEL_OK);
}

static void start_repair(struct exchange *x, const char *problem)
{
	buffer_addbuf(&x->reply.raw_first, &x->answer.text);
	size_t len = x->answer.text.len < MAX_EARLIER ? x->answer.text.len : MAX_EARLIER;
	utf8_scrub(&x->earlier, x->answer.text.data, len);
	x->complaint = xstrfmt("This answer cannot be used: %s. Send the complete answer again as "
			       "one JSON object of the schema, and nothing but the JSON.", problem);
	x->attempt = 0;
	send_attempt(x, 0);
}

/* An answer that ends a request without being usable: what the model gave is kept. */
static void give_up(struct exchange *x, enum model_outcome outcome, const char *message)
{
	buffer_reset(&x->reply.answer);
	buffer_addbuf(&x->reply.answer, &x->answer.text);
	exchange_fail(x, outcome, message);
}

static void give_up_truncated(struct exchange *x)
{
	struct codec_question q = { .model = x->model, .request = &x->request };
	char *message = xstrfmt("the answer broke off at the limit of %lld tokens",
				(long long)codec_output_tokens(&q));
	give_up(x, MODEL_TRUNCATED, message);
	free(message);
}

static void judge(struct exchange *x, const struct http_response *response)
{
	struct codec_answer *a = &x->answer;
	buffer_reset(&x->reply.answer);
	struct error *err = answer_extract(slice_of(&a->text), x->schema, &x->reply.answer);
	if (!err) {
		accept(x);
		return;
	}
	if (a->truncated) {
		give_up_truncated(x);
	} else if (a->filtered) {
		give_up(x, MODEL_REFUSED, "a content filter of the provider stopped the answer");
	} else if (a->refusal.len) {
		char *message = xstrfmt("the model refused: %s", a->refusal.data);
		give_up(x, MODEL_REFUSED, message);
		free(message);
	} else if (!a->finished) {
		retry_broken(x, response, false, "the answer broke off before its end");
	} else if (!x->complaint) {
		char *problem = model_one_line(err->message);
		start_repair(x, problem);
		free(problem);
	} else {
		give_up(x, MODEL_INVALID, err->message);
	}
	error_free(err);
}

static void on_done(void *data, const struct http_response *response)
{
	struct exchange *x = data;
	struct codec_answer *a = &x->answer;
	bool good = response->status / 100 == 2;
	if (good && !x->stream_error && !response->error)
		x->stream_error = stream_end(&x->stream);
	if (good) {
		model_usage_add(&x->reply.usage, &a->usage);
		free(x->reply.served_model);
		x->reply.served_model = a->served_model ? xstrdup(a->served_model) : NULL;
	}
	if (x->stream_error)
		retry_broken(x, response, error_is(x->stream_error, ERROR_LIMIT),
			     x->stream_error->message);
	else if (a->error)
		retry_broken(x, response, a->error_permanent, a->error);
	else if (response->error && !(good && a->finished))
		on_transport_failure(x, response);
	else if (!good)
		on_status(x, response);
	else
		judge(x, response);
}

/* -- sending -------------------------------------------------------------------------------------- */

static struct error *take_message(void *data, const char *event, struct slice message)
{
	struct exchange *x = data;
	size_t before = x->answer.text.len;
	struct error *err = codec_take_message(x->model->codec, &x->answer, event, message);
	x->engine->bytes += x->answer.text.len - before;
	return err;
}

static bool on_data(void *data, const char *bytes, size_t len)
{
	struct exchange *x = data;
	x->stream_error = stream_feed(&x->stream, bytes, len);
	return !x->stream_error;
}

static void write_body(struct exchange *x)
{
	struct codec_question q = {
		.model = x->model,
		.request = &x->request,
		.schema = x->schema,
		.dialect = x->dialect,
		.earlier = slice_of(&x->earlier),
		.complaint = x->complaint,
	};
	struct json_writer w;
	buffer_reset(&x->body);
	json_writer_init(&w, &x->body, false);
	x->model->codec->write_body(&w, &q);
}

static void reset_answer(struct exchange *x)
{
	stream_release(&x->stream);
	codec_answer_release(&x->answer);
	error_free(x->stream_error);
	x->stream_error = NULL;
	stream_init(&x->stream, x->model->codec->stream, take_message, x);
}

static struct error *write_headers(const struct exchange *x, const struct http_request *request,
				   struct header_list *list)
{
	const char *const *line = x->model->codec->headers;
	header_list_add(list, "Content-Type: application/json");
	for (; line && *line; line++)
		header_list_add(list, "%s", *line);
	return model_authorize(x->model, request, list);
}

static void send_attempt(struct exchange *x, uint64_t delay_ms)
{
	uint64_t now = model_clock_ms();
	if (x->shared->paused_until_ms > now && x->shared->paused_until_ms - now > delay_ms)
		delay_ms = x->shared->paused_until_ms - now;
	uint64_t left = time_left(x);
	if (delay_ms >= left) {
		char *message = xstrfmt("no complete answer within %.3g s",
					(double)x->engine->deadline_ms / 1000);
		fail_finally(x, message);
		free(message);
		return;
	}
	x->dialect = x->shared->dialect;
	reset_answer(x);
	write_body(x);
	struct buffer url = BUFFER_INIT;
	buffer_addstr(&url, x->model->endpoint);
	x->model->codec->write_path(&url, x->model);
	struct header_list headers = { .nr = 0 };
	struct http_request request = {
		.method = "POST",
		.url = url.data,
		.headers = (const char *const *)headers.lines,
		.body = slice_of(&x->body),
		.deadline_ms = (long)(left - delay_ms),
		.on_data = on_data,
		.on_done = on_done,
		.data = x,
	};
	x->attempt++;
	struct error *err = buffer_check(&x->body, "the request");
	if (!err)
		err = write_headers(x, &request, &headers);
	if (!err)
		err = http_submit(x->engine->http, &request, delay_ms);
	buffer_release(&url);
	header_list_release(&headers);
	if (err) {
		exchange_fail(x, error_is(err, ERROR_CANCELLED) ? MODEL_CANCELLED : MODEL_FAILED,
			      err->message);
		error_free(err);
		return;
	}
	x->reply.attempts++;
}

/* The tokens of a question that cannot fit, else 0: some servers would answer about what is left after
 * cutting, without a word. Only a text with many bytes can have many tokens: most need no counting. */
static int64_t tokens_beyond_context(const struct exchange *x)
{
	struct slice system = { x->request.system, strlen(x->request.system) };
	struct slice user = { x->request.user, strlen(x->request.user) };
	const char *shared_text = x->request.shared ? x->request.shared : "";
	struct slice shared = { shared_text, strlen(shared_text) };
	int64_t context = x->model->context_tokens;
	size_t len = system.len + shared.len + user.len;
	if (context <= 0 || len * MODEL_MAX_TOKENS_PER_BYTE <= (uint64_t)context)
		return 0;
	int64_t tokens = model_estimate_tokens(system) + model_estimate_tokens(shared) +
			 model_estimate_tokens(user);
	return tokens > context ? tokens : 0;
}

void exchange_start(struct exchange *x)
{
	x->started_ms = model_clock_ms();
	x->deadline_ms = x->started_ms + (uint64_t)x->engine->deadline_ms;
	int64_t tokens = tokens_beyond_context(x);
	if (tokens) {
		char *message = xstrfmt("the question has about %lld tokens, the model's context %lld",
					(long long)tokens, (long long)x->model->context_tokens);
		exchange_fail(x, MODEL_FAILED, message);
		free(message);
		return;
	}
	send_attempt(x, 0);
}
