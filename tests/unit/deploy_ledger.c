#include "git_fixture.h"

#include <inttypes.h>

#include "deploy/ledger.h"
#include "deploy/release_tag.h"

#define IMAGE_A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define IMAGE_B "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define COMMIT "0123456789012345678901234567890123456789"

/* A bare repository and two clones of it, which know it as origin. */
struct clones {
	char *directory, *hub;
	char *tops[2];
	struct repo *repos[2];
};

static void setup(struct clones *c, const char *format)
{
	*c = (struct clones){ .directory = fixture_directory() };
	char *option = xstrfmt("--object-format=%s", format);
	c->hub = xstrfmt("%s/hub", c->directory);
	git(c->directory, "init", "-q", "--bare", option, "--", c->hub, NULL);
	free(option);
	for (int i = 0; i < 2; i++) {
		c->tops[i] = fixture_repository(c->directory, i ? "ben" : "anna", format);
		git(c->tops[i], "remote", "add", "origin", c->hub, NULL);
		assert_success(repo_open(&c->repos[i], c->tops[i]));
	}
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

/* A release of prod as it is before it is added. */
static struct release new_release(const char *tag, const char *image)
{
	struct release r = {
		.environment = xstrdup("prod"),
		.tag = tag ? xstrdup(tag) : NULL,
		.repository = xstrdup("registry.example.org/web"),
		.date = 1790000000,
		.who = xstrdup("Anna <anna@example.org>"),
		.where = xstrdup("shell"),
		.image_bytes = 54000000,
		.bytes_sent = 400000,
	};
	memcpy(r.commit.hex, COMMIT, sizeof(COMMIT));
	assert_true(digest_parse(slice_of_string(image), &r.digest));
	return r;
}

static int64_t add(struct repo *repo, const char *remote, const char *tag, const char *image)
{
	struct release r = new_release(tag, image);
	bool added;
	assert_success(releases_add(repo, remote, &r, &added));
	int64_t number = r.number;
	release_release(&r);
	return number;
}

static void add_result(struct repo *repo, enum release_result result, int64_t of, const char *image)
{
	struct release r = new_release(NULL, image);
	bool added;
	r.result = result;
	r.of = of;
	assert_success(releases_add(repo, NULL, &r, &added));
	assert_true(added);
	release_release(&r);
}

/* "2:deploy-... 1:deploy-...", newest first. */
static void assert_ledger(struct repo *repo, const char *expected)
{
	struct releases all;
	struct buffer text = BUFFER_INIT;
	assert_success(releases_read(repo, "prod", 0, &all));
	for (size_t i = 0; i < all.nr; i++)
		buffer_addf(&text, "%s%" PRId64 ":%s", i ? " " : "", all.items[i].number,
			    all.items[i].tag ? all.items[i].tag : "-");
	assert_string_equal(text.data, expected);
	buffer_release(&text);
	releases_release(&all);
}

/* -- adding and reading ------------------------------------------------------------------------ */

static void test_no_ledger_has_no_releases(void **state)
{
	(void)state;
	struct clones c;
	setup(&c, "sha1");
	assert_ledger(c.repos[0], "");
	teardown(&c);
}

static void check_format(const char *format)
{
	struct clones c;
	setup(&c, format);
	assert_int_equal(add(c.repos[0], NULL, "deploy-prod-20261122-1", IMAGE_A), 1);
	assert_int_equal(add(c.repos[0], NULL, "deploy-prod-20261122-2", IMAGE_B), 2);
	assert_ledger(c.repos[0], "2:deploy-prod-20261122-2 1:deploy-prod-20261122-1");
	git(c.tops[0], "fsck", "--strict", NULL);
	teardown(&c);
}

static void test_releases_are_numbered_in_a_row(void **state)
{
	(void)state;
	check_format("sha1");
}

static void test_sha256_repositories_have_ledgers(void **state)
{
	(void)state;
	check_format("sha256");
}

static void test_a_bare_repository_has_a_ledger(void **state)
{
	(void)state;
	struct clones c;
	struct repo *hub;
	setup(&c, "sha1");
	assert_success(repo_open(&hub, c.hub));
	assert_int_equal(add(hub, NULL, "deploy-prod-20261122-1", IMAGE_A), 1);
	assert_ledger(hub, "1:deploy-prod-20261122-1");
	repo_free(hub);
	teardown(&c);
}

static void test_all_of_a_release_is_read_back(void **state)
{
	(void)state;
	struct clones c;
	struct releases all;
	struct release r = new_release("deploy-prod-20261122-1", IMAGE_A);
	bool added;
	setup(&c, "sha1");
	r.note = xstrdup("the \"first\" one\nof two lines");
	memcpy(r.dependencies.text, IMAGE_B, sizeof(IMAGE_B));
	assert_success(releases_add(c.repos[0], NULL, &r, &added));
	assert_true(added);
	assert_success(releases_read(c.repos[0], "prod", 1, &all));
	const struct release *got = &all.items[0];
	assert_string_equal(got->entry.hex, r.entry.hex);
	assert_string_equal(got->commit.hex, COMMIT);
	assert_string_equal(got->repository, r.repository);
	assert_string_equal(got->digest.text, IMAGE_A);
	assert_string_equal(got->dependencies.text, IMAGE_B);
	assert_string_equal(got->who, r.who);
	assert_string_equal(got->where, r.where);
	assert_string_equal(got->note, r.note);
	assert_int_equal(got->date, r.date);
	assert_int_equal(got->image_bytes, r.image_bytes);
	assert_int_equal(got->bytes_sent, r.bytes_sent);
	releases_release(&all);
	release_release(&r);
	teardown(&c);
}

static void test_git_log_reads_as_a_ledger(void **state)
{
	(void)state;
	struct clones c;
	setup(&c, "sha1");
	add(c.repos[0], NULL, "deploy-prod-20261122-1", IMAGE_A);
	char *log = git_says(c.tops[0], "log", "--format=%an <%ae>, %at: %s", "refs/deploy/prod", NULL);
	assert_string_equal(log, "Anna <anna@example.org>, 1790000000: Release #1 of prod: "
				 "deploy-prod-20261122-1");
	free(log);
	teardown(&c);
}

static void test_an_author_that_git_would_misread_is_replaced(void **state)
{
	(void)state;
	struct clones c;
	struct release r = new_release("deploy-prod-20261122-1", IMAGE_A);
	bool added;
	setup(&c, "sha1");
	free(r.who);
	r.who = xstrdup("Eve <eve@example.org> 0 +0000\ncommitter Anna <anna@example.org>");
	assert_success(releases_add(c.repos[0], NULL, &r, &added));
	char *author = git_says(c.tops[0], "log", "--format=%an", "refs/deploy/prod", NULL);
	assert_string_equal(author, "C. Committer");
	free(author);
	release_release(&r);
	teardown(&c);
}

static void test_the_same_release_is_added_once(void **state)
{
	(void)state;
	struct clones c;
	setup(&c, "sha1");
	add(c.repos[0], NULL, "deploy-prod-20261122-1", IMAGE_A);
	assert_int_equal(add(c.repos[0], NULL, "deploy-prod-20261122-1", IMAGE_A), 1);
	add(c.repos[0], NULL, "deploy-prod-20261122-2", IMAGE_B);
	assert_int_equal(add(c.repos[0], NULL, "deploy-prod-20261122-1", IMAGE_A), 1);
	assert_ledger(c.repos[0], "2:deploy-prod-20261122-2 1:deploy-prod-20261122-1");
	teardown(&c);
}

static void test_another_image_of_the_same_tag_is_another_release(void **state)
{
	(void)state;
	struct clones c;
	setup(&c, "sha1");
	add(c.repos[0], NULL, "deploy-prod-20261122-1", IMAGE_A);
	assert_int_equal(add(c.repos[0], NULL, "deploy-prod-20261122-1", IMAGE_B), 2);
	teardown(&c);
}

/* -- with a remote ----------------------------------------------------------------------------- */

static void test_two_clones_release_in_a_row(void **state)
{
	(void)state;
	struct clones c;
	setup(&c, "sha1");
	assert_int_equal(add(c.repos[0], "origin", "deploy-prod-20261122-1", IMAGE_A), 1);
	assert_int_equal(add(c.repos[1], "origin", "deploy-prod-20261122-2", IMAGE_B), 2);
	assert_ledger(c.repos[0], "1:deploy-prod-20261122-1");
	assert_success(releases_fetch(c.repos[0], "origin", "prod", NULL));
	assert_ledger(c.repos[0], "2:deploy-prod-20261122-2 1:deploy-prod-20261122-1");
	teardown(&c);
}

static void test_a_push_that_comes_second_is_numbered_anew(void **state)
{
	(void)state;
	struct clones c;
	struct repo *hub;
	setup(&c, "sha1");
	/* The hub gets a release between the fetch and the push of the first attempt. */
	assert_success(repo_open(&hub, c.hub));
	char *hook = xstrfmt("%s/hooks/update", c.hub);
	char *script = xstrfmt("#!/bin/sh\n[ -e raced ] && exit 0\n: >raced\n"
			       "git update-ref refs/deploy/prod $(git rev-parse refs/other)\n");
	put_file(c.hub, "hooks/update", script);
	assert_int_equal(chmod(hook, 0755), 0);
	add(hub, NULL, "deploy-prod-20261122-1", IMAGE_A);
	git(c.hub, "update-ref", "refs/other", "refs/deploy/prod", NULL);
	git(c.hub, "update-ref", "-d", "refs/deploy/prod", NULL);
	assert_int_equal(add(c.repos[0], "origin", "deploy-prod-20261122-2", IMAGE_B), 2);
	assert_ledger(hub, "2:deploy-prod-20261122-2 1:deploy-prod-20261122-1");
	assert_ledger(c.repos[0], "2:deploy-prod-20261122-2 1:deploy-prod-20261122-1");
	free(script);
	free(hook);
	repo_free(hub);
	teardown(&c);
}

static void test_what_was_pushed_before_a_kill_is_found_again(void **state)
{
	(void)state;
	struct clones c;
	setup(&c, "sha1");
	add(c.repos[0], "origin", "deploy-prod-20261122-1", IMAGE_A);
	git(c.tops[0], "update-ref", "-d", "refs/deploy/prod", NULL);
	assert_int_equal(add(c.repos[0], "origin", "deploy-prod-20261122-1", IMAGE_A), 1);
	assert_ledger(c.repos[0], "1:deploy-prod-20261122-1");
	teardown(&c);
}

static void test_releases_made_without_the_remote_come_after_its_own(void **state)
{
	(void)state;
	struct clones c;
	struct releases all;
	setup(&c, "sha1");
	add(c.repos[0], "origin", "deploy-prod-20261122-1", IMAGE_A);
	assert_success(releases_fetch(c.repos[1], "origin", "prod", NULL));
	add(c.repos[1], "origin", "deploy-prod-20261122-2", IMAGE_B);
	add(c.repos[0], NULL, "deploy-prod-20261122-3", IMAGE_B);
	add_result(c.repos[0], RELEASE_FAILED, 2, IMAGE_B);
	add(c.repos[0], "origin", "deploy-prod-20261122-4", IMAGE_A);
	assert_ledger(c.repos[0], "5:deploy-prod-20261122-4 4:- 3:deploy-prod-20261122-3 "
				  "2:deploy-prod-20261122-2 "
		      "1:deploy-prod-20261122-1");
	assert_success(releases_read(c.repos[0], "prod", 0, &all));
	assert_int_equal(all.items[1].of, 3); /* it was #2 when it failed */
	releases_release(&all);
	teardown(&c);
}

static void test_a_remote_that_lost_its_ledger_gets_it_back(void **state)
{
	(void)state;
	struct clones c;
	setup(&c, "sha1");
	add(c.repos[0], "origin", "deploy-prod-20261122-1", IMAGE_A);
	git(c.hub, "update-ref", "-d", "refs/deploy/prod", NULL);
	add(c.repos[0], "origin", "deploy-prod-20261122-2", IMAGE_B);
	assert_success(releases_fetch(c.repos[1], "origin", "prod", NULL));
	assert_ledger(c.repos[1], "2:deploy-prod-20261122-2 1:deploy-prod-20261122-1");
	teardown(&c);
}

static void test_a_remote_that_is_not_there_changes_nothing(void **state)
{
	(void)state;
	struct clones c;
	struct release r = new_release("deploy-prod-20261122-1", IMAGE_A);
	bool added;
	setup(&c, "sha1");
	char *hidden = xstrfmt("%s.away", c.hub);
	assert_int_equal(rename(c.hub, hidden), 0);
	assert_error(releases_add(c.repos[0], "origin", &r, &added), ERROR_NETWORK);
	assert_ledger(c.repos[0], "");
	free(hidden);
	release_release(&r);
	teardown(&c);
}

static void test_a_shallow_ledger_ends_where_it_is_cut_off(void **state)
{
	(void)state;
	struct clones c;
	struct releases all;
	struct repo *shallow;
	setup(&c, "sha1");
	add(c.repos[0], "origin", "deploy-prod-20261122-1", IMAGE_A);
	add(c.repos[0], "origin", "deploy-prod-20261122-2", IMAGE_B);
	char *url = xstrfmt("file://%s", c.hub), *path = fixture_repository(c.directory, "shallow", "sha1");
	git(path, "fetch", "-q", "--depth=1", url, "+refs/deploy/*:refs/deploy/*", NULL);
	assert_success(repo_open(&shallow, path));
	assert_success(releases_read(shallow, "prod", 0, &all));
	assert_int_equal(all.nr, 1);
	assert_true(all.cut_off);
	releases_release(&all);
	repo_free(shallow);
	free(url);
	free(path);
	teardown(&c);
}

/* -- what somebody else has pushed ------------------------------------------------------------- */

#define GOOD_START "{\"format\":1,\"number\":1,\"environment\":\"prod\",\"result\":\"done\",\"of\":null,\"tag\":null,"
#define GOOD_MIDDLE "\"commit\":\"" COMMIT "\",\"repository\":\"registry.example.org/web\",\"digest\":\"" IMAGE_A "\","
#define GOOD_END "\"dependencies\":null,\"image_bytes\":1,\"bytes_sent\":1,\"date\":1,\"who\":\"A <a@b>\",\"where\":\"x\",\"note\":null}"

static void test_release_json_is_checked(void **state)
{
	(void)state;
	static const struct {
		const char *json, *says;
		enum error_code code;
	} wrong[] = {
		{ "[]", "format", ERROR_SYNTAX },
		{ "{\"format\":2}", "newer git deploy", ERROR_UNSUPPORTED },
		{ GOOD_START GOOD_MIDDLE "\"image_bytes\":-1}", "image_bytes", ERROR_SYNTAX },
		{ "{\"format\":1,\"number\":0}", "'number' cannot be 0", ERROR_SYNTAX },
		{ "{\"format\":1,\"number\":99999999}", "'number' cannot be", ERROR_SYNTAX },
		{ "{\"format\":1,\"number\":1,\"environment\":\"prod\",\"result\":\"burnt\"}", "no result",
		  ERROR_SYNTAX },
		{ GOOD_START "\"commit\":\"HEAD\"}", "no object id", ERROR_SYNTAX },
		{ GOOD_START "\"commit\":\"--upload-pack=touch x aaaaaaaaaaaaaaaaaa\"}", "no object id",
		  ERROR_SYNTAX },
		{ GOOD_START "\"commit\":\"" COMMIT "\",\"repository\":\"web\",\"digest\":\"sha512:00\"}",
		  "no SHA-256 digest",
		  ERROR_SYNTAX },
		{ GOOD_START "\"commit\":\"" COMMIT "\",\"repository\":\"../../etc\",\"digest\":\"" IMAGE_A "\"," GOOD_END,
		  "../../etc", ERROR_SYNTAX },
		{ "{\"format\":1,\"number\":1,\"environment\":\"../heads/main\",\"result\":\"done\",\"tag\":null," GOOD_MIDDLE
		  GOOD_END, "cannot be an environment", ERROR_SYNTAX },
		{ "{\"format\":1,\"number\":1,\"environment\":\"prod\",\"result\":\"rolled-back\",\"of\":1,\"tag\":null,"
		  GOOD_MIDDLE GOOD_END, "'of' cannot be 1", ERROR_SYNTAX },
		{ "{\"format\":1,\"number\":1,\"environment\":\"prod\",\"result\":\"done\",\"tag\":\"deploy-test-20261122-1\","
		  GOOD_MIDDLE GOOD_END, "no tag of prod", ERROR_SYNTAX },
	};
	struct release r;
	assert_success(release_parse(&r, slice_of_string(GOOD_START GOOD_MIDDLE GOOD_END), "it"));
	release_release(&r);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct error *err = release_parse(&r, slice_of_string(wrong[i].json), "it");
		assert_non_null(err);
		if (!strstr(err->message, wrong[i].says))
			fail_msg("'%s' is not in: %s", wrong[i].says, err->message);
		assert_error(err, wrong[i].code);
	}
}

