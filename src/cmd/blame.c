/* blame: which commit brought each finding in. */
#include "cmd/blame.h"

#include <stddef.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/text.h"
#include "cmd/output.h"

#define MIN_ID_DIGITS 4

struct blame_options {
	const char *rule, *at, *format, *color;
	bool porcelain, staged, first_parent;
};

/* What findings are asked about; all when nothing is set. */
struct filter {
	const char *rule;
	const char *id;     /* its first digits */
	char *path;         /* from the top */
	size_t line;        /* 0: any */
};

/* -- what is asked ------------------------------------------------------------------------------ */

static bool is_id_like(const char *word)
{
	size_t len = strlen(word);
	return len >= MIN_ID_DIGITS && len <= 12 && strspn(word, "0123456789abcdef") == len;
}

/* "<file>:<line>": where the colon is; NULL when WORD is something else. */
static const char *line_colon(const char *word)
{
	const char *colon = strrchr(word, ':');
	if (!colon || colon == word || !colon[1] || strspn(colon + 1, "0123456789") != strlen(colon + 1) ||
	    strlen(colon + 1) > 9)
		return NULL;
	return colon;
}

static struct error *take_line(struct filter *f, const struct workspace *ws, const char *word, const char *colon,
			       char **paper)
{
	char *typed = xmemdupz(word, (size_t)(colon - word));
	struct buffer path = BUFFER_INIT;
	struct error *err = NULL;
	if (!workspace_path(ws, typed, &path))
		err = error_new(ERROR_USAGE, "'%s' leads out of the repository", typed);
	f->path = buffer_detach(&path, NULL);
	f->line = (size_t)strtoul(colon + 1, NULL, 10);
	*paper = typed;
	if (!err && !f->line)
		err = error_new(ERROR_USAGE, "lines count from 1: '%s'", word);
	return err;
}

/* One argument; *PAPER is what names a paper, malloc'd, or NULL. */
static struct error *take_argument(struct filter *f, const struct workspace *ws, const char *word, char **paper)
{
	const char *colon = line_colon(word);
	*paper = NULL;
	if (workspace_path_exists(ws, word)) {
		*paper = xstrdup(word);
		return NULL;
	}
	if (!colon && !is_id_like(word)) {
		*paper = xstrdup(word);
		return NULL;
	}
	if (f->id || f->path)
		return error_new(ERROR_USAGE, "one finding or one line at a time: '%s' is a second one", word);
	if (colon)
		return take_line(f, ws, word, colon, paper);
	f->id = word;
	return NULL;
}

static bool is_wanted(const struct filter *f, const struct consensus_finding *finding)
{
	const struct finding *lead = &finding->lead;
	size_t last = lead->end_line > lead->line ? lead->end_line : lead->line;
	if (f->rule && (!lead->rule || strcmp(f->rule, lead->rule)))
		return false;
	if (f->id && strncmp(finding->id, f->id, strlen(f->id)))
		return false;
	return !f->path || (lead->path && !strcmp(lead->path, f->path) && lead->line <= f->line && f->line <= last);
}

/* -- one paper ---------------------------------------------------------------------------------- */

static int compare_rows(const void *a, const void *b)
{
	const struct finding *x = &((const struct blame_row *)a)->finding->lead;
	const struct finding *y = &((const struct blame_row *)b)->finding->lead;
	int order = strcmp(x->path ? x->path : "", y->path ? y->path : "");
	if (!order)
		order = (x->start > y->start) - (x->start < y->start);
	return order ? order : strcmp(((const struct blame_row *)a)->finding->id, ((const struct blame_row *)b)->finding->id);
}

static void choose(struct blame_paper *p, const struct filter *filter)
{
	const struct consensus *c = &p->known.consensus;
	p->rows = xcalloc(c->nr + 1, sizeof(*p->rows));
	for (size_t i = 0; i < c->nr; i++)
		if (is_wanted(filter, &c->findings[i]))
			p->rows[p->nr++].finding = &c->findings[i];
	if (p->nr)
		qsort(p->rows, p->nr, sizeof(*p->rows), compare_rows);
}

/* The families and quotes that the rows need. */
static void set_need(struct blame_paper *p, struct history_settings *settings)
{
	p->quotes = xcalloc(p->nr + 1, sizeof(*p->quotes));
	for (size_t i = 0; i < p->nr; i++) {
		const struct finding *lead = &p->rows[i].finding->lead;
		if (lead->rule)
			settings->families |= check_family(lead->rule);
		else if (lead->quote && *lead->quote)
			p->quotes[settings->nr_quotes++] = lead->quote;
	}
	settings->quotes = p->quotes;
}

