/* Base 64: the test vectors of RFC 4648, section 10, and bytes that are no text. */
#include "base_testing.h"

#include "base/base64.h"
#include "base/memory.h"

static void assert_encoded(const char *bytes, size_t len, const char *expected)
{
	struct buffer out = BUFFER_INIT;
	base64_add(&out, (struct slice){ bytes, len });
	assert_string_equal(out.data, expected);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors_of_the_standard),
		cmocka_unit_test(test_any_byte),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
