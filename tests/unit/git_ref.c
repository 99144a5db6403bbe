#include <signal.h>
#include "git_fixture.h"

#include "git/ref.h"

#define REF "refs/deploy/test"

struct place {
	char *directory, *top, *remote;
	struct repo *repo;
};

static void setup(struct place *p, const char *format)
{
	*p = (struct place){ .directory = fixture_directory() };
	p->top = fixture_repository(p->directory, "repo", format);
	p->remote = xstrfmt("%s/remote.git", p->directory);
	char *argument = xstrfmt("--object-format=%s", format);
	git(p->top, "init", "--quiet", "--bare", argument, p->remote, NULL);
	git(p->top, "remote", "add", "origin", p->remote, NULL);
	free(argument);
	assert_success(repo_open(&p->repo, p->top));
}

static void teardown(struct place *p)
{
	repo_free(p->repo);
	free(p->top);
	free(p->remote);
	fixture_remove(p->directory);
}

static struct oid commit_file(struct place *p, const struct oid *parent, const char *name, const char *text)
{
	struct ref_file file = { name, slice_of_string(text) };
	struct ref_commit commit = { .parents = parent, .nr_parents = parent ? 1 : 0, .files = &file,
				     .nr_files = 1, .message = "a message", .date = 1700000000 };
	struct oid made;
	assert_success(ref_commit(p->repo, &commit, &made));
	return made;
}

static void assert_file(struct place *p, const struct oid *commit, const char *name, const char *text)
{
	struct oid tree;
	struct tree_entry entry;
	struct buffer out = BUFFER_INIT_MAX(4096);
	assert_success(repo_commit_tree(p->repo, commit, &tree));
	assert_success(repo_tree_lookup(p->repo, &tree, name, &entry));
	assert_success(repo_read_object(p->repo, &entry.oid, OBJECT_BLOB, &out));
	assert_string_equal(out.data, text);
	buffer_release(&out);
}

static void a_commit_keeps_the_other_files_of_its_parent(void **state)
{
	static const char *const formats[] = { "sha1", "sha256" };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		struct place p;
		setup(&p, formats[i]);
		struct oid first = commit_file(&p, NULL, "one", "1");
		struct oid second = commit_file(&p, &first, "two", "2");
		struct oid third = commit_file(&p, &second, "one", "1 again");
		assert_file(&p, &third, "one", "1 again");
		assert_file(&p, &third, "two", "2");
		teardown(&p);
	}
}

static void the_same_commit_has_the_same_id(void **state)
{
	struct place p;
	(void)state;
	setup(&p, "sha1");
	struct oid one = commit_file(&p, NULL, "one", "1"), two = commit_file(&p, NULL, "one", "1");
	assert_string_equal(one.hex, two.hex);
	teardown(&p);
}

static void a_ref_moves_only_from_where_it_was_seen(void **state)
{
	static const struct oid none = { "" };
	struct place p;
	bool lost;
	(void)state;
	setup(&p, "sha1");
	struct oid one = commit_file(&p, NULL, "one", "1"), two = commit_file(&p, &one, "one", "2");
	assert_success(ref_update(p.repo, REF, &none, &one, "test", &lost));
	assert_false(lost);
	assert_success(ref_update(p.repo, REF, &none, &two, "test", &lost));
	assert_true(lost);
	assert_success(ref_update(p.repo, REF, &one, &two, "test", &lost));
	assert_false(lost);
	assert_success(ref_update(p.repo, REF, &one, &two, "test", &lost));
	assert_true(lost);
	teardown(&p);
}

static void a_lease_is_lost_to_whoever_pushed_before(void **state)
{
	struct place p;
	(void)state;
	setup(&p, "sha1");
	struct oid one = commit_file(&p, NULL, "one", "1"), other = commit_file(&p, NULL, "one", "other");
	struct push_try first = { .remote = "origin", .ref = REF, .object = one.hex, .lease = "" };
	struct push_try second = { .remote = "origin", .ref = REF, .object = other.hex, .lease = "" };
	assert_success(ref_push(p.repo, &first, "the test"));
	assert_int_equal(first.outcome, PUSH_DONE);
	assert_success(ref_push(p.repo, &second, "the test"));
	assert_int_equal(second.outcome, PUSH_BEHIND);
	second.lease = one.hex;
	assert_success(ref_push(p.repo, &second, "the test"));
	assert_int_equal(second.outcome, PUSH_DONE);
	teardown(&p);
}

