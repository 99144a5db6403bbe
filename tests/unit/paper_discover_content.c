#include "discover_testing.h"

/* -- content ids ------------------------------------------------------------------------------- */

static void test_what_we_write_does_not_change_the_content_id(void **state)
{
	(void)state;
	struct world w;
	setup(&w);
	put(&w, "a/main.tex", TEX);
	put(&w, "a/meta.yaml", "title: x\n");
	commit(&w);
	char *id = id_of(&w, "a");
	put(&w, "a/scrutiny.md", "# Report\n");
	put(&w, "a/scrutiny.json", "{}\n");
	put(&w, "a/meta.yaml", "title: y\n");
	id = next_id(&w, "a", id, false);
	commit(&w);
	id = next_id(&w, "a", id, false);
	remove_file(w.top, "a/meta.yaml");
	id = next_id(&w, "a", id, false);
	free(id);
	teardown(&w);
}

static void test_edit_mode_name_and_new_files_change_the_content_id(void **state)
{
	(void)state;
	struct world w;
	setup(&w);
	put(&w, "a/main.tex", TEX);
	put(&w, "a/refs.bib", "@book{x}\n");
	put(&w, ".gitignore", "*.aux\n");
	put(&w, ".ignore", "*.log\n");
	commit(&w);
	char *id = id_of(&w, "a");
	put(&w, "a/main.aux", "x");
	put(&w, "a/main.log", "x");
	id = next_id(&w, "a", id, false);
	put(&w, "a/new.bib", "x");
	id = next_id(&w, "a", id, true);
	git(w.top, "add", "-A", NULL);
	id = next_id(&w, "a", id, false);
	put(&w, "a/refs.bib", "@book{y}\n");
	id = next_id(&w, "a", id, true);
	commit(&w);
	id = next_id(&w, "a", id, false);
	char *full = xstrfmt("%s/a/refs.bib", w.top);
	assert_int_equal(chmod(full, 0755), 0);
	free(full);
	id = next_id(&w, "a", id, true);
	commit(&w);
	id = next_id(&w, "a", id, false);
	git(w.top, "mv", "a/refs.bib", "a/r.bib", NULL);
	id = next_id(&w, "a", id, true);
	remove_file(w.top, "a/r.bib");
	id = next_id(&w, "a", id, true);
	free(id);
	teardown(&w);
}

static void test_moving_the_folder_keeps_the_content_id(void **state)
{
	(void)state;
	struct world w;
	setup(&w);
	put(&w, "drafts/a/main.tex", "\\documentclass{article}\\input{../macros}\n");
	put(&w, "drafts/macros.tex", "x\n");
	put(&w, ".ignore", "x/\n");
	commit(&w);
	char *id = id_of(&w, "drafts/a");
	git(w.top, "mv", "drafts", "final", NULL);
	id = next_id(&w, "final/a", id, false);
	commit(&w);
	id = next_id(&w, "final/a", id, false);
	free(id);
	teardown(&w);
}

static void test_views_agree_on_the_same_content(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		struct world w;
		setup_format(&w, formats[i]);
		put(&w, ".gitattributes", "*.tex text eol=crlf\n");
		put(&w, "a/main.tex", TEX);
		put(&w, "a/\xc3\xa9.bib", "x\n");
		char *untracked = id_of(&w, "a");
		git(w.top, "add", "-A", NULL);
		char *staged = id_in(&w, "a", SNAPSHOT_INDEX);
		commit(&w);
		char *committed = id_in(&w, "a", SNAPSHOT_COMMIT);
		/* The work tree gets the line ends that the attributes ask for. */
		remove_file(w.top, "a/main.tex");
		git(w.top, "checkout", "--", "a/main.tex", NULL);
		char *checked_out = id_of(&w, "a");
		assert_string_equal(untracked, staged);
		assert_string_equal(untracked, committed);
		assert_string_equal(untracked, checked_out);
		put(&w, "a/main.tex", TEX "more\r\n");
		char *changed = id_of(&w, "a");
		commit(&w);
		char *changed_committed = id_in(&w, "a", SNAPSHOT_COMMIT);
		assert_string_equal(changed, changed_committed);
		assert_string_not_equal(changed, committed);
		free(untracked);
		free(staged);
		free(committed);
		free(checked_out);
		free(changed);
		free(changed_committed);
		teardown(&w);
	}
}

