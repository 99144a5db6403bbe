#include "paper_testing.h"

/* -- labels, references, citations ------------------------------------------------------------- */

static void test_labels_wherever_they_stand(void **state)
{
	(void)state;
	assert_tex_keys(
	    "\\section{A\\label{sec:a}}\\begin{equation}\\label{eq:b}x\\end{equation}"
	    "\\footnote{y\\label{fn:c}}\\subfloat[cap\\label{fig:d}]{z} \\label[type]{e}",
	    ITEM_LABEL, "sec:a eq:b fn:c fig:d e");
	assert_tex_keys("\\begin{lstlisting}[caption={a, b}, label={lst:x}]\n\\label{no}\n"
			"\\end{lstlisting}\\lstinputlisting[label=lst:y]{f.py}",
			ITEM_LABEL, "lst:x lst:y");
	assert_tex_keys("\\newtheorem{thm}{Theorem}\\begin{thm}[name=N, label=thm:a]\\end{thm}"
			"\\newtcbtheorem{lem}{Lemma}{}{lem}\\begin{lem}{Title}{b}\\end{lem}"
			"\\begin{enumerate}[label=(\\alph*)]\\end{enumerate}",
			ITEM_LABEL, "thm:a lem:b");
	assert_tex_keys("\\label{ spaced out }\\label{}\\label {x}", ITEM_LABEL, "spaced out x");
}

static void test_every_reference_command(void **state)
{
	(void)state;
	assert_tex_keys("\\ref{a} \\ref*{b} \\eqref{c} \\pageref{d} \\autoref*{e} \\nameref{f}"
			"\\vpageref[x][y]{g} \\zref[page]{h} \\subref*{i} \\thref{j} \\fref{k}",
			ITEM_REFERENCE, "a b c d e f g h i j k");
	assert_tex_keys("\\cref{a, b,c} \\Cref*{d} \\crefrange{e}{f} \\labelcref{g,h} \\namecref{i}"
			"\\cpagerefrange{j}{k}",
			ITEM_REFERENCE, "a b c d e f g h i j k");
	assert_tex_keys("\\hyperref[a]{text \\ref{b}} \\hyperref{no}", ITEM_REFERENCE, "a b");
}

static void test_citations_of_all_packages(void **state)
{
	(void)state;
	assert_tex_keys("\\cite{a} \\citep[see][p.~3]{b,c} \\citet*{d} \\Citet{e} \\citeauthor{f}"
			"\\citeyearpar{g} \\citealp[][]{h}",
			ITEM_CITATION, "a b c d e f g h");
	assert_tex_keys(
	    "\\parencite[12]{a} \\textcite{b} \\autocite*{c} \\footcite{d} \\supercite{e}"
	    "\\cites(pre)(post)[x]{f}[y][z]{g}{h} \\textcites{i}{j} not {k}",
	    ITEM_CITATION, "a b c d e f g h i j");
	assert_tex_keys("\\citeA<e.g.,>[p.~2]{a,b} \\onlinecite{c}", ITEM_CITATION, "a b c");
	assert_tex_keys("\\cite{%\n  a, % first\n  b,\n}", ITEM_CITATION, "a b");
	assert_tex_keys("\\cite[see \\ref{sec}][]{a}", ITEM_REFERENCE, "sec");
}

static void test_nocite_of_everything_is_no_key(void **state)
{
	struct document doc;
	(void)state;
	read_tex(&doc, "\\nocite{*}\\nocite{a,b}");
	assert_keys(&doc, ITEM_CITATION, "a b");
	assert_true(item_of(&doc, ITEM_CITATION, 1)->is_nocite);
	document_release(&doc);
}

