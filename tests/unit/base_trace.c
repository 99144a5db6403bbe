#include "base_testing.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/trace.h"

static void assert_redacted(const char *text, const char *expected)
{
	char *clean = redact(xstrdup(text));
	assert_string_equal(clean, expected);
	free(clean);
}

static void test_shapes_of_keys_are_redacted(void **state)
{
	(void)state;
	assert_redacted("sk-ant-api03-0123456789abcdefg", "<redacted>");
	assert_redacted("use (AKIAIOSFODNN7EXAMPLEX)", "use (<redacted>)");
	assert_redacted("token ghp_0123456789abcdefghij!", "token <redacted>!");
	assert_redacted("Authorization: Bearer abc\r\nAccept: */*",
			"Authorization: <redacted>\r\nAccept: */*");
	assert_redacted("X-API-Key: abc", "X-API-Key: <redacted>");
	assert_redacted("GET /v1?key=abcdef&alt=sse", "GET /v1?key=<redacted>&alt=sse");
	assert_redacted("https://me:pw@host/x", "https://<redacted>@host/x");
}

static void test_words_are_left_alone(void **state)
{
	static const char *const words[] = {
		"", "a task-force of risk-averse people", "sk-", "https://host/a@b",
		"the key=x", "export OPENAI_API_KEY=..., or", "keyboard: bearer of news", "content id 4f2c9e1d",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		assert_redacted(words[i], words[i]);
}

static void test_known_secrets_are_redacted_wherever_they_stand(void **state)
{
	(void)state;
	trace_add_secret("hunter2hunter2");
	trace_add_secret("hunter2hunter2-and-more");
	trace_add_secret("no"); /* too short to be one */
	trace_add_secret(NULL);
	assert_redacted("xhunter2hunter2x no", "x<redacted>x no");
	assert_redacted("hunter2hunter2-and-more!", "<redacted>!");
}

static void test_lines_go_to_the_file_redacted_and_tame(void **state)
{
	(void)state;
	char *dir = make_directory();
	char *path = xstrfmt("%s/trace", dir);
	struct buffer b = BUFFER_INIT;
	trace_open("0");
	assert_false(trace_enabled());
	trace_open(path);
	assert_true(trace_enabled());
	trace_printf("%s \x1b[2J", "password=abc");
	trace_open(NULL);
	trace_printf("not written");
	assert_ok(file_read(path, &b));
	/* hh:mm:ss.uuuuuu */
	assert_int_equal(b.data[2], ':');
	assert_int_equal(b.data[8], '.');
	assert_memory_equal(b.data + 15, " base_trace.c:", 14);
	assert_non_null(strstr(b.data, "  password=<redacted> \\x1b[2J\n"));
	assert_null(strstr(b.data, "not written"));
	buffer_release(&b);
	free(path);
	remove_directory(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes_of_keys_are_redacted),
		cmocka_unit_test(test_words_are_left_alone),
		cmocka_unit_test(test_known_secrets_are_redacted_wherever_they_stand),
		cmocka_unit_test(test_lines_go_to_the_file_redacted_and_tame),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
