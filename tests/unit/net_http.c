/* The HTTP engine against a server that does what it likes. */
#include "scripted_server.h"

#include "base/memory.h"
#include "base/text.h"
#include "net/address.h"
#include "net/http.h"
#include "net/poller.h"

#define OK(body) "HTTP/1.1 200 OK\r\nContent-Length: " body
#define HELLO OK("5\r\n\r\nhello")

/* What on_done saw. */
struct seen {
	struct http *http;
	unsigned done;
	long status;
	char *body;
	enum error_code code;
	char *message;
	bool permanent;
	char *header;
	size_t pieces_len;
	bool refuse;
};

static void seen_release(struct seen *seen)
{
	free(seen->body);
	free(seen->message);
	free(seen->header);
}

static void on_done(void *data, const struct http_response *response)
{
	struct seen *seen = data;
	seen_release(seen);
	seen->done++;
	seen->status = response->status;
	seen->body = xmemdupz(response->body.data, response->body.len);
	seen->code = response->error ? response->error->code : 0;
	seen->message = response->error ? xstrdup(response->error->message) : NULL;
	seen->permanent = response->permanent;
	struct slice header = http_header(response, "x-mark");
	seen->header = xmemdupz(header.data, header.len);
}

static bool on_data(void *data, const char *bytes, size_t len)
{
	struct seen *seen = data;
	(void)bytes;
	seen->pieces_len += len;
	return !seen->refuse;
}

static struct http *new_http(const struct http_settings *settings)
{
	struct http *h;
	static const struct http_settings none;
	assert_null(http_new(&h, settings ? settings : &none));
	return h;
}

static void submit(struct http *h, const char *url, struct seen *seen, long deadline_ms, bool stream)
{
	struct http_request request = {
		.method = "GET",
		.url = url,
		.deadline_ms = deadline_ms,
		.on_data = stream ? on_data : NULL,
		.on_done = on_done,
		.data = seen,
	};
	assert_null(http_submit(h, &request, 0));
}

/* One GET of what SERVER says; SEEN is released by the caller. */
static void get(struct scripted_server *server, const struct http_settings *settings, long deadline_ms,
		bool stream, struct seen *seen)
{
	struct http *h = new_http(settings);
	submit(h, server->url, seen, deadline_ms, stream);
	assert_null(http_run(h, NULL));
	assert_int_equal(seen->done, 1);
	http_free(h);
}

static void test_body_status_and_headers_arrive(void **state)
{
	(void)state;
	struct scripted line;
	struct scripted_server *server = server_start_with(
		&line, ACT_SEND, "HTTP/1.1 200 OK\r\nx-Mark:  yes \r\nContent-Length: 5\r\n\r\nhello");
	struct seen seen = { 0 };
	get(server, NULL, 0, false, &seen);
	assert_int_equal(seen.status, 200);
	assert_string_equal(seen.body, "hello");
	assert_string_equal(seen.header, "yes");
	assert_null(seen.message);
	seen_release(&seen);
	server_stop(server);
}

static void use_proxy(void *data, const char *url, struct http_access *out)
{
	assert_non_null(strstr(url, "http://"));
	out->proxy = xstrdup(data);
}

static void test_each_server_is_reached_as_its_access_says_but_loopback_directly(void **state)
{
	(void)state;
	struct scripted line;
	struct scripted_server *proxy = server_start_with(&line, ACT_SEND, HELLO);
	struct http_settings settings = { .access = use_proxy, .access_data = proxy->url };
	struct http *h = new_http(&settings);
	struct seen elsewhere = { 0 }, here = { 0 };
	submit(h, "http://elsewhere.invalid/models", &elsewhere, 0, false);
	submit(h, "http://127.0.0.1:9/models", &here, 0, false);
	assert_null(http_run(h, NULL));
	assert_int_equal(elsewhere.status, 200);
	assert_non_null(strstr(proxy->last_request, "GET http://elsewhere.invalid/models HTTP/1.1"));
	assert_int_equal(here.status, 0);
	assert_int_equal(proxy->requests, 1);
	http_free(h);
	seen_release(&elsewhere);
	seen_release(&here);
	server_stop(proxy);
}

