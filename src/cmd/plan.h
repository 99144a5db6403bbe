/* The table of `plan` and `run --dry-run`. */
#ifndef CMD_PLAN_H
#define CMD_PLAN_H

#include "cmd/workspace.h"

/* Prints what reviewing PAPERS would ask of the workspace's models, and what LIMITS leave for it; no call is
 * made. With SHOW_PROMPTS, the questions themselves are printed instead. */
struct error *plan_print(struct workspace *ws, const struct paper *const *papers, size_t nr,
			 const struct budget_limits *limits, bool json, bool show_prompts);

#endif
