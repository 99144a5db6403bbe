/*
 * Money is reserved before it is spent.
 *
 * Every process that spends has a file in <common dir>/scrutiny/spending, locked for as long as it lives: its
 * reservations and what became of them. To reserve is to hold spending.lock, add up what this month's ledger
 * and all such files say, and append to one's own, so that processes side by side never pass a limit
 * together. A file whose owner has died is taken over by the next process: what was reserved and never settled
 * is then booked as spent (estimated), because it may have been billed.
 *
 * Days and months are the user's local ones.
 */
#ifndef BUDGET_BUDGET_H
#define BUDGET_BUDGET_H

#include "budget/ledger.h"

/* US dollars; < 0: no limit. */
struct budget_limits {
	double run, paper;          /* hard */
	double day, day_warn;
	double month, month_warn;
	bool month_is_default;      /* the user set none: BUDGET_DEFAULT_MONTH */
	bool allow_unknown;         /* requests of unknown price are sent in spite of hard limits */
};
#define BUDGET_NO_LIMITS ((struct budget_limits){ -1, -1, -1, -1, -1, -1, false, false })
/* Of the month, unless configured otherwise, once a model is used that costs money. */
#define BUDGET_DEFAULT_MONTH 20.0
#define BUDGET_DEFAULT_MONTH_WARN 15.0

/* Spent or reserved. */
struct budget_state {
	double run, day, month;
	bool unknown;               /* there is spending of unknown price besides */
};

struct budget;
/* NOW is called for the time, so that a run across midnight books correctly; NULL: the clock. */
struct error *budget_open(struct budget **out, struct repo *repo, struct records *store,
			  const struct budget_limits *limits, int64_t (*now)(void));
/* What is still reserved is settled as estimated. */
void budget_free(struct budget *b);

/* A limit for a paper is one for its content id (without one, its path), in all runs of this month; what
 * is reserved counts in the day and the month that are now.
 *
 * Sets aside USD for WHAT (its usage is not looked at; copied; an id of NULL becomes a new one, another is
 * kept: what is settled under the id of something estimated replaces it). ERROR_BUDGET says which limit, what
 * is left of it and what was asked, and nothing is set aside. USD < 0 (price unknown) is refused when a hard limit
 * of the user's own is set (run, paper, day, or a month that is configured), unless ALLOW_UNKNOWN; what
 * is allowed is booked as unknown. */
struct error *budget_reserve(struct budget *b, const struct spending *what, double usd,
			     uint64_t *reservation);
/* Books what a reservation did cost; nothing at all is removed without a trace. Appended with one write. Who spent
 * it on what is told by the reservation; of ACTUAL count the date (0: now), the usage and the price. */
struct error *budget_settle(struct budget *b, uint64_t reservation, const struct spending *actual);
struct error *budget_state(struct budget *b, struct budget_state *out);
/* Once per limit and process: the line to warn with when DAY_WARN or MONTH_WARN has been passed; malloc'd, or
 * NULL. */
char *budget_warning(struct budget *b);

/* Journals everything settled so far, by this process or dead ones, into STORE; the caller commits. */
struct error *budget_journal(struct budget *b);

#endif
