/* Taking in what batches have brought. */
#ifndef CMD_TAKE_IN_H
#define CMD_TAKE_IN_H

#include "cmd/workspace.h"
#include "review/collect.h"

struct take_in {
	bool all;         /* whoever is asked: the models of all batches become those of WS. Else those of its
			   * models only */
	bool cancel;      /* the batches are ended first */
	bool quiet;       /* only warnings are said */
};

/* Collects the batches under way and says how they stand. TOTALS is set in any case. */
struct error *take_in_batches(struct workspace *ws, const struct take_in *how, struct collect_totals *totals);

#endif
