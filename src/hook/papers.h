/*
 * The list of a work tree's papers by which a hook sees that a commit concerns none of them, without looking for
 * papers: HOOK_FOLDER/papers in the git directory of the work tree, written by git-scrutiny when it has looked.
 *
 * It holds the folders of the papers and what outside of them their sources name. Both follow from the staged files
 * that can hold or name a manuscript, and from the ignore and policy files (hook_path_decides): a keyed hash of those
 * tells whether the list is that of the index at hand. A list that is not, or is another version's, is no list.
 */
#ifndef HOOK_PAPERS_H
#define HOOK_PAPERS_H

#include <stdint.h>

#include "git/repo.h"
#include "hook/siphash.h"

#define HOOK_PAPERS_MAX ((size_t)256 << 20)

struct hook_papers {
	struct buffer text;  /* the strings below point into it */
	size_t oid_size;
	unsigned char key[SIPHASH_KEY_SIZE];
	uint64_t state;      /* of the files that decide */
	struct oid commit;   /* that has them as they are; empty: perhaps none */
	char **papers;       /* folders, sorted bytewise; "" is the top */
	size_t nr_papers;
	char **outside;      /* beginnings of paths outside of those folders */
	size_t nr_outside;
};

/* The list of the work tree with GIT_DIR; false when there is none that can be used. */
bool hook_papers_open(struct hook_papers *out, const char *git_dir);
void hook_papers_release(struct hook_papers *list);

/* Whether the list is that of the index at PATH, whose tree (empty: not known) becomes *TREE. */
bool hook_papers_fit(const struct hook_papers *list, const char *index, struct oid *tree);

/*
 * Writes the list of what is in the index at INDEX if that has the tree TREE (empty: whatever it has), which
 * is COMMIT's (empty: of no commit). PAPERS are sorted bytewise. Whether that was done is all there is to
 * tell: without a list hooks are slower.
 */
bool hook_papers_write(const char *git_dir, const char *index, const struct oid *tree, const struct oid *commit,
		       size_t oid_size, const char *const *papers, size_t nr_papers, const char *const *outside,
		       size_t nr_outside);

/* Whether a file of that path and mode has a say in which folders are papers, and in what belongs to them. */
bool hook_path_decides(const char *path, size_t len, unsigned mode);
/* Whether a change of PATH, which had and gets these modes (0: none), may concern a paper of the list, or make one. */
bool hook_path_concerns(const struct hook_papers *list, const char *path, unsigned before, unsigned after);

#endif
