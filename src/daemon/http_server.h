/*
 * A small HTTP server for webhooks: one thread, one poll(2), one request a connection. It is not a general one, and TLS is
 * the business of the reverse proxy in front. What a client may cost is bounded: connections, time, bytes of a head and
 * a body, bytes of all bodies together.
 *
 * Why not a library: this has to answer one kind of request, refuses all that is unusual in it (http_head.h), and lives in
 * the same loop as the children it starts. A library would be one more for every user of every command to install, and
 * in the way of a static build, for some 300 lines.
 */
#ifndef DAEMON_HTTP_SERVER_H
#define DAEMON_HTTP_SERVER_H

#include <poll.h>
#include <stdint.h>

#include "base/error.h"
#include "daemon/http_head.h"

#define HTTP_SERVER_MAX_CONNECTIONS 64
#define HTTP_SERVER_MAX_BODIES ((size_t)64 << 20) /* of all connections together */
#define HTTP_SERVER_REQUEST_MS 15000 /* from the connection to the end of its request */
#define HTTP_SERVER_ANSWER_MS 5000   /* for the client to take the answer and go */
#define HTTP_SERVER_CROWDED_MS 1000  /* for either, while all places are taken: silent clients keep nobody waiting long */

struct http_answer {
	int status;
	const char *text; /* a line; static */
};

struct http_server_settings {
	size_t max_body;
	uint64_t request_ms, crowded_ms; /* instead of HTTP_SERVER_REQUEST_MS and HTTP_SERVER_CROWDED_MS; 0: those */
	/* Whether a request with this head is worth reading its body: 0, or the status to refuse it with. */
	int (*admit)(void *data, const struct http_head *head);
	struct http_answer (*answer)(void *data, const struct http_head *head, struct slice body);
	void *data;
};

struct http_server;

/* ADDRESS is "<IPv4>:<port>", "[<IPv6>]:<port>" or "<port>" alone, which is on 127.0.0.1; port 0 is any. */
struct error *http_server_new(struct http_server **out, const char *address, const struct http_server_settings *s);
/* On a listening socket that somebody else has made, which becomes the server's. */
struct http_server *http_server_on(int listener, const struct http_server_settings *s);
void http_server_free(struct http_server *server);
/* "127.0.0.1:8080", malloc'd. */
char *http_server_address(const struct http_server *server);
/* No new connection is taken from now on. */
void http_server_close(struct http_server *server);

/* What to wait for: FDS has room for HTTP_SERVER_MAX_CONNECTIONS + 1; *WAIT_MS becomes smaller if a connection's time is
 * up sooner (-1: for ever). */
size_t http_server_poll(struct http_server *server, struct pollfd *fds, int *wait_ms);
/* Does what can be done now. */
void http_server_serve(struct http_server *server);

#endif
