/*
 * The record store among clones: union with what another one has, sending and fetching it.
 *
 * The union of two stores holds every blob of both. Where they have different blobs under one name, the older
 * answer (by its "date", then by its bytes) keeps the name and the other is kept beside it, as
 * "<name less .json>~<16 digits of its SHA-256>.json"; of two run.json only the newer one stays. Who merges into
 * whom changes nothing: the same two commits make the same commit, so clones that merge each other agree at once.
 */
#ifndef GIT_RECORDS_SYNC_H
#define GIT_RECORDS_SYNC_H

#include "git/records.h"

struct records_merged {
	bool moved;           /* the ref points elsewhere now */
	size_t papers;        /* content ids that were not here before */
	size_t second_answers;/* blobs that came second under their name */
	size_t left_out;      /* entries of a shape that nothing of ours has: not taken over */
};

/* Makes the ref hold what it holds and what the commit THEIRS holds. Histories need not be related; only folders
 * that differ are read. A commit that has the ref's in its history becomes the ref as it is. So does one whose
 * history is folded (records_gc), when it folds the ref's or lacks nothing the ref holds: what was
 * folded does not come back then. ERROR_CONFLICT when other processes keep moving the ref; ERROR_UNSUPPORTED when
 * THEIRS has a layout of a later version. */
struct error *records_merge(struct records *r, const struct oid *theirs, struct records_merged *out);

/* -- looking after it ------------------------------------------------------------------------------------------ */

/* Everything the store holds, one by one: what is on the ref, path by path, then what is journalled. */
struct records_item {
	const char *place;      /* a content id, or the name of a shelf */
	const char *name;       /* in it: "replies/<hash>.json" */
	bool on_shelf, journalled;
	const char *problem;    /* why DATA cannot be had, or that nothing of ours is called so; NULL: none */
	struct slice data;
};
struct error *records_each(struct records *r, struct error *(*fn)(const struct records_item *item, void *data),
			   void *data);

/* Changes of committed files, made in one commit. */
struct records_edit;
struct records_edit *records_edit_new(struct records *r);
/* NULL as DATA removes the file, or the folder, NAME ("" is all of PLACE). */
void records_edit_add(struct records_edit *edit, const char *place, const char *name, const struct slice *data);
/* Commits and frees; no change makes no commit. */
struct error *records_edit_commit(struct records_edit *edit, const char *message);
void records_edit_free(struct records_edit *edit);

struct records_gc_settings {
	const struct strmap *in_use; /* content ids nothing is dropped of */
	int64_t before;              /* nor of those that were reviewed since then */
	bool reviews;                /* what is left goes as a whole, not only replies that a record is made of */
	bool dry_run;
};
struct records_gc_result {
	size_t papers, replies; /* what goes (or would) */
	uint64_t bytes;         /* of it, before git compresses them */
};
struct error *records_gc(struct records *r, const struct records_gc_settings *settings, struct records_gc_result *out);

/* Replaces the ref's history by one commit with the same files, which names the old tip in a line "Folds: <commit>"
 * so that other clones need not take the old history for news. ERROR_CONFLICT while anything is
 * journalled: a process that is at work would find the ground changed. */
struct error *records_squash(struct records *r);

/* -- over a remote: through the git program, so that the user's configuration, credentials and hooks count ------ */

/* The remote to use: NAMED, else git config scrutiny.recordsRemote, else the remote of the branch we are on, else
 * "origin"; malloc'd. ERROR_NOT_FOUND when there is none of that name; an address or a path may be
 * named as well. */
struct error *records_remote(char **out, struct repo *repo, const char *named);

/* Fetches the remote's records into refs/scrutiny/remotes/<remote>/records and merges them. *FOUND is false when it
 * has none. */
struct error *records_fetch(struct records *r, const char *remote, struct records_merged *out, bool *found);

struct records_pushed {
	bool nothing;           /* there are no records here */
	bool up_to_date;        /* the remote had all of them */
	bool merged;            /* it had others, that were fetched and merged on the way */
};
/* Pushes the ref (not what is journalled only). When the remote has other records meanwhile: fetches, merges and
 * pushes again; ERROR_CONFLICT when that does not end. */
struct error *records_push(struct records *r, const char *remote, struct records_pushed *out);

/*
 * Claims among clones: the ref refs/scrutiny/claims of the remote is a blob with a line for each content id that some
 * clone is working on, "<content id> <clone>-<process> <until when>". It changes only from what one has seen
 * to what one wants (push --force-with-lease), so a content id has one holder. A claim ends by itself
 * SHARED_CLAIM_SECONDS after it was last renewed; that of a process of this clone that has died, at once.
 */
#define SHARED_CLAIMS_REF "refs/scrutiny/claims"
#define SHARED_CLAIM_SECONDS 1800

struct shared_claims;
/* NOW is called for the time, in seconds since the epoch; NULL: the clock. */
struct error *shared_claims_new(struct shared_claims **out, struct records *r, const char *remote,
				int64_t (*now)(void));
/* Tries to get CONTENT_IDS; some may be held by others. */
struct error *shared_claims_take(struct shared_claims *claims, const char *const *content_ids, size_t nr);
bool shared_claims_has(const struct shared_claims *claims, const char *content_id);
/* Renews what is held, if that is due. ERROR_CONFLICT when some of it was lost to others. */
struct error *shared_claims_keep(struct shared_claims *claims);
/* Gives back what is held. */
struct error *shared_claims_release(struct shared_claims *claims);
void shared_claims_free(struct shared_claims *claims);

#endif
