/* Running other programs: argument vectors, never a shell. */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/error.h"

/* What process_run does beyond argv; all members may be zero. */
struct process_options {
	const char *directory;      /* run there */
	const char *const *env;     /* NULL-terminated "NAME=value" to set, "NAME" to unset */
	struct slice input;         /* fed to standard input (/dev/null when empty) */
	struct buffer *out;         /* gets standard output; NULL: inherited */
	struct buffer *err;         /* gets standard error; NULL: inherited */
	bool discard_err;
	bool join_err;              /* process_start only: standard error goes where standard output goes */
	int *exit_status;           /* if given, a non-zero exit is no error; 128+n for signal n */
	int timeout_ms;             /* process_run only: then the child is killed; 0: none */
};

/*
 * Runs ARGV (found through PATH) to its end. Input and outputs are moved concurrently, so no
 * amount of either can dead-lock. ERROR_NOT_FOUND when there is no such program; ERROR_GENERIC
 * with the last line of its standard error (if captured) when it fails; ERROR_LIMIT when a
 * buffer's ceiling is reached (the child is then killed); ERROR_TIMEOUT when an output that is captured
 * stays open for longer than the timeout.
 */
struct error *process_run(const char *const *argv, const struct process_options *options);

/* A child to talk to over pipes, such as `git cat-file --batch`, or to run in the background. */
struct process {
	pid_t pid;
	int in;  /* write end of its standard input, or -1 */
	int out; /* read end of its standard output, or -1 */
};

/* Starts ARGV with pipes for the asked ends (options: directory, env, discard_err only). Without
 * a pipe standard input is /dev/null and standard output is inherited. */
struct error *process_start(struct process *p, const char *const *argv, bool pipe_in,
			    bool pipe_out, const struct process_options *options);
/* Writes all of DATA to the child's standard input. A child that has gone is ERROR_IO; SIGPIPE is
 * not raised, whatever its disposition in this process. */
struct error *process_write(const struct process *p, const void *data, size_t len);
/* Closes the pipes and waits; *STATUS (may be NULL) as in process_options. */
struct error *process_finish(struct process *p, int *status);

#endif
