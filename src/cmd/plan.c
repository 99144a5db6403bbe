#include "cmd/plan.h"

#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "cmd/money.h"
#include "cmd/table.h"

#define PLAN_FORMAT 1

struct plan_options {
	const char *since, *at, *reviewers, *tasks, *max_cost;
	bool staged, all, checks_only, batch, json, show_prompts;
};

/* What would be asked, and what it would cost. */
struct plan {
	struct workspace *ws;
	const struct paper *const *papers;
	size_t nr;
	const struct budget_limits *limits;
	struct session_estimate *estimates; /* paper by paper, a row a model */
	bool *unreadable;
	double month, day;  /* spent so far */
};

struct totals {
	int64_t input, output;
	double usd, usd_at_most;
	size_t calls, guessed;
	size_t calls_if_needed; /* besides, when reviewers disagree; only in what it is at most */
	bool unknown;
};

static const struct session_estimate *row_of(const struct plan *p, size_t paper)
{
	return &p->estimates[paper * p->ws->nr_models];
}

static size_t calls_left(const struct session_estimate *e)
{
	return e->calls - e->calls_known;
}

static void add_to_totals(struct totals *t, const struct session_estimate *e)
{
	t->unknown |= e->usd < 0;
	t->usd_at_most += e->usd_at_most > 0 ? e->usd_at_most : 0;
	if (e->if_needed) {
		t->calls_if_needed += calls_left(e);
		return;
	}
	t->calls += calls_left(e);
	t->guessed += e->guessed;
	t->input += e->input_tokens;
	t->output += e->output_tokens;
	t->usd += e->usd > 0 ? e->usd : 0;
}

/* Of the papers that can be read: all models', or those of the model MODEL. */
static struct totals totals_of(const struct plan *p, size_t from, size_t until)
{
	struct totals t = { 0 };
	for (size_t i = 0; i < p->nr; i++)
		for (size_t m = from; m < until && !p->unreadable[i]; m++)
			add_to_totals(&t, &row_of(p, i)[m]);
	return t;
}

/* -- for people ------------------------------------------------------------------------------ */

static void add_price(struct table *t, double usd, bool unknown, bool free)
{
	struct buffer text = BUFFER_INIT;
	if (unknown)
		buffer_addstr(&text, "price unknown");
	else if (free)
		buffer_addstr(&text, "free");
	else
		money_add_column(&text, usd);
	table_add(t, text.data);
	buffer_release(&text);
}

static void add_cell(struct table *t, const struct model *m, const struct session_estimate *e)
{
	if (e->unasked)
		table_add(t, "-");
	else if (e->recorded)
		table_add(t, "recorded");
	else if (e->withheld)
		table_add(t, "not sent");
	else if (e->too_long)
		table_add(t, "too long");
	else if (e->calls_waiting && e->calls_known == e->calls)
		table_add(t, "waiting");
	else if (e->if_needed)
		table_add(t, "if needed");
	else
		add_price(t, e->usd, e->usd < 0, model_is_free(m));
}

/* One that could only step in for another is not asked as long as nobody fails. */
static bool is_asked(const struct plan *p, size_t model)
{
	bool asked = false;
	for (size_t i = 0; i < p->nr && !asked; i++)
		asked = !p->unreadable[i] && !row_of(p, i)[model].unasked;
	return asked;
}

static size_t count_asked(const struct plan *p)
{
	size_t nr = 0;
	for (size_t m = 0; m < p->ws->nr_models; m++)
		nr += is_asked(p, m);
	return nr;
}

/* Tokens are about the same for all models: those of the model that is sent most are shown. */
static void add_paper_row(struct table *t, const struct plan *p, size_t paper)
{
	const struct workspace *ws = p->ws;
	const struct session_estimate *row = row_of(p, paper);
	struct buffer name = BUFFER_INIT;
	int64_t input = 0, output = 0;
	for (size_t m = 0; m < ws->nr_models; m++) {
		input = row[m].input_tokens > input ? row[m].input_tokens : input;
		output = row[m].output_tokens > output ? row[m].output_tokens : output;
	}
	add_paper_name(&name, p->papers[paper]);
	table_add(t, name.data);
	table_add_count(t, input);
	table_add_count(t, output);
	for (size_t m = 0; m < ws->nr_models; m++)
		if (is_asked(p, m))
			add_cell(t, &ws->models[m], &row[m]);
	buffer_release(&name);
}