static void test_a_key_stands_where_the_author_wrote_it(void **state)
{
	struct document doc;
	(void)state;
	read_tex(&doc, "\\newcommand{\\eqlabel}[1]{\\label{eq:#1}}\n"
		       "\\newcommand{\\fixed}{\\label{made}}\n"
		       "\\cite[p]{ one , two }\\eqlabel{three} \\fixed");
	assert_source(&doc, item_of(&doc, ITEM_CITATION, 0), "one");
	assert_source(&doc, item_of(&doc, ITEM_CITATION, 1), "two");
	assert_string_equal(item_of(&doc, ITEM_LABEL, 0)->key, "eq:three");
	assert_source(&doc, item_of(&doc, ITEM_LABEL, 0), "three");
	assert_true(item_of(&doc, ITEM_LABEL, 0)->from_macro);
	assert_source(&doc, item_of(&doc, ITEM_LABEL, 1), "\\fixed");
	document_release(&doc);
}

/* -- macros ------------------------------------------------------------------------------------ */

static void test_label_defined_by_macro_is_found(void **state)
{
	(void)state;
	assert_tex_keys("\\newcommand{\\seclabel}[1]{\\label{sec:#1}}\\seclabel{a}", ITEM_LABEL,
			"sec:a*");
	assert_tex_keys("\\newcommand*\\fig[2][fig]{\\ref{#1:#2}}\\fig{a}\\fig[tab]{b}",
			ITEM_REFERENCE, "fig:a* tab:b*");
	assert_tex_keys(
	    "\\def\\sect#1.{\\label{#1}}\\sect abc. \\def\\pair(#1,#2){\\ref{#1}\\ref{#2}}"
	    "\\pair(x,y)",
	    ITEM_LABEL, "abc*");
	assert_tex_keys(
	    "\\let\\oldlabel\\label\\renewcommand{\\label}[1]{\\oldlabel{p:#1}}\\label{a}",
	    ITEM_LABEL, "p:a*");
	assert_tex_keys(
	    "\\newcommand{\\Eq}[1]{\\eqn{#1}}\\newcommand{\\eqn}[1]{\\ref{eq:#1}}\\Eq{a}",
	    ITEM_REFERENCE, "eq:a*");
	assert_tex_keys("\\newcommand{\\pre}{fig}\\label{\\pre:a}", ITEM_LABEL, "fig:a*");
}

static void test_xparse_arguments(void **state)
{
	(void)state;
	assert_tex_keys("\\NewDocumentCommand{\\x}{s o m}{\\IfBooleanTF{#1}{\\ref{star:#3}}"
			"{\\ref{\\IfValueTF{#2}{#2}{none}:#3}}}\\x*{a}\\x[b]{c}\\x{d}",
			ITEM_REFERENCE, "star:a* b:c* none:d*");
	assert_tex_keys(
	    "\\NewDocumentCommand\\x{O{tab} r() t+ m}{\\label{#1#2#4}}\\x(1){a}\\x[u](2)+{b}",
	    ITEM_LABEL, "tab1a* u2b*");
}

static void test_section_redefined_through_ifstar(void **state)
{
	struct document doc;
	(void)state;
	read_tex(&doc, "\\makeatletter\\let\\orig\\section\n"
		       "\\renewcommand\\section{\\@ifstar{\\starred}{\\plain}}\n"
		       "\\newcommand\\plain[1]{\\orig{#1}}\\newcommand\\starred[1]{\\orig*{#1}}\n"
		       "\\makeatother\\section{One}\\section*{Two \\label{two}}");
	assert_int_equal(doc.nr_sections, 2);
	assert_string_equal(doc.sections[1].title, "Two");
	assert_keys(&doc, ITEM_LABEL, "two");
	document_release(&doc);
}

static void test_definitions_end_with_their_group(void **state)
{
	(void)state;
	assert_tex_keys("\\newcommand\\x{a}{\\renewcommand\\x{b}\\label{\\x}}\\label{\\x}"
			"{\\gdef\\x{c}}\\label{\\x}",
			ITEM_LABEL, "b* a* c*");
}

