#include "daemon/http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/trace.h"

enum stage { STAGE_HEAD, STAGE_BODY, STAGE_ANSWER, STAGE_GOODBYE };

struct connection {
	int fd; /* -1: free */
	enum stage stage;
	uint64_t since; /* the connection, then the answer */
	struct buffer in; /* head and body */
	struct http_head head; /* its slices are good until IN moves: then it has to be parsed anew */
	struct buffer out;
	size_t sent;
	bool is_head; /* HEAD, which gets no body */
};

struct http_server {
	struct http_server_settings settings;
	int listener;
	struct connection connections[HTTP_SERVER_MAX_CONNECTIONS];
};

/* -- listening -------------------------------------------------------------------------------------- */

/* The largest one first: that is what { 0 } empties. */
union address {
	struct sockaddr_in6 v6;
	struct sockaddr_in v4;
	struct sockaddr any;
};

static bool parse_port(const char *text, in_port_t *port)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);
	if (!ascii_digit((unsigned char)text[0]) || *end || n > 65535)
		return false;
	*port = htons((in_port_t)n);
	return true;
}

static bool parse_address(const char *text, union address *out, socklen_t *size)
{
	const char *colon = strrchr(text, ':');
	*out = (union address){ 0 };
	if (text[0] == '[' && colon && colon > text && colon[-1] == ']') {
		char *host = xmemdupz(text + 1, (size_t)(colon - text) - 2);
		bool good = inet_pton(AF_INET6, host, &out->v6.sin6_addr) == 1;
		free(host);
		out->v6.sin6_family = AF_INET6;
		*size = sizeof(out->v6);
		return good && parse_port(colon + 1, &out->v6.sin6_port);
	}
	char *host = colon ? xmemdupz(text, (size_t)(colon - text)) : xstrdup("127.0.0.1");
	bool good = inet_pton(AF_INET, host, &out->v4.sin_addr) == 1;
	free(host);
	out->v4.sin_family = AF_INET;
	*size = sizeof(out->v4);
	return good && parse_port(colon ? colon + 1 : text, &out->v4.sin_port);
}

struct http_server *http_server_on(int listener, const struct http_server_settings *s)
{
	struct http_server *server = xcalloc(1, sizeof(*server));
	server->settings = *s;
	server->listener = listener;
	/* One that systemd has opened waits; we have others to serve meanwhile. */
	fcntl(listener, F_SETFL, fcntl(listener, F_GETFL) | O_NONBLOCK);
	fcntl(listener, F_SETFD, FD_CLOEXEC);
	for (size_t i = 0; i < HTTP_SERVER_MAX_CONNECTIONS; i++)
		server->connections[i].fd = -1;
	return server;
}

struct error *http_server_new(struct http_server **out, const char *address, const struct http_server_settings *s)
{
	union address where;
	socklen_t size;
	int on = 1;
	*out = NULL;
	if (!parse_address(address, &where, &size))
		return error_with_hint(error_new(ERROR_USAGE, "'%s' is no address to listen on", address),
				       "write 127.0.0.1:8471, [::1]:8471, or a port alone");
	int fd = socket(where.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_errno(ERROR_IO, "cannot make a socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, &where.any, size) < 0 || listen(fd, 128) < 0) {
		bool taken = errno == EADDRINUSE;
		struct error *err = error_errno(ERROR_IO, "cannot listen on %s", address);
		close(fd);
		return taken ? error_with_hint(err, "another program listens there; --listen=<port> takes another one") : err;
	}
	*out = http_server_on(fd, s);
	return NULL;
}

char *http_server_address(const struct http_server *server)
{
	union address where = { 0 };
	socklen_t size = sizeof(where);
	char host[INET6_ADDRSTRLEN] = "?";
	getsockname(server->listener, &where.any, &size);
	if (where.any.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &where.v6.sin6_addr, host, sizeof(host));
		return xstrfmt("[%s]:%u", host, ntohs(where.v6.sin6_port));
	}
	if (where.any.sa_family != AF_INET)
		return xstrdup("a socket of the system's");
	inet_ntop(AF_INET, &where.v4.sin_addr, host, sizeof(host));
	return xstrfmt("%s:%u", host, ntohs(where.v4.sin_port));
}

