/* The index as git writes it, in each form that can be read without asking git, and those that cannot. */
#include "git_fixture.h"

#include "git/index_file.h"
#include "git/snapshot.h"

static char *directory, *top;

static void begin(const char *format)
{
	fixture_environment();
	directory = fixture_directory();
	top = fixture_repository(directory, "r", format);
	put_file(top, "a/one.txt", "1\n");
	put_file(top, "a/two.txt", "2\n");
	put_file(top, "b.txt", "3\n");
	git(top, "add", "-A", NULL);
}

static void end(void)
{
	free(top);
	fixture_remove(directory);
}

static void add_path(const struct index_entry *e, void *data)
{
	buffer_addf(data, "%o %.*s\n", e->mode, (int)e->path_len, e->path);
}

static bool read_index(size_t oid_size, struct buffer *paths, struct index_contents *contents)
{
	char *path = xstrfmt("%s/.git/index", top);
	bool understood = index_file_read(path, oid_size, add_path, paths, contents);
	free(path);
	return understood;
}

static void assert_reads(size_t oid_size, const char *expected)
{
	struct buffer paths = BUFFER_INIT;
	struct index_contents contents;
	assert_true(read_index(oid_size, &paths, &contents));
	assert_string_equal(paths.data, expected);
	buffer_release(&paths);
}

static void assert_not_understood(void)
{
	struct buffer paths = BUFFER_INIT;
	struct index_contents contents;
	assert_false(read_index(20, &paths, &contents));
	buffer_release(&paths);
}

#define ALL "100644 a/one.txt\n100644 a/two.txt\n100644 b.txt\n"

static void test_entries_are_read_in_both_object_formats(void **state)
{
	(void)state;
	begin("sha1");
	assert_reads(20, ALL);
	end();
	begin("sha256");
	assert_reads(32, ALL);
	end();
}

static void test_entries_are_read_in_every_version(void **state)
{
	(void)state;
	begin("sha1");
	git(top, "update-index", "--index-version", "4", NULL);
	assert_reads(20, ALL);
	put_file(top, "c.txt", "intended\n");
	git(top, "add", "-N", "c.txt", NULL);
	assert_reads(20, ALL "100644 c.txt\n");
	git(top, "update-index", "--index-version", "2", NULL);
	assert_reads(20, ALL "100644 c.txt\n"); /* which git writes as version 3, then */
	end();
}

static void test_the_tree_is_the_one_that_git_would_write(void **state)
{
	(void)state;
	struct buffer paths = BUFFER_INIT;
	struct index_contents contents;
	begin("sha1");
	assert_true(read_index(20, &paths, &contents));
	assert_string_equal(contents.tree.hex, ""); /* nobody has asked for it yet */
	char *tree = git_says(top, "write-tree", NULL);
	assert_true(read_index(20, &paths, &contents));
	assert_string_equal(contents.tree.hex, tree);
	put_file(top, "a/one.txt", "changed\n");
	git(top, "add", "-A", NULL);
	assert_true(read_index(20, &paths, &contents));
	assert_string_equal(contents.tree.hex, ""); /* out of date */
	free(tree);
	buffer_release(&paths);
	end();
}

static void test_a_conflict_is_not_understood(void **state)
{
	(void)state;
	struct buffer out = BUFFER_INIT;
	int status;
	begin("sha1");
	git(top, "commit", "-qm", "base", NULL);
	git(top, "checkout", "-qb", "other", NULL);
	put_file(top, "b.txt", "theirs\n");
	git(top, "commit", "-qam", "theirs", NULL);
	git(top, "checkout", "-q", "main", NULL);
	put_file(top, "b.txt", "ours\n");
	git(top, "commit", "-qam", "ours", NULL);
	const char *const merge[] = { "git", "merge", "-q", "other", NULL };
	struct process_options options = { .directory = top, .out = &out, .discard_err = true, .exit_status = &status };
	assert_success(process_run(merge, &options));
	assert_int_equal(status, 1);
	assert_not_understood();
	buffer_release(&out);
	end();
}

static void test_split_and_sparse_indexes_are_not_understood(void **state)
{
	(void)state;
	begin("sha1");
	git(top, "commit", "-qm", "base", NULL);
	git(top, "update-index", "--split-index", NULL);
	assert_not_understood();
	git(top, "update-index", "--no-split-index", NULL);
	assert_reads(20, ALL);
	git(top, "sparse-checkout", "set", "--cone", "--sparse-index", "b", NULL);
	assert_not_understood();
	end();
}

static void test_what_is_cut_off_is_not_understood(void **state)
{
	(void)state;
	struct buffer bytes = BUFFER_INIT;
	struct index_contents contents;
	begin("sha1");
	free(git_says(top, "write-tree", NULL));
	char *path = xstrfmt("%s/.git/index", top);
	assert_success(file_read(path, &bytes));
	assert_true(index_file_parse(slice_of(&bytes), 20, NULL, NULL, &contents));
	/* Where the cut leaves something that could be the checksum, no tree is believed. */
	for (size_t len = 0; len < bytes.len; len++)
		if (index_file_parse((struct slice){ bytes.data, len }, 20, NULL, NULL, &contents))
			assert_string_equal(contents.tree.hex, "");
	assert_false(index_file_read("/nonexistent/index", 20, NULL, NULL, &contents));
	assert_false(index_file_read(top, 20, NULL, NULL, &contents));
	free(path);
	buffer_release(&bytes);
	end();
}

/* The tree that the index knows saves git from reading it; what is said stays the same. */
static void test_a_snapshot_says_the_same_by_the_tree(void **state)
{
	(void)state;
	begin("sha1");
	git(top, "commit", "-qm", "base", NULL);
	put_file(top, "a/one.txt", "changed\n");
	put_file(top, "c/new.txt", "new\n");
	git(top, "rm", "-q", "b.txt", NULL);
	git(top, "add", "-A", NULL);
	for (int known = 0; known < 2; known++) {
		struct repo *repo;
		struct snapshot *snapshot;
		struct buffer text = BUFFER_INIT;
		struct snapshot_entry *entries;
		size_t nr;
		if (known)
			free(git_says(top, "write-tree", NULL));
		assert_success(repo_open(&repo, top));
		assert_success(snapshot_new(&snapshot, repo, SNAPSHOT_INDEX, NULL));
		assert_success(snapshot_read(snapshot, "a/one.txt", &text));
		assert_string_equal(text.data, "changed\n");
		assert_true(snapshot_exists(snapshot, "c/new.txt"));
		assert_false(snapshot_exists(snapshot, "b.txt"));
		assert_success(snapshot_list(snapshot, "", &entries, &nr, NULL));
		assert_int_equal(nr, 2);
		free(entries);
		buffer_release(&text);
		snapshot_free(snapshot);
		repo_free(repo);
	}
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries_are_read_in_both_object_formats),
		cmocka_unit_test(test_entries_are_read_in_every_version),
		cmocka_unit_test(test_the_tree_is_the_one_that_git_would_write),
		cmocka_unit_test(test_a_conflict_is_not_understood),
		cmocka_unit_test(test_split_and_sparse_indexes_are_not_understood),
		cmocka_unit_test(test_what_is_cut_off_is_not_understood),
		cmocka_unit_test(test_a_snapshot_says_the_same_by_the_tree),
	};
	return cmocka_run_group_tests_name("git/index_file", tests, NULL, NULL);
}
