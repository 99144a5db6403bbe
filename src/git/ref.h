/*
 * Refs of our own: small files in commits that change by compare-and-swap only, here and on remotes.
 *
 * Everything is done by the git program, so that credentials, hooks and settings of the user's count, and so that any
 * form of repository works. Objects are written first and the ref moves last: a kill leaves the old state or the new.
 */
#ifndef GIT_REF_H
#define GIT_REF_H

#include <stdint.h>

#include "git/repo.h"

/* The environment of git commands that write for us. Our own hooks, which review what is pushed, have nothing to do
 * there. */
extern const char *const ref_environment[];
/* "Name <mail>", as git would sign a commit; nothing of ours fails for the lack of one. */
void ref_identity(struct buffer *out, struct repo *repo);
#define REF_IDENTITY "git-scrutiny <git-scrutiny@localhost>"
/* A short random pause, longer with every attempt (from 1), while others keep moving a ref. */
void ref_pause(unsigned attempt);
/* ERROR_IO "<what>: " and the most telling line of what git said: its first fatal or error, else the last. */
struct error *ref_git_failed(const struct buffer *said, const char *what);

struct ref_file {
	const char *name;       /* at the top of the tree: no slash */
	struct slice data;
};

struct ref_commit {
	/* The files of the first parent stay, but for those of the same name; or (ALONE) none of them. */
	const struct oid *parents;
	size_t nr_parents;
	const struct ref_file *files;
	size_t nr_files;
	bool alone;
	const char *message;
	const char *identity;   /* NULL: ref_identity() */
	int64_t date;           /* seconds since the epoch; 0: now */
};
/* Writes the commit, which no ref has yet. */
struct error *ref_commit(struct repo *repo, const struct ref_commit *commit, struct oid *out);
/* Moves REF from FROM (empty: it must not be there) to TO. *LOST: it is elsewhere, or locked; nothing was changed. */
struct error *ref_update(struct repo *repo, const char *ref, const struct oid *from, const struct oid *to,
			 const char *why, bool *lost);

/* Whether git knows a remote of that name; else it is an address or a path. */
bool ref_is_remote(struct repo *repo, const char *remote);
/* The ref that remembers what REMOTE had: refs/scrutiny/remotes/<remote>/<what>; malloc'd. */
char *ref_tracking(struct repo *repo, const char *remote, const char *what);
/* Fetches REFSPEC and nothing else from REMOTE; *FOUND is false when there is no such ref. WHAT ("the records")
 * names it in errors. */
struct error *ref_fetch(struct repo *repo, const char *remote, const char *refspec, const char *what, bool *found);

/* "cannot <verb> <what> <preposition> '<remote>': " and git's reason, with a hint for the usual ones. STATUS is git's. */
struct error *ref_remote_failed(const struct buffer *said, int status, const char *verb, const char *preposition,
				const char *what, const char *remote);

/* One attempt to push. With a LEASE the ref is overwritten if it is that object there ("": if it is not there);
 * without, only moved forward. PUSH_FAILED comes with an error; PUSH_BEHIND says that somebody else was faster. */
enum push_outcome { PUSH_DONE, PUSH_UP_TO_DATE, PUSH_BEHIND, PUSH_FAILED };
struct push_try {
	const char *remote, *ref;
	const char *object;     /* "": the ref is removed */
	const char *lease;      /* or NULL */
	enum push_outcome outcome;
	struct buffer *said;    /* gets the words of git, the remote and the hooks; may be NULL */
};
struct error *ref_push(struct repo *repo, struct push_try *try, const char *what);

#endif
