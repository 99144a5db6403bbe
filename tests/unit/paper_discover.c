#include "discover_testing.h"

/* -- what a paper is --------------------------------------------------------------------------- */

static void test_three_kinds_of_manuscripts_make_papers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		struct world w;
		setup_format(&w, formats[i]);
		put(&w, "theory/tilings/tilings.tex", TEX);
		put(&w, "notes/recall/recall.md", "# Recall\n");
		put(&w, "old/scan.pdf", "%PDF-1.4\n");
		put(&w, "code/run.py", "print()\n");
		assert_papers(&w, "notes/recall: recall.md\nold: scan.pdf\n"
				  "theory/tilings: tilings.tex\n");
		teardown(&w);
	}
}

static void test_project_files_and_reports_are_no_manuscripts(void **state)
{
	(void)state;
	struct world w;
	setup(&w);
	put(&w, "README.md", "# x\n");
	put(&w, "a/readme.md", "# x\n");
	put(&w, "a/CHANGELOG.md", "# x\n");
	put(&w, "a/LICENSE.pdf", "x");
	put(&w, "b/scrutiny.md", "# x\n");
	put(&w, ".github/notes.md", "# x\n");
	put(&w, "c/.hidden.md", "# x\n");
	assert_papers(&w, "");
	teardown(&w);
}

static void test_documentclass_in_comment_or_verbatim_does_not_count(void **state)
{
	(void)state;
	struct world w;
	setup(&w);
	put(&w, "a/part.tex", "% \\documentclass{article}\nText\n");
	put(&w, "b/part.tex", "\\begin{verbatim}\n\\documentclass{article}\n\\end{verbatim}\n");
	put(&w, "c/part.tex", "see \\verb|\\documentclass{article}| here\n");
	put(&w, "d/part.tex", "the command \\documentclass begins a file\n");
	put(&w, "e/part.tex", "\\begin{document}\\documentclass{article}\n");
	put(&w, "f/main.tex", "%% a licence\n100\\% sure\n\\documentclass % why\n [a4paper,\n"
			      "  11pt]{article}\n");
	put(&w, "g/part.tex", "\\documentclass[../main.tex]{subfiles}\n");
	put(&w, "h/part.tex", "\\documentclass[tikz]{standalone}\n");
	put(&w, "i/part.tex", "\\begin{filecontents}{x.tex}\n\\documentclass{a}\n"
			      "\\end{filecontents}\n");
	assert_papers(&w, "f: main.tex\n");
	teardown(&w);
}

static void test_included_files_are_parts_not_manuscripts(void **state)
{
	(void)state;
	struct world w;
	setup(&w);
	put(&w, "a/main.tex", "\\documentclass{article}\\input{one}\\include{./two.tex}"
			      "\\input three \n");
	put(&w, "a/one.tex", TEX);
	put(&w, "a/two.tex", TEX);
	put(&w, "a/three.tex", TEX);
	put(&w, "a/four.tex", TEX);
	put(&w, "b/x.tex", "\\documentclass{article}\\input{y}\n");
	put(&w, "b/y.tex", "\\documentclass{article}\\input{x}\n");
	assert_papers(&w, "a: main.tex four.tex\nb: x.tex y.tex\n");
	teardown(&w);
}

static void test_several_manuscripts_have_the_main_one_first(void **state)
{
	(void)state;
	struct world w;
	setup(&w);
	put(&w, "knots/appendix.tex", TEX);
	put(&w, "knots/knots.tex", TEX);
	put(&w, "knots/paper.tex", TEX);
	put(&w, "knots/summary.md", "# x\n");
	put(&w, "knots/slides.pdf", "x");
	put(&w, "tilings/a.md", "# x\n");
	put(&w, "tilings/Tilings.md", "# x\n");
	put(&w, "tilings/old.pdf", "x");
	assert_papers(&w, "knots: paper.tex knots.tex appendix.tex\ntilings: Tilings.md a.md\n");
	teardown(&w);
}

