#include "http_testing.h"

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
