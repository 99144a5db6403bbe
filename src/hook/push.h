/*
 * What a push is about: what git tells the hook pre-push on standard input, and which commits that makes
 * the remote get. Which papers follow from it is the rule of git scrutiny's pre-push:
 *
 *   tips    The commits that refs of the remote are to be at: the local ids of all lines, tags peeled, but for
 *           deletions, for refs of our own (push_is_own_ref) and for what is no commit (tags of trees and
 *           blobs).
 *   known   Commits of which this clone knows that the remote has them: those that can be reached from what a
 *           ref of the line is at there now (its remote id, if that object is here), or from a ref below
 *           refs/remotes/ that fetching from that remote updates.
 *   new     Commits that can be reached from a tip and are not known. A tip that is known is none any more.
 *   edge    Known commits that are a parent of a new one, and those that a line's ref is at there now.
 *
 * A paper is pushed if it stands at a tip and does not stand at any commit of the edge: at the same path with
 * the same content id. So
 *
 *   - what was changed and changed back, and what was deleted, is not pushed;
 *   - what was moved or copied is, at its new path;
 *   - a merge of what the remote has brings nothing new, but for papers in which both sides meet;
 *   - with an edge that is empty (a first push, or a history that has nothing in common with the remote's)
 *     every paper is pushed;
 *   - what a commit only passed through, and is no longer so at the tip, does not count.
 *
 * Every paper that is pushed was touched by a new commit: follow it down from the tip, always to a parent that
 * has it as it is; the walk ends before it gets to the edge, at a commit all of whose parents have it otherwise.
 */
#ifndef HOOK_PUSH_H
#define HOOK_PUSH_H

#include "base/arena.h"
#include "git/repo.h"

/* Of standard input. */
#define PUSH_MAX_INPUT ((size_t)64 << 20)
/* Tags of tags of tags. */
#define PUSH_MAX_TAGS 100
/* What git may say about the commits that are pushed: some ten million of them. */
#define PUSH_MAX_COMMITS ((size_t)512 << 20)

/* One line: "<local ref> <local id> <remote ref> <remote id>". */
struct push_update {
	const char *local_ref;   /* as typed, where it is no ref: "HEAD~3", "v1^{/fix it}"; "(delete)" */
	const char *remote_ref;
	struct oid local;        /* empty: the ref is deleted */
	struct oid remote;       /* empty: it is not there yet */
};

struct push {
	struct push_update *updates;
	size_t nr;
	struct arena *memory; /* of their strings */
};

/* Takes standard input apart, down to nothing at all, which is a push of nothing. ERROR_SYNTAX "standard input,
 * line 3: ..." when it is not what git writes. */
struct error *push_parse(struct push *out, struct slice text);
void push_release(struct push *push);

/* refs/scrutiny/, refs/notes/ and refs/deploy/: no papers are in them, whoever pushes them. */
bool push_is_own_ref(const char *ref);

/* A commit at which papers are looked at. */
struct push_tip {
	struct oid commit;
	const char *ref; /* the remote's; the first of those that are to be there. The push's. */
};

struct push_range {
	struct push_tip *tips;  /* in the order of the lines, each commit once */
	size_t nr_tips;
	struct oid *edge;       /* each commit once */
	size_t nr_edge;
	size_t nr_commits;      /* that are new */
	const char **missing;   /* remote refs whose local object is not here: nothing can be said of them */
	size_t nr_missing;
};

/*
 * Finds out which commits are new to the remote that git calls REMOTE, at the address URL: the two arguments of the
 * hook. (git gives the address for both when that is what was typed; then the refs of each remote count that has it
 * as its url or pushurl.) Nothing is fetched if REPO stays local (repo_stay_local). ERROR_SYNTAX when the ids are not
 * of this repository's object format.
 */
struct error *push_find_range(struct push_range *out, struct repo *repo, const struct push *push,
			      const char *remote, const char *url);
void push_range_release(struct push_range *range);

#endif
