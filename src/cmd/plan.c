#include "cmd/plan.h"

#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include "base/memory.h"
#include "base/text.h"

struct plan_options {
	const char *since, *reviewers, *tasks;
	bool staged, all, checks_only;
};

static void add_padded(struct buffer *out, const char *text, size_t width)
{
	size_t len = strlen(text);
	buffer_addf(out, "  %*s%s", len < width ? (int)(width - len) : 0, "", text);
}

static double price_of(const struct model *m, const struct session_estimate *e)
{
	struct model_usage usage = { .input_tokens = e->input_tokens,
				     .output_tokens = e->output_tokens };
	return model_cost(m, &usage, (int64_t)time(NULL));
}

static void cell(struct buffer *out, const struct model *m, const struct session_estimate *e)
{
	double price = price_of(m, e);
	if (e->recorded)
		buffer_addstr(out, "recorded");
	else if (e->withheld)
		buffer_addstr(out, "not sent");
	else if (e->too_long)
		buffer_addstr(out, "too long");
	else if (price == 0)
		buffer_addstr(out, "free");
	else if (price < 0)
		buffer_addstr(out, "price unknown");
	else
		buffer_addf(out, "at most $%.4f", price);
}

struct totals {
	int64_t input, output;
	double price;
	size_t calls, unreadable;
	bool unknown;
};

static void plan_row(struct buffer *out, const struct workspace *ws, const char *name, int width,
		     const struct session_estimate *row, struct totals *t)
{
	struct buffer text = BUFFER_INIT;
	int64_t input = 0, output = 0;
	for (size_t m = 0; m < ws->nr_models; m++) {
		const struct session_estimate *e = &row[m];
		double price = price_of(&ws->models[m], e);
		if (e->input_tokens > input)
			input = e->input_tokens;
		if (e->output_tokens > output)
			output = e->output_tokens;
		t->calls += e->calls - e->calls_known;
		t->unknown |= price < 0 && e->calls > e->calls_known;
		t->price += price > 0 ? price : 0;
	}
	t->input += input;
	t->output += output;
	buffer_addf(out, "%-*s", width, name);
	text_grouped(&text, input);
	add_padded(out, text.data, 10);
	buffer_reset(&text);
	text_grouped(&text, output);
	add_padded(out, text.data, 8);
	for (size_t m = 0; m < ws->nr_models; m++) {
		buffer_reset(&text);
		cell(&text, &ws->models[m], &row[m]);
		size_t column = strlen(ws->models[m].reviewer);
		add_padded(out, text.data, column > 15 ? column : 15);
	}
	buffer_addch(out, '\n');
	buffer_release(&text);
}

static void plan_head(struct buffer *out, const struct workspace *ws, int width)
{
	buffer_addf(out, "%-*s", width, "");
	add_padded(out, "tokens in", 10);
	add_padded(out, "out", 8);
	for (size_t m = 0; m < ws->nr_models; m++)
		add_padded(out, ws->models[m].reviewer, 15);
	buffer_addch(out, '\n');
}

static void plan_total(struct buffer *out, const struct totals *t)
{
	buffer_addf(out, "\n%zu call%s, ", t->calls, t->calls == 1 ? "" : "s");
	if (t->unknown)
		buffer_addstr(out, "cost unknown for some models");
	else if (t->price > 0)
		buffer_addf(out, "at most $%.4f without retries", t->price);
	else
		buffer_addstr(out, "free of charge");
	buffer_addstr(out, "; built-in checks run on every paper.\n");
}

static int widest_name(const struct paper *const *papers, size_t nr)
{
	size_t width = 12;
	for (size_t i = 0; i < nr; i++) {
		size_t len = strlen(papers[i]->path);
		if (len > width)
			width = len > 50 ? 50 : len;
	}
	return (int)width;
}

static const char not_readable[] = "  nothing can be read (PDF: not readable yet)";

static void plan_without_models(struct buffer *out, const struct paper *const *papers, size_t nr,
				const bool *unreadable)
{
	for (size_t i = 0; i < nr; i++) {
		add_paper_name(out, papers[i]);
		buffer_addf(out, "%s\n", unreadable[i] ? not_readable : "  built-in checks");
	}
	buffer_addf(out, "\n%zu paper%s, built-in checks only; nothing leaves this machine.\n", nr,
		    nr == 1 ? "" : "s");
}

