/*
 * The ledger of releases: refs/deploy/<environment>, one commit a release, each the child of the one
 * before. Its tree holds release.json (docs/formats/release.schema.json); its message says the same to
 * people, so that `git log refs/deploy/prod` is readable. A release is added by compare-and-swap, here and
 * on the remote: two at once become two in a row.
 *
 * Whoever may push to the repository may push a ledger, whatever guards tags and registry. So it is read
 * with ceilings, and nothing is done because of what it says that the registry does not confirm
 * (deploy/release.h).
 */
#ifndef DEPLOY_LEDGER_H
#define DEPLOY_LEDGER_H

#include <stdint.h>

#include "base/json.h"
#include "git/repo.h"
#include "image/reference.h"

#define LEDGER_REF_PREFIX "refs/deploy/"
#define LEDGER_FILE "release.json"
#define LEDGER_FORMAT 1
#define LEDGER_MAX_RELEASES 100000
/* Bytes of release.json, and of each string in it. */
#define LEDGER_MAX_FILE ((size_t)64 << 10)
#define LEDGER_MAX_STRING ((size_t)4 << 10)

enum release_result {
	RELEASE_DONE,        /* is served under the environment's tag */
	RELEASE_CANARY,      /* is served under the canary's tag until it is promoted or given up */
	RELEASE_PROMOTED,    /* the canary `of` is served under the environment's tag */
	RELEASE_ROLLED_BACK, /* release `of` is served again */
	RELEASE_FAILED,      /* release `of` was not healthy, or was given up: the one before it is served */
};
/* "done", "canary", ... as in release.json. */
const char *release_result_name(enum release_result result);

struct release {
	int64_t number;        /* from 1 */
	struct oid entry;      /* the ledger's commit */
	char *environment;
	enum release_result result;
	int64_t of;            /* the release that the result is about, if not this one; else 0 */
	struct oid commit;     /* of the app */
	char *tag;             /* "deploy-prod-20261122-1"; NULL: without one */
	char *repository;      /* "registry/repository" */
	struct digest digest;
	struct digest dependencies; /* input hash of its dependency layer; or empty */
	int64_t bytes_sent, image_bytes;
	int64_t date;          /* seconds since the epoch */
	char *who;             /* "Name <mail>" */
	char *where;           /* "shell", "github-actions run 123" */
	char *note;            /* or NULL */
};
void release_release(struct release *r);
void release_copy(struct release *out, const struct release *from);

/* Newest first. */
struct releases {
	struct release *items;
	size_t nr, alloc;
	bool cut_off;          /* a shallow clone: older ones are not here */
};
void releases_release(struct releases *r);

/* Whether NAME can be an environment's: lower-case letters, digits and single dashes between them, at most 40.
 * "hours" is the name of another ref there; "latest" and what ends with "-canary" are tags of images. */
bool release_is_environment(const char *name);

/* The newest COUNT releases (0: all). No ledger: none. What does not have the form is ERROR_SYNTAX with the
 * commit it is in; what a newer git deploy wrote ERROR_UNSUPPORTED. To be released in any case. */
struct error *releases_read(struct repo *repo, const char *environment, size_t count, struct releases *out);
/* The same of the ledger that ends with the commit TIP. */
struct error *releases_read_from(struct repo *repo, const char *environment, const struct oid *tip,
				 size_t count, struct releases *out);
/* One by its number; NULL: not there. */
const struct release *releases_number(const struct releases *r, int64_t number);
/* NAME: "12", "#12", a tag, a digest (with or without "sha256:", four digits or more) or the beginning of a
 * commit's id: the newest that it fits. ERROR_NOT_FOUND. */
struct error *releases_find(const struct releases *r, const char *environment, const char *name,
			    const struct release **out);
/* What is to be served: the newest release that was not followed by its failure; NULL: none yet. */
const struct release *releases_served(const struct releases *r);
/* The canary that waits to be promoted; NULL: none. */
const struct release *releases_canary(const struct releases *r);

/* Whether R's image is in REPOSITORY, which .deploy.yml or the user names. No other is asked: the ledger may name
 * any. */
bool release_is_here(const struct release *r, const struct reference *repository);

/*
 * Adds R, whose number and entry are set. With REMOTE (NULL: none) that ledger is fetched first and pushed
 * before the ref here moves, again if another was faster. Adds nothing, and *ADDED is false, when it is
 * there: the newest release has the same result, tag, digest and `of`, or a former one was made of the same
 * tag and is the same image. R becomes that one.
 */
struct error *releases_add(struct repo *repo, const char *remote, struct release *r, bool *added);
/* Brings the ledger here up to REMOTE's. Releases that are only here come after those that are only there,
 * with new numbers. *FOUND (may be NULL): there is one. */
struct error *releases_fetch(struct repo *repo, const char *remote, const char *environment, bool *found);

/* release.json of R; as a value among others for --json. */
void release_write(struct json_writer *w, const struct release *r);
struct error *release_parse(struct release *out, struct slice json, const char *what);

#endif
