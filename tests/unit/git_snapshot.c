#include "snapshot_testing.h"

/* -- what is seen ------------------------------------------------------------------------------ */

static void clean(const char *top, const char *directory)
{
	(void)directory;
	struct snapshot *s = take(top, SNAPSHOT_WORK_TREE);
	struct snapshot_entry *entries;
	struct oid tree;
	size_t nr;
	char *head_tree = git_says(top, "rev-parse", "HEAD^{tree}", NULL);
	assert_success(snapshot_list(s, "", &entries, &nr, &tree));
	assert_string_equal(tree.hex, head_tree);
	free(entries);
	free(head_tree);
	assert_names(s, "", ".gitignore README one two-b two");
	assert_names(s, "one", "figures main.tex");
	assert_error(snapshot_list(s, "nowhere", &entries, &nr, NULL), ERROR_NOT_FOUND);
	assert_error(snapshot_list(s, "README", &entries, &nr, NULL), ERROR_NOT_FOUND);
	let_go(s);
	assert_seen_as_git_does(top);
}

static void test_a_clean_work_tree_is_its_commit(void **state)
{
	(void)state;
	with_papers(clean);
}

static void changed(const char *top, const char *directory)
{
	(void)directory;
	put_file(top, "one/main.tex", "changed\n");
	put_file(top, "new/paper.md", "untracked\n");
	put_file(top, "one/junk.aux", "ignored\n");
	remove_file(top, "two/refs.bib");
	put_file(top, "two/staged.tex", "staged\n");
	git(top, "add", "two/staged.tex", NULL);
	struct snapshot *s = take(top, SNAPSHOT_WORK_TREE);
	assert_names(s, "", ".gitignore README new one two-b two");
	assert_names(s, "one", "figures main.tex");
	assert_names(s, "two", "main.tex staged.tex");
	assert_names(s, "new", "paper.md?");
	assert_false(is_clean(s, ""));
	assert_false(is_clean(s, "one"));
	assert_true(is_clean(s, "one/figures"));
	assert_true(is_clean(s, "two-b"));
	assert_content(s, "one/main.tex", "changed\n");
	assert_true(snapshot_exists(s, "one/junk.aux"));
	assert_false(snapshot_exists(s, "two/refs.bib"));
	assert_false(snapshot_exists(s, "one"));
	let_go(s);
	s = take(top, SNAPSHOT_INDEX);
	assert_names(s, "two", "main.tex refs.bib staged.tex");
	assert_content(s, "one/main.tex", "first\n");
	assert_content(s, "two/staged.tex", "staged\n");
	assert_true(is_clean(s, "one"));
	let_go(s);
	assert_seen_as_git_does(top);
}

static void test_changes_are_seen_where_they_are_and_nowhere_else(void **state)
{
	(void)state;
	with_papers(changed);
}

static void touched(const char *top, const char *directory)
{
	(void)directory;
	const char *touch[] = { "touch", "-d", "2001-01-01", "one/main.tex", "two/main.tex", NULL };
	struct process_options options = { .directory = top };
	assert_success(process_run(touch, &options));
	struct snapshot *s = take(top, SNAPSHOT_WORK_TREE);
	assert_true(is_clean(s, ""));
	let_go(s);
	assert_seen_as_git_does(top);
}

static void test_a_touched_file_is_no_changed_file(void **state)
{
	(void)state;
	with_papers(touched);
}

/* As after a copy: git's index knows no file any more. */
static void touch_everything(const char *top, const char *date)
{
	const char *touch[] = { "sh", "-c", "touch -d $1 many/*", "sh", date, NULL };
	struct process_options options = { .directory = top };
	assert_success(process_run(touch, &options));
}

static void test_an_index_that_knows_no_file_is_brought_up_to_date(void **state)
{
	(void)state;
	char *directory = fixture_directory();
	char *top = fixture_repository(directory, "repo", "sha1");
	for (int i = 0; i < 1200; i++) {
		char *path = xstrfmt("many/%d", i);
		put_file(top, path, "x\n");
		free(path);
	}
	commit_all(top);
	/* Also while somebody else holds the index. */
	static const char *const locks[] = { NULL, ".git/index.lock" };
	static const char *const dates[] = { "2001-01-01", "2002-02-02" };
	for (size_t i = 0; i < ARRAY_SIZE(locks); i++) {
		touch_everything(top, dates[i]);
		if (locks[i])
			put_file(top, locks[i], "");
		put_file(top, "many/7", "y\n");
		struct snapshot *s = take(top, SNAPSHOT_WORK_TREE);
		struct snapshot_entry *entries;
		size_t nr, changes = 0;
		assert_success(snapshot_list(s, "many", &entries, &nr, NULL));
		assert_int_equal(nr, 1200);
		for (size_t k = 0; k < nr; k++)
			changes += entries[k].changed;
		assert_int_equal(changes, 1);
		free(entries);
		let_go(s);
		char *unsure = git_says(top, "diff-files", "--name-only", NULL);
		assert_int_equal(strchr(unsure, '\n') != NULL, locks[i] != NULL);
		free(unsure);
	}
	free(top);
	fixture_remove(directory);
}