static void test_post_sends_headers_and_body(void **state)
{
	(void)state;
	struct scripted line;
	struct scripted_server *server = server_start_with(&line, ACT_SEND, HELLO);
	struct http_settings settings = { .user_agent = "scrutiny-test" };
	struct http *h = new_http(&settings);
	struct seen seen = { 0 };
	static const char *const headers[] = { "Content-Type: application/json", NULL };
	struct http_request request = {
		.method = "POST",
		.url = server->url,
		.headers = headers,
		.body = { "{\"a\":1}", 7 },
		.on_done = on_done,
		.data = &seen,
	};
	assert_null(http_submit(h, &request, 0));
	assert_null(http_run(h, NULL));
	assert_non_null(strstr(server->last_request, "POST / HTTP/1.1\r\n"));
	assert_non_null(strstr(server->last_request, "Content-Type: application/json\r\n"));
	assert_non_null(strstr(server->last_request, "User-Agent: scrutiny-test\r\n"));
	assert_non_null(strstr(server->last_request, "\r\n\r\n{\"a\":1}"));
	assert_null(strstr(server->last_request, "Expect:"));
	http_free(h);
	seen_release(&seen);
	server_stop(server);
}

static void test_the_answer_to_head_has_headers_and_no_body(void **state)
{
	(void)state;
	struct scripted lines[] = {
		{ .needle = "HEAD /a ",
		  .act = ACT_SEND,
		  .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\nX-Mark: yes\r\n\r\n" },
		{ .needle = "GET /b ", .act = ACT_SEND, .bytes = HELLO },
	};
	struct scripted_server *server = server_start(lines, ARRAY_SIZE(lines));
	struct http *h = new_http(NULL);
	struct seen seen = { 0 };
	char *a = xstrfmt("%s/a", server->url), *b = xstrfmt("%s/b", server->url);
	struct http_request request = { .method = "HEAD", .url = a, .on_done = on_done, .data = &seen };
	assert_null(http_submit(h, &request, 0));
	assert_null(http_run(h, NULL));
	assert_null(seen.message);
	assert_int_equal(seen.status, 200);
	assert_string_equal(seen.header, "yes");
	submit(h, b, &seen, 0, false); /* on the same connection, with the same handle */
	assert_null(http_run(h, NULL));
	assert_string_equal(seen.body, "hello");
	assert_int_equal(server->nr_workers, 1);
	http_free(h);
	seen_release(&seen);
	server_stop(server);
	free(a);
	free(b);
}

static void note_sent(void *data, uint64_t sent)
{
	struct seen *seen = data;
	assert_true(sent >= seen->pieces_len);
	seen->pieces_len = (size_t)sent;
}

static void test_put_tells_how_much_has_been_sent(void **state)
{
	(void)state;
	struct scripted line;
	struct scripted_server *server = server_start_with(&line, ACT_SEND, HELLO);
	struct http *h = new_http(NULL);
	struct seen seen = { 0 };
	char body[40000];
	memset(body, 'b', sizeof(body));
	static const char *const headers[] = { "Content-Type: application/octet-stream", NULL };
	struct http_request request = {
		.method = "PUT", .url = server->url, .headers = headers, .body = { body, sizeof(body) },
		.on_sent = note_sent, .on_done = on_done, .data = &seen,
	};
	assert_null(http_submit(h, &request, 0));
	assert_null(http_run(h, NULL));
	assert_int_equal(seen.pieces_len, sizeof(body));
	assert_non_null(strstr(server->last_request, "PUT / HTTP/1.1\r\n"));
	assert_non_null(strstr(server->last_request, "Content-Length: 40000\r\n"));
	request.body.len = 0;
	assert_null(http_submit(h, &request, 0));
	assert_null(http_run(h, NULL));
	assert_non_null(strstr(server->last_request, "Content-Length: 0\r\n"));
	http_free(h);
	seen_release(&seen);
	server_stop(server);
}

static void test_stored_bytes_arrive_as_they_are_up_to_their_ceiling(void **state)
{
	(void)state;
	struct scripted line;
	struct scripted_server *server = server_start_with(
		&line, ACT_SEND,
		"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello");
	struct http *h = new_http(NULL);
	struct seen seen = { 0 };
	struct http_request request = { .method = "GET", .url = server->url, .as_stored = true, .max_body = 5,
					.on_done = on_done, .data = &seen };
	assert_null(http_submit(h, &request, 0));
	assert_null(http_run(h, NULL));
	assert_string_equal(seen.body, "hello");
	assert_null(strstr(server->last_request, "Accept-Encoding"));
	request.max_body = 4;
	assert_null(http_submit(h, &request, 0));
	assert_null(http_run(h, NULL));
	assert_int_equal(seen.code, ERROR_LIMIT);
	assert_non_null(strstr(seen.message, "larger than 4 bytes"));
	http_free(h);
	seen_release(&seen);
	server_stop(server);
}

static void test_headers_may_be_there_several_times(void **state)
{
	(void)state;
	struct http_response response = { .headers = BUFFER_INIT };
	struct slice value;
	buffer_addstr(&response.headers, "HTTP/1.1 401 no\r\nA: 1\r\nB: x\r\na: 2\r\n\r\n");
	assert_true(http_header_nth(&response, "a", 1, &value));
	assert_true(slice_equals(value, "2"));
	assert_false(http_header_nth(&response, "a", 2, &value));
	buffer_release(&response.headers);
}

static void test_link_local_addresses_are_known(void **state)
{
	(void)state;
	static const char *const theirs[] = { "169.254.169.254", "[fe80::1]", "fe80::1", "FD00:EC2::254",
					      "::ffff:169.254.169.254" };
	static const char *const others[] = { "169.25.1.1", "10.0.0.1", "fd00::1", "example.org", "" };
	for (size_t i = 0; i < ARRAY_SIZE(theirs); i++)
		assert_true(address_is_link_local(theirs[i]));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(address_is_link_local(others[i]));
}

/* A signature holds for the address as it was signed. */
static void test_the_path_is_sent_as_it_is(void **state)
{
	(void)state;
	struct scripted line;
	struct scripted_server *server = server_start_with(&line, ACT_SEND, HELLO);
	struct http_settings settings = { 0 };
	struct http *h = new_http(&settings);
	struct seen seen = { 0 };
	char *url = xstrfmt("%s/a/../b/./%%7e//c?uploads&B=2&a=%%2f", server->url);
	struct http_request request = { .method = "GET", .url = url, .on_done = on_done, .data = &seen };
	assert_null(http_submit(h, &request, 0));
	assert_null(http_run(h, NULL));
	assert_non_null(strstr(server->last_request, "GET /a/../b/./%7e//c?uploads&B=2&a=%2f HTTP/1.1\r\n"));
	http_free(h);
	seen_release(&seen);
	server_stop(server);
	free(url);
}

static void resubmit(void *data, const struct http_response *response)
{
	struct seen *seen = data;
	(void)response;
	if (++seen->done == 10)
		return;
	struct http_request request = {
		.method = "GET", .url = seen->body, .on_done = resubmit, .data = seen
	};
	assert_null(http_submit(seen->http, &request, 0));
}

static void test_connection_is_used_again_for_what_on_done_submits(void **state)
{
	(void)state;
	struct scripted line;
	struct scripted_server *server = server_start_with(&line, ACT_SEND, HELLO);
	struct http *h = new_http(NULL);
	struct seen seen = { .http = h, .body = server->url };
	struct http_request request = {
		.method = "GET", .url = server->url, .on_done = resubmit, .data = &seen
	};
	assert_null(http_submit(h, &request, 0));
	assert_null(http_run(h, NULL));
	assert_int_equal(seen.done, 10);
	assert_int_equal(server->requests, 10);
	assert_int_equal(server->nr_workers, 1);
	http_free(h);
	server_stop(server);
}

static void test_many_requests_share_the_places_of_a_host(void **state)
{
	(void)state;
	struct scripted line;
	struct scripted_server *server = server_start_with(&line, ACT_SEND, HELLO);
	struct http_settings settings = { .max_per_host = 4 };
	struct http *h = new_http(&settings);
	struct seen seen = { 0 };
	for (int i = 0; i < 500; i++)
		submit(h, server->url, &seen, 0, false);
	assert_null(http_run(h, NULL));
	assert_int_equal(seen.done, 500);
	assert_in_range(server->most_at_once, 1, 4);
	assert_in_range(server->nr_workers, 1, 4);
	http_free(h);
	seen_release(&seen);
	server_stop(server);
}

struct ordered {
	char order[8];
};

static void note_first(void *data, const struct http_response *response)
{
	struct ordered *o = data;
	(void)response;
	strcat(o->order, "1");
}

static void note_second(void *data, const struct http_response *response)
{
	struct ordered *o = data;
	(void)response;
	strcat(o->order, "2");
}

static void test_delayed_request_comes_after_one_that_is_due(void **state)
{
	(void)state;
	struct scripted line;
	struct scripted_server *server = server_start_with(&line, ACT_SEND, HELLO);
	struct http_settings settings = { .max_per_host = 1 };
	struct http *h = new_http(&settings);
	struct ordered o = { "" };
	struct http_request late = {
		.method = "GET", .url = server->url, .on_done = note_second, .data = &o
	};
	struct http_request soon = late;
	soon.on_done = note_first;
	assert_null(http_submit(h, &late, 30));
	assert_null(http_submit(h, &soon, 0));
	assert_null(http_submit(h, &soon, 10));
	assert_null(http_run(h, NULL));
	assert_string_equal(o.order, "112");
	http_free(h);
	server_stop(server);
}

static void test_only_good_bodies_are_streamed(void **state)
{
	(void)state;
	struct scripted lines[] = {
		{ .act = ACT_SEND, .times = 1, .bytes = HELLO },
		{ .act = ACT_SEND,
		  .bytes = "HTTP/1.1 503 no\r\nContent-Length: 4\r\n\r\nbusy" },
	};
	struct scripted_server *server = server_start(lines, 2);
	struct seen good = { 0 }, bad = { 0 };
	get(server, NULL, 0, true, &good);
	assert_int_equal(good.pieces_len, 5);
	assert_string_equal(good.body, "");
	get(server, NULL, 0, true, &bad);
	assert_int_equal(bad.status, 503);
	assert_int_equal(bad.pieces_len, 0);
	assert_string_equal(bad.body, "busy");
	assert_null(bad.message);
	seen_release(&good);
	seen_release(&bad);
	server_stop(server);
}

static void test_reader_can_end_the_transfer(void **state)
{
	(void)state;
	struct scripted line;
	struct scripted_server *server =
		server_start_with(&line, ACT_ENDLESS, "HTTP/1.1 200 OK\r\n\r\n");
	struct seen seen = { .refuse = true };
	get(server, NULL, 0, true, &seen);
	assert_int_equal(seen.code, ERROR_CANCELLED);
	assert_true(seen.permanent);
	seen_release(&seen);
	server_stop(server);
}

static void test_faults_have_one_clear_sentence(void **state)
{
	(void)state;
	static const struct {
		enum act act;
		const char *bytes;
		enum error_code code;
		const char *message; /* behind or around the address */
		bool permanent;
	} cases[] = {
		{ ACT_CLOSE, "", ERROR_NETWORK, "closed the connection without an answer", false },
		{ ACT_RESET, "", ERROR_NETWORK, "the connection to ", false },
		{ ACT_CLOSE, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf", ERROR_NETWORK,
		  "closed the connection in mid-answer", false },
		{ ACT_RESET, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf", ERROR_NETWORK,
		  "the connection to ", false },
		{ ACT_CLOSE, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
		  ERROR_NETWORK, "closed the connection in mid-answer", false },
		{ ACT_CLOSE, "SSH-2.0-OpenSSH_9.2\r\n", ERROR_NETWORK, "does not speak HTTP", true },
		{ ACT_CLOSE, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nthis is no gzip",
		  ERROR_NETWORK, "does not decompress", false },
		{ ACT_HANG, "", ERROR_TIMEOUT, "sent nothing for 0.3 s", false },
		{ ACT_HANG, "HTTP/1.1 200 OK\r\n\r\nbegun", ERROR_TIMEOUT, "sent nothing for 0.3 s", false },
		{ ACT_ENDLESS, "HTTP/1.1 200 OK\r\nX-Long: ", ERROR_NETWORK, "", true },
	};
	struct http_settings settings = { .idle_timeout_ms = 300 };
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct scripted line;
		struct scripted_server *server = server_start_with(&line, cases[i].act, cases[i].bytes);
		struct seen seen = { 0 };
		get(server, &settings, 0, true, &seen);
		assert_non_null(seen.message);
		if (!strstr(seen.message, cases[i].message))
			print_error("case %zu: %s\n", i, seen.message);
		assert_non_null(strstr(seen.message, cases[i].message));
		assert_non_null(strstr(seen.message, "127.0.0.1"));
		if (*cases[i].message) {
			assert_int_equal(seen.code, cases[i].code);
			assert_int_equal(seen.permanent, cases[i].permanent);
		}
		seen_release(&seen);
		server_stop(server);
	}
}

