#include "hook/manager.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "hook/splice.h"

#define FRAMEWORK_CONFIG ".pre-commit-config.yaml"
#define PACKAGE_MAX_SIZE ((size_t)4 << 20)

static bool is_there(struct repo *repo, const char *path)
{
	return file_exists_below(repo_work_tree(repo), path);
}

/* The hook that is in the folder, or aside when ours is in its place, holds WORDS. */
static bool hook_says(const struct hook_folder *f, const char *hook, const char *words)
{
	const char *const places[] = { f->path, f->aside };
	bool found = false;
	for (size_t i = 0; !found && i < ARRAY_SIZE(places); i++) {
		struct buffer text = BUFFER_INIT_MAX(SPLICE_MAX_SIZE);
		char *path = xstrfmt("%s/%s", places[i], hook);
		error_free(file_read(path, &text));
		found = memmem(text.data, text.len, words, strlen(words)) != NULL;
		buffer_release(&text);
		free(path);
	}
	return found;
}

static void read_text(struct repo *repo, const char *path, struct buffer *out)
{
	buffer_init(out, SPLICE_MAX_SIZE);
	error_free(file_read_below(repo_work_tree(repo), path, out));
}

/* -- which way --------------------------------------------------------------------------------- */

struct search {
	struct repo *repo;
	const struct hook_place *place;
	const struct hook_folder *folder;
	const char *hook;
	bool in_config;
};

/* What is behind the top of the work tree, of a path below it. */
static const char *below_top(const struct search *s)
{
	char *top = realpath(repo_work_tree(s->repo), NULL);
	const char *rest = s->place->path + (top ? strlen(top) : 0);
	free(top);
	return *rest == '/' ? rest + 1 : rest;
}

static bool find_husky(struct hook_way *way, const struct search *s)
{
	if (s->place->kind != HOOK_PLACE_WORK_TREE || !ends_with(s->place->path, "/_"))
		return false;
	const char *folder = below_top(s);
	char *helper = xstrfmt("%s/h", folder), *old_helper = xstrfmt("%s/husky.sh", folder);
	bool husky = is_there(s->repo, helper) || is_there(s->repo, old_helper);
	free(helper);
	free(old_helper);
	if (!husky)
		return false;
	struct buffer text;
	*way = (struct hook_way){ .kind = HOOK_WAY_HUSKY, .manager = "husky", .committed = true };
	way->path = xstrfmt("%.*s%s", (int)strlen(folder) - 1, folder, s->hook);
	read_text(s->repo, way->path, &text);
	way->has = splice_script_has(slice_of(&text));
	buffer_release(&text);
	return true;
}

static bool find_script(struct hook_way *way, const struct search *s)
{
	struct buffer text;
	if (s->place->kind != HOOK_PLACE_WORK_TREE)
		return false;
	const char *folder = below_top(s);
	*way = (struct hook_way){ .kind = HOOK_WAY_SCRIPT, .manager = "git", .committed = true };
	way->path = xstrfmt("%s%s%s", folder, *folder ? "/" : "", s->hook);
	read_text(s->repo, way->path, &text);
	way->has = splice_script_has(slice_of(&text));
	buffer_release(&text);
	return true;
}

static bool is_tracked(struct repo *repo, const char *path)
{
	const char *argv[] = { "--literal-pathspecs", "ls-files", "--", path, NULL };
	struct buffer out = BUFFER_INIT;
	struct process_options options = { .out = &out, .discard_err = true };
	error_free(repo_git_read(repo, argv, &options));
	bool tracked = out.len > 0;
	buffer_release(&out);
	return tracked;
}

static bool find_lefthook(struct hook_way *way, const struct search *s)
{
	static const char *const configurations[] = {
		"lefthook.yml", "lefthook.yaml", "lefthook.toml", "lefthook.json", "lefthook.jsonc", ".lefthook.yml",
		".lefthook.yaml", ".lefthook.toml", ".lefthook.json", ".lefthook.jsonc", ".config/lefthook.yml",
		".config/lefthook.yaml", ".config/lefthook.toml", ".config/lefthook.json",
	};
	static const char *const locals[] = {
		"lefthook-local.yml", "lefthook-local.yaml", ".lefthook-local.yml", ".lefthook-local.yaml",
		"lefthook-local.toml", "lefthook-local.json", ".lefthook-local.toml", ".lefthook-local.json",
	};
	bool configured = false, installed = false;
	for (size_t i = 0; !configured && i < ARRAY_SIZE(configurations); i++)
		configured = is_there(s->repo, configurations[i]);
	/* Whoever has not run `lefthook install` has no use for its file. */
	for (size_t i = 0; configured && !installed && hook_names_of_git[i]; i++)
		installed = hook_says(s->folder, hook_names_of_git[i], "call_lefthook");
	if (!installed)
		return false;
	const char *file = locals[0];
	for (size_t i = ARRAY_SIZE(locals); i-- > 0;)
		if (is_there(s->repo, locals[i]))
			file = locals[i];
	struct buffer text;
	*way = (struct hook_way){ .kind = HOOK_WAY_LEFTHOOK, .manager = "lefthook", .path = xstrdup(file) };
	way->committed = is_tracked(s->repo, file);
	read_text(s->repo, file, &text);
	way->has = splice_lefthook_has(slice_of(&text), s->hook);
	buffer_release(&text);
	return true;
}

