/* watch: papers are reviewed as they are written. */
#include "daemon/watch.h"

#include <stddef.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/terminal.h"
#include "cmd/cmd.h"
#include "cmd/money.h"
#include "cmd/own_program.h"
#include "cmd/watch_print.h"

#define QUIET_S 0.5
#define MAX_QUIET_S 3600
/* A round begins at the latest after this many quiet times. */
#define CEILING 10
#define POLL_S 5
/* What `run` gets besides the papers. */
#define OWN_ARGUMENTS 10

struct watch_options {
	const char *reviewers, *max_cost, *color;
	double quiet_for, poll;
	bool write, checks_only;
};

struct session {
	struct context *ctx;
	const struct watch_options *options;
	const char **papers; /* as typed */
	int nr_papers;
	char *program, *reviewers, *max_cost;
	struct watch_print print;
	bool told_of_hold; /* that rounds do not write, for a rebase or the like is stopped */
	bool has_begun;    /* a round was made */
};

static struct error *start(void *data, bool hold, struct process *child)
{
	struct session *s = data;
	const struct watch_options *o = s->options;
	const char **argv = xcalloc((size_t)s->nr_papers + OWN_ARGUMENTS, sizeof(*argv));
	size_t nr = 0;
	argv[nr++] = s->program;
	argv[nr++] = "run";
	argv[nr++] = "--format=json";
	argv[nr++] = "--fail-on=never";
	if (o->checks_only)
		argv[nr++] = "--checks-only";
	else if (s->reviewers)
		argv[nr++] = s->reviewers;
	if (s->reviewers && !strcmp(s->reviewers, "--reviewers=local"))
		argv[nr++] = "--adjudicate=none";
	if (s->max_cost)
		argv[nr++] = s->max_cost;
	if (hold || !o->write)
		argv[nr++] = "--no-write";
	argv[nr++] = "--";
	for (int i = 0; i < s->nr_papers; i++)
		argv[nr++] = s->papers[i];
	if (hold && o->write && !s->told_of_hold) {
		fprintf(stderr, "a rebase or merge is not finished: reports are written when it is\n");
		s->told_of_hold = true;
	}
	struct error *err = process_start(child, argv, false, true, &(struct process_options){ 0 });
	free(argv);
	return err;
}

static void now_as_text(char *out, size_t size)
{
	struct tm tm;
	time_t now = time(NULL);
	if (!localtime_r(&now, &tm) || !strftime(out, size, "%H:%M:%S", &tm))
		*out = '\0';
}

static struct error *ended(void *data, const struct buffer *output, int exit_status)
{
	struct session *s = data;
	struct buffer lines = BUFFER_INIT;
	char time[16];
	/* It said itself what went wrong; the next change is another chance. */
	if (exit_status == EXIT_USAGE)
		return error_new(ERROR_USAGE, "a review could not be started");
	if (exit_status >= EXIT_FATAL && !s->has_begun)
		return error_new(ERROR_GENERIC, "the first review failed: nothing is watched");
	s->has_begun = true;
	if (exit_status >= EXIT_FATAL)
		return NULL;
	now_as_text(time, sizeof(time));
	if (!output)
		say_warning("so much was found that it is not listed: see `git scrutiny show <paper>`");
	struct error *err = output ? watch_print_round(&s->print, &lines, slice_of(output), time) : NULL;
	if (err)
		say_warning("%s", err->message);
	error_free(err);
	print_buffer(&lines);
	buffer_release(&lines);
	if (fflush(stdout))
		return error_errno(ERROR_IO, "cannot write to standard output");
	return NULL;
}

static void say(void *data, const char *text, const char *hint)
{
	struct session *s = data;
	say_warning("%s", text);
	if (hint)
		say_hint(s->ctx, "%s", hint);
}

static void ready(void *data, size_t folders)
{
	const struct session *s = data;
	struct buffer what = BUFFER_INIT;
	if (folders)
		buffer_addf(&what, "watching %zu folder%s", folders, folders == 1 ? "" : "s");
	else
		buffer_addf(&what, "looking every %.3g s", s->options->poll > 0 ? s->options->poll : POLL_S);
	const char *who = s->reviewers ? s->reviewers + strlen("--reviewers=") : "all configured models";
	if (s->options->checks_only)
		who = "built-in checks only";
	else if (!strcmp(who, "local"))
		who = "built-in checks, and models on this machine";
	fprintf(stderr, "%s; %s. Ctrl-C ends.\n", what.data, who);
	buffer_release(&what);
}

/* Models that cost money are asked when they are named for this purpose, and not otherwise. */
static void find_reviewers(struct session *s, struct repo *repo)
{
	const char *named = s->options->reviewers;
	if (!named)
		named = repo_config(repo, "scrutiny.watch.reviewers");
	if (!named)
		named = "local";
	if (strcmp(named, "configured") != 0)
		s->reviewers = xstrfmt("--reviewers=%s", named);
	if (s->options->max_cost)
		s->max_cost = xstrfmt("--max-cost=%s", s->options->max_cost);
}

