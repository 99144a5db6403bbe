/* Finding a model's JSON and validating it. */
#include "base_testing.h"

#include "base/memory.h"
#include "model/extract.h"
#include "model/schema.h"

static const char schema_text[] =
	"{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"n\",\"word\"],\"properties\":{"
	"\"n\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":9},"
	"\"word\":{\"type\":\"string\",\"enum\":[\"yes\",\"no\",\"\\\\alpha\",\"a\\nb\"]}}}";

static cJSON *parse(const char *text)
{
	cJSON *json;
	assert_ok(json_parse(&json, text_slice(text), "test"));
	return json;
}

static void extracts(const char *text, const char *expected)
{
	cJSON *schema = parse(schema_text);
	struct buffer json = BUFFER_INIT;
	assert_ok(answer_extract(text_slice(text), schema, NULL, &json));
	assert_string_equal(json.data, expected);
	buffer_release(&json);
	cJSON_Delete(schema);
}

static void fails(const char *text, const char *message)
{
	cJSON *schema = parse(schema_text);
	struct buffer json = BUFFER_INIT;
	assert_error(answer_extract(text_slice(text), schema, NULL, &json), ERROR_SYNTAX, message);
	assert_int_equal(json.len, 0);
	cJSON_Delete(schema);
}

#define GOOD "{\"n\":1,\"word\":\"yes\"}"

static void test_object_is_found_where_models_put_it(void **state)
{
	(void)state;
	extracts(GOOD, GOOD);
	extracts("\n  " GOOD "  \n", GOOD);
	extracts("```json\n" GOOD "\n```", GOOD);
	extracts("Sure! Here is {my} review:\n\n```\n" GOOD "\n```\nHope it helps {smile}.", GOOD);
	extracts("<think>maybe {\"n\":2,\"word\":\"no\"}?</think>\n" GOOD, GOOD);
	extracts("reasoning without its opening tag </think> " GOOD, GOOD);
	extracts("a set {x and \"quotes\" " GOOD, GOOD);
}

static void test_last_valid_object_is_meant(void **state)
{
	(void)state;
	extracts("First {\"n\":2,\"word\":\"no\"}, no: " GOOD, GOOD);
	extracts(GOOD " and not {\"n\":1000}", GOOD);
}

static void test_slips_are_mended(void **state)
{
	(void)state;
	extracts("{\"n\":1,\"word\":\"\\alpha\"}", "{\"n\":1,\"word\":\"\\\\alpha\"}");
	extracts("{\"n\":1,\"word\":\"a\nb\"}", "{\"n\":1,\"word\":\"a\\u000ab\"}");
	extracts("{\"n\":1,\"word\":\"yes\" , \n}", "{\"n\":1,\"word\":\"yes\"  \n}");
}

static void test_what_is_wrong_is_said(void **state)
{
	(void)state;
	fails("", "the answer is empty");
	fails(" \n", "the answer is empty");
	fails("<think>I wonder " GOOD, "the answer is empty");
	fails("I would accept this paper.", "prose");
	fails("{\"n\":1,\"word\":\"ye", "no complete JSON object");
	fails("{\"n\":1}", "word: is missing");
	fails("{\"n\":10,\"word\":\"yes\"}", "n: must be at most 9");
	fails("{\"n\":1.5,\"word\":\"yes\"}", "n: must be of type integer");
	fails("{\"n\":1,\"word\":\"maybe\"}", "word: must be one of \"yes\", \"no\"");
	fails("{\"n\":1,\"word\":\"yes\",\"more\":0}", "more: is not part of the schema");
	fails("{\"n\":1} {\"word\": \"yes\"}, the longest counts", "n: is missing");
}

static void test_hostile_braces_end_in_time(void **state)
{
	(void)state;
	struct buffer text = BUFFER_INIT;
	for (int i = 0; i < 1 << 20; i++)
		buffer_addstr(&text, i % 3 ? "{" : "\"{\\");
	cJSON *schema = parse(schema_text);
	struct buffer json = BUFFER_INIT;
	struct error *err = answer_extract(slice_of(&text), schema, NULL, &json);
	assert_non_null(err);
	error_free(err);
	buffer_release(&json);
	buffer_release(&text);
	cJSON_Delete(schema);
}

static void test_deep_nesting_is_an_error_not_a_crash(void **state)
{
	(void)state;
	struct buffer text = BUFFER_INIT;
	for (int i = 0; i < 100000; i++)
		buffer_addstr(&text, "{\"n\":");
	for (int i = 0; i < 100000; i++)
		buffer_addstr(&text, "}");
	cJSON *schema = parse(schema_text);
	struct buffer json = BUFFER_INIT;
	assert_error(answer_extract(slice_of(&text), schema, NULL, &json), ERROR_LIMIT, "answer");
	cJSON_Delete(schema);
	buffer_release(&text);
}

