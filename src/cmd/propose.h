/* Reports as a pull request: `run --pr`. */
#ifndef CMD_PROPOSE_H
#define CMD_PROPOSE_H

#include "cmd/run_summary.h"
#include "forge/proposal.h"
#include "git/scratch.h"

struct proposing {
	struct context *ctx;
	struct repo *repo;
	struct forge *forge;    /* NULL: none is known behind the remote */
	char *remote, *branch, *base_branch;
	struct oid head;        /* the commit whose papers are reviewed */
	struct scratch scratch; /* where the reports are written */
	struct option_strings labels, reviewers; /* their items are owned, and end with NULL */
	bool draft;
	struct buffer says;     /* what became of it, in words */
};

/* Settles where to, and refuses what could not be proposed in the end: before anything is paid for. P is to be
 * released also after an error. */
struct error *proposing_begin(struct proposing *p, struct context *ctx, const struct run_options *o);
/* Puts what SNAPSHOT has at the reports' places below p->scratch.path. */
struct error *proposing_lay_out(struct proposing *p, struct snapshot *snapshot, const struct paper *const *papers,
				size_t nr);
/* Proposes what was written there. */
struct error *proposing_end(struct proposing *p, const struct gathered *g, const struct session_totals *t);
void proposing_release(struct proposing *p);

#endif
