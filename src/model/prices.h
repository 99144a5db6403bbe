/*
 * Prices. Tariffs are tiered by the size of the prompt and dated, so a row holds for prompts up to a
 * size and for a span of time. What no row covers is unknown, never free.
 */
#ifndef MODEL_PRICES_H
#define MODEL_PRICES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

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

/* Does a row for ROW hold for MODEL: the same name, or a dated edition of it? "*" holds for any. */
bool price_names_model(const char *row, const char *model);

/* Reads a row as a user writes it:
 *
 *   <model> <in> <out> [cached=<n>] [cacheWrite=<n>] [batch=<fraction>] [upTo=<tokens>] [from=<date>]
 *   [until=<date>]
 *
 * in US dollars per million tokens; a date is YYYY-MM-DD, its begin in UTC. ERROR_USAGE. The name of the model
 * is malloc'd. */
struct error *price_row_parse(struct price_row *out, const char *text);

#endif
