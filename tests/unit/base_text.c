#include "base_testing.h"

#include "base/memory.h"
#include "base/text.h"

static void test_prefixes_and_suffixes(void **state)
{
	(void)state;
	const char *rest;
	assert_true(starts_with("--since=x", "--since"));
	assert_false(starts_with("--s", "--since"));
	assert_true(ends_with("paper.tex", ".tex"));
	assert_false(ends_with("x", ".tex"));
	assert_true(skip_prefix("refs/heads/main", "refs/heads/", &rest));
	assert_string_equal(rest, "main");
	assert_true(slice_equals(text_slice("abc"), "abc"));
	assert_false(slice_equals(text_slice("abcd"), "abc"));
}

static void test_ascii_ignores_bytes_above_127(void **state)
{
	(void)state;
	assert_int_equal(ascii_lower('Q'), 'q');
	assert_int_equal(ascii_lower(0xc4), 0xc4);
	assert_false(ascii_alpha(-28));
	assert_false(ascii_space(0xa0));
	assert_true(ascii_space('\v'));
	assert_true(ascii_alnum('0') && ascii_alnum('z') && !ascii_alnum('_'));
	struct slice s = slice_trim(text_slice(" \t a b\r\n"));
	assert_int_equal(s.len, 3);
	assert_memory_equal(s.data, "a b", 3);
	assert_int_equal(slice_trim(text_slice(" \n")).len, 0);
}

static void test_malformed_utf8_is_seen(void **state)
{
	static const char *const bad[] = {
		"\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\xe2\x28\xa1", "\xff",
	};
	uint32_t cp;
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_false(utf8_valid(bad[i], strlen(bad[i])));
		assert_int_equal(utf8_decode(bad[i], strlen(bad[i]), &cp), 1);
		assert_int_equal(cp, 0xfffd);
	}
	assert_true(utf8_valid("", 0));
}

static void test_every_code_point_goes_round(void **state)
{
	(void)state;
	struct buffer b = BUFFER_INIT;
	for (uint32_t cp = 0; cp <= 0x10ffff; cp += cp < 0x3000 || cp > 0x10fff0 ? 1 : 37) {
		uint32_t back;
		if (cp >= 0xd800 && cp <= 0xdfff)
			continue;
		buffer_reset(&b);
		utf8_encode(&b, cp);
		assert_int_equal(utf8_decode(b.data, b.len, &back), b.len);
		assert_int_equal(back, cp);
	}
	buffer_reset(&b);
	utf8_encode(&b, 0xd800);
	assert_string_equal(b.data, "\xef\xbf\xbd");
	buffer_release(&b);
}

static void test_scrub_replaces_byte_by_byte(void **state)
{
	(void)state;
	struct buffer b = BUFFER_INIT;
	utf8_scrub(&b, "a\xff\xc3\xa9\xe2\x82z", 7);
	assert_string_equal(b.data, "a\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbdz");
	buffer_release(&b);
}

static void test_columns(void **state)
{
	(void)state;
	assert_int_equal(utf8_width('a'), 1);
	assert_int_equal(utf8_width('\n'), 0);
	assert_int_equal(utf8_width(0xe9), 1);
	assert_int_equal(utf8_width(0x301), 0);   /* combining acute */
	assert_int_equal(utf8_width(0x4e2d), 2);  /* a Han character */
	assert_int_equal(utf8_width(0xff21), 2);  /* full-width A */
	assert_int_equal(utf8_width(0x1f600), 2); /* an emoji */
	assert_int_equal(utf8_width(0x200d), 0);
	assert_int_equal(utf8_width(0x10ffff), 1);
}

static void assert_shown(const char *s, size_t len, bool keep_lines, const char *expected)
{
	struct buffer b = BUFFER_INIT;
	text_for_terminal(&b, s, len, keep_lines);
	assert_string_equal(b.data, expected);
	buffer_release(&b);
}

static void test_nothing_acts_on_a_terminal(void **state)
{
	(void)state;
	assert_shown("\x1b[31mred\x07\r", 10, false, "\\x1b[31mred\\x07\\x0d");
	assert_shown("a\0b\x7f", 4, false, "a\\x00b\\x7f");
	assert_shown("\xc2\x9b" "1m", 4, false, "\\u{9b}1m");
	assert_shown("\xe2\x80\xae" "abc", 6, false, "\\u{202e}abc");
	assert_shown("\xe2\x81\xa6x\xe2\x81\xa9", 7, false, "\\u{2066}x\\u{2069}");
	assert_shown("ze\xe2\x80\x8bro", 7, false, "ze\\u{200b}ro");
	assert_shown("\xf3\xa0\x81\x81", 4, false, "\\u{e0041}"); /* a tag character */
	assert_shown("\x9b\xff", 2, false, "\\x9b\\xff");
	assert_shown("na\xc3\xafve \xe4\xb8\xad", 10, false, "na\xc3\xafve \xe4\xb8\xad");
}

