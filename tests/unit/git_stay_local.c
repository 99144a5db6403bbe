/* A repository that stays local: what a partial clone lacks is missing, and nobody fetches it. */
#include "git_fixture.h"

#include "git/object_reader.h"
#include "git/repo.h"
#include "paper/paper.h"

#define TEX "\\documentclass{article}\\begin{document}x\\end{document}\n"

static const char *const formats[] = { "sha1", "sha256" };

/* A clone without a single blob. */
static char *partial_clone(const char *directory, const char *format)
{
	char *whole = fixture_repository(directory, "whole", format), *clone = xstrfmt("%s/clone", directory);
	char *address = xstrfmt("file://%s", whole);
	put_file(whole, "theory/a/main.tex", TEX);
	put_file(whole, "theory/b/main.tex", TEX);
	git(whole, "add", ".", NULL);
	git(whole, "commit", "-q", "-m", "one", NULL);
	git(whole, "config", "uploadpack.allowFilter", "true", NULL);
	git(directory, "clone", "-q", "--no-checkout", "--filter=blob:none", address, clone, NULL);
	free(address);
	free(whole);
	return clone;
}

static struct oid blob_of(struct repo *repo, const char *path)
{
	struct oid commit, tree;
	struct tree_entry entry;
	assert_success(repo_head(repo, &commit));
	assert_success(repo_commit_tree(repo, &commit, &tree));
	assert_success(repo_tree_lookup(repo, &tree, path, &entry));
	return entry.oid;
}

static void test_what_is_not_here_is_missing(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		char *directory = fixture_directory(), *clone = partial_clone(directory, formats[i]);
		struct buffer text = BUFFER_INIT;
		struct repo *repo;
		bool all = true;
		assert_success(repo_open(&repo, clone));
		assert_false(repo_stays_local(repo));
		repo_stay_local(repo);
		struct oid blob = blob_of(repo, "theory/a/main.tex");
		assert_error(repo_read_object(repo, &blob, OBJECT_BLOB, &text), ERROR_NOT_FOUND);
		assert_error(repo_read_object(repo, &blob, OBJECT_BLOB, &text), ERROR_NOT_FOUND);
		assert_success(repo_has_objects(repo, &blob, 1, &all));
		assert_false(all);
		repo_free(repo);
		/* Otherwise git fetches it. */
		assert_success(repo_open(&repo, clone));
		assert_success(repo_read_object(repo, &blob, OBJECT_BLOB, &text));
		assert_string_equal(text.data, TEX);
		repo_free(repo);
		buffer_release(&text);
		free(clone);
		fixture_remove(directory);
	}
}

static bool has_blob(const char *clone)
{
	struct repo *repo;
	bool all = false;
	assert_success(repo_open(&repo, clone));
	struct oid blob = blob_of(repo, "theory/b/main.tex");
	assert_success(repo_has_objects(repo, &blob, 1, &all));
	repo_free(repo);
	return all;
}

/* It might be a manuscript; and what could not be seen is not remembered. */
static void test_a_tex_file_that_is_not_here_counts_as_a_manuscript_for_once(void **state)
{
	(void)state;
	char *directory = fixture_directory(), *clone = partial_clone(directory, "sha1");
	for (int local = 1; local >= 0; local--) {
		struct repo *repo;
		struct oid head;
		struct snapshot *snapshot;
		struct paper_list papers = { 0 };
		struct paper_rules rules = { 0 };
		assert_success(repo_open(&repo, clone));
		if (local)
			repo_stay_local(repo);
		assert_success(repo_head(repo, &head));
		assert_success(snapshot_new(&snapshot, repo, SNAPSHOT_COMMIT, &head));
		assert_success(paper_discover(&papers, snapshot, &rules));
		assert_int_equal(papers.nr, 2);
		paper_list_release(&papers);
		snapshot_free(snapshot);
		repo_free(repo);
		assert_int_equal(has_blob(clone), !local);
	}
	free(clone);
	fixture_remove(directory);
}

static int begin(void **state)
{
	(void)state;
	fixture_environment();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_not_here_is_missing),
		cmocka_unit_test(test_a_tex_file_that_is_not_here_counts_as_a_manuscript_for_once),
	};
	return cmocka_run_group_tests(tests, begin, NULL);
}
