/*
 * What was spent: one entry for every request that was, or may have been, billed.
 *
 * Entries are journalled by the process that spends, in a file of its own, and move into the record store
 * with the next commit of records, as ledger/<yyyy-mm>/<dd>-<hash>.jsonl; clones that share records share
 * what they know of spending. An entry that is in both counts once: it has an id.
 */
#ifndef BUDGET_LEDGER_H
#define BUDGET_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "git/records.h"

struct spending {
	char *id;            /* unique: 32 hexadecimal digits */
	int64_t date;        /* seconds since the epoch */
	char *reviewer;      /* "openai/gpt-6-luna" */
	char *paper;         /* path of the paper's folder */
	char *content_id;
	char *task;          /* "correctness", "metadata"; may be NULL */
	char *author;        /* of the last commit that changed the paper, "Name <mail>"; may be NULL */
	char *request;       /* hash of the request; may be NULL */
	int64_t input_tokens, output_tokens, cached_tokens; /* -1: not told */
	double usd;          /* < 0: unknown price */
	bool estimated;      /* the stream broke or the process died: what may have been billed */
	bool batch;
};
void spending_release(struct spending *s);
/* A deep copy. */
void spending_copy(struct spending *out, const struct spending *s);

/* From FROM until before UNTIL, seconds since the epoch. */
struct ledger_span {
	int64_t from, until;
};
/* The user's local day and month that hold DATE. */
struct ledger_span ledger_day(int64_t date);
struct ledger_span ledger_month(int64_t date);

struct ledger {
	struct spending *items; /* by date, then id */
	size_t nr, alloc;
	size_t damaged;         /* lines that could not be read: said, never taken as nothing */
};

/* All entries from FROM until before UNTIL (seconds since the epoch), the journals of this and other
 * processes and what STORE holds together, each once. Reads the months concerned only. What a process that
 * lives has reserved is not spent yet; what a dead one had, is (estimated). */
struct error *ledger_read(struct ledger *out, struct records *store, int64_t from, int64_t until);
void ledger_release(struct ledger *l);

#endif
