/* When to try again: examples for net/retry.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/retry.h"

#define NOON_ON_8_NOV_2026 INT64_C(1794139200)

static struct retry_advice advise(long status, const char *headers, unsigned attempt, double random)
{
	struct http_response response = { .status = status };
	buffer_init(&response.headers, HTTP_MAX_HEADERS);
	buffer_addstr(&response.headers, headers);
	struct retry_advice advice = retry_advise(&response, attempt, NOON_ON_8_NOV_2026, random,
						  RETRY_FIRST_MS);
	buffer_release(&response.headers);
	return advice;
}

static void test_statuses_that_may_pass_are_tried_again(void **state)
{
	(void)state;
	static const long again[] = { 408, 409, 429, 500, 502, 503, 504, 529 };
	static const long final[] = { 200, 301, 400, 401, 403, 404, 413, 422 };
	for (size_t i = 0; i < sizeof(again) / sizeof(again[0]); i++)
		assert_true(advise(again[i], "", 1, 0).retry);
	for (size_t i = 0; i < sizeof(final) / sizeof(final[0]); i++)
		assert_false(advise(final[i], "", 1, 0).retry);
}

static void test_server_can_overrule_the_status(void **state)
{
	(void)state;
	assert_false(advise(503, "X-Should-Retry: false\r\n", 1, 0).retry);
	assert_true(advise(400, "x-should-retry: true\r\n", 1, 0).retry);
}

static void test_attempts_are_bounded(void **state)
{
	(void)state;
	assert_true(advise(500, "", RETRY_MAX_ATTEMPTS - 1, 0).retry);
	assert_false(advise(500, "", RETRY_MAX_ATTEMPTS, 0).retry);
	assert_true(advise(500, "", RETRY_MAX_ATTEMPTS, 0).wanted);
	assert_false(advise(400, "", 1, 0).wanted);
}

static void test_own_delay_doubles_up_to_the_last(void **state)
{
	(void)state;
	static const uint64_t delays[] = { 500, 1000, 2000, 4000, 8000, 8000 };
	for (unsigned i = 0; i < sizeof(delays) / sizeof(delays[0]); i++)
		assert_int_equal(advise(500, "", i + 1, 0).delay_ms, delays[i]);
	assert_int_equal(advise(500, "", 4000000000u, 0).delay_ms, 8000);
}

static void test_jitter_takes_off_at_most_a_quarter(void **state)
{
	(void)state;
	assert_int_equal(advise(500, "", 1, 1).delay_ms, 375);
	assert_int_equal(advise(500, "", 1, 0.5).delay_ms, 438);
}

static void test_delay_of_the_server_is_obeyed(void **state)
{
	(void)state;
	static const struct {
		const char *headers;
		uint64_t delay_ms;
	} cases[] = {
		{ "Retry-After: 7\r\n", 7000 },
		{ "retry-after:1.5\r\n", 1500 },
		{ "Retry-After: 7\r\nretry-after-ms: 250\r\n", 250 },
		{ "retry-after-ms: 33.7\r\n", 33 },
		{ "HTTP/1.1 429 x\r\nRETRY-AFTER:   32400  \r\n\r\n", 32400000 },
		{ "Retry-After: Sun, 08 Nov 2026 12:01:00 GMT\r\n", 60000 },
		{ "Retry-After: Sunday, 08-Nov-26 12:00:05 GMT\r\n", 5000 },
		{ "Retry-After: Sun Nov  8 12:00:02 2026\r\n", 2000 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct retry_advice advice = advise(429, cases[i].headers, 1, 0);
		assert_true(advice.retry);
		assert_true(advice.server_said);
		assert_int_equal(advice.delay_ms, cases[i].delay_ms);
	}
}

static void test_nonsense_delays_leave_our_own(void **state)
{
	(void)state;
	static const char *const headers[] = {
		"Retry-After: soon\r\n", "Retry-After: -3\r\n", "Retry-After:\r\n", "Retry-After: 0\r\n",
		"Retry-After: 1e9\r\n",	 "Retry-After: 5s\r\n", "X-Retry-After: 9\r\n",
		"Retry-After: Sun, 08 Nov 2026 11:59:00 GMT\r\n",
	};
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		struct retry_advice advice = advise(429, headers[i], 1, 0);
		assert_false(advice.server_said);
		assert_int_equal(advice.delay_ms, RETRY_FIRST_MS);
	}
}

static void test_huge_delay_does_not_wrap(void **state)
{
	(void)state;
	struct retry_advice advice =
		advise(429, "Retry-After: 99999999999999999999999999\r\n", 1, 0);
	assert_true(advice.server_said);
	assert_true(advice.delay_ms > UINT64_C(86400000));
}

static void test_permanent_transport_failure_is_final(void **state)
{
	(void)state;
	struct error *err = error_new(ERROR_NETWORK, "the certificate is not trusted");
	struct http_response response = { .error = err };
	buffer_init(&response.headers, HTTP_MAX_HEADERS);
	assert_true(retry_advise(&response, 1, 0, 0, RETRY_FIRST_MS).retry);
	response.permanent = true;
	assert_false(retry_advise(&response, 1, 0, 0, RETRY_FIRST_MS).retry);
	error_free(err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statuses_that_may_pass_are_tried_again),
		cmocka_unit_test(test_server_can_overrule_the_status),
		cmocka_unit_test(test_attempts_are_bounded),
		cmocka_unit_test(test_own_delay_doubles_up_to_the_last),
		cmocka_unit_test(test_jitter_takes_off_at_most_a_quarter),
		cmocka_unit_test(test_delay_of_the_server_is_obeyed),
		cmocka_unit_test(test_nonsense_delays_leave_our_own),
		cmocka_unit_test(test_huge_delay_does_not_wrap),
		cmocka_unit_test(test_permanent_transport_failure_is_final),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
