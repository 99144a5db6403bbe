/* What may be spent: the user says, the repository lowers. */
#include "git_fixture.h"

#include "review/limits.h"
#include "review/policy.h"

static struct error *find(struct budget_limits *out, const char *policy_text, double run,
			  const char *const *settings)
{
	struct repo *repo;
	struct policy policy;
	char *directory = fixture_directory(), *top = fixture_repository(directory, "repo", "sha1");
	for (; *settings; settings += 2)
		git(top, "config", settings[0], settings[1], NULL);
	assert_success(repo_open(&repo, top));
	assert_success(policy_parse(&policy, (struct slice){ policy_text, strlen(policy_text) },
				    ".scrutiny.yml"));
	struct error *err = limits_find(out, repo, &policy.budget, run);
	policy_release(&policy);
	repo_free(repo);
	free(top);
	fixture_remove(directory);
	return err;
}

#define FIND(out, policy, run, ...) find((out), (policy), (run), (const char *const[]){ __VA_ARGS__, NULL })
#define NOTHING NULL

static void assert_limits(const struct budget_limits *l, const char *expected)
{
	char text[200];
	snprintf(text, sizeof(text), "run %g paper %g day %g/%g month %g/%g%s", l->run, l->paper, l->day_warn,
		 l->day, l->month_warn, l->month, l->month_is_default ? " (default)" : "");
	assert_string_equal(text, expected);
}

static void test_defaults_are_none_and_fifteen_and_twenty_a_month(void **state)
{
	(void)state;
	struct budget_limits l;
	assert_success(FIND(&l, "", -1, NOTHING));
	assert_limits(&l, "run -1 paper -1 day -1/-1 month 15/20 (default)");
	assert_false(l.allow_unknown);
}

static void test_user_sets_everything(void **state)
{
	(void)state;
	struct budget_limits l;
	assert_success(FIND(&l, "", -1, "scrutiny.budget.run", "0.50", "scrutiny.budget.paper", "0.1",
			    "scrutiny.budget.day", "2", "scrutiny.budget.dayWarn", "1",
			    "scrutiny.budget.month", "none", "scrutiny.budget.monthWarn", "30",
			    "scrutiny.budget.allowUnknown", "true"));
	assert_limits(&l, "run 0.5 paper 0.1 day 1/2 month 30/-1");
	assert_true(l.allow_unknown);
}

static void test_option_replaces_the_users_limit_of_a_run(void **state)
{
	(void)state;
	struct budget_limits l;
	assert_success(FIND(&l, "", 3, "scrutiny.budget.run", "0.50"));
	assert_limits(&l, "run 3 paper -1 day -1/-1 month 15/20 (default)");
}

static void test_repository_lowers_and_never_raises(void **state)
{
	(void)state;
	struct budget_limits l;
	assert_success(FIND(&l, "budget: {run: 9, paper: 0.01, day: 1, month: 1000}\n", 3,
			    "scrutiny.budget.paper", "0.1"));
	assert_limits(&l, "run 3 paper 0.01 day -1/1 month 15/20 (default)");
	assert_success(FIND(&l, "budget:\n  month: 0\n", -1, NOTHING));
	assert_limits(&l, "run -1 paper -1 day -1/-1 month 15/0");
}

static void test_settings_that_are_no_amount_are_errors(void **state)
{
	(void)state;
	static const char *const values[] = { "", "lots", "-1", "$5", "1e9", "nan", "5 dollars" };
	struct budget_limits l;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		assert_error(FIND(&l, "", -1, "scrutiny.budget.monthWarn", values[i]), ERROR_USAGE);
	assert_error(FIND(&l, "", -1, "scrutiny.budget.allowUnknown", "perhaps"), ERROR_USAGE);
}

static void test_errors_in_the_policy_tell_the_place(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{ "budget: 5\n", ".scrutiny.yml:1:9: 'budget' must hold limits, such as 'run: 0.50'" },
		{ "budget:\n  run: none\n", ".scrutiny.yml:2:8: 'budget.run' must be an amount in US dollars, "
					   "such as 0.50" },
		{ "budget:\n  day: -1\n", ".scrutiny.yml:2:8: 'budget.day' must be an amount in US dollars, "
					 "such as 0.50" },
		{ "budget:\n  monht: 1\n", ".scrutiny.yml:2:3: unknown key 'monht' in 'budget'; did you mean "
					  "'month'?" },
		{ "budget:\n  monthwarn: 1\n", ".scrutiny.yml:2:3: unknown key 'monthwarn' in 'budget'" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct policy p;
		struct error *err = policy_parse(&p, (struct slice){ cases[i][0], strlen(cases[i][0]) },
						 ".scrutiny.yml");
		assert_non_null(err);
		assert_string_equal(err->message, cases[i][1]);
		error_free(err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults_are_none_and_fifteen_and_twenty_a_month),
		cmocka_unit_test(test_user_sets_everything),
		cmocka_unit_test(test_option_replaces_the_users_limit_of_a_run),
		cmocka_unit_test(test_repository_lowers_and_never_raises),
		cmocka_unit_test(test_settings_that_are_no_amount_are_errors),
		cmocka_unit_test(test_errors_in_the_policy_tell_the_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