static void test_nobody_listening_is_said_and_final(void **state)
{
	(void)state;
	struct http *h = new_http(NULL);
	struct seen seen = { 0 };
	char url[64], expected[64];
	int port = server_dead_port();
	snprintf(url, sizeof(url), "http://name:secret@127.0.0.1:%d/x?key=secret", port);
	snprintf(expected, sizeof(expected), "cannot connect to 127.0.0.1:%d", port);
	submit(h, url, &seen, 0, false);
	assert_null(http_run(h, NULL));
	assert_int_equal(seen.status, 0);
	assert_int_equal(seen.code, ERROR_NETWORK);
	assert_string_equal(seen.message, expected);
	assert_true(seen.permanent);
	http_free(h);
	seen_release(&seen);
}

static void test_deadline_ends_a_server_that_keeps_talking(void **state)
{
	(void)state;
	struct scripted line;
	struct scripted_server *server =
		server_start_with(&line, ACT_PING, "HTTP/1.1 200 OK\r\n\r\n");
	struct http_settings settings = { .idle_timeout_ms = 5000 };
	struct seen seen = { 0 };
	get(server, &settings, 300, true, &seen);
	assert_int_equal(seen.code, ERROR_TIMEOUT);
	assert_non_null(strstr(seen.message, "did not finish within 0.3 s"));
	assert_true(seen.pieces_len > 0);
	seen_release(&seen);
	server_stop(server);
}

