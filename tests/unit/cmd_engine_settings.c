/* Times as people write them. */
#include "base_testing.h"

#include "base/memory.h"
#include "cmd/engine_settings.h"

static void test_durations_are_seconds_minutes_hours(void **state)
{
	static const struct {
		const char *text;
		long ms;
	} rows[] = { { "90", 90000 },	 { "90s", 90000 },     { "15m", 900000 },
		     { "2h", 7200000 }, { "1h30m", 5400000 }, { "168h", 604800000 } };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		long ms = 0;
		assert_true(duration_parse(rows[i].text, &ms));
		assert_int_equal(ms, rows[i].ms);
	}
}

static void test_everything_else_is_no_duration(void **state)
{
	static const char *const rows[] = { "",	  "0",	  "-5",	  "soon", "5d", "1.5h", "5m s",
					    "h5", "169h", "99999999999999999999s" };
	long ms;
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_false(duration_parse(rows[i], &ms));
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test(test_durations_are_seconds_minutes_hours),
		cmocka_unit_test(test_everything_else_is_no_duration),
	};
	return cmocka_run_group_tests_name("cmd/engine_settings", cases, NULL, NULL);
}