static struct error *check_options(const struct watch_options *o, struct repo *repo)
{
	double most;
	struct error *err = money_check(o->max_cost, &most);
	if (err)
		return err;
	if (!(o->quiet_for >= 0 && o->quiet_for <= MAX_QUIET_S))
		return error_new(ERROR_USAGE, "--quiet-for must be between 0 and %d seconds", MAX_QUIET_S);
	if (!(o->poll >= 0 && o->poll <= MAX_QUIET_S))
		return error_new(ERROR_USAGE, "--poll must be between 0 and %d seconds", MAX_QUIET_S);
	if (o->checks_only && o->reviewers)
		return error_new(ERROR_USAGE, "--checks-only and --reviewers contradict each other");
	if (!repo_work_tree(repo))
		return error_with_hint(error_new(ERROR_GENERIC, "a bare repository has no files to watch"),
				       "`git scrutiny serve --webhook` reviews what is pushed");
	return NULL;
}

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv, int *exit_status)
{
	struct session s = { .ctx = ctx, .options = options, .papers = argv, .nr_papers = argc,
			     .print = { .papers = STRMAP_INIT } };
	const struct watch_options *o = options;
	struct repo *repo;
	(void)exit_status;
	struct error *err = context_repo(ctx, &repo);
	if (!err)
		err = check_options(o, repo);
	if (err)
		return err;
	find_reviewers(&s, repo);
	s.program = own_program();
	s.print.color = context_color(ctx, o->color, STDOUT_FILENO);
	context_catch_signals(ctx);
	struct watch_settings settings = {
		.repo = repo,
		.quiet_ms = (uint64_t)(o->quiet_for * 1000),
		.ceiling_ms = (uint64_t)(o->quiet_for * 1000 * CEILING),
		.poll_ms = (uint64_t)((o->poll > 0 ? o->poll : POLL_S) * 1000),
		.poll_only = o->poll > 0,
		.stop = ctx->stop,
		.start = start,
		.ended = ended,
		.say = say,
		.ready = ready,
		.data = &s,
	};
	err = watch_run(&settings);
	watch_print_release(&s.print);
	free(s.program);
	free(s.reviewers);
	free(s.max_cost);
	return err;
}

static const struct option options[] = {
	{ OPTION_GROUP, 0, NULL, 0, NULL, "Who reviews" },
	{ OPTION_STRING, 0, "reviewers", offsetof(struct watch_options, reviewers), "<list>",
	  "ask these models, also if they cost money (default: those on this machine)",
	  "Asks these models, as `run --reviewers` does; `configured` are those that `run` would ask. Overrides git config "
	  "scrutiny.watch.reviewers. Without either, of what is configured only models on this machine are asked: "
	  "every save may begin a review, and none of them is to be a surprise on a bill.", NULL, "model" },
	{ OPTION_BOOL, 0, "checks-only", offsetof(struct watch_options, checks_only), NULL,
	  "run the built-in checks and ask no model" },
	{ OPTION_STRING, 0, "max-cost", offsetof(struct watch_options, max_cost), "<usd>",
	  "what one round may cost at most; the month's budget holds anyway" },
	{ OPTION_GROUP, 0, NULL, 0, NULL, "When" },
	{ OPTION_NUMBER, 0, "quiet-for", offsetof(struct watch_options, quiet_for), "<seconds>",
	  "how long nothing must change before a round begins (default 0.5)",
	  "How long nothing must change before a round begins. Where something changes all the time, it "
	  "begins after ten times as long." },
	{ OPTION_NUMBER, 0, "poll", offsetof(struct watch_options, poll), "<seconds>",
	  "look in this interval instead of waiting for events",
	  "Asks git status in this interval instead of waiting for events from the system: for folders that are "
	  "shared into a container or virtual machine, where none come. On network file systems, and beyond the "
	  "system's limit of watches, this is done by itself, every 5 seconds." },
	{ OPTION_GROUP, 0, NULL, 0, NULL, "Output" },
	{ OPTION_BOOL, 0, "write", offsetof(struct watch_options, write), NULL,
	  "write reports and meta.yaml (default; --no-write prints only)" },
	{ OPTION_CHOICE, 0, "color", offsetof(struct watch_options, color), "<when>", "colour: always, never or auto",
	  NULL, color_choices },
	{ .kind = OPTION_END },
};

static const char *const usage[] = { "[<options>] [<paper>...]", NULL };

static const struct watch_options defaults = { .quiet_for = QUIET_S, .write = true };

static const struct example examples[] = {
	{ "git scrutiny watch", "Review every paper as it is saved." },
	{ "git scrutiny watch --no-write theory/tilings", "Only say what is found in this one." },
	{ NULL, NULL },
};

const struct command cmd_watch = {
	.name = "watch",
	.summary = "review papers as they are saved",
	.usage = usage,
	.description =
		"Reviews what is not up to date, then waits, and reviews again whatever changes: all papers, or those "
		"that are named. Each round prints one line a paper, and below it the findings that are new and those that "
		"are fixed since the round before.\n\n"
		"What .ignore and .gitignore take out, hidden files, the files that editors write while they save, and the "
		"reports themselves begin no round. While git checks out or rebases, the round waits; while a rebase or "
		"merge is stopped, papers are reviewed but no report is written, so that none is in its way.\n\n"
		"Each round is a run of its own: what it recorded stays, whatever ends the watch. The exit status is 0 "
		"after Ctrl-C; findings do not change it.",
	.options = options,
	.options_size = sizeof(struct watch_options),
	.defaults = &defaults,
	.examples = examples,
	.run = run,
};
