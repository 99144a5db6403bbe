/* What was spent, from the ledger. */
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include "base/date.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "cmd/money.h"
#include "cmd/since.h"
#include "cmd/table.h"
#include "review/limits.h"

#define COST_FORMAT 1

struct cost_options {
	const char *by, *since;
	bool json;
};

/* The sum of some requests. */
struct sum {
	const char *key;   /* owned by the map of groups */
	size_t requests, unknown, estimated;
	int64_t input_tokens, output_tokens, cached_tokens;
	double usd;
};

struct account {
	struct ledger ledger;
	struct ledger_span span;
	int64_t now;
	const char *by;
	struct strmap groups;   /* key -> struct sum */
	struct sum **rows;      /* the same, in the order they are shown */
	struct sum total;
	struct sum day, month;  /* whatever the span */
	struct budget_limits limits;
};

/* -- adding up ------------------------------------------------------------------------------- */

static void add(struct sum *sum, const struct spending *s)
{
	sum->requests++;
	sum->estimated += s->estimated;
	sum->unknown += s->usd < 0;
	sum->usd += s->usd > 0 ? s->usd : 0;
	sum->input_tokens += s->input_tokens > 0 ? s->input_tokens : 0;
	sum->output_tokens += s->output_tokens > 0 ? s->output_tokens : 0;
	sum->cached_tokens += s->cached_tokens > 0 ? s->cached_tokens : 0;
}

static void key_of(struct buffer *out, const struct spending *s, const char *by)
{
	const char *text = NULL;
	if (!strcmp(by, "day")) {
		date_add_local_day(out, s->date);
		return;
	}
	if (!strcmp(by, "model"))
		text = s->reviewer;
	else if (!strcmp(by, "paper"))
		text = *s->paper ? s->paper : ".";
	else if (!strcmp(by, "author"))
		text = s->author;
	else
		text = s->task;
	buffer_addstr(out, text && *text ? text : "unknown");
}

static void add_to_group(struct account *a, const struct spending *s)
{
	struct buffer key = BUFFER_INIT;
	key_of(&key, s, a->by);
	void **slot = strmap_at(&a->groups, key.data, key.len);
	if (!*slot)
		*slot = xcalloc(1, sizeof(struct sum));
	add(*slot, s);
	buffer_release(&key);
}

static bool within(struct ledger_span span, int64_t date)
{
	return date >= span.from && date < span.until;
}

static int by_key(const void *a, const void *b)
{
	const struct sum *x = *(struct sum *const *)a, *y = *(struct sum *const *)b;
	return strcmp(x->key, y->key);
}

/* The dearest first. */
static int by_cost(const void *a, const void *b)
{
	const struct sum *x = *(struct sum *const *)a, *y = *(struct sum *const *)b;
	double x_usd = money_rounded(x->usd), y_usd = money_rounded(y->usd);
	if (x_usd != y_usd)
		return x_usd > y_usd ? -1 : 1;
	return by_key(a, b);
}

static void add_up(struct account *a)
{
	struct ledger_span day = ledger_day(a->now), month = ledger_month(a->now);
	for (size_t i = 0; i < a->ledger.nr; i++) {
		const struct spending *s = &a->ledger.items[i];
		if (within(a->span, s->date)) {
			add(&a->total, s);
			add_to_group(a, s);
		}
		if (within(day, s->date))
			add(&a->day, s);
		if (within(month, s->date))
			add(&a->month, s);
	}
	a->rows = xcalloc(a->groups.nr + 1, sizeof(*a->rows));
	for (size_t i = 0; i < a->groups.nr; i++) {
		a->rows[i] = a->groups.entries[i].value;
		a->rows[i]->key = a->groups.entries[i].key;
	}
	qsort(a->rows, a->groups.nr, sizeof(*a->rows), strcmp(a->by, "day") != 0 ? by_cost : by_key);
}

static void account_release(struct account *a)
{
	ledger_release(&a->ledger);
	strmap_release(&a->groups, free);
	free(a->rows);
}

/* -- for people ------------------------------------------------------------------------------ */

static void add_row(struct table *t, const char *name, const struct sum *sum)
{
	struct buffer cost = BUFFER_INIT;
	if (sum->unknown < sum->requests || !sum->requests)
		money_add_column(&cost, sum->usd);
	if (sum->unknown)
		buffer_addf(&cost, "%s", cost.len ? " + unknown" : "unknown");
	table_add(t, name);
	table_add_count(t, (int64_t)sum->requests);
	table_add_count(t, sum->input_tokens);
	table_add_count(t, sum->cached_tokens);
	table_add_count(t, sum->output_tokens);
	table_add(t, cost.data);
	buffer_release(&cost);
}