static bool find_framework(struct hook_way *way, const struct search *s)
{
	struct buffer text;
	bool stage = !strcmp(s->hook, "pre-commit") || !strcmp(s->hook, "pre-push");
	if (!stage || !is_there(s->repo, FRAMEWORK_CONFIG) || !hook_says(s->folder, s->hook, HOOK_FRAMEWORK_MARK))
		return false;
	read_text(s->repo, FRAMEWORK_CONFIG, &text);
	bool has = splice_framework_has(slice_of(&text));
	buffer_release(&text);
	if (!has && !s->in_config)
		return false;
	*way = (struct hook_way){ .kind = HOOK_WAY_FRAMEWORK, .manager = "pre-commit", .committed = true, .has = has };
	way->path = xstrdup(FRAMEWORK_CONFIG);
	return true;
}

void hook_way_find(struct hook_way *out, struct repo *repo, const struct hook_place *place,
		   const struct hook_folder *folder, const char *hook, bool in_config)
{
	static bool (*const finders[])(struct hook_way *way, const struct search *s) = {
		find_husky, find_lefthook, find_framework, find_script,
	};
	struct search s = { repo, place, folder, hook, in_config };
	*out = (struct hook_way){ .kind = HOOK_WAY_FOLDER, .manager = "git" };
	for (size_t i = 0; repo_work_tree(repo) && i < ARRAY_SIZE(finders); i++)
		if (finders[i](out, &s))
			break;
}

void hook_way_release(struct hook_way *way)
{
	free(way->path);
	*way = (struct hook_way){ 0 };
}

/* -- changing its file ------------------------------------------------------------------------- */

static struct error *splice(const struct hook_way *way, const char *hook, bool add, struct buffer *text, bool *changed)
{
	if (ends_with(way->path, ".toml") || ends_with(way->path, ".json"))
		return error_new(ERROR_UNSUPPORTED, "%s has a form that is not edited by a program", way->path);
	switch (way->kind) {
	case HOOK_WAY_LEFTHOOK:
		return add ? splice_lefthook_add(text, hook, way->path, changed)
			   : splice_lefthook_drop(text, hook, way->path, changed);
	case HOOK_WAY_FRAMEWORK:
		return add ? splice_framework_add(text, way->path, changed)
			   : splice_framework_drop(text, way->path, changed);
	case HOOK_WAY_HUSKY:
	case HOOK_WAY_SCRIPT:
		if (add)
			return splice_script_add(text, hook, way->kind == HOOK_WAY_HUSKY ? SPLICE_HUSKY : SPLICE_SCRIPT,
						 changed);
		splice_script_drop(text, changed);
		break;
	case HOOK_WAY_FOLDER:
		break;
	}
	return NULL;
}

static struct error *read_file(struct repo *repo, const char *path, struct buffer *text)
{
	struct error *err = file_read_below(repo_work_tree(repo), path, text);
	error_drop_if(&err, ERROR_NOT_FOUND);
	return err;
}

/* core.hooksPath may name a folder of the work tree that nobody has made yet. */
static struct error *make_folder(const struct hook_way *way, struct repo *repo)
{
	const char *slash = strrchr(way->path, '/');
	if (way->kind != HOOK_WAY_SCRIPT || !slash)
		return NULL;
	char *folder = xmemdupz(way->path, (size_t)(slash - way->path));
	struct error *err = file_make_directory_below(repo_work_tree(repo), folder);
	free(folder);
	return err;
}

/* git runs a script of its folder only if that may be run; husky's are read. */
static struct error *write_file(const struct hook_way *way, struct repo *repo, const struct buffer *text)
{
	struct stat st;
	char *path = xstrfmt("%s/%s", repo_work_tree(repo), way->path);
	struct error *err = NULL;
	bool fresh = stat(path, &st) != 0;
	if (!text->len && unlink(path))
		err = error_errno(ERROR_IO, "cannot remove '%s'", way->path);
	else if (text->len && fresh)
		err = make_folder(way, repo);
	if (!err && text->len)
		err = file_write_below(repo_work_tree(repo), way->path, text->data, text->len);
	if (!err && text->len && fresh && way->kind == HOOK_WAY_SCRIPT && (stat(path, &st) ||
	    chmod(path, (st.st_mode & 07777) | (st.st_mode & 0444) >> 2)))
		err = error_errno(ERROR_IO, "cannot make '%s' executable", way->path);
	free(path);
	return err;
}

struct error *hook_way_add(const struct hook_way *way, struct repo *repo, const char *hook, bool dry_run, bool *changed)
{
	struct buffer text = BUFFER_INIT_MAX(SPLICE_MAX_SIZE);
	*changed = false;
	struct error *err = read_file(repo, way->path, &text);
	if (!err)
		err = splice(way, hook, true, &text, changed);
	if (!err && *changed && !dry_run)
		err = write_file(way, repo, &text);
	buffer_release(&text);
	return err;
}

