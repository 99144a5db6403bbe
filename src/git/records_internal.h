/* What the files of the record store share; nobody else includes this. */
#ifndef GIT_RECORDS_INTERNAL_H
#define GIT_RECORDS_INTERNAL_H

#include "git/journal.h"
#include "git/records.h"

/* The folder of the ref's tree that this program reads and writes. */
#define RECORDS_ROOT "v1"
/* A content id is a SHA-256 in hexadecimal. */
#define CONTENT_ID_SIZE 64
/* Longest name; with its slashes encoded it still fits a file name. */
#define RECORD_MAX_NAME 180

struct records {
	struct repo *repo;
	struct journal journal;
	struct oid tip;  /* the ref's commit as last seen; empty: none */
	struct oid root; /* its RECORDS_ROOT tree; empty: none */
};

/* Looks at the ref again; *MOVED (may be NULL) says whether it points elsewhere now. */
struct error *records_refresh(struct records *r, bool *moved);
/* The blob of NAME on the ref as last seen; ERROR_NOT_FOUND. */
struct error *records_find(struct records *r, const char *content_id, const char *name,
			   struct tree_entry *out);
/* The same, but what was in the journal a moment ago may have been committed by another process since:
 * before saying that something is not there, the ref is looked at again. */
struct error *records_find_now(struct records *r, const char *content_id, const char *name,
			       struct tree_entry *out);
/* The path of NAME below RECORDS_ROOT. CONTENT_ID may be the name of a shelf, here and wherever else in
 * these files entries of the journal are handled. */
void records_path(struct buffer *out, const char *content_id, const char *name);
bool is_content_id(const char *s);
/* May NAME be one, its last part ending in ENDING (".json")? */
bool is_record_name(const char *name, const char *ending);
/* Adds to the set the files on the ref in the folder PATH below RECORDS_ROOT, PREFIX before each. */
struct error *records_committed_names(struct records *r, const char *path, const char *prefix,
				      struct strmap *names);
void records_sorted_names(const struct strmap *set, char ***names, size_t *nr);
/* Removes the claims that nobody holds any more. */
void records_sweep_claims(struct records *r);

#endif