static void test_endless_body_is_bounded(void **state)
{
	(void)state;
	struct scripted line;
	struct scripted_server *server =
		server_start_with(&line, ACT_ENDLESS, "HTTP/1.1 200 OK\r\n\r\n");
	for (int stream = 0; stream < 2; stream++) {
		struct seen seen = { 0 };
		get(server, NULL, 0, stream, &seen);
		assert_int_equal(seen.code, ERROR_LIMIT);
		assert_true(seen.permanent);
		assert_true(strlen(seen.body) + seen.pieces_len <= HTTP_MAX_BODY);
		seen_release(&seen);
	}
	server_stop(server);
}

static void test_of_an_endless_error_page_the_beginning_is_kept(void **state)
{
	(void)state;
	struct scripted line;
	struct scripted_server *server =
		server_start_with(&line, ACT_ENDLESS, "HTTP/1.1 500 no\r\n\r\nbecause");
	struct seen seen = { 0 };
	get(server, NULL, 0, true, &seen);
	assert_int_equal(seen.status, 500);
	assert_null(seen.message);
	assert_int_equal(strlen(seen.body), HTTP_MAX_ERROR_BODY);
	assert_memory_equal(seen.body, "because", 7);
	seen_release(&seen);
	server_stop(server);
}

static void test_endless_headers_are_bounded(void **state)
{
	(void)state;
	struct buffer reply = BUFFER_INIT;
	buffer_addstr(&reply, "HTTP/1.1 200 OK\r\n");
	while (reply.len < HTTP_MAX_HEADERS + 1000)
		buffer_addf(&reply, "X-%zu: %0500d\r\n", reply.len, 1);
	struct scripted line;
	struct scripted_server *server = server_start_with(&line, ACT_CLOSE, reply.data);
	struct seen seen = { 0 };
	get(server, NULL, 0, false, &seen);
	assert_int_equal(seen.code, ERROR_LIMIT);
	assert_non_null(strstr(seen.message, "headers"));
	seen_release(&seen);
	server_stop(server);
	buffer_release(&reply);
}