static void test_content_id_is_that_of_the_documented_bytes(void **state)
{
	(void)state;
	struct world w;
	char expected[SHA256_HEX_SIZE + 1];
	setup(&w);
	put(&w, "group/a/main.tex", "\\documentclass{article}\\input{../shared}\n");
	put(&w, "group/a/data/x.csv", "1\n");
	put(&w, "group/shared.tex", "x\n");
	commit(&w);
	char *data = git_says(w.top, "rev-parse", "HEAD:group/a/data/x.csv", NULL);
	char *main = git_says(w.top, "rev-parse", "HEAD:group/a/main.tex", NULL);
	char *shared = git_says(w.top, "rev-parse", "HEAD:group/shared.tex", NULL);
	struct buffer bytes = BUFFER_INIT;
	buffer_addf(&bytes, "scrutiny-content-v1%c100644 %s data/x.csv%c100644 %s main.tex%c"
			    "100644 %s ../shared.tex%c",
		    0, data, 0, main, 0, shared, 0);
	sha256_hex(bytes.data, bytes.len, expected);
	char *id = id_of(&w, "group/a");
	assert_string_equal(id, expected);
	buffer_release(&bytes);
	free(data);
	free(main);
	free(shared);
	free(id);
	teardown(&w);
}

/* -- files outside of the folder --------------------------------------------------------------- */

static void test_named_files_outside_are_inputs(void **state)
{
	(void)state;
	struct world w;
	setup(&w);
	put(&w, "a/main.tex",
	    "\\documentclass{../style/thesis}\\usepackage{../style/macros}\n"
	    "\\graphicspath{{../plots/}{./}}\\input ../shared/intro\n"
	    "\\bibliography{refs,../shared/all}%\\input{../shared/commented}\n"
	    "\\includegraphics[width=1cm]{../shared/fig}\\input{../missing}\n"
	    "\\input{../../../etc/passwd}\\subimport{../shared/}{part}\n"
	    "\\input{../meta.yaml}\\input{../a/main}\\input{sections/one}\n");
	put(&w, "a/sections/one.tex", "\\input{../shared/two}\\input{../../shared/three}\n");
	put(&w, "style/thesis.cls", "x");
	put(&w, "style/macros.sty", "x");
	put(&w, "plots/p.png", "x");
	put(&w, "plots/p.csv", "x");
	put(&w, "shared/intro.tex", "x");
	put(&w, "shared/all.bib", "x");
	put(&w, "shared/commented.tex", "x");
	put(&w, "shared/fig.pdf", "x");
	put(&w, "shared/fig.eps", "x");
	put(&w, "shared/part.tex", "x");
	put(&w, "shared/two.tex", "x");
	put(&w, "shared/three.tex", "x");
	put(&w, "meta.yaml", "title: x\n");
	w.globs[0] = "a";
	assert_inputs(&w, "a",
		      "a/main.tex a/sections/one.tex plots/p.png shared/all.bib shared/fig.eps "
		      "shared/fig.pdf shared/intro.tex shared/part.tex shared/three.tex "
		      "shared/two.tex style/macros.sty style/thesis.cls");
	teardown(&w);
}

static void test_change_outside_changes_the_content_id(void **state)
{
	(void)state;
	struct world w;
	setup(&w);
	put(&w, "g/a/main.tex", "\\documentclass{article}\\input{../shared/m}\n");
	put(&w, "g/b/main.tex", "\\documentclass{article}\\input{../../top}\n");
	put(&w, "g/c/main.tex", TEX);
	put(&w, "g/shared/m.tex", "1\n");
	put(&w, "top.tex", "1\n");
	commit(&w);
	char *a = id_of(&w, "g/a"), *b = id_of(&w, "g/b"), *c = id_of(&w, "g/c");
	put(&w, "g/shared/m.tex", "2\n");
	a = next_id(&w, "g/a", a, true);
	b = next_id(&w, "g/b", b, false);
	commit(&w);
	a = next_id(&w, "g/a", a, false);
	/* The group's tree is as it was: only what it depends on outside says so. */
	put(&w, "top.tex", "2\n");
	a = next_id(&w, "g/a", a, false);
	b = next_id(&w, "g/b", b, true);
	c = next_id(&w, "g/c", c, false);
	commit(&w);
	b = next_id(&w, "g/b", b, false);
	git(w.top, "rm", "-q", "top.tex", NULL);
	b = next_id(&w, "g/b", b, true);
	/* Back to where the first run was: the memo has seen it. */
	git(w.top, "reset", "-q", "--hard", "HEAD~2", NULL);
	char *first = id_in(&w, "g/b", SNAPSHOT_COMMIT);
	b = next_id(&w, "g/b", b, true);
	assert_string_equal(first, b);
	c = next_id(&w, "g/c", c, false);
	free(first);
	free(a);
	free(b);
	free(c);
	teardown(&w);
}