struct error *hook_way_drop(const struct hook_way *way, struct repo *repo, const char *hook, bool dry_run, bool *changed)
{
	struct buffer text = BUFFER_INIT_MAX(SPLICE_MAX_SIZE);
	*changed = false;
	struct error *err = read_file(repo, way->path, &text);
	if (!err)
		err = splice(way, hook, false, &text, changed);
	if (!err && *changed && !slice_trim(slice_of(&text)).len)
		buffer_reset(&text);
	if (!err && *changed && !dry_run)
		err = write_file(way, repo, &text);
	buffer_release(&text);
	return err;
}

static struct error *read_exclude(const char *file, struct buffer *text)
{
	buffer_init(text, SPLICE_MAX_SIZE);
	struct error *err = file_read(file, text);
	error_drop_if(&err, ERROR_NOT_FOUND);
	return err;
}

struct error *hook_exclude(struct repo *repo, const char *path, bool *added)
{
	const char *argv[] = { "check-ignore", "-q", "--", path, NULL };
	int status = 0;
	struct process_options options = { .exit_status = &status, .discard_err = true };
	*added = false;
	struct error *err = repo_git_read(repo, argv, &options);
	if (err || !status)
		return err;
	struct buffer text;
	char *folder = xstrfmt("%s/info", repo_common_dir(repo)), *file = xstrfmt("%s/exclude", folder);
	err = read_exclude(file, &text);
	if (!err)
		err = file_make_directories(folder);
	if (text.len && text.data[text.len - 1] != '\n')
		buffer_addch(&text, '\n');
	buffer_addf(&text, "/%s\n", path);
	if (!err)
		err = file_write(file, text.data, text.len);
	*added = !err;
	buffer_release(&text);
	free(folder);
	free(file);
	return err;
}

struct error *hook_include(struct repo *repo, const char *path)
{
	struct buffer text;
	char *file = xstrfmt("%s/info/exclude", repo_common_dir(repo)), *line = xstrfmt("/%s\n", path);
	struct error *err = read_exclude(file, &text);
	const char *at = err ? NULL : memmem(text.data, text.len, line, strlen(line));
	if (at && (at == text.data || at[-1] == '\n')) {
		buffer_splice(&text, (size_t)(at - text.data), strlen(line), "", 0);
		err = file_write(file, text.data, text.len);
	}
	buffer_release(&text);
	free(file);
	free(line);
	return err;
}

/* -- what to know of the others ---------------------------------------------------------------- */

static bool package_has(struct repo *repo, const char *key)
{
	struct buffer text = BUFFER_INIT_MAX(PACKAGE_MAX_SIZE);
	cJSON *package = NULL;
	struct error *err = file_read_below(repo_work_tree(repo), "package.json", &text);
	if (!err)
		err = json_parse(&package, slice_of(&text), "package.json");
	bool has = !err && cJSON_GetObjectItemCaseSensitive(package, key) != NULL;
	error_free(err);
	cJSON_Delete(package);
	buffer_release(&text);
	return has;
}

void hook_managers_explain(struct repo *repo, const struct hook_folder *folder,
			   void (*fn)(const char *text, void *data), void *data)
{
	static const struct {
		const char *file; /* at the top of the work tree, or NULL */
		const char *key;  /* of package.json, or NULL */
		const char *mark; /* in a hook that it has installed */
		const char *text;
	} others[] = {
		{ NULL, "simple-git-hooks", NULL,
		  "simple-git-hooks writes its hooks anew, over ours, whenever it runs: run `git scrutiny hooks install` again "
		  "after that, or have package.json call `git scrutiny hooks run <hook>`" },
		{ NULL, "husky", "husky",
		  "husky 4 (in package.json) is chained, not configured: run `git scrutiny hooks install` again when it has "
		  "written its hooks anew" },
		{ ".overcommit.yml", NULL, "overcommit",
		  "overcommit is chained, not configured: run `git scrutiny hooks install` again after `overcommit --install`" },
		{ "captainhook.json", NULL, "captainhook",
		  "CaptainHook is chained, not configured: run `git scrutiny hooks install` again after `captainhook install`" },
		{ FRAMEWORK_CONFIG, NULL, HOOK_FRAMEWORK_MARK,
		  "pre-commit's own hook is called by ours; --write puts an entry into " FRAMEWORK_CONFIG " instead, for "
		  "everybody" },
	};
	for (size_t i = 0; repo_work_tree(repo) && i < ARRAY_SIZE(others); i++) {
		bool here = (others[i].file && is_there(repo, others[i].file)) ||
			    (others[i].key && package_has(repo, others[i].key));
		bool installed = !others[i].mark;
		for (size_t h = 0; here && !installed && hook_names_of_git[h]; h++)
			installed = hook_says(folder, hook_names_of_git[h], others[i].mark);
		if (here && installed)
			fn(others[i].text, data);
	}
}