static void add_total_row(struct table *t, const struct plan *p)
{
	table_add(t, "total");
	table_add(t, "");
	table_add(t, "");
	for (size_t m = 0; m < p->ws->nr_models; m++) {
		struct totals own = totals_of(p, m, m + 1);
		if (is_asked(p, m) && !own.calls && !own.unknown)
			table_add(t, "-");
		else if (is_asked(p, m))
			add_price(t, own.usd, own.unknown, model_is_free(&p->ws->models[m]));
	}
}

static const char not_readable[] = "  nothing can be read (PDF: not readable yet)";

static void print_unreadable(struct buffer *out, const struct plan *p)
{
	for (size_t i = 0; i < p->nr; i++)
		if (p->unreadable[i]) {
			add_paper_name(out, p->papers[i]);
			buffer_addf(out, "%s\n", not_readable);
		}
}

static void print_totals(struct buffer *out, const struct plan *p, const struct totals *t)
{
	buffer_addf(out, "\n%zu call%s", t->calls, t->calls == 1 ? "" : "s");
	if (t->calls_if_needed)
		buffer_addf(out, " and %zu more where reviewers disagree", t->calls_if_needed);
	buffer_addstr(out, ", ");
	if (t->usd_at_most > 0) {
		buffer_addstr(out, "about ");
		text_dollars(out, t->usd);
		buffer_addstr(out, t->unknown ? " and what models of unknown price take" : "");
	} else if (t->unknown) {
		buffer_addstr(out, "price unknown");
	} else {
		buffer_addstr(out, "free of charge");
	}
	buffer_addstr(out, "; built-in checks run on every paper.\n");
	if (t->usd_at_most > 0) {
		buffer_addch(out, '(');
		text_dollars(out, t->usd_at_most);
		buffer_addstr(out, " if nothing were cached and every answer had to be asked for twice at full "
				   "length)\n");
	}
	if (t->usd_at_most > 0 || t->unknown)
		money_add_month(out, p->month, p->limits);
}

static void print_models_plan(struct buffer *out, const struct plan *p, const struct totals *totals)
{
	size_t nr_models = p->ws->nr_models;
	struct table t = TABLE_INIT(3 + (unsigned)count_asked(p));
	table_add(&t, "");
	table_add(&t, "tokens in");
	table_add(&t, "out");
	for (size_t m = 0; m < nr_models; m++)
		if (is_asked(p, m))
			table_add(&t, p->ws->models[m].reviewer);
	for (size_t i = 0; i < p->nr; i++)
		if (!p->unreadable[i])
			add_paper_row(&t, p, i);
	if (p->nr > 1)
		add_total_row(&t, p);
	table_print(out, &t);
	table_release(&t);
	print_unreadable(out, p);
	print_totals(out, p, totals);
}

static void print_checks_plan(struct buffer *out, const struct plan *p)
{
	for (size_t i = 0; i < p->nr; i++) {
		add_paper_name(out, p->papers[i]);
		buffer_addf(out, "%s\n", p->unreadable[i] ? not_readable : "  built-in checks");
	}
	buffer_addf(out, "\n%zu paper%s, built-in checks only; nothing leaves this machine.\n", p->nr,
		    p->nr == 1 ? "" : "s");
}

/* Which limit the run would meet. */
static void say_limits(const struct plan *p, const struct totals *t)
{
	const struct budget_limits *l = p->limits;
	const struct {
		const char *name;
		double limit, spent;
	} limits[] = {
		{ "this run", l->run, 0 }, { "today", l->day, p->day }, { "this month", l->month, p->month },
	};
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		struct buffer text = BUFFER_INIT;
		if (limits[i].limit < 0 || limits[i].spent + t->usd <= limits[i].limit)
			continue;
		text_dollars(&text, limits[i].limit);
		say_warning("the run would stop at the budget of %s for %s", text.data, limits[i].name);
		buffer_release(&text);
		return;
	}
}

static void print_text(const struct plan *p)
{
	struct buffer out = BUFFER_INIT;
	struct totals totals = totals_of(p, 0, p->ws->nr_models);
	if (!p->nr)
		buffer_addstr(&out, "nothing to review\n");
	else if (!p->ws->nr_models)
		print_checks_plan(&out, p);
	else
		print_models_plan(&out, p, &totals);
	print_buffer(&out);
	buffer_release(&out);
	print_flush();
	say_limits(p, &totals);
	if (totals.guessed && totals.usd_at_most > 0)
		say_hint(p->ws->ctx, "how long the answers will be is a guess: there is none yet of %s.",
			 p->ws->nr_models > 1 ? "some of these models" : "this model");
}

