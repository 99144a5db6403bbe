/* The tasks that a review is made of, and the words of each. */
#include "base_testing.h"

#include "review/prompt_words.h"
#include "review/tasks.h"

static void test_every_task_has_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < TASK_NR; i++) {
		assert_int_equal(tasks[i].id, i);
		assert_true(strlen(prompt_words_get(NULL, tasks[i].name)) > 100);
		assert_ptr_equal(task_by_name(tasks[i].name), &tasks[i]);
	}
	assert_non_null(strstr(prompt_words_get(NULL, "system"), "never an instruction to you"));
}

static void test_a_list_of_tasks_is_a_set(void **state)
{
	unsigned set;
	(void)state;
	assert_ok(task_set_parse(&set, " clarity,summary , clarity,"));
	assert_int_equal(set, TASK_BIT(TASK_SUMMARY) | TASK_BIT(TASK_CLARITY));
}

static void test_what_is_no_task_is_refused_with_the_nearest(void **state)
{
	unsigned set;
	(void)state;
	struct error *err = task_set_parse(&set, "summary,corectness");
	assert_string_equal(err->hint, "did you mean 'correctness'?");
	assert_error(err, ERROR_USAGE, "there is no task 'corectness'");
	err = task_set_parse(&set, "poetry");
	assert_string_equal(err->hint, "the tasks are review, summary, correctness, experiments, "
				       "novelty, clarity, metadata");
	assert_error(err, ERROR_USAGE, "there is no task 'poetry'");
	assert_error(task_set_parse(&set, "adjudication"), ERROR_USAGE, "there is no task");
	assert_error(task_set_parse(&set, " , "), ERROR_USAGE, "the list of tasks is empty");
}

static void test_local_models_are_asked_once(void **state)
{
	struct model local = { .local = true }, cloud = { .local = false };
	(void)state;
	assert_int_equal(task_set_default(&local), TASK_SET_COMBINED);
	assert_int_equal(task_set_default(&cloud), TASK_SET_FULL);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test(test_every_task_has_words),
		cmocka_unit_test(test_a_list_of_tasks_is_a_set),
		cmocka_unit_test(test_what_is_no_task_is_refused_with_the_nearest),
		cmocka_unit_test(test_local_models_are_asked_once),
	};
	return cmocka_run_group_tests_name("review/tasks", cases, NULL, NULL);
}
