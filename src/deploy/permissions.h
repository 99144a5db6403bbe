/* Least-privilege policies, from the table of actions that commands make. */
#ifndef DEPLOY_PERMISSIONS_H
#define DEPLOY_PERMISSIONS_H

#include "base/buffer.h"
#include "deploy/config.h"

enum permission_role {
	PERMISSION_CI,          /* builds, pushes, starts and stops by tag */
	PERMISSION_INSTANCE,    /* pulls, reads its secrets, stops itself */
	PERMISSION_PERSON,      /* CI, and logs, status, init */
};

/* What one command needs: service, action, resource pattern, condition. */
struct permission {
	const char *action;     /* "ecr:PutImage" */
	unsigned roles;         /* 1 << enum permission_role */
	const char *resource;   /* "*", or a template: "repository", "instance", "parameter", ... */
	const char *why;        /* the command that makes it */
};
extern const struct permission permissions[];
extern const size_t permissions_nr;

/* An IAM policy as JSON. ACCOUNT and REGION may be NULL ("*" then, and a note says so). */
void permission_policy(struct buffer *out, const struct deploy_config *config, const struct deploy_environment *env,
		       enum permission_role role, const char *account, const char *region);
/* The trust policy: of EC2, or of GitHub's OIDC provider for REPOSITORY ("owner/name"), limited to tags deploy-* and the environment. */
void permission_trust(struct buffer *out, enum permission_role role, const char *account, const char *repository,
		      const struct deploy_environment *env);

#endif
