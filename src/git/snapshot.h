/*
 * A snapshot: the files of a repository as one of three views shows them.
 *
 *   work tree   tracked files as they are on disk, and untracked files that git does not ignore
 *   index       what is staged
 *   commit      a commit's tree (the only one a bare repository has)
 *
 * It is a base tree plus a list of paths that differ from it, so that what is clean is never
 * looked at file by file: everything above works on subtree ids where a folder has no change.
 */
#ifndef GIT_SNAPSHOT_H
#define GIT_SNAPSHOT_H

#include "git/repo.h"

/* Files larger than this are never read whole as text. */
#define SNAPSHOT_MAX_TEXT ((size_t)64 << 20)

enum snapshot_kind { SNAPSHOT_WORK_TREE, SNAPSHOT_INDEX, SNAPSHOT_COMMIT };

struct snapshot;

/* COMMIT is used by SNAPSHOT_COMMIT only. The work tree's scan (changed and untracked files) runs
 * as two git processes at the same time. */
struct error *snapshot_new(struct snapshot **out, struct repo *repo, enum snapshot_kind kind,
			   const struct oid *commit);
/* What S is compared with: HEAD of a work tree or index (nothing when there is no commit yet), a commit itself. */
struct snapshot *snapshot_new_base(const struct snapshot *s);
void snapshot_free(struct snapshot *s);
enum snapshot_kind snapshot_kind(const struct snapshot *s);
struct repo *snapshot_repo(const struct snapshot *s);

struct snapshot_entry {
	unsigned mode;     /* as in a tree; 040000 for a folder */
	const char *name;
	struct oid oid; /* blob as git would store it (filters applied), empty if it cannot be
	                   read; for a folder the tree id if nothing below it differs, otherwise
	                   empty; for a submodule the commit checked out, empty if there is none */
	bool untracked;
	bool changed; /* differs from the base tree (untracked files do); not set for folders */
};

/* The entries of folder PATH ("" is the top) in git's tree order. ERROR_NOT_FOUND if it is no
 * folder. *CLEAN_TREE (may be NULL) gets the folder's tree id when nothing below it differs from
 * the base, otherwise an empty id. The array is one allocation: free(*entries) frees it all. */
struct error *snapshot_list(struct snapshot *s, const char *path, struct snapshot_entry **entries,
			    size_t *nr, struct oid *clean_tree);

/* The bytes of the file at PATH, as a person sees them in the work tree, or as committed (with
 * `git cat-file --filters` semantics left out). Symbolic links are followed only while they stay
 * inside the repository. A Git LFS pointer is returned as it is: see snapshot_is_lfs_pointer. */
struct error *snapshot_read(struct snapshot *s, const char *path, struct buffer *out);
bool snapshot_is_lfs_pointer(struct slice content);
/* Whether there is a file at PATH. In the work tree view this also finds files that git ignores
 * (a built figure is not missing because it is not committed). */
bool snapshot_exists(struct snapshot *s, const char *path);

#endif
