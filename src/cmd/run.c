#include "cmd/lines.h"
#include "cmd/money.h"
#include "cmd/notes.h"
#include "cmd/output.h"
#include "cmd/engine_settings.h"
#include "cmd/plan.h"
#include "cmd/progress_line.h"
#include "cmd/propose.h"
#include "cmd/run_summary.h"
#include "cmd/sharing.h"
#include "cmd/take_in.h"

#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/terminal.h"
#include "base/text.h"
#include "base/trace.h"
#include "git/commit.h"

static bool is_text(const struct run_options *o)
{
	return !o->present && !strcmp(o->format, "text");
}

static void note_worst(struct gathered *g, const struct review *review)
{
	for (size_t i = 0; i < review->consensus.nr; i++) {
		const struct consensus_finding *f = &review->consensus.findings[i];
		if (f->bucket == BUCKET_VERIFIED && (int)f->severity > g->worst)
			g->worst = (int)f->severity;
	}
}

/* What is said next begins on a line of its own; the meter comes back when it moves. */
static void clear_progress(struct gathered *g)
{
	progress_free(g->progress);
	g->progress = NULL;
}

static void on_result(void *data, const struct session_result *r)
{
	struct gathered *g = data;
	bool prints = is_text(g->options) && !g->options->quiet;
	g->reported++;
	/* A meter that begins anew with each paper would never be seen. */
	if (prints || r->nr_unread || r->error)
		clear_progress(g);
	if (prints)
		run_print_result(g, r);
	for (size_t i = 0; i < r->nr_unread && !r->fresh; i++)
		say_warning("%s", r->unread[i]);
	if (r->error)
		say_warning("%s%s%s%s", r->error->message, r->error->hint ? " (" : "",
			    r->error->hint ? r->error->hint : "", r->error->hint ? ")" : "");
	if (!r->review)
		return;
	note_worst(g, r->review);
	g->reviews[r->place] = r->review;
}

static void on_failure(void *data, const struct paper *paper, const char *reviewer,
		       const char *message)
{
	struct buffer name = BUFFER_INIT;
	clear_progress(data);
	if (paper)
		buffer_addstr(&name, " on ");
	if (paper)
		add_paper_name(&name, paper);
	say_warning("%s%s: %s", reviewer, name.data, message);
	buffer_release(&name);
}

static void on_warning(void *data, const char *message)
{
	clear_progress(data);
	say_warning("%s", message);
}

static void on_damaged(void *data, const struct paper *paper, const char *record)
{
	struct buffer name = BUFFER_INIT;
	clear_progress(data);
	add_paper_name(&name, paper);
	say_warning("the record %s of %s is damaged: it is kept aside, and made anew if its reviewer is asked", record,
		    name.data);
	buffer_release(&name);
}

static void on_waiting(void *data, const struct paper *paper, long pid)
{
	const struct gathered *g = data;
	struct buffer name = BUFFER_INIT;
	clear_progress(data);
	add_paper_name(&name, paper);
	print_flush();
	if (!g->options->quiet && pid)
		fprintf(stderr, "waiting for another git scrutiny (process %ld) that reviews %s\n", pid, name.data);
	else if (!g->options->quiet)
		fprintf(stderr, "waiting for another clone that reviews %s\n", name.data);
	buffer_release(&name);
}

static void on_note(void *data, bool warning, const char *text)
{
	const struct gathered *g = data;
	clear_progress(data);
	print_flush();
	if (warning)
		say_warning("%s", text);
	else if (!g->options->quiet)
		fprintf(stderr, "%s\n", text);
}

static bool may_ask(void *data, const struct paper *paper)
{
	const struct gathered *g = data;
	return sharing_may_ask(g->options->sharing, paper);
}

