/* How the findings of a paper developed: one entry for each commit that changed its content, newest first. */
#ifndef HISTORY_DEVELOPMENT_H
#define HISTORY_DEVELOPMENT_H

#include "history/known.h"

struct development {
	const struct version *version; /* of the history; without a commit: the present, which is not committed */
	char content_id[SHA256_HEX_SIZE + 1]; /* "": the paper was not there */
	enum compare_source source;    /* where this is known from */
	const char *verdict;           /* as known_verdict */
	size_t counts[3];              /* by severity, verified and plausible only */
	size_t nr_unverified;
	/* Against the version before: findings of reviewers that looked at both. */
	size_t nr_new, nr_fixed;
	bool first;                    /* there is none before */
	bool end;                      /* what was before is not here */
	double cost_usd;               /* < 0: unknown */
};

struct development_settings {
	struct records *store;
	size_t limit;                  /* 0: none */
	int64_t since;                 /* nothing before this, in seconds since the epoch; 0: none */
	bool recorded;                 /* only those that were reviewed */
};

/* *OUT is malloc'd. HISTORY's settings ask for all families of checks. */
struct error *development_list(struct paper_history *history, const struct development_settings *settings,
			       struct development **out, size_t *nr);

#endif
