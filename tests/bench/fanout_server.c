/*
 * A server of canned chat completions on loopback, made to be no bottleneck: one epoll loop, no allocation in
 * it. Requests that ask for a stream get one. Prints its port and serves until its input ends.
 *
 * usage: fanout_server <latency in ms>
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_CONNECTIONS 8192
#define MAX_REQUEST (64 << 10)

#define ANSWER "{\\\"n\\\":1,\\\"word\\\":\\\"yes\\\"}"
#define CHUNK(text) "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\"," text "}\n\n"

static const char stream_body[] =
	CHUNK("\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"" ANSWER "\"},\"finish_reason\":null}]")
	CHUNK("\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]")
	CHUNK("\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":5,\"total_tokens\":15}")
	"data: [DONE]\n\n";
static const char plain_body[] =
	"{\"id\":\"c1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,"
	"\"message\":{\"role\":\"assistant\",\"content\":\"" ANSWER "\"},\"finish_reason\":\"stop\"}],"
	"\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":5,\"total_tokens\":15}}";

struct connection {
	int fd;
	bool stream;
	uint64_t due_us;
	size_t len;
	char *request; /* MAX_REQUEST + 1 bytes */
};

static struct connection connections[MAX_CONNECTIONS];
/* Latency is the same for all, so that answers are due in the order of their requests. */
static struct connection *waiting[MAX_CONNECTIONS];
static size_t first_waiting, nr_waiting;
static char stream_answer[2048], plain_answer[2048];

static uint64_t now_us(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static void drop(struct connection *c)
{
	close(c->fd);
	c->fd = -1;
	c->len = 0;
}

static void answer(struct connection *c)
{
	const char *bytes = c->stream ? stream_answer : plain_answer;
	if (c->fd >= 0 && send(c->fd, bytes, strlen(bytes), MSG_NOSIGNAL) < 0)
		drop(c);
}

/* Whether a whole request has come. */
static bool is_whole(const struct connection *c)
{
	const char *end = strstr(c->request, "\r\n\r\n");
	const char *length = end ? strcasestr(c->request, "\r\ncontent-length:") : NULL;
	size_t body = length && length < end ? strtoul(length + 17, NULL, 10) : 0;
	return end && c->len >= (size_t)(end + 4 - c->request) + body;
}

static void take(struct connection *c, uint64_t latency_us)
{
	ssize_t n = read(c->fd, c->request + c->len, MAX_REQUEST - c->len);
	if (n <= 0) {
		if (n == 0 || (errno != EAGAIN && errno != EINTR))
			drop(c);
		return;
	}
	c->len += (size_t)n;
	c->request[c->len] = '\0';
	if (!is_whole(c))
		return;
	c->stream = strstr(c->request, "\"stream\":true") || strstr(c->request, "\"stream\": true");
	c->len = 0;
	if (!latency_us) {
		answer(c);
		return;
	}
	c->due_us = now_us() + latency_us;
	waiting[(first_waiting + nr_waiting++) % MAX_CONNECTIONS] = c;
}

static void accept_all(int listener, int epoll)
{
	int fd, one = 1;
	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		if (fd >= MAX_CONNECTIONS) {
			close(fd);
			continue;
		}
		struct connection *c = &connections[fd];
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		if (!c->request)
			c->request = malloc(MAX_REQUEST + 1);
		c->fd = fd;
		c->len = 0;
		struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };
		epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
	}
}

static int listen_on_loopback(int *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 4096) ||
	    getsockname(fd, (struct sockaddr *)&address, &len)) {
		perror("fanout_server");
		exit(1);
	}
	*port = ntohs(address.sin_port);
	return fd;
}

static int serve_due(void)
{
	while (nr_waiting) {
		struct connection *c = waiting[first_waiting];
		uint64_t now = now_us();
		if (c->due_us > now)
			return (int)((c->due_us - now + 999) / 1000);
		first_waiting = (first_waiting + 1) % MAX_CONNECTIONS;
		nr_waiting--;
		answer(c);
	}
	return -1;
}

int main(int argc, char **argv)
{
	uint64_t latency_us = argc > 1 ? strtoul(argv[1], NULL, 10) * 1000 : 0;
	struct rlimit files = { MAX_CONNECTIONS, MAX_CONNECTIONS };
	int port, listener, epoll = epoll_create1(0);
	struct epoll_event events[256], event = { .events = EPOLLIN };
	setrlimit(RLIMIT_NOFILE, &files);
	snprintf(stream_answer, sizeof(stream_answer),
		 "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %zu\r\n\r\n%s",
		 sizeof(stream_body) - 1, stream_body);
	snprintf(plain_answer, sizeof(plain_answer),
		 "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
		 sizeof(plain_body) - 1, plain_body);
	listener = listen_on_loopback(&port);
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
	event.data.ptr = &event;
	epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event);
	printf("%d\n", port);
	fflush(stdout);
	for (;;) {
		int n = epoll_wait(epoll, events, 256, serve_due());
		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr == &event)
				return 0;
			if (!events[i].data.ptr)
				accept_all(listener, epoll);
			else
				take(events[i].data.ptr, latency_us);
		}
	}
}
