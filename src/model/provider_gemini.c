/* Google's Gemini API. Prices of the provider's page, November 2026. */
#include "model/batch.h"
#include "model/provider.h"

#define YEAR_2027 1798761600 /* 1 January, 0:00 UTC */

static const struct price_row prices[] = {
	{ .model = "gemini-3.8-flash", .until = YEAR_2027, .price = { 0.75, 3.75 } },
	{ .model = "gemini-3.8-flash", .from = YEAR_2027, .price = { 1.50, 7.50 } },
	/* Larger prompts are dearer, by how much is not published in the list. */
	{ .model = "gemini-3.1-pro-preview", .max_prompt = 200000, .price = { 2, 12 } },
	{ 0 },
};

/* It tells nothing of its limits but in errors. */
const struct provider provider_gemini = {
	.name = "gemini",
	.codec = &codec_gemini,
	.endpoint = "https://generativelanguage.googleapis.com",
	.endpoint_env = { "GOOGLE_GEMINI_BASE_URL" },
	.key_env = { "GEMINI_API_KEY", "GOOGLE_API_KEY" },
	.auth = MODEL_AUTH_X_GOOG_API_KEY,
	.needs_key = true,
	.context_tokens = 200000, /* its models take more, for more money a token */
	.prices = prices,
	.batch = &batch_gemini,
};
