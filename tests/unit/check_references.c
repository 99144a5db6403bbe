#include "check_testing.h"

static void test_a_key_cited_often_is_one_finding_that_names_the_places(void **state)
{
	(void)state;
	struct finding_list found = { 0 };
	check_test_text(&found, "paper.tex",
			"\\documentclass{article}\n\\begin{document}\n"
			"\\cite{a}, \\cite[p.~3]{known,a}\n\n\\cite{a}\n"
			"\\begin{thebibliography}{1}\\bibitem{known} K.\\end{thebibliography}\n"
			"\\end{document}\n");
	assert_int_equal(found.nr, 1);
	const struct finding *f = &found.items[0];
	assert_string_equal(f->rule, "citation-undefined");
	assert_string_equal(f->subject, "a");
	assert_string_equal(f->title, "`a` is cited but no bibliography entry has this key; also at "
				      "paper.tex:3, paper.tex:5");
	assert_string_equal(f->quote, "\\cite{a}, \\cite[p.~3]{known,a}");
	assert_int_equal(f->line, 3);
	assert_int_equal(f->column, 7);
	assert_int_equal(f->end_line, 3);
	assert_int_equal(f->end_column, 8);
	finding_list_release(&found);
}

static void test_the_nearest_key_is_suggested(void **state)
{
	(void)state;
	struct finding_list found = { 0 };
	check_test_text(&found, "paper.tex",
			"\\documentclass{article}\n\\begin{document}\n\\label{tab:results}\n"
			"\\ref{tab:result}\n\\end{document}\n");
	assert_int_equal(found.nr, 1);
	assert_string_equal(found.items[0].suggestion, "did you mean `tab:results`?");
	finding_list_release(&found);
}

static void test_nothing_is_undefined_while_an_input_is_missing(void **state)
{
	(void)state;
	struct finding_list found = { 0 };
	check_test_text(&found, "paper.tex",
			"\\documentclass{article}\n\\begin{document}\n\\input{proofs}\n"
			"\\ref{a} \\ref{b}\n\\end{document}\n");
	assert_int_equal(found.nr, 2);
	assert_int_equal(count_rule(&found, "input-missing"), 1);
	const struct finding *f = first_of(&found, "reference-undefined");
	assert_true(f->uncertain);
	assert_int_equal(f->severity, SEVERITY_NOTE);
	assert_string_equal(f->title, "cannot tell whether `a` and 1 more references are defined: "
				      "`proofs` was not found");
	finding_list_release(&found);
}

static void test_bibliographies_of_other_kinds_are_not_called_empty(void **state)
{
	(void)state;
	struct finding_list found = { 0 };
	check_test_text(&found, "paper.tex",
			"\\documentclass{article}\n\\usepackage{bibtopic}\n\\begin{document}\n"
			"\\cite{a}\\begin{btSect}{refs}\\btPrintCited\\end{btSect}\\end{document}\n");
	assert_int_equal(found.nr, 1);
	assert_true(found.items[0].uncertain);
	finding_list_release(&found);
}

static void test_a_repeated_label_names_the_first_place(void **state)
{
	(void)state;
	struct finding_list found = { 0 };
	check_test_text(&found, "paper.tex",
			"\\documentclass{article}\n\\begin{document}\n\\label{a}\n\\label{a}\n"
			"\\label{ a }\n\\end{document}\n");
	assert_int_equal(count_rule(&found, "label-duplicate"), 2);
	assert_string_equal(found.items[0].title, "`a` is defined again; first at paper.tex:3");
	assert_int_equal(found.items[0].line, 4);
	finding_list_release(&found);
}

static void test_branches_of_a_condition_do_not_repeat_each_other(void **state)
{
	(void)state;
	assert_int_equal(tex_count("label-duplicate", "\\ifdim\\x>1pt \\label{a}\\else\\label{a}\\fi"),
			 0);
	assert_int_equal(tex_count("reference-undefined", "\\ifdim\\x>1pt \\ref{a}\\fi"), 0);
	assert_int_equal(tex_count("reference-undefined",
				   "\\ifdim\\x>1pt \\label{a}\\fi \\ref{a}"),
			 0);
}

