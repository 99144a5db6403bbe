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


/* Runs BODY on a small repository of each object format. */
static void with_repository(void (*body)(const char *top, const char *directory))
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		char *directory = fixture_directory();
		char *top = small_repository(directory, formats[i]);
		body(top, directory);
		free(top);
		fixture_remove(directory);
	}
}

/* -- where it is ------------------------------------------------------------------------------- */

static void bare(const char *top, const char *directory)
{
	char *path = xstrfmt("%s/bare.git", directory);
	struct repo *repo;
	git(directory, "clone", "-q", "--bare", top, path, NULL);
	assert_success(repo_open(&repo, path));
	assert_null(repo_work_tree(repo));
	assert_string_equal(repo_git_dir(repo), path);
	assert_string_equal(repo_prefix(repo), "");
	assert_reads(repo, "a.txt", "first\n");
	repo_free(repo);
	free(path);
}

static void test_a_bare_repository_has_no_work_tree(void **state)
{
	(void)state;
	with_repository(bare);
}

static void linked(const char *top, const char *directory)
{
	char *path = xstrfmt("%s/linked", directory), *common = xstrfmt("%s/.git", top);
	char *git_dir = xstrfmt("%s/worktrees/linked", common);
	struct repo *repo;
	git(top, "worktree", "add", "-q", path, NULL);
	put_file(path, "a.txt", "on another branch\n");
	git(path, "commit", "-q", "-a", "-m", "two", NULL);
	assert_success(repo_open(&repo, path));
	assert_string_equal(repo_work_tree(repo), path);
	assert_string_equal(repo_git_dir(repo), git_dir);
	assert_string_equal(repo_common_dir(repo), common);
	assert_reads(repo, "a.txt", "on another branch\n");
	repo_free(repo);
	free(path);
	free(common);
	free(git_dir);
}

static void test_a_linked_worktree_shares_a_common_directory(void **state)
{
	(void)state;
	with_repository(linked);
}

static void told(const char *top, const char *directory)
{
	char *git_dir = xstrfmt("%s/.git", top), *here = getcwd(NULL, 0);
	struct repo *repo;
	struct buffer line = BUFFER_INIT;
	static const char *const argv[] = { "rev-parse", "--show-toplevel", NULL };
	setenv("GIT_DIR", git_dir, 1);
	setenv("GIT_WORK_TREE", top, 1);
	assert_success(repo_open(&repo, directory));
	assert_string_equal(repo_work_tree(repo), top);
	assert_reads(repo, "a.txt", "first\n");
	repo_free(repo);
	/* Relative to where we stand, which is not where commands run. */
	assert_int_equal(chdir(directory), 0);
	setenv("GIT_DIR", "repo/.git", 1);
	setenv("GIT_WORK_TREE", "repo", 1);
	assert_success(repo_open(&repo, NULL));
	assert_success(repo_git_line(repo, argv, &line));
	assert_string_equal(line.data, top);
	assert_reads(repo, "a.txt", "first\n");
	repo_free(repo);
	unsetenv("GIT_DIR");
	unsetenv("GIT_WORK_TREE");
	assert_int_equal(chdir(here), 0);
	buffer_release(&line);
	free(git_dir);
	free(here);
}

static void test_what_git_was_told_reaches_its_commands(void **state)
{
	(void)state;
	with_repository(told);
}

static void elsewhere(const char *top, const char *directory)
{
	char *work_tree = xstrfmt("%s/desk", directory);
	struct repo *repo;
	struct buffer line = BUFFER_INIT;
	static const char *const argv[] = { "rev-parse", "--git-dir", NULL };
	assert_success(file_make_directories(work_tree));
	git(top, "config", "core.worktree", work_tree, NULL);
	assert_success(repo_open(&repo, top));
	assert_string_equal(repo_work_tree(repo), work_tree);
	assert_success(repo_git_line(repo, argv, &line));
	assert_string_equal(line.data, repo_git_dir(repo));
	repo_free(repo);
	buffer_release(&line);
	free(work_tree);
}

static void test_a_work_tree_that_does_not_lead_back_is_told_where_it_belongs(void **state)
{
	(void)state;
	with_repository(elsewhere);
}

