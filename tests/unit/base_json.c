#include "base_testing.h"

#include "base/json.h"
#include "base/memory.h"

static struct error *parse(cJSON **out, const char *s)
{
	return json_parse(out, text_slice(s), "reply");
}

static void test_every_kind_of_value_is_read(void **state)
{
	static const char *const good[] = {
		"null", " true\n", "[]", "{}", "[ ]", "{ }", "-0", "0.5e-3", "1E+2", "\"\"",
		"{\"a\":{\"b\":[1,2,{\"c\":null}]},\"d\":false}", "[[[]],{}]",
		"\"\\u00e9\\ud83d\\ude00\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\xc3\xa9\"",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		cJSON *json;
		assert_ok(parse(&json, good[i]));
		assert_non_null(json);
		cJSON_Delete(json);
	}
}

static void test_what_is_not_json_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *text, *message;
	} bad[] = {
		{ "", "reply:1:1: the JSON ends too early" },
		{ "{\"a\": 1,\n \"b\": tru}", "reply:2:7: a value is expected" },
		{ "[1,]", "1:4: a value is expected" },
		{ "{\"a\":1,}", "1:8: a key in double quotes" },
		{ "{a:1}", "1:2: a key in double quotes" },
		{ "{\"a\" 1}", "':' is expected" },
		{ "[1 2]", "',' or ']' is expected" },
		{ "{\"a\":1]", "',' or '}' is expected" },
		{ "[1", "ends too early" },
		{ "01", "1:2: something follows" },
		{ "+1", "a value is expected" },
		{ "1.", "ends too early" },
		{ "[1.]", "a digit is expected after the point" },
		{ "[1e]", "a digit is expected in the exponent" },
		{ "[-]", "a value is expected" },
		{ "NaN", "a value is expected" },
		{ "'a'", "a value is expected" },
		{ "\"a\nb\"", "a control byte" },
		{ "\"\\x41\"", "no such escape" },
		{ "\"\\u12g4\"", "four hexadecimal digits" },
		{ "\"abc", "ends too early" },
		{ "\"abc\\", "ends too early" },
		{ "1 2", "something follows" },
		{ "// no\n1", "a value is expected" },
		{ "\xef\xbb\xbf{}", "a value is expected" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		cJSON *json;
		assert_error(parse(&json, bad[i].text), ERROR_SYNTAX, bad[i].message);
		assert_null(json);
	}
}

