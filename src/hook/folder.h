/*
 * A folder of hooks, ours among those of others.
 *
 * A hook that is there before ours is moved aside, into `<folder>.before-scrutiny/<hook>` beside the folder: it keeps
 * its name, its depth and so what relative links and `dirname $0`/.. lead to. What else is in the folder, such as a
 * script that several hooks read, has a link there. Our shim (shim.h) runs it first. Removing puts it back: the
 * same inode where the file system can link, else a copy with mode and times.
 *
 * At every moment git finds the old hook or ours, whole: what is moved aside is linked first, and then replaced
 * by a rename. A process that is killed between the two leaves the same hook under two names, which
 * the next call takes for what it is.
 */
#ifndef HOOK_FOLDER_H
#define HOOK_FOLDER_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "hook/shim.h"

struct hook_folder {
	char *path;          /* absolute, without symbolic links if it is there */
	char *aside;
	const char *program; /* git-scrutiny-hook; the caller's */
	/* For tests, which end the process there: called after every change of the file system. May be NULL. */
	void (*after_step)(void *data);
	void *data;
};

void hook_folder_init(struct hook_folder *f, const char *path, const char *program);
void hook_folder_release(struct hook_folder *f);

enum hook_state {
	HOOK_NONE,
	HOOK_OURS,     /* as we would write it now */
	HOOK_OUTDATED, /* ours, of another version or for another program */
	HOOK_FOREIGN,
	HOOK_CALLED,   /* foreign; it calls ours, which it has moved to another name */
};

struct hook_seen {
	enum hook_state state;
	bool runs;         /* git would run what is there */
	bool aside;        /* an earlier hook is kept */
	bool aside_runs;
	bool interrupted;  /* what is there and what is aside are the same: we were killed between two steps */
	char *moved_to;    /* HOOK_CALLED: the name ours has now; the caller frees it */
};
/* Looks at one hook; what cannot be read is foreign. */
void hook_folder_look(const struct hook_folder *f, const char *hook, struct hook_seen *seen);
void hook_seen_release(struct hook_seen *seen);

enum hook_change {
	HOOK_UNCHANGED,
	HOOK_ADDED,
	HOOK_CHAINED,   /* added; what was there runs first */
	HOOK_UPDATED,
	HOOK_REMOVED,
	HOOK_RESTORED,  /* removed; the earlier hook is back */
	HOOK_NOT_OURS,  /* removing: a foreign hook stays */
};

struct hook_done {
	enum hook_change change;
	char *kept; /* an earlier hook that somebody's later one has put out of use: its path, or NULL; the caller frees it */
};

/* Puts our shim in for HOOK; the folder is made if it is not there. With DRY_RUN nothing is done but OUT
 * is what would be. */
struct error *hook_folder_install(const struct hook_folder *f, const char *hook, bool dry_run, struct hook_done *out);
/* Takes it out again, and the folder aside with the last one. */
struct error *hook_folder_remove(const struct hook_folder *f, const char *hook, bool dry_run, struct hook_done *out);

#endif