/* Commits TREE_ENTRY ("<mode> <type> <id>\tname") as the ledger, with the given parents. */
static void forge(struct clones *c, const char *mode, const char *content, const char *parent)
{
	put_file(c->tops[0], "forged", content);
	char *blob = git_says(c->tops[0], "hash-object", "-w", "forged", NULL);
	char *info = xstrfmt("%s,%s,release.json", mode, blob);
	git(c->tops[0], "update-index", "--add", "--cacheinfo", info, NULL);
	char *tree = git_says(c->tops[0], "write-tree", NULL);
	char *commit = parent ? git_says(c->tops[0], "commit-tree", "-m", "x", "-p", parent, tree, NULL)
			      : git_says(c->tops[0], "commit-tree", "-m", "x", tree, NULL);
	git(c->tops[0], "update-ref", "refs/deploy/prod", commit, NULL);
	free(blob);
	free(info);
	free(tree);
	free(commit);
}

static void assert_damaged(struct clones *c, const char *says)
{
	struct releases all;
	struct error *err = releases_read(c->repos[0], "prod", 0, &all);
	assert_non_null(err);
	assert_non_null(strstr(err->message, "the ledger of 'prod' is damaged at commit"));
	if (!strstr(err->message, says))
		fail_msg("'%s' is not in: %s", says, err->message);
	assert_non_null(err->hint);
	error_free(err);
	releases_release(&all);
}