static void test_environments_of_the_author(void **state)
{
	(void)state;
	assert_tex_keys("\\newenvironment{eqn}[1]{\\begin{equation}\\label{eq:#1}}{\\end{equation}}"
			"\\begin{eqn}{a}x\\end{eqn}",
			ITEM_LABEL, "eq:a*");
	assert_tex_keys("\\NewDocumentEnvironment{e}{o m}{\\label{#2}}{}\\begin{e}[x]{a}\\end{e}",
			ITEM_LABEL, "a*");
}

static void test_programming_that_papers_use(void **state)
{
	(void)state;
	assert_tex_keys(
	    "\\expandafter\\label\\expandafter{a}\\csname label\\endcsname{b}"
	    "\\expandafter\\def\\csname x:y\\endcsname{\\label{c}}\\csname x:y\\endcsname",
	    ITEM_LABEL, "a b c*");
	assert_tex_keys(
	    "\\edef\\n{3}\\label{a\\n}\\def\\f#1{\\label{#1}}\\edef\\g{\\noexpand\\f{q}}\\g",
	    ITEM_LABEL, "a3* q*");
	assert_tex_keys("\\label{\\jobname:x}", ITEM_LABEL, "main:x*");
}

static void test_an_unknown_macro_in_a_key_is_uncertain(void **state)
{
	struct document doc;
	(void)state;
	read_tex(&doc, "\\label{fig:\\unknown}\\ref{\\unknown}");
	assert_true(item_of(&doc, ITEM_LABEL, 0)->uncertain);
	assert_true(item_of(&doc, ITEM_REFERENCE, 0)->uncertain);
	assert_false(doc.labels_complete);
	document_release(&doc);
}

static void test_macros_that_do_not_end_are_stopped(void **state)
{
	static const char *const bombs[] = {
		"\\def\\a{\\label{x}\\a}\\a \\label{after}",
		"\\def\\a{\\b\\b\\label{x}}\\def\\b{\\c\\c}\\def\\c{\\d\\d}\\def\\d{\\a\\a}"
		"\\a\\label{"
		"after}",
		"\\def\\a#1{\\label{x}\\a{#1#1}}\\a{y}\\label{after}",
		"\\label{\\a}\\def\\b{\\b}\\label{\\b}\\label{after}",
		"\\def\\a{{\\a}\\label{x}}\\a\\label{after}",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bombs); i++) {
		struct document doc;
		read_tex(&doc, bombs[i]);
		char *keys = keys_of(&doc, ITEM_LABEL);
		assert_true(ends_with(keys, " after"));
		free(keys);
		assert_false(doc.labels_complete);
		document_release(&doc);
	}
}

/* -- comments and raw text --------------------------------------------------------------------- */

static void test_percent_is_not_always_a_comment(void **state)
{
	struct document doc;
	(void)state;
	read_tex(&doc,
		 "5\\% \\label{a} \\url{x%y}\\label{b} \\href{u%v}{t}\\label{c} \\verb|%|\\label{d}"
		 "\\lstinline!%!\\label{e} \\path{%}\\label{f} \\nolinkurl{%}\\label{g}% real "
		 "\\label{no}\n"
		 "\\begin{verbatim}\n% \\label{no}\n\\end{verbatim}\\begin{minted}{python}\n"
		 "x % 2 \\label{no}\n\\end{minted}\\label{h}");
	assert_keys(&doc, ITEM_LABEL, "a b c d e f g h");
	assert_keys(&doc, ITEM_COMMENT, "real \\label{no}");
	document_release(&doc);
}

static void test_comments_leave_the_text(void **state)
{
	struct document doc;
	(void)state;
	read_tex(&doc, "one % trailing\n  % a line of its own\n%% and another\ntwo%\nthree");
	assert_string_equal(doc.text.data, "one \ntwo\nthree");
	const struct item *own = item_of(&doc, ITEM_COMMENT, 1);
	assert_string_equal(own->key, "a line of its own\n   and another");
	/* each byte of the key stands at the same byte of the place */
	assert_source(&doc, own, "a line of its own\n%% and another");
	assert_null(item_of(&doc, ITEM_COMMENT, 2));
	document_release(&doc);
}

