/* What is learnt about a server's limits. */
#include "base_testing.h"

#include "base/memory.h"
#include "model/limits.h"

#define NOON 1794139200 /* 2026-11-08T12:00:00Z */

static void test_places_are_halved_once_for_what_was_sent_together(void **state)
{
	(void)state;
	struct window w;
	window_init(&w, 16, 64);
	window_cut(&w, 100, 150);
	assert_int_equal(w.size, 8);
	window_cut(&w, 120, 160); /* sent before the first answer was known */
	assert_int_equal(w.size, 8);
	window_cut(&w, 151, 300);
	assert_int_equal(w.size, 4);
	for (uint64_t t = 301; t < 1000; t += 100)
		window_cut(&w, t, t + 50);
	assert_int_equal(w.size, 1);
}

static void test_places_grow_by_one_for_each_round_of_answers(void **state)
{
	(void)state;
	struct window w;
	window_init(&w, 4, 6);
	for (int i = 0; i < 4; i++)
		window_answered(&w, 4);
	assert_int_equal(w.size, 5);
	for (int i = 0; i < 100; i++)
		window_answered(&w, 6);
	assert_int_equal(w.size, 6); /* the ceiling */
	window_init(&w, 4, 8);
	for (int i = 0; i < 100; i++)
		window_answered(&w, 3); /* not all were needed */
	assert_int_equal(w.size, 4);
}

static void test_resets_are_read_in_every_form(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t ms;
	} cases[] = {
		{ "20", 20000 }, { "0.5", 500 }, { " 1 ", 1000 }, { "1s", 1000 }, { "6ms", 6 },
		{ "1m30s", 90000 }, { "6m0s", 360000 }, { "1h", 3600000 }, { "2d", 172800000 },
		{ "1h2m3.5s", 3723500 }, { "0s", 0 }, { "1794139260", 60000 }, { "1794139260000", 60000 },
		{ "2026-11-08T12:00:30Z", 30000 }, { "2026-11-08T12:00:00.25Z", 250 },
		{ "2026-11-08T13:01:00+01:00", 60000 }, { "2026-11-08T07:01:00-05:00", 60000 },
		{ "2026-11-08T11:59:00Z", 0 }, { "2030-11-08T11:59:00Z", UINT64_C(400) * 86400000 },
	};
	static const char *const wrong[] = { "", "x", "1x", "1m30", "s", "-1", ".", "2026-11-08", "1 s",
					     "2026-11-08T12:00:30", "2026-11-08T12:00:30+1",
					     "2026-11-08T12:00:30Zx" };
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t ms = 12345;
		assert_true(limits_parse_reset(text_slice(cases[i].text), NOON, &ms));
		assert_int_equal(ms, cases[i].ms);
	}
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		uint64_t ms;
		assert_false(limits_parse_reset(text_slice(wrong[i]), NOON, &ms));
	}
}

static void test_allowance_fills_up_evenly(void **state)
{
	(void)state;
	struct allowance a = { 0 };
	assert_int_equal(allowance_wait(&a, 1e9, 5), 0); /* nothing is known */
	allowance_learn(&a, 100, 10, 9000, 1000);        /* ten a second come back */
	assert_int_equal(allowance_wait(&a, 10, 1000), 0);
	assert_int_equal(allowance_wait(&a, 20, 1000), 1000);
	assert_int_equal(allowance_wait(&a, 20, 1500), 500);
	allowance_spend(&a, 10, 1000);
	assert_int_equal(allowance_wait(&a, 20, 1000), 2000);
	assert_int_equal(allowance_wait(&a, 1000, 1000), 10000); /* more than there ever is */
	assert_int_equal(allowance_wait(&a, 1000, 60000), 0);
}

