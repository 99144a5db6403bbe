/* hooks install, remove: the folder of hooks that git looks at. */
#include "cmd/hooks.h"

#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "cmd/hooks_place.h"
#include "hook/folder.h"
#include "hook/hook.h"
#include "hook/place.h"
#include "hook/splice.h"
#include "hook/stamp.h"

static void say_done(const struct hooks_site *site, const char *hook, const struct hook_done *done)
{
	static const char *const words[][2] = {
		[HOOK_ADDED] = { "installed", "would be installed" },
		[HOOK_CHAINED] = { "installed", "would be installed" },
		[HOOK_UPDATED] = { "updated", "would be updated" },
		[HOOK_REMOVED] = { "removed", "would be removed" },
		[HOOK_RESTORED] = { "removed", "would be removed" },
	};
	const struct hooks_call *call = site->call;
	const char *word = words[done->change][call->options->dry_run];
	struct buffer rest = BUFFER_INIT;
	if (done->change == HOOK_CHAINED)
		buffer_addf(&rest, "; the hook that was there runs first");
	if (done->change == HOOK_RESTORED)
		buffer_addf(&rest, "; the earlier hook is back");
	hooks_say(call, "%-14s %s%s", hook, word, rest.data);
	if (done->kept && done->change != HOOK_NOT_OURS)
		say_warning("an earlier %s is not run any more since another one took its place: it is kept as '%s'", hook,
			    done->kept);
	buffer_release(&rest);
}

static void say_unchanged(const struct hooks_site *site, const char *hook, bool installing, const struct hook_done *done)
{
	struct hook_seen seen;
	if (done->change == HOOK_NOT_OURS && done->kept)
		say_warning("%s is not ours any more and stays; the hook that was there before ours is at '%s'", hook, done->kept);
	if (!installing || done->change == HOOK_NOT_OURS)
		return;
	hook_folder_look(&site->folder, hook, &seen);
	if (seen.moved_to)
		hooks_say(site->call, "%-14s is there already: the hook in its place calls it as %s", hook, seen.moved_to);
	else
		hooks_say(site->call, "%-14s is there already", hook);
	hook_seen_release(&seen);
}

/* What the changes of all hooks come to. */
struct outcome {
	size_t changed;
	bool lefthook;  /* its file has changed */
	bool framework; /* likewise pre-commit's, which is for two hooks */
	bool refused;   /* something needs --write, or a person */
};

static struct error *change_folder(const struct hooks_site *site, const char *hook, bool installing, struct outcome *outcome)
{
	struct hook_done done;
	bool dry_run = site->call->options->dry_run;
	struct error *err = installing ? hook_folder_install(&site->folder, hook, dry_run, &done)
				       : hook_folder_remove(&site->folder, hook, dry_run, &done);
	if (err)
		return error_context(err, "%s", hook);
	if (done.change == HOOK_UNCHANGED || done.change == HOOK_NOT_OURS) {
		say_unchanged(site, hook, installing, &done);
	} else {
		say_done(site, hook, &done);
		outcome->changed++;
	}
	free(done.kept);
	return NULL;
}

/* The entry for a person to copy, once. */
static void say_entry(const struct hooks_call *call)
{
	struct buffer entry = BUFFER_INIT;
	splice_framework_entry(&entry, 4);
	for (char *line = entry.data, *end; (end = strchr(line, '\n')); line = end + 1)
		hooks_say(call, "%.*s", (int)(end - line), line);
	buffer_release(&entry);
}

static struct error *add_to_file(const struct hooks_site *site, const char *hook, const struct hook_way *way,
				 struct outcome *outcome)
{
	const struct hooks_options *o = site->call->options;
	bool ask = way->committed && !o->write, changed = false;
	struct error *err = hook_way_add(way, site->repo, hook, o->dry_run || ask, &changed);
	if (err) {
		say_warning("%s: %s: add a call of `git scrutiny hooks run %s` by hand", hook, err->message, hook);
		error_free(err);
		outcome->refused = true;
	} else if (ask) {
		hooks_say(site->call, "%-14s not installed: it has to be called by %s, a file of the work tree (--write does that)",
		    hook, way->path);
		outcome->refused = true;
	} else {
		hooks_say(site->call, "%-14s %s %s, for %s", hook, o->dry_run ? "would be added to" : "added to", way->path, way->manager);
		outcome->lefthook |= way->kind == HOOK_WAY_LEFTHOOK;
		outcome->framework |= way->kind == HOOK_WAY_FRAMEWORK;
		outcome->changed++;
		if (o->dry_run && way->kind == HOOK_WAY_FRAMEWORK)
			say_entry(site->call);
	}
	return NULL;
}

/* A shim that is there from before, and would run as well as the manager's call. */
static struct error *drop_shim(const struct hooks_site *site, const char *hook)
{
	struct hook_done done;
	struct error *err = hook_folder_remove(&site->folder, hook, site->call->options->dry_run, &done);
	if (!err)
		free(done.kept);
	return err;
}