static void test_short_verb(void **state)
{
	(void)state;
	assert_tex_keys("\\MakeShortVerb{\\|}|\\label{no} %|\\label{a}", ITEM_LABEL, "a");
}

/* -- conditionals ------------------------------------------------------------------------------ */

static void test_branches_not_taken_are_not_read(void **state)
{
	(void)state;
	assert_tex_keys("\\iffalse\\label{no}\\iftrue\\label{no}\\else\\fi\\fi\\label{a}",
			ITEM_LABEL, "a");
	assert_tex_keys("\\iftrue\\label{a}\\else\\label{no}\\fi", ITEM_LABEL, "a");
	assert_tex_keys(
	    "\\newif\\ifdraft \\ifdraft\\label{no}\\else\\label{a}\\fi\\drafttrue"
	    "\\ifdraft\\label{b}\\fi{\\draftfalse\\ifdraft\\label{no}\\fi}\\ifdraft\\label{c}\\fi",
	    ITEM_LABEL, "a b c");
	assert_tex_keys(
	    "\\def\\v{1}\\ifnum\\v=1 \\label{a}\\else\\label{no}\\fi\\ifnum 3>4 \\label{no}\\fi",
	    ITEM_LABEL, "a");
	assert_tex_keys(
	    "\\usepackage{etoolbox}\\newtoggle{t}\\toggletrue{t}"
	    "\\iftoggle{t}{\\label{a}}{\\label{no}}\\newbool{b}\\ifbool{b}{\\label{no}}{\\label{c}}"
	    "\\newboolean{d}\\setboolean{d}{true}\\ifthenelse{\\boolean{d}}{\\label{e}}{\\label{no}"
	    "}"
	    "\\ifthenelse{\\equal{x}{y}}{\\label{no}}{\\label{f}}",
	    ITEM_LABEL, "a c e f");
}

static void test_undecided_branches_are_both_read(void **state)
{
	(void)state;
	assert_tex_keys("\\ifxetex\\label{a}\\else\\label{b}\\fi\\label{c}", ITEM_LABEL, "a+ b+ c");
	assert_tex_keys("\\ifunknown\\label{a}\\fi\\iff\\label{b}", ITEM_LABEL, "a+ b");
	assert_tex_keys("\\IfFileExists{x.tex}{\\label{a}}{\\label{b}}\\label{c}", ITEM_LABEL,
			"a+ b+ c");
	assert_tex_keys("\\ifdefined\\x\\newcommand\\l{\\label{a}}\\fi\\l", ITEM_LABEL, "a*+");
}

/* -- files ------------------------------------------------------------------------------------- */

static void test_inputs_of_all_kinds(void **state)
{
	static const struct memory_file files[] = {
		{ "p/main.tex",
		  "\\input{a}\\input b \\input{c.tex}\\include{d}\\input{sub/e}\\import{sub/}{f}"
		  "\\subfile{g}\\input{h.ltx}\\input{\"i j\"}\\label{end}" },
		{ "p/a.tex", "\\label{a}" },
		{ "p/b.tex", "\\label{b}" },
		{ "p/c.tex", "\\label{c}" },
		{ "p/d.tex", "\\label{d}" },
		{ "p/sub/e.tex", "\\label{e}\\input{own}" },
		{ "p/sub/own.tex", "\\label{own}" },
		{ "p/sub/f.tex", "\\label{f}\\input{own}" },
		{ "p/g.tex", "\\documentclass[main]{subfiles}\\begin{document}\\label{g}\n"
			     "\\end{document}\\label{no}" },
		{ "p/h.ltx", "\\label{h}" },
		{ "p/i j.tex", "\\label{i}" },
		{ NULL, NULL },
	};
	struct document doc;
	(void)state;
	read_files(&doc, files, MANUSCRIPT_TEX);
	assert_keys(&doc, ITEM_LABEL, "a b c d e own f own g h i end");
	assert_string_equal(doc.text.data,
			    "\\label{a}\\label{b}\\label{c}\\label{d}\\label{e}\\label{own}"
			    "\\label{f}\\label{own}\\label{g}\n\\label{h}\\label{i}\\label{end}");
	assert_string_equal(item_of(&doc, ITEM_INPUT, 1)->path, "p/b.tex");
	assert_true(doc.labels_complete);
	assert_int_equal(doc.nr_problems, 0);
	document_release(&doc);
}

