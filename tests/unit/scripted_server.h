/*
 * An HTTP server on loopback that says exactly what a test tells it to, down to the byte, and
 * misbehaves on demand. Each request takes the first line of the script that fits it.
 */
#ifndef SCRIPTED_SERVER_H
#define SCRIPTED_SERVER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum act {
	ACT_SEND,      /* the bytes, then the connection stays open for another request */
	ACT_CLOSE,     /* the bytes, then it is closed in order */
	ACT_RESET,     /* the bytes, then it is reset */
	ACT_HANG,      /* the bytes, then silence */
	ACT_DRIP,      /* the bytes one by one, then closed */
	ACT_ENDLESS,   /* the bytes, then .flood (or 'x') for ever */
	ACT_GREET,     /* the bytes as soon as somebody connects, then closed; of the first line only */
	ACT_PING,      /* the bytes, then ":\n" for ever, slowly */
};

struct scripted {
	const char *needle; /* must be part of the request; NULL: any */
	unsigned times;     /* how often this line can be used; 0: always */
	enum act act;
	const char *bytes;
	size_t len;         /* of the bytes, if they are no string; 0: they are */
	const char *flood;
	size_t flood_len;
	unsigned used;
};

#define SERVER_MAX_CONNECTIONS 256

struct scripted_server {
	int listener, port;
	int quit[2];
	struct scripted *script;
	size_t nr_script;
	pthread_t acceptor, workers[SERVER_MAX_CONNECTIONS];
	size_t nr_workers;
	pthread_mutex_t lock;
	unsigned requests, at_once, most_at_once;
	char last_request[65536];
	char url[64];
};

struct server_connection {
	struct scripted_server *server;
	int fd;
};

/* Waits for FD to become readable; false when the server is to stop. */
static inline bool server_wait(struct scripted_server *s, int fd)
{
	struct pollfd fds[] = { { fd, POLLIN | POLLRDHUP, 0 }, { s->quit[0], POLLIN, 0 } };
	return poll(fds, 2, -1) > 0 && !fds[1].revents;
}

/* Reads one request with its body. False at the end of the connection. */
static inline bool server_read_request(struct server_connection *c, char *request, size_t size)
{
	size_t len = 0;
	for (;;) {
		request[len] = '\0';
		char *end = strstr(request, "\r\n\r\n");
		if (end) {
			const char *length = strcasestr(request, "\r\ncontent-length:");
			size_t body = length && length < end ? strtoul(length + 17, NULL, 10) : 0;
			if (len >= (size_t)(end + 4 - request) + body)
				return true;
		}
		if (len + 1 >= size || !server_wait(c->server, c->fd))
			return false;
		ssize_t n = read(c->fd, request + len, size - 1 - len);
		if (n <= 0)
			return false;
		len += (size_t)n;
	}
}

static inline bool server_send(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

static inline struct scripted *server_choose(struct scripted_server *s, const char *request)
{
	struct scripted *found = NULL;
	pthread_mutex_lock(&s->lock);
	s->requests++;
	if (++s->at_once > s->most_at_once)
		s->most_at_once = s->at_once;
	snprintf(s->last_request, sizeof(s->last_request), "%s", request);
	for (size_t i = 0; i < s->nr_script && !found; i++) {
		struct scripted *line = &s->script[i];
		if (line->times && line->used >= line->times)
			continue;
		if (line->needle && !strstr(request, line->needle))
			continue;
		line->used++;
		found = line;
	}
	pthread_mutex_unlock(&s->lock);
	return found;
}

static inline void server_flood(struct server_connection *c, const char *block, size_t len, int pause_ms)
{
	struct pollfd quit = { c->server->quit[0], POLLIN, 0 };
	while (poll(&quit, 1, pause_ms) == 0 && server_send(c->fd, block, len))
		;
}

/* True when the connection can take another request. */
static inline bool server_act(struct server_connection *c, const struct scripted *line)
{
	static char exes[65536];
	size_t len = line->len ? line->len : strlen(line->bytes);
	if (line->act == ACT_DRIP) {
		for (size_t i = 0; i < len; i++)
			if (!server_send(c->fd, line->bytes + i, 1))
				break;
		return false;
	}
	if (!server_send(c->fd, line->bytes, len))
		return false;
	if (line->act == ACT_RESET) {
		struct linger now = { 1, 0 };
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	} else if (line->act == ACT_HANG) {
		char byte;
		while (server_wait(c->server, c->fd) && read(c->fd, &byte, 1) > 0)
			;
	} else if (line->act == ACT_ENDLESS) {
		memset(exes, 'x', sizeof(exes));
		server_flood(c, line->flood ? line->flood : exes,
			     line->flood ? line->flood_len : sizeof(exes), 0);
	} else if (line->act == ACT_PING) {
		server_flood(c, ":\n", 2, 10);
	}
	return line->act == ACT_SEND;
}

static inline void *server_serve(void *data)
{
	struct server_connection *c = data;
	char *request = malloc(sizeof(c->server->last_request));
	bool again = c->server->script[0].act != ACT_GREET;
	if (!again)
		server_send(c->fd, c->server->script[0].bytes, strlen(c->server->script[0].bytes));
	while (again && server_read_request(c, request, sizeof(c->server->last_request))) {
		struct scripted *line = server_choose(c->server, request);
		again = line && server_act(c, line);
		pthread_mutex_lock(&c->server->lock);
		c->server->at_once--;
		pthread_mutex_unlock(&c->server->lock);
	}
	close(c->fd);
	free(request);
	free(c);
	return NULL;
}

static inline void *server_accept(void *data)
{
	struct scripted_server *s = data;
	while (server_wait(s, s->listener) && s->nr_workers < SERVER_MAX_CONNECTIONS) {
		struct server_connection *c = malloc(sizeof(*c));
		int one = 1;
		c->server = s;
		c->fd = accept(s->listener, NULL, NULL);
		setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		pthread_create(&s->workers[s->nr_workers++], NULL, server_serve, c);
	}
	return NULL;
}

/* The lines of SCRIPT are used up as they are served; SCRIPT must live until server_stop. */
static inline struct scripted_server *server_start(struct scripted *script, size_t nr)
{
	struct scripted_server *s = calloc(1, sizeof(*s));
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);
	s->script = script;
	s->nr_script = nr;
	pthread_mutex_init(&s->lock, NULL);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(pipe(s->quit), 0);
	assert_int_equal(bind(s->listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(s->listener, SERVER_MAX_CONNECTIONS), 0);
	assert_int_equal(getsockname(s->listener, (struct sockaddr *)&address, &len), 0);
	s->port = ntohs(address.sin_port);
	snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%d", s->port);
	pthread_create(&s->acceptor, NULL, server_accept, s);
	return s;
}

/* For one line that is always used. */
static inline struct scripted_server *server_start_with(struct scripted *line, enum act act,
							const char *bytes)
{
	*line = (struct scripted){ .act = act, .bytes = bytes };
	return server_start(line, 1);
}

static inline void server_stop(struct scripted_server *s)
{
	assert_int_equal(write(s->quit[1], "q", 1), 1);
	pthread_join(s->acceptor, NULL);
	for (size_t i = 0; i < s->nr_workers; i++)
		pthread_join(s->workers[i], NULL);
	close(s->listener);
	close(s->quit[0]);
	close(s->quit[1]);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* A port on which nobody listens. */
static inline int server_dead_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	close(fd);
	return ntohs(address.sin_port);
}

#endif
