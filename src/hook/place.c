#include "hook/place.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"

bool path_is_below(const char *path, const char *directory)
{
	size_t len = strlen(directory);
	while (len > 1 && directory[len - 1] == '/')
		len--;
	return !strncmp(path, directory, len) && (!path[len] || path[len] == '/');
}

/* PATH without links as far as it is there. */
static char *real_path(const char *path)
{
	char *real = realpath(path, NULL);
	if (real)
		return real;
	char *parent = xstrdup(path);
	char *slash = strrchr(parent, '/');
	if (!slash || slash == parent) {
		free(parent);
		return xstrdup(path);
	}
	*slash = '\0';
	char *above = real_path(parent);
	real = xstrfmt("%s/%s", above, slash + 1);
	free(above);
	free(parent);
	return real;
}

/* Whether PATH, or what is there above it, is the user's. */
static bool is_own(const char *path)
{
	struct stat st;
	char *at = xstrdup(path);
	bool there;
	for (char *slash; (there = !stat(at, &st)) == false && (slash = strrchr(at, '/')) && slash > at;)
		*slash = '\0';
	free(at);
	return there && st.st_uid == geteuid();
}

static enum hook_place_kind kind_of(const char *path, struct repo *repo)
{
	struct stat st;
	const char *top = repo_work_tree(repo);
	if (!stat(path, &st) && !S_ISDIR(st.st_mode))
		return HOOK_PLACE_NOWHERE;
	char *git_dir = real_path(repo_common_dir(repo)), *work_tree = top ? real_path(top) : NULL;
	enum hook_place_kind kind = HOOK_PLACE_OTHERS;
	if (path_is_below(path, git_dir))
		kind = HOOK_PLACE_REPOSITORY;
	else if (work_tree && path_is_below(path, work_tree))
		kind = HOOK_PLACE_WORK_TREE;
	else if (is_own(path))
		kind = HOOK_PLACE_OWN;
	free(git_dir);
	free(work_tree);
	return kind;
}

/* core.hooksPath as git reads it, with ~ and the place where it is set. */
static struct error *read_setting(struct repo *repo, char **scope, char **value)
{
	const char *argv[] = { "config", "--show-scope", "-z", "--type=path", "--get", "core.hooksPath", NULL };
	struct buffer out = BUFFER_INIT;
	int status = 0;
	struct process_options options = { .out = &out, .discard_err = true, .exit_status = &status };
	struct error *err = repo_git_read(repo, argv, &options);
	size_t len = strlen(out.data);
	if (!err && !status && len + 1 < out.len) {
		*scope = xstrdup(out.data);
		*value = xstrdup(out.data + len + 1);
	}
	buffer_release(&out);
	return err;
}

struct error *hook_place_find(struct hook_place *out, struct repo *repo)
{
	char *value = NULL;
	*out = (struct hook_place){ 0 };
	struct error *err = read_setting(repo, &out->scope, &value);
	if (err)
		return err;
	const char *top = repo_work_tree(repo);
	char *own = xstrfmt("%s/hooks", repo_common_dir(repo));
	char *path = !value ? xstrdup(own)
		     : *value == '/' ? xstrdup(value)
				     : xstrfmt("%s/%s", top ? top : repo_git_dir(repo), value);
	out->path = real_path(path);
	out->kind = kind_of(out->path, repo);
	char *real = real_path(own);
	if (strcmp(real, out->path) != 0)
		out->hidden = xstrdup(own);
	free(real);
	free(path);
	free(own);
	free(value);
	return NULL;
}

void hook_place_release(struct hook_place *place)
{
	free(place->path);
	free(place->scope);
	free(place->hidden);
	*place = (struct hook_place){ 0 };
}