static void test_a_missing_input_leaves_labels_incomplete(void **state)
{
	struct document doc;
	(void)state;
	read_tex(&doc, "\\input{gone}\\input{glyphtounicode}");
	assert_keys(&doc, ITEM_INPUT, "gone");
	assert_null(item_of(&doc, ITEM_INPUT, 0)->path);
	assert_false(doc.labels_complete);
	assert_false(doc.citations_complete);
	document_release(&doc);
	read_tex(&doc, "\\input{glyphtounicode}\\label{a}");
	assert_true(doc.labels_complete);
	document_release(&doc);
	read_tex(&doc, "\\usepackage{xr}\\externaldocument{other}");
	assert_false(doc.labels_complete);
	assert_true(doc.citations_complete);
	document_release(&doc);
}

static void test_input_cycles_are_problems(void **state)
{
	static const struct memory_file files[] = {
		{ "main.tex", "\\input{a}\\label{end}" },
		{ "a.tex", "\\label{a}\\input{main}\\input{a}" },
		{ NULL, NULL },
	};
	struct document doc;
	(void)state;
	read_files(&doc, files, MANUSCRIPT_TEX);
	assert_keys(&doc, ITEM_LABEL, "a end");
	assert_int_equal(doc.nr_problems, 2);
	assert_string_equal(doc.problems[0].message, "main.tex reads itself");
	document_release(&doc);
}

static void test_macros_of_the_authors_own_package(void **state)
{
	static const struct memory_file files[] = {
		{ "main.tex", "\\usepackage{ours}\\usepackage{amsmath}\\lab{a}\\cite{b}" },
		{ "ours.sty",
		  "\\newcommand{\\lab}[1]{\\label{x@#1}}\\renewcommand{\\cite}[1]{\\NAT@x{#1}}"
		  "\\label{no}" },
		{ NULL, NULL },
	};
	struct document doc;
	(void)state;
	read_files(&doc, files, MANUSCRIPT_TEX);
	assert_keys(&doc, ITEM_LABEL, "x@a*");
	assert_keys(&doc, ITEM_CITATION, "b");
	assert_keys(&doc, ITEM_PACKAGE, "ours amsmath");
	document_release(&doc);
}

static void test_graphics_are_looked_up_as_latex_does(void **state)
{
	static const struct memory_file files[] = {
		{ "p/main.tex",
		  "\\graphicspath{{figs/}{../shared/}}\\includegraphics[width=1cm]{a}"
		  "\\includegraphics*{b.png}\\includegraphics{c}\\includegraphics{v1.2}"
		  "\\begin{overpic}[abs]{d}\\end{overpic}\\includegraphics{gone}" },
		{ "p/figs/a.pdf", "" },
		{ "p/b.png", "" },
		{ "shared/c.eps", "" },
		{ "p/v1.2.jpg", "" },
		{ "p/d.png", "" },
		{ NULL, NULL },
	};
	static const char *const paths[] = { "p/figs/a.pdf", "p/b.png", "shared/c.eps",
					     "p/v1.2.jpg",   "p/d.png", NULL };
	struct document doc;
	(void)state;
	read_files(&doc, files, MANUSCRIPT_TEX);
	assert_keys(&doc, ITEM_GRAPHICS, "a b.png c v1.2 d gone");
	for (size_t i = 0; paths[i]; i++)
		assert_string_equal(item_of(&doc, ITEM_GRAPHICS, i)->path, paths[i]);
	assert_null(item_of(&doc, ITEM_GRAPHICS, 5)->path);
	assert_string_equal(item_of(&doc, ITEM_GRAPHICS, 0)->extra, "width=1cm");
	document_release(&doc);
}

