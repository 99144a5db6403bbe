/*
 * Batches that are under way, remembered in the record store, so that every process and every clone that
 * shares records knows what has been asked and need not be asked again.
 *
 *   batches/<tag>/intent.json   what is about to be sent, written before it is sent
 *   batches/<tag>/sent.json     the server's name of the batch
 *   batches/<tag>/done.json     nothing more will come of it; what came is among the replies
 *
 * A batch of which only the intent is there may have been sent or not: its server is asked, which knows it
 * by the tag. Files are added and never changed, so that clones merge by union.
 */
#ifndef REVIEW_BATCHES_H
#define REVIEW_BATCHES_H

#include "base/strmap.h"
#include "git/records.h"
#include "model/batch.h"

/* One question of a batch: what its reply is journalled with. */
struct batch_entry {
	char *request;       /* hash: the id within the batch */
	char *content_id;    /* two papers may share a question: then there are two entries */
	char *paper;         /* its folder, and AUTHOR (may be NULL): for the ledger */
	char *author;
	char *task;
	int64_t part, parts;
};

struct outstanding {
	char *tag;
	char *reviewer;
	int64_t date;        /* seconds since the epoch */
	char *schema;        /* of the answers */
	bool routed;         /* its papers went the ways of .scrutiny.yml, which others may have to go on */
	char *id;            /* of the server's; NULL: it is not known whether it was sent */
	struct batch_entry *entries;
	size_t nr, alloc;
};
void outstanding_release(struct outstanding *o);
/* E is copied. */
void outstanding_add(struct outstanding *o, const struct batch_entry *e);
/* Under which id the ledger has a request of a batch: everybody who collects it books it under this one. */
#define BATCH_SPENDING_DIGITS 32
void outstanding_spending_id(const char *tag, const char *request, char out[BATCH_SPENDING_DIGITS + 1]);

struct batches {
	struct outstanding *items; /* by tag */
	size_t nr;
	size_t nr_files;           /* on the shelf, whatever they are: grows with every change */
	struct strmap waiting;     /* "<content id> <request>" */
};
/* Those that are not done. What cannot be read is left out and said in the trace. */
struct error *batches_load(struct batches *out, struct records *store);
void batches_release(struct batches *b);
/* Loads them again when files were added since. */
struct error *batches_refresh(struct batches *b, struct records *store);
/* The servers' ids of all that were ever sent, added to a set. */
struct error *batches_known_ids(struct strmap *ids, struct records *store);
bool batches_wait_for(const struct batches *b, const char *content_id, const char *request);

struct error *batches_put_intent(struct records *store, const struct outstanding *o);
struct error *batches_put_sent(struct records *store, const char *tag, const char *id);
/* OUTCOME is a word for people: "ended", "expired", "not sent". */
struct error *batches_put_done(struct records *store, const char *tag, const char *outcome);

#endif
