/* What commands say about money. */
#ifndef CMD_MONEY_H
#define CMD_MONEY_H

#include "cmd/workspace.h"

/* MAX_COST, the option's text or NULL, in dollars; negative: no limit. For what only hands it on. ERROR_USAGE. */
struct error *money_check(const char *max_cost, double *run);
/* The limits of the user, lowered by the policy; MAX_COST is the option's text or NULL. ERROR_USAGE. */
struct error *money_limits(struct budget_limits *out, const struct workspace *ws, const char *max_cost);

/* Without what adding up in another order would change: to whole billionths. */
double money_rounded(double usd);
/* "$0.0420": always four digits, so that they stand below each other. */
void money_add_column(struct buffer *out, double usd);
/* " Cost ..., ... this month." for the summary of a run; nothing when nothing was spent. */
void money_add_totals(struct buffer *out, const struct session_totals *t);
/* Spent today and this month, by the ledger. */
struct error *money_spent(struct records *store, int64_t now, double *day, double *month);
/* "this month $3.10, warn at $15.00, stop at $20.00: $16.90 left" and a newline. */
void money_add_month(struct buffer *out, double spent, const struct budget_limits *limits);
void money_add_day(struct buffer *out, double spent, const struct budget_limits *limits);
/* Says which budget stopped the run. */
void money_say_stopped(const struct session_totals *t);

#endif
