/* What is remembered of batches: kept by the record store, read back with suspicion. */
#include "git_fixture.h"

#include <string.h>

#include "review/batches.h"

#define TAG_ONE "00000000000000000000000000000001"
#define TAG_TWO "00000000000000000000000000000002"
#define PAPER "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define COPY "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define REQUEST "1111111111111111111111111111111111111111111111111111111111111111"

struct store {
	char *directory, *top;
	struct repo *repo;
	struct records *records;
};

static void setup(struct store *s)
{
	*s = (struct store){ .directory = fixture_directory() };
	s->top = fixture_repository(s->directory, "repo", "sha1");
	assert_success(repo_open(&s->repo, s->top));
	assert_success(records_open(&s->records, s->repo));
}

static void teardown(struct store *s)
{
	records_free(s->records);
	repo_free(s->repo);
	free(s->top);
	fixture_remove(s->directory);
}

static void put_intent(struct store *s, const char *tag)
{
	static char request[] = REQUEST, paper[] = PAPER, copy[] = COPY, task[] = "clarity";
	static char folder[] = "theory/one", top[] = "", author[] = "A. Author <a@example.org>";
	struct outstanding o = { .tag = xstrdup(tag), .reviewer = xstrdup("openai/m"), .date = 1800000000,
				 .schema = xstrdup("{}") };
	outstanding_add(&o, &(struct batch_entry){ request, paper, folder, author, task, 1, 2 });
	outstanding_add(&o, &(struct batch_entry){ request, copy, top, NULL, task, 1, 2 });
	assert_success(batches_put_intent(s->records, &o));
	outstanding_release(&o);
}

static void put_raw(struct store *s, const char *path, const char *text)
{
	assert_success(records_shelf_put(s->records, path, (struct slice){ text, strlen(text) }));
}

static void test_a_batch_is_under_way_from_its_intent_to_its_end(void **state)
{
	(void)state;
	struct store s;
	struct batches b;
	setup(&s);
	assert_success(batches_load(&b, s.records));
	assert_int_equal(b.nr, 0);
	put_intent(&s, TAG_ONE);
	assert_success(batches_refresh(&b, s.records));
	assert_int_equal(b.nr, 1);
	assert_null(b.items[0].id);
	assert_success(batches_put_sent(s.records, TAG_ONE, "batch_7"));
	assert_success(records_commit(s.records, "Commit"));
	assert_success(batches_refresh(&b, s.records));
	assert_string_equal(b.items[0].id, "batch_7");
	assert_success(batches_put_done(s.records, TAG_ONE, "ended"));
	assert_success(batches_refresh(&b, s.records));
	assert_int_equal(b.nr, 0);
	assert_false(batches_wait_for(&b, PAPER, REQUEST));
	batches_release(&b);
	teardown(&s);
}

static void test_what_was_asked_is_read_back_whole(void **state)
{
	(void)state;
	struct store s;
	struct batches b;
	setup(&s);
	put_intent(&s, TAG_ONE);
	assert_success(batches_load(&b, s.records));
	const struct outstanding *o = &b.items[0];
	assert_string_equal(o->tag, TAG_ONE);
	assert_string_equal(o->reviewer, "openai/m");
	assert_string_equal(o->schema, "{}");
	assert_int_equal(o->date, 1800000000);
	assert_int_equal(o->nr, 2);
	assert_string_equal(o->entries[0].paper, "theory/one");
	assert_string_equal(o->entries[0].author, "A. Author <a@example.org>");
	assert_string_equal(o->entries[0].task, "clarity");
	assert_int_equal(o->entries[0].parts, 2);
	assert_string_equal(o->entries[1].content_id, COPY);
	assert_string_equal(o->entries[1].paper, ""); /* at the top of the repository */
	assert_null(o->entries[1].author);
	assert_true(batches_wait_for(&b, PAPER, REQUEST));
	assert_true(batches_wait_for(&b, COPY, REQUEST));
	assert_false(batches_wait_for(&b, PAPER, PAPER));
	batches_release(&b);
	teardown(&s);
}