/* Numbers of findings are those of the first look. */
static struct error *set_items(struct blame_paper *p, struct blame_item *items, size_t *nr)
{
	const struct look *present;
	size_t quote = 0;
	struct error *err = history_present(p->history, &present);
	*nr = 0;
	for (size_t i = 0; i < p->nr && !err; i++) {
		const struct finding *lead = &p->rows[i].finding->lead;
		bool is_quote = !lead->rule;
		size_t number = lead->rule ? known_find(present, p->paper->path, lead)
					   : lead->quote && *lead->quote ? ++quote : 0;
		p->rows[i].item = number ? &items[*nr] : NULL;
		if (number)
			items[(*nr)++] = (struct blame_item){ .is_quote = is_quote, .number = number - 1 };
	}
	return err;
}

static struct error *blame_paper(struct blame_paper *p, struct workspace *ws, const struct blame_options *o,
				 const struct filter *filter, const struct oid *commit)
{
	struct history_settings settings = {
		.repo = ws->repo,
		.snapshot = ws->snapshot,
		.commit = *commit,
		.folder = p->paper->path,
		.rules = &ws->rules,
		.first_parent = o->first_parent,
		.stop = ws->ctx->stop,
	};
	size_t nr;
	struct error *err = known_load(&p->known, ws->records, ws->snapshot, p->paper, p->paper->path);
	if (err)
		return err;
	p->loaded = true;
	choose(p, filter);
	if (!p->nr)
		return NULL;
	set_need(p, &settings);
	p->history = history_new(&settings);
	p->items = xcalloc(p->nr + 1, sizeof(*p->items));
	err = set_items(p, p->items, &nr);
	return err ? err : blame_items(p->history, p->items, nr);
}

static void release_paper(struct blame_paper *p)
{
	history_free(p->history);
	free(p->items);
	free(p->rows);
	free(p->quotes);
	if (p->loaded)
		known_release(&p->known);
}

/* -- all of them -------------------------------------------------------------------------------- */

static struct error *check_options(const struct blame_options *o)
{
	if (o->porcelain && o->format && strcmp(o->format, "text"))
		return error_new(ERROR_USAGE, "--porcelain and --format contradict each other");
	if (o->rule && !check_rule_find(o->rule)) {
		return error_with_hint(error_new(ERROR_USAGE, "there is no rule '%s'", o->rule),
				       "`git scrutiny explain` lists them");
	}
	return NULL;
}

static struct error *nothing_found(const struct filter *f, const struct blame_paper *papers, size_t nr)
{
	size_t rows = 0;
	for (size_t i = 0; i < nr; i++)
		rows += papers[i].nr;
	if (rows || !f->id)
		return NULL;
	return error_with_hint(error_new(ERROR_NOT_FOUND, "no finding has an id that begins with '%s'", f->id),
			       "scrutiny.json has the ids; so has `git scrutiny blame --porcelain`");
}

static void say_limits(struct context *ctx, const struct blame_paper *papers, size_t nr)
{
	bool boundary = false, claims = false;
	for (size_t i = 0; i < nr; i++)
		for (size_t k = 0; k < papers[i].nr; k++) {
			const struct blame_row *row = &papers[i].rows[k];
			boundary |= row->item && row->item->boundary;
			claims |= !row->finding->lead.rule;
		}
	if (claims)
		say_hint(ctx, "~ marks what models found: since when the words they quote stand there; no model was asked "
			      "about earlier versions");
	if (boundary)
		say_hint(ctx, "^ marks where the history ends here: the finding may be older. `git fetch --unshallow`, or in "
			      "a partial clone `git fetch --refetch --no-filter`, gets the rest");
}

