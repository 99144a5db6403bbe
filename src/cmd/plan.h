/* The table of `plan` and `run --dry-run`. */
#ifndef CMD_PLAN_H
#define CMD_PLAN_H

#include "cmd/workspace.h"

struct plan_view {
	bool json;
	bool prompts; /* the questions themselves are printed instead */
	bool batch;   /* at the price of batches, where there are such */
};

/* Prints what reviewing PAPERS would ask of the workspace's models, and what LIMITS leave for it; no call is
 * made. */
struct error *plan_print(struct workspace *ws, const struct paper *const *papers, size_t nr,
			 const struct budget_limits *limits, const struct plan_view *view);

#endif
