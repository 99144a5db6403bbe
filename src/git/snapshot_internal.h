/* What the files of a snapshot share; nobody else includes this. */
#ifndef GIT_SNAPSHOT_INTERNAL_H
#define GIT_SNAPSHOT_INTERNAL_H

#include "git/coprocess.h"
#include "git/repo.h"
#include "git/snapshot.h"

#define MODE_FOLDER 0040000u
#define MODE_LINK 0120000u
#define MODE_SUBMODULE 0160000u

/* What git may say about changed or untracked paths, in bytes. */
#define SNAPSHOT_MAX_SCAN ((size_t)1 << 30)
/* With so many files that may have changed, git is asked to look at them first. */
#define SNAPSHOT_REFRESH_AT 1000
/* As many symbolic links are followed in one path. */
#define SNAPSHOT_MAX_LINKS 40

/* A path that differs from the base tree. */
struct change {
	const char *path;
	unsigned mode; /* 0: it is gone */
	unsigned base_mode;   /* 0: the base does not have it */
	const char *base_oid; /* its hexadecimal digits, not terminated */
	struct oid oid;	      /* empty until examined, and for what has no id */
	bool untracked;
	bool examined;
};

struct snapshot {
	struct repo *repo;
	enum snapshot_kind kind;
	struct oid base; /* the tree; empty when HEAD is unborn */
	bool trust_executable_bit; /* core.fileMode */

	struct buffer changed_text, untracked_text; /* changes point into them */
	struct change *changes; /* sorted by path, each path once */
	size_t nr, alloc;
	bool examined_tracked;
	struct coprocess hasher;
};

/* snapshot_scan.c. Fills the changes from what git says. */
struct error *snapshot_scan(struct snapshot *s);

/* snapshot_hash.c. Sets mode and id of the N changes given as they are on disk. */
struct error *snapshot_examine(struct snapshot *s, struct change **changes, size_t n);
/* Examines what is tracked and drops what turns out to be as the base has it. */
struct error *snapshot_examine_tracked(struct snapshot *s);

/* Changes, found by halving. The range holds those below FOLDER ("" is all of them). */
struct change *snapshot_find_change(const struct snapshot *s, const char *path);
void snapshot_range(const struct snapshot *s, const char *folder, size_t *from, size_t *to);

/* snapshot.c. What is at PATH in the view, links not followed; ERROR_NOT_FOUND. */
struct error *snapshot_lookup(struct snapshot *s, const char *path, struct tree_entry *out);

#endif
