/*
 * The ledger of releases: refs/deploy/<environment>, one commit a release, each the child of the one before. Its tree
 * holds release.json (docs/formats/release.schema.json); its message says the same to people, so `git log refs/deploy/prod` is
 * readable. A release is added by compare-and-swap, here and on the remote: two at once become two releases in a row.
 */
#ifndef DEPLOY_LEDGER_H
#define DEPLOY_LEDGER_H

#include <stdint.h>

#include "git/repo.h"
#include "image/digest.h"

#define LEDGER_MAX_RELEASES 100000

enum release_result {
	RELEASE_DONE,        /* the registry serves it under the environment's tag */
	RELEASE_FAILED,      /* was not healthy; the one before is served again */
	RELEASE_ROLLED_BACK, /* a rollback to `of` */
};

struct release {
	int64_t number;        /* from 1 */
	struct oid entry;      /* the ledger's commit */
	char *environment;
	struct oid commit;     /* of the app */
	char *tag;             /* "deploy-prod-20261122-1"; NULL: without one */
	char *repository;      /* "registry/repository" */
	struct digest digest;
	struct digest dependencies; /* input hash of its dependency layer; or empty */
	int64_t bytes_sent, image_bytes;
	int64_t date;          /* seconds since the epoch */
	char *who;             /* "Name <mail>" */
	char *where;           /* "shell", "github-actions run 123" */
	enum release_result result;
	int64_t of;            /* rollback: the release it goes back to; else 0 */
	char *note;            /* or NULL */
};
void release_release(struct release *r);

/* The newest COUNT releases (0: all), newest first. No ledger: none. */
struct error *ledger_read(struct repo *repo, const char *environment, size_t count, struct release **out, size_t *nr);
void releases_free(struct release *releases, size_t nr);
/* NAME: "12", "#12", a tag, a digest or the beginning of a commit's id. ERROR_NOT_FOUND. */
struct error *ledger_find(struct repo *repo, const char *environment, const char *name, struct release *out);
/* Adds R, whose number and entry are set. With REMOTE (NULL: none) that ledger is fetched first and pushed after, again
 * if another was faster. The same tag and digest as the newest adds nothing. */
struct error *ledger_add(struct repo *repo, const char *remote, struct release *r);
struct error *ledger_fetch(struct repo *repo, const char *remote, const char *environment);

#endif
