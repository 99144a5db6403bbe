/*
 * Inside the registry client: a *call* is one request to a server with all that belongs to it (login, renewal
 * of tokens, redirects, repetitions). What the public functions do is made of calls; all calls of a public
 * function run at once.
 */
#ifndef IMAGE_REGISTRY_INTERNAL_H
#define IMAGE_REGISTRY_INTERNAL_H

#include "image/registry.h"

/* -- who we are ------------------------------------------------------------------------------------- */

enum challenge_scheme {
	CHALLENGE_UNKNOWN, /* nobody has asked the server yet */
	CHALLENGE_NONE,
	CHALLENGE_BASIC,
	CHALLENGE_BEARER,
};

/* How a server wants to be convinced. */
struct challenge {
	enum challenge_scheme scheme;
	char *realm, *service; /* of bearer tokens; SERVICE may be NULL */
};
void challenge_release(struct challenge *c);
/* Reads the value of a WWW-Authenticate header, which may hold several; bearer tokens are preferred. False,
 * and OUT is left alone, when there is nothing better than what OUT has. */
bool challenge_parse(struct challenge *out, struct slice header);

/* User and password, of one repository or all of the server's. */
struct credentials {
	char *repository;        /* NULL: all */
	char *user, *password;   /* NULL: none */
	bool refused;            /* there were some, and the server did not accept them */
	unsigned generation;     /* from 1 */
	struct credentials *next;
};

/* A bearer token for one scope: fetched when the first call needs it, and again when it ends. */
struct token {
	char *scope, *repository;
	char *text;              /* NULL: none now */
	unsigned serial;         /* of the text */
	uint64_t expires_ms;
	bool fetching;
	unsigned generation;     /* of the credentials it is being fetched with */
	unsigned attempts;       /* to fetch it with new credentials */
	char *form;              /* the body that asks for it */
	struct server *server;
	struct call *waiting;
	struct token *next;
};

struct server {
	struct registries *registries;
	char *name;              /* as in references: "127.0.0.1:5000" */
	char *origin;            /* "http://127.0.0.1:5000" */
	bool loopback, plain;    /* PLAIN: http */
	struct challenge challenge;
	bool probing;            /* a call is on its way to learn the challenge; the others wait: */
	struct call *parked;
	struct credentials *credentials;
	struct token *tokens;
	struct server *next;
};

/* -- calls ------------------------------------------------------------------------------------------ */

struct call_request {
	const char *method;
	const char *url;           /* "/v2/..." on the server, or a whole one (of a Location) */
	const char *repository;    /* that it is about: for the credentials */
	const char *scope;         /* of bearer tokens: "repository:app:pull" */
	const char *accept, *content_type;
	/* Sent instead of what the server is known to want: when asking for tokens. */
	const char *authorization;
	struct slice body;         /* must live until ON_DONE */
	uint64_t max_body;         /* of the response; 0: ANSWER_MAX */
	bool once;                 /* failures are the caller's to repeat */
	bool (*on_data)(void *data, const char *bytes, size_t len);
	void (*on_again)(void *data); /* what ON_DATA got does not count: it comes again */
	void (*on_sent)(void *data, uint64_t sent);
	/* Ends the call, which is gone afterwards. ERR (of transport, login, redirects) is the callee's;
	 * RESPONSE is NULL with it, unless it is of transport. */
	void (*on_done)(void *data, const struct http_response *response, struct error *err);
	void *data;
};

struct call {
	struct server *server;
	struct call_request request; /* strings owned */
	char *url;                   /* where it is now; differs from the request's after a redirect */
	bool elsewhere;              /* the request's URL is not on the server */
	bool foreign;                /* nor is URL: it gets no credentials */
	bool probe;
	unsigned attempt, redirects, restarts, renewals;
	unsigned generation, serial; /* of credentials, token that were sent; 0: none */
	uint64_t http_id;            /* 0: waits for something else than HTTP */
	struct call *next_waiting;
	struct call *next, *prev;    /* all of the registries */
};

/* Bytes of an answer that is kept in memory and has no ceiling of its own. */
#define ANSWER_MAX ((uint64_t)4 << 20)

struct registries {
	struct http *http;
	struct registry_settings settings;
	char *temporary;
	char **plain_hosts;
	size_t nr_plain_hosts;
	struct server *servers;
	struct call *calls;
	uint64_t random;
	int64_t progress_done, progress_total;
};