static void test_built_pdf_and_figures_are_no_papers(void **state)
{
	(void)state;
	struct world w;
	setup(&w);
	put(&w, "a/section.tex", "no class\n");
	put(&w, "a/section.pdf", "x");
	put(&w, "a/README.md", "x");
	put(&w, "a/README.pdf", "x");
	put(&w, "b/figures/plot.pdf", "x");
	put(&w, "b/Figs/more/plot.pdf", "x");
	put(&w, "b/img/plot.tex", TEX);
	put(&w, "c/images/real/scan.pdf", "x");
	assert_papers(&w, "");
	/* Who names such a folder means it. */
	w.globs[0] = "c/images/real";
	assert_papers(&w, "c/images/real: scan.pdf\n");
	teardown(&w);
}

static void test_only_tex_starts_a_paper_inside_a_paper(void **state)
{
	(void)state;
	struct world w;
	setup(&w);
	put(&w, "a/main.tex", TEX);
	put(&w, "a/notes/idea.md", "# x\n");
	put(&w, "a/talk/slides.pdf", "x");
	put(&w, "a/supplement/supplement.tex", TEX);
	put(&w, "a/supplement/data.csv", "1\n");
	put(&w, "b/b.md", "# x\n");
	put(&w, "b/sections/one.md", "# x\n");
	assert_papers(&w, "a: main.tex\na/supplement: supplement.tex\nb: b.md\n");
	assert_inputs(&w, "a", "a/main.tex a/notes/idea.md a/talk/slides.pdf");
	assert_inputs(&w, "a/supplement", "a/supplement/data.csv a/supplement/supplement.tex");
	assert_inputs(&w, "b", "b/b.md b/sections/one.md");
	teardown(&w);
}

/* We write meta.yaml and reports ourselves: that must not move the borders of papers. */
static void test_what_we_write_does_not_change_what_is_a_paper(void **state)
{
	(void)state;
	static const char expected[] = "a/paper: main.tex\na/supplement: supplement.tex\nb: b.md\n";
	struct world w;
	setup(&w);
	put(&w, "a/paper/main.tex", TEX);
	put(&w, "a/supplement/supplement.tex", TEX);
	put(&w, "b/b.md", "# x\n");
	put(&w, "b/c/c.md", "# x\n");
	assert_papers(&w, expected);
	put(&w, "a/meta.yaml", "title: x\n");
	put(&w, "b/c/meta.yaml", "title: x\n");
	put(&w, "b/c/scrutiny.md", "# Report\n");
	put(&w, "d/scrutiny.json", "{}\n");
	assert_papers(&w, expected);
	teardown(&w);
}

static void test_report_tells_which_content_it_is_about(void **state)
{
	(void)state;
	struct world w;
	setup(&w);
	put(&w, "a/main.tex", TEX);
	char *id = id_of(&w, "a");
	char *report = xstrfmt("{\n  \"content_id\": \"%s\"\n}\n", id);
	for (int step = 0; step < 3; step++) {
		struct view_of v;
		if (step == 1)
			put(&w, "a/scrutiny.json", report);
		if (step == 2)
			put(&w, "a/main.tex", TEX "more\n");
		commit(&w);
		view_open(&v, &w, SNAPSHOT_COMMIT);
		const struct paper *paper = find_paper(&v, "a");
		assert_string_equal(paper->reported, step ? id : "");
		assert_int_equal(paper_report_is_current(paper), step < 2);
		view_close(&v);
	}
	free(report);
	free(id);
	teardown(&w);
}

static void test_parent_of_a_source_folder_is_the_paper(void **state)
{
	(void)state;
	struct world w;
	setup(&w);
	put(&w, "a/latex/main.tex", TEX);
	put(&w, "a/paper.pdf", "x");
	put(&w, "a/code/run.py", "x");
	put(&w, "b/src/tex/main.tex", TEX);
	put(&w, "c/tex/main.tex", TEX);
	put(&w, "c/notes/idea.md", "# x\n");
	put(&w, "d/src/notes.md", "# x\n");
	put(&w, "e/LaTeX/main.tex", TEX);
	assert_papers(&w, "a: latex/main.tex\nb: src/tex/main.tex\nc/notes: idea.md\n"
			  "c/tex: main.tex\nd/src: notes.md\ne: LaTeX/main.tex\n");
	assert_inputs(&w, "a", "a/code/run.py a/latex/main.tex a/paper.pdf");
	teardown(&w);
}

