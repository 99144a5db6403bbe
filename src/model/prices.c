#include "model/prices.h"

#include <string.h>

#include "base/memory.h"

#define NO_LIMIT INT64_MAX

/* The prices of the provider's page, November 2026. FROM and UNTIL bound the validity: seconds since
 * the epoch, UNTIL not included. A model's rows stand together, the smallest prompts first. */
static const struct row {
	const char *provider;
	const char *model;
	int64_t max_prompt;
	int64_t from, until;
	struct price price;
} rows[] = {
	{ "openai", "gpt-6-luna", NO_LIMIT, 0, NO_LIMIT, { 0.10, 0.50, 0.01 } },
	/* Larger prompts are dearer, by how much is not published in the list. */
	{ "openai", "gpt-6-sol", 272000, 0, NO_LIMIT, { 2, 10, 0.20 } },
	{ "openai", "gpt-6.1-sol", 272000, 0, NO_LIMIT, { 2, 10, 0.10 } },
	{ "openai", "gpt-6-astra", NO_LIMIT, 0, NO_LIMIT, { 10, 50, 10 } },
};

/* "gpt-6-luna" and its dated editions "gpt-6-luna-2026-10-01". */
static bool names_model(const char *row, const char *model)
{
	size_t len = strlen(row);
	if (strncmp(row, model, len))
		return false;
	return !model[len] || (model[len] == '-' && model[len + 1] == '2');
}

bool price_find(const char *provider, const char *model, int64_t prompt_tokens, int64_t date,
		struct price *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		if (strcmp(row->provider, provider) || !names_model(row->model, model) ||
		    prompt_tokens > row->max_prompt || date < row->from || date >= row->until)
			continue;
		*out = row->price;
		return true;
	}
	return false;
}