/* -- text and metadata ------------------------------------------------------------------------- */

static void test_the_text_is_the_body(void **state)
{
	struct document doc;
	(void)state;
	read_tex(&doc,
		 "\\documentclass{article}\n\\newcommand\\x{y}\n\\begin{document}\nHello \\x.\n"
		 "\\end{document}\nrest of the file");
	assert_string_equal(doc.text.data, "\nHello \\x.\n");
	const struct item *rest = item_of(&doc, ITEM_HIDDEN, 0);
	assert_string_equal(rest->key, "rest of the file");
	assert_string_equal(rest->extra, "after \\end{document}");
	assert_true(rest->text_start == (size_t)-1);
	document_release(&doc);
}

static void test_sections_have_levels_and_plain_titles(void **state)
{
	struct document doc;
	(void)state;
	read_tex(&doc,
		 "\\chapter{A}\\section[short]{The \\emph{r\\^ole} of $x^2$---``it''}\\label{s}\n"
		 "\\subsection*{B\\footnote{no}~C}");
	assert_int_equal(doc.nr_sections, 3);
	assert_int_equal(doc.sections[0].level, 0);
	assert_string_equal(doc.sections[1].title, "The rôle of $x^2$—“it”");
	assert_string_equal(doc.sections[2].title, "B C");
	assert_int_equal(doc.sections[2].level, 2);
	assert_memory_equal(doc.text.data + doc.sections[1].text_start, "\\section[short]", 15);
	document_release(&doc);
}

static void assert_authors(const char *tex, const char *expected)
{
	struct document doc;
	struct buffer names = BUFFER_INIT;
	read_tex(&doc, tex);
	for (size_t i = 0; i < doc.nr_authors; i++)
		buffer_addf(&names, "%s%s", i ? "; " : "", doc.authors[i]);
	assert_string_equal(names.data, expected);
	buffer_release(&names);
	document_release(&doc);
}

static void test_authors_of_many_classes(void **state)
{
	(void)state;
	assert_authors(
	    "\\author{Ada Lovelace\\thanks{x} \\and Charles Babbage\\\\ University of X}",
	    "Ada Lovelace; Charles Babbage");
	assert_authors("\\author{J\\'er\\^ome No\\\"el\\inst{1}, Bj\\o rn \\AA s$^{1,2}$ and C.~D. "
		       "E\\\\a@b.c}",
		       "Jérôme Noël; Bjørn Ås; C. D. E");
	assert_authors("\\author{A B}\\affiliation{X}\\author{C D}\\email{c@d}", "A B; C D");
	assert_authors("\\author{\\IEEEauthorblockN{A B}\\IEEEauthorblockA{U}\\and"
		       "\\IEEEauthorblockN{C D}\\IEEEauthorblockA{V}}",
		       "A B; C D");
	assert_authors("\\icmlauthor{A B}{x}\\icmlauthor{C D}{y}", "A B; C D");
	assert_authors("\\author{Lovelace, Ada}", "Lovelace, Ada");
	assert_authors("\\author[1]{\\fnm{Ada} \\sur{Lovelace}}", "Ada Lovelace");
	assert_authors("\\author{GPT-4o \\& Claude\\\\University of LLMs}", "GPT-4o; Claude");
	assert_authors("\\author{John Smith, Jr. \\And Jane Doe}", "John Smith; Jane Doe");
}

