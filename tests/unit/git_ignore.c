#include "git_fixture.h"

#include "git/ignore.h"

static struct ignore_rules *rules(const struct ignore_rules *parent, const char *folder,
				  const char *text)
{
	return ignore_rules_new(parent, folder, (struct slice){ text, strlen(text) });
}

/* What TEXT as the top's `.ignore` says of PATH; a '/' at the end marks a folder. */
static int says(const char *text, const char *path)
{
	struct ignore_rules *top = rules(NULL, "", text);
	size_t len = strlen(path);
	bool directory = path[len - 1] == '/';
	char *name = xmemdupz(path, len - directory);
	int answer = ignore_match(top, name, directory);
	free(name);
	ignore_rules_free(top);
	return answer;
}

static void test_comments_and_empty_lines_say_nothing(void **state)
{
	(void)state;
	assert_int_equal(says("# a comment\n\n\n", "# a comment"), -1);
	assert_int_equal(says("\\#1\n", "#1"), 1);
	assert_int_equal(says("\\!x\n", "!x"), 1);
}

static void test_last_match_wins(void **state)
{
	(void)state;
	assert_int_equal(says("*.pdf\n!paper.pdf\n", "x/paper.pdf"), 0);
	assert_int_equal(says("!paper.pdf\n*.pdf\n", "x/paper.pdf"), 1);
	assert_int_equal(says("!paper.pdf\n", "other.pdf"), -1);
}

static void test_slash_anchors_to_the_folder(void **state)
{
	(void)state;
	assert_int_equal(says("build\n", "a/build"), 1);
	assert_int_equal(says("/build\n", "a/build"), -1);
	assert_int_equal(says("/build\n", "build"), 1);
	assert_int_equal(says("a/build\n", "b/a/build"), -1);
}

static void test_slash_at_the_end_means_folders_only(void **state)
{
	(void)state;
	assert_int_equal(says("out/\n", "out"), -1);
	assert_int_equal(says("out/\n", "out/"), 1);
}

static void test_spaces_at_the_end_need_a_backslash(void **state)
{
	(void)state;
	assert_int_equal(says("a  \n", "a"), 1);
	assert_int_equal(says("a\\ \n", "a "), 1);
	assert_int_equal(says("a\\  \n", "a "), 1);
	assert_int_equal(says("a\r\n", "a"), 1);
	assert_int_equal(says("a\t\n", "a"), -1);
}

static void test_two_stars_match_across_folders(void **state)
{
	(void)state;
	assert_int_equal(says("**/x\n", "x"), 1);
	assert_int_equal(says("**/x\n", "a/b/x"), 1);
	assert_int_equal(says("a/**\n", "a/b/c"), 1);
	assert_int_equal(says("a/**\n", "a/"), -1);
	assert_int_equal(says("a/**/b\n", "a/b"), 1);
	assert_int_equal(says("a/**/b\n", "a/x/y/b"), 1);
	assert_int_equal(says("a/*/b\n", "a/x/y/b"), -1);
	assert_int_equal(says("a/?**/b\n", "a/xy/c/b"), -1);
}

/* git takes the part before the first wildcard off first, and then sees "**" + "/b". */
static void test_two_stars_behind_a_plain_beginning_match_across_folders_as_in_git(void **state)
{
	(void)state;
	assert_int_equal(says("a/x**/b\n", "a/xy/c/b"), 1);
	assert_int_equal(says("a/x**\n", "a/xy/b"), 1);
}

static void test_classes_in_brackets(void **state)
{
	(void)state;
	assert_int_equal(says("draft[0-9].tex\n", "draft7.tex"), 1);
	assert_int_equal(says("draft[!0-9].tex\n", "draft7.tex"), -1);
	assert_int_equal(says("[[:upper:]]*\n", "Notes"), 1);
	assert_int_equal(says("[[:upper:]]*\n", "notes"), -1);
	assert_int_equal(says("[]a]\n", "]"), 1);
	assert_int_equal(says("[a\n", "[a"), -1);
}

static void test_case_matters(void **state)
{
	(void)state;
	assert_int_equal(says("README\n", "readme"), -1);
}

static void test_an_inner_file_overrides_an_outer_one(void **state)
{
	(void)state;
	struct ignore_rules *top = rules(NULL, "", "*.log\n/keep\n");
	struct ignore_rules *inner = rules(top, "a/b", "!x.log\n/y\n");
	assert_int_equal(ignore_match(inner, "a/b/x.log", false), 0);
	assert_int_equal(ignore_match(inner, "a/b/z.log", false), 1);
	assert_int_equal(ignore_match(inner, "a/b/y", false), 1);
	assert_int_equal(ignore_match(inner, "a/b/c/y", false), -1);
	assert_int_equal(ignore_match(inner, "a/b/keep", false), -1);
	ignore_rules_free(inner);
	ignore_rules_free(top);
}

