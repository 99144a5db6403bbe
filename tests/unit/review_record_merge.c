#include "review_testing.h"

#include "review/record_merge.h"

#define QUOTE "the rate is 0.35 per second in all cells"

static struct record record(const char *reviewer, const char *version, int64_t date, double cost,
			    const char *request)
{
	struct record *r = make_record(reviewer, "family"), copied;

	r->version = copy(version);
	r->date = date;
	r->cost_usd = cost;
	r->input_tokens = r->output_tokens = 100;
	r->requests = xcalloc(1, sizeof(char *));
	r->requests[r->nr_requests++] = copy(request);
	copied = *r;
	free(r);
	return copied;
}

static void claim(struct record *r, const char *title)
{
	add_claim(r, SEVERITY_NOTE, title, "why", QUOTE, "p/main.tex", 100, 140);
}

static void release_all(struct record *items, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		record_release(&items[i]);
}

static void test_two_answers_of_one_reviewer_are_one_with_all_findings(void **state)
{
	struct record items[3] = { record("lab/b", "2", 20, 0.5, "one"),
				   record("lab/a", "1", 10, 0.5, "x"),
				   record("lab/b", "3", 30, 0.25, "two") };
	(void)state;
	claim(&items[0], "Old and new");
	claim(&items[0], "Old alone");
	claim(&items[2], "Old and new");
	items[0].summary = copy("older");
	items[2].summary = copy("newer");
	size_t nr = record_merge_all(items, 3);
	assert_int_equal(nr, 2);
	assert_string_equal(items[0].reviewer, "lab/a");
	assert_string_equal(items[1].version, "3");
	assert_string_equal(items[1].summary, "newer");
	assert_int_equal(items[1].findings.nr, 2);
	assert_int_equal(items[1].nr_requests, 2);
	assert_true(items[1].cost_usd > 0.74 && items[1].cost_usd < 0.76);
	assert_int_equal(items[1].input_tokens, 200);
	release_all(items, nr);
}

static void test_a_record_made_again_from_the_same_replies_costs_nothing_more(void **state)
{
	struct record items[2] = { record("lab/a", "1", 20, 0.5, "one"),
				   record("lab/a", "1", 10, 0.5, "one") };
	(void)state;
	claim(&items[0], "Same");
	claim(&items[1], "Same");
	assert_int_equal(record_merge_all(items, 2), 1);
	assert_true(items[0].cost_usd > 0.49 && items[0].cost_usd < 0.51);
	assert_int_equal(items[0].findings.nr, 1);
	release_all(items, 1);
}

static void test_of_the_checks_the_newest_version_counts(void **state)
{
	struct record items[3] = { record("builtin", "9", 30, 0, "-"),
				   record("builtin", "10", 10, 0, "-"),
				   record("builtin", "2", 40, 0, "-") };
	(void)state;
	claim(&items[0], "Nine");
	claim(&items[1], "Ten");
	assert_int_equal(record_merge_all(items, 3), 1);
	assert_string_equal(items[0].version, "10");
	assert_int_equal(items[0].findings.nr, 1);
	release_all(items, 1);
}

/* All orders of three records that were made in the same second. */
static void test_the_order_they_come_in_does_not_matter(void **state)
{
	static const size_t orders[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
					    { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
	struct buffer first = BUFFER_INIT;
	(void)state;
	for (size_t o = 0; o < ARRAY_SIZE(orders); o++) {
		struct record items[3];
		struct buffer bytes = BUFFER_INIT;
		for (size_t i = 0; i < 3; i++) {
			char *name = xstrfmt("answer %zu", orders[o][i]);
			items[i] = record("lab/a", "1", 10, 0.1 * (double)orders[o][i], name);
			claim(&items[i], name);
			claim(&items[i], "In all of them");
			items[i].summary = copy(name);
			free(name);
		}
		assert_int_equal(record_merge_all(items, 3), 1);
		record_write(&bytes, &items[0]);
		if (!o)
			buffer_addbuf(&first, &bytes);
		assert_string_equal(bytes.data, first.data);
		assert_int_equal(items[0].findings.nr, 4);
		buffer_release(&bytes);
		release_all(items, 1);
	}
	buffer_release(&first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_answers_of_one_reviewer_are_one_with_all_findings),
		cmocka_unit_test(test_a_record_made_again_from_the_same_replies_costs_nothing_more),
		cmocka_unit_test(test_of_the_checks_the_newest_version_counts),
		cmocka_unit_test(test_the_order_they_come_in_does_not_matter),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