static void test_allowance_without_a_limit_waits_for_the_reset(void **state)
{
	(void)state;
	struct allowance a = { 0 };
	allowance_learn(&a, -1, 1, 500, 1000);
	allowance_spend(&a, 1, 1000);
	assert_int_equal(allowance_wait(&a, 1, 1100), 400);
	assert_int_equal(allowance_wait(&a, 1, 1500), 0);
}

static const struct limit_headers names = {
	"x-limit-requests", "x-remaining-requests", "x-reset-requests",
	"x-limit-tokens", "x-remaining-tokens", "x-reset-tokens",
};

static void learn(struct pace *p, const struct pace_mark *mark, const char *headers, uint64_t now)
{
	struct http_response response = { .status = 200 };
	buffer_init(&response.headers, BUFFER_MAX_INTERNAL);
	buffer_addstr(&response.headers, headers);
	pace_learn(p, mark, &names, &response, now, NOON);
	buffer_release(&response.headers);
}

static void test_pace_slows_down_before_the_limit(void **state)
{
	(void)state;
	struct pace p = { 0 };
	struct pace_mark mark = pace_spend(&p, 500, 1000);
	learn(&p, &mark, "x-limit-requests: 60\r\nx-remaining-requests: 0\r\nx-reset-requests: 1m0s\r\n", 1000);
	assert_int_equal(pace_wait(&p, 500, 1000), 1000);
	learn(&p, &mark, "x-limit-tokens: 1000\r\nx-remaining-tokens: 0\r\nx-reset-tokens: 10s\r\n", 1000);
	assert_int_equal(pace_wait(&p, 500, 1000), 5000);
	assert_int_equal(pace_wait(&p, 500, 6000), 0);
}

static void test_what_was_sent_meanwhile_is_taken_off(void **state)
{
	(void)state;
	struct pace p = { 0 };
	struct pace_mark first = pace_spend(&p, 10, 1000);
	pace_spend(&p, 10, 1000);
	pace_spend(&p, 10, 1000);
	learn(&p, &first, "x-limit-requests: 60\r\nx-remaining-requests: 2\r\nx-reset-requests: 58s\r\n", 1000);
	assert_int_equal(pace_wait(&p, 10, 1000), 1000);
}

static void test_older_news_do_not_replace_newer(void **state)
{
	(void)state;
	struct pace p = { 0 };
	struct pace_mark first = pace_spend(&p, 10, 1000), second = pace_spend(&p, 10, 1000);
	learn(&p, &second, "x-limit-requests: 60\r\nx-remaining-requests: 0\r\nx-reset-requests: 60s\r\n", 1000);
	learn(&p, &first, "x-limit-requests: 60\r\nx-remaining-requests: 50\r\nx-reset-requests: 1s\r\n", 1000);
	assert_int_equal(pace_wait(&p, 10, 1000), 1000);
}

static void test_strange_headers_are_no_limits(void **state)
{
	(void)state;
	static const char *const headers[] = {
		"", "x-remaining-requests: many\r\n", "x-remaining-requests: -5\r\n",
		"x-limit-requests: 5\r\nx-reset-requests: 60s\r\n", "x-remaining-requests:\r\n",
	};
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
		struct pace p = { 0 };
		struct pace_mark mark = pace_spend(&p, 10, 1000);
		learn(&p, &mark, headers[i], 1000);
		assert_int_equal(pace_wait(&p, 1e6, 1000), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places_are_halved_once_for_what_was_sent_together),
		cmocka_unit_test(test_places_grow_by_one_for_each_round_of_answers),
		cmocka_unit_test(test_resets_are_read_in_every_form),
		cmocka_unit_test(test_allowance_fills_up_evenly),
		cmocka_unit_test(test_allowance_without_a_limit_waits_for_the_reset),
		cmocka_unit_test(test_pace_slows_down_before_the_limit),
		cmocka_unit_test(test_what_was_sent_meanwhile_is_taken_off),
		cmocka_unit_test(test_older_news_do_not_replace_newer),
		cmocka_unit_test(test_strange_headers_are_no_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
