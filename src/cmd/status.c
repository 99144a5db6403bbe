#include "cmd/workspace.h"

#include <stddef.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/terminal.h"
#include "base/text.h"
#include "hook/background.h"

struct status_options {
	bool porcelain, nul, all, checks_only;
	const char *reviewers;
	const char *color;
};

enum state { STATE_NEW, STATE_STALE, STATE_FRESH, STATE_UNREADABLE, STATE_IGNORED };

static const struct {
	const char *name;
	enum color color;
} states[] = {
	[STATE_NEW] = { "new", COLOR_YELLOW },
	[STATE_STALE] = { "stale", COLOR_RED },
	[STATE_FRESH] = { "fresh", COLOR_GREEN },
	[STATE_UNREADABLE] = { "unreadable", COLOR_RED },
	[STATE_IGNORED] = { "ignored", COLOR_DIM },
};

/* A paper that has a report in its folder was reviewed before; otherwise it is new. */
static enum state state_of(const struct workspace *ws, const struct paper *p)
{
	if (workspace_is_fresh(ws, p))
		return STATE_FRESH;
	if (p->nr_manuscripts && p->manuscripts[0].kind == MANUSCRIPT_PDF)
		return STATE_UNREADABLE;
	return *p->reported ? STATE_STALE : STATE_NEW;
}

static void add_line(struct buffer *out, const char *state, const char *path,
		     const struct status_options *o)
{
	buffer_addf(out, "%s %s", state, *path ? path : ".");
	buffer_addch(out, o->nul ? '\0' : '\n');
}

/* Without -z a path that could break a line is quoted as git quotes it. */
static void add_quoted(struct buffer *out, const char *path)
{
	bool plain = true;
	for (const char *p = path; *p; p++)
		plain &= (unsigned char)*p >= ' ' && *p != '"' && *p != '\\' && *p != 0x7f;
	if (plain) {
		buffer_addstr(out, path);
		return;
	}
	buffer_addch(out, '"');
	for (const char *p = path; *p; p++) {
		if (*p == '"' || *p == '\\')
			buffer_addf(out, "\\%c", *p);
		else if ((unsigned char)*p < ' ' || *p == 0x7f)
			buffer_addf(out, "\\%03o", (unsigned char)*p);
		else
			buffer_addch(out, *p);
	}
	buffer_addch(out, '"');
}

