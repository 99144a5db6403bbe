/* Money: reserved before a request is sent, settled when it has ended. */
#include <string.h>
#include <time.h>

#include "model/exchange.h"

/* The estimate is fitted to tokenizers with large vocabularies; the newest of some providers need up to half
 * as much again. No text has more tokens than bytes. */
#define WORST_OF_ESTIMATE 2
/* What a server puts around the messages. */
#define OVERHEAD_TOKENS 256
/* The dearest picture of the APIs that are spoken, in tokens. */
#define IMAGE_TOKENS 6000

static void count(struct exchange *x, const char *text, size_t len)
{
	x->input_tokens += model_estimate_tokens((struct slice){ text, len });
	x->input_bytes += len;
}

void exchange_count_tokens(struct exchange *x)
{
	const char *const texts[] = { x->request.system, x->request.shared, x->request.user,
				      x->request.schema, x->complaint };
	if (x->input_tokens >= 0)
		return;
	x->input_tokens = 0;
	x->input_bytes = 0;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (texts[i])
			count(x, texts[i], strlen(texts[i]));
	count(x, x->earlier.data, x->earlier.len);
	x->input_tokens += (int64_t)x->request.nr_images * IMAGE_TOKENS;
	x->input_bytes += x->request.nr_images * IMAGE_TOKENS;
}

double exchange_tokens_to_pace(struct exchange *x)
{
	if (!x->lane->limits || !x->lane->limits->tokens_left)
		return 0;
	struct codec_question q = exchange_question(x);
	exchange_count_tokens(x);
	return (double)(x->input_tokens + codec_output_tokens(&q));
}

/* Of a question of ESTIMATE tokens in BYTES. */
static struct model_usage bound_usage(const struct codec_question *q, int64_t estimate, size_t bytes)
{
	int64_t doubled = estimate * WORST_OF_ESTIMATE;
	struct model_usage worst = {
		.input_tokens = (doubled < (int64_t)bytes ? doubled : (int64_t)bytes) + OVERHEAD_TOKENS,
		.output_tokens = codec_output_tokens(q),
	};
	if (q->model->codec->asks_for_cache && !q->alone)
		worst.cache_write_tokens = worst.input_tokens;
	return worst;
}

static struct model_usage worst_usage(const struct exchange *x)
{
	struct codec_question q = exchange_question(x);
	return bound_usage(&q, x->input_tokens, x->input_bytes);
}

struct model_usage model_usage_at_most(const struct model *m, const struct model_request *r)
{
	const char *const texts[] = { r->system, r->shared, r->user, r->schema };
	struct codec_question q = { .model = m, .request = r };
	int64_t tokens = (int64_t)r->nr_images * IMAGE_TOKENS;
	size_t bytes = r->nr_images * IMAGE_TOKENS;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct slice text = { texts[i], texts[i] ? strlen(texts[i]) : 0 };
		tokens += model_estimate_tokens(text);
		bytes += text.len;
	}
	return bound_usage(&q, tokens, bytes);
}

struct error *reservation_make(struct attempt *a)
{
	struct exchange *x = a->exchange;
	const struct model_budget *budget = &x->engine->settings.budget;
	if (!budget->reserve || model_is_free(x->model))
		return NULL;
	exchange_count_tokens(x);
	struct model_usage worst = worst_usage(x);
	int64_t now = time(NULL);
	double usd = model_cost(x->model, &worst, now);
	if (usd < 0) { /* the bound may lie beyond the largest prompt that has a price */
		struct model_usage likely = worst;
		likely.input_tokens = x->input_tokens;
		usd = model_cost(x->model, &likely, now);
	}
	struct error *err = budget->reserve(budget->data, x->data, &worst, usd, &a->reservation);
	a->reserved = !err;
	return err;
}

/* Whether A can have cost anything. */
static bool may_be_billed(const struct http_response *response)
{
	if (!response)
		return true;
	return response->sent && (response->status / 100 == 2 || !response->status);
}

struct bill reservation_bill(struct attempt *a, const struct http_response *response)
{
	struct exchange *x = a->exchange;
	struct model_usage usage = a->answer.usage;
	struct bill bill = { .due = a->reserved, .reservation = a->reservation, .sure = true };
	a->reserved = false;
	if (!bill.due || !may_be_billed(response))
		return bill;
	int64_t received = model_estimate_tokens(slice_of(&a->answer.text)) +
			   model_estimate_tokens(slice_of(&a->answer.refusal));
	bill.sure = a->answer.finished && usage.input_tokens >= 0 && usage.output_tokens >= 0;
	if (usage.input_tokens < 0)
		usage.input_tokens = x->input_tokens;
	if (!bill.sure && usage.output_tokens < received)
		usage.output_tokens = received;
	bill.usage = usage;
	bill.usd = model_cost(x->model, &usage, time(NULL));
	return bill;
}

void bill_settle(const struct model_engine *e, const struct bill *bill)
{
	const struct model_budget *budget = &e->settings.budget;
	if (bill->due)
		budget->settle(budget->data, bill->reservation, &bill->usage, bill->usd, bill->sure);
}
