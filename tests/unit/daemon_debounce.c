/* When a burst of events is acted upon, by a clock that the test turns. */
#include "git_fixture.h"

#include "daemon/debounce.h"

static void nothing_is_due_before_an_event(void **state)
{
	(void)state;
	struct debounce d = { .quiet_ms = 500, .ceiling_ms = 5000 };
	assert_int_equal(debounce_wait(&d, 1000), -1);
}

static void an_event_is_due_after_the_quiet_time(void **state)
{
	(void)state;
	struct debounce d = { .quiet_ms = 500, .ceiling_ms = 5000 };
	debounce_event(&d, 1000);
	assert_int_equal(debounce_wait(&d, 1000), 500);
	assert_int_equal(debounce_wait(&d, 1400), 100);
	assert_int_equal(debounce_wait(&d, 1500), 0);
	assert_int_equal(debounce_wait(&d, 9999), 0);
}

static void another_event_puts_it_off(void **state)
{
	(void)state;
	struct debounce d = { .quiet_ms = 500, .ceiling_ms = 5000 };
	debounce_event(&d, 1000);
	debounce_event(&d, 1400);
	assert_int_equal(debounce_wait(&d, 1500), 400);
}

static void constant_writing_cannot_put_it_off_for_ever(void **state)
{
	(void)state;
	struct debounce d = { .quiet_ms = 500, .ceiling_ms = 5000 };
	uint64_t now = 0;
	for (; now < 5000; now += 100) {
		debounce_event(&d, now);
		assert_int_not_equal(debounce_wait(&d, now), 0);
	}
	debounce_event(&d, now);
	assert_int_equal(debounce_wait(&d, now), 0);
}

static void the_ceiling_counts_anew_after_a_round(void **state)
{
	(void)state;
	struct debounce d = { .quiet_ms = 500, .ceiling_ms = 5000 };
	debounce_event(&d, 0);
	debounce_clear(&d);
	assert_int_equal(debounce_wait(&d, 400), -1);
	debounce_event(&d, 4900);
	assert_int_equal(debounce_wait(&d, 5000), 400);
}

static void a_clock_that_has_slept_makes_it_due(void **state)
{
	(void)state;
	struct debounce d = { .quiet_ms = 500, .ceiling_ms = 5000 };
	debounce_event(&d, 1000);
	assert_int_equal(debounce_wait(&d, (uint64_t)1 << 60), 0);
}

static void a_long_wait_fits_what_poll_takes(void **state)
{
	(void)state;
	struct debounce d = { .quiet_ms = (uint64_t)1 << 40, .ceiling_ms = (uint64_t)1 << 50 };
	debounce_event(&d, 0);
	assert_int_equal(debounce_wait(&d, 0), INT_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_due_before_an_event),
		cmocka_unit_test(an_event_is_due_after_the_quiet_time),
		cmocka_unit_test(another_event_puts_it_off),
		cmocka_unit_test(constant_writing_cannot_put_it_off_for_ever),
		cmocka_unit_test(the_ceiling_counts_anew_after_a_round),
		cmocka_unit_test(a_clock_that_has_slept_makes_it_due),
		cmocka_unit_test(a_long_wait_fits_what_poll_takes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
