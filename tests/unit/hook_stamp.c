#include "base_testing.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "hook/stamp.h"

/* Each test runs in a folder that stands for a git directory. */
static char *directory;

static int enter(void **state)
{
	(void)state;
	directory = make_directory();
	assert_int_equal(chdir(directory), 0);
	assert_int_equal(mkdir("logs", 0777), 0);
	return 0;
}

static int leave(void **state)
{
	(void)state;
	assert_int_equal(chdir("/"), 0);
	remove_directory(directory);
	return 0;
}

/* What git does to the log of HEAD. */
static void happens(const char *what)
{
	FILE *log = fopen("logs/HEAD", "a");
	assert_non_null(log);
	fprintf(log, "%040d %040d A <a@example.org> 1700000000 +0000\t%s\n", 0, 1, what);
	assert_int_equal(fclose(log), 0);
}

static void test_a_commit_that_was_checked_is_not_bypassed(void **state)
{
	(void)state;
	hook_stamp(".", true);
	happens("commit (initial): one");
	assert_false(hook_was_bypassed("."));
	hook_stamp(".", true);
	happens("commit: two");
	assert_false(hook_was_bypassed("."));
}

static void test_the_next_one_is_if_nothing_checked_it(void **state)
{
	(void)state;
	hook_stamp(".", true);
	happens("commit: one");
	happens("commit: two");
	assert_true(hook_was_bypassed("."));
	happens("commit (amend): two");
	assert_true(hook_was_bypassed("."));
}

static void test_what_is_no_commit_of_git_commit_has_no_pre_commit(void **state)
{
	(void)state;
	hook_stamp(".", true);
	happens("commit: one");
	happens("cherry-pick: two");
	assert_false(hook_was_bypassed("."));
	happens("commits: no such word");
	assert_false(hook_was_bypassed("."));
	happens("checkout: moving from a to b");
	assert_false(hook_was_bypassed("."));
}

static void test_nothing_is_known_where_pre_commit_never_ran(void **state)
{
	(void)state;
	happens("commit: one");
	assert_false(hook_was_bypassed("."));
	hook_stamp(".", false);
	happens("commit: two");
	happens("commit: three");
	assert_false(hook_was_bypassed("."));
	assert_int_not_equal(access("scrutiny", F_OK), 0);
}

static void test_nothing_is_known_after_it_was_taken_out(void **state)
{
	(void)state;
	hook_stamp(".", true);
	hook_unstamp(".");
	happens("commit: one");
	happens("commit: two");
	assert_false(hook_was_bypassed("."));
}

static void test_a_log_that_is_no_log_tells_nothing(void **state)
{
	(void)state;
	static const char *const logs[] = { "", "\n", "x", "no tab\n", "\tcommit", "\tcommit\n" };
	hook_stamp(".", true);
	assert_false(hook_was_bypassed("."));
	for (size_t i = 0; i < sizeof(logs) / sizeof(*logs); i++) {
		assert_ok(file_write("logs/HEAD", logs[i], strlen(logs[i])));
		assert_false(hook_was_bypassed("."));
	}
}

static void test_a_long_log_is_read_from_its_end(void **state)
{
	(void)state;
	for (int i = 0; i < 200; i++)
		happens("commit: many");
	hook_stamp(".", true);
	happens("commit: checked");
	assert_false(hook_was_bypassed("."));
	happens("commit: not");
	assert_true(hook_was_bypassed("."));
}

#define in_directory(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_directory(test_a_commit_that_was_checked_is_not_bypassed),
		in_directory(test_the_next_one_is_if_nothing_checked_it),
		in_directory(test_what_is_no_commit_of_git_commit_has_no_pre_commit),
		in_directory(test_nothing_is_known_where_pre_commit_never_ran),
		in_directory(test_nothing_is_known_after_it_was_taken_out),
		in_directory(test_a_log_that_is_no_log_tells_nothing),
		in_directory(test_a_long_log_is_read_from_its_end),
	};
	return cmocka_run_group_tests_name("hook/stamp", tests, NULL, NULL);
}
