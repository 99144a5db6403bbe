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

#endif