/* -- for programs ---------------------------------------------------------------------------- */

static void put_usd(struct json_writer *w, const char *key, double usd)
{
	json_key(w, key);
	if (usd < 0)
		json_null(w);
	else
		json_number(w, money_rounded(usd));
}

static const char *state_of(const struct session_estimate *e)
{
	return e->unasked     ? "unasked"
	       : e->recorded  ? "recorded"
	       : e->withheld  ? "withheld"
	       : e->too_long  ? "too-long"
	       : e->if_needed ? "if-needed"
			      : "ask";
}

static void write_estimate(struct json_writer *w, const struct model *m, const struct session_estimate *e)
{
	json_begin_object(w);
	json_put_string(w, "reviewer", m->reviewer);
	json_put_string(w, "state", state_of(e));
	json_put_integer(w, "calls", (int64_t)calls_left(e));
	json_put_integer(w, "input_tokens", e->input_tokens);
	json_put_integer(w, "cached_tokens", e->cached_tokens);
	json_put_integer(w, "output_tokens", e->output_tokens);
	json_put_bool(w, "output_is_guessed", e->guessed > 0);
	put_usd(w, "usd", e->usd);
	put_usd(w, "usd_at_most", e->usd_at_most);
	json_end_object(w);
}

static void write_paper(struct json_writer *w, const struct plan *p, size_t paper)
{
	struct buffer path = BUFFER_INIT;
	utf8_scrub(&path, p->papers[paper]->path, strlen(p->papers[paper]->path));
	json_begin_object(w);
	json_put_string(w, "paper", path.data);
	json_put_string(w, "content_id", p->papers[paper]->content_id);
	json_put_bool(w, "readable", !p->unreadable[paper]);
	json_key(w, "models");
	json_begin_array(w);
	for (size_t m = 0; m < p->ws->nr_models && !p->unreadable[paper]; m++)
		write_estimate(w, &p->ws->models[m], &row_of(p, paper)[m]);
	json_end_array(w);
	json_end_object(w);
	buffer_release(&path);
}

static void print_json(const struct plan *p)
{
	struct buffer out = BUFFER_INIT;
	struct json_writer w;
	struct totals t = totals_of(p, 0, p->ws->nr_models);
	json_writer_init(&w, &out, true);
	json_begin_object(&w);
	json_put_integer(&w, "format", PLAN_FORMAT);
	json_key(&w, "papers");
	json_begin_array(&w);
	for (size_t i = 0; i < p->nr; i++)
		write_paper(&w, p, i);
	json_end_array(&w);
	json_put_integer(&w, "calls", (int64_t)t.calls);
	json_put_integer(&w, "calls_if_needed", (int64_t)t.calls_if_needed);
	json_put_integer(&w, "input_tokens", t.input);
	json_put_integer(&w, "output_tokens", t.output);
	json_put_number(&w, "usd", money_rounded(t.usd));
	json_put_number(&w, "usd_at_most", money_rounded(t.usd_at_most));
	json_put_bool(&w, "price_is_unknown", t.unknown);
	json_put_number(&w, "spent_today", money_rounded(p->day));
	json_put_number(&w, "spent_this_month", money_rounded(p->month));
	put_usd(&w, "stop_run_at", p->limits->run);
	put_usd(&w, "stop_day_at", p->limits->day);
	put_usd(&w, "stop_month_at", p->limits->month);
	json_end_object(&w);
	buffer_addch(&out, '\n');
	print_buffer(&out);
	buffer_release(&out);
}

/* -- the command ----------------------------------------------------------------------------- */

static void print_question(void *data, const struct prompt_entry *question)
{
	struct buffer text = BUFFER_INIT, safe = BUFFER_INIT;
	(void)data;
	prompt_entry_write(&text, question);
	text_for_terminal(&safe, text.data, text.len, true);
	print_buffer(isatty(STDOUT_FILENO) ? &safe : &text);
	buffer_release(&text);
	buffer_release(&safe);
}

