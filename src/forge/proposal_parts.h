/* What the files of a proposal share; nobody else includes this. */
#ifndef FORGE_PROPOSAL_PARTS_H
#define FORGE_PROPOSAL_PARTS_H

#include "forge/proposal.h"
#include "git/scratch.h"

/* A proposal in the making (proposal_commit.c). */
struct proposal_maker {
	const struct proposal *proposal;
	struct repo *repo;
	struct scratch scratch;
	struct oid *blobs;        /* of the files, by their places; empty: removed */
	struct oid base_tree;
	struct oid wanted;        /* the tree of BASE with the files in it */
	struct buffer index;      /* "GIT_INDEX_FILE=..." */
	const char *index_environment[8];
	struct buffer identity[4];
	const char *commit_environment[16];
};

/* Writes the files' blobs and the tree that is wanted. */
struct error *maker_open(struct proposal_maker *m, const struct proposal *proposal, struct repo *repo);
void maker_release(struct proposal_maker *m);
/* TREE with the files in it. */
struct error *maker_tree(struct proposal_maker *m, const struct oid *tree, struct oid *out);
/* The tree of TIP, the people's, merged with what is wanted; OURS is the last commit of ours that TIP has, or BASE.
 * ERROR_CONFLICT. */
struct error *maker_merge(struct proposal_maker *m, const struct oid *tip, const struct oid *ours, struct oid *out);
/* The commit of TREE, as the user's settings say; no ref has it yet. SECOND may be empty. */
struct error *maker_commit(struct proposal_maker *m, const struct oid *tree, const struct oid *parent,
			   const struct oid *second, struct oid *out);

#endif
