#include "paper_testing.h"

static void assert_markdown_keys(const char *text, enum item_kind kind, const char *expected)
{
	struct document doc;
	read_markdown(&doc, text);
	assert_keys(&doc, kind, expected);
	document_release(&doc);
}

static void test_front_matter_is_metadata(void **state)
{
	struct document doc;
	(void)state;
	read_markdown(&doc, "---\ntitle: On *things*\nauthor:\n- Ada Lovelace\n- name: C. Babbage\n"
			    "abstract: |\n  One.\n\n  Two.\n---\n# Not the title\ntext\n");
	assert_string_equal(doc.title, "On things");
	assert_int_equal(doc.nr_authors, 2);
	assert_string_equal(doc.authors[1], "C. Babbage");
	assert_string_equal(doc.abstract, "One.\n\nTwo.");
	assert_string_equal(doc.text.data, "# Not the title\ntext\n");
	document_release(&doc);
	read_markdown(&doc, "---\ntitle: [unclosed\n---\ntext\n");
	assert_int_equal(doc.nr_problems, 1);
	document_release(&doc);
}

static void test_headings_of_both_styles(void **state)
{
	struct document doc;
	(void)state;
	read_markdown(&doc,
		      "# The *title* #\n\nAbstract\n--------\nWe do `x`\nand y.\n\nNo more.\n\n"
		      "###### Deep\n#no heading\n```\n# no heading\n```\n");
	assert_string_equal(doc.title, "The title");
	assert_string_equal(doc.abstract, "We do x and y.");
	assert_int_equal(doc.nr_sections, 3);
	assert_int_equal(doc.sections[1].level, 2);
	assert_int_equal(doc.sections[2].level, 6);
	assert_string_equal(doc.sections[2].title, "Deep");
	document_release(&doc);
}

static void test_citations_of_pandoc(void **state)
{
	static const struct memory_file files[] = {
		{ "p/paper.md",
		  "---\nbibliography: refs.bib\n---\nSee [@a; -@b, p. 3] and @c:d. Mail x@y.org, "
		  "[see @{e f}]; \\citep[3]{g,h}.\n" },
		{ "p/refs.bib", "@misc{a, x={}}" },
		{ NULL, NULL },
	};
	struct document doc;
	(void)state;
	read_files(&doc, files, MANUSCRIPT_MARKDOWN);
	assert_keys(&doc, ITEM_CITATION, "a b c:d e f g h");
	assert_keys(&doc, ITEM_BIB_ENTRY, "a");
	assert_true(doc.citations_complete);
	document_release(&doc);
	/* without a bibliography a name may be somebody's */
	assert_markdown_keys("Thanks @somebody, see [@key].", ITEM_CITATION, "key?");
}

static void test_code_and_mathematics_hold_no_markup(void **state)
{
	(void)state;
	assert_markdown_keys(
	    "---\nbibliography: x.bib\n---\n`@a` ``x ` @b`` $x_{@c}$ @d\n\n    @e\n\n"
	    "~~~~\n@f\n~~~\n@g\n~~~~\n\n- item\n\n    @h costs $5 and $6 [@i]\n",
	    ITEM_CITATION, "d h i");
}

static void test_cross_references(void **state)
{
	(void)state;
	assert_markdown_keys("![A](a.png){#fig:a width=3} {#tbl:b} $$x$$ {#eq:c} \\label{d}\n\n"
			     "# H {#sec:h .x}\n<a id=\"e\"></a><span name=\"no\">",
			     ITEM_LABEL, "fig:a tbl:b eq:c d sec:h e");
	assert_markdown_keys("{#fig:a} @fig:a [@fig:gone] \\ref{fig:a}", ITEM_REFERENCE,
			     "fig:a fig:gone fig:a");
	assert_markdown_keys("@fig:a without any label", ITEM_REFERENCE, "fig:a?");
}

static void test_links_to_headings_are_never_sure(void **state)
{
	(void)state;
	assert_markdown_keys(
	    "# The Plan: a\n[x](#the-plan-a) [y](#gone) [z](#here)<a name='here'></a>",
	    ITEM_REFERENCE, "the-plan-a? gone? here");
	assert_markdown_keys("# Same\n# Same\n", ITEM_LABEL, "same? same-1?");
}

