/* .scrutiny.yml: what it may say, what it may never say, and how it is told so. */
#include "base_testing.h"

#include "base/memory.h"
#include "review/policy.h"
#include "review/tasks.h"

static struct error *parse(struct policy *p, const char *text)
{
	return policy_parse(p, text_slice(text), ".scrutiny.yml");
}

static void assert_refused(const char *text, const char *message)
{
	struct policy p;
	struct error *err = parse(&p, text);
	assert_non_null(err);
	assert_string_equal(err->message, message);
	error_free(err);
}

static void test_all_keys_are_read(void **state)
{
	struct policy p;
	(void)state;
	assert_null(parse(&p, "papers: [theory/*, notes]\nreviewers:\n  - ollama/llama3.1\n"
			      "local_only: drafts\nfail_on: warning\n"));
	assert_int_equal(p.nr_papers, 2);
	assert_string_equal(p.papers[0], "theory/*");
	assert_int_equal(p.nr_reviewers, 1);
	assert_string_equal(p.reviewers[0], "ollama/llama3.1");
	assert_int_equal(p.nr_local_only, 1);
	assert_int_equal(p.fail_on, SEVERITY_WARNING);
	policy_release(&p);
}

static void test_tasks_and_rubrics_are_read(void **state)
{
	struct policy p;
	(void)state;
	assert_ok(parse(&p, "tasks: [summary, clarity]\nrubric:\n  theory/: theory\n  \"*\": ml\n"));
	assert_int_equal(p.review.tasks, TASK_BIT(TASK_SUMMARY) | TASK_BIT(TASK_CLARITY));
	assert_int_equal(policy_rubric_of(&p, "theory/knots"), RUBRIC_THEORY);
	assert_int_equal(policy_rubric_of(&p, "nets"), RUBRIC_ML);
	policy_release(&p);
	assert_ok(parse(&p, "rubric: survey\n"));
	assert_int_equal(policy_rubric_of(&p, "anything/at/all"), RUBRIC_SURVEY);
	policy_release(&p);
	assert_ok(parse(&p, ""));
	assert_int_equal(policy_rubric_of(&p, "p"), RUBRIC_AUTO);
	policy_release(&p);
	assert_refused("tasks: rhyme\n", ".scrutiny.yml:1:8: there is no task 'rhyme'");
	assert_refused("rubric: [ml]\n",
		       ".scrutiny.yml:1:9: 'rubric' must be a word or '<papers>: <rubric>' lines");
	assert_refused("rubric:\n  ../x: ml\n",
		       ".scrutiny.yml:2:3: '../x' in 'rubric' leads out of the repository");
}

static void test_the_first_route_that_covers_a_paper_counts(void **state)
{
	struct policy p;
	(void)state;
	assert_ok(parse(&p, "routes:\n"
			    "  - papers: [theory/knots, theory/tilings/]\n    reviewers: a/x\n"
			    "    escalate: [b/y, c/z]\n    when: always\n"
			    "  - papers: theory\n    when: never\n"));
	const struct policy_route *knots = policy_route_of(&p.review, "theory/knots");
	assert_int_equal(knots->nr_escalate, 2);
	assert_string_equal(knots->reviewers[0], "a/x");
	assert_int_equal(knots->when, ROUTE_ALWAYS);
	assert_int_equal(policy_route_of(&p.review, "theory/sets")->when, ROUTE_NEVER);
	assert_null(policy_route_of(&p.review, "drafts/a"));
	policy_release(&p);
	assert_ok(parse(&p, "routes: [{reviewers: a/x}]\n"));
	assert_int_equal(policy_route_of(&p.review, "any")->when, ROUTE_DISAGREE);
	policy_release(&p);
	assert_refused("routes: [{when: sometimes}]\n",
		       ".scrutiny.yml:1:17: 'when' is disagree, always or never, not 'sometimes'");
	assert_refused("routes: [{endpoint: x}]\n",
		       ".scrutiny.yml:1:11: 'endpoint' cannot be set by a repository (anyone who can "
		       "open a pull request could read your key)");
}

static void test_a_fall_back_chain_is_found_by_its_reviewer(void **state)
{
	struct policy p;
	(void)state;
	assert_ok(parse(&p, "fallback:\n  a/x: [b/y, c/z]\n  b/y: c/z\n"));
	assert_int_equal(policy_chain_of(&p.review, "a/x")->nr_then, 2);
	assert_string_equal(policy_chain_of(&p.review, "b/y")->then[0], "c/z");
	assert_null(policy_chain_of(&p.review, "c/z"));
	policy_release(&p);
	assert_refused("fallback:\n  a/x: {b: c}\n", ".scrutiny.yml:2:8: 'fallback' must be a list");
}