static void test_a_path_may_hold_newlines_and_other_bytes(void **state)
{
	(void)state;
	static const char *const names[] = { "new\nline", "two\n\nlines\n", "\xff\xfe",
					     "with space " };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char *directory = fixture_directory();
		char *inside = xstrfmt("%s/%s", directory, names[i]);
		assert_success(file_make_directories(inside));
		char *top = small_repository(inside, "sha1");
		char *below = xstrfmt("%s/dir\n2", top), *bare_path = xstrfmt("%s/bare", inside);
		struct repo *repo;
		assert_success(file_make_directories(below));
		assert_success(repo_open(&repo, below));
		assert_string_equal(repo_work_tree(repo), top);
		assert_string_equal(repo_prefix(repo), "dir\n2/");
		assert_reads(repo, "dir/b.txt", "second\n");
		repo_free(repo);
		git(inside, "clone", "-q", "--bare", top, bare_path, NULL);
		assert_success(repo_open(&repo, bare_path));
		assert_string_equal(repo_git_dir(repo), bare_path);
		assert_null(repo_work_tree(repo));
		repo_free(repo);
		free(bare_path);
		free(below);
		free(top);
		free(inside);
		fixture_remove(directory);
	}
}

static void test_outside_a_repository_git_says_so(void **state)
{
	(void)state;
	char *directory = fixture_directory();
	struct repo *repo = NULL;
	setenv("GIT_CEILING_DIRECTORIES", "/tmp", 1);
	struct error *err = repo_open(&repo, directory);
	unsetenv("GIT_CEILING_DIRECTORIES");
	assert_non_null(err);
	assert_string_equal(err->message,
			    "not a git repository (or any of the parent directories)");
	assert_null(err->hint);
	assert_error(err, ERROR_NOT_FOUND);
	assert_null(repo);
	fixture_remove(directory);
}

static void test_gits_own_words_are_kept_with_what_helps(void **state)
{
	(void)state;
	char *directory = fixture_directory();
	char *top = small_repository(directory, "sha1");
	struct repo *repo;
	setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1", 1);
	struct error *err = repo_open(&repo, top);
	unsetenv("GIT_TEST_ASSUME_DIFFERENT_OWNER");
	assert_non_null(err);
	assert_non_null(strstr(err->message, "dubious ownership"));
	assert_non_null(err->hint);
	assert_non_null(strstr(err->hint, "git config --global --add safe.directory"));
	error_free(err);
	put_file(top, ".git/config", "[broken\n");
	err = repo_open(&repo, top);
	assert_non_null(err);
	assert_non_null(strstr(err->message, "bad config line 1 in file"));
	error_free(err);
	free(top);
	fixture_remove(directory);
}

/* -- settings ---------------------------------------------------------------------------------- */

static void append_setting(const char *key, const char *value, void *data)
{
	buffer_addf(data, "%s=%s;", key, value);
}

static void settings(const char *top, const char *directory)
{
	(void)directory;
	struct repo *repo;
	struct buffer all = BUFFER_INIT;
	put_file(top, ".git/more", "[scrutiny]\n\tmodel = included\n");
	put_file(top, ".git/config-tail",
		 "[scrutiny]\n\tmodel = first\n\tquiet\n[scrutiny \"Ollama.Local\"]\n"
		 "\tendpoint = \"two\\nlines\"\n[include]\n\tpath = more\n");
	const char *append[] = { "sh", "-c", "cat .git/config-tail >>.git/config", NULL };
	struct process_options options = { .directory = top };
	assert_success(process_run(append, &options));
	setenv("GIT_CONFIG_PARAMETERS", "'scrutiny.once=by -c'", 1);
	assert_success(repo_open(&repo, top));
	unsetenv("GIT_CONFIG_PARAMETERS");
	assert_string_equal(repo_config(repo, "scrutiny.model"), "included");
	assert_string_equal(repo_config(repo, "scrutiny.quiet"), "true");
	assert_string_equal(repo_config(repo, "scrutiny.once"), "by -c");
	assert_string_equal(repo_config(repo, "scrutiny.Ollama.Local.endpoint"), "two\nlines");
	assert_null(repo_config(repo, "scrutiny.none"));
	repo_config_each(repo, "scrutiny.model", append_setting, &all);
	assert_string_equal(all.data, "scrutiny.model=first;scrutiny.model=included;");
	buffer_release(&all);
	repo_free(repo);
}