static void test_target_of_a_link_outside_is_an_input(void **state)
{
	(void)state;
	struct world w;
	setup(&w);
	put(&w, "a/main.tex", TEX);
	put(&w, "shared/refs.bib", "1\n");
	put(&w, "shared/plots/p.png", "1\n");
	put_link(w.top, "a/refs.bib", "../shared/refs.bib");
	put_link(w.top, "a/plots", "../shared/plots");
	assert_inputs(&w, "a", "a/main.tex a/plots a/refs.bib shared/plots/p.png shared/refs.bib");
	commit(&w);
	char *id = id_of(&w, "a");
	put(&w, "shared/refs.bib", "2\n");
	id = next_id(&w, "a", id, true);
	free(id);
	teardown(&w);
}

/* -- the memo ---------------------------------------------------------------------------------- */

/* Everything the views show now must be what they show without any memo. */
static void assert_memo_is_right(struct world *w)
{
	static const enum snapshot_kind kinds[] = { SNAPSHOT_WORK_TREE, SNAPSHOT_INDEX,
						    SNAPSHOT_COMMIT };
	char *memo = xstrfmt("%s/.git/scrutiny/papers-index", w->top);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct view_of with, without;
		view_open(&with, w, kinds[i]);
		unlink(memo);
		view_open(&without, w, kinds[i]);
		assert_int_equal(with.papers.nr, without.papers.nr);
		assert_int_equal(with.papers.nr_ignored, without.papers.nr_ignored);
		for (size_t k = 0; k < with.papers.nr; k++) {
			const struct paper *x = &with.papers.items[k];
			const struct paper *y = &without.papers.items[k];
			assert_string_equal(x->path, y->path);
			assert_string_equal(x->content_id, y->content_id);
			assert_int_equal(x->nr_inputs, y->nr_inputs);
			assert_int_equal(x->dirty, y->dirty);
			assert_string_equal(x->reported, y->reported);
			assert_int_equal(x->nr_manuscripts, y->nr_manuscripts);
			for (size_t m = 0; m < x->nr_manuscripts; m++)
				assert_string_equal(x->manuscripts[m].path, y->manuscripts[m].path);
		}
		view_close(&with);
		view_close(&without);
	}
	free(memo);
}

static void test_memo_never_changes_the_answer(void **state)
{
	(void)state;
	static const char *const paths[] = {
		"a/main.tex", "a/sub/x.tex", "a/latex/x.tex", "a/meta.yaml", "a/n.md", "a/sub/n.md",
		"a/figures/f.pdf", "a/scrutiny.json", "b/latex/main.tex", "b/n.md",
		"b/x/y/z.md", "b/meta.yaml", "n.md",
		"shared/m.tex", ".ignore", "a/.ignore", "a/sub/p.pdf", "a/scrutiny.md",
	};
	static const char *const contents[] = {
		TEX, "\\documentclass{article}\\input{../shared/m}\n", "sub/\n", "*.md\n", "x\n",
		"\\input{../../shared/m}\n", "/a/sub\n!n.md\n",
	};
	struct world w;
	unsigned seed = 20240501;
	setup(&w);
	commit(&w);
	for (int step = 0; step < 40; step++) {
		const char *path = paths[(unsigned)rand_r(&seed) % ARRAY_SIZE(paths)];
		const char *content = contents[(unsigned)rand_r(&seed) % ARRAY_SIZE(contents)];
		char *full = xstrfmt("%s/%s", w.top, path);
		if (rand_r(&seed) % 3)
			put(&w, path, content);
		else
			unlink(full);
		free(full);
		if (!(rand_r(&seed) % 4))
			commit(&w);
		static const char *const globs[] = { NULL, NULL, "b", "a/**" };
		w.globs[0] = globs[(unsigned)rand_r(&seed) % ARRAY_SIZE(globs)];
		assert_memo_is_right(&w);
		/* Leave a memo of some view behind for the next step. */
		struct view_of v;
		view_open(&v, &w, rand_r(&seed) % 2 ? SNAPSHOT_COMMIT : SNAPSHOT_WORK_TREE);
		view_close(&v);
	}
	teardown(&w);
}