static void test_redirect_is_not_followed(void **state)
{
	(void)state;
	struct scripted line;
	struct scripted_server *server = server_start_with(
		&line, ACT_SEND,
		"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.2:9/\r\nContent-Length: 0\r\n\r\n");
	struct seen seen = { 0 };
	get(server, NULL, 0, true, &seen);
	assert_int_equal(seen.status, 302);
	assert_int_equal(server->requests, 1);
	seen_release(&seen);
	server_stop(server);
}

static void test_loopback_never_goes_through_a_proxy(void **state)
{
	(void)state;
	struct scripted line;
	struct scripted_server *server = server_start_with(&line, ACT_SEND, HELLO);
	struct seen seen = { 0 };
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	get(server, NULL, 0, false, &seen);
	unsetenv("http_proxy");
	assert_string_equal(seen.body, "hello");
	seen_release(&seen);
	server_stop(server);
}

static void test_only_http_and_https_are_spoken(void **state)
{
	(void)state;
	static const char *const urls[] = { "file:///etc/passwd", "ftp://127.0.0.1/", "gopher://x/",
					    "no url", "", "http://", "http://[::1" };
	struct http *h = new_http(NULL);
	for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
		struct http_request request = { .method = "GET", .url = urls[i], .on_done = on_done };
		struct error *err = http_submit(h, &request, 0);
		assert_non_null(err);
		assert_int_equal(err->code, ERROR_USAGE);
		error_free(err);
	}
	assert_null(http_run(h, NULL));
	http_free(h);
}

