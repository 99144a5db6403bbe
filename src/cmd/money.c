#include "cmd/money.h"

#include <math.h>

#include "base/text.h"
#include "review/limits.h"

struct error *money_check(const char *max_cost, double *run)
{
	*run = -1;
	if (max_cost && !limits_parse_dollars(max_cost, run))
		return error_new(ERROR_USAGE, "--max-cost must be an amount in US dollars, such as 0.50, not "
				 "'%s'", max_cost);
	return NULL;
}

struct error *money_limits(struct budget_limits *out, const struct workspace *ws, const char *max_cost)
{
	double run;
	struct error *err = money_check(max_cost, &run);
	if (err)
		return err;
	err = limits_find(out, ws->repo, &ws->policy.budget, run);
	/* "--max-cost none" lifts what the user has configured for a run; the repository's limit stays. */
	if (!err && max_cost && run < 0)
		out->run = ws->policy.budget.run;
	return err;
}

double money_rounded(double usd)
{
	return round(usd * 1e9) / 1e9;
}

void money_add_column(struct buffer *out, double usd)
{
	long long units = (long long)(usd * 10000 + 0.5);
	if (usd > 0 && !units)
		buffer_addstr(out, "under $0.0001");
	else
		buffer_addf(out, "$%lld.%04lld", units / 10000, units % 10000);
}

/* "$0.042" or, where not all prices are known, "$0.042 and what models of unknown price took". */
static void add_cost(struct buffer *out, double usd, bool unknown)
{
	text_dollars(out, usd);
	if (unknown)
		buffer_addstr(out, " and what models of unknown price took");
}

void money_add_totals(struct buffer *out, const struct session_totals *t)
{
	if (!t->month_is_known)
		return;
	buffer_addstr(out, out->len && out->data[out->len - 1] != '\n' ? " Cost " : "Cost ");
	add_cost(out, t->cost_usd, t->cost_unknown);
	buffer_addstr(out, ", ");
	text_dollars(out, t->month_usd);
	buffer_addstr(out, t->waiting ? " this month, batches at their dearest." : " this month.");
}

void money_say_stopped(const struct session_totals *t)
{
	if (t->over_budget)
		say_warning("stopped: %s; %zu review%s missing, the next run asks for %s",
			    t->over_budget_message, t->over_budget, t->over_budget == 1 ? " is" : "s are",
			    t->over_budget == 1 ? "it" : "them");
}

static void add_limit(struct buffer *out, const char *name, double spent, double warn, double stop)
{
	buffer_addf(out, "%s ", name);
	text_dollars(out, spent);
	if (warn >= 0) {
		buffer_addstr(out, ", warn at ");
		text_dollars(out, warn);
	}
	if (stop >= 0) {
		buffer_addstr(out, ", stop at ");
		text_dollars(out, stop);
		buffer_addstr(out, ": ");
		text_dollars(out, stop > spent ? stop - spent : 0);
		buffer_addstr(out, " left");
	}
	buffer_addch(out, '\n');
}

void money_add_day(struct buffer *out, double spent, const struct budget_limits *limits)
{
	add_limit(out, "today", spent, limits->day_warn, limits->day);
}

void money_add_month(struct buffer *out, double spent, const struct budget_limits *limits)
{
	add_limit(out, "this month", spent, limits->month_warn, limits->month);
}

struct error *money_spent(struct records *store, int64_t now, double *day, double *month)
{
	struct ledger ledger;
	struct ledger_span today = ledger_day(now), this_month = ledger_month(now);
	*day = *month = 0;
	struct error *err = ledger_read(&ledger, store, this_month.from, this_month.until);
	for (size_t i = 0; i < ledger.nr; i++) {
		const struct spending *s = &ledger.items[i];
		double usd = s->usd > 0 ? s->usd : 0;
		*month += usd;
		if (s->date >= today.from && s->date < today.until)
			*day += usd;
	}
	ledger_release(&ledger);
	return err;
}