static void plan_with_models(struct buffer *out, const struct workspace *ws,
			     const struct paper *const *papers, size_t nr,
			     const struct session_estimate *estimates, const bool *unreadable)
{
	struct totals totals = { 0 };
	struct buffer name = BUFFER_INIT;
	int width = widest_name(papers, nr);
	plan_head(out, ws, width);
	for (size_t i = 0; i < nr; i++) {
		buffer_reset(&name);
		add_paper_name(&name, papers[i]);
		if (unreadable[i])
			buffer_addf(out, "%-*s%s\n", width, name.data, not_readable);
		else
			plan_row(out, ws, name.data, width, &estimates[i * ws->nr_models], &totals);
	}
	plan_total(out, &totals);
	buffer_release(&name);
}

struct error *plan_print(struct workspace *ws, const struct paper *const *papers, size_t nr)
{
	struct session_settings settings = {
		.snapshot = ws->snapshot,
		.records = ws->records,
		.policy = &ws->policy,
		.privacy = ws->privacy,
		.models = ws->models,
		.nr_models = ws->nr_models,
		.tasks = ws->tasks,
		.words = ws->words,
	};
	struct session_estimate *estimates = xcalloc(nr * ws->nr_models + 1, sizeof(*estimates));
	bool *unreadable = xcalloc(nr + 1, sizeof(*unreadable));
	struct buffer out = BUFFER_INIT;
	struct error *err = session_plan(&settings, papers, nr, estimates, unreadable);
	if (!err && !nr)
		buffer_addstr(&out, "nothing to review\n");
	else if (!err && !ws->nr_models)
		plan_without_models(&out, papers, nr, unreadable);
	else if (!err)
		plan_with_models(&out, ws, papers, nr, estimates, unreadable);
	print_buffer(&out);
	for (size_t i = 0; i < ws->nr_absent; i++)
		say_warning("%s: %s", ws->absent[i].reviewer, ws->absent[i].message);
	buffer_release(&out);
	free(estimates);
	free(unreadable);
	return err;
}

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv,
			 int *exit_status)
{
	const struct plan_options *o = options;
	struct workspace ws;
	const struct paper **papers = NULL;
	size_t nr = 0;
	struct selection sel = { o->since, o->staged, o->all, argv, argc };
	struct error *err = workspace_open(&ws, ctx, o->staged);
	if (!err)
		err = workspace_find_models(&ws, o->reviewers, o->checks_only);
	if (!err)
		err = workspace_find_tasks(&ws, o->tasks);
	if (!err)
		err = workspace_select(&ws, &sel, &papers, &nr);
	if (!err)
		err = plan_print(&ws, papers, nr);
	*exit_status = ws.nr_absent ? EXIT_INCOMPLETE : EXIT_DONE;
	free(papers);
	workspace_release(&ws);
	return err;
}

static const struct option options[] = {
	{ OPTION_STRING, 0, "since", offsetof(struct plan_options, since), "<rev>",
	  "papers that differ from what stands at <rev>", NULL, NULL, "rev" },
	{ OPTION_BOOL, 0, "staged", offsetof(struct plan_options, staged), NULL,
	  "papers whose staged content differs from HEAD" },
	{ OPTION_BOOL, 'a', "all", offsetof(struct plan_options, all), NULL,
	  "every paper, reviewed or not" },
	{ OPTION_STRING, 0, "reviewers", offsetof(struct plan_options, reviewers), "<list>",
	  "ask these models instead of the configured ones", NULL, NULL, "model" },
	{ OPTION_STRING, 0, "tasks", offsetof(struct plan_options, tasks), "<list>",
	  "what to ask them: summary, correctness, experiments, novelty, clarity, or review" },
	{ OPTION_BOOL, 0, "checks-only", offsetof(struct plan_options, checks_only), NULL,
	  "ask no model" },
	{ .kind = OPTION_END },
};

static const char *const usage[] = { "[<options>] [<paper>...]", NULL };

static const struct example examples[] = {
	{ "git scrutiny plan", "What the next run would ask, and what it would cost at most." },
	{ "git scrutiny plan --reviewers=openai/gpt-6-luna theory/tilings",
	  "The same for one paper and one model." },
	{ NULL, NULL },
};

const struct command cmd_plan = {
	.name = "plan",
	.summary = "show what a run would review, with tokens and cost",
	.usage = usage,
	.description =
		"Shows the papers that `git scrutiny run` with the same options would review, the tokens "
		"each model would be sent and could answer, and the cost. Tokens and cost are upper "
		"bounds. No model is called; an Ollama on this machine is asked for its "
		"models' sizes only.",
	.options = options,
	.options_size = sizeof(struct plan_options),
	.examples = examples,
	.run = run,
};
