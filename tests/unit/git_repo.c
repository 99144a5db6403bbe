#include "git_fixture.h"

#include "git/repo.h"

static const char *const formats[] = { "sha1", "sha256" };

/* A repository with one commit of a.txt and dir/b.txt. */
static char *small_repository(const char *directory, const char *format)
{
	char *top = fixture_repository(directory, "repo", format);
	put_file(top, "a.txt", "first\n");
	put_file(top, "dir/b.txt", "second\n");
	git(top, "add", ".", NULL);
	git(top, "commit", "-q", "-m", "one", NULL);
	return top;
}

static void assert_reads(struct repo *repo, const char *path, const char *expected)
{
	struct oid commit, tree;
	struct tree_entry entry;
	struct buffer text = BUFFER_INIT;
	assert_success(repo_head(repo, &commit));
	assert_success(repo_commit_tree(repo, &commit, &tree));
	assert_success(repo_tree_lookup(repo, &tree, path, &entry));
	assert_success(repo_read_object(repo, &entry.oid, OBJECT_BLOB, &text));
	assert_string_equal(text.data, expected);
	buffer_release(&text);
}

static void test_opens_from_a_subdirectory(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		char *directory = fixture_directory();
		char *top = small_repository(directory, formats[i]);
		char *below = xstrfmt("%s/dir", top), *dot_git = xstrfmt("%s/.git", top);
		struct repo *repo;
		assert_success(repo_open(&repo, below));
		assert_string_equal(repo_work_tree(repo), top);
		assert_string_equal(repo_git_dir(repo), dot_git);
		assert_string_equal(repo_common_dir(repo), dot_git);
		assert_string_equal(repo_prefix(repo), "dir/");
		assert_string_equal(repo_object_format(repo), formats[i]);
		assert_int_equal(repo_uses_libgit2(repo), !strcmp(formats[i], "sha1"));
		assert_reads(repo, "dir/b.txt", "second\n");
		repo_free(repo);
		free(below);
		free(dot_git);
		free(top);
		fixture_remove(directory);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opens_from_a_subdirectory),
	};
	fixture_environment();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
