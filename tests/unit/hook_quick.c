/* "There is nothing to do" is never said when a paper is staged; and it is said when none is. */
#include "hook_testing.h"

#include "base/text.h"
#include "hook/background.h"
#include "hook/quick.h"
#include "paper/discover.h"

/* Asked as a hook of `git commit` asks: git has written the trees, and we stand at the top. */
static bool nothing_staged(struct world *w)
{
	struct hook_places places;
	free(git_says(w->top, "write-tree", NULL));
	assert_int_equal(chdir(w->top), 0);
	assert_true(hook_places_find(&places, NULL, NULL));
	bool nothing = hook_nothing_staged(&places);
	hook_places_release(&places);
	assert_int_equal(chdir("/"), 0);
	return nothing;
}

static void begin(struct world *w, const char *format)
{
	setup_format(w, format);
	put(w, "theory/a/main.tex", TEX "\\input{../../shared/macros}\n");
	put(w, "theory/a/data/points.csv", "1,2\n");
	put(w, "theory/a/README.md", "# How\n");
	put(w, "notes/text.md", "# Text\n");
	put(w, "shared/macros.tex", "\\def\\x{1}\n");
	put(w, "src/tool.c", "int x;\n");
	put(w, "README.md", "# Papers\n");
	commit(w);
	write_list(w);
}

/* Stages FILE with CONTENT (NULL: removes it), asks, and puts things back. */
static bool is_nothing(struct world *w, const char *file, const char *content)
{
	if (content)
		put(w, file, content);
	else
		remove_file(w->top, file);
	git(w->top, "add", "-A", NULL);
	bool nothing = nothing_staged(w);
	git(w->top, "reset", "-q", "--hard", NULL);
	return nothing;
}

static void test_what_is_no_papers_is_nothing(void **state)
{
	(void)state;
	struct world w;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		begin(&w, formats[i]);
		assert_true(nothing_staged(&w));
		assert_true(is_nothing(&w, "src/tool.c", "int y;\n"));
		assert_true(is_nothing(&w, "src/tool.c", NULL));
		assert_true(is_nothing(&w, "src/new.c", "int z;\n"));
		assert_true(is_nothing(&w, "README.md", "# Changed\n"));
		assert_true(is_nothing(&w, ".gitignore", "*.o\n"));
		assert_true(is_nothing(&w, "theory/Makefile", "all:\n"));
		assert_true(is_nothing(&w, "theory/a/scrutiny.md", "a report\n"));
		assert_true(is_nothing(&w, "theory/a/meta.yaml", "title: x\n"));
		teardown(&w);
	}
}

static void test_what_may_be_a_papers_is_not_skipped(void **state)
{
	(void)state;
	static const struct {
		const char *path, *content;
	} changes[] = {
		{ "theory/a/main.tex", TEX "More.\n" },
		{ "theory/a/main.tex", NULL },
		{ "theory/a/data/points.csv", "1,3\n" },       /* every file of the folder counts */
		{ "theory/a/data/points.csv", NULL },
		{ "theory/a/figures/new.png", "png" },
		{ "theory/a/README.md", "# Otherwise\n" },
		{ "notes/text.md", "# Changed\n" },
		{ "notes/.ignore", "text.md\n" },
		{ ".ignore", "notes/\n" },
		{ ".scrutiny.yml", "papers: [theory]\n" },
		{ "shared/macros.tex", "\\def\\x{2}\n" },      /* outside of the paper, and named by it */
		{ "shared/macros.tex", NULL },
		{ "new/main.tex", TEX },
		{ "new/PAPER.MD", "# New\n" },
		{ "new/article.pdf", "%PDF-1.4\n" },
		{ "src/style.sty", "\\input{../shared/macros}\n" },
	};
	struct world w;
	begin(&w, "sha1");
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
		if (is_nothing(&w, changes[i].path, changes[i].content))
			fail_msg("%s was skipped", changes[i].path);
	teardown(&w);
}

static void test_outside_files_of_any_kind_are_not_skipped(void **state)
{
	(void)state;
	struct world w;
	begin(&w, "sha1");
	put(&w, "notes2/main.tex", TEX "\\includegraphics{../src/plot}\n\\graphicspath{{../pictures/}}\n");
	commit(&w);
	write_list(&w);
	assert_true(is_nothing(&w, "src/tool.c", "int y;\n"));
	assert_false(is_nothing(&w, "src/plot.png", "png"));
	assert_false(is_nothing(&w, "src/plot.eps", "eps"));
	assert_false(is_nothing(&w, "pictures/deep.jpg", "jpg"));
	teardown(&w);
}