static void on_progress(void *data, const struct session_progress *p)
{
	struct gathered *g = data;
	if (g->options->sharing)
		sharing_keep(g->options->sharing);
	if (g->options->quiet)
		return;
	if (!g->progress)
		g->progress = progress_new("reviewing", p->papers);
	if (!p->calls) {
		progress_update(g->progress, p->papers_done, NULL);
		return;
	}
	struct buffer line = BUFFER_INIT;
	progress_line(&line, p);
	progress_say(g->progress, line.data);
	buffer_release(&line);
}

/* -- after the session ------------------------------------------------------------------------ */

static struct error *print_findings(struct gathered *g, const struct session_totals *t)
{
	struct buffer out = BUFFER_INIT;
	if (g->options->present) {
		g->options->present(g->options->present_data,
				    &(struct run_results){ g->papers, g->reviews, g->nr, t });
		return NULL;
	}
	struct line_source lines;
	line_source_init(&lines, g->ws->snapshot);
	output_format(&out, g->options->format, g->reviews, g->nr, g->color, &lines);
	line_source_release(&lines);
	if (is_text(g->options) && out.len && !g->options->output && !g->options->quiet)
		fputc('\n', stdout);
	struct error *err = output_write(g->options->output, &out);
	buffer_release(&out);
	return err;
}

static struct error *save_findings(struct gathered *g)
{
	struct error *err = NULL;
	for (size_t i = 0; i < g->options->save.nr && !err; i++) {
		struct buffer out = BUFFER_INIT;
		struct line_source lines;
		const char *format, *path;
		if (!output_parse_save(g->options->save.items[i], &format, &path))
			continue; /* check_options has seen them */
		line_source_init(&lines, g->ws->snapshot);
		output_format(&out, format, g->reviews, g->nr, false, &lines);
		line_source_release(&lines);
		err = output_write(path, &out);
		buffer_release(&out);
	}
	return err;
}

/* *SAYS becomes what the summary says about the commit, or the pull request. */
static struct error *commit_reports(struct gathered *g, const struct session_totals *t,
				    const char **says)
{
	struct proposing *proposing = g->options->proposing;
	*says = "nothing is committed";
	if (proposing) {
		struct error *err = proposing_end(proposing, g, t);
		*says = proposing->says.data;
		return err;
	}
	if (!g->options->commit)
		return NULL;
	struct buffer message = BUFFER_INIT;
	bool made = false;
	run_add_commit_message(&message, g, t);
	struct error *err = commit_paths(g->ws->repo, slice_of(&t->written), message.data, &made);
	buffer_release(&message);
	*says = made ? "committed" : "they are committed already";
	return err || !made ? err : notes_after_commit(g->ws);
}

/* After an error the journal keeps what was paid for, and the next run knows from it whose reports
 * may be missing from the work tree or from their commit. */
static struct error *commit_records(struct workspace *ws, const struct session_totals *t)
{
	char *message = xstrfmt("Review %zu paper%s", t->papers, t->papers == 1 ? "" : "s");
	struct error *err = records_commit(ws->records, message);
	free(message);
	return err;
}

static int exit_status_of(const struct gathered *g, const struct session_totals *t)
{
	int level = policy_fail_level(&g->ws->policy, g->options->fail_on);
	if (level != FAIL_ON_NEVER && g->worst >= level)
		return EXIT_FINDINGS;
	if (t->over_budget)
		return EXIT_BUDGET;
	bool waits = t->waiting && g->options->batch != 1; /* which is what --batch is there for */
	return t->incomplete || t->cancelled || waits || g->ws->nr_absent ? EXIT_INCOMPLETE : EXIT_DONE;
}

/* -- the run ---------------------------------------------------------------------------------- */

/* What a run that was killed at its very end has left, such as its page of the ledger, is committed here. Facts of
 * a run are not: the reports of that one may be missing. */
static void commit_leftovers(struct workspace *ws)
{
	struct strmap pending = STRMAP_INIT;
	struct error *err = records_pending(ws->records, REVIEW_RUN_NAME, &pending);
	if (!err && !pending.nr)
		err = records_commit(ws->records, "Record what was left");
	strmap_release(&pending, NULL);
	/* It stays where it is, for a run that can write. */
	if (err)
		trace_printf("%s", err->message);
	error_free(err);
}

