#include "snapshot_testing.h"

/* -- kinds of repositories --------------------------------------------------------------------- */

static void in_submodule(const char *top, const char *directory)
{
	char *format = git_says(top, "rev-parse", "--show-object-format", NULL);
	char *inner = fixture_repository(directory, "inner", format);
	put_file(inner, "x.tex", "inner\n");
	commit_all(inner);
	git(top, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner, "sub",
	    NULL);
	commit_all(top);
	struct snapshot *s = take(top, SNAPSHOT_WORK_TREE);
	struct snapshot_entry *entries;
	size_t nr;
	assert_true(is_clean(s, ""));
	assert_error(snapshot_list(s, "sub", &entries, &nr, NULL), ERROR_NOT_FOUND);
	let_go(s);
	/* Dirt inside is its own affair; another commit checked out is ours. */
	put_file(top, "sub/x.tex", "dirty\n");
	s = take(top, SNAPSHOT_WORK_TREE);
	assert_true(is_clean(s, ""));
	let_go(s);
	char *sub = xstrfmt("%s/sub", top);
	commit_all(sub);
	assert_seen_as_git_does(top);
	setenv("GIT_INDEX_FILE", ".git/index", 1);
	struct view ours = { STRMAP_INIT };
	char *head = git_says(sub, "rev-parse", "HEAD", NULL);
	char *expected = xstrfmt("160000 %s", head);
	s = take(top, SNAPSHOT_WORK_TREE);
	unsetenv("GIT_INDEX_FILE");
	view_of_snapshot(&ours, s, "");
	assert_string_equal(strmap_get(&ours.files, "sub", 3), expected);
	view_release(&ours);
	let_go(s);
	free(expected);
	free(head);
	free(sub);
	free(inner);
	free(format);
}

static void test_a_submodule_is_one_entry_with_the_commit_checked_out(void **state)
{
	(void)state;
	with_papers(in_submodule);
}

static void nested(const char *top, const char *directory)
{
	(void)directory;
	char *inner = xstrfmt("%s/lab", top);
	assert_success(file_make_directories(inner));
	free(fixture_repository(inner, "clone", "sha1"));
	put_file(inner, "clone/secret.tex", "not ours\n");
	struct snapshot *s = take(top, SNAPSHOT_WORK_TREE);
	struct snapshot_entry *entries;
	size_t nr;
	assert_success(snapshot_list(s, "lab", &entries, &nr, NULL));
	assert_int_equal(nr, 1);
	assert_int_equal(entries[0].mode, 0160000);
	assert_true(entries[0].untracked);
	free(entries);
	assert_error(snapshot_list(s, "lab/clone", &entries, &nr, NULL), ERROR_NOT_FOUND);
	let_go(s);
	free(inner);
}

static void test_a_repository_inside_is_not_entered(void **state)
{
	(void)state;
	with_papers(nested);
}

static void sparse(const char *top, const char *directory)
{
	(void)directory;
	git(top, "sparse-checkout", "set", "--cone", "--sparse-index", "two", NULL);
	assert_int_not_equal(access(top, F_OK), -1);
	struct snapshot *s = take(top, SNAPSHOT_WORK_TREE);
	assert_true(is_clean(s, ""));
	assert_names(s, "one", "figures main.tex");
	assert_content(s, "one/main.tex", "first\n");
	assert_content(s, "two/main.tex", "second\n");
	assert_false(snapshot_exists(s, "one/other.tex"));
	let_go(s);
	put_file(top, "two/main.tex", "changed\n");
	assert_seen_as_git_does(top);
	s = take(top, SNAPSHOT_WORK_TREE);
	assert_true(is_clean(s, "one"));
	assert_false(is_clean(s, "two"));
	let_go(s);
}

static void test_a_sparse_checkout_has_not_lost_anything(void **state)
{
	(void)state;
	with_papers(sparse);
}

