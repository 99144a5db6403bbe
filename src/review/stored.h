/* What the stored formats have in common: typed, bounded reading and canonical writing. */
#ifndef REVIEW_STORED_H
#define REVIEW_STORED_H

#include "base/json.h"
#include "review/record.h"

#define STORED_MAX_LIST 100000
/* Largest integer that every JSON reader keeps exactly. */
#define STORED_MAX_INTEGER ((int64_t)1 << 53)
/* The last second of the year 9999. */
#define STORED_MAX_DATE INT64_C(253402300799)

/* Parses TEXT as an object whose "format", which *FORMAT tells, is one from 1 to NEWEST. */
struct error *stored_open(cJSON **root, struct slice text, const char *what, int64_t newest,
			  int64_t *format);

/* Copies; the caller frees *OUT also after an error. The "_or_null" forms take null as NULL; a
 * missing key is an error in all of them. */
struct error *stored_get_string(const cJSON *object, const char *key, const char *what, char **out);
struct error *stored_get_string_or_null(const cJSON *object, const char *key, const char *what,
					char **out);
struct error *stored_get_bool(const cJSON *object, const char *key, const char *what, bool *out);
struct error *stored_get_range(const cJSON *object, const char *key, const char *what, int64_t low,
			       int64_t high, int64_t *out);
/* A string that PARSE knows. */
struct error *stored_get_name(const cJSON *object, const char *key, const char *what,
			      bool (*parse)(const char *name, int *value), int *out);
bool stored_severity(const char *name, int *value);

/* Paths are bytes: what is no UTF-8, and '%', is written as %XX. Reading refuses a path that is
 * absolute or climbs; null is NULL. */
void stored_put_path(struct json_writer *w, const char *key, const char *path);
void stored_put_path_item(struct json_writer *w, const char *path);
struct error *stored_get_path(const cJSON *object, const char *key, const char *what, char **out);
struct error *stored_path(const char *encoded, const char *key, const char *what, char **out);

/* Calls GET for every object of the array KEY, with a zeroed item at the end of *ITEMS, which
 * grows. The caller owns the items also after an error. */
struct error *stored_get_array(const cJSON *object, const char *key, const char *what, void **items,
			       size_t *nr, size_t size,
			       struct error *(*get)(const cJSON *o, const char *what, void *item));

/* Lists of strings. ITEMS is the caller's also after an error. */
void stored_put_list(struct json_writer *w, const char *key, char *const *items, size_t nr);
struct error *stored_get_list(const cJSON *object, const char *key, const char *what, char ***items,
			      size_t *nr);
/* A count of tokens; null: unknown. */
void stored_put_tokens(struct json_writer *w, const char *key, int64_t value);

/* The keys of a finding, into the object that is open. */
void stored_put_finding(struct json_writer *w, const struct finding *f);
/* The keys tasks and rubric of a record. */
void record_put_tasks(struct json_writer *w, const struct record *r);
/* ITEM is a struct finding; what is set of it is the caller's also after an error. */
struct error *stored_get_finding(const cJSON *o, const char *what, void *item);
/* A finding of the last run as an object; reading leaves out its reviewers. */
void stored_put_past(struct json_writer *w, const struct past_finding *p);
void stored_put_past_list(struct json_writer *w, const char *key, const struct past_finding *const *past,
			  size_t nr);
struct error *stored_get_past(const cJSON *o, const char *what, struct past_finding *p);
/* The keys manuscripts, reviewers and unread of a run. */
void stored_put_run_lists(struct json_writer *w, const struct run *r);
/* Moves previous, previous_date and past FROM into R. */
void run_take_past(struct run *r, struct run *from);

#endif
