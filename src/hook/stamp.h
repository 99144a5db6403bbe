/*
 * What pre-commit leaves for post-commit: that it has run, and nothing was wrong. HOOK_FOLDER/checked in the git
 * directory of the work tree holds how long the log of HEAD was then, so that it counts for the next commit only.
 *
 * A commit that was given up after pre-commit had run leaves its stamp to the next one.
 */
#ifndef HOOK_STAMP_H
#define HOOK_STAMP_H

#include <stdbool.h>

/* With MAKE the folder is made if it is not there: pre-commit of a repository without papers leaves nothing. */
void hook_stamp(const char *git_dir, bool make);
/* Nothing is known any more, such as when our pre-commit is taken out. */
void hook_unstamp(const char *git_dir);

/* Whether the last thing that happened to HEAD is a commit, as `git commit` makes it, for which pre-commit has
 * not run, though it had for an earlier one. */
bool hook_was_bypassed(const char *git_dir);

#endif
