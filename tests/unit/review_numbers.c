/* Numbers that a model cites, and those of the paper. */
#include "base_testing.h"

#include "base/memory.h"
#include "review/numbers.h"

static const char paper[] =
	"We ran 1,024 trials on 12{,}500 samples; accuracy rose from 83.17\\% to 0.9142 ($p < 0.003$), with a step of "
	"$1.25 \\times 10^{-3}$, at .75 of the cost, in 2\\,480 s. Table 3.25 lists 27.5 and 4.0e-5.";

static char *unsupported(const char *why)
{
	struct document doc = { .text = BUFFER_INIT };
	struct document *documents[] = { &doc };
	struct finding f = { .title = (char *)"A claim", .why = (char *)why };
	buffer_addstr(&doc.text, paper);
	struct number_index *index = number_index_new(documents, 1);
	char *found = number_unsupported(index, &f);
	number_index_free(index);
	buffer_release(&doc.text);
	return found;
}

static void assert_supported(const char *why)
{
	char *found = unsupported(why);
	if (found)
		fail_msg("%s is not found, in: %s", found, why);
}

static void assert_unsupported(const char *why, const char *number)
{
	char *found = unsupported(why);
	if (!found)
		fail_msg("all is found, in: %s", why);
	assert_string_equal(found, number);
	free(found);
}

static void test_the_same_value_in_another_form_is_there(void **state)
{
	(void)state;
	assert_supported("1024 trials, 1,024 trials, 12500 samples, 12,500 samples, 2480 s");
	assert_supported("83.17 %, 0.8317, 91.42%, 0.00125, 1.25e-3, $1.25\\cdot 10^{-3}$, 0.750, 0.00004");
}

static void test_a_number_may_be_cited_rounded(void **state)
{
	(void)state;
	assert_supported("83.2 %, about 83.1 %, 0.914 and 0.91");
	assert_unsupported("83.3 %", "83.3");
}

static void test_a_number_that_is_nowhere_is_told(void **state)
{
	(void)state;
	assert_unsupported("The accuracy of 0.8312 is not significant", "0.8312");
	assert_unsupported("With 1,337 trials", "1,337");
	assert_unsupported("The gap of 8.25\\% is small", "8.25");
}

static void test_what_nobody_takes_from_a_paper_is_not_looked_up(void **state)
{
	(void)state;
	assert_supported("Section 3.42, Eq. (4.15), Tables 2.11 and 2.12, line 1234, [117], published in 2017, in 1998");
	assert_supported("at least 30 seeds, a 95\\% interval, 1.96 standard errors, 0.05, 0.2, 1000, 10^{12}");
	assert_supported("ResNet-152, CIFAR-100, GPT-4.25, v2.15, 127B, x_{128}, 3:45, 10.1145/12345");
	assert_supported("that is $\\pi/3 \\approx 1.047$ or \xe2\x89\x88 2.83");
}

static void test_of_a_paper_that_is_all_numbers_nothing_is_said(void **state)
{
	(void)state;
	struct document doc = { .text = BUFFER_INIT };
	struct document *documents[] = { &doc };
	struct finding f = { .title = (char *)"It says 0.8312" };
	for (unsigned i = 0; i < 200000; i++)
		buffer_addf(&doc.text, "%u ", 100000000 + i * 3331);
	struct number_index *index = number_index_new(documents, 1);
	assert_null(number_unsupported(index, &f));
	number_index_free(index);
	buffer_release(&doc.text);
}

static void test_any_bytes_can_be_read(void **state)
{
	static const char *const texts[] = {
		"", ".", "1", "1,", "1.", "..5", "1e", "1e99999", "0.0000000000000000000000000000001234", "1,234,", "1{,}",
		"99999999999999999999999999999999999999999999.5", "1.2 \\times 10^{", "\xc3", "1\xc3", "12.5\\",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		free(unsupported(texts[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_same_value_in_another_form_is_there),
		cmocka_unit_test(test_a_number_may_be_cited_rounded),
		cmocka_unit_test(test_a_number_that_is_nowhere_is_told),
		cmocka_unit_test(test_what_nobody_takes_from_a_paper_is_not_looked_up),
		cmocka_unit_test(test_of_a_paper_that_is_all_numbers_nothing_is_said),
		cmocka_unit_test(test_any_bytes_can_be_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
