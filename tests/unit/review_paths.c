/* Paths in records: they do not know where their paper lies, and find back wherever it is. */
#include "base_testing.h"

#include "base/memory.h"
#include "review/review.h"

/* PATH of a finding of the paper FROM, as its record holds it, and as the paper AT shows it. */
static void assert_moves(const char *from, const char *path, const char *stored, const char *at,
			 const char *shown)
{
	struct finding finding = { .path = xstrdup(path) };
	struct finding_list list = { .items = &finding, .nr = 1 };
	review_store_paths(&list, from);
	assert_string_equal(finding.path, stored);
	review_place_paths(&list, at);
	assert_string_equal(finding.path, shown);
	free(finding.path);
}

static void test_a_file_of_the_paper_moves_with_it(void **state)
{
	(void)state;
	assert_moves("a/b", "a/b/sections/x.tex", "sections/x.tex", "c", "c/sections/x.tex");
	assert_moves("", "main.tex", "main.tex", "c", "c/main.tex");
	assert_moves("c", "c/main.tex", "main.tex", "", "main.tex");
}

static void test_a_file_outside_of_the_paper_stays_where_it_is(void **state)
{
	(void)state;
	assert_moves("a/b", "shared/macros.tex", ":/shared/macros.tex", "c", "shared/macros.tex");
}

static void test_a_folder_that_only_begins_alike_is_outside(void **state)
{
	(void)state;
	assert_moves("a", "ab/x.tex", ":/ab/x.tex", "c", "ab/x.tex");
}

static void test_a_folder_called_like_the_mark_is_no_mark(void **state)
{
	(void)state;
	assert_moves("a", "a/:/x.tex", ":/a/:/x.tex", "a", "a/:/x.tex");
	assert_moves("", ":/x.tex", ":/:/x.tex", "", ":/x.tex");
}

static void test_a_finding_without_a_place_gets_none(void **state)
{
	(void)state;
	assert_moves("a", "", "", "b", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_file_of_the_paper_moves_with_it),
		cmocka_unit_test(test_a_file_outside_of_the_paper_stays_where_it_is),
		cmocka_unit_test(test_a_folder_that_only_begins_alike_is_outside),
		cmocka_unit_test(test_a_folder_called_like_the_mark_is_no_mark),
		cmocka_unit_test(test_a_finding_without_a_place_gets_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