static void worktree(const char *top, const char *directory)
{
	char *linked = xstrfmt("%s/linked", directory);
	git(top, "worktree", "add", "-q", "-b", "side", linked, NULL);
	put_file(linked, "one/main.tex", "on the side\n");
	struct snapshot *s = take(linked, SNAPSHOT_WORK_TREE);
	assert_content(s, "one/main.tex", "on the side\n");
	assert_false(is_clean(s, "one"));
	assert_names(s, "", ".gitignore README one two-b two");
	let_go(s);
	assert_seen_as_git_does(linked);
	s = take(top, SNAPSHOT_WORK_TREE);
	assert_true(is_clean(s, ""));
	let_go(s);
	free(linked);
}

static void test_a_linked_worktree_is_a_work_tree_of_its_own(void **state)
{
	(void)state;
	with_papers(worktree);
}

static void bare(const char *top, const char *directory)
{
	char *path = xstrfmt("%s/bare.git", directory);
	git(directory, "clone", "-q", "--bare", top, path, NULL);
	struct repo *repo;
	struct snapshot *s;
	assert_success(repo_open(&repo, path));
	assert_error(snapshot_new(&s, repo, SNAPSHOT_WORK_TREE, NULL), ERROR_UNSUPPORTED);
	assert_error(snapshot_new(&s, repo, SNAPSHOT_INDEX, NULL), ERROR_UNSUPPORTED);
	repo_free(repo);
	s = take(path, SNAPSHOT_COMMIT);
	struct view ours = { STRMAP_INIT }, gits = { STRMAP_INIT };
	view_of_snapshot(&ours, s, "");
	view_of_tree(&gits, path, "HEAD");
	assert_same_view(&ours, &gits);
	assert_content(s, "two/main.tex", "second\n");
	assert_no_content(s, "two");
	assert_no_content(s, "two/none.tex");
	view_release(&ours);
	view_release(&gits);
	let_go(s);
	free(path);
}

static void test_a_bare_repository_has_its_commits(void **state)
{
	(void)state;
	with_papers(bare);
}

static void packed(const char *top, const char *directory)
{
	(void)directory;
	git(top, "repack", "-q", "-a", "-d", NULL);
	put_file(top, "one/main.tex", "changed\n");
	assert_seen_as_git_does(top);
}

static void test_packed_objects_are_read_as_loose_ones(void **state)
{
	(void)state;
	with_papers(packed);
}

static void hook(const char *top, const char *directory)
{
	(void)directory;
	char *here = getcwd(NULL, 0), *below = xstrfmt("%s/one", top);
	put_file(top, "one/main.tex", "staged elsewhere\n");
	char *index = xstrfmt("%s/.git/next-index", top);
	char *plain = xstrfmt("%s/.git/index", top);
	const char *cp[] = { "cp", plain, index, NULL };
	assert_success(process_run(cp, NULL));
	assert_int_equal(chdir(top), 0);
	setenv("GIT_DIR", ".git", 1);
	setenv("GIT_INDEX_FILE", ".git/next-index", 1);
	git(NULL, "add", "one/main.tex", NULL);
	struct snapshot *s = take(NULL, SNAPSHOT_INDEX);
	assert_content(s, "one/main.tex", "staged elsewhere\n");
	assert_false(is_clean(s, "one"));
	let_go(s);
	unsetenv("GIT_INDEX_FILE");
	s = take(NULL, SNAPSHOT_INDEX);
	assert_true(is_clean(s, "one"));
	let_go(s);
	/* Told relative to a folder that is not the top. */
	assert_int_equal(chdir(below), 0);
	setenv("GIT_DIR", "../.git", 1);
	setenv("GIT_WORK_TREE", "..", 1);
	s = take(NULL, SNAPSHOT_WORK_TREE);
	assert_string_equal(repo_prefix(snapshot_repo(s)), "one/");
	assert_names(s, "", ".gitignore README one two-b two");
	assert_content(s, "one/main.tex", "staged elsewhere\n");
	let_go(s);
	unsetenv("GIT_DIR");
	unsetenv("GIT_WORK_TREE");
	assert_int_equal(chdir(here), 0);
	free(index);
	free(plain);
	free(below);
	free(here);
}