static void test_settings_are_those_of_git_config(void **state)
{
	(void)state;
	with_repository(settings);
}

/* -- commits ----------------------------------------------------------------------------------- */

static void revisions(const char *top, const char *directory)
{
	(void)directory;
	static const char *const good[] = { "HEAD",  "main", "v1",	"@",	    ":/one",
					    "HEAD^0", "v1^{}", "@{2024-05-01}", "main@{0}" };
	static const char *const bad[] = { "nope", "^HEAD", "HEAD:a.txt", "main..HEAD", "", "--all",
					   "HEAD^", "-n1", "HEAD main", ":/none such" };
	struct repo *repo;
	struct oid head, found;
	git(top, "tag", "-a", "-m", "a tag", "v1", NULL);
	assert_success(repo_open(&repo, top));
	assert_success(repo_head(repo, &head));
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_success(repo_resolve_commit(repo, good[i], &found));
		assert_string_equal(found.hex, head.hex);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_error(repo_resolve_commit(repo, bad[i], &found), ERROR_NOT_FOUND);
	assert_success(repo_ref(repo, "refs/tags/v1", &found));
	assert_string_equal(found.hex, head.hex);
	assert_success(repo_ref(repo, "refs/scrutiny/none", &found));
	assert_string_equal(found.hex, "");
	repo_free(repo);
}

static void test_only_a_commit_is_a_commit(void **state)
{
	(void)state;
	with_repository(revisions);
}

static void test_a_mistaken_revision_comes_with_what_was_meant(void **state)
{
	(void)state;
	static const struct {
		const char *rev, *hint;
	} cases[] = {
		{ "yesterday", "did you mean --since=@{yesterday}?" },
		{ "yesterdy", "did you mean --since=@{yesterday}?" },
		{ "2 weeks ago", "did you mean --since=@{2.weeks.ago}?" },
		{ "2.weks.ago", NULL },
		{ "3 months agoo", NULL },
		{ "2024-05-01", "did you mean --since=@{2024-05-01}?" },
		{ "last monday", "did you mean --since=@{last.monday}?" },
		{ "last mondya", "did you mean --since=@{last.monday}?" },
		{ "mian", "did you mean 'main'?" },
		{ "submission-1", "did you mean 'submission-12'?" },
		{ "12", NULL },
		{ "xyzzyx", NULL },
	};
	char *directory = fixture_directory();
	char *top = small_repository(directory, "sha1");
	struct repo *repo;
	git(top, "tag", "submission-12", NULL);
	assert_success(repo_open(&repo, top));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct oid found;
		struct error *err = repo_resolve_commit(repo, cases[i].rev, &found);
		char *message = xstrfmt("'%s' is not a commit", cases[i].rev);
		assert_non_null(err);
		assert_string_equal(err->message, message);
		if (cases[i].hint)
			assert_string_equal(err->hint ? err->hint : "(none)", cases[i].hint);
		else
			assert_null(err->hint);
		free(message);
		error_free(err);
	}
	repo_free(repo);
	free(top);
	fixture_remove(directory);
}

static void test_an_unborn_head_is_no_error_but_a_broken_one_is(void **state)
{
	(void)state;
	char *directory = fixture_directory();
	char *top = fixture_repository(directory, "repo", "sha1");
	struct repo *repo;
	struct oid head;
	assert_success(repo_open(&repo, top));
	assert_success(repo_head(repo, &head));
	assert_string_equal(head.hex, "");
	put_file(top, ".git/refs/heads/main", "1234567890123456789012345678901234567890\n");
	assert_error(repo_head(repo, &head), ERROR_NOT_FOUND);
	repo_free(repo);
	free(top);
	fixture_remove(directory);
}

/* -- objects ----------------------------------------------------------------------------------- */

static struct oid oid_of(const char *top, const char *name)
{
	struct oid oid = { "" };
	char *hex = git_says(top, "rev-parse", name, NULL);
	memcpy(oid.hex, hex, strlen(hex));
	free(hex);
	return oid;
}