static void test_title_and_abstract_as_plain_text(void **state)
{
	struct document doc;
	(void)state;
	read_tex(
	    &doc,
	    "\\newcommand\\sys{Tool}\\title[S]{The \\sys:\\\\ a na\\\"{\\i}ve\n way\\thanks{T}}\n"
	    "\\begin{document}\\begin{abstract}\nWe -- \\textbf{show} $a<b$.\n"
	    "\\begin{itemize}\\item x\\end{itemize}\n\n"
	    "More~\\cite{k}. {\\color{white} secret} \\textcolor{white}{words}end\\end{abstract}"
	    "\\label{z}\\end{document}");
	assert_string_equal(doc.title, "The Tool: a naïve way");
	assert_string_equal(doc.abstract, "We – show $a<b$. x\n\nMore . end");
	assert_keys(&doc, ITEM_CITATION, "k");
	assert_keys(&doc, ITEM_LABEL, "z");
	document_release(&doc);
	read_tex(&doc, "\\abstract{Context.}{Aims.}{}{}{End.}x");
	assert_string_equal(doc.abstract, "Context. Aims. End.");
	document_release(&doc);
}

static void test_problems_are_said_once_and_in_a_sentence(void **state)
{
	struct document doc;
	(void)state;
	read_tex(&doc, "\\iffalse never");
	assert_string_equal(doc.problems[0].message, "this conditional has no \\fi");
	document_release(&doc);
	read_tex(&doc, "a {b \\label{c}");
	assert_string_equal(doc.problems[0].message, "this brace is never closed");
	assert_int_equal(doc.problems[0].where.start, 2);
	assert_keys(&doc, ITEM_LABEL, "c");
	document_release(&doc);
	read_tex(&doc, "\\label{a \\ref{b}");
	assert_string_equal(doc.problems[0].message, "the argument of \\label does not end");
	assert_false(doc.labels_complete);
	document_release(&doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_labels_wherever_they_stand),
		cmocka_unit_test(test_every_reference_command),
		cmocka_unit_test(test_citations_of_all_packages),
		cmocka_unit_test(test_nocite_of_everything_is_no_key),
		cmocka_unit_test(test_a_key_stands_where_the_author_wrote_it),
		cmocka_unit_test(test_label_defined_by_macro_is_found),
		cmocka_unit_test(test_xparse_arguments),
		cmocka_unit_test(test_section_redefined_through_ifstar),
		cmocka_unit_test(test_definitions_end_with_their_group),
		cmocka_unit_test(test_environments_of_the_author),
		cmocka_unit_test(test_programming_that_papers_use),
		cmocka_unit_test(test_an_unknown_macro_in_a_key_is_uncertain),
		cmocka_unit_test(test_macros_that_do_not_end_are_stopped),
		cmocka_unit_test(test_percent_is_not_always_a_comment),
		cmocka_unit_test(test_comments_leave_the_text),
		cmocka_unit_test(test_short_verb),
		cmocka_unit_test(test_branches_not_taken_are_not_read),
		cmocka_unit_test(test_undecided_branches_are_both_read),
		cmocka_unit_test(test_inputs_of_all_kinds),
		cmocka_unit_test(test_a_missing_input_leaves_labels_incomplete),
		cmocka_unit_test(test_input_cycles_are_problems),
		cmocka_unit_test(test_macros_of_the_authors_own_package),
		cmocka_unit_test(test_graphics_are_looked_up_as_latex_does),
		cmocka_unit_test(test_the_text_is_the_body),
		cmocka_unit_test(test_sections_have_levels_and_plain_titles),
		cmocka_unit_test(test_authors_of_many_classes),
		cmocka_unit_test(test_title_and_abstract_as_plain_text),
		cmocka_unit_test(test_problems_are_said_once_and_in_a_sentence),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
