#include "model/exchange.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/trace.h"
#include "model/extract.h"
#include "model/images.h"
#include "net/retry.h"

/* Bytes of a wrong answer that are sent back for repair. */
#define MAX_EARLIER ((size_t)16 << 10)
/* An answer that comes broken costs as much as a whole one: it is asked for less often. */
#define MAX_BROKEN_ATTEMPTS 3

static void cancel_attempts(struct exchange *x)
{
	for (size_t i = 0; i < ARRAY_SIZE(x->flying); i++)
		if (x->flying[i])
			attempt_cancel(x->flying[i]);
}

void exchange_free(struct exchange *x)
{
	for (size_t i = 0; i < ARRAY_SIZE(x->flying); i++)
		if (x->flying[i])
			attempt_free(x->flying[i]);
	free(x->complaint);
	buffer_release(&x->earlier);
	model_reply_release(&x->reply);
	free(x);
}

static void settle(struct exchange *x, enum model_outcome outcome)
{
	cancel_attempts(x);
	x->reply.outcome = outcome;
	x->reply.elapsed_ms = x->started ? clock_ms() - x->started_ms : 0;
	engine_settle(x);
}

void exchange_fail(struct exchange *x, enum model_outcome outcome, const char *message)
{
	free(x->reply.message);
	x->reply.message = model_one_line(message);
	settle(x, outcome);
}

void exchange_fail_later(struct exchange *x, const char *message)
{
	x->reply.later = true;
	exchange_fail(x, MODEL_FAILED, message);
}

/* -- when something went wrong on the way ---------------------------------------------------------- */

static double random_fraction(struct model_engine *e)
{
	e->random = e->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (double)(e->random >> 33) / (double)(UINT64_C(1) << 31);
}

uint64_t exchange_time_left(const struct exchange *x, uint64_t now_ms)
{
	uint64_t end = x->started ? x->deadline_ms : now_ms + (uint64_t)x->engine->settings.deadline_ms;
	if (x->engine->run_end_ms < end)
		end = x->engine->run_end_ms;
	return now_ms < end ? end - now_ms : 0;
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
	struct lane *lane = x->lane;
	uint64_t now = clock_ms(), until = now + advice.delay_ms;
	bool in_time = advice.delay_ms < exchange_time_left(x, now);
	free(lane->pool->complaint);
	lane->pool->complaint = xstrdup(message);
	if (advice.server_said && advice.wanted && until > lane->paused_until_ms) {
		lane->paused_until_ms = until;
		lane->pause_is_news = true;
	}
	if (!advice.retry || !in_time) {
		x->reply.later = advice.wanted && advice.server_said && !in_time;
		fail_finally(x, message);
		return;
	}
	trace_printf("%s: %s; again in %llu ms", x->model->reviewer, message,
		     (unsigned long long)advice.delay_ms);
	queue_delay(x, until);
}

static struct retry_advice advise(struct exchange *x, const struct http_response *response)
{
	return retry_advise(response, x->attempt, time(NULL), random_fraction(x->engine),
			    (uint64_t)x->engine->settings.retry_first_ms);
}

