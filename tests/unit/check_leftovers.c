#include "check_testing.h"

static void test_notes_are_told_from_words_that_look_like_them(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int expected;
	} cases[] = {
		{ "We do this. TODO: explain.", 1 },
		{ "We do this (TODO).", 1 },
		{ "We do this [TODO explain].", 1 },
		{ "FIXME: units", 1 },
		{ "\n\nTODO write this section", 1 },
		{ "a & TBD & b \\\\", 1 },
		{ "{TODO}", 1 },
		{ "see Section XXX", 1 },
		{ "XXX: check", 1 },
		{ "the XXX chain", 0 },
		{ "the (XXX) chain", 0 },
		{ "Chapter XXXI", 0 },
		{ "TODO comments are frequent", 0 },
		{ "a tool for TODO, FIXME and the like", 0 },
		{ "``TODO: explain''", 0 },
		{ "\\texttt{TODO: explain}", 0 },
		{ "\\verb|TODO: explain|", 0 },
		{ "$TODO: x$", 0 },
		{ "% TODO: explain", 0 },
		{ "\\url{http://a.example/TODO:x}", 0 },
		{ "todo: in lower case it may be Spanish, a todo: una", 0 },
		{ "AUTODOC: a tool", 0 },
		{ "std::TODO::x", 0 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (tex_count("todo-left", cases[i].text) != cases[i].expected)
			fail_msg("%s", cases[i].text);
	}
}

static void test_a_todo_that_prints_nothing_is_silent(void **state)
{
	(void)state;
	assert_int_equal(tex_count("todo-left", "\\todo{x}"), 1);
	assert_int_equal(tex_count("todo-left", "\\newcommand{\\todo}[1]{\\textbf{#1}}\\todo{x}"), 1);
	assert_int_equal(tex_count("todo-left", "\\renewcommand{\\todo}[1]{}\\todo{x}"), 0);
	assert_int_equal(tex_count("todo-left", "\\renewcommand\\todo[2][]{}\\todo{x}"), 0);
	assert_int_equal(tex_count("todo-left", "\\def\\todo#1{}\\todo{x}"), 0);
	assert_int_equal(tex_count("todo-left", "\\let\\todo\\relax\\todo"), 0);
	assert_int_equal(tex_count("todo-left", "\\newcommand{\\todo}[1]{\\ifdraft #1\\fi}\\todo{x}"),
			 0);
	assert_int_equal(tex_count("todo-left", "%\\renewcommand{\\todo}[1]{}\n\\todo{x}"), 1);
	assert_int_equal(tex_count("todo-left", "\\listoftodos"), 0);
}

static void test_question_marks_are_told_from_questions(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int expected;
	} cases[] = {
		{ "see Section ??", 1 },
		{ "see Fig.~??.", 1 },
		{ "as in (Eq. ?" "?)", 1 },
		{ "by Theorem ??, we", 1 },
		{ "as shown [??]", 1 },
		{ "a & ?? & b", 1 },
		{ "Really??", 0 },
		{ "Why not ?? asks the French", 0 },
		{ "$??$", 0 },
		{ "\\verb|a ?? b|", 0 },
		{ "the move Qxf7??", 0 },
		{ "\\url{http://a.example/x[??]}", 0 },
		{ "file????.txt", 0 },
		{ "Which Section?", 0 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (tex_count("unresolved-marker", cases[i].text) != cases[i].expected)
			fail_msg("%s", cases[i].text);
	}
}

static void test_placeholders_are_sure_forms_only(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int expected;
	} cases[] = {
		{ "so it is [citation needed]", 1 },
		{ "so it is [REF]", 1 },
		{ "[insert figure here]", 1 },
		{ "XXX et al.\\ show", 1 },
		{ "better by XX\\%", 1 },
		{ "better by X.X\\%", 1 },
		{ "Your abstract goes here.", 1 },
		{ "Insert Table 1 about here", 0 },
		{ "users insert text here and there", 0 },
		{ "\\begin{theorem}[Citation] x \\end{theorem}", 0 },
		{ "of chapter XX.", 0 },
		{ "the X% rule", 0 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (tex_count("placeholder-text", cases[i].text) != cases[i].expected)
			fail_msg("%s", cases[i].text);
	}
}

static void test_empty_keys_are_found_through_options(void **state)
{
	(void)state;
	assert_int_equal(tex_count("citation-empty", "\\citep[see][p. 3]{ }"), 1);
	assert_int_equal(tex_count("citation-empty", "\\citep[see][p. 3]{a}"), 0);
	assert_int_equal(tex_count("reference-empty", "\\eqref{}"), 1);
	assert_int_equal(tex_count("reference-empty", "\\hyperref[a]{}"), 0);
}

static void test_merge_markers_must_all_be_there_in_order(void **state)
{
	(void)state;
	assert_int_equal(tex_count("merge-conflict", "<<<<<<< a\nx\n=======\ny\n>>>>>>> b"), 1);
	assert_int_equal(tex_count("merge-conflict", "% note\n<<<<<<< a\nx\n||||||| c\nz\n"
						     "=======\ny\n>>>>>>> b"),
			 1);
	assert_int_equal(tex_count("merge-conflict", "<<<<<<< a\nx\n=======\ny"), 0);
	assert_int_equal(tex_count("merge-conflict", "x\n=======\ny\n>>>>>>> b"), 0);
	assert_int_equal(tex_count("merge-conflict", "<<<<<<<<< a\n=======\n>>>>>>> b"), 0);
	assert_int_equal(tex_count("merge-conflict", "\\begin{verbatim}\n<<<<<<< a\nx\n=======\ny\n"
						     ">>>>>>> b\n\\end{verbatim}"),
			 0);
}

static void test_findings_stand_in_the_file_they_come_from(void **state)
{
	(void)state;
	struct test_file files[] = {
		{ "paper/main.tex", "\\documentclass{article}\n\\begin{document}\nFine.\n"
				    "\\input{part}\n\\end{document}\n" },
		{ "paper/part.tex", "% a comment\nGr\xc3\xbc\xc3\x9f" "e. TODO: more.\n" },
		{ NULL, NULL },
	};
	struct finding_list found = { 0 };
	check_test_files(&found, files);
	assert_int_equal(found.nr, 1);
	const struct finding *f = &found.items[0];
	assert_string_equal(f->path, "paper/part.tex");
	assert_int_equal(f->line, 2);
	assert_int_equal(f->column, 8);
	assert_int_equal(f->end_column, 12);
	assert_string_equal(f->title, "a note to the authors is printed: \"TODO: more.\"");
	finding_list_release(&found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_notes_are_told_from_words_that_look_like_them),
		cmocka_unit_test(test_a_todo_that_prints_nothing_is_silent),
		cmocka_unit_test(test_question_marks_are_told_from_questions),
		cmocka_unit_test(test_placeholders_are_sure_forms_only),
		cmocka_unit_test(test_empty_keys_are_found_through_options),
		cmocka_unit_test(test_merge_markers_must_all_be_there_in_order),
		cmocka_unit_test(test_findings_stand_in_the_file_they_come_from),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