static void what_a_remote_does_not_have_is_not_found(void **state)
{
	struct place p;
	bool found;
	(void)state;
	setup(&p, "sha1");
	assert_success(ref_fetch(p.repo, "origin", "+" REF ":refs/scrutiny/remotes/origin/test", "the test", &found));
	assert_false(found);
	struct oid one = commit_file(&p, NULL, "one", "1"), fetched;
	struct push_try push = { .remote = "origin", .ref = REF, .object = one.hex };
	assert_success(ref_push(p.repo, &push, "the test"));
	assert_success(ref_fetch(p.repo, "origin", "+" REF ":refs/scrutiny/remotes/origin/test", "the test", &found));
	assert_true(found);
	assert_success(repo_ref(p.repo, "refs/scrutiny/remotes/origin/test", &fetched));
	assert_string_equal(fetched.hex, one.hex);
	teardown(&p);
}

static void a_remote_that_is_not_there_is_told_with_what_to_do(void **state)
{
	struct place p;
	bool found;
	(void)state;
	setup(&p, "sha1");
	struct error *err = ref_fetch(p.repo, "/nonexistent/x.git", "+" REF ":" REF, "the test", &found);
	assert_non_null(err);
	assert_int_equal(err->code, ERROR_NETWORK);
	assert_non_null(strstr(err->message, "cannot fetch the test of '/nonexistent/x.git'"));
	assert_non_null(err->hint);
	error_free(err);
	teardown(&p);
}

/* A terminal interrupts all that runs in it: git ends by the signal, and says nothing. */
static void an_interrupt_of_git_is_told_as_one(void **state)
{
	struct place p;
	bool found;
	(void)state;
	setup(&p, "sha1");
	/* What a shell runs in the background ignores it, and so do its children. */
	signal(SIGINT, SIG_DFL);
	git(p.top, "config", "remote.origin.uploadpack", "kill -INT $PPID; false", NULL);
	git(p.top, "config", "remote.origin.receivepack", "kill -INT $PPID; false", NULL);
	struct error *err = ref_fetch(p.repo, "origin", "+" REF ":" REF, "the test", &found);
	assert_non_null(err);
	assert_string_equal(err->message, "interrupted while git was to fetch the test of 'origin'");
	assert_error(err, ERROR_CANCELLED);
	struct oid one = commit_file(&p, NULL, "one", "1");
	struct push_try push = { .remote = "origin", .ref = REF, .object = one.hex, .lease = "" };
	err = ref_push(p.repo, &push, "the test");
	assert_non_null(err);
	assert_string_equal(err->message, "interrupted while git was to push the test to 'origin'");
	assert_error(err, ERROR_CANCELLED);
	teardown(&p);
}

static void of_what_git_says_the_first_words_that_tell_something_are_shown(void **state)
{
	static const char *const said[][2] = {
		{ "remote: error:       \nremote: error: the branch is protected\nerror: failed to push\n",
		  "x: the branch is protected" },
		{ "error: less\nfatal: more\n", "x: more" },
		{ "first\nlast\n", "x: last" },
		{ "error: ", "x: error:" },
		{ "", "x: git failed without a word" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(said); i++) {
		struct buffer text = BUFFER_INIT;
		buffer_addstr(&text, said[i][0]);
		struct error *err = ref_git_failed(&text, "x");
		assert_string_equal(err->message, said[i][1]);
		error_free(err);
		buffer_release(&text);
	}
}

int main(void)
{
	fixture_environment();
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_commit_keeps_the_other_files_of_its_parent),
		cmocka_unit_test(the_same_commit_has_the_same_id),
		cmocka_unit_test(a_ref_moves_only_from_where_it_was_seen),
		cmocka_unit_test(a_lease_is_lost_to_whoever_pushed_before),
		cmocka_unit_test(what_a_remote_does_not_have_is_not_found),
		cmocka_unit_test(a_remote_that_is_not_there_is_told_with_what_to_do),
		cmocka_unit_test(of_what_git_says_the_first_words_that_tell_something_are_shown),
		cmocka_unit_test(an_interrupt_of_git_is_told_as_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
