/* Least-privilege policies, from the table of actions that commands make. */
#ifndef DEPLOY_PERMISSIONS_H
#define DEPLOY_PERMISSIONS_H

#include "base/buffer.h"
#include "deploy/config.h"

/* Of an instance that stands in for another one: whose place it takes. */
#define PERMISSION_STANDS_IN_TAG "git-deploy:stands-in-for"
/* Of an instance: when it is to end by itself. */
#define PERMISSION_STOP_AFTER_TAG "git-deploy:stop-after"

enum permission_role {
	PERMISSION_CI,          /* builds, pushes, starts and stops */
	PERMISSION_INSTANCE,    /* pulls, reads its secrets, answers Systems Manager */
	PERMISSION_PERSON,      /* CI, and making the repository */
	PERMISSION_NR_ROLES
};
/* "ci", "instance", "person", in the order of the roles; NULL-terminated. */
extern const char *const permission_roles[];

/* What a policy allows an action on. One kind of place is one statement. */
enum permission_place {
	PLACE_EVERYTHING,       /* AWS knows nothing narrower for these actions */
	PLACE_REPOSITORY,
	PLACE_INSTANCE,         /* by its id, or by its tag Name */
	PLACE_TAGGED,           /* the same, for the tag that ends it */
	PLACE_COMMANDED,        /* the same, for commands of Systems Manager */
	PLACE_DOCUMENT,         /* the one command that is sent */
	PLACE_PARAMETERS, PLACE_SECRETS, /* those .deploy.yml names, one by one */
	PLACE_KEYS,             /* that those are encrypted with, through their services only */
	/* Where spot instances are asked for: what `start` launches in the instance's place. */
	PLACE_STAND_IN, PLACE_STAND_IN_COMMANDED,
	PLACE_LAUNCHED,         /* of the name and type that it has to have */
	PLACE_LAUNCH_PARTS,     /* what they are made of */
	PLACE_LAUNCH_TAGS,
	PLACE_LAUNCH_ROLE,
	PLACE_NR
};

/* What one command needs. */
struct permission {
	const char *action;     /* "ecr:PutImage" */
	unsigned roles;         /* 1 << enum permission_role; 0: AWS asks for no permission */
	enum permission_place place;
	const char *why;        /* the commands that make it */
};
extern const struct permission permissions[];
extern const size_t permissions_nr;

/* What a policy is for. */
struct permission_subject {
	const struct deploy_config *config;
	const struct deploy_environment *env; /* NULL: all of them */
	const char *account;    /* twelve digits; NULL: that of the registry, else "*" */
	const char *region;     /* NULL: of the environment, else "*" */
};

/* An IAM policy as JSON. *LOOSE (may be NULL) says whether "*" stands in place of an account or region. */
void permission_policy(struct buffer *out, const struct permission_subject *subject, enum permission_role role,
		       bool *loose);
/* The trust policy: of EC2 for the instance, else of GitHub's OIDC provider for REPOSITORY ("owner/name"), limited to
 * the environment, and to tags deploy-<environment>-*. */
void permission_trust(struct buffer *out, const struct permission_subject *subject, enum permission_role role,
		      const char *repository);
/* "aws", "aws-cn" or "aws-us-gov": what ARNs begin with. */
const char *permission_partition(const char *region);
/* The same subject with account and region filled in as far as they are known; both are malloc'd, or NULL. */
void permission_locate(const struct permission_subject *subject, char **account, char **region);

#endif