static void test_a_damaged_ledger_says_where_and_what(void **state)
{
	(void)state;
	struct clones c;
	setup(&c, "sha1");
	forge(&c, "120000", "/etc/passwd", NULL);
	assert_damaged(&c, "release.json is no file");
	forge(&c, "100644", "not json", NULL);
	assert_damaged(&c, "release.json");
	forge(&c, "100644", GOOD_START GOOD_MIDDLE GOOD_END, "refs/deploy/prod");
	assert_damaged(&c, "release #1 follows another commit");
	char *large = xmalloc(LEDGER_MAX_FILE + 2);
	memset(large, ' ', LEDGER_MAX_FILE + 1);
	large[LEDGER_MAX_FILE + 1] = '\0';
	forge(&c, "100644", large, NULL);
	assert_damaged(&c, "too large");
	free(large);
	teardown(&c);
}

static void test_a_merge_is_no_release(void **state)
{
	(void)state;
	struct clones c;
	setup(&c, "sha1");
	forge(&c, "100644", GOOD_START GOOD_MIDDLE GOOD_END, NULL);
	char *first = git_says(c.tops[0], "rev-parse", "refs/deploy/prod", NULL);
	forge(&c, "100644", "other", NULL);
	char *second = git_says(c.tops[0], "rev-parse", "refs/deploy/prod", NULL);
	char *merge = git_says(c.tops[0], "commit-tree", "-m", "x", "-p", first, "-p", second,
			       "refs/deploy/prod^{tree}", NULL);
	git(c.tops[0], "update-ref", "refs/deploy/prod", merge, NULL);
	assert_damaged(&c, "it is a merge");
	free(first);
	free(second);
	free(merge);
	teardown(&c);
}