static void kinds_change(const char *top, const char *directory)
{
	(void)directory;
	/* A file becomes a folder, a folder a file, both links, and a file executable. */
	remove_file(top, "README");
	put_file(top, "README/inner.md", "a folder now\n");
	remove_file(top, "two-b/main.md");
	char *two_b = xstrfmt("%s/two-b", top), *main_tex = xstrfmt("%s/two/main.tex", top);
	assert_int_equal(rmdir(two_b), 0);
	put_file(top, "two-b", "a file now\n");
	assert_int_equal(chmod(main_tex, 0755), 0);
	free(main_tex);
	free(two_b);
	remove_file(top, "two/refs.bib");
	put_link(top, "two/refs.bib", "main.tex");
	remove_file(top, "one/figures/a.pdf");
	char *figures = xstrfmt("%s/one/figures", top);
	assert_int_equal(rmdir(figures), 0);
	free(figures);
	put_link(top, "one/figures", "../two");
	struct snapshot *s = take(top, SNAPSHOT_WORK_TREE);
	struct snapshot_entry *entries;
	size_t nr;
	assert_names(s, "one", "figures? main.tex");
	assert_names(s, "", ".gitignore README one two-b? two");
	assert_error(snapshot_list(s, "one/figures", &entries, &nr, NULL), ERROR_NOT_FOUND);
	assert_error(snapshot_list(s, "two-b", &entries, &nr, NULL), ERROR_NOT_FOUND);
	assert_content(s, "two/refs.bib", "second\n");
	assert_content(s, "one/figures/main.tex", "second\n");
	let_go(s);
	assert_seen_as_git_does(top);
	commit_all(top);
	assert_seen_as_git_does(top);
}

static void test_what_changes_its_kind_is_listed_as_what_it_is_now(void **state)
{
	(void)state;
	with_papers(kinds_change);
}

static void removed(const char *top, const char *directory)
{
	(void)directory;
	struct snapshot_entry *entries;
	size_t nr;
	git(top, "rm", "-r", "-q", "one", NULL);
	git(top, "rm", "-q", "--cached", "two/main.tex", NULL);
	struct snapshot *s = take(top, SNAPSHOT_WORK_TREE);
	assert_names(s, "", ".gitignore README two-b two");
	assert_error(snapshot_list(s, "one", &entries, &nr, NULL), ERROR_NOT_FOUND);
	assert_error(snapshot_list(s, "one/figures", &entries, &nr, NULL), ERROR_NOT_FOUND);
	assert_names(s, "two", "main.tex? refs.bib");
	let_go(s);
	assert_seen_as_git_does(top);
}

static void test_a_folder_with_nothing_left_is_gone(void **state)
{
	(void)state;
	with_papers(removed);
}

static void intent_and_conflict(const char *top, const char *directory)
{
	(void)directory;
	git(top, "checkout", "-q", "-b", "other", NULL);
	put_file(top, "one/main.tex", "theirs\n");
	put_file(top, "two/main.tex", "theirs\n");
	commit_all(top);
	git(top, "checkout", "-q", "main", NULL);
	put_file(top, "one/main.tex", "ours\n");
	git(top, "rm", "-q", "two/main.tex", NULL);
	commit_all(top);
	const char *merge[] = { "git", "merge", "-q", "other", NULL };
	struct buffer said = BUFFER_INIT;
	int status;
	struct process_options options = { .directory = top, .out = &said, .err = &said,
					   .exit_status = &status };
	assert_success(process_run(merge, &options));
	assert_int_equal(status, 1);
	buffer_release(&said);
	put_file(top, "two/wanted.tex", "later\n");
	git(top, "add", "-N", "two/wanted.tex", NULL);
	struct snapshot *s = take(top, SNAPSHOT_WORK_TREE);
	struct view ours = { STRMAP_INIT }, gits = { STRMAP_INIT };
	view_of_snapshot(&ours, s, "");
	let_go(s);
	view_of_git(&gits, top, true);
	assert_same_view(&ours, &gits);
	view_release(&ours);
	view_release(&gits);
	s = take(top, SNAPSHOT_INDEX);
	assert_names(s, "two", "refs.bib");
	assert_content(s, "one/main.tex", "ours\n");
	let_go(s);
}

