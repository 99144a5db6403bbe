/* What a push is about: git's lines, and which commits a remote gets that it has not got yet. */
#include "git_fixture.h"

#include "base/text.h"
#include "hook/push.h"

#define ZEROS "0000000000000000000000000000000000000000"
#define ONES "1111111111111111111111111111111111111111"
#define TWOS "2222222222222222222222222222222222222222"

static struct error *parse(struct push *push, const char *text)
{
	return push_parse(push, (struct slice){ text, strlen(text) });
}

static void a_line_is_taken_apart(void **state)
{
	(void)state;
	struct push push;
	assert_success(parse(&push, "refs/heads/main " ONES " refs/heads/trunk " TWOS "\n"));
	assert_int_equal(push.nr, 1);
	assert_string_equal(push.updates[0].local_ref, "refs/heads/main");
	assert_string_equal(push.updates[0].local.hex, ONES);
	assert_string_equal(push.updates[0].remote_ref, "refs/heads/trunk");
	assert_string_equal(push.updates[0].remote.hex, TWOS);
	push_release(&push);
}

static void zeros_are_no_object(void **state)
{
	(void)state;
	struct push push;
	assert_success(parse(&push, "(delete) " ZEROS " refs/heads/old " TWOS "\n"
				    "HEAD " ONES " refs/heads/new " ZEROS "\n"));
	assert_string_equal(push.updates[0].local.hex, "");
	assert_string_equal(push.updates[1].remote.hex, "");
	push_release(&push);
}

static void a_local_expression_may_have_spaces(void **state)
{
	(void)state;
	struct push push;
	assert_success(parse(&push, "HEAD^{/fix the bug} " ONES " refs/heads/fix " ZEROS));
	assert_string_equal(push.updates[0].local_ref, "HEAD^{/fix the bug}");
	push_release(&push);
}

static void nothing_at_all_is_a_push_of_nothing(void **state)
{
	(void)state;
	struct push push;
	assert_success(parse(&push, ""));
	assert_int_equal(push.nr, 0);
	push_release(&push);
}

static void what_git_does_not_write_is_an_error_that_names_the_line(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"\n",
		"refs/heads/main\n",
		"refs/heads/main " ONES " refs/heads/main\n",
		"refs/heads/main " ONES " " TWOS "\n",
		ONES " refs/heads/main " TWOS "\n",
		"refs/heads/main 1234 refs/heads/main " ONES "\n",
		"refs/heads/main " ONES " refs/heads/main " ZEROS "000000000000000000000000\n",
		"refs/heads/main " ONES " refs/heads/main XXXX111111111111111111111111111111111111\n",
		"refs/heads/main " ONES " refs/heads/m\033[2Jain " ZEROS "\n",
		"refs/heads/main " ONES " refs/heads/main " ZEROS " \n",
		"refs/heads/main  " ONES "  refs/heads/main " ZEROS "\n",
	};
	struct push push;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char *text = xstrfmt("HEAD " ONES " refs/heads/x " ZEROS "\n%s", bad[i]);
		struct error *err = parse(&push, text);
		assert_non_null(err);
		assert_true(starts_with(err->message, "standard input, line 2: "));
		assert_error(err, ERROR_SYNTAX);
		free(text);
	}
}

static void refs_of_our_own_hold_no_papers(void **state)
{
	(void)state;
	assert_true(push_is_own_ref("refs/scrutiny/records"));
	assert_true(push_is_own_ref("refs/notes/scrutiny"));
	assert_true(push_is_own_ref("refs/deploy/prod"));
	assert_false(push_is_own_ref("refs/heads/refs/scrutiny/x"));
	assert_false(push_is_own_ref("refs/scrutinyx"));
}

/* -- ranges ------------------------------------------------------------------------------------ */

/* A repository, the remote "origin" beside it, and what git would say on standard input. */
struct world {
	char *directory, *here, *there;
	struct buffer lines;
	struct repo *repo;
	struct push push;
	struct push_range range;
};

static int set_up_format(void **state, const char *format)
{
	struct world *w = xcalloc(1, sizeof(*w));
	fixture_environment();
	w->directory = fixture_directory();
	w->there = fixture_repository(w->directory, "there.git", format);
	w->here = fixture_repository(w->directory, "here", format);
	git(w->here, "remote", "add", "origin", w->there, NULL);
	buffer_init(&w->lines, BUFFER_MAX_INTERNAL);
	*state = w;
	return 0;
}

static int set_up(void **state)
{
	return set_up_format(state, "sha1");
}

static int set_up_sha256(void **state)
{
	return set_up_format(state, "sha256");
}