/* The server of REF. ERROR_USAGE for those that nobody may be sent to. */
struct error *server_of(struct registries *r, const struct reference *ref, struct server **out);
/* ON_DONE may be called before this returns. */
void call_start(struct server *s, const struct call_request *request, uint64_t delay_ms);
/* Starts the call again, with the login that is now known. */
void call_go(struct call *c, uint64_t delay_ms);
/* Takes ERR; RESPONSE may be NULL. */
void call_end(struct call *c, const struct http_response *response, struct error *err);
/* Drops all calls without ON_DONE. */
void calls_abandon(struct registries *r);
/* Runs all calls to their end. ERROR_CANCELLED when the user interrupted; calls have ended then, too. */
struct error *calls_run(struct registries *r);
/* Whether to try once more after attempt number ATTEMPT (from 1), and when. */
bool call_retry(struct registries *r, const struct http_response *response, unsigned attempt,
		uint64_t *delay_ms);

/* Where LOCATION, which came from FROM, leads. FOREIGN: not to S. Refused, with WHAT it is in the message:
 * from https to http, to this machine from another, and to addresses where clouds hand out credentials. */
struct error *url_follow(const struct server *s, const char *from, struct slice location, const char *what,
			 char **out, bool *foreign);

/* Prepares C's credentials: *HEADER is malloc'd or NULL. *WAIT: C waits for a token, and is started again. */
struct error *server_authorize(struct call *c, char **header, bool *wait);
/* After a 401: NULL when C is to be started again. */
struct error *server_unauthorized(struct call *c, const struct http_response *response);
/* Learns from the response to a probe. */
void server_learn(struct server *s, const struct http_response *response);
void server_free(struct server *s);
/* Nobody waits any more. */
void server_forget_calls(struct server *s);

/* -- one call at a time ----------------------------------------------------------------------------- */

struct registry_answer {
	long status;
	struct http_response response; /* a copy: body, headers and status */
};
void registry_answer_release(struct registry_answer *a);
/* REQUEST's ON_DONE and DATA are not used. */
struct error *call_once(struct server *s, const struct call_request *request, struct registry_answer *answer);

/* -- errors ----------------------------------------------------------------------------------------- */

/* What the registry said when it refused, in words; FMT is what could not be done, as "cannot upload ...". */
struct error *answer_error(const struct server *s, const struct reference *ref,
			   const struct http_response *response, const char *fmt, ...)
	__attribute__((format(printf, 4, 5), warn_unused_result));
/* How to make REF's repository. And the same where a registry does not answer when there is none: ECR. */
struct error *hint_repository(struct error *err, const struct server *s, const struct reference *ref);
struct error *hint_no_answer(struct error *err, const struct server *s, const struct reference *ref);
/* Whether the first error of RESPONSE's body has CODE ("NAME_UNKNOWN"). */
bool answer_has_code(const struct http_response *response, const char *code);
/* No credentials; or (REFUSED) they are not accepted. */
struct error *login_error(const struct server *s, bool refused);

/* -- blobs ------------------------------------------------------------------------------------------ */

/* A blob on its way into a file or memory, checked against its digest. */
struct download {
	const struct digest *digest;
	int64_t size;          /* -1: not known */
	int fd;                /* -1: into OUT */
	struct buffer *out;
	size_t out_start;
	struct server *server; /* this and the next by download_start */
	const struct reference *ref;
	struct sha256 hash;
	bool hashing;
	int64_t got;
	struct error *err;
	void (*on_done)(void *data, struct error *err);
	void *data;
};
void download_start(struct download *d, struct server *s, const struct reference *ref);
void download_release(struct download *d);

/* registry_put_manifest, and whether the registry keeps account of the manifest's subject itself. */
struct error *put_manifest(struct registries *r, const struct reference *ref, const char *media_type,
			   struct slice bytes, const struct digest *digest, bool *keeps_subject);

/* Scope of bearer tokens: ACTIONS are "pull" or "pull,push"; malloc'd. */
char *scope_of(const struct reference *ref, const char *actions);
/* Tells the progress, DELTA bytes more (or less, if some have to be sent again). */
void progress_move(struct registries *r, int64_t delta, const char *what);

#endif
