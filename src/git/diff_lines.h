/*
 * Which lines of the new side a diff shows: those that a pull request's review can be written beside. Added lines and
 * the three lines of context around them, as forges show them.
 */
#ifndef GIT_DIFF_LINES_H
#define GIT_DIFF_LINES_H

#include "git/repo.h"

/* Bytes of a diff that is looked at. */
#define DIFF_LINES_MAX_SIZE ((size_t)256 << 20)
/* Stretches of lines, in all files together. */
#define DIFF_LINES_MAX_HUNKS ((size_t)2 << 20)
/* Beyond that no file of ours goes. */
#define DIFF_LINES_MAX_LINE ((size_t)1 << 40)

struct diff_lines; /* opaque */

/* The diff from FROM (of a pull request the merge base) to TO. ERROR_LIMIT beyond the ceilings. */
struct error *diff_lines_new(struct diff_lines **out, struct repo *repo, const struct oid *from, const struct oid *to);
/* As `git diff-tree -p --src-prefix=a/ --dst-prefix=b/` prints it. ERROR_SYNTAX when it is no such thing. */
struct error *diff_lines_parse(struct diff_lines **out, struct slice diff);
void diff_lines_free(struct diff_lines *d);
/* Whether LINE (from 1) of PATH, from the top of the repository, is in the diff. */
bool diff_lines_has(const struct diff_lines *d, const char *path, size_t line);
/* The commit that A and B have in common last; ERROR_NOT_FOUND when none is known here. */
struct error *diff_merge_base(struct repo *repo, const struct oid *a, const struct oid *b, struct oid *out);

#endif
