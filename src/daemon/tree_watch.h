/*
 * The folders of a work tree, watched with inotify: those that are there, and those that come. What noise.h takes out
 * is not watched.
 *
 * inotify watches single folders, and the system limits how many. Folders beyond that limit, and those on file systems
 * that others write to without this kernel knowing (NFS, SMB, FUSE, 9p), are counted as unwatched: the caller has to look
 * by other means (poll_state.h).
 */
#ifndef DAEMON_TREE_WATCH_H
#define DAEMON_TREE_WATCH_H

#include "base/strmap.h"
#include "git/repo.h"

/* Paths of one burst that are kept apart; of more it is only said that there were many. */
#define TREE_WATCH_MAX_CHANGED 1000
#define TREE_WATCH_MAX_DEPTH 200

struct tree_watch;

/* Watches the work tree of REPO, which must outlive it. */
struct error *tree_watch_new(struct tree_watch **out, struct repo *repo);
void tree_watch_free(struct tree_watch *t);

/* Readable when something has happened. Not the same after a tree_watch_read. */
int tree_watch_fd(const struct tree_watch *t);
size_t tree_watch_folders(const struct tree_watch *t);
size_t tree_watch_unwatched(const struct tree_watch *t);
bool tree_watch_hit_limit(const struct tree_watch *t); /* of watches, or of inotify instances */

struct tree_changes {
	struct strmap paths; /* a set, from the top; at most TREE_WATCH_MAX_CHANGED */
	bool many;           /* more than that, or events were lost: anything may have changed */
	size_t events;       /* that told of them */
	bool gone;           /* the top is no longer where it was */
};
void tree_changes_release(struct tree_changes *c);

/* Takes in what has happened, without waiting, and adds it to CHANGES. Watches what came and forgets what went; when
 * events were lost, all is looked at anew. */
struct error *tree_watch_read(struct tree_watch *t, struct tree_changes *changes);

#endif
