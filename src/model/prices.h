/*
 * List prices. Tariffs are tiered by the size of the prompt and dated, so a row holds for prompts up
 * to a size and for a span of time. What no row covers is unknown, never free.
 */
#ifndef MODEL_PRICES_H
#define MODEL_PRICES_H

#include <stdbool.h>
#include <stdint.h>

struct price {
	double in, out, cached; /* US dollars per million tokens */
};

/* The price of MODEL at PROVIDER for a prompt of PROMPT_TOKENS at DATE (seconds since the epoch). */
bool price_find(const char *provider, const char *model, int64_t prompt_tokens, int64_t date,
		struct price *out);

#endif
