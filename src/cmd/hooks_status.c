/* hooks status: what is there, and what runs. */
#include "cmd/hooks_place.h"

#include <stdio.h>

#include "base/memory.h"
#include "base/terminal.h"
#include "base/text.h"
#include "hook/hook.h"

/* A hook for a person, and for a program. */
struct hook_line {
	const char *state;
	const char *word;
	enum color color;
	struct buffer detail;
	const char *by;   /* who calls us; "" when nobody does */
	char *path;
};

static const struct {
	const char *state, *word, *by;
	enum color color;
} states[] = {
	[HOOK_NONE] = { "none", "not installed", "", COLOR_DIM },
	[HOOK_OURS] = { "installed", "installed", "git", COLOR_GREEN },
	[HOOK_OUTDATED] = { "outdated", "outdated", "git", COLOR_YELLOW },
	[HOOK_FOREIGN] = { "foreign", "not installed", "", COLOR_DIM },
	[HOOK_CALLED] = { "called", "installed", "hook", COLOR_GREEN },
};

static void describe(struct hook_line *line, const struct hook_seen *seen)
{
	struct buffer *d = &line->detail;
	if (seen->state == HOOK_FOREIGN)
		buffer_addstr(d, seen->runs ? "; a hook of somebody else's runs" : "; what is there cannot be run");
	if (seen->state == HOOK_CALLED)
		buffer_addf(d, "; called by the hook in its place, as %s", seen->moved_to);
	if (seen->state == HOOK_OUTDATED)
		buffer_addstr(d, "; `git scrutiny hooks install` writes it anew");
	bool ours = seen->state == HOOK_OURS || seen->state == HOOK_OUTDATED;
	if (ours && seen->aside_runs)
		buffer_addstr(d, "; the hook that was there runs first");
	else if (ours && seen->aside)
		buffer_addstr(d, "; the one that was there cannot be run");
}

/* By a manager: in its file, or not yet. */
static void find_managed(const struct hooks_site *site, const struct hook_way *way, struct hook_line *line)
{
	*line = (struct hook_line){ .detail = BUFFER_INIT, .by = way->manager };
	line->state = way->has ? "managed" : "none";
	line->word = way->has ? "installed" : "not installed";
	line->color = way->has ? COLOR_GREEN : COLOR_DIM;
	line->path = xstrfmt("%s/%s", repo_work_tree(site->repo), way->path);
	buffer_addf(&line->detail, "; %s runs what is in %s", way->manager, way->path);
}

static void find_line(const struct hooks_site *site, size_t i, struct hook_line *line)
{
	struct hook_seen seen;
	const char *hook = site->hooks[i];
	if (site->ways[i].kind != HOOK_WAY_FOLDER) {
		find_managed(site, &site->ways[i], line);
		return;
	}
	hook_folder_look(&site->folder, hook, &seen);
	*line = (struct hook_line){ .detail = BUFFER_INIT, .state = states[seen.state].state, .word = states[seen.state].word,
				    .color = states[seen.state].color, .by = states[seen.state].by };
	line->path = xstrfmt("%s/%s", site->folder.path, seen.moved_to ? seen.moved_to : hook);
	describe(line, &seen);
	hook_seen_release(&seen);
}

static void line_release(struct hook_line *line)
{
	buffer_release(&line->detail);
	free(line->path);
}

static void add_field(struct buffer *out, const char *value, char end, bool quoted)
{
	for (; *value; value++) {
		bool plain = !quoted || ((unsigned char)*value >= ' ' && *value != '\\' && *value != 0x7f);
		if (plain)
			buffer_addch(out, *value);
		else
			buffer_addf(out, "\\%03o", (unsigned char)*value);
	}
	buffer_addch(out, end);
}

static void add_porcelain(struct buffer *out, const char *hook, const struct hook_line *line, bool nul)
{
	const char *fields[] = { hook, line->state, *line->by ? line->by : "-", line->path };
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		add_field(out, fields[i], nul ? '\0' : i + 1 < ARRAY_SIZE(fields) ? '\t' : '\n', !nul);
}

static void add_human(struct buffer *out, const char *hook, const struct hook_line *line, bool color)
{
	struct buffer safe = BUFFER_INIT;
	text_for_terminal(&safe, line->detail.data, line->detail.len, false);
	buffer_addf(out, "%-14s ", hook);
	color_add(out, color, line->color, line->word);
	buffer_addf(out, "%s\n", safe.data);
	buffer_release(&safe);
}

struct error *hooks_status(struct hooks_call *call)
{
	struct hooks_site site;
	struct buffer out = BUFFER_INIT;
	const struct hooks_options *o = call->options;
	struct error *err = hooks_site_open(&site, call);
	if (!err && o->porcelain)
		add_field(&out, "# scrutiny-hooks v1", o->nul ? '\0' : '\n', false);
	for (size_t i = 0; !err && site.hooks[i]; i++) {
		struct hook_line line;
		find_line(&site, i, &line);
		if (o->porcelain)
			add_porcelain(&out, site.hooks[i], &line, o->nul);
		else
			add_human(&out, site.hooks[i], &line, context_color(call->ctx, o->color, 1));
		line_release(&line);
	}
	print_buffer(&out);
	buffer_release(&out);
	hooks_site_release(&site);
	return err;
}