static int tear_down(void **state)
{
	struct world *w = *state;
	push_range_release(&w->range);
	push_release(&w->push);
	repo_free(w->repo);
	buffer_release(&w->lines);
	free(w->here);
	free(w->there);
	fixture_remove(w->directory);
	free(w);
	return 0;
}

/* A commit on the branch we are on; its id, to be freed. */
static char *commit(struct world *w, const char *message)
{
	git(w->here, "commit", "-q", "--allow-empty", "-m", message, NULL);
	return git_says(w->here, "rev-parse", "HEAD", NULL);
}

static char *zeros(struct world *w)
{
	char *id = git_says(w->here, "rev-parse", "HEAD", NULL);
	memset(id, '0', strlen(id));
	return id;
}

/* NULL for an id is none. */
static void line(struct world *w, const char *local, const char *ref, const char *remote)
{
	char *none = zeros(w);
	buffer_addf(&w->lines, "HEAD %s %s %s\n", local ? local : none, ref, remote ? remote : none);
	free(none);
}

static void find_for(struct world *w, const char *remote, const char *url)
{
	assert_success(repo_open(&w->repo, w->here));
	assert_success(push_parse(&w->push, slice_of(&w->lines)));
	assert_success(push_find_range(&w->range, w->repo, &w->push, remote, url));
}

static void find(struct world *w)
{
	find_for(w, "origin", w->there);
}

static bool is_edge(const struct world *w, const char *id)
{
	for (size_t i = 0; i < w->range.nr_edge; i++)
		if (!strcmp(w->range.edge[i].hex, id))
			return true;
	return false;
}

static void a_new_branch_at_an_empty_remote_has_no_edge(void **state)
{
	struct world *w = *state;
	free(commit(w, "one"));
	char *two = commit(w, "two");
	line(w, two, "refs/heads/main", NULL);
	find(w);
	assert_int_equal(w->range.nr_tips, 1);
	assert_string_equal(w->range.tips[0].commit.hex, two);
	assert_string_equal(w->range.tips[0].ref, "refs/heads/main");
	assert_int_equal(w->range.nr_commits, 2);
	assert_int_equal(w->range.nr_edge, 0);
	free(two);
}

static void a_branch_moves_on_from_what_the_remote_has(void **state)
{
	struct world *w = *state;
	char *one = commit(w, "one"), *two = commit(w, "two");
	line(w, two, "refs/heads/main", one);
	find(w);
	assert_int_equal(w->range.nr_tips, 1);
	assert_int_equal(w->range.nr_commits, 1);
	assert_int_equal(w->range.nr_edge, 1);
	assert_true(is_edge(w, one));
	free(one);
	free(two);
}

static void tracking_refs_tell_what_the_remote_has(void **state)
{
	struct world *w = *state;
	char *one = commit(w, "one");
	git(w->here, "update-ref", "refs/remotes/origin/main", one, NULL);
	char *two = commit(w, "two");
	line(w, two, "refs/heads/topic", NULL);
	find(w);
	assert_int_equal(w->range.nr_commits, 1);
	assert_true(is_edge(w, one));
	free(one);
	free(two);
}

static void tracking_refs_of_another_remote_tell_nothing(void **state)
{
	struct world *w = *state;
	char *one = commit(w, "one");
	git(w->here, "update-ref", "refs/remotes/fork/main", one, NULL);
	line(w, one, "refs/heads/main", NULL);
	find(w);
	assert_int_equal(w->range.nr_commits, 1);
	free(one);
}

static void a_push_by_address_counts_the_refs_of_the_remote_there(void **state)
{
	struct world *w = *state;
	char *one = commit(w, "one");
	git(w->here, "update-ref", "refs/remotes/origin/main", one, NULL);
	char *two = commit(w, "two");
	line(w, two, "refs/heads/main", NULL);
	find_for(w, w->there, w->there);
	assert_int_equal(w->range.nr_commits, 1);
	free(one);
	free(two);
}

static void refs_that_a_mirror_fetches_into_are_our_own(void **state)
{
	struct world *w = *state;
	char *one = commit(w, "one");
	git(w->here, "config", "remote.origin.fetch", "+refs/*:refs/*", NULL);
	line(w, one, "refs/heads/main", NULL);
	find(w);
	assert_int_equal(w->range.nr_commits, 1);
	free(one);
}