static struct error *check_proposal_options(const struct run_options *o)
{
	if (!o->pr && (o->draft >= 0 || o->labels.nr || o->pull_reviewers.nr))
		return error_with_hint(error_new(ERROR_USAGE, "--draft, --label and --reviewer are of a pull request: they go "
						 "with --pr"), "models are named with --reviewers");
	if (o->pr && o->commit)
		return error_new(ERROR_USAGE, "--pr and --commit contradict each other: choose one place for the reports");
	if (o->pr && !o->write)
		return error_new(ERROR_USAGE, "--pr and --no-write contradict each other");
	if (o->pr && (o->staged || o->at))
		return error_new(ERROR_USAGE, "--pr looks at the papers as they are at HEAD: leave out %s",
				 o->staged ? "--staged" : "--at");
	return NULL;
}

static struct error *check_options(const struct run_options *o, struct repo *repo)
{
	struct error *err = check_proposal_options(o);
	if (err)
		return err;
	if (o->commit && !o->write)
		return error_new(ERROR_USAGE, "--commit and --no-write contradict each other");
	if (o->since && o->all)
		return error_new(ERROR_USAGE, "--since and --all contradict each other");
	if (o->at && (o->commit || o->write))
		return error_with_hint(error_new(ERROR_USAGE, "papers as they are at a commit (--at) have no place "
							      "for reports in the work tree"),
				       "add --no-write to print them");
	if (o->write && !o->dry_run && !o->pr && !repo_work_tree(repo))
		return error_with_hint(error_new(ERROR_GENERIC, "a bare repository has no place for "
								"reports"),
				       "add --no-write to print them");
	for (size_t i = 0; i < o->save.nr; i++) {
		const char *format, *path;
		if (!output_parse_save(o->save.items[i], &format, &path))
			return error_with_hint(error_new(ERROR_USAGE, "--save=%s names no format and file", o->save.items[i]),
					       "as in --save=sarif:scrutiny.sarif");
	}
	/* A mistake in them is told also when there is nothing to do. */
	struct model_engine_settings unused = { 0 };
	return engine_settings_read(&unused, repo, o->deadline);
}

static enum session_asking asking_of(const struct run_options *o)
{
	if (o->collecting)
		return SESSION_ASK_NOTHING;
	return o->batch == 1 ? SESSION_ASK_BATCH : SESSION_ASK_LIVE;
}

static struct error *review_papers(struct gathered *g, int *exit_status)
{
	struct workspace *ws = g->ws;
	struct session_totals totals;
	struct session_settings settings = workspace_session(ws);
	settings.adjudicator = workspace_adjudicator(ws);
	settings.neighbours = &ws->papers;
	settings.engine.http = workspace_http_settings(ws->repo);
	settings.limits = g->limits;
	settings.program_version = VERSION;
	settings.asking = asking_of(g->options);
	settings.write = g->options->write;
	settings.write_to = g->options->proposing ? g->options->proposing->scratch.path : NULL;
	settings.on_result = on_result;
	settings.on_progress = on_progress;
	settings.on_failure = on_failure;
	settings.on_warning = on_warning;
	settings.on_damaged = on_damaged;
	settings.on_waiting = on_waiting;
	settings.on_note = on_note;
	settings.may_ask = g->options->sharing ? may_ask : NULL;
	settings.data = g;
	struct error *err = engine_settings_read(&settings.engine, ws->repo, g->options->deadline);
	if (!err)
		err = workspace_open_prompt_log(ws);
	if (err)
		return err;
	settings.prompt_log = ws->prompt_log;
	if (!g->options->present)
		workspace_hint_at_records(ws);
	workspace_warn_of_access(ws);
	context_catch_signals(ws->ctx);
	settings.stop = ws->ctx->stop;
	err = session_run(&settings, g->papers, g->nr, &totals);
	clear_progress(g);
	const char *committed = NULL;
	if (!err)
		err = print_findings(g, &totals);
	if (!err)
		err = save_findings(g);
	if (!err)
		err = commit_reports(g, &totals, &committed);
	if (!err)
		err = commit_records(ws, &totals);
	if (!err && g->options->proposing && !is_text(g->options) && !g->options->quiet)
		on_note(g, false, committed); /* no part of the data */
	if (!err && is_text(g->options)) {
		if (!g->options->quiet)
			run_print_summary(g, &totals, committed);
		print_flush();
		if (!g->options->quiet)
			run_print_hints(g);
	}
	if (!err) {
		money_say_stopped(&totals);
		run_say_interrupted(g, &totals);
	}
	*exit_status = exit_status_of(g, &totals);
	session_totals_release(&totals);
	return err;
}

