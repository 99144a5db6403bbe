/* "Nothing is pushed that concerns a paper": said at once where that is plain, and nowhere else. */
#include "hook_testing.h"

#include "base/text.h"
#include "hook/quick.h"

#define ZEROS "0000000000000000000000000000000000000000"

static void begin(struct world *w)
{
	setup_format(w, "sha1");
	put(w, "theory/a/main.tex", TEX "\\input{../../shared/macros}\n");
	put(w, "shared/macros.tex", "\\def\\x{1}\n");
	put(w, "src/tool.c", "int x;\n");
	commit(w);
	write_list(w);
}

/* Commits FILE with CONTENT on top of what the remote has. */
static void change(struct world *w, const char *file, const char *content)
{
	put(w, file, content);
	commit(w);
	free(git_says(w->top, "write-tree", NULL));
}

static bool lines_are_nothing(struct world *w, const char *text)
{
	struct hook_places places;
	struct push push;
	assert_success(push_parse(&push, (struct slice){ text, strlen(text) }));
	assert_int_equal(chdir(w->top), 0);
	assert_true(hook_places_find(&places, NULL, NULL));
	bool nothing = hook_nothing_pushed(&places, &push);
	hook_places_release(&places);
	push_release(&push);
	assert_int_equal(chdir("/"), 0);
	return nothing;
}

/* LOCAL is pushed to where REMOTE is; both are revisions. */
static bool is_nothing(struct world *w, const char *local, const char *remote)
{
	char *from = git_says(w->top, "rev-parse", remote, NULL), *to = git_says(w->top, "rev-parse", local, NULL);
	char *line = xstrfmt("HEAD %s refs/heads/main %s\n", to, from);
	bool nothing = lines_are_nothing(w, line);
	free(from);
	free(to);
	free(line);
	return nothing;
}

static void test_a_push_of_other_files_is_nothing(void **state)
{
	(void)state;
	struct world w;
	begin(&w);
	change(&w, "src/tool.c", "int y;\n");
	change(&w, "src/new.c", "int z;\n");
	assert_true(is_nothing(&w, "HEAD", "HEAD~2"));
	teardown(&w);
}

static void test_a_push_of_a_paper_is_not(void **state)
{
	(void)state;
	static const char *const files[] = { "theory/a/main.tex", "theory/a/data.csv", "shared/macros.tex", ".ignore",
					     ".scrutiny.yml", "new/main.tex" };
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct world w;
		begin(&w);
		change(&w, files[i], TEX "papers: [x]\n");
		change(&w, "src/tool.c", "int y;\n");
		if (is_nothing(&w, "HEAD", "HEAD~2"))
			fail_msg("%s was skipped", files[i]);
		teardown(&w);
	}
}

static void test_a_new_branch_is_looked_at(void **state)
{
	(void)state;
	struct world w;
	begin(&w);
	change(&w, "src/tool.c", "int y;\n");
	char *head = git_says(w.top, "rev-parse", "HEAD", NULL);
	char *line = xstrfmt("HEAD %s refs/heads/new " ZEROS "\n", head);
	assert_false(lines_are_nothing(&w, line));
	free(line);
	free(head);
	teardown(&w);
}

static void test_deletions_and_refs_of_our_own_are_nothing(void **state)
{
	(void)state;
	struct world w;
	begin(&w);
	char *head = git_says(w.top, "rev-parse", "HEAD", NULL);
	char *lines = xstrfmt("(delete) " ZEROS " refs/heads/old %s\n"
			      "refs/scrutiny/records %s refs/scrutiny/records " ZEROS "\n", head, head);
	assert_true(lines_are_nothing(&w, lines));
	assert_true(lines_are_nothing(&w, ""));
	free(lines);
	free(head);
	teardown(&w);
}

static void test_it_does_not_matter_what_is_in_the_index(void **state)
{
	(void)state;
	struct world w;
	begin(&w);
	change(&w, "src/tool.c", "int y;\n");
	change(&w, "src/tool.c", "int z;\n");
	assert_true(is_nothing(&w, "HEAD", "HEAD~1"));
	assert_true(is_nothing(&w, "HEAD~1", "HEAD~2"));
	teardown(&w);
}

static void test_what_the_remote_has_got_meanwhile_is_looked_at(void **state)
{
	(void)state;
	struct world w;
	begin(&w);
	change(&w, "src/tool.c", "int y;\n");
	char *head = git_says(w.top, "rev-parse", "HEAD", NULL), *strange = xstrdup(head);
	memset(strange, 'e', strlen(strange));
	char *line = xstrfmt("HEAD %s refs/heads/main %s\n", head, strange);
	assert_false(lines_are_nothing(&w, line));
	free(line);
	free(strange);
	free(head);
	teardown(&w);
}

static int prepare(void **state)
{
	(void)state;
	fixture_environment();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_push_of_other_files_is_nothing),
		cmocka_unit_test(test_a_push_of_a_paper_is_not),
		cmocka_unit_test(test_a_new_branch_is_looked_at),
		cmocka_unit_test(test_deletions_and_refs_of_our_own_are_nothing),
		cmocka_unit_test(test_it_does_not_matter_what_is_in_the_index),
		cmocka_unit_test(test_what_the_remote_has_got_meanwhile_is_looked_at),
	};
	return cmocka_run_group_tests_name("hook/quick_push", tests, prepare, NULL);
}
