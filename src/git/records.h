/*
 * The record store: refs/scrutiny/records, and its journal.
 *
 * Tree:   v1/<first 2 digits of content id>/<other 62>/<name>     (blobs)
 *         v1/<shelf>/<name>, for what belongs to no paper: see below
 * Names:  <reviewer>.json               a reviewer's answer
 *         <reviewer>.adjudication.json  its rulings upon the findings of the others
 *         replies/<hash>.json           one reply that was paid for, keyed by its request hash
 *         run.json                      facts of the last run that no record holds (see review/record.h)
 * A name is made of letters, digits and . _ + @ = , - (and '/' between parts), ends in ".json",
 * and no part of it starts with a punctuation mark.
 *
 * A blob is journalled as a file in <common dir>/scrutiny/journal the moment it is known:
 * written, synced, renamed. records_commit() moves the journal into a commit on the ref
 * through `git fast-import`, and removes the files only when the ref has moved. Readers see the
 * union of both, so a kill at any instant loses nothing and no step has to be undone:
 *
 *   killed while journalling     a temporary file is left, swept up by the next commit
 *   killed while importing       the stream has no `done`: fast-import changes nothing
 *   killed before the clearing   the next commit finds the same blobs on the ref, and clears
 *
 * Blobs with the same name and content id are the same answer; when two differ, both are kept,
 * the one that came second as "<name less .json>~<16 digits of its SHA-256>.json". Only run.json
 * is replaced: the newer facts count.
 */
#ifndef GIT_RECORDS_H
#define GIT_RECORDS_H

#include "base/strmap.h"
#include "git/repo.h"

#define RECORDS_REF "refs/scrutiny/records"
#define RECORD_MAX_SIZE ((size_t)64 << 20)

struct records;

/* Opens the store; no ref and no journal is an empty store. Works in a bare repository. */
struct error *records_open(struct records **out, struct repo *repo);
void records_free(struct records *r);
struct repo *records_repo(const struct records *r);

/* Appends the blob NAME of CONTENT_ID to OUT; ERROR_NOT_FOUND. What is journalled is newer than
 * what the ref holds. */
struct error *records_read(struct records *r, const char *content_id, const char *name,
			   struct buffer *out);
bool records_has(struct records *r, const char *content_id, const char *name);
/* Names held for a content id, sorted bytewise ("replies/x.json" included). Free with strings_free. */
struct error *records_list(struct records *r, const char *content_id, char ***names, size_t *nr);

/* Adds to the set the content ids whose blob NAME is journalled and not committed yet. */
struct error *records_pending(struct records *r, const char *name, struct strmap *content_ids);

/* Journals a blob; durable when it returns. Replaces an earlier journal entry of that name. */
struct error *records_put(struct records *r, const char *content_id, const char *name,
			  struct slice data);
/* Keeps DATA, what NAME holds and cannot be read, beside it, the way a second answer is kept. The next one that is
 * put under NAME takes its place. */
struct error *records_set_aside(struct records *r, const char *content_id, const char *name, struct slice data);
/* Was that done with DATA? */
bool records_is_set_aside(struct records *r, const char *content_id, const char *name, struct slice data);
/* The report of a content id is, or is about to be, where it should be by the facts that are journalled as run.json
 * now, whoever put them. */
struct error *records_settle(struct records *r, const char *content_id);
/* One commit holding everything journalled so far, by this process or by one that was killed (several, when that
 * is more than 64 MiB); but for each run.json whose bytes were neither put nor settled here: who put them may have died
 * before the report was written, which the next run has to see. Nothing to do is success. When another process moves
 * the ref meanwhile, the union is made anew; ERROR_CONFLICT when that does not end. */
struct error *records_commit(struct records *r, const char *message);

/*
 * A shelf holds files that belong to no paper, under a path of their own: "ledger/2026-11/22-<hash>.jsonl" is on
 * the shelf "ledger" (3 to 40 of a-z, 0-9 and '-'). It shares the journal, the commits and what
 * survives a kill with the records; a name is made like theirs and ends in ".json" or ".jsonl".
 */
struct error *records_shelf_put(struct records *r, const char *path, struct slice data);
/* Appends the file to OUT; ERROR_NOT_FOUND. */
struct error *records_shelf_read(struct records *r, const char *path, struct buffer *out);
/* The paths below a folder ("ledger", "ledger/2026-11"), journalled and committed ones, sorted bytewise. Free with
 * strings_free. */
struct error *records_shelf_list(struct records *r, const char *folder, char ***paths, size_t *nr);

/*
 * A claim: who works on a content id says so, so that another process does not pay for the same answers
 * meanwhile. <common dir>/scrutiny/claims/<content id>, locked (flock) for as long as it is held: a claim ends
 * with its holder. The file of a holder that was killed is taken over, or removed by the next records_commit().
 * Within one process, too, a content id is claimed once at a time.
 */
struct records_claim;
/* *OUT is NULL when another process holds it. What that one has journalled can be read as soon as the claim can
 * be had. */
struct error *records_claim(struct records *r, const char *content_id, struct records_claim **out);
void records_claim_free(struct records_claim *claim);
/* The process id of who holds the claim, for people; 0: nobody, or not known. */
long records_claim_holder(struct records *r, const char *content_id);

/*
 * Which content ids have all of NAMES (NULL-terminated; without '/' in them)? Answered from a
 * cache in the git directory, <common dir>/scrutiny/records-index, that is brought up to date by
 * the fan-out trees that changed, so that asking for 100,000 papers costs one read of that file.
 * The journal counts too. The answer is that of the moment of records_index_new.
 */
struct records_index;
struct error *records_index_new(struct records_index **out, struct records *r,
				const char *const *names);
bool records_index_has(const struct records_index *index, const char *content_id);
void records_index_free(struct records_index *index);

#endif