static int longest_name(const struct paper *const *papers, size_t nr)
{
	size_t width = 1;
	for (size_t i = 0; i < nr; i++) {
		size_t len = strlen(papers[i]->path);
		if (len > width && len <= 48)
			width = len;
	}
	return (int)width;
}

struct error *run_review(struct workspace *ws, const struct run_options *o,
			 const struct budget_limits *limits, const struct paper *const *papers, size_t nr,
			 int *exit_status)
{
	bool to_file = o->output && strcmp(o->output, "-");
	struct gathered g = {
		.ws = ws,
		.options = o,
		.limits = limits,
		.papers = papers,
		.nr = nr,
		.reviews = xcalloc(nr + 1, sizeof(struct review *)),
		.color = context_color(ws->ctx, o->color, to_file ? -1 : STDOUT_FILENO),
		.worst = -1,
		.name_width = longest_name(papers, nr),
	};
	struct error *err = o->sharing ? sharing_claim(o->sharing, papers, nr) : NULL;
	if (!err)
		err = review_papers(&g, exit_status);
	for (size_t i = 0; i < nr; i++) {
		if (g.reviews[i])
			review_release(g.reviews[i]);
		free(g.reviews[i]);
	}
	free(g.reviews);
	return err;
}

static struct error *review_and_propose(struct workspace *ws, const struct run_options *o,
					const struct budget_limits *limits, const struct paper *const *papers, size_t nr,
					int *exit_status)
{
	struct error *err = o->proposing ? proposing_lay_out(o->proposing, ws->snapshot, papers, nr) : NULL;
	return err ? err : run_review(ws, o, limits, papers, nr, exit_status);
}

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv,
			 int *exit_status)
{
	const struct run_options *o = options;
	struct workspace ws;
	struct sharing sharing = { 0 };
	struct proposing proposing = { .scratch = SCRATCH_INIT, .says = BUFFER_INIT };
	struct run_options shared = *o;
	struct budget_limits limits;
	const struct paper **papers = NULL;
	size_t nr = 0;
	struct selection sel = { .since = o->since, .staged = o->staged, .all = o->all, .unreported = o->pr,
				 .paths = argv, .nr_paths = argc };
	struct take_in how = { .cancel = o->batch == 0, .quiet = o->quiet };
	struct collect_totals collected = { .content_ids = STRMAP_INIT };
	struct error *err = workspace_open(&ws, ctx, &(struct workspace_view){ o->staged, o->pr ? "HEAD" : o->at });
	if (!err)
		err = check_options(o, ws.repo);
	if (!err && o->pr && !o->dry_run)
		err = proposing_begin(&proposing, ctx, o);
	shared.proposing = o->pr && !o->dry_run ? &proposing : NULL;
	if (!err)
		err = money_limits(&limits, &ws, o->max_cost);
	if (!err)
		err = workspace_find_models(&ws, o->reviewers, o->checks_only);
	if (!err)
		err = workspace_find_adjudicator(&ws, o->adjudicate, o->checks_only);
	if (!err)
		err = workspace_find_tasks(&ws, o->tasks);
	if (!err && !o->dry_run)
		err = take_in_batches(&ws, &how, &collected);
	if (!err)
		err = sharing_begin(&sharing, &ws, o->dry_run ? NULL : o->sync);
	shared.sharing = sharing.remote ? &sharing : NULL;
	if (!err)
		err = workspace_select(&ws, &sel, &papers, &nr);
	/* Also when nothing is left to do: that reviewer has not seen the papers. */
	*exit_status = ws.nr_absent ? EXIT_INCOMPLETE : EXIT_DONE;
	if (!err && !o->dry_run)
		workspace_say_absent(&ws);
	if (!err && !nr && !o->dry_run)
		commit_leftovers(&ws);
	if (!err && o->dry_run)
		err = plan_print(&ws, papers, nr, &limits, &(struct plan_view){ .batch = o->batch == 1 });
	else if (!err && !nr && is_text(o) && !o->save.nr)
		run_print_up_to_date(&ws, o->commit, o->quiet);
	else if (!err)
		err = review_and_propose(&ws, &shared, &limits, papers, nr, exit_status);
	sharing_end(&sharing);
	proposing_release(&proposing);
	free(papers);
	collect_totals_release(&collected);
	workspace_release(&ws);
	return err;
}