static struct error *install_one(struct hooks_site *site, size_t i, struct outcome *outcome)
{
	const struct hook_way *way = &site->ways[i];
	const char *hook = site->hooks[i];
	if (way->kind == HOOK_WAY_FOLDER)
		return change_folder(site, hook, true, outcome);
	struct error *err = site->place.kind == HOOK_PLACE_WORK_TREE ? NULL : drop_shim(site, hook);
	if (err)
		return err;
	if (way->has)
		hooks_say(site->call, "%-14s is in %s already, for %s", hook, way->path, way->manager);
	else if (way->kind == HOOK_WAY_FRAMEWORK && outcome->framework)
		hooks_say(site->call, "%-14s likewise", hook);
	else
		return add_to_file(site, hook, way, outcome);
	return NULL;
}

/* lefthook-local.yml is nobody else's. */
static struct error *settle_lefthook(struct hooks_site *site, bool installing)
{
	const struct hook_way *way = site->ways;
	bool added = false;
	if (site->call->options->dry_run)
		return NULL;
	while (way->kind != HOOK_WAY_LEFTHOOK)
		way++;
	struct error *err = NULL;
	if (installing && !way->committed)
		err = hook_exclude(site->repo, way->path, &added);
	else if (!installing && !file_exists_below(repo_work_tree(site->repo), way->path))
		err = hook_include(site->repo, way->path);
	if (added)
		hooks_say(site->call, "%s is yours alone: it is in .git/info/exclude now", way->path);
	if (!site->call->options->quiet)
		say_hint(site->call->ctx, "run `lefthook install`, which looks anew at which hooks it serves");
	return err;
}

static void explain(const char *text, void *data)
{
	struct hooks_call *call = data;
	say_hint(call->ctx, "%s", text);
}

struct error *hooks_install(struct hooks_call *call)
{
	struct hooks_site site;
	struct outcome outcome = { 0 };
	if (call->options->global)
		return hooks_install_global(call);
	struct error *err = hooks_site_open(&site, call);
	if (!err)
		err = hooks_site_check(&site);
	for (size_t i = 0; !err && site.hooks[i]; i++)
		err = install_one(&site, i, &outcome);
	if (!err && outcome.lefthook)
		err = settle_lefthook(&site, true);
	if (!err && outcome.framework && !call->options->dry_run)
		say_hint(call->ctx, "pre-commit wants its configuration staged: git add .pre-commit-config.yaml");
	if (!err && !call->options->quiet && outcome.changed) {
		hook_managers_explain(site.repo, &site.folder, explain, call);
		if (!call->options->dry_run)
			say_hint(call->ctx, "SCRUTINY=0 before a command skips them; `git scrutiny hooks remove` takes them out");
	}
	if (!err && outcome.refused)
		*call->exit_status = EXIT_INCOMPLETE;
	hooks_site_release(&site);
	return err;
}

static struct error *remove_from_file(struct hooks_site *site, size_t i, struct outcome *outcome)
{
	const struct hook_way *way = &site->ways[i];
	const struct hooks_options *o = site->call->options;
	bool changed = false, ask = way->committed && !o->write;
	struct error *err = hook_way_drop(way, site->repo, site->hooks[i], o->dry_run || ask, &changed);
	if (err || !changed)
		return err;
	if (ask) {
		hooks_say(site->call, "%-14s stays: it is in %s, a file of the work tree; --write takes it out", site->hooks[i], way->path);
		outcome->refused = true;
		return NULL;
	}
	hooks_say(site->call, "%-14s %s %s", site->hooks[i], o->dry_run ? "would be removed from" : "removed from", way->path);
	outcome->lefthook |= way->kind == HOOK_WAY_LEFTHOOK;
	outcome->changed++;
	return NULL;
}

static struct error *refuse_global(const struct hooks_site *site)
{
	struct error *err = error_new(ERROR_UNSUPPORTED, "the hooks of this repository are those of all: core.hooksPath is '%s'",
				      site->place.path);
	return error_with_hint(err, "`git scrutiny hooks remove --global` takes them out, `git config scrutiny.hooks false` "
				    "switches them off in this repository");
}

struct error *hooks_remove(struct hooks_call *call)
{
	struct hooks_site site;
	struct outcome outcome = { 0 };
	if (call->options->global)
		return hooks_remove_global(call);
	struct error *err = hooks_site_open(&site, call);
	if (!err && site.folder.hides)
		err = refuse_global(&site);
	for (size_t i = 0; !err && site.hooks[i]; i++) {
		if (site.place.kind != HOOK_PLACE_WORK_TREE)
			err = change_folder(&site, site.hooks[i], false, &outcome);
		if (!err && site.ways[i].kind != HOOK_WAY_FOLDER)
			err = remove_from_file(&site, i, &outcome);
	}
	if (!err && outcome.lefthook)
		err = settle_lefthook(&site, false);
	if (!err && outcome.changed && !call->options->dry_run)
		hook_unstamp(repo_git_dir(site.repo));
	if (!err && !outcome.changed && !outcome.refused)
		hooks_say(call, "there are no hooks of ours in %s", site.folder.path);
	if (!err && outcome.refused)
		*call->exit_status = EXIT_INCOMPLETE;
	hooks_site_release(&site);
	return err;
}
