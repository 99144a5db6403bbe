/*
 * HTTP: every request of a run on one curl_multi loop.
 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

/* Ceiling of one response body, decoded, whoever takes it, unless the request has another. */
#define HTTP_MAX_BODY ((size_t)64 << 20)
#define HTTP_MAX_HEADERS ((size_t)256 << 10)
/* What is kept of a body that explains an error; the rest is not read. */
#define HTTP_MAX_ERROR_BODY ((size_t)64 << 10)

struct http; /* an engine: loop, connections, limits */

/* How one server is reached. All strings are malloc'd. */
struct http_access {
	char *ca_file, *ca_path;    /* whose certificates are trusted; NULL: libcurl's own */
	char *cert, *cert_key;      /* a client certificate, and its key */
	char *proxy;                /* "": none; NULL: as the environment tells libcurl */
	bool insecure;              /* certificates are not checked */
};
void http_access_release(struct http_access *a);

struct http_settings {
	unsigned max_per_host;      /* requests at once to one host; 0: 16 */
	long connect_timeout_ms;    /* 0: 10,000 */
	long idle_timeout_ms;       /* no byte for this long ends a transfer; 0: 300,000 */
	const char *user_agent;
	/* Asked once for each scheme, host and port, with the first URL there; fills OUT, which is zero.
	 * NULL: as libcurl does it. */
	void (*access)(void *data, const char *url, struct http_access *out);
	void *access_data;
};

struct http_response {
	long status;                /* 0: no response at all */
	struct buffer body;         /* what on_data did not take; of an error its beginning */
	struct buffer headers;      /* raw header lines of the last response */
	struct error *error;        /* transport failure, or NULL; owned by the engine */
	bool sent;                  /* there was a connection to send the request over */
	bool permanent;             /* trying again cannot help: certificate, ceiling, nobody listens on
				     * loopback */
	bool refused;               /* nobody listens there, at least not yet */
	uint64_t elapsed_ms;
};

struct http_request {
	const char *method;         /* "GET", "HEAD", "POST", "PUT", ... */
	const char *url;            /* http or https; redirects are not followed */
	const char *const *headers; /* NULL-terminated "Name: value"; copied */
	struct slice body;          /* not copied: must live until on_done */
	long deadline_ms;           /* for the whole transfer once it has started; 0: none */
	uint64_t max_body;          /* ceiling of the response's; 0: HTTP_MAX_BODY */
	bool as_stored; /* no compression is asked for, and none undone: a digest is of those bytes */
	bool not_link_local;        /* a server that turns out to be where clouds hand out credentials is
				     * not sent a byte */
	/* Called with each piece of a 2xx body as it arrives; NULL: collected in response.body.
	 * Returning false ends the transfer with ERROR_CANCELLED. */
	bool (*on_data)(void *data, const char *bytes, size_t len);
	/* Called as the body goes out, with how much of it has; may be NULL. */
	void (*on_sent)(void *data, uint64_t sent);
	/* Called once at the end, from http_run. May submit further requests (which fails with
	 * ERROR_CANCELLED while a stopped run winds down). */
	void (*on_done)(void *data, const struct http_response *response);
	void *data;
};

struct error *http_new(struct http **out, const struct http_settings *settings);
void http_free(struct http *h); /* transfers still in flight are dropped without on_done */
/* The number of the request that http_submit was last given, never 0: for http_cancel. */
uint64_t http_last_id(const struct http *h);
/* Ends the request ID without calling on_done, wherever it is on its way; one that has ended already is no
 * error. Its body may be freed afterwards. Not to be called from an on_data. */
void http_cancel(struct http *h, uint64_t id);
/* Starts a request after DELAY_MS (0: now), in the order of submission. A proxy is used as the settings
 * or the environment say, but never for loopback and link-local addresses; a server that is to be on
 * loopback is not sent a byte when it turns out to be elsewhere. ERROR_USAGE when the URL is not http
 * or https. Nothing is called back before http_run. */
struct error *http_submit(struct http *h, const struct http_request *request, uint64_t delay_ms);
/* Calls FN every INTERVAL_MS while http_run runs (progress, deadlines). */
void http_set_tick(struct http *h, uint64_t interval_ms, void (*fn)(void *data), void *data);
#define HTTP_NO_WAKE UINT64_MAX
/* Calls that FN once more in DELAY_MS, or sooner; http_run goes on until then. The last of several calls
 * counts; HTTP_NO_WAKE takes it back. */
void http_wake(struct http *h, uint64_t delay_ms);
/* Runs until no request is left, or *STOP becomes true (a signal handler's flag; may be NULL):
 * then every transfer ends with ERROR_CANCELLED, and so does the run. */
struct error *http_run(struct http *h, volatile const int *stop);

/* ERROR_USAGE when URL is not an http or https address. */
struct error *http_check_url(const char *url);
/* Whether URL's host is this machine: localhost, 127.0.0.0/8 or ::1. */
bool http_url_is_loopback(const char *url);

/* The value of a header in RESPONSE (case-insensitive, trimmed), or an empty slice. */
struct slice http_header(const struct http_response *response, const char *name);
/* Of a header that may be there several times the line number NTH, from 0; false when there are fewer. */
bool http_header_nth(const struct http_response *response, const char *name, size_t nth, struct slice *out);

#endif
