#include "git_fixture.h"

#include "base/text.h"
#include "git/diff_lines.h"

static struct diff_lines *parse(const char *text)
{
	struct diff_lines *d;
	assert_success(diff_lines_parse(&d, slice_of_string(text)));
	return d;
}

static void assert_nonsense(const char *text)
{
	struct diff_lines *d;
	assert_error(diff_lines_parse(&d, slice_of_string(text)), ERROR_SYNTAX);
	assert_null(d);
}

static void lines_of_a_stretch_are_in_the_diff(void **state)
{
	(void)state;
	struct diff_lines *d = parse("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -3,2 +3,3 @@ f\n c\n+new\n c\n");
	assert_false(diff_lines_has(d, "x", 2));
	assert_true(diff_lines_has(d, "x", 3));
	assert_true(diff_lines_has(d, "x", 5));
	assert_false(diff_lines_has(d, "x", 6));
	assert_false(diff_lines_has(d, "y", 4));
	diff_lines_free(d);
}

static void lines_that_look_like_headers_are_lines(void **state)
{
	(void)state;
	struct diff_lines *d = parse("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1,2 @@\n--- a/evil\n"
				     "+++ b/evil\n+@@ -1 +100 @@\n@@ -9 +10 @@\n-a\n+b\n\\ No newline at end of file\n");
	assert_true(diff_lines_has(d, "x", 2));
	assert_true(diff_lines_has(d, "x", 10));
	assert_false(diff_lines_has(d, "x", 100));
	assert_false(diff_lines_has(d, "evil", 1));
	diff_lines_free(d);
}

static void a_file_that_is_gone_has_no_lines(void **state)
{
	(void)state;
	struct diff_lines *d = parse("diff --git a/x b/x\n--- a/x\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-a\n-b\n");
	assert_false(diff_lines_has(d, "x", 1));
	diff_lines_free(d);
}

static void names_are_unquoted(void **state)
{
	(void)state;
	struct diff_lines *d = parse("diff --git x y\n+++ \"b/a\\tb\\\"\\303\\251\\n+++ b\"\n@@ -0,0 +1 @@\n+a\n"
				     "diff --git x y\n+++ b/with space\t\n@@ -0,0 +1 @@\n+a\n");
	assert_true(diff_lines_has(d, "a\tb\"\303\251\n+++ b", 1));
	assert_true(diff_lines_has(d, "with space", 1));
	diff_lines_free(d);
}

static void nonsense_is_refused(void **state)
{
	static const char *const texts[] = {
		"+++ c/x\n", "+++ \"b/x\n", "+++ \"b/\\400\"\n", "+++ \"b/\\0\"\n", "+++ \"b/\\000\"\n",
		"+++ b/x\n@@ -1 +1\n", "+++ b/x\n@@ -1 +1 @@\n", "+++ b/x\n@@ -1 +1 @@\n-a\n", "+++ b/x\n@@ -1 +0 @@\n-a\n+b\n",
		"+++ b/x\n@@ -1,99999999999999999999 +1 @@\n", "+++ b/x\n@@ -1 +1 @@\n-a\n-b\n",
		"+++ b/x\n@@ -1 +5 @@\n-a\n+b\n@@ -2 +5 @@\n-a\n+b\n", "@@ -1 +1 @@\n-a\n+b\n",
		"+++ b/x\n@@ -1 +1 @@\n*a\n",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_nonsense(texts[i]);
}

struct place {
	char *directory, *top;
	struct repo *repo;
};

static void setup(struct place *p)
{
	*p = (struct place){ .directory = fixture_directory() };
	p->top = fixture_repository(p->directory, "repo", "sha1");
	assert_success(repo_open(&p->repo, p->top));
}

static void teardown(struct place *p)
{
	repo_free(p->repo);
	free(p->top);
	fixture_remove(p->directory);
}

static struct oid commit(struct place *p)
{
	struct oid id = { "" };
	git(p->top, "add", "-A", NULL);
	git(p->top, "commit", "-qm", "a commit", "--allow-empty", NULL);
	char *said = git_says(p->top, "rev-parse", "HEAD", NULL);
	memcpy(id.hex, said, strlen(said) + 1);
	free(said);
	return id;
}

#define TEN "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n"

static void git_s_own_diff_is_understood(void **state)
{
	static const char *const names[] = { "plain", "with space", "quo\"te", "new\nline\n+++ b", "caf\303\251", "-c", ":x" };
	struct place p;
	(void)state;
	setup(&p);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		put_file(p.top, names[i], TEN TEN);
	struct oid from = commit(&p);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		put_file(p.top, names[i], TEN "new\n" TEN);
	struct oid to = commit(&p);
	struct diff_lines *d;
	assert_success(diff_lines_new(&d, p.repo, &from, &to));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_false(diff_lines_has(d, names[i], 7));
		assert_true(diff_lines_has(d, names[i], 8));
		assert_true(diff_lines_has(d, names[i], 11));
		assert_true(diff_lines_has(d, names[i], 14));
		assert_false(diff_lines_has(d, names[i], 15));
	}
	diff_lines_free(d);
	teardown(&p);
}

