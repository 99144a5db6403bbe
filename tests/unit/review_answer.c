#include "review_testing.h"

#include "base/json.h"
#include "review/answer.h"

static struct error *parse(struct answer *a, const char *s)
{
	return answer_parse(a, text_slice(s), "answer");
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
	struct answer a;
	(void)state;
	assert_ok(
		parse(&a,
		      "{\"summary\":\"  Sound, one slip.\\n\",\"findings\":[{\"quote\":\"p = .06\","
		      "\"title\":\"The p-value is\\n misstated.\",\"why\":\"t(28)=2.2 gives .036\","
		      "\"suggestion\":\"\",\"severity\":\"error\",\"confidence\":0.75}]}"));
	assert_string_equal(a.summary, "Sound, one slip.");
	assert_int_equal(a.findings.nr, 1);
	assert_string_equal(a.findings.items[0].title, "The p-value is  misstated");
	assert_string_equal(a.findings.items[0].quote, "p = .06");
	assert_null(a.findings.items[0].suggestion);
	assert_null(a.findings.items[0].rule);
	assert_int_equal(a.findings.items[0].severity, SEVERITY_ERROR);
	assert_true(a.findings.items[0].confidence == 0.75);
	assert_int_equal(a.findings.items[0].grounding, GROUNDING_NONE);
	answer_release(&a);
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
		struct answer a;
		char *text = xstrfmt("{\"findings\":[{\"title\":\"x\",\"severity\":\"%s\","
					"\"confidence\":%s}]}",
					rows[i].severity, rows[i].confidence);
		assert_ok(parse(&a, text));
		assert_int_equal(a.findings.items[0].severity, rows[i].expected);
		assert_true(a.findings.items[0].confidence == rows[i].clamped);
		free(text);
		answer_release(&a);
	}
}

static void test_commands_lost_to_json_escapes_come_back(void **state)
{
	struct answer a;
	(void)state;
	assert_ok(parse(&a,
			"{\"findings\":[{\"title\":\"x\",\"quote\":\"$\\beta \\frac12 "
			"\\theta\\nabla \\rho \\text{a}$\","
			"\"why\":\"one\\ttwo\\nthree\\u0007\"}]}"));
	assert_string_equal(a.findings.items[0].quote,
			    "$\\beta \\frac12 \\theta\\nabla \\rho \\text{a}$");
	assert_string_equal(a.findings.items[0].why, "one\ttwo\nthree");
	answer_release(&a);
}

static void test_long_strings_are_cut_between_characters_and_say_by_how_much(void **state)
{
	struct answer a;
	struct buffer text = BUFFER_INIT;
	(void)state;
	buffer_addstr(&text, "{\"findings\":[{\"title\":\"t\",\"why\":\"x");
	for (int i = 0; i < ANSWER_MAX_STRING; i++)
		buffer_addstr(&text, "\xc3\xa9");
	buffer_addstr(&text, "\"}]}");
	assert_ok(parse(&a, text.data));
	assert_non_null(strstr(a.findings.items[0].why, "\xc3\xa9 [... 8002 more bytes]"));
	buffer_release(&text);
	answer_release(&a);
}

static void test_what_is_not_taken_is_counted(void **state)
{
	struct answer a;
	struct buffer text = BUFFER_INIT;
	(void)state;
	buffer_addstr(&text, "{\"summary\":\"S\",\"findings\":[{\"title\":\" \"}");
	for (int i = 0; i < ANSWER_MAX_FINDINGS + 3; i++)
		buffer_addf(&text, ",{\"title\":\"%d\"}", i);
	buffer_addstr(&text, "]}");
	assert_ok(parse(&a, text.data));
	assert_int_equal(a.findings.nr, ANSWER_MAX_FINDINGS);
	assert_string_equal(a.summary,
			    "S\n[findings without a word in this answer: 1]\n"
			    "[3 more findings in this answer were not taken: the limit is 500]");
	buffer_release(&text);
	answer_release(&a);
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
		struct answer a;
			assert_error(parse(&a, rows[i].text), ERROR_SYNTAX, rows[i].message);
		assert_int_equal(a.findings.nr, 0);
		assert_null(a.summary);
	}
}

static void test_the_form_is_taken_with_what_is_in_bounds(void **state)
{
	struct answer a;
	(void)state;
	assert_ok(parse(&a, "{\"summary\":\"\",\"strengths\":[\"Short.\",\" \",\"Short.\"],"
			    "\"weaknesses\":[],\"questions\":[\"Why\\nnow?\"],\"scores\":["
			    "{\"criterion\":\"overall\",\"score\":6,\"reason\":\"Fair.\"},"
			    "{\"criterion\":\"overall\",\"score\":9,\"reason\":\"again\"},"
			    "{\"criterion\":\"soundness\",\"score\":7,\"reason\":\"of 10?\"},"
			    "{\"criterion\":\"elegance\",\"score\":3,\"reason\":\"\"}],"
			    "\"findings\":[]}"));
	assert_null(a.summary);
	assert_int_equal(a.assessment.strengths.nr, 1);
	assert_string_equal(a.assessment.questions.items[0], "Why now?");
	assert_int_equal(a.assessment.nr_scores, 1);
	assert_true(assessment_score(&a.assessment, CRITERION_OVERALL)->value == 6);
	assert_string_equal(a.assessment.scores[0].reason, "Fair.");
	answer_release(&a);
}

static void test_a_finding_may_name_its_place(void **state)
{
	struct answer a;
	(void)state;
	assert_ok(parse(&a, "{\"findings\":[{\"title\":\"x\",\"location\":\" Table 2\\n\"},"
			    "{\"title\":\"y\",\"location\":\"\"}]}"));
	assert_string_equal(a.findings.items[0].location, "Table 2");
	assert_null(a.findings.items[1].location);
	answer_release(&a);
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
		cmocka_unit_test(test_the_form_is_taken_with_what_is_in_bounds),
		cmocka_unit_test(test_a_finding_may_name_its_place),
		cmocka_unit_test(test_answers_of_another_shape_are_refused_and_leave_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
