/* hooks install --global, remove --global: for repositories to come, or for all of the user's. */
#include "cmd/hooks_place.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "hook/hook.h"

/* One of the two ways; FOLDER is below the user's folder of settings. */
struct way {
	const char *name;
	const char *key;
	const char *folder;
	const char *hooks; /* in FOLDER, or in what KEY names */
	const char *meaning;
};

static const struct way ways[] = {
	{ "template", "init.templateDir", "template", "/hooks",
	  "every repository that is cloned or made from now on gets them; `git init` adds them to one that is there" },
	{ "hooks-path", "core.hooksPath", "hooks", "",
	  "they run in every repository of yours, after the repository's own hooks, unless it sets core.hooksPath itself" },
};

char *hooks_global_folder(const char *name)
{
	const char *settings = context_env("XDG_CONFIG_HOME"), *home = context_env("HOME");
	if (settings && *settings == '/')
		return xstrfmt("%s/git-scrutiny/%s", settings, name);
	return home ? xstrfmt("%s/.config/git-scrutiny/%s", home, name) : NULL;
}

bool hooks_is_global(const char *path)
{
	char *folder = hooks_global_folder(ways[1].folder), *real = folder ? realpath(folder, NULL) : NULL;
	bool is = real && !strcmp(real, path);
	free(real);
	free(folder);
	return is;
}

/* The setting in SCOPE ("--global", "--system"), or NULL. */
static struct error *read_setting(const char *scope, const char *key, char **value)
{
	const char *argv[] = { "git", "config", scope, "-z", "--includes", "--type=path", "--get", key, NULL };
	struct buffer out = BUFFER_INIT;
	int status = 0;
	struct process_options options = { .out = &out, .discard_err = true, .exit_status = &status, .directory = "/" };
	struct error *err = process_run(argv, &options);
	*value = !err && !status ? xstrdup(out.data) : NULL;
	buffer_release(&out);
	return err;
}

static struct error *write_setting(const char *key, const char *value)
{
	const char *set[] = { "git", "config", "--global", key, value, NULL };
	const char *unset[] = { "git", "config", "--global", "--unset", key, NULL };
	struct buffer said = BUFFER_INIT;
	struct process_options options = { .err = &said, .directory = "/" };
	struct error *err = process_run(value ? set : unset, &options);
	buffer_release(&said);
	return error_context(err, "git config --global %s", key);
}

/* What a way finds. */
struct found {
	char *ours;     /* our folder */
	char *set;      /* what the user has set, NULL: nothing */
	bool is_ours;   /* that is our folder */
	bool is_system; /* it is the system that has set it */
	struct hook_folder folder;
};

static void found_release(struct found *f)
{
	free(f->ours);
	free(f->set);
	hook_folder_release(&f->folder);
}

static struct error *find(struct found *f, const struct way *way, const char *program)
{
	*f = (struct found){ .ours = hooks_global_folder(way->folder) };
	if (!f->ours)
		return error_new(ERROR_GENERIC, "neither HOME nor XDG_CONFIG_HOME says where your settings are");
	struct error *err = read_setting("--global", way->key, &f->set);
	if (!err && !f->set) {
		err = read_setting("--system", way->key, &f->set);
		f->is_system = f->set != NULL;
	}
	if (err)
		return err;
	f->is_ours = f->set && !strcmp(f->set, f->ours);
	char *path = xstrfmt("%s%s", f->set ? f->set : f->ours, way->hooks);
	hook_folder_init(&f->folder, path, program);
	f->folder.hides = !strcmp(way->name, "hooks-path") && (f->is_ours || !f->set);
	free(path);
	return NULL;
}

/* A folder that somebody else has set is served where it is the user's own. */
static struct error *check_found(const struct found *f, const struct way *way)
{
	struct stat st;
	if (!f->set || f->is_ours)
		return NULL;
	if (*f->set == '/' && !stat(f->set, &st) && S_ISDIR(st.st_mode) && st.st_uid == geteuid() && !access(f->set, W_OK))
		return NULL;
	struct error *err = error_new(ERROR_EXISTS, "%s is '%s' already (%s), which is no folder of yours", way->key, f->set,
				      f->is_system ? "system" : "global");
	return error_with_hint(err, "--global=%s does without it", way == ways ? ways[1].name : ways[0].name);
}

/* What git's own template has and programs look for. */
static struct error *write_template(const char *folder)
{
	static const struct {
		const char *path, *text;
	} files[] = {
		{ "description", "Unnamed repository; edit this file 'description' to name the repository.\n" },
		{ "info/exclude", "# Patterns here are as in .gitignore, for this clone alone.\n" },
	};
	char *info = xstrfmt("%s/info", folder);
	struct error *err = file_make_directories(info);
	for (size_t i = 0; !err && i < ARRAY_SIZE(files); i++) {
		struct stat st;
		char *path = xstrfmt("%s/%s", folder, files[i].path);
		if (lstat(path, &st))
			err = file_write(path, files[i].text, strlen(files[i].text));
		free(path);
	}
	free(info);
	return err;
}

typedef struct error *change_function(const struct hook_folder *f, const char *hook, bool dry_run, struct hook_done *out);