static void a_single_ref_may_be_fetched(void **state)
{
	struct world *w = *state;
	char *one = commit(w, "one");
	git(w->here, "config", "remote.origin.fetch", "refs/heads/main:refs/remotes/elsewhere/main", NULL);
	git(w->here, "update-ref", "refs/remotes/elsewhere/main", one, NULL);
	char *two = commit(w, "two");
	line(w, two, "refs/heads/topic", NULL);
	find(w);
	assert_int_equal(w->range.nr_commits, 1);
	free(one);
	free(two);
}

static void what_the_remote_has_already_is_no_tip(void **state)
{
	struct world *w = *state;
	char *one = commit(w, "one"), *two = commit(w, "two");
	line(w, one, "refs/heads/release", NULL);
	line(w, NULL, "refs/heads/main", two);
	find(w);
	assert_int_equal(w->range.nr_tips, 0);
	assert_int_equal(w->range.nr_missing, 0);
	free(one);
	free(two);
}

static void deletions_and_refs_of_our_own_are_no_tips(void **state)
{
	struct world *w = *state;
	char *one = commit(w, "one");
	line(w, NULL, "refs/heads/gone", one);
	line(w, one, "refs/scrutiny/records", NULL);
	line(w, one, "refs/notes/commits", NULL);
	find(w);
	assert_int_equal(w->range.nr_tips, 0);
	free(one);
}

static void a_forced_push_leaves_from_where_both_part(void **state)
{
	struct world *w = *state;
	char *one = commit(w, "one"), *theirs = commit(w, "theirs");
	git(w->here, "reset", "-q", "--hard", one, NULL);
	char *ours = commit(w, "ours");
	line(w, ours, "refs/heads/main", theirs);
	find(w);
	assert_int_equal(w->range.nr_commits, 1);
	assert_int_equal(w->range.nr_edge, 2);
	assert_true(is_edge(w, one));
	assert_true(is_edge(w, theirs));
	free(one);
	free(theirs);
	free(ours);
}

static void what_the_remote_has_got_meanwhile_need_not_be_here(void **state)
{
	struct world *w = *state;
	char *one = commit(w, "one");
	git(w->here, "update-ref", "refs/remotes/origin/main", one, NULL);
	char *two = commit(w, "two");
	char *strange = xstrdup(two);
	memset(strange, 'e', strlen(strange));
	line(w, two, "refs/heads/main", strange);
	find(w);
	assert_int_equal(w->range.nr_tips, 1);
	assert_int_equal(w->range.nr_edge, 1);
	assert_true(is_edge(w, one));
	assert_int_equal(w->range.nr_missing, 0);
	free(one);
	free(two);
	free(strange);
}

static void a_tag_counts_as_its_commit(void **state)
{
	struct world *w = *state;
	char *one = commit(w, "one");
	git(w->here, "tag", "-a", "-m", "x", "inner", NULL);
	git(w->here, "tag", "-a", "-m", "x", "outer", "inner", NULL);
	char *tag = git_says(w->here, "rev-parse", "outer", NULL);
	line(w, tag, "refs/tags/outer", NULL);
	line(w, one, "refs/heads/main", NULL);
	find(w);
	assert_int_equal(w->range.nr_tips, 1);
	assert_string_equal(w->range.tips[0].commit.hex, one);
	assert_string_equal(w->range.tips[0].ref, "refs/tags/outer");
	free(one);
	free(tag);
}

static void a_tag_of_what_the_remote_has_brings_nothing(void **state)
{
	struct world *w = *state;
	char *one = commit(w, "one");
	git(w->here, "update-ref", "refs/remotes/origin/main", one, NULL);
	git(w->here, "tag", "-a", "-m", "x", "v1", NULL);
	char *tag = git_says(w->here, "rev-parse", "v1", NULL);
	line(w, tag, "refs/tags/v1", NULL);
	find(w);
	assert_int_equal(w->range.nr_tips, 0);
	assert_int_equal(w->range.nr_missing, 0);
	free(one);
	free(tag);
}

static void tags_of_trees_and_blobs_have_no_papers(void **state)
{
	struct world *w = *state;
	put_file(w->here, "a/main.tex", "x");
	git(w->here, "add", ".", NULL);
	free(commit(w, "one"));
	git(w->here, "tag", "-a", "-m", "x", "tree", "HEAD^{tree}", NULL);
	char *tree = git_says(w->here, "rev-parse", "HEAD:a", NULL);
	char *blob = git_says(w->here, "rev-parse", "HEAD:a/main.tex", NULL);
	char *tag = git_says(w->here, "rev-parse", "tree", NULL);
	line(w, tree, "refs/tags/bare-tree", NULL);
	line(w, blob, "refs/tags/blob", NULL);
	line(w, tag, "refs/tags/tree", NULL);
	find(w);
	assert_int_equal(w->range.nr_tips, 0);
	assert_int_equal(w->range.nr_missing, 0);
	free(tree);
	free(blob);
	free(tag);
}

