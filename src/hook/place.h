/* Where git looks for a repository's hooks, and whose that folder is. */
#ifndef HOOK_PLACE_H
#define HOOK_PLACE_H

#include "git/repo.h"

enum hook_place_kind {
	HOOK_PLACE_REPOSITORY, /* in the git directory: for this repository alone, its work trees included */
	HOOK_PLACE_OWN,        /* a folder of the user's: for every repository that names it */
	HOOK_PLACE_WORK_TREE,  /* files of the work tree, which are committed, or are a manager's */
	HOOK_PLACE_OTHERS,     /* a folder of somebody else's */
	HOOK_PLACE_NOWHERE,    /* no folder, such as /dev/null: git runs no hooks */
};

struct hook_place {
	enum hook_place_kind kind;
	char *path;   /* absolute */
	char *scope;  /* where core.hooksPath is set: "local", "global", "system", ...; NULL when it is not */
	char *hidden; /* the repository's own folder of hooks, if that is another one; else NULL */
};

struct error *hook_place_find(struct hook_place *out, struct repo *repo);
void hook_place_release(struct hook_place *place);
/* Whether PATH is DIRECTORY or below it; both absolute. */
bool path_is_below(const char *path, const char *directory);

#endif
