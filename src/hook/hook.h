/*
 * Hooks: which ones we serve, and how they are called.
 *
 * A hook that git runs is a small script (shim.h) that first runs the hook that was there before us, if any, with
 * the same arguments and standard input, and then
 *
 *     git-scrutiny-hook <hook> [<argument>...]
 *
 * That program is small and links no library but C's: it starts in a millisecond, finds that there is nothing to
 * do, or runs `git-scrutiny hooks run <hook> -- [<argument>...]`, which does the work. Managers of hooks (husky,
 * lefthook, pre-commit) call `git scrutiny hooks run <hook>` themselves.
 *
 *   pre-commit     staged papers, built-in checks only; --fail-on decides
 *   post-commit    starts a review in the background and returns; says what the last one found
 *   pre-push       papers of the commits that are pushed, from standard input
 *   post-merge, post-rewrite, post-checkout
 *                  say what the last background review found; the first two start one
 *
 * SCRUTINY=0 in the environment, or git config scrutiny.hooks=false, skips all of them.
 *
 *   git config scrutiny.hooks                     false: no hook does anything
 *   git config scrutiny.hooks.failOn              level for pre-commit and pre-push; default: as --fail-on
 *   git config scrutiny.hooks.strict              true: what cannot be checked stops git, too
 *   git config scrutiny.hooks.prePushReviewers    models that pre-push asks ("configured": those of run);
 *                                                 default: none
 *   git config scrutiny.hooks.backgroundReviewers likewise of the background; default: models on this machine
 *                                                 that have no price
 *   git config scrutiny.hooks.write               true: background reviews write reports into the work tree;
 *                                                 default: records only
 *   git config scrutiny.hooks.notify              true: a desktop notification when a background review has
 *                                                 found something
 */
#ifndef HOOK_HOOK_H
#define HOOK_HOOK_H

#include <stdbool.h>
#include <stddef.h>

/* In the order in which they are listed; ends with NULL. */
extern const char *const hook_names[];
bool hook_is_known(const char *name);
/* All that git runs from the folder of hooks, likewise. */
extern const char *const hook_names_of_git[];
bool hook_is_of_git(const char *name);

/* In the git directory of a work tree: what hooks leave for each other there. */
#define HOOK_FOLDER "scrutiny/hooks"

#endif
