#include "base_testing.h"

#include "base/regex.h"

static void test_groups_and_offsets(void **state)
{
	(void)state;
	struct regex *re;
	struct regex_match m;
	struct slice s = text_slice("x=1; name=Ada; y=2");
	assert_ok(regex_new(&re, "([a-z]+)=(?:([A-Z]\\w*)|(\\d))", 0));
	assert_true(regex_search(re, s, 3, &m, NULL));
	assert_int_equal(m.start[0], 5);
	assert_int_equal(m.end[0], 13);
	assert_int_equal(m.start[2], 10);
	assert_true(regex_search(re, s, m.end[0], &m, NULL));
	assert_int_equal(m.start[1], 15);
	assert_int_equal(m.start[2], (size_t)-1);
	assert_int_equal(m.start[3], 17);
	assert_int_equal(m.start[REGEX_MAX_GROUPS - 1], (size_t)-1);
	assert_false(regex_search(re, s, m.end[0], &m, NULL));
	assert_false(regex_search(re, s, s.len + 1, &m, NULL));
	regex_free(re);
}

static void test_flags(void **state)
{
	(void)state;
	struct regex *re;
	struct regex_match m;
	assert_ok(regex_new(&re, "^b.c$", REGEX_CASELESS | REGEX_MULTILINE | REGEX_DOTALL));
	assert_true(regex_search(re, text_slice("a\nB\nC\nd"), 0, &m, NULL));
	assert_int_equal(m.start[0], 2);
	regex_free(re);
	assert_ok(regex_new(&re, "^.$", REGEX_UTF));
	assert_true(regex_search(re, text_slice("\xc3\xa9"), 0, &m, NULL));
	regex_free(re);
}

static void test_exhausted_limits_are_no_match_but_are_told(void **state)
{
	(void)state;
	struct regex *re;
	struct regex_match m;
	bool gave_up = false;
	char hostile[41];
	memset(hostile, 'a', 40);
	hostile[39] = '!';
	hostile[40] = '\0';
	assert_ok(regex_new(&re, "(a|aa|a?)+(?:b|c)", 0));
	assert_false(regex_search(re, text_slice("aaab"), 4, &m, &gave_up));
	assert_false(gave_up);
	hostile[20] = 'c';
	assert_true(regex_search(re, text_slice(hostile), 0, &m, &gave_up));
	regex_free(re);
	assert_ok(regex_new(&re, "^(a|aa|a?)+x?[0-9]?$", 0));
	hostile[20] = 'a';
	assert_false(regex_search(re, text_slice(hostile), 0, &m, &gave_up));
	assert_true(gave_up);
	regex_free(re);
}

static void test_broken_pattern_is_told_with_its_place(void **state)
{
	(void)state;
	struct regex *re;
	assert_error(regex_new(&re, "a(b", 0), ERROR_SYNTAX, "broken at byte 3");
	assert_null(re);
	assert_error(regex_new(&re, "\\C", REGEX_UTF), ERROR_SYNTAX, "broken");
	regex_free(NULL);
}

static void test_more_groups_than_reported(void **state)
{
	(void)state;
	struct regex *re;
	struct regex_match m;
	assert_ok(regex_new(&re, "(a)(a)(a)(a)(a)(a)(a)(a)(a)(a)(a)(a)(a)(a)(a)(a)(a)(a)", 0));
	assert_true(regex_search(re, text_slice("aaaaaaaaaaaaaaaaaaaa"), 0, &m, NULL));
	assert_int_equal(m.nr, REGEX_MAX_GROUPS);
	assert_int_equal(m.start[15], 14);
	regex_free(re);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_groups_and_offsets),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_exhausted_limits_are_no_match_but_are_told),
		cmocka_unit_test(test_broken_pattern_is_told_with_its_place),
		cmocka_unit_test(test_more_groups_than_reported),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
