/* What a run says of itself: a line a paper, and the summary at its end. */
#ifndef CMD_RUN_SUMMARY_H
#define CMD_RUN_SUMMARY_H

#include "base/terminal.h"
#include "cmd/run.h"

/* What is collected while the session runs. */
struct gathered {
	struct workspace *ws;
	const struct run_options *options;
	const struct budget_limits *limits;
	const struct paper *const *papers;
	size_t nr;
	struct review **reviews; /* by the paper's place in `papers` */
	struct progress *progress;
	bool color;
	int worst;               /* severity of the worst verified finding, -1: none */
	size_t reported;
	int name_width;
};

/* One line a paper, as it is done. */
void run_print_result(const struct gathered *g, const struct session_result *r);
/* COMMITTED: what became of the reports' commit, in words. */
void run_print_summary(const struct gathered *g, const struct session_totals *t, const char *committed);
void run_print_hints(const struct gathered *g);
void run_say_interrupted(const struct gathered *g, const struct session_totals *t);
void run_add_commit_message(struct buffer *out, const struct gathered *g, const struct session_totals *t);
/* Nothing to do, in one line. */
void run_print_up_to_date(struct workspace *ws, bool commit, bool quiet);

#endif
