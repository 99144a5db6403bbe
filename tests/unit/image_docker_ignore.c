#include "git_fixture.h"

#include "image/dockerfile.h"

/* Whether PATH is left out by the .dockerignore TEXT. */
static bool ignores(const char *text, const char *path)
{
	struct docker_ignore *ignore;
	assert_success(docker_ignore_parse(&ignore, slice_of_string(text), ".dockerignore"));
	bool answer = docker_ignore_match(ignore, path);
	docker_ignore_free(ignore);
	return answer;
}

static bool may_return(const char *text, const char *path)
{
	struct docker_ignore *ignore;
	assert_success(docker_ignore_parse(&ignore, slice_of_string(text), ".dockerignore"));
	bool answer = docker_ignore_may_return(ignore, path);
	docker_ignore_free(ignore);
	return answer;
}

static void refused(const char *text, const char *message)
{
	struct docker_ignore *ignore;
	struct error *err = docker_ignore_parse(&ignore, slice_of_string(text), ".dockerignore");
	assert_non_null(err);
	assert_non_null(strstr(err->message, message));
	error_free(err);
}

static void test_no_file_and_an_empty_one_ignore_nothing(void **state)
{
	(void)state;
	assert_false(docker_ignore_match(NULL, "a"));
	assert_false(docker_ignore_may_return(NULL, "a"));
	assert_false(ignores("", "a"));
	assert_false(ignores("\n  \n# a\n", "a"));
}

static void test_a_pattern_is_anchored_at_the_top(void **state)
{
	(void)state;
	assert_true(ignores("build\n", "build"));
	assert_true(ignores("/build\r\n", "build"));
	assert_false(ignores("build\n", "a/build"));
	assert_false(ignores("*.pyc\n", "a/b.pyc"));
	assert_true(ignores("*/b*\n", "a/bcd"));
}

static void test_a_folder_takes_all_that_is_in_it(void **state)
{
	(void)state;
	assert_true(ignores("a/b\n", "a/b/c/d"));
	assert_false(ignores("a/b\n", "a/bc/d"));
	assert_true(ignores("*\n", "a/b/c"));
}

static void test_patterns_are_cleaned_as_paths(void **state)
{
	(void)state;
	assert_true(ignores("./a//b/\n", "a/b"));
	assert_true(ignores("a/../b\n", "b"));
	assert_true(ignores("/../b\n", "b"));
	assert_false(ignores("../b\n", "b"));
	assert_false(ignores(".\n", "a"));
	assert_false(ignores("/\n", "a"));
}

static void test_two_stars_stand_for_any_number_of_folders(void **state)
{
	(void)state;
	assert_true(ignores("**/x\n", "x"));
	assert_true(ignores("**/x\n", "a/b/x"));
	assert_false(ignores("**/x\n", "a/yx"));
	assert_true(ignores("**/*.pyc\n", "a/b/c.pyc"));
	assert_true(ignores("**/*.pyc\n", "c.pyc"));
	assert_true(ignores("a/**/b\n", "a/b"));
	assert_true(ignores("a/**/b\n", "a/x/y/b"));
	assert_false(ignores("a/**/b\n", "a/xb"));
	assert_true(ignores("**\n", "a/b"));
	assert_true(ignores("**/**\n", "a/b"));
}

/* Odd, but docker's: https://github.com/moby/patternmatcher */
static void test_two_stars_with_something_beside_them_are_dockers(void **state)
{
	(void)state;
	assert_true(ignores("**x\n", "a/yx"));
	assert_false(ignores("**x*\n", "a/yx"));
	assert_true(ignores("dir**\n", "dirty/file"));
	assert_true(ignores("a**b\n", "ab"));
	assert_true(ignores("a**b\n", "ax/b"));
	assert_false(ignores("a**b\n", "axb"));
}