static void test_links_are_not_skipped(void **state)
{
	(void)state;
	struct world w;
	begin(&w, "sha1");
	put_link(w.top, "src/link.c", "tool.c");
	git(w.top, "add", "-A", NULL);
	assert_false(nothing_staged(&w));
	teardown(&w);
}

static void test_a_list_that_is_out_of_date_is_none(void **state)
{
	(void)state;
	struct world w;
	begin(&w, "sha1");
	put(&w, "src/readme.tex", TEX); /* src is a paper from here on */
	commit(&w);
	assert_false(is_nothing(&w, "src/tool.c", "int y;\n"));
	write_list(&w);
	assert_false(is_nothing(&w, "src/tool.c", "int y;\n"));
	assert_true(is_nothing(&w, "other/tool.c", "int y;\n"));
	teardown(&w);
}

static void test_a_paper_that_is_staged_as_it_once_was_is_not_skipped(void **state)
{
	(void)state;
	struct world w;
	begin(&w, "sha1"); /* the list is of this state */
	put(&w, "theory/a/main.tex", TEX "Second.\n");
	commit(&w);
	git(w.top, "checkout", "-q", "HEAD~1", "--", "theory/a/main.tex", NULL);
	assert_false(nothing_staged(&w));
	teardown(&w);
}

static void test_without_a_list_or_a_commit_nothing_is_said(void **state)
{
	(void)state;
	struct world w;
	begin(&w, "sha1");
	char *list = xstrfmt("%s/.git/" HOOK_FOLDER "/papers", w.top);
	struct buffer text = BUFFER_INIT;
	assert_success(file_read(list, &text));
	for (size_t len = 0; len < text.len; len++) {
		put_file("/", list, "");
		assert_success(file_write(list, text.data, len));
		assert_false(nothing_staged(&w));
		if (len > 90)
			len += 20;
	}
	assert_int_equal(unlink(list), 0);
	assert_false(nothing_staged(&w));
	buffer_release(&text);
	free(list);
	teardown(&w);
	setup(&w);
	put(&w, "src/tool.c", "int x;\n");
	git(w.top, "add", "-A", NULL);
	write_list(&w);
	assert_false(nothing_staged(&w)); /* there is no HEAD to compare with */
	teardown(&w);
}

static void test_an_index_whose_tree_is_not_known_is_looked_at_by_git(void **state)
{
	(void)state;
	struct world w;
	struct hook_places places;
	begin(&w, "sha1");
	put(&w, "src/tool.c", "int y;\n");
	git(w.top, "add", "-A", NULL);
	assert_int_equal(chdir(w.top), 0);
	assert_true(hook_places_find(&places, ".git", ".git/index"));
	assert_true(hook_nothing_staged(&places));
	put(&w, "theory/a/data/points.csv", "3\n");
	git(w.top, "add", "-A", NULL);
	assert_false(hook_nothing_staged(&places));
	hook_places_release(&places);
	assert_int_equal(chdir("/"), 0);
	teardown(&w);
}

/* -- pushes ------------------------------------------------------------------------------------ */

static bool nothing_pushed(struct world *w, const char *input)
{
	struct hook_places places;
	assert_int_equal(chdir(w->top), 0);
	assert_true(hook_places_find(&places, NULL, NULL));
	struct push push;
	struct error *err = push_parse(&push, slice_of_string(input));
	bool nothing = !err && hook_nothing_pushed(&places, &push);
	if (!err)
		push_release(&push);
	error_free(err);
	hook_places_release(&places);
	assert_int_equal(chdir("/"), 0);
	return nothing;
}

/* A push of LOCAL to a branch that is at REMOTE. */
static bool is_push_nothing(struct world *w, const char *local, const char *remote)
{
	char *from = git_says(w->top, "rev-parse", local, NULL), *to = git_says(w->top, "rev-parse", remote, NULL);
	char *line = xstrfmt("refs/heads/main %s refs/heads/main %s\n", from, to);
	bool nothing = nothing_pushed(w, line);
	free(from);
	free(to);
	free(line);
	return nothing;
}

static void test_a_push_without_papers_is_nothing(void **state)
{
	(void)state;
	struct world w;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		begin(&w, formats[i]);
		assert_true(nothing_pushed(&w, ""));
		put(&w, "src/tool.c", "int y;\n");
		commit(&w);
		put(&w, "src/more.c", "int z;\n");
		commit(&w);
		assert_true(is_push_nothing(&w, "HEAD", "HEAD~2")); /* the list is older than what is pushed */
		assert_true(is_push_nothing(&w, "HEAD~1", "HEAD~2"));
		assert_true(is_push_nothing(&w, "HEAD~2", "HEAD")); /* by force */
		write_list(&w);
		assert_true(is_push_nothing(&w, "HEAD", "HEAD~2"));
		teardown(&w);
	}
}

