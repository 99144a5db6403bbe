/*
 * Prices. Tariffs are tiered by the size of the prompt and dated, so a row holds for prompts up to a
 * size and for a span of time. What no row covers is unknown, never free.
 */
#ifndef MODEL_PRICES_H
#define MODEL_PRICES_H

#include <stdbool.h>
#include <stdint.h>

/* US dollars per million tokens. */
struct price {
	double in, out;
	double cached;      /* of input read from the provider's cache; 0: as `in` */
	double cache_write; /* of input written to it; 0: as `in` */
	double batch;       /* what a batch costs of the above, as a fraction; 0: 0.5 */
};

/* One line of a tariff. A model's rows stand together, the smallest prompts first; of several that
 * hold the first counts. */
struct price_row {
	const char *model;   /* "gpt-6-luna", which covers its dated editions "gpt-6-luna-2026-10-01" */
	int64_t max_prompt;  /* tokens of the prompt, included; 0: any */
	int64_t from, until; /* seconds since the epoch, UNTIL not included; 0: always */
	struct price price;
	int64_t context_tokens; /* 0: unknown */
};

/* The row of ROWS (ending with a row without a model, or NULL) for a prompt of PROMPT_TOKENS at DATE
 * (seconds since the epoch); NULL if there is none. */
const struct price_row *price_find(const struct price_row *rows, const char *model,
				   int64_t prompt_tokens, int64_t date);

#endif
