#include "git_fixture.h"

#include "base/strmap.h"
#include "git/snapshot.h"

static const char *const formats[] = { "sha1", "sha256" };

/* -- the oracle: what git itself would commit -------------------------------------------------- */

struct view {
	struct strmap files; /* path -> "mode oid" */
};

static void add_to_view(struct view *view, const char *path, unsigned mode, const char *oid)
{
	void **slot = strmap_at(&view->files, path, strlen(path));
	assert_null(*slot);
	*slot = xstrfmt("%06o %s", mode, oid);
}

/* Reads `git ls-tree -r -t -z`. */
static void view_of_tree(struct view *view, const char *top, const char *tree)
{
	const char *argv[] = { "git", "ls-tree", "-r", "-t", "-z", "--full-tree", tree, NULL };
	struct buffer out = BUFFER_INIT;
	struct process_options options = { .directory = top, .out = &out };
	assert_success(process_run(argv, &options));
	for (char *at = out.data; at < out.data + out.len; at += strlen(at) + 1) {
		char *tab = strchr(at, '\t');
		unsigned mode = (unsigned)strtoul(at, NULL, 8);
		*tab = '\0';
		add_to_view(view, tab + 1, mode, strrchr(at, ' ') + 1);
		at = tab + 1;
	}
	buffer_release(&out);
}

/* What `git add --all` and `git commit` would make of the work tree, or `git commit` alone of the
 * index; the user's index stays as it is. */
static void view_of_git(struct view *view, const char *top, bool add_all)
{
	char *git_dir = git_says(top, "rev-parse", "--absolute-git-dir", NULL);
	char *index = xstrfmt("%s/index", git_dir), *copy = xstrfmt("%s/index-copy", git_dir);
	const char *cp[] = { "cp", "-p", index, copy, NULL };
	if (!access(index, F_OK))
		assert_success(process_run(cp, NULL));
	setenv("GIT_INDEX_FILE", copy, 1);
	if (add_all)
		git(top, "add", "--all", NULL);
	char *tree = git_says(top, "write-tree", NULL);
	unsetenv("GIT_INDEX_FILE");
	view_of_tree(view, top, tree);
	unlink(copy);
	free(tree);
	free(copy);
	free(index);
	free(git_dir);
}

/* Walks the snapshot; folders that differ have no id, and the others are listed with theirs. */
static void view_of_snapshot(struct view *view, struct snapshot *s, const char *folder)
{
	struct snapshot_entry *entries;
	size_t nr;
	struct oid clean;
	assert_success(snapshot_list(s, folder, &entries, &nr, &clean));
	for (size_t i = 0; i < nr; i++) {
		const struct snapshot_entry *e = &entries[i];
		char *path = xstrfmt("%s%s%s", folder, *folder ? "/" : "", e->name);
		assert_false(clean.hex[0] && !e->oid.hex[0]);
		add_to_view(view, path, e->mode, e->oid.hex);
		if (e->mode == 040000)
			view_of_snapshot(view, s, path);
		free(path);
	}
	free(entries);
}

static void view_release(struct view *view)
{
	strmap_release(&view->files, free);
}

static void assert_same_view(const struct view *ours, const struct view *gits)
{
	for (size_t i = 0; i < gits->files.nr; i++) {
		const struct strmap_entry *e = &gits->files.entries[i];
		const char *found = strmap_get(&ours->files, e->key, e->key_len);
		if (!found)
			fail_msg("'%s' is missing", e->key);
		if (strcmp(found, "040000 "))
			assert_string_equal(found, e->value);
	}
	for (size_t i = 0; i < ours->files.nr; i++)
		if (!strmap_has(&gits->files, ours->files.entries[i].key,
				ours->files.entries[i].key_len))
			fail_msg("'%s' should not be there", ours->files.entries[i].key);
}

static struct snapshot *take(const char *top, enum snapshot_kind kind)
{
	struct repo *repo;
	struct snapshot *s;
	struct oid head;
	assert_success(repo_open(&repo, top));
	assert_success(repo_head(repo, &head));
	assert_success(snapshot_new(&s, repo, kind, &head));
	return s;
}

static void let_go(struct snapshot *s)
{
	struct repo *repo = snapshot_repo(s);
	snapshot_free(s);
	repo_free(repo);
}

/* The central claim: work tree and index are seen as git would commit them. */
static void assert_seen_as_git_does(const char *top)
{
	static const enum snapshot_kind kinds[] = { SNAPSHOT_WORK_TREE, SNAPSHOT_INDEX };
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct view ours = { STRMAP_INIT }, gits = { STRMAP_INIT };
		struct snapshot *s = take(top, kinds[i]);
		view_of_snapshot(&ours, s, "");
		let_go(s);
		view_of_git(&gits, top, kinds[i] == SNAPSHOT_WORK_TREE);
		assert_same_view(&ours, &gits);
		view_release(&ours);
		view_release(&gits);
	}
}

/* -- repositories ------------------------------------------------------------------------------ */

static void commit_all(const char *top)
{
	git(top, "add", "--all", NULL);
	git(top, "commit", "-q", "--allow-empty", "-m", "a commit", NULL);
}

static char *papers(const char *directory, const char *format)
{
	char *top = fixture_repository(directory, "repo", format);
	put_file(top, "README", "papers\n");
	put_file(top, "one/main.tex", "first\n");
	put_file(top, "one/figures/a.pdf", "%PDF\n");
	put_file(top, "two/main.tex", "second\n");
	put_file(top, "two/refs.bib", "@book{}\n");
	put_file(top, "two-b/main.md", "third\n");
	put_file(top, ".gitignore", "*.aux\n");
	commit_all(top);
	return top;
}

/* Runs BODY on a fresh repository of each object format. */
static void with_papers(void (*body)(const char *top, const char *directory))
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		char *directory = fixture_directory();
		char *top = papers(directory, formats[i]);
		body(top, directory);
		free(top);
		fixture_remove(directory);
	}
}

static char *names_in(struct snapshot *s, const char *folder)
{
	struct buffer out = BUFFER_INIT;
	struct snapshot_entry *entries;
	size_t nr;
	assert_success(snapshot_list(s, folder, &entries, &nr, NULL));
	for (size_t i = 0; i < nr; i++)
		buffer_addf(&out, "%s%s%s", i ? " " : "", entries[i].name,
			    entries[i].untracked ? "?" : "");
	free(entries);
	return buffer_detach(&out, NULL);
}

static void assert_names(struct snapshot *s, const char *folder, const char *expected)
{
	char *names = names_in(s, folder);
	assert_string_equal(names, expected);
	free(names);
}

static void assert_content(struct snapshot *s, const char *path, const char *expected)
{
	struct buffer out = BUFFER_INIT_MAX(SNAPSHOT_MAX_TEXT);
	assert_success(snapshot_read(s, path, &out));
	assert_string_equal(out.data, expected);
	assert_true(snapshot_exists(s, path));
	buffer_release(&out);
}

static void assert_no_content(struct snapshot *s, const char *path)
{
	struct buffer out = BUFFER_INIT_MAX(SNAPSHOT_MAX_TEXT);
	struct error *err = snapshot_read(s, path, &out);
	if (!err)
		fail_msg("'%s' was read", path);
	error_free(err);
	assert_false(snapshot_exists(s, path));
	buffer_release(&out);
}

static bool is_clean(struct snapshot *s, const char *folder)
{
	struct snapshot_entry *entries;
	struct oid clean;
	size_t nr;
	assert_success(snapshot_list(s, folder, &entries, &nr, &clean));
	free(entries);
	return clean.hex[0];
}

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