static void test_lines_are_kept_on_demand(void **state)
{
	(void)state;
	assert_shown("a\n\tb\r\n", 6, true, "a\n\tb\\x0d\n");
	assert_shown("a\n\tb", 4, false, "a\\x0a\\x09b");
}

static void test_nearest_word_is_one_that_could_be_meant(void **state)
{
	static const char *const words[] = { "status", "show", "plan", "report", "budget", NULL };
	static const char *const none[] = { NULL };
	(void)state;
	assert_string_equal(text_nearest("budgt", words), "budget");
	assert_string_equal(text_nearest("sohw", words), "show");
	assert_string_equal(text_nearest("STATUS", words), "status");
	assert_string_equal(text_nearest("staus", words), "status");
	assert_string_equal(text_nearest("stat", words), "status");
	assert_null(text_nearest("xyzzy", words));
	assert_null(text_nearest("", words));
	assert_null(text_nearest("plan", none));
	char longest[200];
	memset(longest, 's', sizeof(longest));
	longest[199] = '\0';
	assert_null(text_nearest(longest, words));
}

static void test_dollars_show_the_digits_that_count(void **state)
{
	(void)state;
	static const struct {
		double usd;
		const char *text;
	} cases[] = {
		{ 0, "$0.00" },		{ 20, "$20.00" },	{ 3.1, "$3.10" },     { 3.14159, "$3.14" },
		{ 0.9996, "$1.00" },	{ 0.125, "$0.125" },	{ 0.35, "$0.35" },    { 0.1, "$0.10" },
		{ 0.0996, "$0.10" },	{ 0.0123, "$0.012" },	{ 0.01, "$0.010" },   { 0.0052, "$0.0052" },
		{ 0.0000071, "$0.0000071" },
	};
	struct buffer out = BUFFER_INIT;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		buffer_reset(&out);
		text_dollars(&out, cases[i].usd);
		assert_string_equal(out.data, cases[i].text);
	}
	buffer_release(&out);
}

static void test_bytes_have_the_unit_that_suits_them(void **state)
{
	static const struct {
		int64_t bytes;
		const char *text;
	} cases[] = {
		{ 0, "0 bytes" }, { 420, "420 bytes" }, { 4200, "4.2 kB" }, { 99900, "99.9 kB" }, { 440000, "0.4 MB" },
		{ 12500000, "12.5 MB" }, { 215400000, "215 MB" },
	};
	struct buffer out = BUFFER_INIT;
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		buffer_reset(&out);
		text_bytes(&out, cases[i].bytes);
		assert_string_equal(out.data, cases[i].text);
	}
	buffer_release(&out);
}

static void test_escapes_what_an_address_cannot_hold(void **state)
{
	struct buffer out = BUFFER_INIT;
	(void)state;
	text_percent(&out, slice_of_string("a b/c:\xc3\xa9~"), "/");
	assert_string_equal(out.data, "a%20b/c%3A%C3%A9~");
	buffer_release(&out);
}

static void test_escapes_nul_bytes(void **state)
{
	struct buffer out = BUFFER_INIT;
	(void)state;
	text_percent(&out, (struct slice){ "a\0b", 3 }, "/");
	assert_string_equal(out.data, "a%00b");
	buffer_release(&out);
}

static void test_reads_booleans_as_git_does(void **state)
{
	(void)state;
	assert_true(text_is_true("Yes"));
	assert_true(text_is_true("1"));
	assert_false(text_is_true("0"));
	assert_false(text_is_true(NULL));
	assert_true(text_is_false("Off"));
	assert_true(text_is_false(""));
	assert_false(text_is_false("1"));
	assert_false(text_is_false(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prefixes_and_suffixes),
		cmocka_unit_test(test_ascii_ignores_bytes_above_127),
		cmocka_unit_test(test_malformed_utf8_is_seen),
		cmocka_unit_test(test_every_code_point_goes_round),
		cmocka_unit_test(test_scrub_replaces_byte_by_byte),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_nothing_acts_on_a_terminal),
		cmocka_unit_test(test_lines_are_kept_on_demand),
		cmocka_unit_test(test_dollars_show_the_digits_that_count),
		cmocka_unit_test(test_nearest_word_is_one_that_could_be_meant),
		cmocka_unit_test(test_bytes_have_the_unit_that_suits_them),
		cmocka_unit_test(test_escapes_what_an_address_cannot_hold),
		cmocka_unit_test(test_escapes_nul_bytes),
		cmocka_unit_test(test_reads_booleans_as_git_does),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
