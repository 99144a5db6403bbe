/* log: how the findings of papers developed over commits. */
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include "base/memory.h"
#include "base/text.h"
#include "cmd/output.h"
#include "cmd/since.h"
#include "cmd/table.h"
#include "cmd/version_json.h"
#include "cmd/workspace.h"
#include "history/development.h"

#define FORMAT 1
#define DAY_LENGTH 10
#define AUTHOR_WIDTH 20
#define SUBJECT_WIDTH 60

struct log_options {
	int64_t limit;
	const char *since, *at, *format;
	bool recorded, first_parent;
};

struct paper_log {
	const struct paper *paper;
	struct paper_history *history;
	struct development *items;
	size_t nr;
};

/* -- text --------------------------------------------------------------------------------------- */

/* S, cut to WIDTH characters, as it may be shown. */
static void add_cell(struct table *t, const char *s, size_t width)
{
	struct buffer cell = BUFFER_INIT;
	size_t at = 0, len = strlen(s), nr = 0;
	uint32_t cp;
	while (at < len && nr++ < width)
		at += utf8_decode(s + at, len - at, &cp);
	text_for_terminal(&cell, s, at, false);
	if (at < len)
		buffer_addstr(&cell, "\xe2\x80\xa6");
	table_add(t, cell.data ? cell.data : "");
	buffer_release(&cell);
}

static void add_commit(struct table *t, const struct development *d)
{
	const struct version *v = d->version;
	if (!v->commit.hex[0]) {
		table_add(t, "not committed");
		table_add(t, "");
		table_add(t, "");
		return;
	}
	char *id = xstrfmt("%s%s", d->end ? "^" : "", v->shortened);
	table_add(t, id);
	free(id);
	char *day = xmemdupz(v->date, strnlen(v->date, DAY_LENGTH));
	table_add(t, day);
	free(day);
	add_cell(t, v->author, AUTHOR_WIDTH);
}

static void add_changes(struct table *t, const struct development *d)
{
	struct buffer cell = BUFFER_INIT;
	if (d->nr_new && !d->first)
		buffer_addf(&cell, "+%zu new", d->nr_new);
	if (d->nr_fixed)
		buffer_addf(&cell, "%s-%zu fixed", cell.len ? " " : "", d->nr_fixed);
	table_add(t, d->first ? "first" : cell.len ? cell.data : "");
	buffer_release(&cell);
}

static void add_source(struct table *t, const struct development *d)
{
	struct buffer cell = BUFFER_INIT;
	if (d->source == COMPARE_CHECKS)
		buffer_addstr(&cell, "checks");
	else if (d->source != COMPARE_NOTHING && d->cost_usd > 0)
		text_dollars(&cell, d->cost_usd);
	else if (d->source != COMPARE_NOTHING)
		buffer_addstr(&cell, "reviewed");
	table_add(t, cell.data ? cell.data : "");
	buffer_release(&cell);
}

static void add_row(struct table *t, const struct development *d)
{
	struct buffer words = BUFFER_INIT;
	add_commit(t, d);
	if (*d->content_id)
		known_words(&words, d->verdict, d->counts);
	else
		buffer_addstr(&words, "not there");
	table_add(t, words.data);
	add_changes(t, d);
	add_source(t, d);
	add_cell(t, d->version->subject, SUBJECT_WIDTH);
	buffer_release(&words);
}

/* Papers of which no version is listed are left out. */
static void add_text(struct buffer *out, const struct paper_log *logs, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		struct table t = TABLE_INIT(7);
		t.left = ~(uint64_t)0;
		if (!logs[i].nr)
			continue;
		if (nr > 1) {
			buffer_addstr(out, out->len ? "\n" : "");
			add_paper_name(out, logs[i].paper);
			buffer_addch(out, '\n');
		}
		for (size_t k = 0; k < logs[i].nr; k++)
			add_row(&t, &logs[i].items[k]);
		if (t.nr)
			table_print(out, &t);
		table_release(&t);
	}
}

