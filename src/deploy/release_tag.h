/* Tags that ask for a release: deploy-<environment>-<UTC date>-<n>, annotated, pushed to the remote. */
#ifndef DEPLOY_RELEASE_TAG_H
#define DEPLOY_RELEASE_TAG_H

#include <stdint.h>

#include "git/repo.h"

#define RELEASE_TAG_PREFIX "deploy-"
#define RELEASE_TAG_MAX_NUMBER 999999

struct release_tag {
	char environment[64];
	int date;              /* 20261122 */
	int number;            /* of that day, from 1 */
};

/* False when NAME is no such tag. */
bool release_tag_parse(struct release_tag *out, const char *name);
/* Below 0: A was made before B, as their names say; of one environment. */
int release_tag_compare(const struct release_tag *a, const struct release_tag *b);

/* What a tag of the repository says. */
struct release_tag_object {
	struct oid commit;
	char *who;             /* "Name <mail>", the tagger; NULL: the tag is not annotated */
	char *note;            /* its message, if a person wrote one; NULL */
};
/* ERROR_NOT_FOUND when there is no tag NAME here. */
struct error *release_tag_read(struct repo *repo, const char *name, struct release_tag_object *out);
void release_tag_object_release(struct release_tag_object *t);

/* Brings the tag NAME, and its commit, from REMOTE. Nothing when there is none. */
struct error *release_tag_fetch(struct repo *repo, const char *name, const char *remote);
/* The newest tag of ENVIRONMENT that COMMIT has here; *NAME is malloc'd, NULL: none. */
struct error *release_tag_find(struct repo *repo, const char *environment, const struct oid *commit,
			       char **name);

struct release_tag_request {
	const char *environment;
	struct oid commit;
	const char *note;      /* or NULL */
	const char *remote;    /* its tags count, too; NULL: none */
	bool push;             /* to the remote */
	bool dry_run;          /* only says which tag it would be */
	int64_t now;           /* seconds since the epoch */
};
struct release_tag_made {
	char *name;            /* malloc'd */
	bool made;             /* false: it was there */
	bool pushed;           /* the remote has it */
};
/* Whether the tag NAME has not been released yet. */
typedef bool release_tag_unused(const char *name, void *data);
/*
 * Tags the commit with the next number of the day that neither this repository nor the remote has, and
 * pushes the tag; when another clone was faster, with the next one. A tag of the environment that the
 * commit has already and that is UNUSED is taken instead, and pushed if the remote lacks it: a kill, or
 * somebody's --tag-only, left it behind.
 */
struct error *release_tag_make(struct repo *repo, const struct release_tag_request *request,
			       release_tag_unused *unused, void *data, struct release_tag_made *out);

#endif
