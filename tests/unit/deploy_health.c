/* Whether an app answers, and what is said when it does not. */
#include "scripted_server.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "deploy/health.h"

#define ANSWER(line) "HTTP/1.1 " line "\r\nContent-Length: 0\r\n\r\n"
/* Longer than any test may take: who waits for it hangs. */
#define FOR_EVER 3600000

static struct error *wait_for(const char *url, uint64_t timeout_ms, long *status)
{
	const struct http_settings settings = { .user_agent = "test" };
	return health_wait(&settings, url, timeout_ms, NULL, status);
}

static void assert_healthy(struct scripted *script, size_t nr, long expected, unsigned requests)
{
	struct scripted_server *s = server_start(script, nr);
	long status;
	assert_null(wait_for(s->url, FOR_EVER, &status));
	assert_int_equal(status, expected);
	assert_int_equal(s->requests, requests);
	server_stop(s);
}

/* Its message after the address. */
static void assert_unhealthy(struct scripted *script, size_t nr, const char *message, const char *hint,
			     long expected)
{
	struct scripted_server *s = server_start(script, nr);
	const char *rest;
	long status;
	struct error *err = wait_for(s->url, 120, &status);
	assert_non_null(err);
	assert_int_equal(err->code, ERROR_TIMEOUT);
	assert_true(skip_prefix(err->message, s->url, &rest));
	assert_string_equal(rest, message);
	assert_string_equal(err->hint, hint);
	assert_int_equal(status, expected);
	error_free(err);
	server_stop(s);
}

static void test_an_answer_of_200_is_healthy(void **state)
{
	struct scripted script[] = { { .bytes = ANSWER("200 OK") } };
	(void)state;
	assert_healthy(script, 1, 200, 1);
}

static void test_a_redirect_is_healthy_and_not_followed(void **state)
{
	struct scripted script[] = { { .bytes = ANSWER("302 Found\r\nLocation: /login") } };
	(void)state;
	assert_healthy(script, 1, 302, 1);
}

static void test_faults_of_a_server_that_starts_are_waited_for(void **state)
{
	struct scripted script[] = {
		{ .times = 1, .act = ACT_RESET, .bytes = "" },
		{ .times = 1, .act = ACT_CLOSE, .bytes = ANSWER("502 Bad Gateway") },
		{ .times = 1, .bytes = ANSWER("404 Not Found") },
		{ .bytes = ANSWER("204 No Content") },
	};
	(void)state;
	assert_healthy(script, 4, 204, 4);
}

static void test_an_answer_that_never_ends_is_not_read_to_its_end(void **state)
{
	struct scripted script[] = {
		{ .act = ACT_ENDLESS, .bytes = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" },
	};
	(void)state;
	assert_healthy(script, 1, 200, 1);
}

static void test_the_last_answer_is_told(void **state)
{
	struct scripted fails[] = { { .bytes = ANSWER("503 Service Unavailable") } };
	struct scripted elsewhere[] = { { .bytes = ANSWER("404 Not Found") } };
	struct scripted locked[] = { { .bytes = ANSWER("401 Unauthorized") } };
	(void)state;
	assert_unhealthy(fails, 1, " did not become healthy in 0.12 s: its last answer was 503",
			 "`git deploy logs` shows what the app says", 503);
	assert_unhealthy(elsewhere, 1, " did not become healthy in 0.12 s: its last answer was 404",
			 "`health:` in .deploy.yml is the path that is asked: the app must answer GET there",
			 404);
	assert_unhealthy(locked, 1, " did not become healthy in 0.12 s: its last answer was 401",
			 "the path of `health:` in .deploy.yml must answer without a password", 401);
}

static void test_nobody_listening_is_waited_for_and_told(void **state)
{
	long status;
	char *url = xstrfmt("http://127.0.0.1:%d/", server_dead_port());
	(void)state;
	struct error *err = wait_for(url, 120, &status);
	assert_non_null(err);
	assert_int_equal(err->code, ERROR_TIMEOUT);
	assert_non_null(
		strstr(err->message, "did not become healthy in 0.12 s: cannot connect to 127.0.0.1:"));
	assert_non_null(strstr(err->hint, "0.0.0.0"));
	assert_int_equal(status, 0);
	error_free(err);
	free(url);
}

static void test_silence_ends_in_time(void **state)
{
	struct scripted script[] = { { .act = ACT_HANG, .bytes = "" } };
	struct scripted_server *s = server_start(script, 1);
	long status;
	(void)state;
	struct error *err = wait_for(s->url, 120, &status);
	assert_non_null(err);
	assert_int_equal(err->code, ERROR_TIMEOUT);
	error_free(err);
	server_stop(s);
}

static void without_authorities(void *data, const char *url, struct http_access *out)
{
	(void)data;
	(void)url;
	out->ca_file = xstrdup("/nonexistent/ca.pem");
}

static void test_a_certificate_that_cannot_be_trusted_ends_it_at_once(void **state)
{
	const struct http_settings settings = { .user_agent = "test", .access = without_authorities };
	struct scripted script[] = { { .bytes = "" } };
	struct scripted_server *s = server_start(script, 1);
	long status;
	char *url = xstrfmt("https://127.0.0.1:%d/", s->port);
	(void)state;
	struct error *err = health_wait(&settings, url, FOR_EVER, NULL, &status);
	assert_non_null(err);
	assert_int_equal(err->code, ERROR_NETWORK);
	assert_non_null(strstr(err->message, "certificate"));
	error_free(err);
	free(url);
	server_stop(s);
}

static void test_addresses_that_no_app_has_are_not_asked(void **state)
{
	static const char *const urls[] = { "http://169.254.169.254/latest/", "ftp://example.org/", "" };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
		long status;
		struct error *err = wait_for(urls[i], FOR_EVER, &status);
		assert_non_null(err);
		assert_int_equal(err->code, ERROR_USAGE);
		error_free(err);
	}
}

static void test_an_interrupt_ends_it(void **state)
{
	const struct http_settings settings = { .user_agent = "test" };
	volatile const int stop = 1;
	long status;
	char *url = xstrfmt("http://127.0.0.1:%d/", server_dead_port());
	(void)state;
	struct error *err = health_wait(&settings, url, FOR_EVER, &stop, &status);
	assert_non_null(err);
	assert_int_equal(err->code, ERROR_CANCELLED);
	error_free(err);
	free(url);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_answer_of_200_is_healthy),
		cmocka_unit_test(test_a_redirect_is_healthy_and_not_followed),
		cmocka_unit_test(test_faults_of_a_server_that_starts_are_waited_for),
		cmocka_unit_test(test_an_answer_that_never_ends_is_not_read_to_its_end),
		cmocka_unit_test(test_the_last_answer_is_told),
		cmocka_unit_test(test_nobody_listening_is_waited_for_and_told),
		cmocka_unit_test(test_silence_ends_in_time),
		cmocka_unit_test(test_a_certificate_that_cannot_be_trusted_ends_it_at_once),
		cmocka_unit_test(test_addresses_that_no_app_has_are_not_asked),
		cmocka_unit_test(test_an_interrupt_ends_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
