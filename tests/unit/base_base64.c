/* Base 64: the test vectors of RFC 4648, section 10, and bytes that are no text. */
#include "base_testing.h"

#include "base/base64.h"
#include "base/memory.h"

static void assert_encoded(const char *bytes, size_t len, const char *expected)
{
	struct buffer out = BUFFER_INIT;
	base64_add(&out, (struct slice){ bytes, len });
	assert_string_equal(out.data, expected);
	struct buffer back = BUFFER_INIT;
	assert_true(base64_decode(&back, slice_of(&out)));
	assert_int_equal(back.len, len);
	assert_memory_equal(back.data, bytes, len);
	buffer_release(&back);
	buffer_release(&out);
}

static void test_vectors_of_the_standard(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{ "", "" },	     { "f", "Zg==" },	      { "fo", "Zm8=" },	    { "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_encoded(cases[i][0], strlen(cases[i][0]), cases[i][1]);
}

static void test_any_byte(void **state)
{
	(void)state;
	assert_encoded("\0\xff\xfe\xfb\xef\xbe", 6, "AP/+++++");
	assert_encoded("\x89PNG\r\n\x1a\n", 8, "iVBORw0KGgo=");
}

static void test_what_is_no_base_64(void **state)
{
	(void)state;
	static const char *const cases[] = {
		"Zg", "Zg=", "Z===", "====", "Zh==", "Zm9=", "Zg==Zg==", "Zm9v\n", "Zm9-", "=Zg=", "Zm 9v",
	};
	struct buffer out = BUFFER_INIT;
	buffer_addstr(&out, "kept");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (base64_decode(&out, slice_of_string(cases[i])))
			fail_msg("%s was accepted", cases[i]);
	assert_string_equal(out.data, "kept");
	buffer_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors_of_the_standard),
		cmocka_unit_test(test_any_byte),
		cmocka_unit_test(test_what_is_no_base_64),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
