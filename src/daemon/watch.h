/*
 * Watching a work tree: rounds of review, each a child process, whenever something has changed and come to rest.
 *
 * Nothing wakes this process up while nothing happens, unless there are folders that cannot be watched: then git status
 * is asked in intervals. While git is at work the round waits; while a rebase or merge is stopped it must not write.
 */
#ifndef DAEMON_WATCH_H
#define DAEMON_WATCH_H

#include <stdint.h>

#include "base/process.h"
#include "git/repo.h"

/* Of what a round prints. */
#define WATCH_MAX_OUTPUT ((size_t)64 << 20)

struct watch_settings {
	struct repo *repo;
	uint64_t quiet_ms;   /* without a change before a round begins */
	uint64_t ceiling_ms; /* a round begins that long after the first change, whatever comes */
	uint64_t poll_ms;    /* between two looks at what cannot be watched */
	bool poll_only;      /* nothing is watched */
	volatile const int *stop; /* a signal handler's flag */
	/* Starts a round with a pipe for its output. HOLD: it must not write into the work tree. */
	struct error *(*start)(void *data, bool hold, struct process *child);
	/* It has ended; OUTPUT is NULL when it was too long to keep. An error ends the watch. */
	struct error *(*ended)(void *data, const struct buffer *output, int exit_status);
	/* Something the user should know, once. HINT may be NULL. */
	void (*say)(void *data, const char *text, const char *hint);
	/* All is set up: so many folders are watched. */
	void (*ready)(void *data, size_t folders);
	void *data;
};

/* A first round, and then one whenever it is needed, until *STOP, which is success, or until the work tree or its git
 * directory is no longer there, which is an error. SIGINT and SIGTERM have to be caught. */
struct error *watch_run(const struct watch_settings *settings);

#endif