/* -- JSON --------------------------------------------------------------------------------------- */

static void put_row(struct json_writer *w, const struct development *d)
{
	json_begin_object(w);
	put_version_commit(w, d->version);
	json_put_string(w, "content_id", *d->content_id ? d->content_id : NULL);
	json_put_string(w, "source", compare_source_name(d->source));
	json_put_string(w, "verdict", d->verdict);
	json_put_integer(w, "errors", (int64_t)d->counts[SEVERITY_ERROR]);
	json_put_integer(w, "warnings", (int64_t)d->counts[SEVERITY_WARNING]);
	json_put_integer(w, "notes", (int64_t)d->counts[SEVERITY_NOTE]);
	json_put_integer(w, "unverified", (int64_t)d->nr_unverified);
	json_put_integer(w, "new", (int64_t)d->nr_new);
	json_put_integer(w, "fixed", (int64_t)d->nr_fixed);
	json_put_bool(w, "boundary", d->end);
	json_key(w, "cost_usd");
	if (d->cost_usd < 0)
		json_null(w);
	else
		json_number(w, d->cost_usd);
	json_end_object(w);
}

static void add_json(struct buffer *out, const struct paper_log *logs, size_t nr)
{
	struct json_writer w;
	json_writer_init(&w, out, true);
	json_begin_object(&w);
	json_put_integer(&w, "format", FORMAT);
	json_key(&w, "papers");
	json_begin_array(&w);
	for (size_t i = 0; i < nr; i++) {
		json_begin_object(&w);
		json_put_string(&w, "paper", *logs[i].paper->path ? logs[i].paper->path : ".");
		json_key(&w, "versions");
		json_begin_array(&w);
		for (size_t k = 0; k < logs[i].nr; k++)
			put_row(&w, &logs[i].items[k]);
		json_end_array(&w);
		json_end_object(&w);
	}
	json_end_array(&w);
	json_end_object(&w);
	buffer_addch(out, '\n');
}

/* -- the command -------------------------------------------------------------------------------- */

static struct error *list_paper(struct paper_log *log, struct workspace *ws, const struct log_options *o,
				const struct oid *commit, const struct development_settings *wanted)
{
	struct history_settings settings = {
		.repo = ws->repo,
		.snapshot = ws->snapshot,
		.commit = *commit,
		.folder = log->paper->path,
		.rules = &ws->rules,
		.first_parent = o->first_parent,
		.families = CHECK_ALL_FAMILIES,
		.stop = ws->ctx->stop,
	};
	log->history = history_new(&settings);
	return development_list(log->history, wanted, &log->items, &log->nr);
}

static void say_limits(struct context *ctx, const struct paper_log *logs, size_t nr)
{
	bool end = false;
	for (size_t i = 0; i < nr; i++)
		for (size_t k = 0; k < logs[i].nr; k++)
			end |= logs[i].items[k].end;
	if (end)
		say_hint(ctx, "^ marks where the history ends here: what came before is not in this clone");
}

