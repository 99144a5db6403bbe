#include "review_testing.h"

#include "base/json.h"
#include "review/answer.h"

static struct error *parse(struct finding_list *list, char **summary, const char *s)
{
	return answer_parse(list, summary, text_slice(s), "answer");
}

static void test_the_schema_is_json_and_asks_for_every_key(void **state)
{
	cJSON *schema;
	const cJSON *findings;
	(void)state;
	assert_ok(json_parse(&schema, text_slice(answer_schema), "schema"));
	findings = cJSON_GetObjectItem(cJSON_GetObjectItem(schema, "properties"), "findings");
	const cJSON *item = cJSON_GetObjectItem(findings, "items");
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(item, "required")),
			 cJSON_GetArraySize(cJSON_GetObjectItem(item, "properties")));
	assert_true(cJSON_IsFalse(cJSON_GetObjectItem(item, "additionalProperties")));
	cJSON_Delete(schema);
}

static void test_an_answer_becomes_findings(void **state)
{
	struct finding_list list = { 0 };
	char *summary;
	(void)state;
	assert_ok(
		parse(&list, &summary,
		      "{\"summary\":\"  Sound, one slip.\\n\",\"findings\":[{\"quote\":\"p = .06\","
		      "\"title\":\"The p-value is\\n misstated.\",\"why\":\"t(28)=2.2 gives .036\","
		      "\"suggestion\":\"\",\"severity\":\"error\",\"confidence\":0.75}]}"));
	assert_string_equal(summary, "Sound, one slip.");
	assert_int_equal(list.nr, 1);
	assert_string_equal(list.items[0].title, "The p-value is  misstated");
	assert_string_equal(list.items[0].quote, "p = .06");
	assert_null(list.items[0].suggestion);
	assert_null(list.items[0].rule);
	assert_int_equal(list.items[0].severity, SEVERITY_ERROR);
	assert_true(list.items[0].confidence == 0.75);
	assert_int_equal(list.items[0].grounding, GROUNDING_NONE);
	free(summary);
	finding_list_release(&list);
}

static void test_severities_in_other_words_and_wild_confidences_are_understood(void **state)
{
	static const struct {
		const char *severity, *confidence;
		enum severity expected;
		double clamped;
	} rows[] = {
		{ "Critical", "7", SEVERITY_ERROR, 1 },
		{ "MINOR", "-3", SEVERITY_NOTE, 0 },
		{ "moderate", "1e-3", SEVERITY_WARNING, 1e-3 },
		{ "whatever", "null", SEVERITY_WARNING, 0.5 },
		{ "", "\"high\"", SEVERITY_WARNING, 0.5 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct finding_list list = { 0 };
		char *summary,
			*text = xstrfmt("{\"findings\":[{\"title\":\"x\",\"severity\":\"%s\","
					"\"confidence\":%s}]}",
					rows[i].severity, rows[i].confidence);
		assert_ok(parse(&list, &summary, text));
		assert_int_equal(list.items[0].severity, rows[i].expected);
		assert_true(list.items[0].confidence == rows[i].clamped);
		free(text);
		free(summary);
		finding_list_release(&list);
	}
}

static void test_commands_lost_to_json_escapes_come_back(void **state)
{
	struct finding_list list = { 0 };
	char *summary;
	(void)state;
	assert_ok(parse(&list, &summary,
			"{\"findings\":[{\"title\":\"x\",\"quote\":\"$\\beta \\frac12 "
			"\\theta\\nabla \\rho \\text{a}$\","
			"\"why\":\"one\\ttwo\\nthree\\u0007\"}]}"));
	assert_string_equal(list.items[0].quote,
			    "$\\beta \\frac12 \\theta\\nabla \\rho \\text{a}$");
	assert_string_equal(list.items[0].why, "one\ttwo\nthree");
	free(summary);
	finding_list_release(&list);
}

static void test_long_strings_are_cut_between_characters_and_say_by_how_much(void **state)
{
	struct finding_list list = { 0 };
	struct buffer text = BUFFER_INIT;
	char *summary;
	(void)state;
	buffer_addstr(&text, "{\"findings\":[{\"title\":\"t\",\"why\":\"x");
	for (int i = 0; i < ANSWER_MAX_STRING; i++)
		buffer_addstr(&text, "\xc3\xa9");
	buffer_addstr(&text, "\"}]}");
	assert_ok(parse(&list, &summary, text.data));
	assert_non_null(strstr(list.items[0].why, "\xc3\xa9 [... 8002 more bytes]"));
	free(summary);
	buffer_release(&text);
	finding_list_release(&list);
}

static void test_what_is_not_taken_is_counted(void **state)
{
	struct finding_list list = { 0 };
	struct buffer text = BUFFER_INIT;
	char *summary;
	(void)state;
	buffer_addstr(&text, "{\"summary\":\"S\",\"findings\":[{\"title\":\" \"}");
	for (int i = 0; i < ANSWER_MAX_FINDINGS + 3; i++)
		buffer_addf(&text, ",{\"title\":\"%d\"}", i);
	buffer_addstr(&text, "]}");
	assert_ok(parse(&list, &summary, text.data));
	assert_int_equal(list.nr, ANSWER_MAX_FINDINGS);
	assert_string_equal(summary,
			    "S\n[findings without a word in this answer: 1]\n"
			    "[3 more findings in this answer were not taken: the limit is 500]");
	free(summary);
	buffer_release(&text);
	finding_list_release(&list);
}

static void test_answers_of_another_shape_are_refused_and_leave_nothing(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{ "Here are my findings:", "answer:1:1" },
		{ "[]", "the answer is not an object" },
		{ "{\"summary\":\"\"}", "'findings' is missing" },
		{ "{\"findings\":[{\"title\":\"x\"},7]}", "finding 2 is not an object" },
		{ "{\"findings\":[{\"title\":[]}]}", "finding 1: 'title' is not a string" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct finding_list list = { 0 };
		char *summary;
		assert_error(parse(&list, &summary, rows[i].text), ERROR_SYNTAX, rows[i].message);
		assert_int_equal(list.nr, 0);
		assert_null(summary);
		finding_list_release(&list);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_schema_is_json_and_asks_for_every_key),
		cmocka_unit_test(test_an_answer_becomes_findings),
		cmocka_unit_test(
			test_severities_in_other_words_and_wild_confidences_are_understood),
		cmocka_unit_test(test_commands_lost_to_json_escapes_come_back),
		cmocka_unit_test(test_long_strings_are_cut_between_characters_and_say_by_how_much),
		cmocka_unit_test(test_what_is_not_taken_is_counted),
		cmocka_unit_test(test_answers_of_another_shape_are_refused_and_leave_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