static void test_a_release_of_another_environment_is_refused(void **state)
{
	(void)state;
	struct clones c;
	setup(&c, "sha1");
	forge(&c, "100644",
	      "{\"format\":1,\"number\":1,\"environment\":\"test\",\"result\":\"done\",\"tag\":null," GOOD_MIDDLE GOOD_END,
	      NULL);
	assert_damaged(&c, "it is a release of 'test'");
	teardown(&c);
}

static void test_nothing_is_added_to_a_damaged_ledger(void **state)
{
	(void)state;
	struct clones c;
	struct release r = new_release("deploy-prod-20261122-1", IMAGE_A);
	bool added;
	setup(&c, "sha1");
	forge(&c, "100644", "not json", NULL);
	char *before = git_says(c.tops[0], "rev-parse", "refs/deploy/prod", NULL);
	assert_error(releases_add(c.repos[0], NULL, &r, &added), ERROR_SYNTAX);
	char *after = git_says(c.tops[0], "rev-parse", "refs/deploy/prod", NULL);
	assert_string_equal(before, after);
	free(before);
	free(after);
	release_release(&r);
	teardown(&c);
}

/* -- which release ----------------------------------------------------------------------------- */

static void test_releases_are_found_by_number_tag_digest_and_commit(void **state)
{
	(void)state;
	struct clones c;
	struct releases all;
	const struct release *found;
	static const char *const first[] = { "1", "#1", "deploy-prod-20261122-1", IMAGE_A, "sha256:aaaa",
					    "aaaaa" };
	setup(&c, "sha1");
	add(c.repos[0], NULL, "deploy-prod-20261122-1", IMAGE_A);
	add(c.repos[0], NULL, "deploy-prod-20261122-2", IMAGE_B);
	assert_success(releases_read(c.repos[0], "prod", 0, &all));
	for (size_t i = 0; i < ARRAY_SIZE(first); i++) {
		assert_success(releases_find(&all, "prod", first[i], &found));
		assert_int_equal(found->number, 1);
	}
	assert_success(releases_find(&all, "prod", "0123456", &found));
	assert_int_equal(found->number, 2); /* both are of that commit: the newest */
	assert_error(releases_find(&all, "prod", "3", &found), ERROR_NOT_FOUND);
	assert_error(releases_find(&all, "prod", "", &found), ERROR_NOT_FOUND);
	assert_error(releases_find(&all, "prod", "aaa", &found), ERROR_NOT_FOUND);
	releases_release(&all);
	teardown(&c);
}

