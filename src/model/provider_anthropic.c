/* Anthropic: Claude. Prices of the provider's page, November 2026; what is written to the cache of five
 * minutes costs a quarter more than other input. */
#include "model/batch.h"
#include "model/provider.h"

/* The least of any of its models. */
#define CONTEXT 200000

const struct price_row claude_prices[] = {
	{ .model = "claude-haiku-5-5", .max_prompt = 100000, .price = { 0.10, 0.50, .cache_write = 0.125 },
	  .context_tokens = CONTEXT },
	{ .model = "claude-haiku-5-5", .price = { 0.50, 2.50, .cache_write = 0.625 },
	  .context_tokens = CONTEXT },
	{ .model = "claude-sonnet-5-5", .price = { 2, 10, .cached = 0.20, .cache_write = 2.5 },
	  .context_tokens = CONTEXT },
	{ .model = "claude-opus-5-5", .price = { 4, 20, .cached = 0.20, .cache_write = 5 },
	  .context_tokens = CONTEXT },
	{ .model = "claude-fable-5-1", .price = { 10, 50, .cached = 0.25, .cache_write = 12.5 },
	  .context_tokens = CONTEXT },
	{ 0 },
};

const struct provider provider_anthropic = {
	.name = "anthropic",
	.codec = &codec_anthropic,
	.endpoint = "https://api.anthropic.com",
	.endpoint_env = { "ANTHROPIC_BASE_URL" },
	.key_env = { "ANTHROPIC_API_KEY" },
	.auth = MODEL_AUTH_X_API_KEY,
	.needs_key = true,
	.limits = { "anthropic-ratelimit-requests-limit", "anthropic-ratelimit-requests-remaining",
		    "anthropic-ratelimit-requests-reset", "anthropic-ratelimit-tokens-limit",
		    "anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset" },
	.context_tokens = CONTEXT,
	.prices = claude_prices,
	.batch = &batch_anthropic,
};