static void test_a_push_of_papers_is_not_skipped(void **state)
{
	(void)state;
	struct world w;
	begin(&w, "sha1");
	put(&w, "theory/a/data/points.csv", "2\n");
	commit(&w);
	assert_false(is_push_nothing(&w, "HEAD", "HEAD~1"));
	put(&w, "src/tool.c", "int y;\n");
	commit(&w);
	write_list(&w);
	assert_true(is_push_nothing(&w, "HEAD", "HEAD~1"));
	assert_false(is_push_nothing(&w, "HEAD", "HEAD~2"));
	git(w.top, "checkout", "-q", "--orphan", "other", NULL); /* where src is a paper, which the list does not know */
	put(&w, "src/main.tex", TEX);
	commit(&w);
	put(&w, "src/tool.c", "int z;\n");
	commit(&w);
	assert_false(is_push_nothing(&w, "HEAD", "HEAD~1"));
	teardown(&w);
}

static void test_a_push_that_is_not_understood_is_not_skipped(void **state)
{
	(void)state;
	static const char zeros[] = "0000000000000000000000000000000000000000";
	static const char gone[] = "1234567890123456789012345678901234567890";
	struct world w;
	begin(&w, "sha1");
	put(&w, "src/tool.c", "int y;\n");
	commit(&w);
	git(w.top, "tag", "-am", "one", "v1", NULL);
	char *head = git_says(w.top, "rev-parse", "HEAD", NULL), *tag = git_says(w.top, "rev-parse", "v1", NULL);
	const struct {
		const char *local, *remote, *end;
	} lines[] = {
		{ head, zeros, "\n" }, { head, gone, "\n" }, { gone, head, "\n" },
		{ tag, head, "\n" },   { head, tag, "\n" },   { head, "HEAD", "\n" },
		{ head, head, "\nmore" }, { head, "", "\n" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		char *text = xstrfmt("refs/heads/main %s refs/heads/main %s%s", lines[i].local, lines[i].remote, lines[i].end);
		if (nothing_pushed(&w, text))
			fail_msg("skipped: %s", text);
		free(text);
	}
	assert_false(nothing_pushed(&w, "\n"));
	free(head);
	free(tag);
	teardown(&w);
}

/* -- names ------------------------------------------------------------------------------------- */

static void test_every_file_that_discovery_looks_into_decides(void **state)
{
	(void)state;
	static const char *const names[] = {
		"a.tex", "A.TEX", "a.md", "x.Md", "a.pdf", "a.sty", "a.cls", "readme.tex", "README.md", "changelog.md",
		"License.md", "contributing.pdf", "install.md", "todo.md", "a.c", "scrutiny.md", "scrutiny.json", "meta.yaml",
		"md", "a.b.tex", ".tex", "a.md.txt", "Makefile",
	};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		enum file_role role = file_role(names[i]);
		bool manuscript = (role == FILE_MARKDOWN || role == FILE_PDF) && !is_project_file(names[i]);
		if (manuscript || role == FILE_TEX || role == FILE_TEX_SOURCE)
			assert_true(hook_path_decides(names[i], strlen(names[i]), 0100644));
		char *below = xstrfmt("folder/%s", names[i]);
		assert_int_equal(hook_path_decides(below, strlen(below), 0100644),
				 hook_path_decides(names[i], strlen(names[i]), 0100644));
		free(below);
	}
	assert_false(hook_path_decides("README.md", 9, 0100644));
	assert_true(hook_path_decides("README.md", 9, 0120000));
	assert_true(hook_path_decides("x/.ignore", 9, 0100644));
	assert_true(hook_path_decides(".scrutiny.yml", 13, 0100644));
}

static void test_siphash_is_that_of_its_authors(void **state)
{
	(void)state;
	unsigned char key[SIPHASH_KEY_SIZE], text[15];
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (unsigned char)i;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (unsigned char)i;
	assert_true(siphash(key, text, sizeof(text)) == 0xa129ca6149be45e5u);
	assert_true(siphash(key, text, 0) == 0x726fdb47dd0e0e31u);
}

/* -- any change at all ------------------------------------------------------------------------- */

static unsigned next_random(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 16;
}