static void test_damaged_memo_is_as_good_as_none(void **state)
{
	(void)state;
	struct world w;
	setup(&w);
	put(&w, "a/main.tex", TEX);
	commit(&w);
	char *id = id_of(&w, "a");
	char *memo = xstrfmt("%s/.git/scrutiny/papers-index", w.top);
	struct buffer good = BUFFER_INIT;
	assert_success(file_read(memo, &good));
	for (size_t cut = 0; cut < good.len; cut += good.len / 40 + 1) {
		assert_success(file_write(memo, good.data, cut));
		id = next_id(&w, "a", id, false);
		good.data[cut] ^= 1;
		assert_success(file_write(memo, good.data, good.len));
		good.data[cut] ^= 1;
		id = next_id(&w, "a", id, false);
	}
	buffer_release(&good);
	free(memo);
	free(id);
	teardown(&w);
}

static void test_unwritable_git_directory_is_no_hindrance(void **state)
{
	(void)state;
	struct world w;
	setup(&w);
	put(&w, ".git/scrutiny", "in the way");
	put(&w, "a/main.tex", TEX);
	assert_papers(&w, "a: main.tex\n");
	teardown(&w);
}

/* -- hostile ----------------------------------------------------------------------------------- */

static void test_too_many_nested_folders_are_refused(void **state)
{
	(void)state;
	struct world w;
	struct view_of v = { .repo = NULL };
	setup(&w);
	struct buffer path = BUFFER_INIT;
	for (int i = 0; i < 300; i++)
		buffer_addstr(&path, "d/");
	buffer_addstr(&path, "main.tex");
	put(&w, path.data, TEX);
	commit(&w);
	assert_success(repo_open(&v.repo, w.top));
	assert_success(snapshot_new(&v.snapshot, v.repo, SNAPSHOT_WORK_TREE, NULL));
	assert_error(paper_discover(&v.papers, v.snapshot, NULL), ERROR_LIMIT);
	view_close(&v);
	buffer_release(&path);
	teardown(&w);
}

static void test_hostile_tex_is_looked_at_quickly(void **state)
{
	(void)state;
	static const char *const pieces[] = {
		"\\begin{verbatim}", "{", "\\input", "\\documentclass[", "{../", "\\graphicspath{{",
		"%", "\\", "\\import{", "[[[[", "\\verb|", "\\begin{document}",
	};
	struct world w;
	setup(&w);
	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		struct buffer text = BUFFER_INIT;
		while (text.len < 1000000)
			buffer_addstr(&text, pieces[i]);
		char *path = xstrfmt("%zu/x.tex", i);
		put(&w, path, text.data);
		free(path);
		buffer_release(&text);
	}
	assert_papers(&w, "");
	teardown(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_we_write_does_not_change_the_content_id),
		cmocka_unit_test(test_edit_mode_name_and_new_files_change_the_content_id),
		cmocka_unit_test(test_moving_the_folder_keeps_the_content_id),
		cmocka_unit_test(test_views_agree_on_the_same_content),
		cmocka_unit_test(test_content_id_is_that_of_the_documented_bytes),
		cmocka_unit_test(test_named_files_outside_are_inputs),
		cmocka_unit_test(test_change_outside_changes_the_content_id),
		cmocka_unit_test(test_target_of_a_link_outside_is_an_input),
		cmocka_unit_test(test_memo_never_changes_the_answer),
		cmocka_unit_test(test_damaged_memo_is_as_good_as_none),
		cmocka_unit_test(test_unwritable_git_directory_is_no_hindrance),
		cmocka_unit_test(test_too_many_nested_folders_are_refused),
		cmocka_unit_test(test_hostile_tex_is_looked_at_quickly),
	};
	fixture_environment();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