static void objects(const char *top, const char *directory)
{
	(void)directory;
	struct repo *repo;
	struct buffer out = BUFFER_INIT, small = BUFFER_INIT_MAX(3);
	struct oid blob = oid_of(top, "HEAD:a.txt"), commit = oid_of(top, "HEAD"), none = blob;
	struct tree_entry entry;
	none.hex[3] = none.hex[3] == '0' ? '1' : '0';
	assert_success(repo_open(&repo, top));
	/* Each failure leaves the repository readable. */
	for (int i = 0; i < 2; i++) {
		buffer_reset(&out);
		assert_success(repo_read_object(repo, &blob, OBJECT_BLOB, &out));
		assert_string_equal(out.data, "first\n");
		assert_error(repo_read_object(repo, &none, OBJECT_BLOB, &out), ERROR_NOT_FOUND);
		assert_error(repo_read_object(repo, &commit, OBJECT_BLOB, &out), ERROR_GENERIC);
		assert_error(repo_read_object(repo, &blob, OBJECT_BLOB, &small), ERROR_LIMIT);
		assert_error(repo_read_object(repo, &(struct oid){ "" }, OBJECT_BLOB, &out),
			     ERROR_NOT_FOUND);
		assert_error(repo_read_object(repo, &(struct oid){ "HEAD" }, OBJECT_BLOB, &out),
			     ERROR_NOT_FOUND);
	}
	struct oid tree = oid_of(top, "HEAD^{tree}");
	assert_success(repo_tree_lookup(repo, &tree, "", &entry));
	assert_string_equal(entry.oid.hex, tree.hex);
	assert_success(repo_tree_lookup(repo, &tree, "dir", &entry));
	assert_int_equal(entry.mode, 040000);
	assert_error(repo_tree_lookup(repo, &tree, "dir/none", &entry), ERROR_NOT_FOUND);
	assert_error(repo_tree_lookup(repo, &tree, "a.txt/b", &entry), ERROR_NOT_FOUND);
	assert_success(repo_tree_lookup(repo, repo_empty_tree(repo), "", &entry));
	assert_error(repo_tree_lookup(repo, repo_empty_tree(repo), "a", &entry), ERROR_NOT_FOUND);
	buffer_release(&out);
	buffer_release(&small);
	repo_free(repo);
}

static void test_objects_are_read_or_said_to_be_missing(void **state)
{
	(void)state;
	with_repository(objects);
}

static void quarantined(const char *top, const char *directory)
{
	struct repo *repo;
	struct buffer out = BUFFER_INIT;
	char *quarantine = xstrfmt("%s/quarantine", directory);
	char *objects_dir = xstrfmt("%s/.git/objects", top);
	assert_success(file_make_directories(quarantine));
	put_file(top, "new.txt", "not yet accepted\n");
	setenv("GIT_OBJECT_DIRECTORY", quarantine, 1);
	setenv("GIT_ALTERNATE_OBJECT_DIRECTORIES", objects_dir, 1);
	char *hex = git_says(top, "hash-object", "-w", "new.txt", NULL);
	struct oid oid = { "" };
	memcpy(oid.hex, hex, strlen(hex));
	assert_success(repo_open(&repo, top));
	assert_success(repo_read_object(repo, &oid, OBJECT_BLOB, &out));
	assert_string_equal(out.data, "not yet accepted\n");
	assert_reads(repo, "a.txt", "first\n");
	unsetenv("GIT_OBJECT_DIRECTORY");
	unsetenv("GIT_ALTERNATE_OBJECT_DIRECTORIES");
	repo_free(repo);
	buffer_release(&out);
	free(hex);
	free(objects_dir);
	free(quarantine);
}

static void test_objects_in_a_hooks_quarantine_are_found(void **state)
{
	(void)state;
	with_repository(quarantined);
}

static struct error *count_entry(const struct tree_entry *e, void *data)
{
	(void)e;
	++*(size_t *)data;
	return NULL;
}

/* Writes TEXT as a tree object, whatever it is. */
static struct oid write_tree(const char *top, struct slice text)
{
	static const char *const argv[] = { "git", "hash-object", "-w", "-t", "tree", "--literally",
					    "--stdin", NULL };
	struct buffer out = BUFFER_INIT;
	struct oid oid = { "" };
	struct process_options options = { .directory = top, .input = text, .out = &out };
	assert_success(process_run(argv, &options));
	memcpy(oid.hex, out.data, out.len - 1);
	buffer_release(&out);
	return oid;
}