static void test_note_at_the_top_leaves_the_papers_below_alone(void **state)
{
	(void)state;
	struct world w;
	setup(&w);
	put(&w, "ideas.md", "# x\n");
	put(&w, "a/a.md", "# x\n");
	put(&w, "b/b.tex", TEX);
	put(&w, "c/data.csv", "1\n");
	assert_papers(&w, ".: ideas.md\na: a.md\nb: b.tex\n");
	assert_inputs(&w, "", "c/data.csv ideas.md");
	put(&w, "main.md", "# x\n");
	assert_papers(&w, ".: main.md ideas.md\nb: b.tex\n");
	teardown(&w);
}

static void test_repository_of_one_paper(void **state)
{
	(void)state;
	struct world w;
	setup(&w);
	put(&w, "main.tex", TEX);
	put(&w, "sections/one.tex", "Text\n");
	put(&w, "README.md", "# x\n");
	put(&w, ".scrutiny.yml", "{}\n");
	put(&w, ".gitignore", "*.aux\n");
	put(&w, "main.aux", "x\n");
	assert_papers(&w, ".: main.tex\n");
	assert_inputs(&w, "", "README.md main.tex sections/one.tex");
	teardown(&w);
}

static void test_globs_narrow(void **state)
{
	(void)state;
	static const char all[] = "drafts/c: c.md\ndrafts/d: d.md\ntheory/a: main.tex\n"
				  "theory/a/supplement: s.tex\ntheory/b/notes: b.md\n";
	static const struct {
		const char *globs[3], *expected;
	} cases[] = {
		{ { "theory/*" }, "theory/a: main.tex\ntheory/a/supplement: s.tex\n"
				  "theory/b/notes: b.md\n" },
		{ { "theory/**" }, "theory/a: main.tex\ntheory/a/supplement: s.tex\n"
				   "theory/b/notes: b.md\n" },
		{ { "./drafts/c/" }, "drafts/c: c.md\n" },
		{ { "/drafts/c", "theory/b/**" }, "drafts/c: c.md\ntheory/b/notes: b.md\n" },
		{ { "*/*/supplement" }, "theory/a/supplement: s.tex\n" },
		{ { "nowhere" }, "" },
		{ { "**" }, all },
		{ { "." }, all },
	};
	struct world w;
	setup(&w);
	put(&w, "theory/a/main.tex", TEX);
	put(&w, "theory/a/supplement/s.tex", TEX);
	put(&w, "theory/b/notes/b.md", "# x\n");
	put(&w, "drafts/c/c.md", "# x\n");
	put(&w, "drafts/d/d.md", "# x\n");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		memcpy(w.globs, cases[i].globs, sizeof(cases[i].globs));
		assert_papers(&w, cases[i].expected);
	}
	teardown(&w);
}

static void test_ignore_files_take_out_folders_and_files(void **state)
{
	(void)state;
	struct world w;
	setup(&w);
	put(&w, ".ignore", "software/\n*.log\n");
	put(&w, "software/docs/manual.md", "# x\n");
	put(&w, "a/main.tex", TEX);
	put(&w, "a/run.log", "x\n");
	put(&w, "b/.ignore", "/draft.md\n!keep.log\n");
	put(&w, "b/draft.md", "# x\n");
	put(&w, "b/final.md", "# x\n");
	put(&w, "b/keep.log", "x\n");
	assert_papers(&w, "a: main.tex\nb: final.md\n-a/run.log\n-b/draft.md\n-software/\n");
	assert_inputs(&w, "a", "a/main.tex");
	assert_inputs(&w, "b", "b/final.md b/keep.log");
	put(&w, ".ignore", "/a/\n");
	assert_papers(&w, "b: final.md\nsoftware/docs: manual.md\n-a/\n-b/draft.md\n");
	teardown(&w);
}

static void test_papers_come_in_the_order_of_their_paths(void **state)
{
	(void)state;
	struct world w;
	setup(&w);
	put(&w, "a/a.tex", TEX);
	put(&w, "a/b/b.tex", TEX);
	put(&w, "a-b/c.tex", TEX);
	put(&w, "a.c/c.tex", TEX);
	assert_papers(&w, "a: a.tex\na-b: c.tex\na.c: c.tex\na/b: b.tex\n");
	teardown(&w);
}