/* The answer came with a good status but is broken or holds an error. */
static void retry_broken(struct exchange *x, const struct http_response *response, bool permanent,
			 const char *message)
{
	struct retry_advice advice = advise(x, response);
	advice.retry = advice.wanted = !permanent;
	if (x->attempt >= MAX_BROKEN_ATTEMPTS)
		advice.retry = false;
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
static bool adapt(struct exchange *x, const struct attempt *a, long status, const char *complaint)
{
	struct codec_dialect *current = &x->lane->dialect;
	if ((status != 400 && status != 422) || !complaint)
		return false;
	if (memcmp(current, &a->dialect, sizeof(*current)))
		return true;
	return x->model->codec->adapt(current, complaint);
}

static void on_status(struct exchange *x, const struct attempt *a, const struct http_response *response)
{
	struct codec_error e;
	codec_error_parse(&e, slice_of(&response->body));
	if (adapt(x, a, response->status, e.message)) {
		x->attempt--; /* it was understood and refused: not a failure */
		queue_ready(x, true);
		codec_error_release(&e);
		return;
	}
	struct retry_advice advice = advise(x, response);
	if (e.retry_ms && !advice.server_said) {
		advice.delay_ms = e.retry_ms;
		advice.server_said = true;
	}
	if (e.permanent)
		advice.retry = advice.wanted = false;
	char *message = codec_status_message(response->status, &e,
					     advice.server_said ? advice.delay_ms : 0);
	message = model_key_advice(x->model, response->status, message);
	retry_or_fail(x, advice, message);
	free(message);
	codec_error_release(&e);
}

/* -- when there is an answer ------------------------------------------------------------------------ */

static void start_repair(struct exchange *x, const struct codec_answer *a, const char *problem)
{
	buffer_addbuf(&x->reply.raw_first, &a->text);
	size_t len = a->text.len < MAX_EARLIER ? a->text.len : MAX_EARLIER;
	utf8_scrub(&x->earlier, a->text.data, len);
	x->complaint = xstrfmt("This answer cannot be used: %s. Send the complete answer again as "
			       "one JSON object of the schema, and nothing but the JSON.", problem);
	x->attempt = 0;
	x->input_tokens = -1;
	queue_ready(x, true);
}

/* An answer that ends a request without being usable: what the model gave is kept. */
static void give_up(struct exchange *x, const struct codec_answer *a, enum model_outcome outcome,
		    const char *message)
{
	buffer_reset(&x->reply.answer);
	buffer_addbuf(&x->reply.answer, &a->text);
	exchange_fail(x, outcome, message);
}

static void give_up_truncated(struct exchange *x, const struct codec_answer *a)
{
	struct codec_question q = exchange_question(x);
	char *message = xstrfmt("the answer broke off at the limit of %lld tokens",
				(long long)codec_output_tokens(&q));
	give_up(x, a, MODEL_TRUNCATED, message);
	free(message);
}

static void give_up_refused(struct exchange *x, const struct codec_answer *a)
{
	char *message = xstrfmt("the model refused: %s", a->refusal.data);
	give_up(x, a, MODEL_REFUSED, message);
	free(message);
}

static void judge(struct exchange *x, const struct codec_answer *a, const struct http_response *response)
{
	buffer_reset(&x->reply.answer);
	struct error *err = answer_extract(slice_of(&a->text), x->schema, x->request.may_lack,
					   &x->reply.answer);
	if (!err) {
		x->reply.repaired = x->complaint != NULL;
		settle(x, MODEL_OK);
		return;
	}
	if (a->truncated) {
		give_up_truncated(x, a);
	} else if (a->filtered) {
		give_up(x, a, MODEL_REFUSED, "a content filter of the provider stopped the answer");
	} else if (a->refusal.len) {
		give_up_refused(x, a);
	} else if (!a->finished) {
		retry_broken(x, response, false, "the answer broke off before its end");
	} else if (!x->complaint) {
		char *problem = model_one_line(err->message);
		start_repair(x, a, problem);
		free(problem);
	} else {
		give_up(x, a, MODEL_INVALID, err->message);
	}
	error_free(err);
}

static bool is_answer(const struct attempt *a, const struct http_response *response)
{
	return response->status / 100 == 2 && !a->stream_error && !a->answer.error &&
	       (!response->error || a->answer.finished);
}

static void note_answer(struct exchange *x, const struct codec_answer *a)
{
	model_usage_add(&x->reply.usage, &a->usage);
	free(x->reply.served_model);
	x->reply.served_model = a->served_model ? xstrdup(a->served_model) : NULL;
}

void exchange_take(struct exchange *x, struct attempt *a, const struct http_response *response)
{
	bool cancelled = error_is(response->error, ERROR_CANCELLED) && !a->stream_error;
	if (response->status / 100 == 2)
		note_answer(x, &a->answer);
	if (!is_answer(a, response) && !cancelled && (x->flying[0] || x->flying[1]))
		return; /* the question was sent twice: the other one decides */
	cancel_attempts(x);
	if (is_answer(a, response))
		judge(x, &a->answer, response);
	else if (a->stream_error)
		retry_broken(x, response, error_is(a->stream_error, ERROR_LIMIT),
			     a->stream_error->message);
	else if (a->answer.error)
		retry_broken(x, response, a->answer.error_permanent, a->answer.error);
	else if (response->error)
		on_transport_failure(x, response);
	else
		on_status(x, a, response);
}

/* -- sending -------------------------------------------------------------------------------------- */

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

static bool fits(struct exchange *x)
{
	struct error *err = images_check(x->model->codec, &x->request);
	if (err) {
		exchange_fail(x, MODEL_FAILED, err->message);
		error_free(err);
		return false;
	}
	int64_t tokens = tokens_beyond_context(x);
	if (!tokens)
		return true;
	char *message = xstrfmt("the question has about %lld tokens, the model's context %lld",
				(long long)tokens, (long long)x->model->context_tokens);
	exchange_fail(x, MODEL_FAILED, message);
	free(message);
	return false;
}

static enum model_outcome outcome_of(const struct error *err)
{
	if (error_is(err, ERROR_BUDGET))
		return MODEL_OVER_BUDGET;
	return error_is(err, ERROR_CANCELLED) ? MODEL_CANCELLED : MODEL_FAILED;
}

static void fail_too_late(struct exchange *x, uint64_t now)
{
	const struct model_engine_settings *settings = &x->engine->settings;
	bool run = now >= x->engine->run_end_ms;
	char *message = run ? xstrfmt("not answered within the %.3g s of the whole run",
				      (double)settings->run_deadline_ms / 1000)
			    : xstrfmt("no complete answer within %.3g s",
				      (double)settings->deadline_ms / 1000);
	fail_finally(x, message);
	free(message);
}

void exchange_send(struct exchange *x)
{
	uint64_t now = clock_ms();
	if (!x->started) {
		x->started = true;
		x->started_ms = now;
		x->deadline_ms = now + (uint64_t)x->engine->settings.deadline_ms;
		if (!fits(x))
			return;
	}
	if (!exchange_time_left(x, now)) {
		fail_too_late(x, now);
		return;
	}
	x->attempt++;
	struct error *err = attempt_start(&x->flying[0], x);
	if (err)
		exchange_fail(x, outcome_of(err), err->message);
	error_free(err);
}

void exchange_hedge(struct exchange *x, uint64_t now_ms)
{
	struct model_engine *e = x->engine;
	struct attempt *a = x->flying[0];
	if (x->hedged || !a || x->model->local || now_ms - a->heard_ms < HEDGE_LEAST_MS ||
	    now_ms - a->heard_ms < hedge_patience(&x->lane->hedge, e->settings.hedge) ||
	    !hedge_allowed(e->nr_requests, e->nr_hedged))
		return;
	x->hedged = true;
	struct error *err = attempt_start(&x->flying[1], x);
	if (err) {
		trace_printf("%s: not asked a second time: %s", x->model->reviewer, err->message);
		error_free(err);
		return;
	}
	e->nr_hedged++;
	trace_printf("%s: silent for %llu ms, asked a second time", x->model->reviewer,
		     (unsigned long long)(now_ms - a->heard_ms));
}