/* Of a folder that hides others all hooks that git knows, else those chosen. */
static struct error *change_all(const struct found *f, const char *const *chosen, change_function *change, bool dry_run,
				size_t *changed)
{
	const char *const *names = f->folder.hides ? hook_names_of_git : chosen;
	struct error *err = NULL;
	for (size_t i = 0; !err && names[i]; i++) {
		struct hook_done done;
		err = change(&f->folder, names[i], dry_run, &done);
		if (err)
			return error_context(err, "%s", names[i]);
		*changed += done.change != HOOK_UNCHANGED && done.change != HOOK_NOT_OURS;
		free(done.kept);
	}
	return err;
}

static struct error *install_way(struct hooks_call *call, const struct way *way, const char *const *chosen,
				 const char *program)
{
	struct found f;
	size_t changed = 0;
	bool dry_run = call->options->dry_run;
	struct error *err = find(&f, way, program);
	if (!err)
		err = check_found(&f, way);
	if (!err && f.folder.hides && call->options->only)
		err = error_new(ERROR_USAGE, "--only does not go with --global=hooks-path, which passes on every hook");
	if (!err)
		err = change_all(&f, chosen, hook_folder_install, dry_run, &changed);
	bool own = !err && (!f.set || f.is_ours);
	if (own && !dry_run && way == ways)
		err = write_template(f.ours);
	if (!err && !f.set && !dry_run)
		err = write_setting(way->key, f.ours);
	if (!err) {
		hooks_say(call, "%s in %s: %s", dry_run ? "would be installed" : changed ? "installed" : "is there already",
			  f.folder.path, way->meaning);
		if (!f.set)
			hooks_say(call, "%s git config --global %s %s", dry_run ? "would set" : "set", way->key, f.ours);
		else if (!f.is_ours)
			hooks_say(call, "%s was set to that folder before, and stays as it is", way->key);
		if (f.folder.hides)
			hooks_say(call, "hooks of the repositories themselves are run by ours, since core.hooksPath hides them from "
					"git");
	}
	found_release(&f);
	return err;
}

static struct error *find_way(const char *name, const struct way **out)
{
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		if (!strcmp(*name ? name : ways[0].name, ways[i].name)) {
			*out = &ways[i];
			return NULL;
		}
	return error_with_hint(error_new(ERROR_USAGE, "--global=%s is no way", name), "there are template and hooks-path");
}

struct error *hooks_install_global(struct hooks_call *call)
{
	const struct way *way = NULL;
	const char **chosen = NULL;
	char *program = hooks_program();
	struct error *err = find_way(call->options->global, &way);
	if (!err)
		err = hooks_chosen(&chosen, call->options->only);
	if (!err)
		err = install_way(call, way, chosen, program);
	if (!err && !call->options->dry_run && !call->options->quiet)
		say_hint(call->ctx, "`git scrutiny hooks remove --global` takes them out; a repository without papers notices nothing "
				    "of them");
	free(chosen);
	free(program);
	return err;
}

/* Our own folder, with nothing left in it but what we wrote. */
static void remove_folder(const struct way *way, const struct found *f)
{
	static const char *const files[] = { "description", "info/exclude" };
	for (size_t i = 0; way == ways && i < ARRAY_SIZE(files); i++) {
		char *path = xstrfmt("%s/%s", f->ours, files[i]);
		unlink(path);
		free(path);
	}
	char *info = xstrfmt("%s/info", f->ours), *above = xstrdup(f->ours);
	rmdir(f->folder.path);
	rmdir(info);
	rmdir(f->ours);
	*strrchr(above, '/') = '\0';
	rmdir(above);
	free(info);
	free(above);
}

static struct error *remove_way(struct hooks_call *call, const struct way *way, const char *const *chosen,
				const char *program, size_t *changed)
{
	struct found f;
	size_t before = *changed;
	bool dry_run = call->options->dry_run;
	struct error *err = find(&f, way, program);
	bool unset = !err && f.is_ours && !f.is_system && !call->options->only;
	/* First the setting: what it names may go when nobody looks there any more. */
	if (unset && !dry_run)
		err = write_setting(way->key, NULL);
	if (!err)
		err = change_all(&f, chosen, hook_folder_remove, dry_run, changed);
	if (!err && *changed > before)
		hooks_say(call, "%s from %s", dry_run ? "would be removed" : "removed", f.folder.path);
	if (unset && !err) {
		hooks_say(call, "%s git config --global %s", dry_run ? "would unset" : "unset", way->key);
		*changed += 1;
	}
	if (!err && !dry_run && (f.is_ours || !f.set) && !call->options->only)
		remove_folder(way, &f);
	found_release(&f);
	return err;
}

struct error *hooks_remove_global(struct hooks_call *call)
{
	const struct way *only = NULL;
	const char **chosen = NULL;
	char *program = hooks_program();
	size_t changed = 0;
	struct error *err = *call->options->global ? find_way(call->options->global, &only) : NULL;
	if (!err)
		err = hooks_chosen(&chosen, call->options->only);
	for (size_t i = 0; !err && i < ARRAY_SIZE(ways); i++)
		if (!only || only == &ways[i])
			err = remove_way(call, &ways[i], chosen, program, &changed);
	if (!err && !changed)
		hooks_say(call, "there are no global hooks of ours");
	free(chosen);
	free(program);
	return err;
}
