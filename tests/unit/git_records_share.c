#include "git_fixture.h"

#include "base/sha256.h"
#include "git/records_sync.h"

/* Two clones and what they share. */
struct clones {
	char *directory, *hub;
	struct repo *repos[2];
	struct records *stores[2];
	struct shared_claims *claims[2];
};

static int64_t clock_seconds;
static int64_t now(void)
{
	return clock_seconds;
}

static void setup(struct clones *c)
{
	*c = (struct clones){ .directory = fixture_directory() };
	c->hub = fixture_repository(c->directory, "hub", "sha1");
	clock_seconds = 1800000000;
	for (int i = 0; i < 2; i++) {
		char *top = fixture_repository(c->directory, i ? "ben" : "anna", "sha1");
		assert_success(repo_open(&c->repos[i], top));
		assert_success(records_open(&c->stores[i], c->repos[i]));
		assert_success(shared_claims_new(&c->claims[i], c->stores[i], c->hub, now));
		free(top);
	}
}

static void teardown(struct clones *c)
{
	for (int i = 0; i < 2; i++) {
		shared_claims_free(c->claims[i]);
		records_free(c->stores[i]);
		repo_free(c->repos[i]);
	}
	free(c->hub);
	fixture_remove(c->directory);
}

static const char *id_of(const char *name)
{
	static char ids[4][SHA256_HEX_SIZE + 1];
	static unsigned next;
	char *id = ids[next++ % 4];
	sha256_hex(name, strlen(name), id);
	return id;
}

static void take(struct clones *c, int who, const char *first, const char *second)
{
	const char *ids[] = { id_of(first), second ? id_of(second) : NULL };
	assert_success(shared_claims_take(c->claims[who], ids, second ? 2 : 1));
}

static bool has(struct clones *c, int who, const char *paper)
{
	return shared_claims_has(c->claims[who], id_of(paper));
}

static void test_content_id_has_one_holder(void **state)
{
	(void)state;
	struct clones c;
	setup(&c);
	take(&c, 0, "tilings", "knots");
	take(&c, 1, "tilings", "braids");
	assert_true(has(&c, 0, "tilings") && has(&c, 0, "knots"));
	assert_false(has(&c, 1, "tilings"));
	assert_true(has(&c, 1, "braids"));
	assert_success(shared_claims_release(c.claims[0]));
	assert_false(has(&c, 0, "tilings"));
	take(&c, 1, "tilings", NULL);
	assert_true(has(&c, 1, "tilings") && has(&c, 1, "braids"));
	teardown(&c);
}

static void test_claim_ends_unless_it_is_renewed(void **state)
{
	(void)state;
	struct clones c;
	setup(&c);
	take(&c, 0, "tilings", NULL);
	clock_seconds += SHARED_CLAIM_SECONDS - 1;
	take(&c, 1, "tilings", NULL);
	assert_false(has(&c, 1, "tilings"));
	assert_success(shared_claims_keep(c.claims[0]));
	clock_seconds += SHARED_CLAIM_SECONDS - 1;
	take(&c, 1, "tilings", NULL);
	assert_false(has(&c, 1, "tilings"));
	clock_seconds += 2;
	take(&c, 1, "tilings", NULL);
	assert_true(has(&c, 1, "tilings"));
	/* Who comes back too late is told. */
	assert_error(shared_claims_keep(c.claims[0]), ERROR_CONFLICT);
	assert_false(has(&c, 0, "tilings"));
	teardown(&c);
}

/* Makes TEXT the claims at the hub; OBJECT gets the blob's name. */
static void put_claims(struct clones *c, struct slice text, struct buffer *object)
{
	const char *const argv[] = { "git", "-C", c->hub, "hash-object", "-w", "--stdin", NULL };
	struct process_options options = { .input = text, .out = object };
	assert_success(process_run(argv, &options));
	buffer_truncate(object, object->len - 1);
	git(c->hub, "update-ref", SHARED_CLAIMS_REF, object->data, NULL);
}

static void test_no_clone_claims_a_paper_for_ever(void **state)
{
	(void)state;
	struct clones c;
	struct buffer blob = BUFFER_INIT, text = BUFFER_INIT;
	setup(&c);
	buffer_addf(&text, "scrutiny-claims v1\n%s 0123456789abcdef-0123456789abcdef 9223372036854775807\n",
		    id_of("tilings"));
	put_claims(&c, slice_of(&text), &blob);
	take(&c, 0, "tilings", NULL);
	assert_true(has(&c, 0, "tilings"));
	buffer_release(&text);
	buffer_release(&blob);
	teardown(&c);
}

static void test_claims_of_a_newer_version_are_left_alone(void **state)
{
	(void)state;
	struct clones c;
	struct buffer blob = BUFFER_INIT;
	const char *ids[] = { id_of("tilings") };
	setup(&c);
	put_claims(&c, (struct slice){ "scrutiny-claims v2\n", 19 }, &blob);
	assert_error(shared_claims_take(c.claims[0], ids, 1), ERROR_UNSUPPORTED);
	char *after = git_says(c.hub, "rev-parse", SHARED_CLAIMS_REF, NULL);
	assert_string_equal(after, blob.data);
	free(after);
	buffer_release(&blob);
	teardown(&c);
}

int main(void)
{
	fixture_environment();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_content_id_has_one_holder),
		cmocka_unit_test(test_claim_ends_unless_it_is_renewed),
		cmocka_unit_test(test_no_clone_claims_a_paper_for_ever),
		cmocka_unit_test(test_claims_of_a_newer_version_are_left_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
