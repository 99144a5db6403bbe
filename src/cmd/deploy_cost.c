/* cost: how long instances ran and what that took, from the ledger of hours. */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include "base/date.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "cmd/deployment.h"
#include "cmd/money.h"
#include "cmd/release_view.h"
#include "cmd/since.h"
#include "cmd/table.h"
#include "deploy/hours.h"

#define COST_FORMAT 1
/* Months of one table. */
#define MAX_MONTHS 1200

struct cost_options {
	const char *env, *since;
	bool json, fetch;
};

struct row {
	char month[32];          /* "2026-11" */
	const char *environment; /* of the hours */
	struct hours_sum sum;
};

struct account {
	struct hours hours;
	struct deploy_config config; /* budgets; zeros when there is no .deploy.yml */
	bool has_config;
	int64_t since, now;
	struct row *rows;
	size_t nr, alloc;
	struct hours_sum total, month;
};

/* -- adding up ------------------------------------------------------------------------------- */

static void month_name(int64_t date, char *out, size_t size)
{
	time_t t = (time_t)date;
	struct tm tm;
	if (!gmtime_r(&t, &tm))
		tm = (struct tm){ .tm_year = 70 };
	snprintf(out, size, "%04d-%02d", tm.tm_year + 1900, tm.tm_mon + 1);
}

static void add_rows(struct account *a, struct strmap *environments, int64_t from, int64_t until)
{
	for (size_t i = 0; i < environments->nr; i++) {
		struct row row = { .environment = environments->entries[i].key };
		hours_add_up(&a->hours, row.environment, from, until, a->now, &row.sum);
		if (row.sum.hours <= 0)
			continue;
		month_name(from, row.month, sizeof(row.month));
		ALLOC_GROW(a->rows, a->nr, a->alloc);
		a->rows[a->nr++] = row;
		a->total.hours += row.sum.hours;
		a->total.usd += row.sum.usd;
		a->total.unpriced += row.sum.unpriced;
	}
}

/* ENVIRONMENTS keeps the names that rows point to. */
static void add_up(struct account *a, const char *environment, struct strmap *environments)
{
	int64_t first = a->now, from, until;
	for (size_t i = 0; i < a->hours.nr; i++) {
		const struct running *r = &a->hours.items[i];
		if (environment && strcmp(environment, r->environment))
			continue;
		strmap_add(environments, r->environment, strlen(r->environment));
		first = r->from < first ? r->from : first;
	}
	a->since = a->since > first ? a->since : first;
	hours_month_span(a->since, &from, &until);
	for (unsigned i = 0; from < a->now && i < MAX_MONTHS; i++) {
		add_rows(a, environments, from > a->since ? from : a->since, until);
		hours_month_span(until, &from, &until);
	}
	hours_month_span(a->now, &from, &until);
	hours_add_up(&a->hours, NULL, from, until, a->now, &a->month);
}

static bool is_running(const struct account *a, const struct running *r)
{
	return r->from <= a->now && (!r->until || r->until > a->now);
}

/* -- for people ------------------------------------------------------------------------------ */

static void add_hours(struct buffer *out, double hours)
{
	buffer_addf(out, hours < 10 ? "%.1f h" : "%.0f h", hours);
}

static void add_dollars(struct buffer *out, const struct hours_sum *sum)
{
	if (sum->unpriced < sum->hours || sum->hours <= 0)
		buffer_addf(out, "$%.2f", sum->usd);
	if (sum->unpriced > 0)
		buffer_addstr(out, out->len ? " + unknown" : "unknown");
}

static void add_row(struct table *t, const char *month, const char *environment, const struct hours_sum *sum)
{
	struct buffer hours = BUFFER_INIT, usd = BUFFER_INIT;
	add_hours(&hours, sum->hours);
	add_dollars(&usd, sum);
	table_add(t, month);
	table_add(t, environment);
	table_add(t, hours.data);
	table_add(t, usd.data);
	buffer_release(&hours);
	buffer_release(&usd);
}

static void print_running(struct buffer *out, const struct account *a)
{
	for (size_t i = 0; i < a->hours.nr; i++) {
		const struct running *r = &a->hours.items[i];
		if (!is_running(a, r))
			continue;
		buffer_addf(out, "%s %s (%s) runs since ", r->environment, r->instance, r->type ? r->type : "unknown type");
		date_add(out, r->from);
		if (r->usd_hour >= 0) {
			buffer_addstr(out, ", ");
			text_dollars(out, r->usd_hour);
			buffer_addstr(out, " an hour");
		}
		if (r->until) {
			buffer_addstr(out, ", until ");
			date_add(out, r->until);
			buffer_addstr(out, " at most");
		}
		buffer_addch(out, '\n');
	}
}