static void settings_of_the_user_s_change_nothing(void **state)
{
	static const char *const settings[][2] = {
		{ "diff.noprefix", "true" }, { "diff.context", "0" }, { "diff.external", "false" },
		{ "color.ui", "always" }, { "diff.mnemonicPrefix", "true" }, { "core.quotePath", "false" },
		{ "diff.suppressBlankEmpty", "true" }, { "diff.interHunkContext", "9" },
	};
	struct place p;
	(void)state;
	setup(&p);
	put_file(p.top, "x", "\n\n\n\n\n" TEN);
	struct oid from = commit(&p);
	put_file(p.top, "x", "new\n\n\n\n\n\n" TEN);
	struct oid to = commit(&p);
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		git(p.top, "config", settings[i][0], settings[i][1], NULL);
	struct diff_lines *d;
	assert_success(diff_lines_new(&d, p.repo, &from, &to));
	assert_true(diff_lines_has(d, "x", 4));
	assert_false(diff_lines_has(d, "x", 5));
	diff_lines_free(d);
	teardown(&p);
}

static void of_a_renamed_file_only_what_changed_is_in_the_diff(void **state)
{
	struct place p;
	(void)state;
	setup(&p);
	put_file(p.top, "old", TEN TEN);
	struct oid from = commit(&p);
	remove_file(p.top, "old");
	put_file(p.top, "new", TEN TEN "more\n");
	put_file(p.top, "binary", "\001\002");
	struct oid to = commit(&p);
	struct diff_lines *d;
	assert_success(diff_lines_new(&d, p.repo, &from, &to));
	assert_false(diff_lines_has(d, "new", 2));
	assert_true(diff_lines_has(d, "new", 21));
	diff_lines_free(d);
	teardown(&p);
}

static void a_merge_base_that_is_not_here_is_told(void **state)
{
	struct place p;
	struct oid base;
	(void)state;
	setup(&p);
	put_file(p.top, "x", "1\n");
	struct oid first = commit(&p);
	put_file(p.top, "x", "2\n");
	struct oid second = commit(&p);
	assert_success(diff_merge_base(p.repo, &first, &second, &base));
	assert_string_equal(base.hex, first.hex);
	git(p.top, "checkout", "-q", "--orphan", "other", NULL);
	struct oid other = commit(&p);
	assert_error(diff_merge_base(p.repo, &first, &other, &base), ERROR_NOT_FOUND);
	teardown(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_a_stretch_are_in_the_diff),
		cmocka_unit_test(lines_that_look_like_headers_are_lines),
		cmocka_unit_test(a_file_that_is_gone_has_no_lines),
		cmocka_unit_test(names_are_unquoted),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(git_s_own_diff_is_understood),
		cmocka_unit_test(settings_of_the_user_s_change_nothing),
		cmocka_unit_test(of_a_renamed_file_only_what_changed_is_in_the_diff),
		cmocka_unit_test(a_merge_base_that_is_not_here_is_told),
	};
	fixture_environment();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
