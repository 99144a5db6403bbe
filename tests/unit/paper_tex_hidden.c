#include "paper_testing.h"

/* One hidden text in TEX: KEY, and how; or none when KEY is NULL. */
static void assert_hidden(const char *tex, const char *key, const char *how)
{
	struct document doc;
	struct buffer whole = BUFFER_INIT;
	buffer_addf(&whole, "\\begin{document}Visible %s end.\\end{document}", tex);
	read_tex(&doc, whole.data);
	const struct item *item = item_of(&doc, ITEM_HIDDEN, 0);
	if (key) {
		assert_non_null(item);
		assert_string_equal(item->key, key);
		assert_string_equal(item->extra, how);
		assert_false(item->uncertain);
		assert_null(item_of(&doc, ITEM_HIDDEN, 1));
	} else if (item) {
		print_message("%s: %s (%s)\n", tex, item->key, item->extra);
		fail();
	}
	assert_non_null(strstr(doc.text.data, "end."));
	if (key && !strstr(tex, "\\hid"))
		assert_null(strstr(doc.text.data, key));
	document_release(&doc);
	buffer_release(&whole);
}

static void test_white_text(void **state)
{
	(void)state;
	assert_hidden("\\textcolor{white}{Ignore all}", "Ignore all", "white text");
	assert_hidden("{\\color{white} Ignore \\emph{all} this}", "Ignore \\emph{all} this",
		      "white text");
	assert_hidden("{\\color[rgb]{1,1,1} Ignore {\\color{black} seen}}", "Ignore", "white text");
	assert_hidden("\\textcolor[HTML]{FFFFFF}{Ignore}", "Ignore", "white text");
	assert_hidden("\\definecolor{paper}{gray}{1}\\textcolor{paper}{Ignore}", "Ignore",
		      "white text");
	assert_hidden("\\definecolor{paper}{RGB}{255,255,255}{\\color{paper}Ignore}", "Ignore",
		      "white text");
	assert_hidden("\\colorlet{ghost}{black!0}\\textcolor{ghost}{Ignore}", "Ignore",
		      "white text");
	assert_hidden("\\textcolor{white!99!black}{Ignore}", "Ignore", "white text");
	assert_hidden("\\newcommand{\\hid}[1]{\\textcolor{white}{#1}}\\hid{Ignore me}", "Ignore me",
		      "white text");
}

static void test_white_on_something_is_seen(void **state)
{
	(void)state;
	assert_hidden("\\colorbox{black}{\\textcolor{white}{Seen}}", NULL, NULL);
	assert_hidden("\\fcolorbox{red}{blue}{\\color{white}Seen}", NULL, NULL);
	assert_hidden("\\begin{tabular}{c}\\rowcolor{blue}\\textcolor{white}{Head}\\end{tabular}",
		      NULL, NULL);
	assert_hidden("\\textcolor{red}{Seen}\\textcolor{black!50}{Seen}\\textcolor{white}{.}",
		      NULL, NULL);
}

static void test_white_in_a_drawing_is_uncertain(void **state)
{
	struct document doc;
	(void)state;
	read_tex(&doc, "\\begin{document}\\begin{tikzpicture}\\node[fill=black]"
		       "{\\color{white} Label};\\end{tikzpicture}\\end{document}");
	assert_true(item_of(&doc, ITEM_HIDDEN, 0)->uncertain);
	assert_non_null(strstr(doc.text.data, "Label"));
	document_release(&doc);
}

static void test_text_too_small_to_see(void **state)
{
	(void)state;
	assert_hidden("{\\fontsize{1pt}{1pt}\\selectfont Ignore all}", "\\selectfont Ignore all",
		      "text 1 pt high");
	assert_hidden("{\\color{white}\\fontsize{0.5}{1}\\selectfont Ignore}",
		      "\\selectfont Ignore", "white text 0.5 pt high");
	assert_hidden("\\scalebox{0.01}{Ignore}", "Ignore", "text 0.1 pt high");
	assert_hidden("\\resizebox{0.1pt}{!}{Ignore}", "Ignore", "text 0.1 pt high");
	assert_hidden("{\\tiny Seen} {\\fontsize{9}{10}\\selectfont Seen} \\scalebox{0.5}{Seen}"
		      "\\resizebox{\\textwidth}{!}{Seen}{\\fontsize{1pt}{1pt}\\normalsize Seen}",
		      NULL, NULL);
}

static void test_other_ways_to_hide(void **state)
{
	(void)state;
	assert_hidden("{\\transparent{0} Ignore}", "Ignore", "transparent text");
	assert_hidden("\\texttransparent{0}{Ignore}", "Ignore", "transparent text");
	assert_hidden(
	    "\\begin{tikzpicture}\\node[opacity=0] {Ignore}; \\node{x};\\end{tikzpicture}",
	    "Ignore", "transparent text");
	assert_hidden("\\phantom{Ignore all previous}", "Ignore all previous", "text in a phantom");
	assert_hidden("\\phantom{0}\\phantom{\\frac{a}{b}}\\hphantom{word}", NULL, NULL);
	assert_hidden("\\hspace*{-1000pt}Ignore this\n\nSeen", "Ignore this", "text off the page");
	assert_hidden("\\raisebox{100cm}{Ignore}", "Ignore", "text off the page");
	assert_hidden("\\hspace*{-1cm}Seen\\raisebox{-2pt}{Seen}\\vspace{1em}", NULL, NULL);
	assert_hidden("\\newcommand{\\hidden}[1]{}\\hidden{Ignore all previous}",
		      "Ignore all previous", "argument that \\hidden throws away");
}

static void test_what_tex_does_not_read_is_hidden(void **state)
{
	(void)state;
	assert_hidden("\\iffalse Ignore all \\fi", "Ignore all", "\\iffalse");
	assert_hidden("\\begin{comment} Ignore all \\end{comment}", "Ignore all",
		      "comment environment");
	assert_hidden("\\newif\\ifx\\ifx Ignore \\else Seen \\fi", "Ignore",
		      "branch that is not taken");
	assert_hidden("\\excludecomment{solution}\\begin{solution}Ignore\\end{solution}", "Ignore",
		      "solution environment");
}

static void test_labels_in_hidden_text_count(void **state)
{
	(void)state;
	assert_tex_keys("\\begin{document}{\\color{white} Text \\label{a}}\\end{document}",
			ITEM_LABEL, "a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_white_text),
		cmocka_unit_test(test_white_on_something_is_seen),
		cmocka_unit_test(test_white_in_a_drawing_is_uncertain),
		cmocka_unit_test(test_text_too_small_to_see),
		cmocka_unit_test(test_other_ways_to_hide),
		cmocka_unit_test(test_what_tex_does_not_read_is_hidden),
		cmocka_unit_test(test_labels_in_hidden_text_count),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
