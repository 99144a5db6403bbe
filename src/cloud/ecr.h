/* The control plane of ECR: who may log in, what repositories there are. */
#ifndef CLOUD_ECR_H
#define CLOUD_ECR_H

#include <stdbool.h>

#include "cloud/cloud.h"

/* User name and password for the account's registry; malloc'd, known to the redactor; valid for twelve
 * hours. */
struct error *ecr_login(struct cloud *c, char **user, char **password);

struct ecr_repository {
	char *name, *arn, *uri;
	bool immutable;         /* tags cannot be moved, but for those excluded */
	bool latest_movable;    /* "latest" is excluded from that, or nothing is immutable */
};
void ecr_repository_release(struct ecr_repository *r);
/* ERROR_NOT_FOUND with the command that makes it as hint. */
struct error *ecr_find_repository(struct cloud *c, const char *name, struct ecr_repository *out);
#define ECR_UNTAGGED_DAYS 14
/* Made with scanning on push, immutable tags but for MOVABLE (NULL-terminated), and a lifecycle rule that
 * removes untagged images after two weeks and spares the newest KEEP tagged ones. One that is there already
 * is left as it is. */
struct error *ecr_make_repository(struct cloud *c, const char *name, const char *const *movable,
				  unsigned keep, struct ecr_repository *out);

#endif
