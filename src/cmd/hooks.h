/* `git scrutiny hooks <action>`: what its actions share. */
#ifndef CMD_HOOKS_H
#define CMD_HOOKS_H

#include "cmd/cmd.h"

/* One call of an action; ARGV begins behind its name. */
struct hooks_call {
	struct context *ctx;
	const char *hook; /* of `run`: its name */
	int argc;
	const char **argv;
	int *exit_status;
};

/* hooks_run.c: what a hook does; argv[0] is its name, and its arguments follow. */
struct error *hooks_run(struct hooks_call *call);
/* Whether the user wants no hook to do anything. */
bool hooks_are_off(struct repo *repo);

/* Each in a file of its own. */
struct error *hooks_pre_commit(struct hooks_call *call);
struct error *hooks_background(struct hooks_call *call);

#endif
