/* What a forge is made of. Private to src/forge. */
#ifndef FORGE_INTERNAL_H
#define FORGE_INTERNAL_H

#include "base/json.h"
#include "forge/forge.h"
#include "forge/site.h"
#include "forge/token.h"

/* Bytes of one answer, and of what is shown of a server's words. */
#define FORGE_MAX_ANSWER ((size_t)32 << 20)
#define FORGE_MAX_WORDS 600
#define FORGE_MAX_REDIRECTS 3
/* Inline comments of one review. */
#define FORGE_MAX_BATCH 20

/* As the forge has it: what pull_ensure compares. */
struct pull_details {
	struct pull pull;
	char **labels, **reviewers; /* of GitHub's teams "team:<name>" */
	size_t nr_labels, nr_reviewers;
	char *author;
};
void pull_details_release(struct pull_details *d);
/* Of those that D is one of, the newest first: OUT becomes the open one, else the newest, and *FOUND true. Takes D;
 * false: enough. */
bool pull_details_take(struct pull_details *out, bool *found, struct pull_details *d);

/* A comment of anybody's. */
struct note {
	int64_t id;
	const char *author, *body;
	bool bot; /* the author is an app */
};
/* False: enough. */
typedef bool (*note_fn)(const struct note *note, void *data);

struct forge_operations {
	const char *name;         /* "GitHub" */
	unsigned page;            /* how many things a page has */
	const char *page_size;    /* the parameter of it */
	const char *draft_prefix; /* of titles, where a draft is told by that; NULL: it is a field */
	/* The open one from BRANCH to BASE, else the newest. */
	struct error *(*find)(struct forge *f, const char *branch, const char *base, bool open_only,
			      struct pull_details *out, bool *found);
	struct error *(*get)(struct forge *f, int64_t number, struct pull_details *out);
	/* ERROR_EXISTS when there is one; *UNSURE as forge_call has it. */
	struct error *(*open)(struct forge *f, const struct pull_wish *wish, struct pull_details *out, bool *unsure,
			      struct buffer *warnings);
	/* Where two can be opened at the same moment: finds one that is open and older than NUMBER. */
	struct error *(*rival)(struct forge *f, const struct pull_wish *wish, int64_t number,
			       struct pull_details *out, bool *found);
	struct error *(*close)(struct forge *f, int64_t number);
	struct error *(*edit)(struct forge *f, int64_t number, const char *title, const char *body,
			      struct pull_details *out);
	struct error *(*add_labels)(struct forge *f, int64_t number, const char *const *labels);
	struct error *(*add_reviewers)(struct forge *f, const struct pull_details *d, const char *const *names);
	/* Adds those who have reviewed to the reviewers of D. */
	struct error *(*note_reviewed)(struct forge *f, struct pull_details *d);
	const char *const *states;    /* by enum status_state */
	/* The path of the statuses of COMMIT, those of CONTEXT at least, malloc'd. */
	char *(*statuses)(const struct forge *f, const char *commit, const char *context);
	const char *statuses_key; /* of them in the answer; NULL: it is the list */
	const char *context_key;  /* of a status's context */
	const char *user_path;    /* "/user", and the key of the name in it */
	const char *user_key;
	struct error *(*comments)(struct forge *f, int64_t number, note_fn fn, void *data);
	struct error *(*add_comment)(struct forge *f, int64_t number, const char *body, bool *unsure);
	struct error *(*edit_comment)(struct forge *f, int64_t number, int64_t id, const char *body);
	/* Comments on lines. */
	struct error *(*inline_comments)(struct forge *f, int64_t number, note_fn fn, void *data);
	/* Posts NR of them, their texts in BODIES, in one go. */
	struct error *(*add_review)(struct forge *f, int64_t number, const char *commit, const char *body,
				    const struct annotation *const *annotations, char *const *bodies, size_t nr,
				    bool *unsure);
	unsigned batch;           /* how many of them */
};
extern const struct forge_operations github_operations, gitea_operations, gitlab_operations;

struct forge {
	const struct forge_operations *operations;
	struct site site;
	char *remote;
	char *root;               /* "/repos/owner/name" */
	struct repo *repo;
	struct forge_settings settings;
	struct http *http;
	struct token token;
	bool token_known;
	const char *why_no_token;
	char *user;               /* our own name there; NULL: not known, or an app's */
	bool user_known, is_app;
	uint64_t delay_ms;        /* before the next call */
};

/* -- calls (call.c) ------------------------------------------------------------------------------------- */

struct forge_answer {
	long status;              /* 0: none */
	cJSON *json;              /* NULL: none */
	bool more;                /* there is another page */
	bool unsure;              /* it may have been carried out, though there is an error */
	char *message;            /* what the server says about the error, safe to show; NULL: nothing */
};
void forge_answer_release(struct forge_answer *a);