static void an_object_that_is_not_here_is_told(void **state)
{
	struct world *w = *state;
	char *one = commit(w, "one"), *strange = xstrdup(one);
	memset(strange, 'e', strlen(strange));
	line(w, strange, "refs/heads/strange", NULL);
	line(w, one, "refs/heads/main", NULL);
	find(w);
	assert_int_equal(w->range.nr_tips, 1);
	assert_int_equal(w->range.nr_missing, 1);
	assert_string_equal(w->range.missing[0], "refs/heads/strange");
	free(one);
	free(strange);
}

static void several_refs_with_one_commit_are_one_tip(void **state)
{
	struct world *w = *state;
	char *one = commit(w, "one"), *two = commit(w, "two");
	line(w, two, "refs/heads/a", NULL);
	line(w, one, "refs/heads/b", NULL);
	line(w, two, "refs/heads/c", NULL);
	find(w);
	assert_int_equal(w->range.nr_tips, 2);
	assert_string_equal(w->range.tips[0].ref, "refs/heads/a");
	assert_string_equal(w->range.tips[1].commit.hex, one);
	free(one);
	free(two);
}

static void a_merge_has_an_edge_on_both_sides(void **state)
{
	struct world *w = *state;
	char *one = commit(w, "one");
	git(w->here, "checkout", "-q", "-b", "side", NULL);
	char *theirs = commit(w, "theirs");
	git(w->here, "checkout", "-q", "main", NULL);
	free(commit(w, "ours"));
	git(w->here, "merge", "-q", "--no-ff", "-m", "merge", "side", NULL);
	char *merge = git_says(w->here, "rev-parse", "HEAD", NULL);
	line(w, merge, "refs/heads/main", theirs);
	find(w);
	assert_int_equal(w->range.nr_commits, 2);
	assert_int_equal(w->range.nr_edge, 2);
	assert_true(is_edge(w, one) && is_edge(w, theirs));
	free(one);
	free(theirs);
	free(merge);
}

static void ids_of_another_object_format_are_an_error(void **state)
{
	struct world *w = *state;
	struct repo *repo;
	struct push push;
	struct push_range range;
	free(commit(w, "one"));
	assert_success(repo_open(&repo, w->here));
	assert_success(parse(&push, "HEAD " ONES " refs/heads/main " ZEROS "\n"));
	assert_error(push_find_range(&range, repo, &push, "origin", "x"), ERROR_SYNTAX);
	push_release(&push);
	repo_free(repo);
}

#define RANGE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define RANGE_SHA256(test) cmocka_unit_test_setup_teardown(test, set_up_sha256, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_taken_apart),
		cmocka_unit_test(zeros_are_no_object),
		cmocka_unit_test(a_local_expression_may_have_spaces),
		cmocka_unit_test(nothing_at_all_is_a_push_of_nothing),
		cmocka_unit_test(what_git_does_not_write_is_an_error_that_names_the_line),
		cmocka_unit_test(refs_of_our_own_hold_no_papers),
		RANGE(a_new_branch_at_an_empty_remote_has_no_edge),
		RANGE(a_branch_moves_on_from_what_the_remote_has),
		RANGE(tracking_refs_tell_what_the_remote_has),
		RANGE(tracking_refs_of_another_remote_tell_nothing),
		RANGE(a_push_by_address_counts_the_refs_of_the_remote_there),
		RANGE(refs_that_a_mirror_fetches_into_are_our_own),
		RANGE(a_single_ref_may_be_fetched),
		RANGE(what_the_remote_has_already_is_no_tip),
		RANGE(deletions_and_refs_of_our_own_are_no_tips),
		RANGE(a_forced_push_leaves_from_where_both_part),
		RANGE(what_the_remote_has_got_meanwhile_need_not_be_here),
		RANGE(a_tag_counts_as_its_commit),
		RANGE(a_tag_of_what_the_remote_has_brings_nothing),
		RANGE(tags_of_trees_and_blobs_have_no_papers),
		RANGE(an_object_that_is_not_here_is_told),
		RANGE(several_refs_with_one_commit_are_one_tip),
		RANGE(a_merge_has_an_edge_on_both_sides),
		RANGE_SHA256(a_merge_has_an_edge_on_both_sides),
		RANGE_SHA256(a_tag_counts_as_its_commit),
		RANGE_SHA256(ids_of_another_object_format_are_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
