/* hooks status: what is there, and what runs. */
#include "cmd/hooks_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/terminal.h"
#include "base/text.h"
#include "hook/background.h"
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

/* Ours is in the repository's own folder, which core.hooksPath hides from git. */
static bool is_hidden(const struct hooks_site *site, const char *hook)
{
	struct hook_folder own;
	struct hook_seen seen = { 0 };
	if (!site->place.hidden || site->folder.hides)
		return false;
	hook_folder_init(&own, site->place.hidden, site->program);
	hook_folder_look(&own, hook, &seen);
	bool hidden = seen.state == HOOK_OURS || seen.state == HOOK_OUTDATED;
	hook_seen_release(&seen);
	hook_folder_release(&own);
	return hidden;
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
	if ((seen.state == HOOK_NONE || seen.state == HOOK_FOREIGN) && is_hidden(site, hook)) {
		line->state = line->word = "hidden";
		line->color = COLOR_YELLOW;
		free(line->path);
		line->path = xstrfmt("%s/%s", site->place.hidden, hook);
		buffer_addf(&line->detail, "; core.hooksPath (%s) hides ours in %s", site->place.scope ? site->place.scope : "a link",
			    site->place.hidden);
	}
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

/* -- what concerns all of them ----------------------------------------------------------------- */

/* Who switches all hooks off: "environment", "config", or NULL. */
static const char *switched_off(struct repo *repo)
{
	const char *wanted = context_env("SCRUTINY");
	if (wanted && !strcmp(wanted, "0"))
		return "environment";
	return hooks_are_off(repo) ? "config" : NULL;
}

/* The last review in the background. */
struct background {
	struct buffer commit; /* empty: none yet */
	time_t when;
	bool runs, unseen;
};

static void find_background(struct background *b, struct repo *repo)
{
	struct stat st;
	const char *git_dir = repo_git_dir(repo);
	char *reviewed = hook_file(git_dir, "reviewed"), *result = hook_file(git_dir, "result"), *lock = hook_file(git_dir, "lock");
	*b = (struct background){ .commit = BUFFER_INIT };
	hook_read_reviewed(git_dir, &b->commit);
	b->when = stat(reviewed, &st) ? 0 : st.st_mtime;
	b->unseen = !stat(result, &st) && st.st_size;
	int fd = open(lock, O_RDONLY | O_CLOEXEC);
	b->runs = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
	if (fd >= 0)
		close(fd);
	free(reviewed);
	free(result);
	free(lock);
}

static void add_background(struct buffer *out, const struct background *b)
{
	if (b->commit.len) {
		buffer_addf(out, "last background review: commit %.10s, ", b->commit.data);
		text_age(out, (int64_t)(time(NULL) - b->when));
		buffer_addstr(out, b->unseen ? "; the next hook says what it found\n" : "\n");
	}
	if (b->runs)
		buffer_addstr(out, "a background review is running\n");
}

/* core.hooksPath, and what it does. */
static void add_place(struct buffer *out, const struct hooks_site *site)
{
	const struct hook_place *place = &site->place;
	struct buffer line = BUFFER_INIT;
	if (place->scope)
		buffer_addf(&line, "core.hooksPath (%s) is %s%s", place->scope, place->path,
			    site->folder.hides ? ", which is ours, for all repositories"
			    : place->kind == HOOK_PLACE_NOWHERE ? ", no folder: git runs no hooks"
			    : place->kind == HOOK_PLACE_OTHERS ? ", a folder of somebody else's" : "");
	if (line.len)
		text_for_terminal(out, line.data, line.len, false);
	if (line.len)
		buffer_addch(out, '\n');
	buffer_release(&line);
}

static void add_summary(struct buffer *out, const struct hooks_site *site)
{
	struct background background;
	const char *off = switched_off(site->repo);
	add_place(out, site);
	if (off)
		buffer_addf(out, "switched off by %s\n", !strcmp(off, "config") ? "git config scrutiny.hooks"
										: "SCRUTINY=0 in the environment");
	find_background(&background, site->repo);
	add_background(out, &background);
	buffer_release(&background.commit);
}

static void add_porcelain_head(struct buffer *out, const struct hooks_site *site, bool nul)
{
	struct background b;
	const char *off = switched_off(site->repo);
	char end = nul ? '\0' : '\n';
	find_background(&b, site->repo);
	buffer_addf(out, "# scrutiny-hooks v1%c", end);
	if (off)
		buffer_addf(out, "# off %s%c", off, end);
	if (b.commit.len)
		buffer_addf(out, "# reviewed %s %lld%c", b.commit.data, (long long)b.when, end);
	if (b.runs)
		buffer_addf(out, "# running%c", end);
	buffer_release(&b.commit);
}

struct error *hooks_status(struct hooks_call *call)
{
	struct hooks_site site;
	struct buffer out = BUFFER_INIT;
	const struct hooks_options *o = call->options;
	struct error *err = hooks_site_open(&site, call);
	if (!err && o->porcelain)
		add_porcelain_head(&out, &site, o->nul);
	for (size_t i = 0; !err && site.hooks[i]; i++) {
		struct hook_line line;
		find_line(&site, i, &line);
		if (o->porcelain)
			add_porcelain(&out, site.hooks[i], &line, o->nul);
		else
			add_human(&out, site.hooks[i], &line, context_color(call->ctx, o->color, 1));
		line_release(&line);
	}
	if (!err && !o->porcelain)
		add_summary(&out, &site);
	print_buffer(&out);
	buffer_release(&out);
	hooks_site_release(&site);
	return err;
}
