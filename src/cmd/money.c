#include "cmd/money.h"

#include "base/text.h"
#include "review/limits.h"

struct error *money_limits(struct budget_limits *out, const struct workspace *ws, const char *max_cost)
{
	double run = -1;
	if (max_cost && !limits_parse_dollars(max_cost, &run))
		return error_new(ERROR_USAGE, "--max-cost must be an amount in US dollars, such as 0.50, not "
				 "'%s'", max_cost);
	struct error *err = limits_find(out, ws->repo, &ws->policy.budget, run);
	/* "--max-cost none" lifts what the user has configured for a run; the repository's limit stays. */
	if (!err && max_cost && run < 0)
		out->run = ws->policy.budget.run;
	return err;
}

void money_add_column(struct buffer *out, double usd)
{
	long long units = (long long)(usd * 10000 + 0.5);
	if (usd > 0 && !units)
		buffer_addstr(out, "under $0.0001");
	else
		buffer_addf(out, "$%lld.%04lld", units / 10000, units % 10000);
}

void money_add_cost(struct buffer *out, double usd, bool unknown)
{
	text_dollars(out, usd);
	if (unknown)
		buffer_addstr(out, " and what models of unknown price took");
}

void money_add_totals(struct buffer *out, const struct session_totals *t)
{
	if (!t->month_is_known)
		return;
	buffer_addstr(out, " Cost ");
	money_add_cost(out, t->cost_usd, t->cost_unknown);
	buffer_addstr(out, ", ");
	text_dollars(out, t->month_usd);
	buffer_addstr(out, " this month.");
}

void money_say_stopped(const struct session_totals *t)
{
	if (t->over_budget)
		say_warning("stopped: %s; %zu review%s missing, the next run asks for %s",
			    t->over_budget_message, t->over_budget, t->over_budget == 1 ? " is" : "s are",
			    t->over_budget == 1 ? "it" : "them");
}