static void test_the_last_match_wins(void **state)
{
	(void)state;
	assert_false(ignores("*.md\n!README.md\n", "README.md"));
	assert_true(ignores("*.md\n!README.md\n", "other.md"));
	assert_true(ignores("*.md\n!README*.md\nREADME-secret.md\n", "README-secret.md"));
	assert_true(ignores("*.md\nREADME-secret.md\n!README*.md\nREADME-secret.md\n", "README-secret.md"));
	assert_false(ignores("*.md\nREADME-secret.md\n!README*.md\n", "README-secret.md"));
}

static void test_an_exception_returns_files_of_an_ignored_folder(void **state)
{
	(void)state;
	assert_false(ignores("*\n! src\n", "src/main.py"));
	assert_true(ignores("*\n!src\n", "docs/main.py"));
	assert_false(ignores("a\n!a/b/c\n", "a/b/c"));
}

static void test_only_folders_that_an_exception_reaches_need_to_be_entered(void **state)
{
	(void)state;
	assert_true(may_return("*\n!src/lib\n", "src"));
	assert_true(may_return("*\n!src/lib\n", ""));
	assert_false(may_return("*\n!src/lib\n", "docs"));
	assert_true(may_return("*\n!**/keep\n", "docs"));
	assert_true(may_return("*\n!*/keep\n", "docs"));
	assert_false(may_return("*\n!*/keep\n", "docs/a"));
	assert_false(may_return("*\nsrc\n", "src"));
}

static void test_question_marks_and_classes_match_one_character(void **state)
{
	(void)state;
	assert_true(ignores("a?c\n", "abc"));
	assert_true(ignores("a?c\n", "a\xc3\xa4" "c"));
	assert_false(ignores("a?c\n", "a/c"));
	assert_true(ignores("[a-c]x\n", "bx"));
	assert_false(ignores("[^a-c]x\n", "bx"));
	assert_true(ignores("[\\]]x\n", "]x"));
	assert_true(ignores("\\*x\n", "*x"));
	assert_false(ignores("\\*x\n", "ax"));
	assert_true(ignores("\xef\xbb\xbf" "a\n", "a"));
}

static void test_a_malformed_pattern_is_named_with_its_line(void **state)
{
	(void)state;
	refused("a\n[\n", ".dockerignore:2: '[' is no pattern");
	refused("[]a]\n", ".dockerignore:1:");
	refused("a[b-]\n", ".dockerignore:1:");
	refused("a\\\n", ".dockerignore:1:");
	refused("a\n\n!\n", ".dockerignore:3: '!' has no pattern");
}

/* Backtracking would take longer than the universe has. */
static void test_stars_do_not_multiply(void **state)
{
	struct buffer text = BUFFER_INIT, path = BUFFER_INIT;
	(void)state;
	for (int i = 0; i < 150; i++)
		buffer_addstr(&text, "**/a*");
	buffer_addstr(&text, "b\n");
	for (int i = 0; i < 2000; i++)
		buffer_addstr(&path, "a/");
	buffer_addstr(&path, "a");
	assert_false(ignores(text.data, path.data));
	buffer_release(&text);
	buffer_release(&path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_file_and_an_empty_one_ignore_nothing),
		cmocka_unit_test(test_a_pattern_is_anchored_at_the_top),
		cmocka_unit_test(test_a_folder_takes_all_that_is_in_it),
		cmocka_unit_test(test_patterns_are_cleaned_as_paths),
		cmocka_unit_test(test_two_stars_stand_for_any_number_of_folders),
		cmocka_unit_test(test_two_stars_with_something_beside_them_are_dockers),
		cmocka_unit_test(test_the_last_match_wins),
		cmocka_unit_test(test_an_exception_returns_files_of_an_ignored_folder),
		cmocka_unit_test(test_only_folders_that_an_exception_reaches_need_to_be_entered),
		cmocka_unit_test(test_question_marks_and_classes_match_one_character),
		cmocka_unit_test(test_a_malformed_pattern_is_named_with_its_line),
		cmocka_unit_test(test_stars_do_not_multiply),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