static void change_something(struct world *w, unsigned *seed)
{
	static const char *const folders[] = { "", "a/", "a/b/", "a/src/", "c/", "c/figures/", "shared/" };
	static const char *const names[] = { "main.tex", "x.tex", "notes.md", "README.md", "paper.pdf", "data.csv",
					     "plot.png", ".ignore", "tool.c", "macros.sty" };
	static const char *const contents[] = { TEX, "Text.\n", TEX "\\input{../shared/x}\n", "b\n",
						"\\usepackage{../shared/macros}\n", TEX "\\graphicspath{{../c/}}\n" };
	const char *folder = folders[next_random(seed) % ARRAY_SIZE(folders)];
	const char *name = names[next_random(seed) % ARRAY_SIZE(names)];
	char *path = xstrfmt("%s%s", folder, name), *full = xstrfmt("%s/%s", w->top, path);
	if (next_random(seed) % 4 == 0 && !access(full, F_OK))
		unlink(full);
	else
		put(w, path, contents[next_random(seed) % ARRAY_SIZE(contents)]);
	free(full);
	free(path);
}

/* "<paper> <content id>\n" of the papers that HEAD has not, or has with another content. */
static void describe_staged(struct buffer *out, struct world *w)
{
	struct view_of now, then;
	view_open(&now, w, SNAPSHOT_INDEX);
	view_open(&then, w, SNAPSHOT_COMMIT);
	for (size_t i = 0; i < now.papers.nr; i++) {
		const struct paper *p = &now.papers.items[i];
		bool same = false;
		for (size_t k = 0; k < then.papers.nr && !same; k++)
			same = !strcmp(p->path, then.papers.items[k].path) &&
			       !strcmp(p->content_id, then.papers.items[k].content_id);
		if (!same)
			buffer_addf(out, "%s %s\n", p->path, p->content_id);
	}
	view_close(&now);
	view_close(&then);
}

static void describe_changed(struct buffer *out, struct world *w)
{
	struct repo *repo;
	struct snapshot *now;
	struct paper_rules rules = { NULL };
	struct paper_list list;
	assert_success(repo_open(&repo, w->top));
	assert_success(snapshot_new(&now, repo, SNAPSHOT_INDEX, NULL));
	struct snapshot *before = snapshot_new_base(now);
	assert_success(paper_discover_changed(&list, now, before, &rules));
	for (size_t i = 0; i < list.nr; i++)
		buffer_addf(out, "%s %s\n", list.items[i].path, list.items[i].content_id);
	paper_list_release(&list);
	snapshot_free(before);
	snapshot_free(now);
	repo_free(repo);
}

static void test_random_changes_are_never_skipped_wrongly(void **state)
{
	(void)state;
	const char *steps = getenv("HOOK_CASES");
	int nr = steps ? atoi(steps) : 40, skipped = 0;
	unsigned seed = 20261122;
	struct world w;
	begin(&w, "sha1");
	for (int i = 0; i < nr; i++) {
		struct buffer staged = BUFFER_INIT, changed = BUFFER_INIT;
		for (unsigned n = next_random(&seed) % 3 + 1; n; n--)
			change_something(&w, &seed);
		git(w.top, "add", "-A", NULL);
		bool nothing = nothing_staged(&w);
		describe_changed(&changed, &w);
		describe_staged(&staged, &w);
		if (nothing && staged.len)
			fail_msg("step %d: skipped %s", i, staged.data);
		assert_string_equal(changed.data, staged.data);
		skipped += nothing;
		buffer_release(&staged);
		buffer_release(&changed);
		commit(&w);
		if (next_random(&seed) % 3)
			write_list(&w);
	}
	print_message("%d of %d changes were skipped\n", skipped, nr);
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
		cmocka_unit_test(test_what_is_no_papers_is_nothing),
		cmocka_unit_test(test_what_may_be_a_papers_is_not_skipped),
		cmocka_unit_test(test_outside_files_of_any_kind_are_not_skipped),
		cmocka_unit_test(test_links_are_not_skipped),
		cmocka_unit_test(test_a_list_that_is_out_of_date_is_none),
		cmocka_unit_test(test_a_paper_that_is_staged_as_it_once_was_is_not_skipped),
		cmocka_unit_test(test_without_a_list_or_a_commit_nothing_is_said),
		cmocka_unit_test(test_an_index_whose_tree_is_not_known_is_looked_at_by_git),
		cmocka_unit_test(test_a_push_without_papers_is_nothing),
		cmocka_unit_test(test_a_push_of_papers_is_not_skipped),
		cmocka_unit_test(test_a_push_that_is_not_understood_is_not_skipped),
		cmocka_unit_test(test_every_file_that_discovery_looks_into_decides),
		cmocka_unit_test(test_siphash_is_that_of_its_authors),
		cmocka_unit_test(test_random_changes_are_never_skipped_wrongly),
	};
	return cmocka_run_group_tests_name("hook/quick", tests, prepare, NULL);
}
