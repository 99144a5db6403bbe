/* `git scrutiny hooks <action>`: what its actions share. */
#ifndef CMD_HOOKS_H
#define CMD_HOOKS_H

#include "cmd/cmd.h"

struct hooks_options {
	const char *only;    /* comma-separated names */
	const char *global;  /* "" or "template" or "hooks-path"; NULL: this repository */
	const char *color;
	bool dry_run, write, quiet, porcelain, nul;
};

/* One call of an action; ARGV begins behind its name. */
struct hooks_call {
	struct context *ctx;
	const char *hook; /* of `run`: its name */
	const struct hooks_options *options;
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
struct error *hooks_pre_push(struct hooks_call *call);
/* hooks_framework.c: whether the framework pre-commit calls pre-push, and with which remote; and what git would
 * have written to standard input. */
bool hooks_framework_push(struct hooks_call *call, const char **remote, const char **url);
struct error *hooks_framework_input(struct repo *repo, struct buffer *out);

/* hooks_bypass.c: after a commit, on a terminal, which papers pre-commit was kept from (--no-verify). */
void hooks_say_bypassed(struct hooks_call *call);

/* hooks_install.c */
struct error *hooks_install(struct hooks_call *call);
struct error *hooks_remove(struct hooks_call *call);
struct error *hooks_status(struct hooks_call *call);

/* ERR kept a hook from its work: that is told in a line and stands in nobody's way, unless git config
 * scrutiny.hooks.strict is true or somebody interrupted; then ERR is returned. */
struct error *hooks_give_way(struct hooks_call *call, struct error *err);

#endif
