/* The badge: well-formed whatever it says, and always the same. */
#include "base_testing.h"

#include "history/badge.h"

#include <expat.h>

#include "base/memory.h"

static void assert_well_formed(const struct buffer *svg)
{
	XML_Parser parser = XML_ParserCreate("UTF-8");
	assert_int_equal(XML_Parse(parser, svg->data, (int)svg->len, 1), XML_STATUS_OK);
	XML_ParserFree(parser);
}

static void test_it_says_label_and_message(void **state)
{
	(void)state;
	struct buffer out = BUFFER_INIT;
	badge_svg(&out, "papers", "12 clean", BADGE_CLEAN);
	assert_well_formed(&out);
	assert_non_null(strstr(out.data, "<title>papers: 12 clean</title>"));
	assert_non_null(strstr(out.data, "aria-label=\"papers: 12 clean\""));
	assert_non_null(strstr(out.data, "#1a7f37"));
	assert_null(strstr(out.data, "<script"));
	buffer_release(&out);
}

static void test_the_same_words_give_the_same_bytes(void **state)
{
	(void)state;
	struct buffer first = BUFFER_INIT, second = BUFFER_INIT;
	badge_svg(&first, "papers", "3 errors", BADGE_ERRORS);
	badge_svg(&second, "papers", "3 errors", BADGE_ERRORS);
	assert_string_equal(first.data, second.data);
	buffer_release(&first);
	buffer_release(&second);
}

static void test_no_text_leaves_its_place(void **state)
{
	static const char *const labels[] = {
		"\"/><script>alert(1)</script>", "a&b", "", "\x1b[31m\xff\xc3", "\xef\xbf\xbf", "\xe8\xab\x96\xe6\x96\x87",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(labels); i++) {
		struct buffer out = BUFFER_INIT;
		badge_svg(&out, labels[i], labels[i], BADGE_NOTES);
		assert_well_formed(&out);
		assert_null(strstr(out.data, "<script"));
		buffer_release(&out);
	}
}

static void test_a_long_label_is_cut(void **state)
{
	(void)state;
	char *label = xcalloc(1, 100001);
	struct buffer out = BUFFER_INIT;
	memset(label, 'm', 100000);
	badge_svg(&out, label, "clean", BADGE_CLEAN);
	assert_true(out.len < 2000);
	free(label);
	buffer_release(&out);
}

static int width_of(const char *label)
{
	struct buffer out = BUFFER_INIT;
	badge_svg(&out, label, "clean", BADGE_CLEAN);
	int width = atoi(strstr(out.data, "width=\"") + strlen("width=\""));
	buffer_release(&out);
	return width;
}

static void test_wider_letters_take_more_room(void **state)
{
	(void)state;
	/* 4 * 0.274 * 11 and 4 * 0.973 * 11 pixels, rounded up */
	assert_int_equal(width_of("mmmm") - width_of("iiii"), 43 - 13);
	assert_int_equal(width_of("iiii") - width_of(""), 13 + 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_says_label_and_message),
		cmocka_unit_test(test_the_same_words_give_the_same_bytes),
		cmocka_unit_test(test_no_text_leaves_its_place),
		cmocka_unit_test(test_a_long_label_is_cut),
		cmocka_unit_test(test_wider_letters_take_more_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
