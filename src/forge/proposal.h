/*
 * A proposal: files of ours on a branch of their own, as a pull request. The one way in which `git scrutiny run
 * --pr`, and whatever else changes files without being asked at the keyboard, brings them to people.
 *
 * Nothing in the work tree, the index, HEAD or a branch of the user's is touched: the commit is made of BASE's
 * tree and the files, signed as the user's settings say, and pushed through git. Order: commit, push, pull
 * request. What fails later leaves the branch pushed and says so; what fails before leaves nothing. Killed at any
 * instant, the next call carries on: objects that no ref has yet are git's to collect, temporary files lie in a
 * scratch folder (git/scratch.h).
 */
#ifndef FORGE_PROPOSAL_H
#define FORGE_PROPOSAL_H

#include "forge/forge.h"

/* Commits on the branch that are looked at, in bytes of their ids. */
#define PROPOSAL_MAX_LOG ((size_t)4 << 20)
/* Times that others may move the branch meanwhile. */
#define PROPOSAL_MAX_ATTEMPTS 20
/* The trailer by which a commit of ours is known again: the id of its tree. A commit that somebody has amended, or
 * carried to another base, is that person's from then on. */
#define PROPOSAL_TRAILER "Proposal-Tree"

struct proposal_file {
	const char *path;        /* from the top */
	struct slice data;       /* data.data NULL: the file is removed */
	bool executable;
};

struct proposal {
	const char *branch;      /* "scrutiny/main": ours */
	const char *base_branch; /* what it is to go into, at the remote */
	struct oid base;         /* the commit that the files belong to: contained in base_branch at the remote */
	const struct proposal_file *files;
	size_t nr_files;
	const char *message;     /* of the commit */
	struct pull_wish pull;   /* branch and base are filled in */
};

enum proposal_outcome {
	PROPOSAL_NOTHING,   /* BASE has the files as they are: no branch, no pull request */
	PROPOSAL_UNCHANGED, /* the branch holds them already, and its pull request is open and as it should be */
	PROPOSAL_OPENED, PROPOSAL_UPDATED,
	PROPOSAL_PUSHED,    /* no forge is known behind the remote: the branch is there, the rest is for people */
	PROPOSAL_OLDER,     /* the branch belongs to a newer commit of base_branch: it was left as it is */
};

struct proposal_result {
	enum proposal_outcome outcome;
	struct oid commit;  /* tip of the branch; empty with PROPOSAL_NOTHING */
	bool pushed;        /* the branch was: also told when an error came after */
	struct pull pull;   /* zero with PROPOSAL_PUSHED and PROPOSAL_OLDER */
	struct buffer warnings; /* a line each */
};
void proposal_result_release(struct proposal_result *result);

/* Whether BASE_BRANCH at REMOTE contains BASE: else a proposal would carry commits that nobody has pushed. ERROR_CONFLICT
 * when it does not, ERROR_NOT_FOUND when there is no such branch. To be asked before costly work; proposal_make asks
 * again. */
struct error *proposal_check_base(struct repo *repo, const char *remote, const char *base_branch, const struct oid *base);

/*
 * FORGE NULL: only the branch is pushed, to REMOTE. One commit a call, made of BASE's tree and the files:
 *
 *   no branch, or its pull request was merged or closed    anew from BASE
 *   the branch contains BASE, all its commits are ours     on top of it; files of earlier commits stay
 *   BASE has moved on, all commits are ours                anew from BASE
 *   people have added commits                              on top of theirs, merged with BASE and the files;
 *                                                          ERROR_CONFLICT if that does not go by itself
 *   the branch belongs to a newer commit than BASE         left as it is (PROPOSAL_OLDER)
 *
 * The branch is overwritten only as it was seen (a lease); when others were faster it is looked at again. Two calls at once
 * end with one branch and one pull request.
 */
struct error *proposal_make(const struct proposal *proposal, struct repo *repo, struct forge *forge,
			    const char *remote, struct proposal_result *out);

#endif
