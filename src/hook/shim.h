/*
 * The script that git runs as a hook: POSIX sh that needs no other program on its usual way.
 *
 * It runs the hook that was there before, with the same arguments and standard input, and ends with that one's
 * status if it fails; then git-scrutiny-hook by the path where it was installed, else from PATH. That there
 * is no such program is said once, and no failure. The text is put together from src/hook/shims.
 */
#ifndef HOOK_SHIM_H
#define HOOK_SHIM_H

#include <stdbool.h>

#include "base/buffer.h"

#define SHIM_VERSION 1
/* Larger than any shim is; of a hook no more is looked at. */
#define SHIM_MAX_SIZE ((size_t)1 << 16)

/* Where the earlier hook is. */
enum shim_earlier {
	SHIM_EARLIER_BESIDE, /* in a folder beside the one with hooks: see folder.h */
	SHIM_EARLIER_HIDDEN, /* in the repository's own folder, which core.hooksPath hides */
};

struct shim {
	const char *hook;
	const char *program; /* git-scrutiny-hook, absolute */
	enum shim_earlier earlier;
	const char *aside;   /* SHIM_EARLIER_BESIDE: that folder's name */
	bool is_framework;   /* the earlier hook is the one that pre-commit (the framework) installs */
	bool passes_on;      /* a hook that we do not serve: only the earlier one is run */
};

void shim_write(struct buffer *out, const struct shim *shim);
/* Whether TEXT is a shim for HOOK, of any version. */
bool shim_is(struct slice text, const char *hook);

#endif