static void test_id_changes_with_the_rules_in_force_only(void **state)
{
	(void)state;
	struct ignore_rules *none = rules(NULL, "", "# nothing\n");
	struct ignore_rules *top = rules(NULL, "", "*.log\n");
	struct ignore_rules *same = rules(NULL, "", "# why\n*.log  \n");
	struct ignore_rules *below = rules(top, "a", "\n");
	struct ignore_rules *more = rules(top, "a", "b\n");
	struct ignore_rules *elsewhere = rules(top, "b", "b\n");
	assert_string_equal(ignore_rules_id(NULL), "");
	assert_string_equal(ignore_rules_id(none), "");
	assert_string_equal(ignore_rules_id(top), ignore_rules_id(same));
	assert_string_equal(ignore_rules_id(top), ignore_rules_id(below));
	assert_string_not_equal(ignore_rules_id(top), ignore_rules_id(more));
	assert_string_not_equal(ignore_rules_id(more), ignore_rules_id(elsewhere));
	ignore_rules_free(elsewhere);
	ignore_rules_free(more);
	ignore_rules_free(below);
	ignore_rules_free(same);
	ignore_rules_free(top);
	ignore_rules_free(none);
}

static void test_ceilings_are_told(void **state)
{
	(void)state;
	struct buffer text = BUFFER_INIT;
	for (size_t i = 0; i <= IGNORE_MAX_PATTERNS; i++)
		buffer_addstr(&text, "a\n");
	struct ignore_rules *many = ignore_rules_new(NULL, "", slice_of(&text));
	assert_true(ignore_rules_truncated(many));
	buffer_truncate(&text, 2 * IGNORE_MAX_PATTERNS);
	struct ignore_rules *just = ignore_rules_new(NULL, "", slice_of(&text));
	assert_false(ignore_rules_truncated(just));
	assert_int_equal(ignore_match(just, "a", false), 1);
	ignore_rules_free(just);
	ignore_rules_free(many);
	buffer_release(&text);
}

/* Would take longer than the universe has if every star were tried at every place. */
static void test_hostile_patterns_are_matched_in_reasonable_time(void **state)
{
	(void)state;
	struct buffer pattern = BUFFER_INIT, deep = BUFFER_INIT, text = BUFFER_INIT;
	for (int i = 0; i < 500; i++) {
		buffer_addstr(&pattern, "a*");
		buffer_addstr(&deep, "**/a*");
		buffer_addstr(&text, "aaaa/");
	}
	buffer_addch(&pattern, 'b');
	buffer_addstr(&deep, "/b");
	buffer_addch(&text, 'a');
	assert_false(wildmatch(pattern.data, text.data, false));
	assert_false(wildmatch(pattern.data, text.data, true));
	assert_false(wildmatch(deep.data, text.data, true));
	buffer_release(&pattern);
	buffer_release(&deep);
	buffer_release(&text);
}

static void test_without_pathname_every_star_crosses_slashes(void **state)
{
	(void)state;
	assert_true(wildmatch("a*c", "a/b/c", false));
	assert_false(wildmatch("a*c", "a/b/c", true));
	assert_true(wildmatch("a?c", "a/c", false));
	assert_false(wildmatch("a?c", "a/c", true));
	assert_true(wildmatch("", "", true));
	assert_false(wildmatch("\\", "\\", true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comments_and_empty_lines_say_nothing),
		cmocka_unit_test(test_last_match_wins),
		cmocka_unit_test(test_slash_anchors_to_the_folder),
		cmocka_unit_test(test_slash_at_the_end_means_folders_only),
		cmocka_unit_test(test_spaces_at_the_end_need_a_backslash),
		cmocka_unit_test(test_two_stars_match_across_folders),
		cmocka_unit_test(
			test_two_stars_behind_a_plain_beginning_match_across_folders_as_in_git),
		cmocka_unit_test(test_classes_in_brackets),
		cmocka_unit_test(test_case_matters),
		cmocka_unit_test(test_an_inner_file_overrides_an_outer_one),
		cmocka_unit_test(test_id_changes_with_the_rules_in_force_only),
		cmocka_unit_test(test_ceilings_are_told),
		cmocka_unit_test(test_hostile_patterns_are_matched_in_reasonable_time),
		cmocka_unit_test(test_without_pathname_every_star_crosses_slashes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
