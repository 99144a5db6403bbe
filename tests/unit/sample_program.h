/* A program with one option of every kind, for the tests of base/command*.c. */
#ifndef SAMPLE_PROGRAM_H
#define SAMPLE_PROGRAM_H

#include "base/command.h"
#include "base/memory.h"

struct sample_options {
	bool all;
	bool quiet;
	bool write;
	bool no_pager;
	const char *since;
	const char *format;
	const char *color;
	struct option_strings reviewers;
	const char *rule;
	const char *model;
	const char *paper;
	const char *output;
	int64_t jobs;
	double max_cost;
};

static const char *const sample_formats[] = { "text", "md", "json", NULL };

#define SAMPLE(member) offsetof(struct sample_options, member)
static const struct option sample_options_table[] = {
	{ OPTION_GROUP, .help = "Which papers" },
	{ OPTION_STRING, 0, "since", SAMPLE(since), "<rev>", "papers changed since a revision",
	  "Reviews the papers that changed between <rev> and the work tree.\n\n"
	  ".Not a macro: a line that begins with a dot. `--since=HEAD~1` is yesterday's work.",
	  .completes = "rev" },
	{ OPTION_BOOL, 'a', "all", SAMPLE(all), NULL, "every paper" },
	{ OPTION_STRING, 0, "paper", SAMPLE(paper), "<paper>", "this paper only",
	  .completes = "paper" },
	{ OPTION_GROUP, .help = "How" },
	{ OPTION_STRINGS, 'r', "reviewers", SAMPLE(reviewers), "<list>",
	  "who reviews: names separated by commas, such as `builtin,ollama/llama3.1`; "
	  "may be given again" },
	{ OPTION_STRING, 0, "rule", SAMPLE(rule), "<rule>", "only this rule", .completes = "rule" },
	{ OPTION_STRING, 'm', "model", SAMPLE(model), "<model>", "only this model",
	  .completes = "model" },
	{ OPTION_INTEGER, 'j', "jobs", SAMPLE(jobs), "<n>", "calls in flight at once" },
	{ OPTION_NUMBER, 0, "max-cost", SAMPLE(max_cost), "<usd>",
	  "stop before spending more than this" },
	{ OPTION_GROUP, .help = "Output" },
	{ OPTION_CHOICE, 0, "format", SAMPLE(format), "<format>", "how to print findings",
	  .choices = sample_formats },
	{ OPTION_STRING, 'o', "output", SAMPLE(output), "<file>",
	  "write there instead of standard output",
	  .completes = "file" },
	{ OPTION_OPTIONAL_STRING, 0, "color", SAMPLE(color), "<when>", "colour the output" },
	{ OPTION_BOOL, 0, "write", SAMPLE(write), NULL, "write reports (the default)" },
	{ OPTION_BOOL, 0, "no-pager", SAMPLE(no_pager), NULL, "do not start a pager" },
	{ OPTION_BOOL, 'q', "quiet", SAMPLE(quiet), NULL, "say less" },
	{ OPTION_END },
};

static const struct sample_options sample_defaults = { .write = true, .format = "text", .jobs = 4,
						       .max_cost = -1 };

static const char *const run_usage[] = { "[<options>] [<paper>...]", "[<options>] --all", NULL };
static const char *const status_usage[] = { "[<paper>...]", NULL };
static const struct example run_examples[] = {
	{ "git scrutiny --since main", "Reviews what changed since `main`." },
	{ "git scrutiny -r builtin -- 'a paper'", "Built-in checks only; it's free." },
	{ NULL, NULL },
};

static const struct command sample_run = {
	.name = "run",
	.summary = "review papers that have no up-to-date record",
	.usage = run_usage,
	.description = "Reviews the papers.\n\n'Quoted' lines and back\\slashes stay as they are.",
	.options = sample_options_table,
	.options_size = sizeof(struct sample_options),
	.defaults = &sample_defaults,
	.examples = run_examples,
};
static const struct command sample_status = {
	.name = "status",
	.summary = "say which papers are new, stale or fresh",
	.usage = status_usage,
	.description = "Prints one line for each paper.",
};
static const struct command *const sample_commands[] = { &sample_run, &sample_status, NULL };
static const char *const sample_statuses[] = { "0", "done, nothing found", "1", "something found",
					       "129", "the command line is wrong", NULL };

static const struct program sample_program = {
	.name = "git-scrutiny",
	.spoken = "git scrutiny",
	.summary = "review the papers in a repository",
	.description = "Finds mistakes in papers.\n\nEverything is kept in git.",
	.commands = sample_commands,
	.default_command = &sample_run,
	.exit_statuses = sample_statuses,
	.examples = run_examples,
};

#endif
