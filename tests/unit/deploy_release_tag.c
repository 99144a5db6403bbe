#include "git_fixture.h"

#include "deploy/release_tag.h"

#define NOON 1795348800 /* 2026-11-22 12:00 UTC */

/* A remote and two clones that have its one commit. */
struct clones {
	char *directory, *hub;
	char *tops[2];
	struct repo *repos[2];
	struct oid commit;
};

static void setup(struct clones *c)
{
	*c = (struct clones){ .directory = fixture_directory() };
	c->hub = xstrfmt("%s/hub", c->directory);
	git(c->directory, "init", "-q", "--bare", "-b", "main", "--", c->hub, NULL);
	for (int i = 0; i < 2; i++) {
		c->tops[i] = fixture_repository(c->directory, i ? "ben" : "anna", "sha1");
		git(c->tops[i], "remote", "add", "origin", c->hub, NULL);
		git(c->tops[i], "commit", "-q", "--allow-empty", "-m", "one", NULL);
		assert_success(repo_open(&c->repos[i], c->tops[i]));
	}
	git(c->tops[0], "push", "-q", "origin", "main", NULL);
	assert_success(repo_head(c->repos[0], &c->commit));
}

static void teardown(struct clones *c)
{
	for (int i = 0; i < 2; i++) {
		repo_free(c->repos[i]);
		free(c->tops[i]);
	}
	free(c->hub);
	fixture_remove(c->directory);
}

static struct release_tag_request request_of(const struct clones *c)
{
	return (struct release_tag_request){ .environment = "prod", .commit = c->commit, .remote = "origin",
					     .push = true, .now = NOON };
}

static bool never_unused(const char *name, void *data)
{
	(void)name;
	(void)data;
	return false;
}

static void assert_made(struct repo *repo, const struct release_tag_request *request,
			release_tag_unused *unused,
			const char *name, bool made)
{
	struct release_tag_made out;
	assert_success(release_tag_make(repo, request, unused, NULL, &out));
	assert_string_equal(out.name, name);
	assert_int_equal(out.made, made);
	free(out.name);
}

static void test_the_first_tag_of_a_day_is_annotated_and_pushed(void **state)
{
	(void)state;
	struct clones c;
	setup(&c);
	struct release_tag_request request = request_of(&c);
	assert_made(c.repos[0], &request, never_unused, "deploy-prod-20261122-1", true);
	char *type = git_says(c.hub, "cat-file", "-t", "refs/tags/deploy-prod-20261122-1", NULL);
	assert_string_equal(type, "tag");
	free(type);
	teardown(&c);
}

static void test_numbers_go_on_from_the_remotes(void **state)
{
	(void)state;
	struct clones c;
	setup(&c);
	struct release_tag_request request = request_of(&c);
	assert_made(c.repos[0], &request, never_unused, "deploy-prod-20261122-1", true);
	assert_made(c.repos[1], &request, never_unused, "deploy-prod-20261122-2", true);
	request.environment = "test";
	assert_made(c.repos[1], &request, never_unused, "deploy-test-20261122-1", true);
	request.environment = "prod";
	request.now += 86400;
	assert_made(c.repos[0], &request, never_unused, "deploy-prod-20261123-1", true);
	teardown(&c);
}

static void test_a_tag_that_is_taken_while_it_is_made_is_left_to_the_other(void **state)
{
	(void)state;
	struct clones c;
	setup(&c);
	struct release_tag_request request = request_of(&c);
	/* The other clone's tag arrives between our look and our push. */
	git(c.tops[1], "tag", "-a", "-m", "faster", "deploy-prod-20261122-1", NULL);
	put_file(c.tops[0], ".git/hooks/pre-push",
		 "#!/bin/sh\n[ -e .git/raced ] && exit 0\n: >.git/raced\n"
		 "git -C ../ben push -q origin deploy-prod-20261122-1\n");
	char *hook = xstrfmt("%s/.git/hooks/pre-push", c.tops[0]);
	assert_int_equal(chmod(hook, 0755), 0);
	assert_made(c.repos[0], &request, never_unused, "deploy-prod-20261122-2", true);
	char *here = git_says(c.tops[0], "tag", NULL), *there = git_says(c.hub, "tag", NULL);
	assert_string_equal(here, "deploy-prod-20261122-2");
	assert_string_equal(there, "deploy-prod-20261122-1\ndeploy-prod-20261122-2");
	free(here);
	free(there);
	free(hook);
	teardown(&c);
}

static void test_a_tag_that_was_not_pushed_is_taken_up_again(void **state)
{
	(void)state;
	struct clones c;
	setup(&c);
	struct release_tag_request request = request_of(&c);
	git(c.tops[0], "tag", "-a", "-m", "killed here", "deploy-prod-20261121-3", NULL);
	assert_made(c.repos[0], &request, NULL, "deploy-prod-20261121-3", false);
	char *there = git_says(c.hub, "tag", NULL);
	assert_string_equal(there, "deploy-prod-20261121-3");
	free(there);
	assert_made(c.repos[1], &request, NULL, "deploy-prod-20261121-3", false);
	char *here = git_says(c.tops[1], "tag", NULL);
	assert_string_equal(here, "deploy-prod-20261121-3");
	free(here);
	teardown(&c);
}