/* What all that runs takes an hour; below 0: not known. */
static double usd_hour(const struct account *a)
{
	double sum = 0;
	for (size_t i = 0; i < a->hours.nr; i++) {
		if (!is_running(a, &a->hours.items[i]))
			continue;
		if (a->hours.items[i].usd_hour < 0)
			return -1;
		sum += a->hours.items[i].usd_hour;
	}
	return sum;
}

static void print_budget(struct buffer *out, const struct account *a)
{
	double left, hour = usd_hour(a);
	buffer_addstr(out, "this month ");
	add_hours(out, a->month.hours);
	buffer_addstr(out, ", ");
	text_dollars(out, a->month.usd);
	if (a->month.unpriced > 0)
		buffer_addstr(out, " and hours of unknown price");
	if (a->has_config && a->config.warn_usd >= 0) {
		buffer_addstr(out, ", warn at ");
		text_dollars(out, a->config.warn_usd);
	}
	if (a->has_config && a->config.stop_usd >= 0) {
		buffer_addstr(out, ", stop at ");
		text_dollars(out, a->config.stop_usd);
		hours_judge(&a->config, a->month.usd, hour, &left);
		if (left >= 0) {
			buffer_addstr(out, ": ");
			add_hours(out, left);
			buffer_addstr(out, " left for what runs");
		}
	}
	buffer_addch(out, '\n');
}

static void print_account(const struct account *a)
{
	struct buffer out = BUFFER_INIT;
	struct table t = TABLE_INIT(4);
	static const char *const heads[] = { "month", "environment", "ran", "cost" };
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
		table_add(&t, heads[i]);
	for (size_t i = 0; i < a->nr; i++)
		add_row(&t, a->rows[i].month, a->rows[i].environment, &a->rows[i].sum);
	add_row(&t, "total", "", &a->total);
	if (a->nr)
		table_print(&out, &t);
	else
		buffer_addstr(&out, "No instance ran.\n");
	buffer_addch(&out, '\n');
	print_running(&out, a);
	print_budget(&out, a);
	print_buffer(&out);
	table_release(&t);
	buffer_release(&out);
}

static void say_doubts(struct context *ctx, const struct account *a)
{
	if (a->hours.damaged)
		say_warning("%zu line%s of the ledger of hours cannot be read: what they tell of is not in the sum",
			    a->hours.damaged, a->hours.damaged == 1 ? "" : "s");
	if (a->total.unpriced > 0 || a->month.unpriced > 0)
		say_hint(ctx, "the price of a type is not known: git config --add deploy.price \"<type>[@<region>] = "
			 "<dollars an hour>\"");
}

/* -- for programs ---------------------------------------------------------------------------- */

static void put_sum(struct json_writer *w, const struct hours_sum *sum)
{
	json_put_number(w, "hours", money_rounded(sum->hours));
	json_put_number(w, "usd", money_rounded(sum->usd));
	json_put_number(w, "unpriced_hours", money_rounded(sum->unpriced));
}

static void put_limit(struct json_writer *w, const char *key, double usd)
{
	json_key(w, key);
	usd < 0 ? json_null(w) : json_number(w, usd);
}

static void put_running(struct json_writer *w, const struct account *a)
{
	json_key(w, "running");
	json_begin_array(w);
	for (size_t i = 0; i < a->hours.nr; i++) {
		const struct running *r = &a->hours.items[i];
		if (!is_running(a, r))
			continue;
		json_begin_object(w);
		json_put_string(w, "environment", r->environment);
		json_put_string(w, "instance", r->instance);
		json_put_string(w, "type", r->type);
		json_put_integer(w, "from", r->from);
		json_key(w, "until");
		r->until ? json_integer(w, r->until) : json_null(w);
		put_limit(w, "usd_hour", r->usd_hour);
		json_end_object(w);
	}
	json_end_array(w);
}

