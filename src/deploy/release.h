/*
 * The steps of a release, in this order, under a lock of its environment in this clone:
 *
 *   1. the tag is held against the ledger: is it new, released already, or overtaken?
 *   2. the image is built of the commit, and pushed under the commit's id; documents are attached to it (a
 *      registry that does not take them stops no release)
 *   3. the ledger gets the release, at the remote and then here; `git deploy` makes the tag just before, so
 *      that no tag asks for a release that cannot be made
 *   4. the registry's moving tags (the environment's name; latest for prod or the only environment; the
 *      canary's) are put on what the ledger says is to be served
 *
 * The ledger is the truth: what it says happened, and the registry's moving tags follow it. Step 4 looks at
 * the ledger again after it moved a tag, and again moves them if somebody else's release came in between:
 * whoever moves last has seen the newest release. A rollback, a promotion, and a release that is taken back
 * are an entry (3) and step 4.
 *
 * But anybody who may push to the repository may push a ledger, and no server guards refs/deploy as it does
 * branches and tags. So an image is served on its word only if the registry, too, says that it is of that
 * commit: by the label of its configuration or the tag of the commit's id. A release whose image cannot be
 * confirmed is built again.
 *
 * | killed                   | registry                     | ledger     | the next `release` of that tag     |
 * |--------------------------|------------------------------|------------|------------------------------------|
 * | while the image is built | old                          | old        | builds; made layers are used again |
 * | while it is pushed       | old tags, some blobs more    | old        | sends the blobs that are missing   |
 * | while the tag is made    | old tags, the commit's image | old        | `git deploy` makes it, or takes it |
 * | between tag and entry    | the same                     | old        | finds all there, adds the entry    |
 * | while the entry goes out | the same                     | old or new | adds it, or finds it               |
 * | between there and here   | the same                     | new there  | fetches it, adds nothing           |
 * | while the tags are moved | each tag old or new          | new        | moves the others                   |
 * | after that               | new                          | new        | nothing                            |
 */
#ifndef DEPLOY_RELEASE_H
#define DEPLOY_RELEASE_H

#include "deploy/assemble.h"
#include "deploy/ledger.h"
#include "image/push.h"

struct release_settings {
	struct repo *repo;
	const struct deploy_config *config;
	const char *environment;
	bool canary;               /* releases are canaries first, once something is served */
	struct registries *registries;
	const char *remote;        /* NULL: the ledger is this clone's alone */
	const char *who;           /* "Name <mail>"; NULL: as git has it */
	const char *where;         /* "shell" */
	const char *note;          /* or NULL */
	bool fetched;              /* the ledger here is the remote's of a moment ago */
	int64_t now;
	volatile const int *stop;
	/* What is being done, in words for a progress line; may be NULL. */
	void (*progress)(void *data, const char *what, size_t done, size_t total);
	void *progress_data;
};

/* Held until it is freed, or the process ends. ERROR_CONFLICT when another process of this clone has it. */
struct release_lock;
struct error *release_lock(struct release_lock **out, struct repo *repo, const char *environment);
void release_unlock(struct release_lock *lock);

/* What was done. */
struct release_outcome {
	struct release release;    /* as the ledger has it */
	bool added;                /* false: it was there */
	bool built;                /* false: its image was there, and confirmed */
	bool pushed;               /* the registry has what was built */
	bool was_there;            /* the tag of the commit's id had another image of it,
		which cannot be changed */
	struct push_result push;
	char *not_attached;        /* why its documents could not be attached; or NULL */
	uint64_t build_ms, push_ms;
	char *builder;             /* why the whole image was left to a builder; or NULL */
	char *warnings;            /* as of an assembly */
	bool dependencies_made;
	bool moved;                /* a moving tag was put on another image */
	int64_t served;            /* the release that the environment's tag is on: another one when somebody
				    * was faster */
};
void release_outcome_release(struct release_outcome *o);

struct release_source {
	struct oid commit;
	const char *tag;           /* NULL: none, or to be made */
	/* Makes the tag when the image is in the registry; NULL: TAG is there. *NAME is malloc'd. */
	struct error *(*make_tag)(void *data, char **name);
	void *make_tag_data;
	const char *builder, *cache, *source; /* see assemble_settings */
};
/* All four steps. ERROR_CONFLICT when the tag is overtaken: another release came after it, or it was made
 * before the newest release's tag. */
struct error *release_make(struct release_outcome *out, const struct release_settings *settings,
			   const struct release_source *source);

/* Serves what TARGET serves again, without a build. */
struct error *release_roll_back(struct release_outcome *out, const struct release_settings *settings,
				const struct release *target);
/* Serves the canary to everybody. */
struct error *release_promote(struct release_outcome *out, const struct release_settings *settings,
			      const struct release *canary);
/* Takes R back, which was not healthy or is not wanted: the one before it is served. */
struct error *release_take_back(struct release_outcome *out, const struct release_settings *settings,
				const struct release *r);
/* Step 4 alone. */
struct error *release_serve(struct release_outcome *out, const struct release_settings *settings);

/* Step 1 alone: *DONE is the entry of a release of that tag (or, without one, of the commit) that is served
 * or waits as canary; NULL: it is to be made. */
struct error *release_check(const struct releases *all, const char *environment, const char *tag,
			    const struct oid *commit, const struct release **done);

/* Whether the registry has R's image, in the repository of the configuration, and says that it is of R's
 * commit. ERROR_NOT_FOUND: it is not there; ERROR_CONFLICT: it is of another commit, or of another
 * repository. */
struct error *release_confirm(struct registries *registries, const struct deploy_config *config,
			      const struct release *r);

/* The moving tags of an environment, the most important first, and which release each is to be on (0: of
 * none). */
struct moving_tag {
	char *name;
	bool canary;               /* follows the canary; where none waits, what is served */
};
#define RELEASE_MAX_TAGS 3
size_t release_moving_tags(const struct deploy_config *config, const char *environment, bool canary,
			   struct moving_tag tags[RELEASE_MAX_TAGS]);
void moving_tags_free(struct moving_tag *tags, size_t nr);

#endif