static void test_loopback_addresses_are_known(void **state)
{
	(void)state;
	static const char *const yes[] = { "http://127.0.0.1/",     "http://127.9.8.7:80",
					   "http://localhost:1/v1", "https://LOCALHOST",
					   "http://[::1]:5/",       "http://a.localhost/" };
	static const char *const no[] = { "http://127.0.0.1.example.org/", "http://example.org/127.0.0.1",
					  "http://localhost.example.org", "http://10.0.0.1", "nonsense",
					  "http://localhost@example.org/", "http://[::2]/" };
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		assert_true(http_url_is_loopback(yes[i]));
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		assert_false(http_url_is_loopback(no[i]));
}

struct stopper {
	volatile int flag;
};

static void raise_flag(void *data)
{
	struct stopper *stopper = data;
	stopper->flag = 1;
}

static void test_stop_flag_ends_every_transfer(void **state)
{
	(void)state;
	struct scripted line;
	struct scripted_server *server = server_start_with(&line, ACT_HANG, "");
	struct http_settings settings = { .max_per_host = 2 };
	struct http *h = new_http(&settings);
	struct seen seen = { 0 };
	struct stopper stopper = { 0 };
	for (int i = 0; i < 5; i++) /* two running, three waiting */
		submit(h, server->url, &seen, 0, true);
	struct http_request request = {
		.method = "GET", .url = server->url, .on_done = on_done, .data = &seen
	};
	assert_null(http_submit(h, &request, 3600000));
	http_set_tick(h, 20, raise_flag, &stopper);
	struct error *err = http_run(h, &stopper.flag);
	assert_non_null(err);
	assert_int_equal(err->code, ERROR_CANCELLED);
	assert_int_equal(seen.done, 6);
	assert_int_equal(seen.code, ERROR_CANCELLED);
	error_free(err);
	http_free(h);
	seen_release(&seen);
	server_stop(server);
}

static void submit_again(void *data, const struct http_response *response)
{
	struct seen *seen = data;
	(void)response;
	seen->done++;
	struct http_request request = {
		.method = "GET", .url = seen->body, .on_done = submit_again, .data = seen
	};
	struct error *err = http_submit(seen->http, &request, 0);
	assert_non_null(err);
	assert_int_equal(err->code, ERROR_CANCELLED);
	error_free(err);
}

