/*
 * A receiver of webhooks: deliveries come in by HTTP, are verified, and each repository reviews what was pushed, one job at
 * a time; what comes meanwhile makes one more job. What waits is in a file in the repository's git directory before the
 * delivery is answered, so that neither a kill nor a restart loses it.
 *
 *   POST /<name>   a delivery for the repository that the user has configured under that name
 *   GET /health    200
 */
#ifndef DAEMON_WEBHOOK_H
#define DAEMON_WEBHOOK_H

#include "daemon/http_server.h"
#include "daemon/job.h"

/* In the common git directory. */
#define WEBHOOK_QUEUE "scrutiny/webhook-queue"
#define WEBHOOK_MAX_QUEUE_FILE ((size_t)64 << 10)
/* Jobs at once, of all repositories. */
#define WEBHOOK_MAX_JOBS 2
/* Deliveries that are remembered, so that one is not taken twice. */
#define WEBHOOK_MAX_REMEMBERED 256

struct webhook_repository {
	const char *name;
	const char *secret;
	const char *branches; /* a pattern (git/ignore.h's wildmatch) that a branch has to match; NULL: any */
	bool forks;           /* pull requests from forks are looked at, with the built-in checks only */
	struct job_settings job; /* but for say and data */
};

struct webhook_settings {
	const struct webhook_repository *repositories;
	size_t nr;
	uint64_t grace_ms;    /* for jobs that run when *STOP becomes true */
	volatile const int *stop;
	/* A line about the repository NAME, for a log; safe for a terminal. */
	void (*say)(void *data, bool warning, const char *name, const char *text);
	void *data;
};

struct webhook;
struct webhook *webhook_new(const struct webhook_settings *settings);
void webhook_free(struct webhook *w);
/* The functions of the server that webhook_run is given, and its data, which is W. */
void webhook_handle(struct webhook *w, struct http_server_settings *out);
/* Takes deliveries until *STOP; SIGINT and SIGTERM have to be caught. */
struct error *webhook_run(struct webhook *w, struct http_server *server);

#endif
