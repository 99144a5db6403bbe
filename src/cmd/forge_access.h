/* The forge behind a remote, with the user's settings. */
#ifndef CMD_FORGE_ACCESS_H
#define CMD_FORGE_ACCESS_H

#include "cmd/cmd.h"
#include "forge/forge.h"

/* The remote that REPO's branch is pushed to, else origin, else the only one; malloc'd. ERROR_NOT_FOUND without one. */
struct error *find_remote(struct repo *repo, char **out);
/* BRANCH that is checked out; NULL in *OUT when none is. */
struct error *current_branch(struct repo *repo, char **out);
/* What BRANCH is called at REMOTE, when it was given an upstream there; else the same. Malloc'd. */
char *branch_there(struct repo *repo, const char *remote, const char *branch);
/* As forge_open. Waiting is told on standard error. */
struct error *open_forge(struct forge **out, struct context *ctx, const char *remote);
/* "pull request #3", of GitLab "merge request !3". */
void add_pull_name(struct buffer *out, const struct forge *forge, int64_t number);

#endif
