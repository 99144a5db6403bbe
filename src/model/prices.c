#include "model/prices.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/memory.h"
#include "base/text.h"

/* US dollars per million tokens: more is a slip of the pen. */
#define MAX_PRICE 1e6
#define MAX_PROMPT INT64_C(1000000000)

/* "gpt-6-luna" and its dated editions "gpt-6-luna-2026-10-01". */
bool price_names_model(const char *row, const char *model)
{
	size_t len = strlen(row);
	if (!strcmp(row, "*"))
		return true;
	if (strncmp(row, model, len))
		return false;
	return !model[len] || (model[len] == '-' && model[len + 1] == '2');
}

const struct price_row *price_find(const struct price_row *rows, const char *model,
				   int64_t prompt_tokens, int64_t date)
{
	for (const struct price_row *row = rows; row && row->model; row++)
		if (price_names_model(row->model, model) && date >= row->from &&
		    (!row->max_prompt || prompt_tokens <= row->max_prompt) &&
		    (!row->until || date < row->until))
			return row;
	return NULL;
}

/* -- what users write ------------------------------------------------------------------------ */

static bool parse_amount(const char *text, double min, double max, double *out)
{
	char *end;
	if (!ascii_digit((unsigned char)text[0]) && text[0] != '.')
		return false;
	double value = strtod(text, &end);
	if (end == text || *end || !(value >= min) || value > max)
		return false;
	*out = value;
	return true;
}

static bool parse_price(const char *text, void *out)
{
	return parse_amount(text, 0, MAX_PRICE, out);
}

/* 0 would be "as other input" in struct price. */
static bool parse_cache_price(const char *text, void *out)
{
	return parse_amount(text, 1e-9, MAX_PRICE, out);
}

static bool parse_fraction(const char *text, void *out)
{
	return parse_amount(text, 1e-9, 1, out);
}

static bool parse_tokens(const char *text, void *out)
{
	char *end;
	long long value = ascii_digit((unsigned char)text[0]) ? strtoll(text, &end, 10) : 0;
	if (value <= 0 || *end || value > MAX_PROMPT)
		return false;
	*(int64_t *)out = value;
	return true;
}

static bool parse_date(const char *text, void *out)
{
	struct tm tm = { 0 };
	int year, month, day, len = 0;
	if (sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &len) != 3 || len != 10 || text[len])
		return false;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	tm.tm_mday = day;
	int64_t date = (int64_t)timegm(&tm);
	/* The 31st of February is another day by now. */
	if (tm.tm_mday != day || tm.tm_mon != month - 1 || date <= 0)
		return false;
	*(int64_t *)out = date;
	return true;
}

static const struct word {
	const char *name;
	bool (*parse)(const char *text, void *out);
	size_t at;
	const char *form;
} words[] = {
	{ "cached", parse_cache_price, offsetof(struct price_row, price.cached),
	  "US dollars per million tokens" },
	{ "cachewrite", parse_cache_price, offsetof(struct price_row, price.cache_write),
	  "US dollars per million tokens" },
	{ "batch", parse_fraction, offsetof(struct price_row, price.batch), "a fraction such as 0.5" },
	{ "upto", parse_tokens, offsetof(struct price_row, max_prompt), "a number of tokens" },
	{ "from", parse_date, offsetof(struct price_row, from), "a date such as 2026-11-01" },
	{ "until", parse_date, offsetof(struct price_row, until), "a date such as 2026-12-01" },
};

static struct error *parse_word(struct price_row *out, const char *text)
{
	const char *equals = strchr(text, '=');
	size_t len = equals ? (size_t)(equals - text) : 0;
	for (size_t i = 0; i < ARRAY_SIZE(words) && equals; i++) {
		const struct word *word = &words[i];
		if (strlen(word->name) != len || strncasecmp(word->name, text, len))
			continue;
		if (word->parse(equals + 1, (char *)out + word->at))
			return NULL;
		return error_new(ERROR_USAGE, "'%s' must be %s", text, word->form);
	}
	return error_new(ERROR_USAGE, "'%s' is none of cached=, cacheWrite=, batch=, upTo=, from= and until=",
			 text);
}

static char *next_word(const char **at)
{
	struct slice rest = slice_trim((struct slice){ *at, strlen(*at) });
	size_t len = 0;
	while (len < rest.len && !ascii_space((unsigned char)rest.data[len]))
		len++;
	*at = rest.data + len;
	return len ? xmemdupz(rest.data, len) : NULL;
}

struct error *price_row_parse(struct price_row *out, const char *text)
{
	struct price_row row = { 0 };
	struct error *err = NULL;
	const char *at = text;
	char *model = next_word(&at), *in = next_word(&at), *price_out = next_word(&at), *word;
	row.model = model;
	if (!price_out || !parse_price(in, &row.price.in) || !parse_price(price_out, &row.price.out))
		err = error_new(ERROR_USAGE, "it must begin with <model> <in> <out>, the latter two in US "
				"dollars per million tokens");
	while (!err && (word = next_word(&at))) {
		err = parse_word(&row, word);
		free(word);
	}
	free(in);
	free(price_out);
	if (err)
		free(model);
	else
		*out = row;
	return err;
}
