#include "git_fixture.h"

#include "base/text.h"
#include "git/ignore.h"
#include "image/export_ignore.h"

static void expect(const char *attributes, const char *patterns)
{
	struct buffer out = BUFFER_INIT;
	export_ignore_patterns(&out, slice_of_string(attributes));
	assert_string_equal(out.data, patterns);
	buffer_release(&out);
}

static void test_lines_that_set_and_unset_it(void **state)
{
	(void)state;
	expect("docs/ export-ignore\n*.md text\n/keep -export-ignore\nother !export-ignore",
	       "docs/\n!/keep\n!other\n");
	expect("a export-ignore -export-ignore\n", "!a\n");
	expect("a export-ignore=yes\n", "!a\n");
	expect("  a\texport-ignore\r\n", "a\n");
}

static void test_macros_stand_for_it(void **state)
{
	(void)state;
	expect("[attr]private export-ignore -diff\nx private\ny -private\nz diff\n", "x\n");
	expect("x private\n", "");
}

static void test_quotes_and_bytes_that_mean_something_else(void **state)
{
	(void)state;
	expect("\"a b\" export-ignore\n", "a b\n");
	expect("\"a \" export-ignore\n", "a\\ \n");
	expect("\"#x\\303\\244\" export-ignore\n", "\\#x\xc3\xa4\n");
	expect("# a export-ignore\n!a export-ignore\n", "");
	expect("\"open export-ignore\n\"\\q\" export-ignore\n\"a\\nb\" export-ignore\n", "");
	expect("\"\\0\xe5\x31\" export-ignore\n\"\\18\" export-ignore\n", "");
}

/* Against git: what `git archive` holds of a repository with these attributes. */
static void test_it_is_as_git_archive_has_it(void **state)
{
	static const char attributes[] =
	    "[attr]private export-ignore\n*.log export-ignore\nkeep.log -export-ignore\n"
	    "docs/ export-ignore\n/top export-ignore\nsecret* private\n"
	    "deep/**/x export-ignore\n\"with space\" export-ignore\n";
	static const char *const paths[] = { "a.log",         "keep.log", "sub/b.log",  "docs/page",
					     "sub/docs/page", "top",      "sub/top",    "secret.txt",
					     "deep/a/b/x",    "deep/y",   "with space", "docs2" };
	char *directory = fixture_directory(), *top = fixture_repository(directory, "repo", "sha1");
	struct buffer patterns = BUFFER_INIT;
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		put_file(top, paths[i], "x\n");
	put_file(top, ".gitattributes", attributes);
	git(top, "add", "-A", ".", NULL);
	git(top, "commit", "-q", "-m", "x", NULL);
	char *file = xstrfmt("%s/out.tar", directory), *output = xstrfmt("--output=%s", file);
	git(top, "archive", output, "HEAD", NULL);
	const char *argv[] = { "tar", "tf", file, NULL };
	struct buffer said = BUFFER_INIT;
	struct process_options options = { .out = &said };
	assert_success(process_run(argv, &options));
	buffer_splice(&said, 0, 0, "\n", 1);
	export_ignore_patterns(&patterns, slice_of_string(attributes));
	struct ignore_rules *rules = ignore_rules_new(NULL, "", slice_of(&patterns));
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		char *line = xstrfmt("\n%s\n", paths[i]), *path = xstrdup(paths[i]);
		bool left_out = ignore_match(rules, path, false) == 1;
		for (char *slash = strchr(path, '/'); slash && !left_out; slash = strchr(slash + 1, '/')) {
			*slash = '\0';
			left_out = ignore_match(rules, path, true) == 1;
			*slash = '/';
		}
		if (left_out == (strstr(said.data, line) != NULL))
			fail_msg("git archive and we differ on '%s'", paths[i]);
		free(line);
		free(path);
	}
	ignore_rules_free(rules);
	buffer_release(&patterns);
	buffer_release(&said);
	free(file);
	free(output);
	free(top);
	fixture_remove(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_that_set_and_unset_it),
		cmocka_unit_test(test_macros_stand_for_it),
		cmocka_unit_test(test_quotes_and_bytes_that_mean_something_else),
		cmocka_unit_test(test_it_is_as_git_archive_has_it),
	};
	fixture_environment();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
