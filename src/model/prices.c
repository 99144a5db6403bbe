#include "model/prices.h"

#include <stddef.h>
#include <string.h>

/* "gpt-6-luna" and its dated editions "gpt-6-luna-2026-10-01". */
static bool names_model(const char *row, const char *model)
{
	size_t len = strlen(row);
	if (strncmp(row, model, len))
		return false;
	return !model[len] || (model[len] == '-' && model[len + 1] == '2');
}

const struct price_row *price_find(const struct price_row *rows, const char *model,
				   int64_t prompt_tokens, int64_t date)
{
	for (const struct price_row *row = rows; row && row->model; row++)
		if (names_model(row->model, model) && date >= row->from &&
		    (!row->max_prompt || prompt_tokens <= row->max_prompt) &&
		    (!row->until || date < row->until))
			return row;
	return NULL;
}
