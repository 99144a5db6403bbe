/* One folder in many views: the same that discovery says of it. */
#include "discover_testing.h"

#include "paper/lookup.h"

static struct paper_inside look(struct paper_lookup *lookup, const struct view_of *v, const char *path)
{
	struct paper_inside inside;
	assert_success(paper_lookup_at(lookup, v->snapshot, path, &inside));
	return inside;
}

static bool has(char *const *strings, size_t nr, const char *s)
{
	for (size_t i = 0; i < nr; i++)
		if (!strcmp(strings[i], s))
			return true;
	return false;
}

static void test_it_says_of_a_folder_what_discovery_says(void **state)
{
	(void)state;
	struct world w;
	struct view_of v;
	setup(&w);
	put(&w, "a/main.tex", TEX "\\input{../shared/macros}\n");
	put(&w, "a/supplement.tex", TEX);
	put(&w, "a/sections/one.tex", "One.\n");
	put(&w, "a/scrutiny.md", "A report.\n");
	put(&w, "shared/macros.tex", "\\def\\x{1}\n");
	put(&w, "b/c/text.md", "# Text\n");
	commit(&w);
	view_open(&v, &w, SNAPSHOT_COMMIT);
	struct paper_lookup *lookup = paper_lookup_new(&v.rules);
	assert_int_equal(v.papers.nr, 2);
	for (size_t i = 0; i < v.papers.nr; i++) {
		const struct paper *paper = &v.papers.items[i];
		struct paper_inside inside = look(lookup, &v, paper->path);
		assert_int_equal(inside.list.nr, 1);
		assert_string_equal(inside.list.items[0].content_id, paper->content_id);
		assert_int_equal(inside.list.items[0].nr_manuscripts, paper->nr_manuscripts);
		for (size_t k = 0; k < paper->nr_manuscripts; k++)
			assert_string_equal(inside.list.items[0].manuscripts[k].path, paper->manuscripts[k].path);
		assert_int_equal(inside.list.items[0].nr_inputs, paper->nr_inputs);
		paper_inside_release(&inside);
	}
	paper_lookup_free(lookup);
	view_close(&v);
	teardown(&w);
}

static void test_it_follows_the_folder_through_commits(void **state)
{
	(void)state;
	struct world w;
	struct view_of before, after;
	setup(&w);
	put(&w, "a/main.tex", TEX);
	commit(&w);
	view_open(&before, &w, SNAPSHOT_COMMIT);
	put(&w, "a/main.tex", TEX "% changed\n");
	commit(&w);
	view_open(&after, &w, SNAPSHOT_COMMIT);
	struct paper_lookup *lookup = paper_lookup_new(&after.rules);
	struct paper_inside now = look(lookup, &after, "a"), then = look(lookup, &before, "a");
	assert_string_equal(now.list.items[0].content_id, after.papers.items[0].content_id);
	assert_string_equal(then.list.items[0].content_id, before.papers.items[0].content_id);
	paper_inside_release(&now);
	paper_inside_release(&then);
	paper_lookup_free(lookup);
	view_close(&before);
	view_close(&after);
	teardown(&w);
}

static void test_it_tells_what_outside_decides(void **state)
{
	(void)state;
	struct world w;
	struct view_of v;
	setup(&w);
	put(&w, "x/a/main.tex", TEX "\\input{../shared/macros}\n");
	put(&w, "x/shared/macros.tex", "\\def\\x{1}\n");
	commit(&w);
	view_open(&v, &w, SNAPSHOT_COMMIT);
	struct paper_lookup *lookup = paper_lookup_new(&v.rules);
	struct paper_inside inside = look(lookup, &v, "x/a");
	assert_true(has(inside.inputs, inside.nr_inputs, "x/shared/macros.tex"));
	assert_true(has(inside.outside, inside.nr_outside, "x/shared/macros.tex"));
	assert_true(has(inside.outside, inside.nr_outside, "x/shared/macros"));
	assert_true(has(inside.outside, inside.nr_outside, ".ignore"));
	assert_true(has(inside.outside, inside.nr_outside, "x/.ignore"));
	paper_inside_release(&inside);
	paper_lookup_free(lookup);
	view_close(&v);
	teardown(&w);
}

static void test_a_folder_that_is_none_or_ignored_or_gone_is_no_paper(void **state)
{
	(void)state;
	struct world w;
	struct view_of v;
	setup(&w);
	put(&w, "code/run.py", "print()\n");
	put(&w, "old/a/main.tex", TEX);
	put(&w, ".ignore", "old\n");
	commit(&w);
	view_open(&v, &w, SNAPSHOT_COMMIT);
	struct paper_lookup *lookup = paper_lookup_new(&v.rules);
	static const char *const folders[] = { "code", "old", "old/a", "gone", "code/run.py", "" };
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		struct paper_inside inside = look(lookup, &v, folders[i]);
		assert_int_equal(inside.list.nr, 0);
		paper_inside_release(&inside);
	}
	paper_lookup_free(lookup);
	view_close(&v);
	teardown(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_says_of_a_folder_what_discovery_says),
		cmocka_unit_test(test_it_follows_the_folder_through_commits),
		cmocka_unit_test(test_it_tells_what_outside_decides),
		cmocka_unit_test(test_a_folder_that_is_none_or_ignored_or_gone_is_no_paper),
	};
	fixture_environment();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
