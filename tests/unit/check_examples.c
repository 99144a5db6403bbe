/* The examples of every rule: the bad one raises it, and nothing else; the good one raises nothing.
 * Two pictures lie beside them. */
#include "check_testing.h"

static void check_example(struct finding_list *found, const struct rule *rule, const char *text)
{
	struct test_file files[] = {
		{ !strcmp(rule->language, "tex") ? "example.tex" : "example.md", text },
		{ "loss.pdf", "" },
		{ "error.pdf", "" },
		{ NULL, NULL },
	};
	check_test_files(found, files);
}

static void test_bad_examples_raise_their_rule_and_no_other(void **state)
{
	(void)state;
	for (const struct rule *r = check_rules; r->id; r++) {
		struct finding_list found = { 0 };
		check_example(&found, r, r->bad);
		if (!found.nr || count_rule(&found, r->id) != found.nr) {
			print_found(&found);
			fail_msg("the bad example of %s", r->id);
		}
		assert_false(found.items[0].uncertain);
		assert_int_equal(found.items[0].severity, r->severity);
		assert_non_null(found.items[0].why);
		assert_non_null(found.items[0].subject);
		finding_list_release(&found);
	}
}

static void test_good_examples_raise_nothing(void **state)
{
	(void)state;
	for (const struct rule *r = check_rules; r->id; r++) {
		struct finding_list found = { 0 };
		check_example(&found, r, r->good);
		if (found.nr) {
			print_found(&found);
			fail_msg("the good example of %s", r->id);
		}
		finding_list_release(&found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_examples_raise_their_rule_and_no_other),
		cmocka_unit_test(test_good_examples_raise_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
