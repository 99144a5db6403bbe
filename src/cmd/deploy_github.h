/* What GitHub calls the repository: for policies that trust its workflows. */
#ifndef CMD_DEPLOY_GITHUB_H
#define CMD_DEPLOY_GITHUB_H

#include "cmd/deployment.h"

/* "owner/name" of the remote origin; malloc'd; NULL when that is not at GitHub. */
char *github_of_origin(const struct deployment *d);
/* NAMED, or that of origin. ERROR_USAGE when there is none, or it is no name. */
struct error *github_find(const struct deployment *d, const char *named, char **out);

#endif
