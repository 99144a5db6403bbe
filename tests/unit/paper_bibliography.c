#include "paper_testing.h"

static void read_bib(struct document *doc, const char *tex, const char *bib)
{
	struct memory_file files[] = { { "p/main.tex", tex },
				       { "p/refs.bib", bib },
				       { NULL, NULL } };
	read_files(doc, files, MANUSCRIPT_TEX);
}

static void assert_entries(const char *bib, const char *expected)
{
	struct document doc;
	read_bib(&doc, "\\bibliography{refs}", bib);
	assert_keys(&doc, ITEM_BIB_ENTRY, expected);
	assert_true(doc.citations_complete);
	document_release(&doc);
}

static void test_entries_in_every_dress(void **state)
{
	(void)state;
	assert_entries("@article{a, title={x}}\n@Book(b, title=\"y\")\n@misc { c , year = 2001 }",
		       "a b c");
	assert_entries("@article{a:b/c+d.e, x={}}@article{f,}@article{g}", "a:b/c+d.e f g");
	assert_entries("mail@example.org @ nothing @article{a, title={at @ in it}}", "a");
}

static void test_what_is_no_entry(void **state)
{
	(void)state;
	assert_entries(
	    "@string{x = \"@article{no,}\"}@preamble{\"y\" # {z}}@comment{@book{no, a={b}}}"
	    "@STRING(k = {v})@article{a, journal = x # { and } # \"more\"}",
	    "a");
}

static void test_nesting_of_braces_and_quotes(void **state)
{
	(void)state;
	assert_entries("@article{a, title = {A {nested {deep}} and \\{ one}, note = \"{\"}b}\" }"
		       "@article{b, title = \"quoted } brace\"}",
		       "a b");
	assert_entries("@article{a, title = \"x\" author = {missing comma}, }@article{b, x=1}",
		       "a b");
}

static void test_an_entry_that_is_not_closed_loses_only_itself(void **state)
{
	struct document doc;
	(void)state;
	read_bib(&doc, "\\bibliography{refs}",
		 "@article{a, title = {never ends,\n  year = 1\n"
		 "@article{b, title = {fine}}\n@article{c, title = \"");
	assert_keys(&doc, ITEM_BIB_ENTRY, "a b c");
	assert_int_equal(doc.nr_problems, 2);
	assert_string_equal(doc.problems[0].message, "this bibliography entry is not closed");
	document_release(&doc);
}

static void test_entries_keep_their_place_and_type(void **state)
{
	struct document doc;
	size_t line, column;
	(void)state;
	read_bib(&doc, "\\cite{two}\\bibliography{refs}",
		 "@article{one,\n}\n@InProceedings{two,\n}\n");
	const struct item *two = item_of(&doc, ITEM_BIB_ENTRY, 1);
	assert_string_equal(two->extra, "inproceedings");
	assert_string_equal(doc.files[two->where.file].path, "p/refs.bib");
	document_position(&doc, two->where, &line, &column);
	assert_int_equal(line, 3);
	assert_int_equal(column, 16);
	assert_source(&doc, two, "two");
	assert_string_equal(item_of(&doc, ITEM_BIB_FILE, 0)->path, "p/refs.bib");
	document_release(&doc);
}

static void test_duplicates_stay_and_aliases_count(void **state)
{
	(void)state;
	assert_entries(
	    "@article{a, x={}}@book{a, x={}}@misc{A, ids = {old, older}, title={ids = {no}}}",
	    "a a A old older");
}

static void test_the_same_file_twice_is_read_once(void **state)
{
	struct document doc;
	(void)state;
	read_bib(&doc, "\\bibliography{refs,refs.bib}\\addbibresource{refs.bib}", "@misc{a, x={}}");
	assert_keys(&doc, ITEM_BIB_FILE, "refs refs.bib refs.bib");
	assert_keys(&doc, ITEM_BIB_ENTRY, "a");
	document_release(&doc);
}

