/* What the commands about releases share: one environment's ledger, and how releases are shown. */
#ifndef CMD_RELEASE_VIEW_H
#define CMD_RELEASE_VIEW_H

#include "cmd/cmd.h"
#include "deploy/ledger.h"

struct release_view {
	struct repo *repo;
	char *environment;
	const char *remote;    /* NULL: none */
	struct releases releases;
	bool up_to_date;       /* the remote was asked */
};

/* The remote whose tags and ledgers count: git config deploy.remote, else origin if there is one, else
 * NULL. */
const char *release_remote(struct repo *repo);
/* The ledger of ENVIRONMENT (NULL: as HEAD's .deploy.yml has it; else the only one that has a ledger; else
 * prod). With FETCH that of the remote first; one that cannot be reached is a warning. ERROR_USAGE when it has no
 * release and HEAD's .deploy.yml does not know it. */
struct error *release_view_open(struct release_view *v, struct context *ctx, const char *environment,
				bool fetch);
/* ENVIRONMENT as said by an option (NULL: not) or as a command's only argument; ERROR_USAGE for more. */
struct error *release_view_named(const char **environment, int argc, const char **argv);
void release_view_release(struct release_view *v);

/* Appends the first line of a commit's message; nothing when the commit is not here. Not safe for a
 * terminal. */
void release_add_subject(struct buffer *out, struct repo *repo, const struct oid *commit);
/* "deploy-prod-20261122-1", "back to #11", "#12 is taken back". */
void release_add_event(struct buffer *out, const struct release *r);
/* "2026-11-22 10:31", the user's time. */
void release_add_date(struct buffer *out, int64_t date);
/* "3f2a51c0d9e7": twelve digits of the digest. */
#define RELEASE_DIGEST_DIGITS 12

#endif