static struct error *log_all(struct workspace *ws, const struct log_options *o, const struct paper *const *papers,
			     size_t nr)
{
	struct paper_log *logs = xcalloc(nr + 1, sizeof(*logs));
	struct development_settings wanted = { .store = ws->records, .limit = (size_t)o->limit, .recorded = o->recorded };
	struct oid commit = { "" };
	struct buffer out = BUFFER_INIT;
	bool as_json = o->format && !strcmp(o->format, "json");
	struct error *err = o->at ? repo_resolve_commit(ws->repo, o->at, &commit) : repo_head(ws->repo, &commit);
	if (!err && o->since)
		err = since_parse(ws->repo, o->since, (int64_t)time(NULL), &wanted.since);
	for (size_t i = 0; i < nr && !err; i++) {
		logs[i].paper = papers[i];
		err = list_paper(&logs[i], ws, o, &commit, &wanted);
	}
	if (!err && as_json) {
		add_json(&out, logs, nr);
		print_buffer(&out);
	} else if (!err) {
		add_text(&out, logs, nr);
		job_log_defuse(&out, 0);
		if (!out.len)
			fprintf(stderr, "%s\n", nr ? "no version is known that was asked for" : "no papers here");
		err = output_paged(ws->repo, &out);
	}
	if (!err && !as_json)
		say_limits(ws->ctx, logs, nr);
	for (size_t i = 0; i < nr; i++) {
		free(logs[i].items);
		history_free(logs[i].history);
	}
	free(logs);
	buffer_release(&out);
	return err;
}

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv, int *exit_status)
{
	const struct log_options *o = options;
	struct workspace ws = { .ctx = ctx };
	struct workspace_view view = { .at = o->at };
	const struct paper **papers = NULL;
	size_t nr = 0;
	struct error *err = NULL;
	(void)exit_status;
	context_catch_signals(ctx);
	if (o->limit < 0)
		err = error_new(ERROR_USAGE, "-n takes a number of versions");
	if (!err)
		err = workspace_open(&ws, ctx, &view);
	struct selection sel = { .all = true, .paths = argv, .nr_paths = argc };
	if (!err)
		err = workspace_select(&ws, &sel, &papers, &nr);
	if (!err)
		err = log_all(&ws, o, papers, nr);
	free(papers);
	workspace_release(&ws);
	return err;
}

static const char *const formats[] = { "text", "json", NULL };

static const struct option options[] = {
	{ OPTION_GROUP, 0, NULL, 0, NULL, "Which versions" },
	{ OPTION_INTEGER, 'n', "max-count", offsetof(struct log_options, limit), "<number>",
	  "the newest <number> of each paper" },
	{ OPTION_STRING, 0, "since", offsetof(struct log_options, since), "<date>",
	  "none before <date>, as git reads dates" },
	{ OPTION_BOOL, 0, "recorded", offsetof(struct log_options, recorded), NULL,
	  "only versions that were reviewed" },
	{ OPTION_STRING, 0, "at", offsetof(struct log_options, at), "<rev>",
	  "begin with <rev> instead of the work tree", NULL, NULL, "rev" },
	{ OPTION_BOOL, 0, "first-parent", offsetof(struct log_options, first_parent), NULL,
	  "follow only the first parent of merges" },
	{ OPTION_GROUP, 0, NULL, 0, NULL, "Output" },
	{ OPTION_CHOICE, 0, "format", offsetof(struct log_options, format), "<format>", "text (default) or json", NULL,
	  formats },
	{ .kind = OPTION_END },
};

static const char *const usage[] = { "[<options>] [<paper>...]", NULL };

static const struct example examples[] = {
	{ "git scrutiny log theory/tilings", "How a paper came to be what it is." },
	{ "git scrutiny log -n 3", "The last three versions of every paper." },
	{ "git scrutiny log --recorded --format=json theory/tilings", "What its reviews found and cost, for programs." },
	{ NULL, NULL },
};

const struct command cmd_log = {
	.name = "log",
	.summary = "show how a paper's findings developed over commits",
	.usage = usage,
	.description =
		"Shows the commits that changed a paper, newest first: what is found in that version, how many findings "
		"came with it (`+2 new`) and went (`-1 fixed`), and what its review cost. Without a paper: of all papers, "
		"one after the other. Commits that changed nothing of what a review is about (a report, a note beside "
		"the paper) are left out.\n\n"
		"What is known of a version comes from its records, or from the report that was committed with it. Where "
		"there is neither, the built-in checks are run on it now, and the line says `checks`. No model is asked. "
		"Two versions are compared by those reviewers that looked at both.",
	.options = options,
	.options_size = sizeof(struct log_options),
	.examples = examples,
	.run = run,
};