static void print_json(const struct account *a)
{
	struct buffer out = BUFFER_INIT;
	struct json_writer w;
	json_writer_init(&w, &out, true);
	json_begin_object(&w);
	json_put_integer(&w, "format", COST_FORMAT);
	json_put_integer(&w, "since", a->since);
	json_put_integer(&w, "until", a->now);
	json_key(&w, "rows");
	json_begin_array(&w);
	for (size_t i = 0; i < a->nr; i++) {
		json_begin_object(&w);
		json_put_string(&w, "month", a->rows[i].month);
		json_put_string(&w, "environment", a->rows[i].environment);
		put_sum(&w, &a->rows[i].sum);
		json_end_object(&w);
	}
	json_end_array(&w);
	json_key(&w, "total");
	json_begin_object(&w);
	put_sum(&w, &a->total);
	json_end_object(&w);
	json_key(&w, "month");
	json_begin_object(&w);
	put_sum(&w, &a->month);
	put_limit(&w, "warn_at", a->has_config ? a->config.warn_usd : -1);
	put_limit(&w, "stop_at", a->has_config ? a->config.stop_usd : -1);
	json_end_object(&w);
	put_running(&w, a);
	json_put_integer(&w, "damaged_lines", (int64_t)a->hours.damaged);
	json_end_object(&w);
	buffer_addch(&out, '\n');
	print_buffer(&out);
	buffer_release(&out);
}

/* -- the command ----------------------------------------------------------------------------- */

/* Budgets stand in HEAD's .deploy.yml; that there is none is fine. */
static struct error *read_budgets(struct account *a, struct repo *repo)
{
	struct oid head = { "" };
	struct error *err = repo_head(repo, &head);
	if (err || !head.hex[0])
		return err;
	err = deploy_config_read(&a->config, repo, &head);
	a->has_config = !err;
	error_drop_if(&err, ERROR_NOT_FOUND);
	return err;
}

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv, int *exit_status)
{
	const struct cost_options *o = options;
	struct repo *repo;
	struct strmap environments = STRMAP_INIT;
	struct account a = { .now = (int64_t)time(NULL) };
	(void)exit_status;
	if (argc)
		return error_new(ERROR_USAGE, "cost takes no argument, such as '%s'", argv[0]);
	struct error *err = context_repo(ctx, &repo);
	if (!err && o->since)
		err = since_parse(repo, o->since, a.now, &a.since);
	if (!err)
		err = prices_check(repo);
	if (!err)
		err = read_budgets(&a, repo);
	if (!err && o->fetch)
		deployment_fetch_hours(repo);
	if (!err)
		err = hours_read(repo, &a.hours);
	if (!err) {
		add_up(&a, o->env, &environments);
		o->json ? print_json(&a) : print_account(&a);
		print_flush();
		say_doubts(ctx, &a);
	}
	strmap_release(&environments, NULL);
	hours_release(&a.hours);
	deploy_config_release(&a.config);
	free(a.rows);
	return err;
}

static const struct option options[] = {
	{ OPTION_STRING, 'e', "env", offsetof(struct cost_options, env), "<name>",
	  "of this environment only" },
	{ OPTION_STRING, 0, "since", offsetof(struct cost_options, since), "<date>",
	  "from that day on; without it, all",
	  "From that day on; without it, all there is. A day (2026-11-01), a month (2026-11), today, or what git reads "
	  "as a date, such as yesterday or 2.weeks.ago." },
	{ OPTION_BOOL, 0, "json", offsetof(struct cost_options, json), NULL,
	  "print JSON, as docs/formats/deploy-cost.schema.json says" },
	{ OPTION_BOOL, 0, "fetch", offsetof(struct cost_options, fetch), NULL,
	  "fetch what other clones have booked first (default)",
	  "Fetches what other clones have booked first, which is the default; with --no-fetch nothing is asked of the "
	  "network." },
	{ .kind = OPTION_END },
};

static const struct cost_options defaults = { .fetch = true };
static const char *const usage[] = { "[<options>]", NULL };

static const struct example examples[] = {
	{ "git deploy cost", "How long instances ran and what that took, by month and environment." },
	{ "git deploy cost --since=2026-11 --env=prod", "The same since November, of one environment." },
	{ NULL, NULL },
};

const struct command cmd_deploy_cost = {
	.name = "cost",
	.summary = "show how long instances ran and what that took",
	.usage = usage,
	.description =
		"AWS tells what was spent hours later. So the commands of git deploy book the hours themselves, "
		"whenever they start, stop or look at an instance, from the time it was launched on: in "
		"refs/deploy/hours, which clones share. An instance that stops by itself is taken to have run until "
		"somebody sees that it has, or for as long as `uptime:` lets it run.\n\n"
		"An hour costs what AWS asks on demand for the type in the region, with a public IPv4 address, before "
		"tax; git config deploy.price goes first (\"<type>[@<region>][ spot] = <dollars>\"). The price of spot "
		"capacity is a guess. A type that is in neither is of unknown price, never free. Disks, the registry, "
		"traffic and secrets are not in it: `git deploy plan` names their price. Months are those of UTC, as "
		"AWS bills.",
	.options = options,
	.options_size = sizeof(struct cost_options),
	.defaults = &defaults,
	.examples = examples,
	.run = run,
};
