/* The receiver's HTTP server: clients that are slow, silent or gone, all in one thread. */
#include "git_fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "daemon/http_server.h"

#define LONG_TIME_MS 60000
#define MAX_BODY ((size_t)1 << 20)

static int admit(void *data, const struct http_head *head)
{
	(void)data, (void)head;
	return 0;
}

static struct http_answer answer(void *data, const struct http_head *head, struct slice body)
{
	size_t *received = data;
	(void)head;
	*received = body.len;
	return (struct http_answer){ 202, "queued" };
}

/* A server whose requests may take that long, and that long while all places are taken. */
static struct http_server *serve(size_t *received, uint64_t request_ms, uint64_t crowded_ms)
{
	struct http_server *server;
	struct http_server_settings settings = { .max_body = MAX_BODY, .request_ms = request_ms, .crowded_ms = crowded_ms,
						 .admit = admit, .answer = answer, .data = received };
	assert_success(http_server_new(&server, "0", &settings));
	return server;
}

static int connect_to(const struct http_server *server)
{
	char *address = http_server_address(server);
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				  .sin_port = htons((in_port_t)atoi(strchr(address, ':') + 1)) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_return_code(connect(fd, (const struct sockaddr *)&to, sizeof(to)), errno);
	free(address);
	return fd;
}

/* One round of the loop that the server lives in. */
static void turn(struct http_server *server)
{
	struct pollfd fds[HTTP_SERVER_MAX_CONNECTIONS + 1];
	int wait_ms = LONG_TIME_MS;
	size_t nr = http_server_poll(server, fds, &wait_ms);
	assert_return_code(poll(fds, (nfds_t)nr, wait_ms), errno);
	http_server_serve(server);
}

static void say(struct http_server *server, int fd, const char *bytes, size_t len)
{
	for (size_t sent = 0; sent < len;) {
		ssize_t n = send(fd, bytes + sent, len - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n > 0)
			sent += (size_t)n;
		else
			assert_int_equal(errno, EAGAIN);
		turn(server);
	}
}

/* What the server answers, to the end. */
static void hear(struct http_server *server, int fd, char *out, size_t size)
{
	size_t nr = 0;
	for (ssize_t n; (n = recv(fd, out + nr, size - 1 - nr, MSG_DONTWAIT));) {
		if (n < 0) {
			assert_int_equal(errno, EAGAIN);
			turn(server);
		}
		nr += n > 0 ? (size_t)n : 0;
	}
	out[nr] = '\0';
}

static void assert_answer(struct http_server *server, int fd, const char *first_line)
{
	char heard[1024];
	hear(server, fd, heard, sizeof(heard));
	assert_int_equal(strncmp(heard, first_line, strlen(first_line)), 0);
	close(fd);
}

static void a_request_in_pieces_is_answered_once_it_is_whole(void **state)
{
	static const char request[] = "POST /lab HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody";
	size_t received = 0;
	(void)state;
	struct http_server *server = serve(&received, LONG_TIME_MS, LONG_TIME_MS);
	int fd = connect_to(server);
	for (size_t i = 0; i < strlen(request); i++) {
		assert_int_equal(received, 0);
		say(server, fd, request + i, 1);
	}
	assert_int_equal(received, 4);
	assert_answer(server, fd, "HTTP/1.1 202 Accepted\r\n");
	http_server_free(server);
}

static void a_client_that_has_closed_its_side_gets_its_answer(void **state)
{
	static const char request[] = "POST /lab HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody";
	size_t received = 0;
	(void)state;
	struct http_server *server = serve(&received, LONG_TIME_MS, LONG_TIME_MS);
	int fd = connect_to(server);
	assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
	shutdown(fd, SHUT_WR);
	assert_answer(server, fd, "HTTP/1.1 202 Accepted\r\n");
	http_server_free(server);
}

/* Its head has moved in memory since it was read. */
static void a_body_that_never_ends_is_given_up(void **state)
{
	static const char head[] = "POST /lab HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n";
	size_t received = 0, nr = 300000;
	char *body = xmalloc(nr);
	(void)state;
	memset(body, 'x', nr);
	struct http_server *server = serve(&received, 50, LONG_TIME_MS);
	int fd = connect_to(server);
	say(server, fd, head, strlen(head));
	say(server, fd, body, nr);
	assert_answer(server, fd, "HTTP/1.1 408 Request Timeout\r\n");
	assert_int_equal(received, 0);
	free(body);
	http_server_free(server);
}

static void silent_clients_in_all_places_are_cut_short(void **state)
{
	static const char request[] = "POST /lab HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody";
	size_t received = 0;
	int silent[HTTP_SERVER_MAX_CONNECTIONS];
	(void)state;
	struct http_server *server = serve(&received, LONG_TIME_MS, 1);
	for (size_t i = 0; i < HTTP_SERVER_MAX_CONNECTIONS; i++) {
		silent[i] = connect_to(server);
		turn(server);
	}
	int fd = connect_to(server);
	assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
	assert_answer(server, fd, "HTTP/1.1 202 Accepted\r\n");
	for (size_t i = 0; i < HTTP_SERVER_MAX_CONNECTIONS; i++)
		close(silent[i]);
	http_server_free(server);
}

static void addresses_are_numbers(void **state)
{
	static const char *const bad[] = { "", ":", "nowhere:80", "127.0.0.1:", "127.0.0.1:65536", "[::1]", "[::1:80",
					   "[]:80", "-1", "8x" };
	struct http_server_settings settings = { .max_body = MAX_BODY };
	struct http_server *server;
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_error(http_server_new(&server, bad[i], &settings), ERROR_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_in_pieces_is_answered_once_it_is_whole),
		cmocka_unit_test(a_client_that_has_closed_its_side_gets_its_answer),
		cmocka_unit_test(a_body_that_never_ends_is_given_up),
		cmocka_unit_test(silent_clients_in_all_places_are_cut_short),
		cmocka_unit_test(addresses_are_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
