/* A review of selected papers, as `run` makes it and `collect` ends it. */
#ifndef CMD_RUN_H
#define CMD_RUN_H

#include "cmd/sharing.h"

struct proposing; /* cmd/propose.h */

/* What a run came to, paper by paper. */
struct run_results {
	const struct paper *const *papers;
	struct review *const *reviews; /* of each paper; NULL: there is none */
	size_t nr;
	const struct session_totals *totals;
};

struct run_options {
	const char *since, *at, *reviewers, *tasks, *deadline, *adjudicate, *max_cost;
	const char *fail_on, *format, *output, *color, *sync;
	struct option_strings save; /* "<format>:<file>" */
	bool staged, all, checks_only, dry_run, commit, write, quiet;
	int batch;               /* --batch: 1, --no-batch: 0, neither: -1 */
	const char *pr;          /* --pr: the branch, "" as configured; NULL: no pull request */
	struct option_strings labels, pull_reviewers;
	int draft;               /* as batch */
	struct sharing *sharing; /* with other clones; or NULL */
	struct proposing *proposing; /* where the reports go that --pr proposes; or NULL */
	bool collecting;         /* no model is asked: what is in the store has to do */
	/* Gets what the run came to; then nothing is printed on standard output. NULL: it is printed. */
	void (*present)(void *data, const struct run_results *results);
	void *present_data;
};

/* Reviews the papers, whose models and tasks are settled, and says what came of it. */
struct error *run_review(struct workspace *ws, const struct run_options *o,
			 const struct budget_limits *limits, const struct paper *const *papers, size_t nr,
			 int *exit_status);

#endif
