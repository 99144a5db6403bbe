/* Committing files of ours, and only those, through the git program. */
#ifndef GIT_COMMIT_H
#define GIT_COMMIT_H

#include "git/repo.h"

/*
 * Makes one commit that holds the work tree's state of PATHS (NUL-separated, from the top of the
 * repository) on top of HEAD. Hooks and signing run as for any commit; what else is staged or
 * changed stays as it is. *MADE is false, and nothing happens, when PATHS equal HEAD.
 */
struct error *commit_paths(struct repo *repo, struct slice paths, const char *message, bool *made);

#endif