static void test_nothing_can_be_submitted_while_a_stopped_run_winds_down(void **state)
{
	(void)state;
	static const volatile int stopped = 1;
	struct http *h = new_http(NULL);
	char url[] = "http://127.0.0.1:1/";
	struct seen seen = { .http = h, .body = url };
	struct http_request request = {
		.method = "GET", .url = seen.body, .on_done = submit_again, .data = &seen
	};
	assert_null(http_submit(h, &request, 0));
	struct error *err = http_run(h, &stopped);
	assert_non_null(err);
	error_free(err);
	assert_int_equal(seen.done, 1);
	http_free(h);
}

static void test_engine_can_be_freed_with_requests_under_way(void **state)
{
	(void)state;
	struct http *h = new_http(NULL);
	struct seen seen = { 0 };
	for (int i = 0; i < 10; i++)
		submit(h, "http://127.0.0.1:1/", &seen, 0, false);
	http_free(h);
	assert_int_equal(seen.done, 0);
}

static void test_more_requests_than_one_shard_holds_are_all_answered(void **state)
{
	(void)state;
	struct scripted line;
	struct scripted_server *server = server_start_with(&line, ACT_CLOSE, "HTTP/1.1 204 x\r\n\r\n");
	struct http_settings settings = { .max_per_host = 1000 };
	struct http *h = new_http(&settings);
	struct seen seen = { 0 };
	for (int i = 0; i < POLLER_SHARD_SIZE + 50; i++) /* all are started before the first is answered */
		submit(h, server->url, &seen, 0, false);
	assert_null(http_run(h, NULL));
	assert_int_equal(seen.done, POLLER_SHARD_SIZE + 50);
	assert_int_equal(seen.status, 204);
	http_free(h);
	seen_release(&seen);
	server_stop(server);
}

/* -- cancelling ---------------------------------------------------------------------------------------- */

struct canceller {
	struct http *http;
	uint64_t ids[4];
	size_t nr;
	unsigned calls;
};

static void cancel_listed(void *data)
{
	struct canceller *c = data;
	c->calls++;
	for (size_t i = 0; i < c->nr; i++)
		http_cancel(c->http, c->ids[i]);
}

static void cancel_when_done(void *data, const struct http_response *response)
{
	(void)response;
	cancel_listed(data);
}

static void test_cancelled_requests_end_without_a_word_wherever_they_are(void **state)
{
	(void)state;
	struct scripted line;
	struct scripted_server *server = server_start_with(&line, ACT_HANG, "HTTP/1.1 200 OK\r\n\r\n");
	struct http_settings settings = { .max_per_host = 1 };
	struct canceller c = { .http = new_http(&settings), .nr = 3 };
	struct seen seen = { 0 };
	struct http_request late = {
		.method = "GET", .url = server->url, .on_done = on_done, .data = &seen
	};
	submit(c.http, server->url, &seen, 0, true); /* running */
	c.ids[0] = http_last_id(c.http);
	submit(c.http, server->url, &seen, 0, true); /* waiting for its place */
	c.ids[1] = http_last_id(c.http);
	assert_null(http_submit(c.http, &late, 3600000)); /* waiting for its time */
	c.ids[2] = http_last_id(c.http);
	http_set_tick(c.http, 20, cancel_listed, &c);
	assert_null(http_run(c.http, NULL));
	assert_int_equal(seen.done, 0);
	http_cancel(c.http, c.ids[0]); /* ended long ago */
	http_free(c.http);
	seen_release(&seen);
	server_stop(server);
}

static void test_one_request_may_cancel_others_when_it_is_done(void **state)
{
	(void)state;
	struct scripted script[] = {
		{ .needle = "/first", .act = ACT_CLOSE, .bytes = "HTTP/1.1 204 x\r\n\r\n" },
		{ .act = ACT_HANG, .bytes = "" },
	};
	struct scripted_server *server = server_start(script, 2);
	struct canceller c = { .http = new_http(NULL) };
	struct seen seen = { 0 };
	char url[80];
	snprintf(url, sizeof(url), "%s/first", server->url);
	for (; c.nr < 4; c.nr++) {
		submit(c.http, server->url, &seen, 0, false);
		c.ids[c.nr] = http_last_id(c.http);
	}
	struct http_request first = {
		.method = "GET", .url = url, .on_done = cancel_when_done, .data = &c
	};
	assert_null(http_submit(c.http, &first, 0));
	assert_null(http_run(c.http, NULL));
	assert_int_equal(c.calls, 1);
	assert_int_equal(seen.done, 0);
	http_free(c.http);
	server_stop(server);
}