static void print_table(struct buffer *out, const struct account *a)
{
	static const char *const heads[] = { "requests", "tokens in", "cached", "out", "cost" };
	struct table t = TABLE_INIT(ARRAY_SIZE(heads) + 1);
	struct buffer since = BUFFER_INIT;
	buffer_addstr(&since, "since ");
	date_add_local_day(&since, a->span.from);
	table_add(&t, since.data);
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
		table_add(&t, heads[i]);
	for (size_t i = 0; i < a->groups.nr; i++)
		add_row(&t, a->rows[i]->key, a->rows[i]);
	add_row(&t, "total", &a->total);
	table_print(out, &t);
	table_release(&t);
	buffer_release(&since);
}

static void print_account(const struct account *a)
{
	struct buffer out = BUFFER_INIT;
	if (a->total.requests) {
		print_table(&out, a);
		buffer_addch(&out, '\n');
	} else {
		buffer_addstr(&out, "No model was asked for money since ");
		date_add_local_day(&out, a->span.from);
		buffer_addstr(&out, ".\n");
	}
	money_add_day(&out, a->day.usd, &a->limits);
	money_add_month(&out, a->month.usd, &a->limits);
	print_buffer(&out);
	buffer_release(&out);
}

static void say_doubts(struct context *ctx, const struct account *a)
{
	const struct sum *total = &a->total;
	if (total->estimated)
		say_hint(ctx, "%zu request%s broke off, wait%s in a batch or did not tell what was used: the cost is "
			 "estimated.",
			 total->estimated, total->estimated == 1 ? "" : "s", total->estimated == 1 ? "s" : "");
	if (a->ledger.damaged)
		say_warning("%zu line%s of the ledger cannot be read: what they tell of is not in the sum",
			    a->ledger.damaged, a->ledger.damaged == 1 ? "" : "s");
	if (total->unknown)
		say_hint(ctx, "%zu request%s of unknown price; `git config --add scrutiny.<provider>.price "
			 "\"<model> <in> <out>\"` sets it for those to come.",
			 total->unknown, total->unknown == 1 ? " is" : "s are");
}

/* -- for programs ---------------------------------------------------------------------------- */

static void write_sum(struct json_writer *w, const struct sum *sum)
{
	json_begin_object(w);
	if (sum->key)
		json_put_string(w, "name", sum->key);
	json_put_integer(w, "requests", (int64_t)sum->requests);
	json_put_integer(w, "input_tokens", sum->input_tokens);
	json_put_integer(w, "cached_tokens", sum->cached_tokens);
	json_put_integer(w, "output_tokens", sum->output_tokens);
	json_put_number(w, "usd", money_rounded(sum->usd));
	json_put_integer(w, "unknown_price", (int64_t)sum->unknown);
	json_put_integer(w, "estimated", (int64_t)sum->estimated);
	json_end_object(w);
}

static void write_limit(struct json_writer *w, const char *key, double spent, double warn, double stop)
{
	json_key(w, key);
	json_begin_object(w);
	json_put_number(w, "usd", money_rounded(spent));
	json_key(w, "warn_at");
	warn < 0 ? json_null(w) : json_number(w, warn);
	json_key(w, "stop_at");
	stop < 0 ? json_null(w) : json_number(w, stop);
	json_end_object(w);
}

static void print_json(const struct account *a)
{
	struct buffer out = BUFFER_INIT;
	struct json_writer w;
	json_writer_init(&w, &out, true);
	json_begin_object(&w);
	json_put_integer(&w, "format", COST_FORMAT);
	json_put_integer(&w, "since", a->span.from);
	json_put_string(&w, "by", a->by);
	json_key(&w, "rows");
	json_begin_array(&w);
	for (size_t i = 0; i < a->groups.nr; i++)
		write_sum(&w, a->rows[i]);
	json_end_array(&w);
	json_key(&w, "total");
	write_sum(&w, &a->total);
	write_limit(&w, "today", a->day.usd, a->limits.day_warn, a->limits.day);
	write_limit(&w, "month", a->month.usd, a->limits.month_warn, a->limits.month);
	json_put_integer(&w, "damaged_lines", (int64_t)a->ledger.damaged);
	json_end_object(&w);
	buffer_addch(&out, '\n');
	print_buffer(&out);
	buffer_release(&out);
}

