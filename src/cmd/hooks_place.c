#include "cmd/hooks_place.h"

#include <dirent.h>
#include <limits.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "hook/hook.h"

#define PROGRAM "git-scrutiny-hook"

void hooks_say(const struct hooks_call *call, const char *fmt, ...)
{
	va_list ap;
	if (call->options->quiet)
		return;
	va_start(ap, fmt);
	print_words(false, fmt, ap);
	va_end(ap);
}

char *hooks_program(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path));
	const char *slash = n > 0 && (size_t)n < sizeof(path) ? memrchr(path, '/', (size_t)n) : NULL;
	return slash ? xstrfmt("%.*s/" PROGRAM, (int)(slash - path), path) : xstrdup(PROGRAM);
}

static struct error *add_chosen(const char **chosen, size_t *nr, struct slice word)
{
	char *name = xmemdupz(word.data, word.len);
	struct error *err = NULL;
	const char *found = NULL;
	for (size_t i = 0; hook_names[i]; i++)
		if (!strcmp(hook_names[i], name))
			found = hook_names[i];
	const char *near = found ? NULL : text_nearest(name, hook_names);
	if (!found)
		err = error_new(ERROR_USAGE, "`%s' is no hook of ours", name);
	if (err && near)
		err = error_with_hint(err, "did you mean %s?", near);
	bool twice = false;
	for (size_t i = 0; i < *nr; i++)
		twice |= chosen[i] == found;
	if (found && !twice)
		chosen[(*nr)++] = found;
	free(name);
	return err;
}

struct error *hooks_chosen(const char ***out, const char *list)
{
	size_t nr = 0, all = 0;
	while (hook_names[all])
		all++;
	*out = xcalloc(all + 1, sizeof(**out));
	for (size_t i = 0; !list && i < all; i++)
		(*out)[i] = hook_names[i];
	for (struct error *err; list && *list;) {
		size_t len = strcspn(list, ",");
		struct slice word = slice_trim((struct slice){ list, len });
		if (word.len && (err = add_chosen(*out, &nr, word)))
			return err;
		list += len + (list[len] == ',');
	}
	return list && !nr ? error_new(ERROR_USAGE, "--only names no hook") : NULL;
}

struct error *hooks_site_open(struct hooks_site *site, struct hooks_call *call)
{
	*site = (struct hooks_site){ .call = call };
	struct error *err = hooks_chosen(&site->hooks, call->options->only);
	if (!err)
		err = context_repo(call->ctx, &site->repo);
	if (!err)
		err = hook_place_find(&site->place, site->repo);
	if (err)
		return err;
	site->program = hooks_program();
	hook_folder_init(&site->folder, site->place.path, site->program);
	site->folder.hides = hooks_is_global(site->folder.path);
	size_t nr = 0;
	while (site->hooks[nr])
		nr++;
	site->ways = xcalloc(nr + 1, sizeof(*site->ways));
	for (size_t i = 0; i < nr; i++)
		hook_way_find(&site->ways[i], site->repo, &site->place, &site->folder, site->hooks[i], call->options->write);
	return NULL;
}

void hooks_site_release(struct hooks_site *site)
{
	for (size_t i = 0; site->ways && site->hooks[i]; i++)
		hook_way_release(&site->ways[i]);
	free(site->ways);
	free(site->hooks);
	free(site->program);
	hook_place_release(&site->place);
	hook_folder_release(&site->folder);
}

/* Hooks in the repository's own folder that core.hooksPath keeps from running. */
static void warn_of_hidden(const struct hook_place *place)
{
	struct buffer names = BUFFER_INIT;
	for (size_t i = 0; place->hidden && hook_names_of_git[i]; i++) {
		char *path = xstrfmt("%s/%s", place->hidden, hook_names_of_git[i]);
		if (!access(path, X_OK))
			buffer_addf(&names, "%s%s", names.len ? ", " : "", hook_names_of_git[i]);
		free(path);
	}
	if (names.len)
		say_warning("core.hooksPath (%s) hides hooks that are in %s: %s", place->scope ? place->scope : "a link",
			    place->hidden, names.data);
	buffer_release(&names);
}

static struct error *refuse(const struct hook_place *place)
{
	struct error *err;
	switch (place->kind) {
	case HOOK_PLACE_NOWHERE:
		err = error_new(ERROR_UNSUPPORTED, "core.hooksPath is '%s', which is no folder: git runs no hooks here", place->path);
		return error_with_hint(err, "`git config --show-origin core.hooksPath` says where that is set");
	case HOOK_PLACE_OTHERS:
		err = error_new(ERROR_UNSUPPORTED, "core.hooksPath is '%s', a folder of somebody else's", place->path);
		return error_with_hint(err, "ask who looks after it to run `git scrutiny hooks run <hook> \"$@\"` in its hooks; or "
					    "git config core.hooksPath .git/hooks, which leaves those there out");
	case HOOK_PLACE_WORK_TREE: /* in the way of who manages it */
	case HOOK_PLACE_REPOSITORY:
	case HOOK_PLACE_OWN:
		break;
	}
	return NULL;
}

struct error *hooks_site_check(const struct hooks_site *site)
{
	const struct hook_place *place = &site->place;
	if (!repo_work_tree(site->repo) && !site->call->options->only)
		return error_with_hint(error_new(ERROR_UNSUPPORTED, "this repository is bare: nobody commits in it, and git runs "
								    "none of our hooks where it receives a push"),
				       "papers that are pushed to it are checked by those who push, or by a job of the server; "
				       "--only=pre-push is for pushes from here");
	struct error *err = refuse(place);
	if (err)
		return err;
	/* Ours run what they hide. */
	if (site->folder.hides)
		return NULL;
	warn_of_hidden(place);
	if (place->kind == HOOK_PLACE_OWN)
		say_warning("core.hooksPath (%s) names %s: its hooks run in every repository that uses that folder",
			    place->scope ? place->scope : "a link", place->path);
	return NULL;
}