/* What other clones have put there may be anything. */
static void test_damaged_batches_are_none(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"", "[]", "{\"format\":2}",
		"{\"format\":1,\"reviewer\":7,\"date\":1,\"schema\":\"{}\",\"routed\":true,\"requests\":[]}",
		"{\"format\":1,\"reviewer\":\"x\",\"date\":-1,\"schema\":\"{}\",\"routed\":true,\"requests\":[]}",
		"{\"format\":1,\"reviewer\":\"x\",\"date\":1,\"schema\":\"{}\",\"routed\":true,\"requests\":[{"
		"\"request\":\"../x\",\"content_id\":\"" PAPER "\",\"paper\":\"a\",\"author\":null,\"task\":\"t\","
		"\"part\":1,\"parts\":1}]}",
		"{\"format\":1,\"reviewer\":\"x\",\"date\":1,\"schema\":\"{}\",\"routed\":true,\"requests\":[{"
		"\"request\":\"" REQUEST "\",\"content_id\":\"" PAPER "\",\"paper\":\"../a\",\"author\":null,"
		"\"task\":\"t\",\"part\":1,"
		"\"parts\":1}]}",
	};
	struct store s;
	struct batches b;
	setup(&s);
	put_raw(&s, "batches/short/intent.json", "{}");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put_raw(&s, "batches/" TAG_ONE "/intent.json", bad[i]);
		assert_success(batches_load(&b, s.records));
		assert_int_equal(b.nr, 0);
		batches_release(&b);
	}
	put_intent(&s, TAG_ONE);
	put_raw(&s, "batches/" TAG_ONE "/sent.json", "{\"format\":1,\"id\":\"../../files/x\"}");
	put_intent(&s, TAG_TWO);
	assert_success(batches_load(&b, s.records));
	assert_int_equal(b.nr, 1);
	assert_string_equal(b.items[0].tag, TAG_TWO);
	batches_release(&b);
	teardown(&s);
}

static void test_ids_of_batches_that_are_done_are_still_known(void **state)
{
	(void)state;
	struct store s;
	struct strmap ids = STRMAP_INIT;
	setup(&s);
	put_intent(&s, TAG_ONE);
	assert_success(batches_put_sent(s.records, TAG_ONE, "msgbatch_1"));
	assert_success(batches_put_done(s.records, TAG_ONE, "ended"));
	put_intent(&s, TAG_TWO);
	assert_success(batches_known_ids(&ids, s.records));
	assert_int_equal(ids.nr, 1);
	assert_true(strmap_has(&ids, "msgbatch_1", strlen("msgbatch_1")));
	strmap_release(&ids, NULL);
	teardown(&s);
}

static void test_a_request_has_one_id_in_the_ledger_wherever_it_is_collected(void **state)
{
	(void)state;
	char one[BATCH_SPENDING_DIGITS + 1], again[sizeof(one)], other[sizeof(one)];
	outstanding_spending_id(TAG_ONE, REQUEST, one);
	outstanding_spending_id(TAG_ONE, REQUEST, again);
	outstanding_spending_id(TAG_TWO, REQUEST, other);
	assert_string_equal(one, again);
	assert_string_not_equal(one, other);
	assert_int_equal(strspn(one, "0123456789abcdef"), BATCH_SPENDING_DIGITS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_batch_is_under_way_from_its_intent_to_its_end),
		cmocka_unit_test(test_what_was_asked_is_read_back_whole),
		cmocka_unit_test(test_damaged_batches_are_none),
		cmocka_unit_test(test_ids_of_batches_that_are_done_are_still_known),
		cmocka_unit_test(test_a_request_has_one_id_in_the_ledger_wherever_it_is_collected),
	};
	fixture_environment();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