/* -- the command ----------------------------------------------------------------------------- */

static struct error *find_limits(struct account *a, struct repo *repo)
{
	struct policy policy = { .budget = BUDGET_NO_LIMITS };
	struct buffer text = BUFFER_INIT_MAX(POLICY_MAX_SIZE);
	const char *top = repo_work_tree(repo);
	struct error *err = top ? file_read_below(top, POLICY_FILE, &text) : NULL;
	error_drop_if(&err, ERROR_NOT_FOUND);
	if (!err && text.len)
		err = policy_parse(&policy, slice_of(&text), POLICY_FILE);
	if (!err)
		err = limits_find(&a->limits, repo, &policy.budget, -1);
	policy_release(&policy);
	buffer_release(&text);
	return err;
}

static struct error *read_account(struct account *a, struct repo *repo, struct records *store)
{
	struct ledger_span month = ledger_month(a->now);
	int64_t from = a->span.from < month.from ? a->span.from : month.from;
	struct error *err = find_limits(a, repo);
	if (!err)
		err = ledger_read(&a->ledger, store, from, a->span.until);
	if (!err)
		add_up(a);
	return err;
}

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv,
			 int *exit_status)
{
	const struct cost_options *o = options;
	struct repo *repo;
	struct records *store = NULL;
	struct account a = { .now = (int64_t)time(NULL), .by = o->by };
	(void)exit_status;
	if (argc)
		return error_new(ERROR_USAGE, "cost takes no argument, such as '%s'", argv[0]);
	struct error *err = context_repo(ctx, &repo);
	a.span = ledger_month(a.now);
	if (!err && o->since)
		err = since_parse(repo, o->since, a.now, &a.span.from);
	if (!err)
		err = records_open(&store, repo);
	if (!err)
		err = read_account(&a, repo, store);
	if (!err && o->json) {
		print_json(&a);
	} else if (!err) {
		print_account(&a);
		print_flush();
		say_doubts(ctx, &a);
	}
	records_free(store);
	account_release(&a);
	return err;
}

static const char *const groupings[] = { "day", "model", "paper", "author", "task", NULL };

static const struct option options[] = {
	{ OPTION_CHOICE, 0, "by", offsetof(struct cost_options, by), "<what>",
	  "one row for each day, model (default), paper, author or task",
	  "Shows one row for each day, model (the default), paper, author of the last commit that changed "
	  "the paper before it was reviewed, or task.", groupings },
	{ OPTION_STRING, 0, "since", offsetof(struct cost_options, since), "<date>",
	  "from that day on; without it, this month",
	  "From that day on; without it, this month. A day (2026-11-01), a month (2026-11), today, or what git "
	  "reads as a date, such as yesterday or 2.weeks.ago. Days are those of your time zone." },
	{ OPTION_BOOL, 0, "json", offsetof(struct cost_options, json), NULL,
	  "print JSON, as docs/formats/cost.schema.json says" },
	{ .kind = OPTION_END },
};

static const struct cost_options defaults = { .by = "model" };
static const char *const usage[] = { "[<options>]", NULL };

static const struct example examples[] = {
	{ "git scrutiny cost", "What models have cost this month, and what the budgets leave." },
	{ "git scrutiny cost --by=paper --since=2026-01-01", "What each paper has cost this year." },
	{ NULL, NULL },
};

const struct command cmd_cost = {
	.name = "cost",
	.summary = "show what models have cost and what the budgets leave",
	.usage = usage,
	.description =
		"Every request to a model that costs money is entered in a ledger, with what it did cost "
		"by the tokens that the provider told. Where that is not known an estimate counts: of an "
		"answer that broke off, what had been sent and had arrived; of a run that was killed, what "
		"was reserved. A model whose price is not known is said to be of unknown price. The ledger is "
		"part of refs/scrutiny/records: clones that share their records (`git scrutiny records`) "
		"share it.\n\n"
		"Budgets are set in US dollars with git config scrutiny.budget.run, .paper, .day and .month, "
		"`none` for no limit, and warnings with .dayWarn and .monthWarn. Without them 20 dollars a "
		"month are allowed and a warning is given at 15. `budget:` of .scrutiny.yml can lower them.",
	.options = options,
	.options_size = sizeof(struct cost_options),
	.defaults = &defaults,
	.examples = examples,
	.run = run,
};
