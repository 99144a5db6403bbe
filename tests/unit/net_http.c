#include "http_testing.h"

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
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