static void porcelain(const struct workspace *ws, const struct status_options *o)
{
	struct buffer out = BUFFER_INIT, path = BUFFER_INIT;
	add_line(&out, "#", "scrutiny-status v1", o);
	for (size_t i = 0; i < ws->papers.nr; i++) {
		const struct paper *p = &ws->papers.items[i];
		enum state state = state_of(ws, p);
		if (state == STATE_FRESH && !o->all)
			continue;
		buffer_reset(&path);
		if (o->nul)
			buffer_addstr(&path, p->path);
		else
			add_quoted(&path, p->path);
		add_line(&out, states[state].name, path.data, o);
	}
	for (size_t i = 0; i < ws->papers.nr_ignored && o->all; i++) {
		buffer_reset(&path);
		if (o->nul)
			buffer_addstr(&path, ws->papers.ignored[i]);
		else
			add_quoted(&path, ws->papers.ignored[i]);
		add_line(&out, states[STATE_IGNORED].name, path.data, o);
	}
	print_buffer(&out);
	buffer_release(&out);
	buffer_release(&path);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

static void describe(struct buffer *out, const struct paper *p, enum state state)
{
	const char *main = p->nr_manuscripts ? base_name(p->manuscripts[0].path) : "";
	text_for_terminal(out, main, strlen(main), false);
	if (p->nr_manuscripts > 1)
		buffer_addf(out, " and %zu more manuscript%s", p->nr_manuscripts - 1,
			    p->nr_manuscripts == 2 ? "" : "s");
	size_t others = p->nr_inputs > p->nr_manuscripts ? p->nr_inputs - p->nr_manuscripts : 0;
	if (others)
		buffer_addf(out, ", %zu other file%s", others, others == 1 ? "" : "s");
	if (state == STATE_UNREADABLE)
		buffer_addstr(out, " (PDF: not readable yet)");
}

static void human_line(struct buffer *out, const char *name, enum state state, bool color,
		       int width)
{
	char word[16];
	snprintf(word, sizeof(word), "%-10s", states[state].name);
	buffer_addstr(out, "  ");
	color_add(out, color, states[state].color, word);
	buffer_addf(out, "  %-*s", width, name);
}

static int name_width(const struct workspace *ws)
{
	size_t width = 10;
	for (size_t i = 0; i < ws->papers.nr; i++) {
		size_t len = strlen(ws->papers.items[i].path);
		if (len > width && len <= 44)
			width = len;
	}
	return (int)width;
}

static void human_papers(struct buffer *out, const struct workspace *ws, bool all, bool color,
			 size_t counts[5])
{
	int width = all || ws->papers.nr < 1000 ? name_width(ws) : 24;
	struct buffer name = BUFFER_INIT;
	for (size_t i = 0; i < ws->papers.nr; i++) {
		const struct paper *p = &ws->papers.items[i];
		enum state state = state_of(ws, p);
		counts[state]++;
		if (state == STATE_FRESH && !all)
			continue;
		buffer_reset(&name);
		add_paper_name(&name, p);
		human_line(out, name.data, state, color, width);
		buffer_addstr(out, "  ");
		describe(out, p, state);
		buffer_addch(out, '\n');
	}
	for (size_t i = 0; i < ws->papers.nr_ignored && all; i++) {
		buffer_reset(&name);
		text_for_terminal(&name, ws->papers.ignored[i], strlen(ws->papers.ignored[i]), false);
		human_line(out, name.data, STATE_IGNORED, color, 0);
		buffer_addch(out, '\n');
	}
	buffer_release(&name);
}

static void human(struct workspace *ws, const struct status_options *o)
{
	struct buffer head = BUFFER_INIT, body = BUFFER_INIT;
	size_t counts[5] = { 0 };
	human_papers(&body, ws, o->all, context_color(ws->ctx, o->color, 1), counts);
	size_t n = ws->papers.nr;
	buffer_addf(&head, "%zu paper%s", n, n == 1 ? "" : "s");
	if (ws->papers.nr_ignored)
		buffer_addf(&head, ", %zu ignored (.ignore)", ws->papers.nr_ignored);
	if (n && counts[STATE_FRESH] == n)
		buffer_addstr(&head, ", all up to date");
	else if (counts[STATE_FRESH])
		buffer_addf(&head, ", %zu up to date", counts[STATE_FRESH]);
	buffer_addch(&head, '\n');
	print_buffer(&head);
	print_buffer(&body);
	if (!n)
		say_hint(ws->ctx, "a paper is a folder with a .tex that has \\documentclass, a .md or "
				  "a .pdf");
	else if (counts[STATE_FRESH] < n && !ws->nr_models)
		say_hint(ws->ctx, "no model is configured; built-in checks will run. "
				  "`git scrutiny models` shows how to add one.");
	workspace_hint_at_records(ws);
	buffer_release(&head);
	buffer_release(&body);
}

/* What the last background review found, unless a hook has said it already. */
static void say_result(const struct workspace *ws)
{
	struct buffer page = BUFFER_INIT;
	hook_take_result(repo_git_dir(ws->repo), &page);
	print_flush();
	fwrite(page.data, 1, page.len, stderr);
	buffer_release(&page);
}

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv,
			 int *exit_status)
{
	const struct status_options *o = options;
	struct workspace ws;
	(void)argv;
	(void)exit_status;
	if (argc)
		return error_with_hint(error_new(ERROR_USAGE, "status takes no arguments"),
				       "`git scrutiny plan <paper>` tells about one paper");
	struct error *err = workspace_open(&ws, ctx, NULL);
	if (!err)
		err = workspace_find_models(&ws, o->reviewers, o->checks_only);
	if (!err)
		err = workspace_load_index(&ws);
	if (!err && (o->porcelain || o->nul))
		porcelain(&ws, o);
	else if (!err)
		human(&ws, o);
	if (!err && !o->porcelain && !o->nul)
		say_result(&ws);
	workspace_release(&ws);
	return err;
}

static const struct option options[] = {
	{ OPTION_BOOL, 'a', "all", offsetof(struct status_options, all), NULL,
	  "also list papers that are up to date, and what is ignored" },
	{ OPTION_BOOL, 0, "porcelain", offsetof(struct status_options, porcelain), NULL,
	  "output for programs, stable from version to version",
	  "Output for programs: a first line `# scrutiny-status v1`, then one line a paper, "
	  "`<state> <path>`, where the state is new, stale, fresh, unreadable or ignored. Paths are "
	  "from the top of the repository, `.` is the top itself; without `-z`, unusual ones are quoted as git "
	  "quotes them. Papers that are fresh, and what is ignored, are listed with `--all` only." },
	{ OPTION_BOOL, 'z', NULL, offsetof(struct status_options, nul), NULL,
	  "end lines with NUL and quote nothing; implies --porcelain" },
	{ OPTION_STRING, 0, "reviewers", offsetof(struct status_options, reviewers), "<list>",
	  "judge by these reviewers instead of the configured ones", NULL, NULL, "model" },
	{ OPTION_BOOL, 0, "checks-only", offsetof(struct status_options, checks_only), NULL,
	  "judge by the built-in checks alone" },
	{ OPTION_CHOICE, 0, "color", offsetof(struct status_options, color), "<when>",
	  "colour the output: always, never or auto", NULL, color_choices },
	{ .kind = OPTION_END },
};

static const char *const usage[] = { "[<options>]", NULL };

static const struct example examples[] = {
	{ "git scrutiny status", "What would be reviewed, and why." },
	{ "git scrutiny status --porcelain -z", "The same for a script." },
	{ NULL, NULL },
};

const struct command cmd_status = {
	.name = "status",
	.summary = "show which papers are new, stale or up to date",
	.usage = usage,
	.description =
		"Lists the papers that have no up-to-date review: `new` ones were never reviewed, `stale` "
		"ones have changed since, or a reviewer was added. A paper is up to date (`fresh`) when "
		"every reviewer has a record for its present content; reports and meta.yaml "
		"do not count as content.\n\n"
		"Nothing is written and no model is called.",
	.options = options,
	.options_size = sizeof(struct status_options),
	.examples = examples,
	.run = run,
};