static void test_a_tag_of_another_commit_is_not_taken_up(void **state)
{
	(void)state;
	struct clones c;
	setup(&c);
	git(c.tops[0], "tag", "-a", "-m", "older", "deploy-prod-20261122-1", NULL);
	git(c.tops[0], "commit", "-q", "--allow-empty", "-m", "two", NULL);
	assert_success(repo_head(c.repos[0], &c.commit));
	struct release_tag_request request = request_of(&c);
	assert_made(c.repos[0], &request, NULL, "deploy-prod-20261122-2", true);
	teardown(&c);
}

static void test_without_a_push_nothing_leaves(void **state)
{
	(void)state;
	struct clones c;
	setup(&c);
	struct release_tag_request request = request_of(&c);
	request.push = false;
	assert_made(c.repos[0], &request, NULL, "deploy-prod-20261122-1", true);
	char *there = git_says(c.hub, "tag", NULL);
	assert_string_equal(there, "");
	free(there);
	teardown(&c);
}

static void test_without_a_remote_tags_are_made_here(void **state)
{
	(void)state;
	struct clones c;
	setup(&c);
	struct release_tag_request request = request_of(&c);
	request.remote = NULL;
	assert_made(c.repos[0], &request, never_unused, "deploy-prod-20261122-1", true);
	assert_made(c.repos[0], &request, never_unused, "deploy-prod-20261122-2", true);
	teardown(&c);
}

static void test_a_refused_push_is_said_and_the_tag_stays_for_the_next_time(void **state)
{
	(void)state;
	struct clones c;
	struct release_tag_made made;
	setup(&c);
	put_file(c.hub, "hooks/update", "#!/bin/sh\necho not today; exit 1\n");
	char *hook = xstrfmt("%s/hooks/update", c.hub);
	assert_int_equal(chmod(hook, 0755), 0);
	struct release_tag_request request = request_of(&c);
	assert_error(release_tag_make(c.repos[0], &request, NULL, NULL, &made), ERROR_NETWORK);
	assert_int_equal(unlink(hook), 0);
	assert_made(c.repos[0], &request, NULL, "deploy-prod-20261122-1", false);
	free(hook);
	teardown(&c);
}

static void test_tagger_and_note_are_read_back(void **state)
{
	(void)state;
	struct clones c;
	struct release_tag_object tag;
	setup(&c);
	struct release_tag_request request = request_of(&c);
	request.note = "fix the login\n\nit was broken";
	assert_made(c.repos[0], &request, never_unused, "deploy-prod-20261122-1", true);
	assert_success(release_tag_read(c.repos[0], "deploy-prod-20261122-1", &tag));
	assert_string_equal(tag.who, "C. Committer <committer@example.org>");
	assert_string_equal(tag.note, request.note);
	assert_string_equal(tag.commit.hex, c.commit.hex);
	release_tag_object_release(&tag);
	request.note = NULL;
	assert_made(c.repos[0], &request, never_unused, "deploy-prod-20261122-2", true);
	assert_success(release_tag_read(c.repos[0], "deploy-prod-20261122-2", &tag));
	assert_null(tag.note);
	release_tag_object_release(&tag);
	teardown(&c);
}

static void test_a_tag_without_a_tagger_has_only_a_commit(void **state)
{
	(void)state;
	struct clones c;
	struct release_tag_object tag;
	setup(&c);
	git(c.tops[0], "tag", "deploy-prod-20261122-1", NULL);
	assert_success(release_tag_read(c.repos[0], "deploy-prod-20261122-1", &tag));
	assert_null(tag.who);
	assert_string_equal(tag.commit.hex, c.commit.hex);
	release_tag_object_release(&tag);
	assert_error(release_tag_read(c.repos[0], "deploy-prod-20261122-2", &tag), ERROR_NOT_FOUND);
	teardown(&c);
}

static void test_the_newest_tag_of_a_commit_is_found(void **state)
{
	(void)state;
	struct clones c;
	char *name;
	setup(&c);
	git(c.tops[0], "tag", "deploy-prod-20261122-9", NULL);
	git(c.tops[0], "tag", "deploy-prod-20261122-10", NULL);
	git(c.tops[0], "tag", "deploy-test-20261123-1", NULL);
	assert_success(release_tag_find(c.repos[0], "prod", &c.commit, &name));
	assert_string_equal(name, "deploy-prod-20261122-10");
	free(name);
	assert_success(release_tag_find(c.repos[0], "stage", &c.commit, &name));
	assert_null(name);
	teardown(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_first_tag_of_a_day_is_annotated_and_pushed),
		cmocka_unit_test(test_numbers_go_on_from_the_remotes),
		cmocka_unit_test(test_a_tag_that_is_taken_while_it_is_made_is_left_to_the_other),
		cmocka_unit_test(test_a_tag_that_was_not_pushed_is_taken_up_again),
		cmocka_unit_test(test_a_tag_of_another_commit_is_not_taken_up),
		cmocka_unit_test(test_without_a_push_nothing_leaves),
		cmocka_unit_test(test_without_a_remote_tags_are_made_here),
		cmocka_unit_test(test_a_refused_push_is_said_and_the_tag_stays_for_the_next_time),
		cmocka_unit_test(test_tagger_and_note_are_read_back),
		cmocka_unit_test(test_a_tag_without_a_tagger_has_only_a_commit),
		cmocka_unit_test(test_the_newest_tag_of_a_commit_is_found),
	};
	fixture_environment();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
