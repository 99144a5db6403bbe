/*
 * The index, read as it lies in its file: for programs that have no time to ask git. What this does not
 * understand (a split or sparse index, a version to come) it says it does not, and git is to be asked.
 */
#ifndef GIT_INDEX_FILE_H
#define GIT_INDEX_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "git/repo.h"

/* Of one file; larger ones are not understood. */
#define INDEX_FILE_MAX_SIZE ((size_t)1 << 30)
#define INDEX_FILE_MAX_PATH ((size_t)16 << 10)

struct index_entry {
	unsigned mode;            /* as in a tree */
	const unsigned char *oid; /* raw */
	const char *path;
	size_t path_len;
};

struct index_contents {
	size_t nr;
	struct oid tree; /* of all the entries, as its cache of trees says; empty when that is out of date */
};

/* Calls FN (may be NULL) for each entry of the index at PATH, whose object ids have OID_SIZE bytes (20 or 32); what it
 * gets is valid during the call. False when the file is not there or not understood, or an entry is in conflict. */
bool index_file_read(const char *path, size_t oid_size, void (*fn)(const struct index_entry *e, void *data),
		     void *data, struct index_contents *out);
/* The same of bytes in memory. */
bool index_file_parse(struct slice bytes, size_t oid_size, void (*fn)(const struct index_entry *e, void *data),
		      void *data, struct index_contents *out);

#endif
