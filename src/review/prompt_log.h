/*
 * A log of every question as it is sent: what left, when, to whom. A plain text file that only its owner can
 * read, outside of all work trees, so that no commit takes it along. Keys in it are redacted, as in a trace.
 */
#ifndef REVIEW_PROMPT_LOG_H
#define REVIEW_PROMPT_LOG_H

#include <stdint.h>

#include "base/error.h"

/* A log that would grow beyond this becomes "<path>.1", in the place of the one before, and begins anew. */
#define PROMPT_LOG_MAX ((size_t)64 << 20)

struct prompt_entry {
	int64_t date;          /* seconds since the epoch */
	const char *reviewer;
	const char *paper;     /* its path */
	const char *task;
	size_t part, parts;    /* from 1 */
	const char *request;   /* the request's hash, as in the records */
	const char *system, *shared, *user;
};

struct prompt_log;
/* PATH is absolute. It is made, with mode 0600, when it is not there. ERROR_USAGE when it lies in a work tree, is
 * a link or no file, or when others may read or write it; MAX is PROMPT_LOG_MAX but in tests. */
struct error *prompt_log_open(struct prompt_log **out, const char *path, size_t max);
void prompt_log_close(struct prompt_log *log); /* NULL is fine */
/* Several processes may write: each entry stays whole. */
struct error *prompt_log_add(struct prompt_log *log, const struct prompt_entry *entry);

struct buffer;
/* Appends what the entry says: lines about it, then the words. */
void prompt_entry_write(struct buffer *out, const struct prompt_entry *entry);

#endif
