/* What a snapshot shows, held against what git itself would commit. */
#ifndef TESTS_SNAPSHOT_TESTING_H
#define TESTS_SNAPSHOT_TESTING_H

#include "git_fixture.h"

#include "base/strmap.h"
#include "git/snapshot.h"

static const char *const formats[] = { "sha1", "sha256" };

/* -- the oracle: what git itself would commit -------------------------------------------------- */

struct view {
	struct strmap files; /* path -> "mode oid" */
};

static inline void add_to_view(struct view *view, const char *path, unsigned mode, const char *oid)
{
	void **slot = strmap_at(&view->files, path, strlen(path));
	assert_null(*slot);
	*slot = xstrfmt("%06o %s", mode, oid);
}

/* Reads `git ls-tree -r -t -z`. */
static inline void view_of_tree(struct view *view, const char *top, const char *tree)
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
static inline void view_of_git(struct view *view, const char *top, bool add_all)
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
static inline void view_of_snapshot(struct view *view, struct snapshot *s, const char *folder)
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

static inline void view_release(struct view *view)
{
	strmap_release(&view->files, free);
}

static inline void assert_same_view(const struct view *ours, const struct view *gits)
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

static inline struct snapshot *take(const char *top, enum snapshot_kind kind)
{
	struct repo *repo;
	struct snapshot *s;
	struct oid head;
	assert_success(repo_open(&repo, top));
	assert_success(repo_head(repo, &head));
	assert_success(snapshot_new(&s, repo, kind, &head));
	return s;
}

static inline void let_go(struct snapshot *s)
{
	struct repo *repo = snapshot_repo(s);
	snapshot_free(s);
	repo_free(repo);
}

/* The central claim: work tree and index are seen as git would commit them. */
static inline void assert_seen_as_git_does(const char *top)
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

static inline void commit_all(const char *top)
{
	git(top, "add", "--all", NULL);
	git(top, "commit", "-q", "--allow-empty", "-m", "a commit", NULL);
}

static inline char *papers(const char *directory, const char *format)
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
static inline void with_papers(void (*body)(const char *top, const char *directory))
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		char *directory = fixture_directory();
		char *top = papers(directory, formats[i]);
		body(top, directory);
		free(top);
		fixture_remove(directory);
	}
}

static inline char *names_in(struct snapshot *s, const char *folder)
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

static inline void assert_names(struct snapshot *s, const char *folder, const char *expected)
{
	char *names = names_in(s, folder);
	assert_string_equal(names, expected);
	free(names);
}

static inline void assert_content(struct snapshot *s, const char *path, const char *expected)
{
	struct buffer out = BUFFER_INIT_MAX(SNAPSHOT_MAX_TEXT);
	assert_success(snapshot_read(s, path, &out));
	assert_string_equal(out.data, expected);
	assert_true(snapshot_exists(s, path));
	buffer_release(&out);
}

static inline void assert_no_content(struct snapshot *s, const char *path)
{
	struct buffer out = BUFFER_INIT_MAX(SNAPSHOT_MAX_TEXT);
	struct error *err = snapshot_read(s, path, &out);
	if (!err)
		fail_msg("'%s' was read", path);
	error_free(err);
	assert_false(snapshot_exists(s, path));
	buffer_release(&out);
}

static inline bool is_clean(struct snapshot *s, const char *folder)
{
	struct snapshot_entry *entries;
	struct oid clean;
	size_t nr;
	assert_success(snapshot_list(s, folder, &entries, &nr, &clean));
	free(entries);
	return clean.hex[0];
}

#endif
