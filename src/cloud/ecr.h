/* The control plane of ECR: who may log in, what repositories there are. */
#ifndef CLOUD_ECR_H
#define CLOUD_ECR_H

#include <stdbool.h>

#include "base/buffer.h"
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
/* How many tags can be excluded from being immutable. */
#define ECR_MAX_EXCLUSIONS 5
/* The lifecycle policy, as JSON: images without a tag go after two weeks, those with one when there are KEEP
 * newer ones; but what a tag of MOVABLE (NULL-terminated) names is served, and stays however old it is. */
void ecr_add_lifecycle(struct buffer *out, const char *const *movable, unsigned keep, bool pretty);
/* Made with scanning on push, immutable tags but for MOVABLE (all can be moved when those are more than
 * ECR_MAX_EXCLUSIONS), and the lifecycle policy. One that is there already is left as it is. */
struct error *ecr_make_repository(struct cloud *c, const char *name, const char *const *movable,
				  unsigned keep, struct ecr_repository *out);

#endif