static void test_names_of_any_bytes(void **state)
{
	(void)state;
	struct world w;
	setup(&w);
	put(&w, "a b\n\xff/ma in.tex", TEX);
	assert_papers(&w, "a b\n\xff: ma in.tex\n");
	assert_inputs(&w, "a b\n\xff", "a b\n\xff/ma in.tex");
	teardown(&w);
}

static void test_no_commit_yet(void **state)
{
	(void)state;
	struct world w;
	struct view_of v;
	setup(&w);
	view_open(&v, &w, SNAPSHOT_WORK_TREE);
	assert_int_equal(v.papers.nr, 0);
	view_close(&v);
	put(&w, "a/main.tex", TEX);
	view_open(&v, &w, SNAPSHOT_WORK_TREE);
	assert_int_equal(v.papers.nr, 1);
	assert_true(v.papers.items[0].dirty);
	view_close(&v);
	teardown(&w);
}

static void test_submodules_and_links_are_not_entered(void **state)
{
	(void)state;
	struct world w;
	setup(&w);
	put(&w, "a/main.tex", TEX);
	put_link(w.top, "elsewhere", "/usr/share");
	put_link(w.top, "again", "a");
	put_link(w.top, "a/other.tex", "main.tex");
	git(w.top, "add", "-A", NULL);
	git(w.top, "update-index", "--add", "--cacheinfo",
	    "160000,1111111111111111111111111111111111111111,a/module", NULL);
	git(w.top, "commit", "-q", "-m", "one", NULL);
	struct view_of v;
	struct buffer said = BUFFER_INIT;
	view_open(&v, &w, SNAPSHOT_COMMIT);
	describe(&said, &v);
	assert_string_equal(said.data, "a: main.tex\n");
	assert_int_equal(v.papers.items[0].nr_inputs, 2);
	buffer_release(&said);
	view_close(&v);
	teardown(&w);
}

static void test_bare_repository_shows_its_commit(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		struct world w;
		struct view_of v;
		setup_format(&w, formats[i]);
		put(&w, "a/main.tex", TEX);
		commit(&w);
		char *bare = xstrfmt("%s/bare.git", w.directory);
		git(w.directory, "clone", "-q", "--bare", "--", w.top, bare, NULL);
		view_open_at(&v, &w, bare, SNAPSHOT_COMMIT);
		char *id = id_of(&w, "a");
		assert_string_equal(find_paper(&v, "a")->content_id, id);
		assert_false(find_paper(&v, "a")->dirty);
		free(id);
		free(bare);
		view_close(&v);
		teardown(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_three_kinds_of_manuscripts_make_papers),
		cmocka_unit_test(test_project_files_and_reports_are_no_manuscripts),
		cmocka_unit_test(test_documentclass_in_comment_or_verbatim_does_not_count),
		cmocka_unit_test(test_included_files_are_parts_not_manuscripts),
		cmocka_unit_test(test_several_manuscripts_have_the_main_one_first),
		cmocka_unit_test(test_built_pdf_and_figures_are_no_papers),
		cmocka_unit_test(test_only_tex_starts_a_paper_inside_a_paper),
		cmocka_unit_test(test_what_we_write_does_not_change_what_is_a_paper),
		cmocka_unit_test(test_report_tells_which_content_it_is_about),
		cmocka_unit_test(test_parent_of_a_source_folder_is_the_paper),
		cmocka_unit_test(test_note_at_the_top_leaves_the_papers_below_alone),
		cmocka_unit_test(test_repository_of_one_paper),
		cmocka_unit_test(test_globs_narrow),
		cmocka_unit_test(test_ignore_files_take_out_folders_and_files),
		cmocka_unit_test(test_papers_come_in_the_order_of_their_paths),
		cmocka_unit_test(test_names_of_any_bytes),
		cmocka_unit_test(test_no_commit_yet),
		cmocka_unit_test(test_submodules_and_links_are_not_entered),
		cmocka_unit_test(test_bare_repository_shows_its_commit),
	};
	fixture_environment();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
