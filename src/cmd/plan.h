/* The table of `plan` and `run --dry-run`. */
#ifndef CMD_PLAN_H
#define CMD_PLAN_H

#include "cmd/workspace.h"

/* Prints what reviewing PAPERS would ask of the workspace's models; no call is made. */
struct error *plan_print(struct workspace *ws, const struct paper *const *papers, size_t nr);

#endif