static void test_footnotes(void **state)
{
	(void)state;
	assert_markdown_keys("a[^1] b[^gone]\n\n[^1]: note\n", ITEM_REFERENCE, "^1 ^gone");
	assert_markdown_keys("a[^1]\n\n[^1]: note with [^2]\n", ITEM_LABEL, "^1");
}

static void test_images(void **state)
{
	static const struct memory_file files[] = {
		{ "p/paper.md",
		  "![a](figs/a%20b.png \"title\") ![](https://x.org/y.png) "
		  "![c](<d e.png>) <img alt=\"x\" src='f.svg'> ![g][h] ![nested [b]](i(1).png)\n"
		  "[h]: j.jpg\n![data](data:image/png;base64,xx) [link](k.png)\n" },
		{ "p/figs/a b.png", "" },
		{ "p/f.svg", "" },
		{ "p/j.jpg", "" },
		{ NULL, NULL },
	};
	struct document doc;
	(void)state;
	read_files(&doc, files, MANUSCRIPT_MARKDOWN);
	assert_keys(&doc, ITEM_GRAPHICS, "figs/a%20b.png d e.png f.svg i(1).png j.jpg");
	assert_string_equal(item_of(&doc, ITEM_GRAPHICS, 0)->path, "p/figs/a b.png");
	assert_null(item_of(&doc, ITEM_GRAPHICS, 1)->path);
	assert_string_equal(item_of(&doc, ITEM_GRAPHICS, 4)->path, "p/j.jpg");
	document_release(&doc);
}

static void test_comments_leave_the_text(void **state)
{
	struct document doc;
	(void)state;
	read_markdown(&doc,
		      "one <!-- two\n\n# three --> four\n\n[//]: # (five)\nsix `<!-- seven -->`\n");
	assert_keys(&doc, ITEM_COMMENT, "two\n\n# three (five)");
	assert_string_equal(doc.text.data, "one  four\n\nsix `<!-- seven -->`\n");
	assert_int_equal(doc.nr_sections, 0);
	document_release(&doc);
}

static void assert_hidden(const char *html, const char *how)
{
	struct document doc;
	struct buffer text = BUFFER_INIT;
	buffer_addf(&text, "before\n\n%s\n\nafter\n", html);
	read_markdown(&doc, text.data);
	const struct item *item = item_of(&doc, ITEM_HIDDEN, 0);
	if (how) {
		assert_non_null(item);
		assert_string_equal(item->extra, how);
		assert_null(strstr(doc.text.data, "secret"));
	} else {
		assert_null(item);
	}
	assert_non_null(strstr(doc.text.data, "after"));
	document_release(&doc);
	buffer_release(&text);
}

static void test_hidden_html(void **state)
{
	(void)state;
	assert_hidden("<span style=\"display: none\">secret</span>", "display:none");
	assert_hidden("<div style='color:#FFF; margin:0'>a\n\n<div>secret</div>\n\nb</div>",
		      "white text");
	assert_hidden("<p style=\"font-size:0\">secret</p>", "tiny text");
	assert_hidden("<p hidden>secret</p>", "hidden attribute");
	assert_hidden("<i style=\"opacity:0.0\">secret</i>", "opacity:0");
	assert_hidden("<font color=\"white\">secret</font>", "white text");
	assert_hidden("<b style='position:absolute;left:-9999px'>secret</b>", "text off the page");
	assert_hidden("<span style=\"color:white;background:#000\">seen</span>", NULL);
	assert_hidden("<span style=\"color:red;font-size:12px\">seen</span> <br hidden>", NULL);
	assert_hidden("`<span hidden>` is how", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_front_matter_is_metadata),
		cmocka_unit_test(test_headings_of_both_styles),
		cmocka_unit_test(test_citations_of_pandoc),
		cmocka_unit_test(test_code_and_mathematics_hold_no_markup),
		cmocka_unit_test(test_cross_references),
		cmocka_unit_test(test_links_to_headings_are_never_sure),
		cmocka_unit_test(test_footnotes),
		cmocka_unit_test(test_images),
		cmocka_unit_test(test_comments_leave_the_text),
		cmocka_unit_test(test_hidden_html),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