static void assert_served(struct repo *repo, int64_t served, int64_t canary)
{
	struct releases all;
	assert_success(releases_read(repo, "prod", 0, &all));
	const struct release *r = releases_served(&all), *waiting = releases_canary(&all);
	assert_int_equal(r ? r->number : 0, served);
	assert_int_equal(waiting ? waiting->number : 0, canary);
	releases_release(&all);
}

static void test_the_newest_release_that_nothing_took_back_is_served(void **state)
{
	(void)state;
	struct clones c;
	setup(&c, "sha1");
	assert_served(c.repos[0], 0, 0);
	add(c.repos[0], NULL, "deploy-prod-20261122-1", IMAGE_A);
	add(c.repos[0], NULL, "deploy-prod-20261122-2", IMAGE_B);
	assert_served(c.repos[0], 2, 0);
	add_result(c.repos[0], RELEASE_FAILED, 2, IMAGE_B);
	assert_served(c.repos[0], 1, 0);
	add(c.repos[0], NULL, "deploy-prod-20261122-3", IMAGE_B);
	add_result(c.repos[0], RELEASE_ROLLED_BACK, 1, IMAGE_A);
	assert_served(c.repos[0], 5, 0);
	teardown(&c);
}

static void test_a_canary_waits_until_it_is_promoted_given_up_or_replaced(void **state)
{
	(void)state;
	struct clones c;
	setup(&c, "sha1");
	add(c.repos[0], NULL, "deploy-prod-20261122-1", IMAGE_A);
	add_result(c.repos[0], RELEASE_CANARY, 0, IMAGE_B);
	assert_served(c.repos[0], 1, 2);
	add_result(c.repos[0], RELEASE_FAILED, 2, IMAGE_B);
	assert_served(c.repos[0], 1, 0);
	add_result(c.repos[0], RELEASE_CANARY, 0, IMAGE_B);
	add_result(c.repos[0], RELEASE_PROMOTED, 4, IMAGE_B);
	assert_served(c.repos[0], 5, 0);
	add_result(c.repos[0], RELEASE_CANARY, 0, IMAGE_A);
	add_result(c.repos[0], RELEASE_ROLLED_BACK, 1, IMAGE_A);
	assert_served(c.repos[0], 7, 0);
	teardown(&c);
}