static const char *const fail_on_choices[] = { "error", "warning", "note", "never", NULL };

static const struct option options[] = {
	{ OPTION_GROUP, 0, NULL, 0, NULL, "Which papers" },
	{ OPTION_STRING, 0, "since", offsetof(struct run_options, since), "<rev>",
	  "papers that differ from what stands at <rev>", NULL, NULL, "rev" },
	{ OPTION_BOOL, 0, "staged", offsetof(struct run_options, staged), NULL,
	  "papers whose staged content differs from HEAD",
	  "Looks at the index instead of the work tree, and at the papers in which it differs from "
	  "HEAD (or from `--since`)." },
	{ OPTION_STRING, 0, "at", offsetof(struct run_options, at), "<rev>",
	  "papers as they are at the commit <rev>, not in the work tree; with --no-write",
	  NULL, NULL, "rev" },
	{ OPTION_BOOL, 'a', "all", offsetof(struct run_options, all), NULL,
	  "every paper; what is recorded is not asked for again" },
	{ OPTION_GROUP, 0, NULL, 0, NULL, "Who reviews" },
	{ OPTION_STRING, 0, "reviewers", offsetof(struct run_options, reviewers), "<list>",
	  "ask these models, separated by commas",
	  "Asks these models, separated by commas and spelled <provider>/<model>, such as "
	  "`ollama/llama3.1` or `openai/gpt-6-luna`. Overrides git config scrutiny.reviewers, and that "
	  "overrides `reviewers:` of .scrutiny.yml. Without any of them an Ollama on this machine is used "
	  "when it answers and has a model. `local` alone asks those of them that are on this machine and have no "
	  "price, and nobody else. The built-in checks always run.",
	  NULL, "model" },
	{ OPTION_STRING, 0, "tasks", offsetof(struct run_options, tasks), "<list>",
	  "what to ask them: summary, correctness, experiments, novelty, clarity, or review",
	  "Asks these tasks, separated by commas: summary (and scores), correctness (arguments and "
	  "proofs), experiments (and statistics), novelty (and related work), clarity; or review, all of "
	  "them in one question. Overrides git config scrutiny.tasks, and that overrides `tasks:` of "
	  ".scrutiny.yml. Without any of them a model on this machine gets the one question, any other "
	  "model all five. A paper that is recorded without a task is asked for that task only, when it "
	  "is named or with `--all`." },
	{ OPTION_BOOL, 0, "checks-only", offsetof(struct run_options, checks_only), NULL,
	  "run the built-in checks and ask no model" },
	{ OPTION_SWITCH, 0, "batch", offsetof(struct run_options, batch), NULL,
	  "ask in batches, at half price; --no-batch gives up those under way",
	  "Hands the questions to the models' providers as batches (OpenAI, Anthropic, Gemini): they are "
	  "answered within a day, mostly much sooner, at half the price. `git scrutiny collect` takes in the "
	  "answers and writes the reports; so does a later run. Models whose providers have no batches are "
	  "asked at once. What waits in a batch is not asked a second time; with `--no-batch` the batches of "
	  "the models that are asked are cancelled, what they have answered is kept, and the rest is "
	  "asked at once." },
	{ OPTION_STRING, 0, "max-cost", offsetof(struct run_options, max_cost), "<usd>",
	  "spend at most this on the run, in US dollars",
	  "Spends at most this many US dollars on the run; `none` sets no limit. What a request can "
	  "cost at most is set aside before it is sent; one for which too little is left is not sent, and "
	  "the exit status is 3. Overrides git config scrutiny.budget.run; the limits of a "
	  "paper, a day and a month hold besides. See `git scrutiny cost`." },
	{ OPTION_STRING, 0, "adjudicate", offsetof(struct run_options, adjudicate), "<model>",
	  "let this model rule upon what the others found",
	  "Shows this model the findings of all others when they are merged, and keeps what it says of each. "
	  "Its rulings stand beside the findings; they take nothing away and change nothing. Overrides git config "
	  "scrutiny.adjudicate, and that overrides `adjudicate:` of .scrutiny.yml; `none` is nobody.",
	  NULL, "model" },
	{ OPTION_STRING, 0, "deadline", offsetof(struct run_options, deadline), "<time>",
	  "stop asking after this time: 90s, 15m, 2h",
	  "What has not been answered then is told as incomplete; the next run asks for it. Overrides git "
	  "config scrutiny.deadline. Without either there is no such limit." },
	{ OPTION_GROUP, 0, NULL, 0, NULL, "What becomes of it" },
	{ OPTION_OPTIONAL_STRING, 0, "sync", offsetof(struct run_options, sync), "<remote>",
	  "share records with other clones: fetch before, push afterwards",
	  "Fetches the records of <remote> before the run and pushes them afterwards, and tells other clones "
	  "meanwhile, in refs/scrutiny/claims there, which papers are worked on here: of two that start at the same "
	  "time one asks, and the other waits and takes over the answers. Such a claim ends with the run, or half an "
	  "hour after it was last heard of. git config scrutiny.recordsSync=true does so in every run; <remote> is "
	  "chosen as by `git scrutiny records`." },
	{ OPTION_BOOL, 'n', "dry-run", offsetof(struct run_options, dry_run), NULL,
	  "show what would be done, with tokens and cost; as `git scrutiny plan`" },
	{ OPTION_BOOL, 0, "commit", offsetof(struct run_options, commit), NULL,
	  "commit the reports and meta.yaml, and nothing else" },
	{ OPTION_OPTIONAL_STRING, 0, "pr", offsetof(struct run_options, pr), "<branch>",
	  "propose the reports as a pull request, beside the work tree",
	  "Reviews the papers as they are at HEAD and proposes their reports: a commit on the branch <branch> "
	  "(git config scrutiny.pr.branch, else scrutiny/ and the branch it is to go into) is pushed to the remote of the branch "
	  "that is checked out, and a pull request is opened there, or brought up to date (GitHub, Gitea, Forgejo, "
	  "GitLab). It is to go into the branch that is checked out, as it is called at the remote, or "
	  "git config scrutiny.pr.base. Work tree, index and "
	  "branches here stay as they are. HEAD must have been pushed. Where no forge is known behind the remote the branch "
	  "is pushed and nothing else." },
	{ OPTION_SWITCH, 0, "draft", offsetof(struct run_options, draft), NULL,
	  "open the pull request as a draft",
	  "Opens the pull request as a draft; git config scrutiny.pr.draft=true always does. One that is open stays as it is." },
	{ OPTION_STRINGS, 0, "label", offsetof(struct run_options, labels), "<name>",
	  "put this label on the pull request; may be given again",
	  "Puts this label on the pull request; may be given again, or be several with commas. Overrides git config "
	  "scrutiny.pr.labels." },
	{ OPTION_STRINGS, 0, "reviewer", offsetof(struct run_options, pull_reviewers), "<user>",
	  "ask this person to look at the pull request; may be given again",
	  "Asks this user of the forge, or on GitHub team:<name>, to look at the pull request; may be given again, or be "
	  "several with commas. Overrides git config scrutiny.pr.reviewers. Not to be mixed up with `--reviewers`, the models." },
	{ OPTION_BOOL, 0, "write", offsetof(struct run_options, write), NULL,
	  "write reports and meta.yaml (default); --no-write only prints",
	  "Writes scrutiny.md, scrutiny.json and the scrutiny section of meta.yaml into the papers' "
	  "folders; this is the default. With `--no-write` findings are printed only; "
	  "what models answered is still recorded, so that it is never paid for again." },
	{ OPTION_CHOICE, 0, "fail-on", offsetof(struct run_options, fail_on), "<level>",
	  "exit with 1 at findings of this level: error, warning, note, never",
	  "The exit status is 1 when there is a verified finding at or above this level: error "
	  "(the default), warning, note or never. What a single model claims is never enough.",
	  fail_on_choices },
	{ OPTION_GROUP, 0, NULL, 0, NULL, "Output" },
	{ OPTION_CHOICE, 0, "format", offsetof(struct run_options, format), "<format>",
	  "text (default), md, json, sarif, rdjsonl, github or summary", NULL, output_formats },
	{ OPTION_STRING, 'o', "output", offsetof(struct run_options, output), "<file>",
	  "print findings into a file instead of standard output", NULL, NULL, "file" },
	{ OPTION_STRINGS, 0, "save", offsetof(struct run_options, save), "<format>:<file>",
	  "also write the findings into this file, in this format",
	  "Writes the findings into <file>, too, in <format>, one of those of `--format`. May be given again: one run "
	  "leaves the listing for people, SARIF for a code-scanning service and a summary for a job." },
	{ OPTION_BOOL, 'q', "quiet", offsetof(struct run_options, quiet), NULL,
	  "print findings and warnings only" },
	{ OPTION_CHOICE, 0, "color", offsetof(struct run_options, color), "<when>",
	  "colour the output: always, never or auto", NULL, color_choices },
	{ .kind = OPTION_END },
};

