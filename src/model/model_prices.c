/* What a model costs: the user's rows, then those of its provider's table. */
#include <time.h>

#include "base/memory.h"
#include "base/text.h"
#include "model/prices.h"
#include "model/provider.h"
#include "model/providers.h"

#define MAX_PRICE 1e6
/* Rows of one provider. */
#define MAX_USER_ROWS 1000

struct row_list {
	struct price_row *items;
	size_t nr, alloc;
};

static void add_row(struct row_list *list, const struct price_row *row)
{
	ALLOC_GROW(list->items, list->nr, list->alloc);
	list->items[list->nr++] = *row;
}

struct collecting {
	const struct model *model;
	char *key;
	struct row_list rows;
	struct error *err;
};

static void collect(const char *key, const char *value, void *data)
{
	struct collecting *c = data;
	struct price_row row;
	if (c->err || strcmp(key, c->key))
		return;
	c->err = price_row_parse(&row, value);
	if (!c->err && c->rows.nr >= MAX_USER_ROWS)
		c->err = error_new(ERROR_LIMIT, "there are more than %d of them", MAX_USER_ROWS);
	if (c->err) {
		c->err = error_context(c->err, "%s '%s'", key, value);
		return;
	}
	if (price_names_model(row.model, c->model->name)) {
		free((char *)row.model);
		row.model = c->model->name;
		add_row(&c->rows, &row);
	} else {
		free((char *)row.model);
	}
}

/* The smallest upTo first, then those with dates. */
static bool goes_before(const struct price_row *a, const struct price_row *b)
{
	bool a_dated = a->from || a->until, b_dated = b->from || b->until;
	if (a->max_prompt != b->max_prompt)
		return a->max_prompt && (!b->max_prompt || a->max_prompt < b->max_prompt);
	return a_dated && !b_dated;
}

/* Moves the rows over in the order they count: of equals, the one set last. */
static void add_sorted(struct row_list *out, const struct row_list *rows)
{
	size_t start = out->nr;
	for (size_t i = rows->nr; i-- > 0;) {
		add_row(out, &rows->items[i]);
		for (size_t k = out->nr - 1; k > start && goes_before(&out->items[k], &out->items[k - 1]); k--) {
			struct price_row other = out->items[k];
			out->items[k] = out->items[k - 1];
			out->items[k - 1] = other;
		}
	}
}

static struct error *add_user_rows(struct row_list *out, const struct model *m, const struct model_settings *s)
{
	struct collecting c = { .model = m };
	if (!s->config_each)
		return NULL;
	c.key = xstrfmt("scrutiny.%s.price", m->provider);
	s->config_each(s->data, c.key, collect, &c);
	if (!c.err)
		add_sorted(out, &c.rows);
	free(c.rows.items);
	free(c.key);
	return c.err;
}

static struct error *read_price(const struct model_settings *s, const struct model *m, const char *name,
				double *out, bool *found)
{
	const char *text = model_setting(s, m, name);
	char *end;
	if (!text)
		return NULL;
	double value = strtod(text, &end);
	if (end == text || *end || !(value >= 0) || value > MAX_PRICE)
		return error_new(ERROR_USAGE,
				 "scrutiny.%s.%s is '%s': it must be US dollars per million tokens",
				 m->provider, name, text);
	*out = value;
	*found = true;
	return NULL;
}

/* pricein and priceout are a row for any size; what is not told of them is as in the table. */
static struct error *add_plain_prices(struct row_list *out, const struct model *m,
				      const struct model_settings *s, const struct price_row *usual)
{
	struct price_row row = { .model = m->name };
	double other = m->local ? 0 : -1;
	bool found = false;
	row.price.in = usual ? usual->price.in : other;
	row.price.out = usual ? usual->price.out : other;
	struct error *err = read_price(s, m, "pricein", &row.price.in, &found);
	if (!err)
		err = read_price(s, m, "priceout", &row.price.out, &found);
	if (!err && found)
		add_row(out, &row);
	return err;
}

static void multiply(struct price *price, double factor)
{
	price->in *= factor;
	price->out *= factor;
	price->cached *= factor;
	price->cache_write *= factor;
}

/* The provider's rows for M, ending with one without a model. */
static void add_table(struct row_list *out, const struct model *m)
{
	const struct provider *p = m->row;
	double factor = 1;
	char *renamed = p && p->price_name ? p->price_name(m->name, &factor) : NULL;
	const char *name = p && p->price_name ? renamed : m->name;
	for (const struct price_row *row = p && !m->local ? p->prices : NULL; row && row->model; row++) {
		struct price_row own = *row;
		if (!name || !price_names_model(row->model, name))
			continue;
		own.model = m->name;
		multiply(&own.price, factor);
		add_row(out, &own);
	}
	add_row(out, &(struct price_row){ 0 });
	free(renamed);
}

struct error *model_find_prices(struct model *m, const struct model_settings *s)
{
	struct row_list rows = { 0 };
	int64_t now = (int64_t)time(NULL);
	struct row_list table = { 0 };
	add_table(&table, m);
	const struct price_row *usual = price_find(table.items, m->name, 0, now);
	struct error *err = add_user_rows(&rows, m, s);
	if (!err)
		err = add_plain_prices(&rows, m, s, usual);
	for (size_t i = 0; !err && table.items[i].model; i++)
		add_row(&rows, &table.items[i]);
	free(table.items);
	if (err) {
		free(rows.items);
		return err;
	}
	if (rows.nr)
		add_row(&rows, &(struct price_row){ 0 });
	m->prices = rows.items;
	usual = price_find(m->prices, m->name, 0, now);
	m->price_in = usual ? usual->price.in : model_is_free(m) ? 0 : -1;
	m->price_out = usual ? usual->price.out : m->price_in;
	if (!m->context_tokens && usual)
		m->context_tokens = usual->context_tokens;
	if (!m->context_tokens && m->row)
		m->context_tokens = m->row->context_tokens;
	return NULL;
}

static double per_million(int64_t tokens, double price)
{
	return (double)tokens * price / 1e6;
}

/* TOKENS that are part of WHOLE: no server's mistake makes more of them. */
static int64_t part_of(int64_t whole, int64_t tokens)
{
	if (tokens <= 0)
		return 0;
	return tokens < whole ? tokens : whole;
}

bool model_is_free(const struct model *m)
{
	return m->local && !m->prices;
}

double model_cost(const struct model *m, const struct model_usage *usage, int64_t date)
{
	if (model_is_free(m))
		return 0;
	if (usage->input_tokens < 0 || usage->output_tokens < 0)
		return -1;
	const struct price_row *row = price_find(m->prices, m->name, usage->input_tokens, date);
	if (!row || row->price.in < 0 || row->price.out < 0)
		return -1;
	const struct price *price = &row->price;
	int64_t cached = part_of(usage->input_tokens, usage->cached_tokens);
	int64_t written = part_of(usage->input_tokens - cached, usage->cache_write_tokens);
	return per_million(usage->input_tokens - cached - written, price->in) +
	       per_million(cached, price->cached > 0 ? price->cached : price->in) +
	       per_million(written, price->cache_write > 0 ? price->cache_write : price->in) +
	       per_million(usage->output_tokens, price->out);
}

double model_batch_fraction(const struct model *m, int64_t prompt_tokens, int64_t date)
{
	const struct price_row *row = price_find(m->prices, m->name, prompt_tokens, date);
	return row && row->price.batch > 0 ? row->price.batch : 0.5;
}