static void test_silent_requests_may_cancel_each_other(void **state)
{
	(void)state;
	struct scripted line;
	struct scripted_server *server = server_start_with(&line, ACT_HANG, "");
	struct http_settings settings = { .idle_timeout_ms = 50 };
	struct canceller c = { .http = new_http(&settings) };
	struct http_request request = {
		.method = "GET", .url = server->url, .on_done = cancel_when_done, .data = &c
	};
	for (; c.nr < 4; c.nr++) {
		assert_null(http_submit(c.http, &request, 0));
		c.ids[c.nr] = http_last_id(c.http);
	}
	assert_null(http_run(c.http, NULL));
	assert_int_equal(c.calls, 1);
	http_free(c.http);
	server_stop(server);
}

static void test_a_run_goes_on_until_it_was_woken(void **state)
{
	(void)state;
	struct canceller c = { .http = new_http(NULL) };
	http_set_tick(c.http, 3600000, cancel_listed, &c);
	http_wake(c.http, 3600000);
	http_wake(c.http, 10);
	assert_null(http_run(c.http, NULL));
	assert_int_equal(c.calls, 1);
	http_free(c.http);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_body_status_and_headers_arrive),
		cmocka_unit_test(test_each_server_is_reached_as_its_access_says_but_loopback_directly),
		cmocka_unit_test(test_post_sends_headers_and_body),
		cmocka_unit_test(test_the_answer_to_head_has_headers_and_no_body),
		cmocka_unit_test(test_put_tells_how_much_has_been_sent),
		cmocka_unit_test(test_stored_bytes_arrive_as_they_are_up_to_their_ceiling),
		cmocka_unit_test(test_headers_may_be_there_several_times),
		cmocka_unit_test(test_link_local_addresses_are_known),
		cmocka_unit_test(test_the_path_is_sent_as_it_is),
		cmocka_unit_test(test_connection_is_used_again_for_what_on_done_submits),
		cmocka_unit_test(test_many_requests_share_the_places_of_a_host),
		cmocka_unit_test(test_delayed_request_comes_after_one_that_is_due),
		cmocka_unit_test(test_only_good_bodies_are_streamed),
		cmocka_unit_test(test_reader_can_end_the_transfer),
		cmocka_unit_test(test_faults_have_one_clear_sentence),
		cmocka_unit_test(test_nobody_listening_is_said_and_final),
		cmocka_unit_test(test_deadline_ends_a_server_that_keeps_talking),
		cmocka_unit_test(test_endless_body_is_bounded),
		cmocka_unit_test(test_of_an_endless_error_page_the_beginning_is_kept),
		cmocka_unit_test(test_endless_headers_are_bounded),
		cmocka_unit_test(test_redirect_is_not_followed),
		cmocka_unit_test(test_loopback_never_goes_through_a_proxy),
		cmocka_unit_test(test_only_http_and_https_are_spoken),
		cmocka_unit_test(test_loopback_addresses_are_known),
		cmocka_unit_test(test_stop_flag_ends_every_transfer),
		cmocka_unit_test(test_nothing_can_be_submitted_while_a_stopped_run_winds_down),
		cmocka_unit_test(test_engine_can_be_freed_with_requests_under_way),
		cmocka_unit_test(test_more_requests_than_one_shard_holds_are_all_answered),
		cmocka_unit_test(test_cancelled_requests_end_without_a_word_wherever_they_are),
		cmocka_unit_test(test_one_request_may_cancel_others_when_it_is_done),
		cmocka_unit_test(test_silent_requests_may_cancel_each_other),
		cmocka_unit_test(test_a_run_goes_on_until_it_was_woken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