static const struct run_options defaults = {
	.sync = sharing_as_configured, .write = true, .batch = -1, .draft = -1, .format = "text",
};
static const char *const usage[] = { "[<options>] [<paper>...]", NULL };

static const struct example examples[] = {
	{ "git scrutiny", "Review every paper that changed since it was last reviewed." },
	{ "git scrutiny run --since=main --no-write", "Check what this branch changes; print only." },
	{ "git scrutiny run --pr --label=review", "Review what was pushed, and propose the reports as a pull request." },
	{ "git scrutiny run --commit theory/tilings", "Review one paper and commit its report." },
	{ "git scrutiny run --all --format=sarif -o scrutiny.sarif",
	  "Everything, for a code-scanning service." },
	{ NULL, NULL },
};

const struct command cmd_run = {
	.name = "run",
	.summary = "review papers and write their reports",
	.usage = usage,
	.description =
		"Reviews papers with the built-in checks and with the models that are configured, merges "
		"what they say, and writes a report into each paper's folder. Without options: every paper "
		"that has no up-to-date review. A paper is named by its folder, by a file in it, "
		"or by a pathspec.\n\n"
		"Every answer of a model is kept in refs/scrutiny/records as soon as it is whole. What is "
		"recorded for a paper's present content is never asked for again; a run that was "
		"interrupted is carried on by the next.",
	.options = options,
	.options_size = sizeof(struct run_options),
	.defaults = &defaults,
	.examples = examples,
	.run = run,
};