static void drop(struct connection *c)
{
	close(c->fd);
	buffer_release(&c->in);
	buffer_release(&c->out);
	*c = (struct connection){ .fd = -1 };
}

void http_server_close(struct http_server *server)
{
	if (server->listener >= 0)
		close(server->listener);
	server->listener = -1;
}

void http_server_free(struct http_server *server)
{
	if (!server)
		return;
	for (size_t i = 0; i < HTTP_SERVER_MAX_CONNECTIONS; i++)
		if (server->connections[i].fd >= 0)
			drop(&server->connections[i]);
	http_server_close(server);
	free(server);
}

/* -- a connection's way ------------------------------------------------------------------------------ */

static const char *reason_of(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {
		{ 200, "OK" }, { 202, "Accepted" }, { 400, "Bad Request" }, { 401, "Unauthorized" },
		{ 404, "Not Found" }, { 405, "Method Not Allowed" }, { 408, "Request Timeout" },
		{ 411, "Length Required" }, { 413, "Content Too Large" }, { 417, "Expectation Failed" },
		{ 429, "Too Many Requests" }, { 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" }, { 501, "Not Implemented" }, { 503, "Service Unavailable" },
		{ 505, "HTTP Version Not Supported" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Answer";
}

static void answer(struct connection *c, int status, const char *text)
{
	const char *body = text ? text : reason_of(status);
	c->stage = STAGE_ANSWER;
	c->since = clock_ms();
	buffer_addf(&c->out, "HTTP/1.1 %d %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %zu\r\n"
			     "Connection: close\r\nCache-Control: no-store\r\n%s\r\n",
		    status, reason_of(status), strlen(body) + 1, status == 405 ? "Allow: POST, GET, HEAD\r\n" : "");
	if (!c->is_head)
		buffer_addf(&c->out, "%s\n", body);
	/* Nothing of the request is needed any more. */
	c->head = (struct http_head){ 0 };
	buffer_release(&c->in);
}

static size_t held_bodies(const struct http_server *server)
{
	size_t held = 0;
	for (size_t i = 0; i < HTTP_SERVER_MAX_CONNECTIONS; i++)
		if (server->connections[i].fd >= 0 && server->connections[i].stage == STAGE_BODY)
			held += server->connections[i].head.content_length;
	return held;
}

static void take_head(struct http_server *server, struct connection *c)
{
	const struct http_server_settings *s = &server->settings;
	int status = http_head_parse(&c->head, slice_of(&c->in));
	if (!status)
		return;
	c->is_head = slice_equals(c->head.method, "HEAD");
	if (status == 200 && c->head.content_length > s->max_body)
		status = 413;
	int refused = status == 200 ? s->admit(s->data, &c->head) : status;
	if (!refused && held_bodies(server) + c->head.content_length > HTTP_SERVER_MAX_BODIES)
		refused = 503;
	if (refused) {
		answer(c, refused, NULL);
		return;
	}
	c->stage = STAGE_BODY;
	if (c->head.expects_continue && c->in.len == c->head.length)
		buffer_addstr(&c->out, "HTTP/1.1 100 Continue\r\n\r\n");
}

static void take_body(struct http_server *server, struct connection *c)
{
	const struct http_server_settings *s = &server->settings;
	if (c->in.len < c->head.length + c->head.content_length)
		return;
	/* The buffer may have moved since. */
	http_head_parse(&c->head, slice_of(&c->in));
	struct slice body = { c->in.data + c->head.length, c->head.content_length };
	struct http_answer a = s->answer(s->data, &c->head, body);
	answer(c, a.status, a.text);
}

static void receive(struct http_server *server, struct connection *c)
{
	char bytes[16384];
	/* Others have their turn, too. */
	for (unsigned turn = 0; turn < 64 && c->fd >= 0; turn++) {
		ssize_t n = recv(c->fd, bytes, sizeof(bytes), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n <= 0) {
			drop(c);
			return;
		}
		if (c->stage == STAGE_ANSWER || c->stage == STAGE_GOODBYE)
			continue; /* of a request that was refused before it had ended */
		buffer_add(&c->in, bytes, (size_t)n);
		if (c->stage == STAGE_HEAD)
			take_head(server, c);
		if (c->stage == STAGE_BODY)
			take_body(server, c);
		/* One that has closed its side still is to read the answer. */
		if (c->stage == STAGE_ANSWER)
			return;
	}
}

static void transmit(struct connection *c)
{
	while (c->sent < c->out.len) {
		ssize_t n = send(c->fd, c->out.data + c->sent, c->out.len - c->sent, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n < 0) {
			drop(c);
			return;
		}
		c->sent += (size_t)n;
	}
	/* The client is to read the answer before it is told that nobody listens to the rest of its request. */
	if (c->stage == STAGE_ANSWER) {
		shutdown(c->fd, SHUT_WR);
		c->stage = STAGE_GOODBYE;
	}
}

static void take_connections(struct http_server *server)
{
	for (size_t i = 0; i < HTTP_SERVER_MAX_CONNECTIONS; i++) {
		struct connection *c = &server->connections[i];
		if (c->fd >= 0)
			continue;
		int fd = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return;
		*c = (struct connection){ .fd = fd, .since = clock_ms() };
		buffer_init(&c->in, HTTP_HEAD_MAX + server->settings.max_body + 65536);
		buffer_init(&c->out, 4096);
	}
}

/* -- the loop's side --------------------------------------------------------------------------------- */

static bool is_crowded(const struct http_server *server)
{
	for (size_t i = 0; i < HTTP_SERVER_MAX_CONNECTIONS; i++)
		if (server->connections[i].fd < 0)
			return false;
	return true;
}

static uint64_t deadline(const struct http_server *server, const struct connection *c, bool crowded)
{
	const struct http_server_settings *s = &server->settings;
	if (crowded)
		return c->since + (s->crowded_ms ? s->crowded_ms : HTTP_SERVER_CROWDED_MS);
	if (c->stage == STAGE_ANSWER || c->stage == STAGE_GOODBYE)
		return c->since + HTTP_SERVER_ANSWER_MS;
	return c->since + (s->request_ms ? s->request_ms : HTTP_SERVER_REQUEST_MS);
}

size_t http_server_poll(struct http_server *server, struct pollfd *fds, int *wait_ms)
{
	size_t nr = 0;
	bool crowded = is_crowded(server);
	uint64_t now = clock_ms();
	for (size_t i = 0; i < HTTP_SERVER_MAX_CONNECTIONS; i++) {
		const struct connection *c = &server->connections[i];
		if (c->fd < 0)
			continue;
		short events = POLLIN;
		if (c->sent < c->out.len)
			events |= POLLOUT;
		fds[nr++] = (struct pollfd){ c->fd, events, 0 };
		uint64_t end = deadline(server, c, crowded);
		int left = end > now ? (int)(end - now) : 0;
		if (*wait_ms < 0 || left < *wait_ms)
			*wait_ms = left;
	}
	/* Who comes when all places are taken waits in the system's queue. */
	if (server->listener >= 0 && !crowded)
		fds[nr++] = (struct pollfd){ server->listener, POLLIN, 0 };
	return nr;
}

void http_server_serve(struct http_server *server)
{
	uint64_t now = clock_ms();
	if (server->listener >= 0)
		take_connections(server);
	bool crowded = is_crowded(server);
	for (size_t i = 0; i < HTTP_SERVER_MAX_CONNECTIONS; i++) {
		struct connection *c = &server->connections[i];
		if (c->fd >= 0)
			receive(server, c);
		if (c->fd >= 0)
			transmit(c);
		if (c->fd < 0 || now < deadline(server, c, crowded))
			continue;
		if (c->stage == STAGE_HEAD || c->stage == STAGE_BODY)
			answer(c, 408, NULL);
		else
			drop(c);
	}
}
