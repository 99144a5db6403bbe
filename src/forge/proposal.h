/*
 * A proposal: files of ours on a branch of their own, as a pull request. The one way in which `git scrutiny
 * run --pr`,
 * and whatever else changes files without being asked at the keyboard, brings them to people.
 *
 * Nothing in the work tree, the index, HEAD or a branch of the user's is touched: the commit is made of
 * BASE's tree and
 * the files, signed as the user's settings say, and pushed through git. Order: commit, push, pull request.
 * What fails
 * later leaves the branch pushed and says so; what fails before leaves nothing.
 */
#ifndef FORGE_PROPOSAL_H
#define FORGE_PROPOSAL_H

#include "forge/forge.h"

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
	PROPOSAL_UNCHANGED, /* the branch holds them already, and its pull request is open */
	PROPOSAL_OPENED, PROPOSAL_UPDATED,
	PROPOSAL_PUSHED,    /* no forge is known behind the remote: the branch is there, the rest is for people */
};

struct proposal_result {
	enum proposal_outcome outcome;
	struct oid commit;  /* tip of the branch; empty with PROPOSAL_NOTHING */
	bool pushed;        /* the branch was: also told when an error came after */
	struct pull pull;   /* zero with PROPOSAL_PUSHED */
	struct buffer warnings; /* a line each */
};
void proposal_result_release(struct proposal_result *result);

/*
 * FORGE NULL: only the branch is pushed, to REMOTE. One commit a call: when the branch is open at the remote,
 * contains BASE and holds
 * no commit of other people's, on top of it; when BASE has moved on, anew from BASE with a lease; when people
 * have added commits of
 * their own, on top of theirs, merged with BASE if that goes without conflict, else ERROR_CONFLICT and
 * nothing is touched. After its pull request was merged or
 * closed it begins anew from BASE.
 */
struct error *proposal_make(const struct proposal *proposal, struct repo *repo, struct forge *forge,
			    const char *remote, struct proposal_result *out);

#endif