static void test_case_of_keys_is_bibtex_s(void **state)
{
	(void)state;
	static const char bib[] = "@book{Knuth84, title={T}}\n@book{knuth84, title={T}}\n"
				  "@book{other, title={T}}\n@book{other, title={T}}\n";
	struct test_file files[] = {
		{ "paper.tex", "\\documentclass{article}\n\\begin{document}\\cite{KNUTH84}\n"
			       "\\bibliography{refs}\\end{document}\n" },
		{ "refs.bib", bib },
		{ NULL, NULL },
	};
	struct finding_list found = { 0 };
	check_test_files(&found, files);
	assert_int_equal(found.nr, 2);
	assert_string_equal(found.items[0].path, "refs.bib");
	assert_string_equal(found.items[0].title,
			    "`knuth84` is the same key as `Knuth84` at refs.bib:1: BibTeX ignores case");
	assert_int_equal(found.items[0].severity, SEVERITY_ERROR);
	/* nothing cites it: only a warning */
	assert_string_equal(found.items[1].subject, "other");
	assert_int_equal(found.items[1].severity, SEVERITY_WARNING);
	finding_list_release(&found);

	files[0].content = "\\documentclass{article}\n\\usepackage{biblatex}\n"
			   "\\addbibresource{refs.bib}\\begin{document}\\cite{KNUTH84}\n"
			   "\\end{document}\n";
	check_test_files(&found, files);
	assert_int_equal(count_rule(&found, "bibliography-key-duplicate"), 1);
	assert_int_equal(count_rule(&found, "citation-undefined"), 1);
	finding_list_release(&found);
}

static size_t pictures_shown_again(const char *body)
{
	char *text = xstrfmt("\\documentclass{article}\n\\begin{document}\n%s\n\\end{document}\n",
			     body);
	struct test_file files[] = {
		{ "paper.tex", text }, { "a.png", "" }, { "logo.png", "" }, { NULL, NULL },
	};
	struct finding_list found = { 0 };
	check_test_files(&found, files);
	size_t nr = found.nr;
	assert_int_equal(count_rule(&found, "figure-used-twice"), nr);
	finding_list_release(&found);
	free(text);
	return nr;
}

static void test_pictures_are_shown_twice_only_if_the_same_view_is(void **state)
{
	(void)state;
	assert_int_equal(pictures_shown_again("\\includegraphics{a}\n"
					      "\\includegraphics[width=3cm]{a.png}"),
			 1);
	assert_int_equal(pictures_shown_again("\\includegraphics[page=1]{a}\n"
					      "\\includegraphics[page=2]{a}"),
			 0);
	assert_int_equal(pictures_shown_again("\\includegraphics[height=1.5em]{a}\n"
					      "\\includegraphics[height=1.5em]{a}"),
			 0);
	assert_int_equal(pictures_shown_again("\\includegraphics{logo}\\includegraphics{logo}"), 0);
}

static void test_missing_files_are_those_of_the_author(void **state)
{
	(void)state;
	assert_int_equal(tex_count("input-missing", "\\input{glyphtounicode}"), 0);
	assert_int_equal(tex_count("input-missing", "\\input{\\folder/x}"), 0);
	assert_int_equal(tex_count("input-missing", "\\input{paper.bbl}"), 0);
	assert_int_equal(tex_count("input-missing", "\\input{intro}"), 1);
	assert_int_equal(tex_count("bibliography-missing", "\\bibliography{IEEEabrv}"), 0);
	assert_int_equal(tex_count("bibliography-missing", "\\bibliography{IEEEabrv,refs}"), 1);
	assert_int_equal(tex_count("graphics-missing", "\\includegraphics{a}"), 1);
	assert_int_equal(tex_count("graphics-missing", "\\includegraphics{a}\\includegraphics{b}"), 2);
}

