/* XML as AWS answers it, read into a tree; and what is not read. */
#include "base_testing.h"

#include "base/json.h"
#include "base/memory.h"
#include "cloud/xml.h"

/* TEXT read and written as JSON is EXPECTED; the outermost element is ROOT. */
static void assert_tree(const char *text, const char *root, const char *expected)
{
	cJSON *tree;
	char *name;
	assert_ok(cloud_xml_parse(&tree, &name, slice_of_string(text), "answer"));
	char *json = cJSON_PrintUnformatted(tree);
	assert_string_equal(json, expected);
	assert_string_equal(name, root);
	free(json);
	free(name);
	cJSON_Delete(tree);
}

static void assert_refused(struct slice text, enum error_code code, const char *message)
{
	cJSON *tree;
	char *name;
	struct error *err = cloud_xml_parse(&tree, &name, text, "answer");
	assert_non_null(err);
	assert_string_equal(err->message, message);
	assert_int_equal(err->code, code);
	assert_null(tree);
	assert_null(name);
	error_free(err);
}

static void test_ec2(void **state)
{
	(void)state;
	assert_tree("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		    "<DescribeInstancesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\n"
		    "  <reservationSet>\n    <item><instancesSet><item><instanceId>i-1</instanceId>"
		    "<instanceState><code>80</code><name>stopped</name></instanceState>"
		    "<tagSet/></item></instancesSet></item>\n  </reservationSet>\n"
		    "</DescribeInstancesResponse>",
		    "DescribeInstancesResponse",
		    "{\"reservationSet\":[{\"instancesSet\":[{\"instanceId\":\"i-1\",\"instanceState\":"
		    "{\"code\":\"80\",\"name\":\"stopped\"},\"tagSet\":\"\"}]}]}");
}

static void test_members_of_a_list(void **state)
{
	(void)state;
	assert_tree("<R><Users><member><Name>a</Name></member><member>b</member></Users></R>", "R",
		    "{\"Users\":[{\"Name\":\"a\"},\"b\"]}");
}

static void test_text_is_taken_as_it_is(void **state)
{
	(void)state;
	assert_tree("<R><A> two words </A><B><![CDATA[<b>]]></B><C>&lt;&amp;&gt;&quot;&apos;&#228;</C></R>",
		    "R", "{\"A\":\" two words \",\"B\":\"<b>\",\"C\":\"<&>\\\"'\xc3\xa4\"}");
}

static void test_of_two_with_one_name_the_first_counts(void **state)
{
	(void)state;
	assert_tree("<R><A>1</A><A>2</A><a>3</a></R>", "R", "{\"A\":\"1\",\"a\":\"3\"}");
}

static void test_a_document_type_is_refused(void **state)
{
	(void)state;
	assert_refused(slice_of_string("<!DOCTYPE R [<!ENTITY x \"xxxxxxxx\">]>\n<R>&x;</R>"), ERROR_SYNTAX,
		       "answer:1:13: a document type has no place in an answer");
	assert_refused(slice_of_string("<!DOCTYPE R SYSTEM \"file:///etc/passwd\"><R/>"), ERROR_SYNTAX,
		       "answer:1:40: a document type has no place in an answer");
}

static void test_no_other_entities(void **state)
{
	(void)state;
	assert_refused(slice_of_string("<R>\n&nbsp;</R>"), ERROR_SYNTAX, "answer:2:1: undefined entity");
}

static void test_what_is_no_xml(void **state)
{
	(void)state;
	assert_refused(slice_of_string(""), ERROR_SYNTAX, "answer:1:1: no element found");
	assert_refused(slice_of_string("<R><A></R>"), ERROR_SYNTAX, "answer:1:9: mismatched tag");
	assert_refused(slice_of_string("<R><A>"), ERROR_SYNTAX, "answer:1:7: no element found");
	assert_refused(slice_of_string("<R/><R/>"), ERROR_SYNTAX, "answer:1:5: junk after document element");
	assert_refused((struct slice){ "<R>\0</R>", 8 }, ERROR_SYNTAX,
		       "answer:1:4: not well-formed (invalid token)");
	assert_refused(slice_of_string("<R>\xff</R>"), ERROR_SYNTAX,
		       "answer:1:4: not well-formed (invalid token)");
}

static void test_a_list_holds_nothing_else(void **state)
{
	(void)state;
	assert_refused(slice_of_string("<R><L><item>1</item><x/></L></R>"), ERROR_SYNTAX,
		       "answer:1:21: a list holds something else");
	assert_refused(slice_of_string("<R><L><x/><item>1</item></L></R>"), ERROR_SYNTAX,
		       "answer:1:11: a list holds something else");
}

static void test_ceilings(void **state)
{
	(void)state;
	struct buffer text = BUFFER_INIT;
	for (size_t i = 0; i < CLOUD_XML_MAX_DEPTH + 1; i++)
		buffer_addstr(&text, "<a>");
	assert_refused(slice_of(&text), ERROR_LIMIT, "answer:1:97: elements are nested too deeply");
	buffer_reset(&text);
	buffer_addstr(&text, "<R>");
	for (size_t i = 0; i <= CLOUD_XML_MAX_KEYS; i++)
		buffer_addf(&text, "<a%zu/>\n", i);
	assert_refused(slice_of(&text), ERROR_LIMIT,
		       "answer:501:8: an element has too many different children");
	buffer_reset(&text);
	buffer_addstr(&text, "<R><L>\n");
	for (size_t i = 0; i < CLOUD_XML_MAX_VALUES; i++)
		buffer_addstr(&text, "<item/>");
	assert_refused(slice_of(&text), ERROR_LIMIT, "answer:2:3499987: there are too many elements");
	buffer_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ec2),
		cmocka_unit_test(test_members_of_a_list),
		cmocka_unit_test(test_text_is_taken_as_it_is),
		cmocka_unit_test(test_of_two_with_one_name_the_first_counts),
		cmocka_unit_test(test_a_document_type_is_refused),
		cmocka_unit_test(test_no_other_entities),
		cmocka_unit_test(test_what_is_no_xml),
		cmocka_unit_test(test_a_list_holds_nothing_else),
		cmocka_unit_test(test_ceilings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
