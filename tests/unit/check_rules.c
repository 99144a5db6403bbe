#include "base_testing.h"

#include "check/check.h"

static void test_rules_are_sorted_by_family_and_id(void **state)
{
	(void)state;
	for (const struct rule *r = check_rules; r[0].id && r[1].id; r++) {
		int families = strcmp(r[0].family, r[1].family);
		if (families > 0 || (!families && strcmp(r[0].id, r[1].id) >= 0))
			fail_msg("%s stands before %s", r[0].id, r[1].id);
	}
}

static void test_every_rule_explains_itself(void **state)
{
	(void)state;
	for (const struct rule *r = check_rules; r->id; r++) {
		assert_int_equal(strspn(r->id, "abcdefghijklmnopqrstuvwxyz-"), strlen(r->id));
		assert_true(strlen(r->summary) > 10 && strlen(r->summary) < 80);
		assert_true(strlen(r->details) > 120);
		assert_non_null(strstr(r->details, "To mend it"));
		assert_non_null(r->bad);
		assert_non_null(r->good);
		assert_true(!strcmp(r->language, "tex") || !strcmp(r->language, "markdown"));
	}
}

static void test_a_rule_is_found_by_its_id(void **state)
{
	(void)state;
	assert_string_equal(check_rule_find("label-duplicate")->family, "references");
	assert_null(check_rule_find("label"));
	assert_null(check_rule_find(""));
}

static void test_every_rule_is_of_one_family_that_runs(void **state)
{
	(void)state;
	for (const struct rule *r = check_rules; r->id; r++) {
		unsigned family = check_family(r->id);
		assert_true(family && !(family & (family - 1)));
		if (r != check_rules)
			assert_true((family == check_family(r[-1].id)) == !strcmp(r->family, r[-1].family));
	}
	assert_int_equal(check_family("no-such-rule"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules_are_sorted_by_family_and_id),
		cmocka_unit_test(test_every_rule_explains_itself),
		cmocka_unit_test(test_a_rule_is_found_by_its_id),
		cmocka_unit_test(test_every_rule_is_of_one_family_that_runs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
