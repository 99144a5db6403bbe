#include "base_testing.h"

#include "base/date.h"
#include "base/memory.h"

static void test_reads_fractions_and_offsets(void **state)
{
	static const struct {
		const char *text;
		double seconds;
	} dates[] = {
		{ "1970-01-02T00:00:00Z", 86400 },
		{ "2026-11-22T06:30:00.5Z", 1795329000.5 },
		{ "2026-11-22t07:30:00+01:00", 1795329000 },
		{ "2026-11-22 05:00:00-01:30", 1795329000 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(dates); i++) {
		double seconds = -1;
		assert_true(date_parse(slice_of_string(dates[i].text), &seconds));
		assert_float_equal(seconds, dates[i].seconds, 1e-6);
	}
}

static void test_what_is_no_date_is_refused(void **state)
{
	static const char *const texts[] = { "", "2026-11-22", "2026-11-22T06:30:00", "tomorrow",
					     "2026-11-22T06:30:00Zulu" };
	double seconds;
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_false(date_parse(slice_of_string(texts[i]), &seconds));
}

static void test_a_date_beyond_all_calendars_is_left_out(void **state)
{
	struct buffer out = BUFFER_INIT;
	(void)state;
	date_add(&out, INT64_MAX);
	date_add_day(&out, INT64_MAX);
	date_add_local_day(&out, INT64_MAX);
	assert_int_equal(out.len, 0);
	date_add(&out, 1795329000);
	assert_string_equal(out.data, "2026-11-22T06:30:00Z");
	buffer_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_fractions_and_offsets),
		cmocka_unit_test(test_what_is_no_date_is_refused),
		cmocka_unit_test(test_a_date_beyond_all_calendars_is_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
