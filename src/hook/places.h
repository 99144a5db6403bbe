/*
 * Where a hook that git runs finds its repository, without asking git: git runs hooks at the top of the work
 * tree (or in the git directory of a bare repository), and sets GIT_DIR where that does not tell.
 */
#ifndef HOOK_PLACES_H
#define HOOK_PLACES_H

#include <stdbool.h>

struct hook_places {
	char *git_dir; /* of this work tree */
	char *index;   /* the one that is committed: GIT_INDEX_FILE during `git commit -a` and `git commit <path>` */
};

/* GIT_DIR and GIT_INDEX_FILE are the values of those variables, or NULL. False when it is not plain where the
 * repository is: then git has to be asked. */
bool hook_places_find(struct hook_places *out, const char *git_dir, const char *index_file);
void hook_places_release(struct hook_places *places);

/* Whether what is committed now is a step of something longer: a rebase, `git am`, a bisection, or a cherry-pick or
 * revert of several commits that is not at its last one. */
bool hook_in_sequence(const char *git_dir);

#endif
