/* OpenAI: chat completions. Prices of the provider's page, November 2026. */
#include "model/batch.h"
#include "model/provider.h"

static const struct price_row prices[] = {
	{ .model = "gpt-6-luna", .price = { 0.10, 0.50, .cached = 0.01 } },
	/* Larger prompts are dearer, by how much is not published in the list. */
	{ .model = "gpt-6-sol", .max_prompt = 272000, .price = { 2, 10, .cached = 0.20 } },
	{ .model = "gpt-6.1-sol", .max_prompt = 272000, .price = { 2, 10, .cached = 0.10 } },
	{ .model = "gpt-6-astra", .price = { 10, 50, .cached = 10 } },
	{ 0 },
};

const struct provider provider_openai = {
	.name = "openai",
	.codec = &codec_openai,
	.endpoint = "https://api.openai.com/v1",
	.endpoint_env = { "OPENAI_BASE_URL" },
	.key_env = { "OPENAI_API_KEY" },
	.auth = MODEL_AUTH_BEARER,
	.needs_key = true,
	.limits = { "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests",
		    "x-ratelimit-reset-requests", "x-ratelimit-limit-tokens",
		    "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens" },
	.context_tokens = 128000, /* the smallest of the models that write JSON by a schema */
	.prices = prices,
	.batch = &batch_openai,
};