static struct error *blame_all(struct workspace *ws, const struct blame_options *o, const struct filter *filter,
			       const struct paper *const *papers, size_t nr)
{
	struct blame_paper *all = xcalloc(nr + 1, sizeof(*all));
	struct oid commit = { "" };
	struct buffer out = BUFFER_INIT;
	struct error *err = o->at ? repo_resolve_commit(ws->repo, o->at, &commit) : repo_head(ws->repo, &commit);
	for (size_t i = 0; i < nr && !err; i++) {
		all[i].paper = papers[i];
		err = blame_paper(&all[i], ws, o, filter, &commit);
	}
	if (!err)
		err = nothing_found(filter, all, nr);
	if (!err) {
		if (o->porcelain)
			blame_porcelain(&out, all, nr, repo_empty_tree(ws->repo));
		else if (o->format && !strcmp(o->format, "json"))
			blame_json(&out, all, nr);
		else {
			blame_text(&out, all, nr, context_color(ws->ctx, o->color, 1));
			job_log_defuse(&out, 0);
		}
		if (!out.len)
			fprintf(stderr, "%s\n", !nr ? "no papers here" : filter->path || filter->rule ? "no such finding" : "no findings");
		err = o->porcelain || o->format ? (print_buffer(&out), NULL) : output_paged(ws->repo, &out);
	}
	if (!err && !o->porcelain && !o->format)
		say_limits(ws->ctx, all, nr);
	for (size_t i = 0; i < nr; i++)
		release_paper(&all[i]);
	free(all);
	buffer_release(&out);
	return err;
}

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv, int *exit_status)
{
	const struct blame_options *o = options;
	struct workspace ws = { .ctx = ctx };
	struct filter filter = { .rule = o->rule };
	struct workspace_view view = { .staged = o->staged, .at = o->at };
	const struct paper **papers = NULL;
	char **named = xcalloc((size_t)argc + 1, sizeof(*named));
	size_t nr = 0;
	int nr_named = 0;
	(void)exit_status;
	context_catch_signals(ctx);
	struct error *err = check_options(o);
	if (!err)
		err = workspace_open(&ws, ctx, &view);
	for (int i = 0; i < argc && !err; i++) {
		err = take_argument(&filter, &ws, argv[i], &named[nr_named]);
		nr_named += named[nr_named] != NULL;
	}
	struct selection sel = { .all = true, .paths = (const char **)named, .nr_paths = nr_named };
	if (!err)
		err = workspace_select(&ws, &sel, &papers, &nr);
	if (!err)
		err = blame_all(&ws, o, &filter, papers, nr);
	free(papers);
	strings_free(named, (size_t)nr_named);
	free(filter.path);
	workspace_release(&ws);
	return err;
}

static const char *const formats[] = { "text", "json", NULL };

static const struct option options[] = {
	{ OPTION_GROUP, 0, NULL, 0, NULL, "Which findings" },
	{ OPTION_STRING, 0, "rule", offsetof(struct blame_options, rule), "<rule>", "those of one built-in rule", NULL, NULL,
	  "rule" },
	{ OPTION_STRING, 0, "at", offsetof(struct blame_options, at), "<rev>",
	  "those that the papers of <rev> have, instead of the work tree's", NULL, NULL, "rev" },
	{ OPTION_BOOL, 0, "staged", offsetof(struct blame_options, staged), NULL, "those of the index" },
	{ OPTION_GROUP, 0, NULL, 0, NULL, "History" },
	{ OPTION_BOOL, 0, "first-parent", offsetof(struct blame_options, first_parent), NULL,
	  "follow only the first parent of merges: the merge that brought it in, not the commit" },
	{ OPTION_GROUP, 0, NULL, 0, NULL, "Output" },
	{ OPTION_BOOL, 0, "porcelain", offsetof(struct blame_options, porcelain), NULL,
	  "a form for scripts that does not change",
	  "A form for scripts, in the manner of `git blame --line-porcelain`. After the line `# scrutiny-blame v1` each "
	  "finding is a line `<commit> <id> <severity> <rule> <line>` (a commit of zeros: not committed; `claim` "
	  "instead of a rule: a model's), lines of a keyword and a value, and a tab with the message." },
	{ OPTION_CHOICE, 0, "format", offsetof(struct blame_options, format), "<format>", "text (default) or json", NULL,
	  formats },
	{ OPTION_CHOICE, 0, "color", offsetof(struct blame_options, color), "<when>",
	  "colour the output: always, never or auto", NULL, color_choices },
	{ .kind = OPTION_END },
};

static const char *const usage[] = { "[<options>] [<paper>...] [<finding-id> | <file>:<line>]", NULL };

static const struct example examples[] = {
	{ "git scrutiny blame theory/tilings", "Which commit brought in what is found in a paper." },
	{ "git scrutiny blame paper/main.tex:112", "Since when line 112 has its findings." },
	{ "git scrutiny blame --rule=reference-undefined", "Of all papers, who left references without a label." },
	{ NULL, NULL },
};

const struct command cmd_blame = {
	.name = "blame",
	.summary = "show which commit brought each finding in",
	.usage = usage,
	.description =
		"Shows for each finding the commit, its author and date. No model is asked: the built-in checks are run on "
		"earlier versions of the paper, from the newest on, until the finding is not there. So it is found "
		"even where a commit raised it far away, such as one that deleted the label which a reference needs. "
		"A finding is the same as long as its rule and what it is about are, wherever it stands, also after the "
		"file or the paper's folder was renamed; one that went away and came back is blamed on the commit "
		"that brought it back.\n\n"
		"Of what models found it is told since when the words that they quote stand in the paper: these lines are "
		"marked `~`. With `^` the history ends there, in a shallow or partial clone: the finding may be "
		"older. Nothing is fetched.",
	.options = options,
	.options_size = sizeof(struct blame_options),
	.examples = examples,
	.run = run,
};
