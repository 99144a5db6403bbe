/* Managers of hooks, and the ways in which each wants one to be added. */
#ifndef HOOK_MANAGER_H
#define HOOK_MANAGER_H

#include "git/repo.h"
#include "hook/folder.h"
#include "hook/hook.h"
#include "hook/place.h"

enum hook_way_kind {
	HOOK_WAY_FOLDER,    /* our shim, in the folder that git looks at */
	HOOK_WAY_SCRIPT,    /* a line in a script that is in the work tree */
	HOOK_WAY_HUSKY,     /* a line in .husky/<hook> */
	HOOK_WAY_LEFTHOOK,  /* a command in lefthook-local.yml */
	HOOK_WAY_FRAMEWORK, /* an entry of .pre-commit-config.yaml */
};

/* How one hook is served here. */
struct hook_way {
	enum hook_way_kind kind;
	const char *manager; /* its name; "git" for the folder */
	char *path;          /* the file, from the top of the work tree; NULL for the folder */
	bool committed;      /* that file is, or may be, in commits: it is changed only with consent */
	bool has;            /* we are in it already */
};

/* The framework pre-commit is served by our shim, which calls its hook, unless IN_CONFIG, or its configuration
 * names us already. */
void hook_way_find(struct hook_way *out, struct repo *repo, const struct hook_place *place,
		   const struct hook_folder *folder, const char *hook, bool in_config);
void hook_way_release(struct hook_way *way);

/* Changes the file; it is written only if something changed, and not with DRY_RUN. A file that we leave empty is
 * deleted. */
struct error *hook_way_add(const struct hook_way *way, struct repo *repo, const char *hook, bool dry_run, bool *changed);
struct error *hook_way_drop(const struct hook_way *way, struct repo *repo, const char *hook, bool dry_run, bool *changed);

/* What a person with that manager in the repository should know, one line each; FN gets it. */
void hook_managers_explain(struct repo *repo, const struct hook_folder *folder,
			   void (*fn)(const char *text, void *data), void *data);

/* Keeps lefthook-local.yml, which is this user's, out of `git status`: a line in info/exclude, unless git ignores
 * it already; and takes that line out. */
struct error *hook_exclude(struct repo *repo, const char *path, bool *added);
struct error *hook_include(struct repo *repo, const char *path);

#endif