/* -- names ------------------------------------------------------------------------------------- */

static void test_tags_name_environment_day_and_number(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"deploy-prod-20261122", "deploy-prod-20261122-0", "deploy-prod-20261122-01",
			"deploy--20261122-1",
		"deploy-20261122-1", "deploy-prod-2026112-1", "deploy-Prod-20261122-1",
			"deploy-prod-20261122-1x",
		"deploy-hours-20261122-1", "deploy-latest-20261122-1", "deploy-a-canary-20261122-1", "v1", "deploy-prod-20261122-1234567", "deploy-a/b-20261122-1", "",
	};
	struct release_tag tag;
	assert_true(release_tag_parse(&tag, "deploy-prod-eu-20261122-12"));
	assert_string_equal(tag.environment, "prod-eu");
	assert_int_equal(tag.date, 20261122);
	assert_int_equal(tag.number, 12);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		if (release_tag_parse(&tag, wrong[i]))
			fail_msg("'%s' is taken for a tag of a release", wrong[i]);
}

static void test_tags_are_ordered_by_day_and_number(void **state)
{
	(void)state;
	struct release_tag a, b;
	assert_true(release_tag_parse(&a, "deploy-prod-20261122-9"));
	assert_true(release_tag_parse(&b, "deploy-prod-20261122-10"));
	assert_true(release_tag_compare(&a, &b) < 0);
	assert_true(release_tag_parse(&a, "deploy-prod-20261123-1"));
	assert_true(release_tag_compare(&a, &b) > 0);
	assert_int_equal(release_tag_compare(&a, &a), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_ledger_has_no_releases),
		cmocka_unit_test(test_releases_are_numbered_in_a_row),
		cmocka_unit_test(test_sha256_repositories_have_ledgers),
		cmocka_unit_test(test_a_bare_repository_has_a_ledger),
		cmocka_unit_test(test_all_of_a_release_is_read_back),
		cmocka_unit_test(test_git_log_reads_as_a_ledger),
		cmocka_unit_test(test_an_author_that_git_would_misread_is_replaced),
		cmocka_unit_test(test_the_same_release_is_added_once),
		cmocka_unit_test(test_another_image_of_the_same_tag_is_another_release),
		cmocka_unit_test(test_two_clones_release_in_a_row),
		cmocka_unit_test(test_a_push_that_comes_second_is_numbered_anew),
		cmocka_unit_test(test_what_was_pushed_before_a_kill_is_found_again),
		cmocka_unit_test(test_releases_made_without_the_remote_come_after_its_own),
		cmocka_unit_test(test_a_remote_that_lost_its_ledger_gets_it_back),
		cmocka_unit_test(test_a_remote_that_is_not_there_changes_nothing),
		cmocka_unit_test(test_a_shallow_ledger_ends_where_it_is_cut_off),
		cmocka_unit_test(test_release_json_is_checked),
		cmocka_unit_test(test_a_damaged_ledger_says_where_and_what),
		cmocka_unit_test(test_a_merge_is_no_release),
		cmocka_unit_test(test_a_release_of_another_environment_is_refused),
		cmocka_unit_test(test_nothing_is_added_to_a_damaged_ledger),
		cmocka_unit_test(test_releases_are_found_by_number_tag_digest_and_commit),
		cmocka_unit_test(test_the_newest_release_that_nothing_took_back_is_served),
		cmocka_unit_test(test_a_canary_waits_until_it_is_promoted_given_up_or_replaced),
		cmocka_unit_test(test_tags_name_environment_day_and_number),
		cmocka_unit_test(test_tags_are_ordered_by_day_and_number),
	};
	fixture_environment();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
