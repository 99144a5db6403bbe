/*
 * What a session may spend: the budget of the run, asked around every request that is paid for. NULL where no
 * model costs money; every function takes that.
 */
#ifndef REVIEW_SESSION_BUDGET_H
#define REVIEW_SESSION_BUDGET_H

#include "review/session_job.h"

struct session_budget;

/* NULL when no model of SETTINGS costs money. The first reservation books what dead processes have spent. */
struct session_budget *session_budget_new(const struct session_settings *settings,
					  const struct paper *const *papers, size_t nr);
void session_budget_free(struct session_budget *b);
/* Lets the engine ask; the calls submitted to it have a struct call as their data. */
void session_budget_watch(struct session_budget *b, struct model_engine_settings *engine);

/* What is in flight is reserved at its dearest, and mostly costs much less. So a CALL that was refused while
 * others are in flight (true) is put aside, to be submitted again when some of them have been settled. */
bool session_budget_postpone(struct session_budget *b, struct call *call, const struct model_reply *reply);
/* The next call to submit again now, or NULL; ALL: whatever was settled meanwhile. */
struct call *session_budget_resume(struct session_budget *b, bool all);

/* A question that goes into a batch: its account outlives the call. */
struct batch_account {
	uint64_t reservation;  /* 0: nothing is reserved */
	struct spending what;
};
/* Reserves USD for CALL under the ledger's ID; ERROR_BUDGET refuses. */
struct error *session_budget_open_account(struct session_budget *b, const struct call *call, const char *id,
					  double usd, struct batch_account *out);
/* SENT, or perhaps: it is booked as it was reserved, as an estimate, until it is collected. Otherwise nothing is. */
void session_budget_close_account(struct session_budget *b, struct batch_account *a, bool sent);

/* Who changed PAPER last, for the ledger; NULL: not known. */
const char *session_budget_author(struct session_budget *b, const struct paper *paper);

/* US dollars spent by this run so far. */
double session_budget_spent(const struct session_budget *b);
/* Journals what was spent, for the caller's records_commit, and tells the totals. */
struct error *session_budget_finish(struct session_budget *b, struct session_totals *totals);

#endif
