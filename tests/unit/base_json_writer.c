#include "base_testing.h"

#include <locale.h>
#include <math.h>

#include "base/json.h"
#include "base/memory.h"

static void assert_number(double value, const char *expected)
{
	struct buffer b = BUFFER_INIT;
	struct json_writer w;
	json_writer_init(&w, &b, false);
	json_number(&w, value);
	assert_string_equal(b.data, expected);
	buffer_release(&b);
}

static void test_numbers_are_the_shortest_that_read_back(void **state)
{
	(void)state;
	assert_number(0, "0");
	assert_number(3, "3");
	assert_number(-0.1, "-0.1");
	assert_number(1.0 / 3, "0.3333333333333333");
	assert_number(5e-324, "4.94065645841247e-324");
	assert_number(1e22, "1e+22");
	assert_number(0.1 + 0.2, "0.30000000000000004");
	assert_number((double)INFINITY, "null");
	assert_number((double)NAN, "null");
}

static void test_numbers_do_not_follow_the_locale(void **state)
{
	(void)state;
	/* Where none of these is installed the test says nothing new. */
	if (!setlocale(LC_NUMERIC, "de_DE.UTF-8") && !setlocale(LC_NUMERIC, "fr_FR.UTF-8"))
		skip();
	assert_number(1.5, "1.5");
	setlocale(LC_NUMERIC, "C");
}

static void write_sample(struct json_writer *w)
{
	json_begin_object(w);
	json_put_string(w, "s", "a\"b\\c\n\x01/\x7f");
	json_put_string(w, "none", NULL);
	json_key(w, "list");
	json_begin_array(w);
	json_integer(w, INT64_MIN);
	json_bool(w, true);
	json_begin_object(w);
	json_end_object(w);
	json_begin_array(w);
	json_end_array(w);
	json_null(w);
	json_end_array(w);
	json_put_integer(w, "i", 1);
	json_put_number(w, "n", 2.5);
	json_put_bool(w, "b", false);
	json_end_object(w);
}

static void test_compact_form(void **state)
{
	(void)state;
	struct buffer b = BUFFER_INIT;
	struct json_writer w;
	json_writer_init(&w, &b, false);
	write_sample(&w);
	assert_string_equal(b.data, "{\"s\":\"a\\\"b\\\\c\\n\\u0001/\x7f\",\"none\":null,"
				    "\"list\":[-9223372036854775808,true,{},[],null],"
				    "\"i\":1,\"n\":2.5,\"b\":false}");
	buffer_release(&b);
}

static void test_indented_form(void **state)
{
	(void)state;
	struct buffer b = BUFFER_INIT;
	struct json_writer w;
	json_writer_init(&w, &b, true);
	write_sample(&w);
	assert_string_equal(b.data, "{\n"
				    "  \"s\": \"a\\\"b\\\\c\\n\\u0001/\x7f\",\n"
				    "  \"none\": null,\n"
				    "  \"list\": [\n"
				    "    -9223372036854775808,\n"
				    "    true,\n"
				    "    {},\n"
				    "    [],\n"
				    "    null\n"
				    "  ],\n"
				    "  \"i\": 1,\n"
				    "  \"n\": 2.5,\n"
				    "  \"b\": false\n"
				    "}");
	buffer_release(&b);
}

static void test_malformed_bytes_are_replaced(void **state)
{
	(void)state;
	struct buffer b = BUFFER_INIT;
	struct json_writer w;
	json_writer_init(&w, &b, false);
	json_string_n(&w, "a\xff\0\xc3\xa9", 5);
	assert_string_equal(b.data, "\"a\xef\xbf\xbd\\u0000\xc3\xa9\"");
	buffer_release(&b);
}

static void test_parsed_values_are_written_in_their_order(void **state)
{
	static const char text[] =
		"{\"z\":[1,2.25,-3e-05],\"a\":{\"k\":\"\\\"\"},\"m\":null,\"t\":true,\"f\":false}";
	(void)state;
	struct buffer b = BUFFER_INIT;
	struct json_writer w;
	cJSON *json;
	assert_ok(json_parse(&json, text_slice(text), "test"));
	json_writer_init(&w, &b, false);
	json_value(&w, json);
	assert_string_equal(b.data, text);
	cJSON_Delete(json);
	buffer_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_are_the_shortest_that_read_back),
		cmocka_unit_test(test_numbers_do_not_follow_the_locale),
		cmocka_unit_test(test_compact_form),
		cmocka_unit_test(test_indented_form),
		cmocka_unit_test(test_malformed_bytes_are_replaced),
		cmocka_unit_test(test_parsed_values_are_written_in_their_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