static void test_inside_a_hook_the_hooks_index_counts(void **state)
{
	(void)state;
	with_papers(hook);
}

static void partial(const char *top, const char *directory)
{
	char *url = xstrfmt("file://%s", top), *path = xstrfmt("%s/partial", directory);
	git(top, "config", "uploadpack.allowFilter", "true", NULL);
	git(directory, "clone", "-q", "--filter=blob:none", "--no-checkout", url, path, NULL);
	struct snapshot *s = take(path, SNAPSHOT_COMMIT);
	assert_names(s, "one", "figures main.tex");
	assert_content(s, "one/main.tex", "first\n");
	let_go(s);
	git(path, "checkout", "-q", "main", NULL);
	assert_seen_as_git_does(path);
	free(url);
	free(path);
}

static void test_a_partial_clone_fetches_what_is_read(void **state)
{
	(void)state;
	with_papers(partial);
}

/* -- reading ----------------------------------------------------------------------------------- */

static void links(const char *top, const char *directory)
{
	put_file(directory, "outside.txt", "not yours\n");
	char *absolute = xstrfmt("%s/one/main.tex", top);
	put_link(top, "one/inside", "../two/main.tex");
	put_link(top, "one/chain", "inside");
	put_link(top, "folder", "two");
	put_link(top, "one/up", "../../outside.txt");
	put_link(top, "one/absolute", absolute);
	put_link(top, "one/loop", "loop");
	put_link(top, "one/config", "../.git/config");
	put_link(top, "one/dangling", "nothing");
	commit_all(top);
	static const enum snapshot_kind kinds[] = { SNAPSHOT_WORK_TREE, SNAPSHOT_INDEX,
						    SNAPSHOT_COMMIT };
	static const char *const refused[] = { "one/up",     "one/absolute", "one/loop",
					       "one/config", "one/dangling", "../outside.txt",
					       ".git/config", "folder", "one/../../outside.txt" };
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct snapshot *s = take(top, kinds[i]);
		assert_content(s, "one/inside", "second\n");
		assert_content(s, "one/chain", "second\n");
		assert_content(s, "folder/main.tex", "second\n");
		for (size_t k = 0; k < ARRAY_SIZE(refused); k++)
			assert_no_content(s, refused[k]);
		let_go(s);
	}
	free(absolute);
}

static void test_links_are_followed_only_inside_the_repository(void **state)
{
	(void)state;
	with_papers(links);
}

static void unreadable(const char *top, const char *directory)
{
	(void)directory;
	char *fifo = xstrfmt("%s/one/pipe", top);
	assert_int_equal(mkfifo(fifo, 0666), 0);
	free(fifo);
	git(top, "config", "filter.broken.clean", "false", NULL);
	git(top, "config", "filter.broken.required", "true", NULL);
	put_file(top, ".gitattributes", "bad* filter=broken\n");
	put_file(top, "one/bad1.tex", "x\n");
	put_file(top, "one/bad2.tex", "x\n");
	put_file(top, "one/good.tex", "x\n");
	struct snapshot *s = take(top, SNAPSHOT_WORK_TREE);
	struct snapshot_entry *entries;
	size_t nr;
	assert_names(s, "one", "bad1.tex? bad2.tex? figures good.tex? main.tex");
	assert_success(snapshot_list(s, "one", &entries, &nr, NULL));
	assert_string_equal(entries[0].oid.hex, "");
	assert_string_equal(entries[1].oid.hex, "");
	assert_int_not_equal(entries[3].oid.hex[0], '\0');
	free(entries);
	let_go(s);
}

static void test_a_file_git_cannot_hash_has_no_id_and_spoils_nothing(void **state)
{
	(void)state;
	with_papers(unreadable);
}