static void test_strings_that_would_change_on_the_way_are_refused(void **state)
{
	static const char *const bad[] = { "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00\"",
					   "\"\\ud800\\u0041\"", "\"\\ud800\\ud800\"", "\"\\ud800x\"",
					   "\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"" };
	cJSON *json;
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_error(parse(&json, bad[i]), ERROR_SYNTAX, "reply:1:");
	assert_error(json_parse(&json, (struct slice){ "\"a\0b\"", 5 }, "reply"), ERROR_SYNTAX,
		     "a control byte");
	assert_error(json_parse(&json, (struct slice){ "1\0", 2 }, "reply"), ERROR_SYNTAX,
		     "something follows");
}

static void test_depth_is_bounded(void **state)
{
	(void)state;
	cJSON *json;
	struct buffer b = BUFFER_INIT;
	for (int i = 0; i < JSON_MAX_DEPTH; i++)
		buffer_addch(&b, '[');
	for (int i = 0; i < JSON_MAX_DEPTH; i++)
		buffer_addch(&b, ']');
	assert_ok(parse(&json, b.data));
	cJSON_Delete(json);
	buffer_reset(&b);
	for (int i = 0; i < 1000000; i++)
		buffer_addch(&b, '[');
	assert_error(parse(&json, b.data), ERROR_LIMIT, "reply:1:65: the JSON is nested too deeply");
	buffer_release(&b);
}

static void test_number_of_values_and_digits_is_bounded(void **state)
{
	(void)state;
	cJSON *json;
	struct buffer b = BUFFER_INIT;
	buffer_addch(&b, '[');
	for (size_t i = 0; i < JSON_MAX_VALUES; i++)
		buffer_addstr(&b, "0,");
	buffer_addstr(&b, "0]");
	assert_error(parse(&json, b.data), ERROR_LIMIT, "too many values");
	buffer_reset(&b);
	for (int i = 0; i < JSON_MAX_NUMBER; i++)
		buffer_addch(&b, '7');
	assert_ok(parse(&json, b.data));
	cJSON_Delete(json);
	buffer_addch(&b, '7');
	assert_error(parse(&json, b.data), ERROR_LIMIT, "a number is too long");
	buffer_release(&b);
}

static void test_typed_access_says_what_is_wrong(void **state)
{
	(void)state;
	cJSON *json;
	const char *s;
	const cJSON *item;
	int64_t integer;
	double number;
	assert_ok(parse(&json, "{\"s\":\"x\",\"S\":1,\"n\":1.5,\"i\":-9007199254740992,\"big\":1e30,"
			       "\"o\":{},\"a\":[],\"b\":true,\"z\":null}"));
	assert_ok(json_get_string(json, "s", "reply", &s));
	assert_string_equal(s, "x");
	assert_error(json_get_string(json, "q", "reply", &s), ERROR_SYNTAX, "reply: 'q' is missing");
	assert_null(s);
	assert_error(json_get_string(json, "S", "reply", &s), ERROR_SYNTAX, "'S' is not a string");
	assert_ok(json_get_integer(json, "i", "reply", &integer));
	assert_true(integer == -9007199254740992);
	assert_error(json_get_integer(json, "n", "reply", &integer), ERROR_SYNTAX, "not an integer");
	assert_error(json_get_integer(json, "big", "reply", &integer), ERROR_SYNTAX, "not an integer");
	assert_ok(json_get_number(json, "n", "reply", &number));
	assert_true(number == 1.5);
	assert_ok(json_get_object(json, "o", "reply", &item));
	assert_ok(json_get_array(json, "a", "reply", &item));
	assert_error(json_get_array(json, "o", "reply", &item), ERROR_SYNTAX, "not an array");
	assert_error(json_get_object(json, "a", "reply", &item), ERROR_SYNTAX, "not an object");
	assert_error(json_get_string(NULL, "s", "reply", &s), ERROR_SYNTAX, "is missing");
	cJSON_Delete(json);
}

static void test_fallbacks(void **state)
{
	(void)state;
	cJSON *json;
	assert_ok(parse(&json, "{\"s\":\"x\",\"n\":1.5,\"i\":3,\"b\":true,\"z\":null}"));
	assert_string_equal(json_string_or(json, "s", "f"), "x");
	assert_string_equal(json_string_or(json, "z", "f"), "f");
	assert_null(json_string_or(json, "missing", NULL));
	assert_int_equal(json_integer_or(json, "i", 7), 3);
	assert_int_equal(json_integer_or(json, "n", 7), 7);
	assert_true(json_number_or(json, "n", 0) == 1.5);
	assert_true(json_bool_or(json, "b", false));
	assert_true(json_bool_or(json, "s", true));
	assert_int_equal(json_integer_or(NULL, "i", 7), 7);
	cJSON_Delete(json);
}

static void test_of_a_repeated_key_the_first_counts(void **state)
{
	(void)state;
	cJSON *json;
	assert_ok(parse(&json, "{\"k\":\"first\",\"k\":\"second\"}"));
	assert_string_equal(json_string_or(json, "k", ""), "first");
	cJSON_Delete(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind_of_value_is_read),
		cmocka_unit_test(test_what_is_not_json_is_refused_with_its_place),
		cmocka_unit_test(test_strings_that_would_change_on_the_way_are_refused),
		cmocka_unit_test(test_depth_is_bounded),
		cmocka_unit_test(test_number_of_values_and_digits_is_bounded),
		cmocka_unit_test(test_typed_access_says_what_is_wrong),
		cmocka_unit_test(test_fallbacks),
		cmocka_unit_test(test_of_a_repeated_key_the_first_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