/* Discovery walks the globs up to their NULL. */
static void test_one_word_is_a_list_that_ends(void **state)
{
	struct policy p;
	(void)state;
	assert_null(parse(&p, "papers: theory\n"));
	assert_int_equal(p.nr_papers, 1);
	assert_string_equal(p.papers[0], "theory");
	assert_null(p.papers[1]);
	policy_release(&p);
}

static void test_an_empty_file_gives_the_defaults(void **state)
{
	struct policy p;
	(void)state;
	assert_null(parse(&p, "# nothing yet\n"));
	assert_int_equal(p.nr_papers, 0);
	assert_false(p.reviewers_set);
	assert_int_equal(p.fail_on, FAIL_ON_UNSET);
	policy_release(&p);
}

static void test_an_unknown_key_names_the_nearest(void **state)
{
	(void)state;
	assert_refused("papers: [a]\n\nreviewrs: [b]\n",
		       ".scrutiny.yml:3:1: unknown key 'reviewrs'; did you mean 'reviewers'?");
}

static void test_an_endpoint_is_refused_wherever_it_stands(void **state)
{
	(void)state;
	assert_refused("endpoint: https://evil.example/\n",
		       ".scrutiny.yml:1:1: 'endpoint' cannot be set by a repository (anyone who can "
		       "open a pull request could read your key)");
	assert_refused("openai:\n  endpoint: https://evil.example/\n",
		       ".scrutiny.yml:2:3: 'endpoint' cannot be set by a repository (anyone who can "
		       "open a pull request could read your key)");
	assert_refused("reviewers:\n  - command: rm -rf /\n",
		       ".scrutiny.yml:2:5: 'command' cannot be set by a repository (anyone who can "
		       "open a pull request could run it on your machine)");
}

static void test_a_path_out_of_the_repository_is_refused(void **state)
{
	(void)state;
	assert_refused("papers: [theory, ../other]\n",
		       ".scrutiny.yml:1:18: '../other' in 'papers' leads out of the repository");
	assert_refused("local_only: /etc\n",
		       ".scrutiny.yml:1:13: '/etc' in 'local_only' leads out of the repository");
}

static void test_a_wrong_type_is_told_with_its_place(void **state)
{
	(void)state;
	assert_refused("papers: {a: b}\n", ".scrutiny.yml:1:9: 'papers' must be a list");
	assert_refused("fail_on: sometimes\n",
		       ".scrutiny.yml:1:10: 'fail_on' is error, warning, note or never, not "
		       "'sometimes'");
	assert_refused("- a\n- b\n", ".scrutiny.yml:1:1: expected 'key: value' lines");
}

static void test_local_only_covers_a_folder_and_what_is_below(void **state)
{
	struct policy p;
	(void)state;
	assert_null(parse(&p, "local_only: [drafts/, 'theory/*/private']\n"));
	assert_true(policy_is_local_only(&p, "drafts"));
	assert_true(policy_is_local_only(&p, "drafts/a/b"));
	assert_true(policy_is_local_only(&p, "theory/x/private"));
	assert_false(policy_is_local_only(&p, "drafts2"));
	assert_false(policy_is_local_only(&p, "theory/x"));
	policy_release(&p);
	assert_null(parse(&p, "local_only: ./drafts\n"));
	assert_true(policy_is_local_only(&p, "drafts/a"));
	policy_release(&p);
	assert_null(parse(&p, "local_only: .\n"));
	assert_true(policy_is_local_only(&p, "theory/x"));
	assert_true(policy_is_local_only(&p, ""));
	policy_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_keys_are_read),
		cmocka_unit_test(test_tasks_and_rubrics_are_read),
		cmocka_unit_test(test_the_first_route_that_covers_a_paper_counts),
		cmocka_unit_test(test_a_fall_back_chain_is_found_by_its_reviewer),
		cmocka_unit_test(test_one_word_is_a_list_that_ends),
		cmocka_unit_test(test_an_empty_file_gives_the_defaults),
		cmocka_unit_test(test_an_unknown_key_names_the_nearest),
		cmocka_unit_test(test_an_endpoint_is_refused_wherever_it_stands),
		cmocka_unit_test(test_a_path_out_of_the_repository_is_refused),
		cmocka_unit_test(test_a_wrong_type_is_told_with_its_place),
		cmocka_unit_test(test_local_only_covers_a_folder_and_what_is_below),
	};
	return cmocka_run_group_tests_name("review/policy", tests, NULL, NULL);
}