struct forge_request {
	const char *method;
	const char *path;         /* "/repos/owner/name/pulls": below the API's address */
	const struct buffer *body;/* JSON; NULL: none */
	const char *what;         /* "open the pull request": of "cannot open the pull request: ..." */
};

/* Finds the token; ERROR_NOT_FOUND when there is none and it is NEEDED, to do WHAT. */
struct error *forge_find_token(struct forge *f, const char *what, bool needed);
/* Sends it, again where that can help: what is no GET, PUT, PATCH or DELETE only if it was surely not carried out.
 * Any status but 2xx is an error, and OUT tells which; it is to be released in any case. */
struct error *forge_call(struct forge *f, const struct forge_request *request, struct forge_answer *out);
/* If *ERR came with one of STATUSES (which end with 0), frees it and returns true. */
bool forge_refused(struct error **err, const struct forge_answer *a, const long *statuses);

/* GETs PATH page by page and calls FN for each item of the array KEY (NULL: of the answer itself) until it is false.
 * ERROR_LIMIT "<what>: ..." after FORGE_MAX_PAGES. */
struct error *forge_list(struct forge *f, const char *path, const char *key, const char *what,
			 bool (*fn)(const cJSON *item, void *data), void *data);

/* -- faults (fault.c) ----------------------------------------------------------------------------------- */

/* Whether the server asks to be left alone, and for how long. */
bool fault_is_limit(const struct http_response *response, const char *message, int64_t now, uint64_t *delay_ms);
/* What the body of RESPONSE says, on one line, safe to show and without secrets; malloc'd; NULL: nothing. JSON may
 * be NULL. */
char *fault_message(const cJSON *json);
struct error *fault_error(struct forge *f, const struct forge_request *request, const struct http_response *response,
			  const char *message, unsigned tries);

/* -- words (text.c) ------------------------------------------------------------------------------------- */

/* S, cut at a line to MAX bytes with a word about it. */
void forge_cut(struct buffer *out, const char *s, size_t max, bool say);
/* S as what a forge shows as Markdown: cut to MAX bytes, and without a line that GitLab would take for a command ("/merge",
 * also amid code): such a line begins with a space. */
void forge_body(struct buffer *out, const char *s, size_t max);
/* The same text, but for ends of lines and of the whole. */
bool forge_same_text(const char *a, const char *b);
/* S as a part of a path or a query, malloc'd. */
char *forge_escape(const char *s);
/* TITLE as it is sent: one line, without control bytes, and not longer than FORGE_MAX_TITLE. */
char *forge_title(const char *title);
/* URL as it may be shown, and clicked on, malloc'd: "" when it may not. */
char *forge_web_address(const char *url);
/* An object id, of either length. */
bool forge_is_commit(const char *hex);
/* A call with a body of json_writer's, or none. */
struct error *forge_send(struct forge *f, const char *method, char *path, const struct buffer *body, const char *what,
			 struct forge_answer *out);
/* The same, where nothing of the answer is wanted. */
struct error *forge_tell(struct forge *f, const char *method, char *path, const struct buffer *body, const char *what);
/* Sends TEXT as a comment; *UNSURE as forge_answer has it. */
struct error *forge_put_comment(struct forge *f, const char *method, char *path, const char *text, const char *what,
				bool *unsure);
/* Adds a copy of S to an array of strings. */
void forge_add_name(char ***names, size_t *nr, const char *s);

/* -- what GitHub and Gitea have in common (github.c) ------------------------------------------------------ */

/* Whether its branch is the repository's own, not a fork's. */
bool hub_is_own(const cJSON *pull);
/* Reads a pull request of either. */
struct error *hub_read_pull(struct forge *f, const cJSON *json, struct pull_details *out);
struct error *hub_get(struct forge *f, int64_t number, struct pull_details *out);
/* Asks for a pull request; A is to be released in any case. */
struct error *hub_open(struct forge *f, const struct pull_wish *wish, bool draft, struct forge_answer *a);
struct error *hub_edit(struct forge *f, int64_t number, const char *title, const char *body, struct pull_details *out);
struct error *hub_add_reviewers(struct forge *f, const struct pull_details *d, const char *const *names);
struct error *hub_note_reviewed(struct forge *f, struct pull_details *d);
extern const char *const hub_states[];
char *hub_statuses(const struct forge *f, const char *commit, const char *context);
struct error *hub_comments(struct forge *f, int64_t number, note_fn fn, void *data);
struct error *hub_add_comment(struct forge *f, int64_t number, const char *body, bool *unsure);
struct error *hub_edit_comment(struct forge *f, int64_t number, int64_t id, const char *body);
/* Calls FN for each comment in the list at PATH, which is freed. */
struct error *hub_notes(struct forge *f, char *path, const char *what, note_fn fn, void *data);

/* Who we are there, in forge->user or forge->is_app. */
struct error *forge_who(struct forge *f);

#endif
