/* Which findings of two versions are the same. */
#include "base_testing.h"

#include "base/memory.h"
#include "history/match.h"

static void add(struct finding_list *list, const char *path, const char *subject, const char *quote)
{
	struct finding *f = finding_list_add(list);
	f->rule = xstrdup("reference-undefined");
	f->path = xstrdup(path);
	f->subject = xstrdup(subject);
	f->quote = xstrdup(quote);
}

/* Releases both lists. */
static void match(size_t *out, struct finding_list *newer, struct finding_list *older)
{
	struct finding_key *a = finding_keys(newer), *b = finding_keys(older);
	findings_match(out, a, newer->nr, b, older->nr);
	free(a);
	free(b);
	finding_list_release(newer);
	finding_list_release(older);
}

static void test_a_finding_is_the_same_wherever_it_stands(void **state)
{
	(void)state;
	struct finding_list newer = { NULL }, older = { NULL };
	size_t out[2];
	add(&newer, "a.tex", "x", "See x.");
	add(&newer, "a.tex", "y", "See y.");
	add(&older, "a.tex", "y", "As in y.");
	add(&older, "a.tex", "x", "As in x.");
	match(out, &newer, &older);
	assert_int_equal(out[0], 2);
	assert_int_equal(out[1], 1);
}

static void test_of_equal_ones_those_go_together_that_quote_the_same(void **state)
{
	(void)state;
	struct finding_list newer = { NULL }, older = { NULL };
	size_t out[3];
	add(&newer, "a.tex", "x", "A new line.");
	add(&newer, "a.tex", "x", "The old line.");
	add(&newer, "a.tex", "x", "Another new line.");
	add(&older, "a.tex", "x", "The old line.");
	match(out, &newer, &older);
	assert_int_equal(out[0], 0);
	assert_int_equal(out[1], 1);
	assert_int_equal(out[2], 0);
}

static void test_what_moved_to_another_file_is_the_same(void **state)
{
	(void)state;
	struct finding_list newer = { NULL }, older = { NULL };
	size_t out[2];
	add(&newer, "b.tex", "x", "See x.");
	add(&newer, "a.tex", "x", "See x.");
	add(&older, "a.tex", "x", "Once more, see x.");
	add(&older, "c.tex", "x", "See x.");
	match(out, &newer, &older);
	assert_int_equal(out[0], 2);
	assert_int_equal(out[1], 1);
}

static void test_no_two_are_the_same_as_one(void **state)
{
	(void)state;
	struct finding_list newer = { NULL }, older = { NULL };
	size_t out[3] = { 9, 9, 9 };
	for (int i = 0; i < 3; i++)
		add(&newer, "a.tex", "x", "See x.");
	add(&older, "b.tex", "x", "See x.");
	add(&older, "a.tex", "x", "See x.");
	match(out, &newer, &older);
	assert_int_equal(out[0], 2);
	assert_int_equal(out[1], 1);
	assert_int_equal(out[2], 0);
}

static void test_nothing_matches_nothing(void **state)
{
	(void)state;
	struct finding_list newer = { NULL }, older = { NULL };
	size_t out[1] = { 9 };
	add(&newer, "a.tex", "x", "See x.");
	match(out, &newer, &older);
	assert_int_equal(out[0], 0);
	match(out, &newer, &older);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_finding_is_the_same_wherever_it_stands),
		cmocka_unit_test(test_of_equal_ones_those_go_together_that_quote_the_same),
		cmocka_unit_test(test_what_moved_to_another_file_is_the_same),
		cmocka_unit_test(test_no_two_are_the_same_as_one),
		cmocka_unit_test(test_nothing_matches_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