static void test_lfs_pointers_are_told_from_text(void **state)
{
	(void)state;
	static const char pointer[] = "version https://git-lfs.github.com/spec/v1\n"
				      "oid sha256:4d7a214614ab2935c943f9e0ff69d22e"
				      "adbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";
	assert_true(snapshot_is_lfs_pointer((struct slice){ pointer, sizeof(pointer) - 1 }));
	assert_false(snapshot_is_lfs_pointer((struct slice){ pointer, 43 }));
	assert_false(snapshot_is_lfs_pointer((struct slice){ "\\documentclass", 14 }));
	assert_false(snapshot_is_lfs_pointer((struct slice){ "", 0 }));
}

/* -- at random --------------------------------------------------------------------------------- */

static uint64_t random_state = 88172645463325252u;

static unsigned below(unsigned n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)(random_state >> 33) % n;
}

/* Something is done to a random path: written, linked, removed, staged, unstaged. */
static void disturb(const char *top)
{
	static const char *const names[] = { "a", "a-b", "a.c", "b", "a b" };
	char *path = xstrdup(names[below(ARRAY_SIZE(names))]);
	for (unsigned depth = below(3); depth; depth--) {
		char *longer = xstrfmt("%s/%s", path, names[below(ARRAY_SIZE(names))]);
		free(path);
		path = longer;
	}
	char *full = xstrfmt("%s/%s", top, path), *slash = strrchr(full, '/');
	const char *remove[] = { "rm", "-rf", "--", full, NULL };
	struct buffer ignored = BUFFER_INIT;
	int status;
	struct process_options quiet = { .directory = top, .discard_err = true, .out = &ignored,
					 .exit_status = &status };
	const char *stage[] = { "git", "add", "--all", "--", path, NULL };
	const char *unstage[] = { "git", "rm", "-r", "-q", "--cached", "--", path, NULL };
	switch (below(6)) {
	case 0:
		assert_success(process_run(remove, &quiet));
		break;
	case 1:
		assert_success(process_run(stage, &quiet));
		break;
	case 2:
		assert_success(process_run(unstage, &quiet));
		break;
	default:
		assert_success(process_run(remove, &quiet));
		*slash = '\0';
		struct error *err = file_make_directories(full);
		*slash = '/';
		if (!err && below(6)) {
			char *content = xstrfmt("%u\n", below(3));
			put_file(top, path, content);
			free(content);
		} else if (!err) {
			put_link(top, path, "a");
		}
		error_free(err); /* a parent is a file */
	}
	buffer_release(&ignored);
	free(full);
	free(path);
}

static void test_random_histories_are_seen_as_git_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		char *directory = fixture_directory();
		char *top = fixture_repository(directory, "repo", formats[i]);
		for (int round = 0; round < 12; round++) {
			for (unsigned n = 1 + below(8); n; n--)
				disturb(top);
			assert_seen_as_git_does(top);
			if (!below(4))
				commit_all(top);
		}
		free(top);
		fixture_remove(directory);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_submodule_is_one_entry_with_the_commit_checked_out),
		cmocka_unit_test(test_a_repository_inside_is_not_entered),
		cmocka_unit_test(test_a_sparse_checkout_has_not_lost_anything),
		cmocka_unit_test(test_a_linked_worktree_is_a_work_tree_of_its_own),
		cmocka_unit_test(test_a_bare_repository_has_its_commits),
		cmocka_unit_test(test_packed_objects_are_read_as_loose_ones),
		cmocka_unit_test(test_inside_a_hook_the_hooks_index_counts),
		cmocka_unit_test(test_a_partial_clone_fetches_what_is_read),
		cmocka_unit_test(test_links_are_followed_only_inside_the_repository),
		cmocka_unit_test(test_a_file_git_cannot_hash_has_no_id_and_spoils_nothing),
		cmocka_unit_test(test_lfs_pointers_are_told_from_text),
		cmocka_unit_test(test_random_histories_are_seen_as_git_does),
	};
	fixture_environment();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
