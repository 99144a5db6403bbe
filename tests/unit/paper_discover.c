#include "git_fixture.h"

#include "base/buffer.h"
#include "paper/paper.h"

static const char *const formats[] = { "sha1", "sha256" };

#define TEX "\\documentclass{article}\n\\begin{document}\nText.\n\\end{document}\n"

/* A repository under construction. */
struct world {
	char *directory, *top;
	const char *globs[8]; /* `papers:` */
};

static void setup_format(struct world *w, const char *format)
{
	*w = (struct world){ .directory = fixture_directory() };
	w->top = fixture_repository(w->directory, "repo", format);
}

static void setup(struct world *w)
{
	setup_format(w, "sha1");
}

static void teardown(struct world *w)
{
	free(w->top);
	fixture_remove(w->directory);
}

static void put(struct world *w, const char *path, const char *content)
{
	put_file(w->top, path, content);
}

static void commit(struct world *w)
{
	git(w->top, "add", "-A", NULL);
	git(w->top, "commit", "-q", "--allow-empty", "-m", "more", NULL);
}

/* What a view of the repository shows; the caller releases it with view_close. */
struct view_of {
	struct repo *repo;
	struct snapshot *snapshot;
	struct paper_rules rules;
	struct paper_list papers;
};

static void view_open_at(struct view_of *v, struct world *w, const char *top,
			 enum snapshot_kind kind)
{
	struct oid head = { "" };
	*v = (struct view_of){ .rules = { w->globs } };
	assert_success(repo_open(&v->repo, top));
	if (kind == SNAPSHOT_COMMIT)
		assert_success(repo_head(v->repo, &head));
	assert_success(snapshot_new(&v->snapshot, v->repo, kind, &head));
	assert_success(paper_discover(&v->papers, v->snapshot, &v->rules));
}

static void view_open(struct view_of *v, struct world *w, enum snapshot_kind kind)
{
	view_open_at(v, w, w->top, kind);
}

static void view_close(struct view_of *v)
{
	paper_list_release(&v->papers);
	snapshot_free(v->snapshot);
	repo_free(v->repo);
}

static const struct paper *find_paper(const struct view_of *v, const char *path)
{
	for (size_t i = 0; i < v->papers.nr; i++)
		if (!strcmp(v->papers.items[i].path, path))
			return &v->papers.items[i];
	fail_msg("'%s' is no paper", path);
	return NULL;
}

/* "<paper>: <manuscript> ...\n" a line, "-<ignored>\n" behind them. */
static void describe(struct buffer *out, const struct view_of *v)
{
	for (size_t i = 0; i < v->papers.nr; i++) {
		const struct paper *p = &v->papers.items[i];
		buffer_addf(out, "%s:", *p->path ? p->path : ".");
		for (size_t k = 0; k < p->nr_manuscripts; k++) {
			size_t skip = *p->path ? strlen(p->path) + 1 : 0;
			buffer_addf(out, " %s", p->manuscripts[k].path + skip);
		}
		buffer_addch(out, '\n');
	}
	for (size_t i = 0; i < v->papers.nr_ignored; i++)
		buffer_addf(out, "-%s\n", v->papers.ignored[i]);
}

/* The work tree as it is, then the index and a commit of it, all say EXPECTED; twice each, so
 * that the memo says it too. */
static void assert_papers(struct world *w, const char *expected)
{
	static const enum snapshot_kind kinds[] = { SNAPSHOT_WORK_TREE, SNAPSHOT_INDEX,
						    SNAPSHOT_COMMIT, SNAPSHOT_WORK_TREE };
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (i == 1)
			git(w->top, "add", "-A", NULL);
		if (i == 2)
			commit(w);
		for (int again = 0; again < 2; again++) {
			struct view_of v;
			struct buffer said = BUFFER_INIT;
			view_open(&v, w, kinds[i]);
			describe(&said, &v);
			assert_string_equal(said.data, expected);
			buffer_release(&said);
			view_close(&v);
		}
	}
}

/* The content id of a paper, to be freed. */
static char *id_in(struct world *w, const char *path, enum snapshot_kind kind)
{
	struct view_of v;
	view_open(&v, w, kind);
	char *id = xstrdup(find_paper(&v, path)->content_id);
	view_close(&v);
	return id;
}

static char *id_of(struct world *w, const char *path)
{
	return id_in(w, path, SNAPSHOT_WORK_TREE);
}

/* Frees OLD and returns the id now, which has changed as expected. */
static char *next_id(struct world *w, const char *path, char *old, bool changes)
{
	char *now = id_of(w, path);
	if (changes == !strcmp(now, old))
		fail_msg("the content id of '%s' %s", path, changes ? "stays" : "changes");
	free(old);
	return now;
}

static void assert_inputs(struct world *w, const char *path, const char *expected)
{
	struct view_of v;
	struct buffer said = BUFFER_INIT;
	char **paths;
	size_t nr;
	view_open(&v, w, SNAPSHOT_WORK_TREE);
	const struct paper *paper = find_paper(&v, path);
	assert_success(paper_inputs(v.snapshot, &v.rules, paper, &paths, &nr));
	assert_int_equal(nr, paper->nr_inputs);
	for (size_t i = 0; i < nr; i++) {
		buffer_addf(&said, "%s%s", i ? " " : "", paths[i]);
		free(paths[i]);
	}
	free(paths);
	assert_string_equal(said.data, expected);
	buffer_release(&said);
	view_close(&v);
}

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
