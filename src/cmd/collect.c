#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "cmd/money.h"
#include "cmd/output.h"
#include "cmd/run.h"
#include "cmd/take_in.h"

struct collect_options {
	bool wait, commit, write, quiet;
	int64_t interval;
};

/* The papers here that got answers. */
static size_t select_papers(const struct workspace *ws, const struct strmap *content_ids,
			    const struct paper **papers)
{
	size_t nr = 0;
	for (size_t i = 0; i < ws->papers.nr; i++) {
		const char *id = ws->papers.items[i].content_id;
		if (strmap_has(content_ids, id, strlen(id)))
			papers[nr++] = &ws->papers.items[i];
	}
	return nr;
}

static struct error *review(struct workspace *ws, const struct collect_options *o,
			    const struct collect_totals *totals, int *exit_status)
{
	const struct paper **papers = xcalloc(ws->papers.nr + 1, sizeof(*papers));
	size_t nr = select_papers(ws, &totals->content_ids, papers);
	struct run_options run = { .format = "text", .write = o->write, .commit = o->commit,
				   .quiet = o->quiet, .batch = -1, .collecting = true };
	struct budget_limits limits;
	int status = EXIT_DONE;
	struct error *err = money_limits(&limits, ws, NULL);
	if (!err && nr)
		err = run_review(ws, &run, &limits, papers, nr, &status);
	else if (!err)
		err = records_commit(ws->records, "Collect batches");
	if (!err && totals->ended && !nr && !o->quiet)
		say_hint(ws->ctx, "the papers have changed since they were asked about");
	*exit_status = status > *exit_status ? status : *exit_status;
	free(papers);
	return err;
}

static bool wait_for_next(const struct workspace *ws, int64_t seconds)
{
	struct timespec step = { 0, 100000000 };
	for (int64_t i = 0; i < seconds * 10 && !*ws->ctx->stop; i++)
		nanosleep(&step, NULL);
	return !*ws->ctx->stop;
}

/* One look at all batches, and the reviews of what came. */
static struct error *collect_once(struct context *ctx, const struct collect_options *o, bool *running,
				  bool *any, int *exit_status)
{
	struct workspace ws;
	struct collect_totals totals = { .content_ids = STRMAP_INIT };
	struct take_in how = { .all = true, .quiet = o->quiet };
	struct error *err = workspace_open(&ws, ctx, NULL);
	if (!err)
		err = take_in_batches(&ws, &how, &totals);
	*running = totals.running > 0;
	*any = totals.running || totals.ended;
	if (!err && ws.tasks && totals.ended) {
		unsigned asked = ws.tasks;
		err = workspace_find_tasks(&ws, NULL);
		ws.tasks = asked;
	}
	if (!err && totals.ended)
		err = review(&ws, o, &totals, exit_status);
	if (!err && o->wait && *running && !wait_for_next(&ws, o->interval))
		err = error_new(ERROR_CANCELLED, "interrupted: the batches go on, and `git scrutiny collect` "
				"takes them in");
	collect_totals_release(&totals);
	workspace_release(&ws);
	return err;
}

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv,
			 int *exit_status)
{
	const struct collect_options *o = options;
	bool running, any, first = true;
	struct error *err;
	(void)argv;
	if (argc)
		return error_new(ERROR_USAGE, "collect takes no arguments");
	if (o->interval < 1)
		return error_new(ERROR_USAGE, "--interval must be at least one second");
	*exit_status = EXIT_DONE;
	do {
		err = collect_once(ctx, o, &running, &any, exit_status);
		if (!err && !any && first && !o->quiet)
			puts("no batches are under way");
		first = false;
	} while (!err && running && o->wait);
	if (!err && running && *exit_status == EXIT_DONE)
		*exit_status = EXIT_INCOMPLETE;
	return err;
}

static const struct option options[] = {
	{ OPTION_BOOL, 0, "wait", offsetof(struct collect_options, wait), NULL,
	  "look again until every batch has ended" },
	{ OPTION_INTEGER, 0, "interval", offsetof(struct collect_options, interval), "<seconds>",
	  "how long `--wait` waits between two looks; 60 by default" },
	{ OPTION_BOOL, 0, "commit", offsetof(struct collect_options, commit), NULL,
	  "commit the reports and meta.yaml, and nothing else" },
	{ OPTION_BOOL, 0, "write", offsetof(struct collect_options, write), NULL,
	  "write reports and meta.yaml (default); --no-write only prints" },
	{ OPTION_BOOL, 'q', "quiet", offsetof(struct collect_options, quiet), NULL,
	  "print findings and warnings only" },
	{ .kind = OPTION_END },
};

static const struct collect_options defaults = { .write = true, .interval = 60 };
static const char *const usage[] = { "[<options>]", NULL };

static const struct example examples[] = {
	{ "git scrutiny run --batch", "Ask at half price, and for answers within a day." },
	{ "git scrutiny collect", "Take in what has been answered, and write the reports." },
	{ NULL, NULL },
};

const struct command cmd_collect = {
	.name = "collect",
	.summary = "take in the answers of batches, and write the reports",
	.usage = usage,
	.description =
		"Looks at every batch that `git scrutiny run --batch` has sent from here, or from a clone whose "
		"records were fetched. The answers of those that have ended are recorded like live ones, and "
		"the papers they are about get their reports. No model is asked anything: what a batch left "
		"unanswered is asked again by the next run.\n\n"
		"The exit status is 2 as long as a batch is under way. A run takes in the batches of the models "
		"it asks, too.",
	.options = options,
	.options_size = sizeof(struct collect_options),
	.defaults = &defaults,
	.examples = examples,
	.run = run,
};