struct error *plan_print(struct workspace *ws, const struct paper *const *papers, size_t nr,
			 const struct budget_limits *limits, const struct plan_view *view)
{
	struct session_settings settings = workspace_session(ws);
	settings.asking = view->batch ? SESSION_ASK_BATCH : SESSION_ASK_LIVE;
	settings.on_question = view->prompts ? print_question : NULL;
	struct plan p = {
		.ws = ws,
		.papers = papers,
		.nr = nr,
		.limits = limits,
		.estimates = xcalloc(nr * ws->nr_models + 1, sizeof(*p.estimates)),
		.unreadable = xcalloc(nr + 1, sizeof(*p.unreadable)),
	};
	struct error *err = session_plan(&settings, papers, nr, p.estimates, p.unreadable);
	if (!err)
		err = money_spent(ws->records, settings.now, &p.day, &p.month);
	if (!err && view->json)
		print_json(&p);
	else if (!err && !view->prompts)
		print_text(&p);
	workspace_say_absent(ws);
	free(p.estimates);
	free(p.unreadable);
	return err;
}

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv,
			 int *exit_status)
{
	const struct plan_options *o = options;
	struct workspace ws;
	struct budget_limits limits;
	const struct paper **papers = NULL;
	size_t nr = 0;
	struct selection sel = { .since = o->since, .staged = o->staged, .all = o->all, .paths = argv, .nr_paths = argc };
	struct error *err = workspace_open(&ws, ctx, &(struct workspace_view){ o->staged, o->at });
	if (!err)
		err = money_limits(&limits, &ws, o->max_cost);
	if (!err)
		err = workspace_find_models(&ws, o->reviewers, o->checks_only);
	if (!err)
		err = workspace_find_tasks(&ws, o->tasks);
	if (!err)
		err = workspace_select(&ws, &sel, &papers, &nr);
	if (!err)
		err = plan_print(&ws, papers, nr, &limits,
				 &(struct plan_view){ o->json, o->show_prompts, o->batch });
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
	{ OPTION_STRING, 0, "at", offsetof(struct plan_options, at), "<rev>",
	  "papers as they are at the commit <rev>, not in the work tree", NULL, NULL, "rev" },
	{ OPTION_BOOL, 'a', "all", offsetof(struct plan_options, all), NULL,
	  "every paper, reviewed or not" },
	{ OPTION_STRING, 0, "reviewers", offsetof(struct plan_options, reviewers), "<list>",
	  "ask these models instead of the configured ones", NULL, NULL, "model" },
	{ OPTION_STRING, 0, "tasks", offsetof(struct plan_options, tasks), "<list>",
	  "what to ask them: summary, correctness, experiments, novelty, clarity, or review" },
	{ OPTION_BOOL, 0, "checks-only", offsetof(struct plan_options, checks_only), NULL,
	  "ask no model" },
	{ OPTION_BOOL, 0, "batch", offsetof(struct plan_options, batch), NULL,
	  "what it costs with `git scrutiny run --batch`" },
	{ OPTION_STRING, 0, "max-cost", offsetof(struct plan_options, max_cost), "<usd>",
	  "tell whether this would stop the run, in US dollars" },
	{ OPTION_BOOL, 0, "json", offsetof(struct plan_options, json), NULL,
	  "print JSON, as docs/formats/plan.schema.json says" },
	{ OPTION_BOOL, 0, "show-prompts", offsetof(struct plan_options, show_prompts), NULL,
	  "print the questions themselves, as they would be sent",
	  "Prints what each model would be sent instead of the table: the questions with the paper's text, after keys "
	  "and personal data are taken out, each with its size and its SHA-256. Nothing is sent." },
	{ .kind = OPTION_END },
};

static const char *const usage[] = { "[<options>] [<paper>...]", NULL };

static const struct example examples[] = {
	{ "git scrutiny plan", "What the next run would ask, and what it would cost." },
	{ "git scrutiny plan --reviewers=openai/gpt-6-luna theory/tilings",
	  "The same for one paper and one model." },
	{ NULL, NULL },
};

const struct command cmd_plan = {
	.name = "plan",
	.summary = "show what a run would review, with tokens and cost",
	.usage = usage,
	.description =
		"Shows the papers that `git scrutiny run` with the same options would review, the tokens that "
		"would be sent and answered, and the cost: what is to be expected, and what it is at "
		"most. The tokens of questions are estimated, on whole papers to within some 8 %; those of "
		"answers are the mean of what the model has answered lately, a guess as long as it has not. "
		"What a provider's cache saves is counted in. At most means: every answer is as long as is "
		"allowed, wrong at first, and nothing is cached. No model is called; an Ollama on "
		"this machine is asked for its models' sizes only.",
	.options = options,
	.options_size = sizeof(struct plan_options),
	.examples = examples,
	.run = run,
};