static void test_conflicts_and_files_meant_to_be_added_are_seen_as_on_disk(void **state)
{
	(void)state;
	with_papers(intent_and_conflict);
}

static void odd_names(const char *top, const char *directory)
{
	(void)directory;
	static const char *const names[] = {
		"with space/a b.tex", "new\nline/x\ny.tex", "\"quoted\"/\"q\\n.tex",
		"\xff\xfe/\xe9.tex",  "-dash/-x.tex",       ":colon/:(top)x",
		"tab\t/x\ty",	      "tr\\ail/x\\",	     "\xc3\xa9/\xc3\xa9",
	};
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			char *content = xstrfmt("round %d\n", round);
			put_file(top, names[i], content);
			struct snapshot *s = take(top, SNAPSHOT_WORK_TREE);
			assert_content(s, names[i], content);
			let_go(s);
			free(content);
		}
		assert_seen_as_git_does(top);
		if (!round)
			commit_all(top);
		assert_seen_as_git_does(top);
	}
	commit_all(top);
	struct snapshot *s = take(top, SNAPSHOT_COMMIT);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_content(s, names[i], "round 2\n");
	let_go(s);
}

static void test_names_may_hold_any_bytes(void **state)
{
	(void)state;
	with_papers(odd_names);
}

static void test_an_unborn_branch_has_only_what_is_new(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		char *directory = fixture_directory();
		char *top = fixture_repository(directory, "repo", formats[i]);
		struct snapshot *s = take(top, SNAPSHOT_WORK_TREE);
		assert_names(s, "", "");
		let_go(s);
		put_file(top, "a/staged.tex", "1\n");
		git(top, "add", ".", NULL);
		put_file(top, "a/untracked.tex", "2\n");
		s = take(top, SNAPSHOT_WORK_TREE);
		assert_names(s, "a", "staged.tex untracked.tex?");
		let_go(s);
		assert_seen_as_git_does(top);
		free(top);
		fixture_remove(directory);
	}
}

static void filtered(const char *top, const char *directory)
{
	(void)directory;
	git(top, "config", "filter.shout.clean", "tr a-z A-Z", NULL);
	put_file(top, ".gitattributes", "*.tex filter=shout\n*.txt text\n");
	put_file(top, "one/main.tex", "quiet words\n");
	put_file(top, "one/lines.txt", "a\r\nb\r\n");
	assert_seen_as_git_does(top);
	struct snapshot *s = take(top, SNAPSHOT_WORK_TREE);
	assert_content(s, "one/main.tex", "quiet words\n");
	let_go(s);
}

static void test_ids_are_those_git_would_store_with_filters(void **state)
{
	(void)state;
	with_papers(filtered);
}

static void unconverted(const char *top, const char *directory)
{
	(void)directory;
	put_file(top, "dos.txt", "a\r\nb\r\n");
	commit_all(top);
	put_file(top, ".gitattributes", "* text=auto\n");
	commit_all(top);
	const char *touch[] = { "touch", "-d", "2001-01-01", "dos.txt", NULL };
	struct process_options options = { .directory = top };
	assert_success(process_run(touch, &options));
	struct snapshot *s = take(top, SNAPSHOT_WORK_TREE);
	assert_true(is_clean(s, ""));
	let_go(s);
}

static void test_line_ends_that_were_committed_unconverted_are_no_change(void **state)
{
	(void)state;
	with_papers(unconverted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_clean_work_tree_is_its_commit),
		cmocka_unit_test(test_changes_are_seen_where_they_are_and_nowhere_else),
		cmocka_unit_test(test_a_touched_file_is_no_changed_file),
		cmocka_unit_test(test_an_index_that_knows_no_file_is_brought_up_to_date),
		cmocka_unit_test(test_what_changes_its_kind_is_listed_as_what_it_is_now),
		cmocka_unit_test(test_a_folder_with_nothing_left_is_gone),
		cmocka_unit_test(test_conflicts_and_files_meant_to_be_added_are_seen_as_on_disk),
		cmocka_unit_test(test_names_may_hold_any_bytes),
		cmocka_unit_test(test_an_unborn_branch_has_only_what_is_new),
		cmocka_unit_test(test_ids_are_those_git_would_store_with_filters),
		cmocka_unit_test(test_line_ends_that_were_committed_unconverted_are_no_change),
	};
	fixture_environment();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
