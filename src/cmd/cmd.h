/* The commands of the three programs. Only this folder and main print, exit or read the
 * environment. */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include "base/command.h"
#include "git/repo.h"

/* DESIGN of the exit statuses, everywhere the same. */
enum exit_status {
	EXIT_DONE = 0,
	EXIT_FINDINGS = 1,   /* findings at or above --fail-on */
	EXIT_INCOMPLETE = 2, /* some reviewer or paper could not be completed */
	EXIT_BUDGET = 3,
	EXIT_FATAL = 128,
	EXIT_USAGE = 129,
};

struct context {
	const struct program *program;
	struct repo *repo;       /* opened on first use */
	volatile int *stop;      /* set by SIGINT and SIGTERM once context_catch_signals was called */
};

/* The repository we stand in; owned by the context. */
struct error *context_repo(struct context *ctx, struct repo **out);
/* An environment variable; an empty one counts as unset. */
const char *context_env(const char *name);
/* From now on SIGINT and SIGTERM set *ctx->stop; a second one, later than the
 * copy that `git` passes on, ends the process as usual. */
void context_catch_signals(struct context *ctx);
/* `warning: ...` and `hint: ...` on standard error, made safe for a terminal. Hints are silenced by
 * advice.scrutiny=false. */
void say_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void say_hint(struct context *ctx, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Whether FD gets colour: WHEN is the value of --color (NULL: not given). */
bool context_color(struct context *ctx, const char *when, int fd);
extern const char *const color_choices[]; /* of the option --color */
/* Writes to standard output; a failure there is found by cmd_main at the end. */
void print_buffer(const struct buffer *out);
/* Brings out what was printed, before something is said on standard error; failures as above. */
void print_flush(void);
/* Likewise words to people, on one line unless KEEP_LINES; made safe for a terminal and for the log of a job. */
void print_words(bool keep_lines, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

/* In a job of GitHub Actions: takes from TEXT, as of START, what its runner would obey. Not for data. */
void job_log_defuse(struct buffer *text, size_t start);

/* The main function of every program. */
int cmd_main(const struct program *program, int argc, const char **argv);

extern const struct program scrutiny_program, papermeta_program, deploy_program;
extern const struct command cmd_run, cmd_collect, cmd_plan, cmd_status, cmd_show, cmd_report, cmd_explain, cmd_models;
extern const struct command cmd_deploy_build, cmd_deploy_push, cmd_deploy_verify;
extern const struct command cmd_deploy_init;
extern const struct command cmd_deploy_boot;
extern const struct command cmd_deploy_plan, cmd_deploy_iam, cmd_deploy_infra, cmd_deploy_cost;
extern const struct command cmd_watch, cmd_schedule, cmd_serve;
extern const struct command cmd_blame, cmd_log, cmd_badge, cmd_notes;
extern const struct command cmd_compare, cmd_records, cmd_cost, cmd_version;
extern const struct command cmd_publish;
extern const struct command cmd_hooks;
extern const struct command cmd_deploy_deploy, cmd_deploy_release, cmd_deploy_log, cmd_deploy_diff,
	cmd_deploy_status;
extern const struct command cmd_deploy_rollback, cmd_deploy_promote, cmd_deploy_abort;
extern const struct command cmd_deploy_start, cmd_deploy_stop, cmd_deploy_hibernate, cmd_deploy_logs;

#endif