static void test_pictures_that_a_program_makes_are_not_demanded(void **state)
{
	(void)state;
	assert_int_equal(tex_count("graphics-missing", "\\includegraphics{a}\\includegraphics{b}"
						       "\\includegraphics{c}"),
			 -1);
	/* nor what it writes beside them */
	static const char body[] = "\\includegraphics{figures/a}\\includegraphics{figures/b}"
				   "\\includegraphics{figures/c}\\input{figures/table}\\input{intro}";
	assert_int_equal(tex_count("graphics-missing", body), -1);
	assert_int_equal(tex_count("input-missing", body), 1);
}

static void test_a_missing_chapter_is_softer_than_a_missing_input(void **state)
{
	(void)state;
	struct finding_list found = { 0 };
	check_test_text(&found, "paper.tex",
			"\\documentclass{article}\n\\begin{document}\n\\include{one}\n"
			"\\end{document}\n");
	assert_int_equal(found.nr, 1);
	assert_int_equal(found.items[0].severity, SEVERITY_WARNING);
	finding_list_release(&found);
}

static void test_two_manuscripts_that_share_a_bibliography_say_a_thing_once(void **state)
{
	(void)state;
	struct test_file files[] = {
		{ "a.tex", "\\documentclass{article}\n\\begin{document}\\nocite{*}\n"
			   "\\bibliography{refs}\\end{document}\n" },
		{ "refs.bib", "@book{x, title={T}}\n@book{x, title={T}}\n" },
		{ NULL, NULL },
	};
	struct document_source source = { read_test_file, test_file_exists, files };
	struct document one = { 0 }, two = { 0 }, *docs[] = { &one, &two };
	struct finding_list found = { 0 };
	assert_ok(document_read_from(&one, &source, "a.tex", MANUSCRIPT_TEX));
	assert_ok(document_read_from(&two, &source, "a.tex", MANUSCRIPT_TEX));
	check_run(&found, docs, 2);
	assert_int_equal(found.nr, 1);
	finding_list_release(&found);
	document_release(&one);
	document_release(&two);
}

static void test_what_is_too_much_is_counted(void **state)
{
	(void)state;
	struct buffer text = BUFFER_INIT;
	struct finding_list found = { 0 };
	buffer_addstr(&text, "\\documentclass{article}\n\\begin{document}\n");
	for (int i = 0; i < 700; i++)
		buffer_addf(&text, "\\ref{key%d}", i);
	buffer_addstr(&text, "\n\\end{document}\n");
	check_test_text(&found, "paper.tex", text.data);
	assert_int_equal(found.nr, 501);
	assert_string_equal(found.items[500].path, "");
	assert_string_equal(found.items[500].title,
			    "200 more of this kind in paper.tex are not listed");
	/* columns are right on a line of many */
	assert_string_equal(found.items[499].subject, "key499");
	assert_int_equal(found.items[499].column, found.items[499].start + 1 -
			 strlen("\\documentclass{article}\n\\begin{document}\n"));
	finding_list_release(&found);
	buffer_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_key_cited_often_is_one_finding_that_names_the_places),
		cmocka_unit_test(test_the_nearest_key_is_suggested),
		cmocka_unit_test(test_nothing_is_undefined_while_an_input_is_missing),
		cmocka_unit_test(test_bibliographies_of_other_kinds_are_not_called_empty),
		cmocka_unit_test(test_a_repeated_label_names_the_first_place),
		cmocka_unit_test(test_branches_of_a_condition_do_not_repeat_each_other),
		cmocka_unit_test(test_case_of_keys_is_bibtex_s),
		cmocka_unit_test(test_pictures_are_shown_twice_only_if_the_same_view_is),
		cmocka_unit_test(test_missing_files_are_those_of_the_author),
		cmocka_unit_test(test_pictures_that_a_program_makes_are_not_demanded),
		cmocka_unit_test(test_a_missing_chapter_is_softer_than_a_missing_input),
		cmocka_unit_test(test_two_manuscripts_that_share_a_bibliography_say_a_thing_once),
		cmocka_unit_test(test_what_is_too_much_is_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
