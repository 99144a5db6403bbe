/* What the files of the record store share; nobody else includes this. */
#ifndef GIT_RECORDS_INTERNAL_H
#define GIT_RECORDS_INTERNAL_H

#include "git/journal.h"
#include "git/records.h"
#include "git/ref.h"
#include "git/records_watch.h"

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
	struct records_watch watch; /* how the ref stood when TIP was read; see LOOKED */
	bool looked;
	struct strmap settled; /* by content id: hash (malloc'd) of the facts of a run that may be committed */
};

/* The RECORDS_ROOT tree of a commit, "" when it has none; ERROR_UNSUPPORTED when it has one of a later version. */
struct error *records_root(struct repo *repo, const struct oid *commit, struct oid *root);
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
/* Name of the one blob whose newer version replaces the older: facts of the last run. */
#define RUN_NAME "run.json"
/* "builtin-1.json" becomes "builtin-1~<hash>.json": the place of DATA when another answer has the name. */
char *records_second_name(const char *name, const struct buffer *data);

/* Attempts while other processes or clones keep moving the ref. */
#define RECORDS_MAX_ATTEMPTS 16
/* In errors of fetches and pushes. */
#define RECORDS_SPOKEN "the records"
/* Feeds STREAM to `git fast-import`; its exit status and what it said are the caller's to judge. */
struct error *records_import(struct records *r, const char *date_format, const struct buffer *stream,
			     int *status, struct buffer *said);
/* The head of a fast-import commit on top of the ref. */
void records_commit_head(struct buffer *out, struct records *r, const char *message);
/* Appends PATH as fast-import reads it, whatever bytes it holds, and a newline. */
void records_add_quoted(struct buffer *out, const char *path);
/* Whether a failed import or update of the ref is worth another attempt: the ref points elsewhere
 * now (which is looked at), or somebody holds a lock. */
struct error *records_lost_race(struct records *r, const struct buffer *said, bool *lost);
/* Is the commit OLD in the history of YOUNG? No, too, when one of them is not here. */
struct error *records_is_ancestor(struct records *r, const char *old, const char *young, bool *is);
/* Does the history of COMMIT begin with a commit that replaced one (see records_gc), and was OLD in that one? */
enum records_fold { FOLDS_NOTHING, FOLDS_ANOTHER, FOLDS_THIS };
struct error *records_folds(struct records *r, const struct oid *commit, const struct oid *old,
			    enum records_fold *folds);
/* Sets the ref, if it still is where it was last seen; *AGAIN when it is not. */
struct error *records_move(struct records *r, const struct oid *to, const char *why, bool *again);

/* Removes the claims that nobody holds any more. */
void records_sweep_claims(struct records *r);

#endif
