/*
 * Who has changed a paper last, for the account of what reviews have cost: one `git log` for all
 * papers, read only as far as is asked for.
 */
#ifndef REVIEW_AUTHORS_H
#define REVIEW_AUTHORS_H

#include "git/repo.h"
#include "paper/paper.h"

struct authors;
/* PAPERS must live as long. */
struct authors *authors_new(struct repo *repo, const struct paper *const *papers, size_t nr);
void authors_free(struct authors *a);
/* "Name <mail>" of the last commit that changed a file of the paper in the folder PATH (one of PAPERS), as
 * .mailmap has it; NULL when none did. Waits for git as long as it takes to get there. */
const char *authors_find(struct authors *a, const char *path);

#endif
