/*
 * What a webhook's deliveries ask for, done: the branches are fetched into refs of our own, and those that were pushed are
 * reviewed at the commits that were fetched. Children get argument vectors made of the user's settings, object ids that
 * git printed, and numbers. Of names only that of a branch which was fetched is in them, as a part of one argument.
 */
#ifndef DAEMON_JOB_H
#define DAEMON_JOB_H

#include "base/strmap.h"
#include "git/repo.h"

/* Deliveries that wait for one repository: more branches at once are a mistake or an attack. */
#define JOB_MAX_ITEMS 64
#define JOB_REFS "refs/scrutiny/webhook/"
/* A fetch that takes longer has got stuck. */
#define JOB_FETCH_MS (30 * 60 * 1000)
#define JOB_MAX_ANSWER ((size_t)64 << 20)

struct job_settings {
	const char *program;       /* git-scrutiny, to be run for the reviews */
	struct repo *repo;
	const char *remote;        /* one of REPO's */
	const char *reviewers;     /* as `run --reviewers`; "configured": those of `run`; NULL: on this machine only */
	const char *max_cost;      /* of a run, or NULL */
	bool pull_request;         /* reports of the clone's own branch are proposed (run --pr); the clone is bare */
	bool push_records;
	bool publish;              /* the commit that was reviewed, and its pull request, are told at the forge */
	void (*say)(void *data, bool warning, const char *text);
	void *data;
};

/* ITEMS: a set of "heads/<branch>", "pull/<number>" and "merge-requests/<number>". False when something of it failed,
 * which was said. */
bool job_run(const struct job_settings *settings, const struct strmap *items);

#endif
