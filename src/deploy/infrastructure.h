/*
 * All that a deployment uses, as CloudFormation (YAML) or Terraform (HCL): repository, roles, instance profile, security
 * group, instance, alarms, budget. No NAT gateway, no load balancer, no Elastic IP. Rendered from templates
 * (src/deploy/infrastructure/, compiled in).
 */
#ifndef DEPLOY_INFRASTRUCTURE_H
#define DEPLOY_INFRASTRUCTURE_H

#include "deploy/boot.h"
#include "deploy/permissions.h"
#include "deploy/resources.h"

enum infrastructure_format { INFRASTRUCTURE_CLOUDFORMATION, INFRASTRUCTURE_TERRAFORM };

/* Tagged images that the registry keeps beside those that are served: what can be rolled back to. */
#define INFRASTRUCTURE_KEEP 100
#define INFRASTRUCTURE_DISK 20          /* GB */
#define INFRASTRUCTURE_GPU_DISK 125

/* The tags that releases move: "latest", and those of all environments; of ENVIRONMENT where none is
 * configured. */
struct movable_tags {
	char *names[2 * DEPLOY_MAX_ENVIRONMENTS + 2]; /* NULL-terminated */
	size_t nr;
};
void movable_tags_list(struct movable_tags *out, const struct deploy_config *config, const char *environment);
void movable_tags_release(struct movable_tags *t);

struct infrastructure {
	const struct deploy_config *config;
	const struct deploy_environment *env;
	const char *account;    /* NULL: that of the registry */
	const char *region;     /* NULL: of the environment; ERROR_USAGE when that is not known */
	const char *repository; /* GitHub's "owner/name", whose workflows may be CI; NULL: CI is a user with keys */
};

/* ERROR_USAGE when something is missing, or names become too long for AWS. *LOOSE as for permission_policy. */
struct error *infrastructure_render(struct buffer *out, const struct infrastructure *i,
				    enum infrastructure_format format, bool *loose);
/* The command of AWS's that makes a secret of .deploy.yml, whose value it reads from standard input. */
void infrastructure_secret(struct buffer *out, const char *source, const char *region);
/* The machine and what belongs to it, with prices; REPO is whose prices go first. Returns what an hour of it costs; below
 * 0: not known. */
double infrastructure_machine(struct resources *out, struct repo *repo, const struct infrastructure *i);
/* All that it would make: the machine, and where images and secrets are kept. */
void infrastructure_resources(struct resources *out, struct repo *repo, const struct infrastructure *i);
/* The name (tag Name) of the instance it makes; malloc'd. */
char *infrastructure_instance(const struct infrastructure *i);
/* The type it has when .deploy.yml names none. */
const char *infrastructure_type(const struct infrastructure *i);

#endif
