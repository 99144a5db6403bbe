/* What the hooks that come after something do, in git-scrutiny-hook and in `git scrutiny hooks run` alike. */
#ifndef HOOK_AFTER_H
#define HOOK_AFTER_H

#include "base/buffer.h"
#include "hook/places.h"

/* Whether HOOK, one of hook_names, is one of those. */
bool hook_is_after(const char *hook);

/*
 * Appends to PAGE what the last background review found, and starts a review when HOOK is one that does, with PROGRAM,
 * the path or name of git-scrutiny: in the background, so that this takes no time. In the middle of a rebase and its
 * like it does nothing: post-rewrite comes at the end of it.
 */
void hook_after(const char *hook, const struct hook_places *places, const char *program, struct buffer *page);

#endif
