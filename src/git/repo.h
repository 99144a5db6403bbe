/*
 * One repository: where it is, what is configured, and its objects.
 *
 * Paths inside the repository are byte strings relative to its top, separated by '/', with no
 * leading or trailing '/'; "" is the top itself. They need not be UTF-8.
 */
#ifndef GIT_REPO_H
#define GIT_REPO_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/process.h"

#define OID_MAX_HEX 64
/* Ceiling for one object read into memory. */
#define OBJECT_MAX_SIZE ((size_t)256 << 20)

struct oid {
	char hex[OID_MAX_HEX + 1]; /* 40 or 64 lower-case digits; "" is no object */
};

enum object_type { OBJECT_COMMIT, OBJECT_TREE, OBJECT_BLOB, OBJECT_TAG };

struct repo; /* opaque */

/* Opens the repository of DIRECTORY (NULL: the current one) as git itself would find it: GIT_DIR,
 * GIT_WORK_TREE, worktrees and safe.directory included. */
struct error *repo_open(struct repo **out, const char *directory);
void repo_free(struct repo *repo);

const char *repo_git_dir(const struct repo *repo);    /* absolute; of this worktree */
const char *repo_common_dir(const struct repo *repo); /* absolute; shared by all worktrees */
const char *repo_work_tree(const struct repo *repo);  /* absolute, or NULL when bare */
const char *repo_prefix(const struct repo *repo);     /* where we stand: "" or "a/b/" */
const char *repo_object_format(const struct repo *repo); /* "sha1" or "sha256" */
const struct oid *repo_empty_tree(const struct repo *repo); /* the id of the tree of nothing */
/* True when objects are read with libgit2; false: through `git cat-file --batch`. */
bool repo_uses_libgit2(struct repo *repo);

/* From now on nothing is fetched for this repository, neither by git commands that are run here: an object that a
 * partial clone lacks is missing. */
void repo_stay_local(struct repo *repo);
bool repo_stays_local(const struct repo *repo);

/* Runs git in this repository: ARGV without the leading "git". As process_run otherwise, but for
 * the directory, which is the top of the work tree (the git directory when there is none). */
struct error *repo_git(struct repo *repo, const char *const *argv, struct process_options *options);
/* As repo_git for a command that only reads and whose output is parsed: it takes no optional
 * lock, speaks English, and does not look at replacement objects, so that it sees what every
 * other clone sees. */
struct error *repo_git_read(struct repo *repo, const char *const *argv,
			    struct process_options *options);
/* As repo_git_read, in the background: see process_start. */
struct error *repo_git_start(struct repo *repo, const char *const *argv, struct process *p,
			     bool pipe_in, bool pipe_out, const struct process_options *options);
/* As repo_git, capturing standard output with trailing newlines removed. */
struct error *repo_git_line(struct repo *repo, const char *const *argv, struct buffer *out);

/* Settings, read once with `git config -z --includes --list` (so -c and includes count).
 * KEY is lower case but for the subsection. NULL when unset; the last value wins; a key without
 * a value is "true". */
const char *repo_config(struct repo *repo, const char *key);
/* Calls FN for every setting whose key starts with PREFIX, in git's order. */
void repo_config_each(struct repo *repo, const char *prefix,
		      void (*fn)(const char *key, const char *value, void *data), void *data);

/* Resolves REV to a commit. ERROR_NOT_FOUND "'<rev>' is not a commit", with a hint for the
 * nearest branch, or for a date that was meant as @{date}. */
struct error *repo_resolve_commit(struct repo *repo, const char *rev, struct oid *out);
/* HEAD's commit; an unborn HEAD gives an empty OUT and success. */
struct error *repo_head(struct repo *repo, struct oid *out);
/* The commit a ref points at, peeled; empty when there is no such ref. */
struct error *repo_ref(struct repo *repo, const char *refname, struct oid *out);
/* The tree of a commit. */
struct error *repo_commit_tree(struct repo *repo, const struct oid *commit, struct oid *tree);

/* Reads an object's bytes; ERROR_NOT_FOUND when it is missing (a partial clone's missing object
 * is fetched by git itself); ERROR_LIMIT above OUT's ceiling. */
struct error *repo_read_object(struct repo *repo, const struct oid *oid, enum object_type want,
			       struct buffer *out);

struct tree_entry {
	unsigned mode;    /* 0100644, 0100755, 0120000, 040000, 0160000 */
	struct slice name;
	struct oid oid;
};
/* Calls FN for each entry of a tree in git's order; FN's error ends it and is returned. */
struct error *repo_tree_each(struct repo *repo, const struct oid *tree,
			     struct error *(*fn)(const struct tree_entry *e, void *data),
			     void *data);
/* The entry at PATH below TREE; ERROR_NOT_FOUND. NAME in OUT is not set. */
struct error *repo_tree_lookup(struct repo *repo, const struct oid *tree, const char *path,
			       struct tree_entry *out);

#endif