static void test_malformed_trees_are_refused(void **state)
{
	(void)state;
#define RAW_ID "12345678901234567890"
#define TREE(text) { text, sizeof(text) - 1 }
	static const struct slice malformed[] = {
		TREE("100644 a"), TREE("100644 a\0" "short"), TREE("100644  \0"), TREE("100644"),
		TREE("100648 a\0" RAW_ID), TREE(" a\0" RAW_ID), TREE("100644 a/b\0" RAW_ID),
		TREE("40000 ..\0" RAW_ID), TREE("40000 .\0" RAW_ID), TREE("100644 \0" RAW_ID),
		TREE("100644 a\0" RAW_ID "x"), TREE("1000000644 a\0" RAW_ID),
	};
	char *directory = fixture_directory();
	char *top = small_repository(directory, "sha1");
	struct repo *repo;
	size_t seen = 0;
	assert_success(repo_open(&repo, top));
	for (size_t i = 0; i < ARRAY_SIZE(malformed); i++) {
		struct oid tree = write_tree(top, malformed[i]);
		struct tree_entry entry;
		assert_error(repo_tree_each(repo, &tree, count_entry, &seen), ERROR_SYNTAX);
		assert_error(repo_tree_lookup(repo, &tree, "a", &entry), ERROR_SYNTAX);
	}
	/* Unsorted, and with a mode of old: read as it is meant. */
	static const struct slice odd = TREE("100664 z\0" RAW_ID "100644 a\0" RAW_ID);
	struct oid tree = write_tree(top, odd);
	struct tree_entry entry;
	assert_success(repo_tree_lookup(repo, &tree, "z", &entry));
	assert_int_equal(entry.mode, 0100644);
	assert_success(repo_tree_lookup(repo, &tree, "a", &entry));
	repo_free(repo);
	free(top);
	fixture_remove(directory);
}

/* More folders than the cache of trees holds, walked back and forth. */
static void deep(const char *top, const char *directory)
{
	(void)directory;
	struct repo *repo;
	struct buffer path = BUFFER_INIT;
	for (int i = 0; i < 40; i++)
		buffer_addf(&path, "d%d/", i);
	buffer_addstr(&path, "file");
	put_file(top, path.data, "deep\n");
	git(top, "add", ".", NULL);
	git(top, "commit", "-q", "-m", "deep", NULL);
	assert_success(repo_open(&repo, top));
	for (int i = 0; i < 3; i++) {
		assert_reads(repo, path.data, "deep\n");
		assert_reads(repo, "dir/b.txt", "second\n");
	}
	repo_free(repo);
	buffer_release(&path);
}

static void test_deep_paths_are_found_again_and_again(void **state)
{
	(void)state;
	with_repository(deep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opens_from_a_subdirectory),
		cmocka_unit_test(test_a_bare_repository_has_no_work_tree),
		cmocka_unit_test(test_a_linked_worktree_shares_a_common_directory),
		cmocka_unit_test(test_what_git_was_told_reaches_its_commands),
		cmocka_unit_test(test_a_work_tree_that_does_not_lead_back_is_told_where_it_belongs),
		cmocka_unit_test(test_a_path_may_hold_newlines_and_other_bytes),
		cmocka_unit_test(test_outside_a_repository_git_says_so),
		cmocka_unit_test(test_gits_own_words_are_kept_with_what_helps),
		cmocka_unit_test(test_settings_are_those_of_git_config),
		cmocka_unit_test(test_only_a_commit_is_a_commit),
		cmocka_unit_test(test_a_mistaken_revision_comes_with_what_was_meant),
		cmocka_unit_test(test_an_unborn_head_is_no_error_but_a_broken_one_is),
		cmocka_unit_test(test_objects_are_read_or_said_to_be_missing),
		cmocka_unit_test(test_objects_in_a_hooks_quarantine_are_found),
		cmocka_unit_test(test_malformed_trees_are_refused),
		cmocka_unit_test(test_deep_paths_are_found_again_and_again),
	};
	fixture_environment();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