static void test_each_keyword_is_checked_with_the_place(void **state)
{
	(void)state;
	static const struct {
		const char *schema, *good, *bad, *message;
	} cases[] = {
		{ "{\"type\":\"object\"}", "{}", "[]", "the answer: must be of type object" },
		{ "{\"type\":\"boolean\"}", "false", "0", "boolean" },
		{ "{\"type\":\"integer\"}", "3.0", "3.5", "integer" },
		{ "{\"type\":[\"string\",\"null\"]}", "null", "1", "has the wrong type" },
		{ "{\"items\":{\"type\":\"number\"}}", "[1,2]", "[1,\"2\"]", "[1]: must be of type number" },
		{ "{\"properties\":{\"a\":{\"items\":{\"properties\":{\"b\":{\"minimum\":2}}}}}}",
		  "{\"a\":[{\"b\":2}]}", "{\"a\":[{},{\"b\":1}]}", "a[1].b: must be at least 2" },
		{ "{\"minItems\":1}", "[0]", "[]", "fewer items than 1" },
		{ "{\"maxItems\":1}", "[0]", "[0,0]", "more items than 1" },
		{ "{\"minLength\":2}", "\"\xc3\xa9\xc3\xa9\"", "\"\xc3\xa9\"", "shorter than 2" },
		{ "{\"maxLength\":1}", "\"\xc3\xa9\"", "\"ee\"", "longer than 1" },
		{ "{\"enum\":[1,\"x\",null]}", "null", "2", "must be one of 1, \"x\", null" },
		{ "{\"required\":[\"a\"]}", "{\"a\":null}", "{\"A\":1}", "a: is missing" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cJSON *schema = parse(cases[i].schema);
		cJSON *good = parse(cases[i].good), *bad = parse(cases[i].bad);
		assert_ok(schema_check(schema));
		assert_ok(schema_validate(schema, good));
		assert_error(schema_validate(schema, bad), ERROR_SYNTAX, cases[i].message);
		cJSON_Delete(schema);
		cJSON_Delete(good);
		cJSON_Delete(bad);
	}
}

static void test_schema_with_an_unknown_keyword_is_refused(void **state)
{
	(void)state;
	static const char *const schemas[] = {
		"{\"pattern\":\"x\"}", "{\"properties\":{\"a\":{\"anyOf\":[]}}}",
		"{\"items\":{\"format\":\"uri\"}}", "{\"additionalProperties\":true}", "[]",
		"{\"type\":3}", "{\"required\":[1]}",
	};
	for (size_t i = 0; i < ARRAY_SIZE(schemas); i++) {
		cJSON *schema = parse(schemas[i]);
		assert_error(schema_check(schema), ERROR_USAGE, "schema");
		cJSON_Delete(schema);
	}
}

static void test_what_may_be_left_out_is_taken_as_empty(void **state)
{
	(void)state;
	static const char text[] = "{\"list\":[{\"name\":\"a\"}]}";
	static const char words[] =
		"{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"list\",\"remarks\"],"
		"\"properties\":{\"remarks\":{\"type\":\"array\"},\"list\":{\"type\":\"array\",\"items\":"
		"{\"type\":\"object\",\"required\":[\"name\",\"why\"],\"properties\":"
		"{\"name\":{\"type\":\"string\"},\"why\":{\"type\":\"string\"}}}}}}";
	static const char *const may_lack[] = { "remarks", "why", NULL };
	static const char *const other[] = { "remarks", NULL };
	struct buffer json = BUFFER_INIT;
	cJSON *wanted;
	assert_ok(json_parse(&wanted, text_slice(words), "schema"));
	assert_ok(answer_extract(text_slice(text), wanted, may_lack, &json));
	assert_string_equal(json.data, text);
	assert_error(answer_extract(text_slice(text), wanted, other, &json), ERROR_SYNTAX,
		     "list[0].why: is missing");
	buffer_release(&json);
	cJSON_Delete(wanted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_may_be_left_out_is_taken_as_empty),
		cmocka_unit_test(test_object_is_found_where_models_put_it),
		cmocka_unit_test(test_last_valid_object_is_meant),
		cmocka_unit_test(test_slips_are_mended),
		cmocka_unit_test(test_what_is_wrong_is_said),
		cmocka_unit_test(test_hostile_braces_end_in_time),
		cmocka_unit_test(test_deep_nesting_is_an_error_not_a_crash),
		cmocka_unit_test(test_each_keyword_is_checked_with_the_place),
		cmocka_unit_test(test_schema_with_an_unknown_keyword_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