static void test_bibitems(void **state)
{
	struct document doc;
	(void)state;
	read_tex(&doc, "\\begin{thebibliography}{9}\\bibitem{a} A.\n\\bibitem[B(2000)]{b}\n"
		       "\\bibitem [{\\citenamefont{X}(1)}]{c}\\end{thebibliography}");
	assert_keys(&doc, ITEM_BIB_ENTRY, "a b c");
	assert_string_equal(item_of(&doc, ITEM_BIB_ENTRY, 0)->extra, "bibitem");
	assert_true(doc.citations_complete);
	document_release(&doc);
}

static void test_the_bbl_stands_in_for_a_missing_bib(void **state)
{
	static const struct memory_file files[] = {
		{ "p/main.tex", "\\begin{document}\\cite{a}\\bibliography{gone}\\end{document}" },
		{ "p/main.bbl",
		  "\\begin{thebibliography}{1}\\bibitem{a} Words.\\end{thebibliography}" },
		{ NULL, NULL },
	};
	struct document doc;
	(void)state;
	read_files(&doc, files, MANUSCRIPT_TEX);
	assert_keys(&doc, ITEM_BIB_ENTRY, "a");
	assert_true(doc.citations_complete);
	assert_null(strstr(doc.text.data, "Words."));
	document_release(&doc);
}

static void test_what_is_not_seen_leaves_citations_incomplete(void **state)
{
	static const char *const unseen[] = {
		"\\bibliography{gone}",
		"\\addbibresource[location=remote]{http://x.org/a.bib}",
		"\\bibliography{\\unknown}",
	};
	struct document doc;
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(unseen); i++) {
		read_tex(&doc, unseen[i]);
		assert_false(doc.citations_complete);
		assert_true(doc.labels_complete);
		document_release(&doc);
	}
	/* strings only, and part of every distribution */
	read_bib(&doc, "\\bibliography{IEEEabrv,refs}", "@misc{a, x={}}");
	assert_true(doc.citations_complete);
	document_release(&doc);
}

static void test_filecontents_writes_a_file_unless_there_is_one(void **state)
{
	static const char own[] = "\\begin{filecontents}{refs.bib}\n@misc{own, x={}}\n"
				  "\\end{filecontents}\\bibliography{refs}";
	static const char forced[] =
	    "\\begin{filecontents*}[overwrite]{refs.bib}\n@misc{own, x={}}\n"
	    "\\end{filecontents*}\\bibliography{refs}";
	struct document doc;
	(void)state;
	read_tex(&doc, own);
	assert_keys(&doc, ITEM_BIB_ENTRY, "own");
	assert_source(&doc, item_of(&doc, ITEM_BIB_ENTRY, 0), "own");
	assert_true(doc.citations_complete);
	assert_string_equal(doc.text.data, "\\bibliography{refs}");
	document_release(&doc);
	read_bib(&doc, own, "@misc{disk, x={}}");
	assert_keys(&doc, ITEM_BIB_ENTRY, "disk");
	document_release(&doc);
	read_bib(&doc, forced, "@misc{disk, x={}}");
	assert_keys(&doc, ITEM_BIB_ENTRY, "own");
	document_release(&doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries_in_every_dress),
		cmocka_unit_test(test_what_is_no_entry),
		cmocka_unit_test(test_nesting_of_braces_and_quotes),
		cmocka_unit_test(test_an_entry_that_is_not_closed_loses_only_itself),
		cmocka_unit_test(test_entries_keep_their_place_and_type),
		cmocka_unit_test(test_duplicates_stay_and_aliases_count),
		cmocka_unit_test(test_the_same_file_twice_is_read_once),
		cmocka_unit_test(test_bibitems),
		cmocka_unit_test(test_the_bbl_stands_in_for_a_missing_bib),
		cmocka_unit_test(test_what_is_not_seen_leaves_citations_incomplete),
		cmocka_unit_test(test_filecontents_writes_a_file_unless_there_is_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
