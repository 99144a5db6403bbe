/* The circuit breaker, and when a request is sent twice: both without a server. */
#include "base_testing.h"

#include "model/circuit.h"
#include "model/hedge.h"

/* N failures in a row of requests 1, 2, 1, 2, ..., each sent when the one before had failed. */
static bool fail_in_a_row(struct circuit *c, unsigned n, uint64_t *now)
{
	bool opened = false;
	for (unsigned i = 0; i < n; i++) {
		opened = circuit_failed(c, 1 + i % 2, *now, *now + 10);
		*now += 10;
	}
	return opened;
}

static void test_circuit_opens_after_failures_in_a_row(void **state)
{
	(void)state;
	struct circuit c = { 0 };
	uint64_t now = 1000;
	assert_false(fail_in_a_row(&c, CIRCUIT_FAILURES - 1, &now));
	circuit_answered(&c);
	assert_false(fail_in_a_row(&c, CIRCUIT_FAILURES - 1, &now));
	assert_int_equal(circuit_state(&c, now), CIRCUIT_CLOSED);
	assert_true(fail_in_a_row(&c, 1, &now));
	assert_int_equal(circuit_state(&c, now), CIRCUIT_OPEN);
}

static void test_one_request_alone_does_not_open_it(void **state)
{
	(void)state;
	struct circuit c = { 0 };
	for (uint64_t now = 1000; now < 2000; now += 10)
		assert_false(circuit_failed(&c, 7, now, now + 10));
	assert_true(circuit_failed(&c, 8, 2000, 2010));
}

static void test_failures_of_one_moment_count_once(void **state)
{
	(void)state;
	struct circuit c = { 0 };
	for (uint64_t request = 0; request < 64; request++)
		assert_false(circuit_failed(&c, request, 1000, 2000 + request));
	assert_int_equal(circuit_state(&c, 3000), CIRCUIT_CLOSED);
}

static void test_one_probe_decides_after_the_pause(void **state)
{
	(void)state;
	struct circuit c = { 0 };
	uint64_t now = 1000;
	assert_true(fail_in_a_row(&c, CIRCUIT_FAILURES, &now));
	now += CIRCUIT_FIRST_PAUSE_MS;
	assert_int_equal(circuit_state(&c, now), CIRCUIT_READY);
	circuit_sent(&c, now);
	assert_int_equal(circuit_state(&c, now), CIRCUIT_PROBING);
	assert_true(circuit_failed(&c, 9, now, now + 1));
	assert_int_equal(circuit_state(&c, now + CIRCUIT_FIRST_PAUSE_MS + 1), CIRCUIT_OPEN);
	now += 2 * CIRCUIT_FIRST_PAUSE_MS + 1;
	circuit_sent(&c, now);
	circuit_withdrawn(&c); /* interrupted: somebody else may probe */
	assert_int_equal(circuit_state(&c, now), CIRCUIT_READY);
	circuit_sent(&c, now);
	circuit_answered(&c);
	assert_int_equal(circuit_state(&c, now), CIRCUIT_CLOSED);
	assert_false(fail_in_a_row(&c, CIRCUIT_FAILURES - 1, &now));
}

static void test_patience_is_a_multiple_of_the_median(void **state)
{
	(void)state;
	struct hedge h = { .nr = 0 };
	static const uint64_t samples[] = { 9000, 1000, 2000, 100, 3000 };
	for (size_t i = 0; i < 5; i++) {
		assert_true(hedge_patience(&h, 3) == UINT64_MAX); /* too few to know */
		hedge_answered(&h, samples[i]);
	}
	assert_int_equal(hedge_patience(&h, 3), 6000);
	assert_true(hedge_patience(&h, 0) == UINT64_MAX);
	for (int i = 0; i < HEDGE_SAMPLES; i++)
		hedge_answered(&h, 1);
	assert_int_equal(hedge_patience(&h, 3), HEDGE_LEAST_MS);
}

static void test_few_requests_are_sent_twice(void **state)
{
	(void)state;
	assert_true(hedge_allowed(1, 0));
	assert_false(hedge_allowed(10, 2));
	assert_true(hedge_allowed(100, 5));
	assert_false(hedge_allowed(100, 6));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_circuit_opens_after_failures_in_a_row),
		cmocka_unit_test(test_one_request_alone_does_not_open_it),
		cmocka_unit_test(test_failures_of_one_moment_count_once),
		cmocka_unit_test(test_one_probe_decides_after_the_pause),
		cmocka_unit_test(test_patience_is_a_multiple_of_the_median),
		cmocka_unit_test(test_few_requests_are_sent_twice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
