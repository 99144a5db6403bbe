#include "review_testing.h"

#include "review/ground.h"

/* Looks QUOTE up in a document that is TEXT; the caller frees. */
static struct finding ground(const char *text, const char *quote)
{
	struct document doc, *docs[] = { &doc };
	struct finding f = { 0 };

	make_document(&doc, "p/main.tex", text);
	struct ground_index *index = ground_index_new(docs, 1);
	f.quote = copy(quote);
	ground_finding(index, &f);
	ground_index_free(index);
	document_release(&doc);
	return f;
}

static void assert_grounded(const char *text, const char *quote, enum grounding grounding,
			    const char *found)
{
	struct finding f = ground(text, quote);

	if (f.grounding != grounding)
		print_error("'%s' is %s in '%s'\n", quote, grounding_name(f.grounding), text);
	assert_int_equal(f.grounding, grounding);
	if (grounding == GROUNDING_NONE) {
		assert_int_equal(f.column, 0);
	} else {
		assert_string_equal(f.path, "p/main.tex");
		assert_int_equal(f.end - f.start, strlen(found));
		assert_memory_equal(text + f.start, found, strlen(found));
	}
	finding_release(&f);
}

static void assert_loose(const char *text, const char *quote)
{
	struct finding f = ground(text, quote);

	if (f.grounding != GROUNDING_LOOSE)
		print_error("'%s' is %s in '%s'\n", quote, grounding_name(f.grounding), text);
	assert_int_equal(f.grounding, GROUNDING_LOOSE);
	finding_release(&f);
}

static void assert_not_there(const char *text, const char *quote)
{
	assert_grounded(text, quote, GROUNDING_NONE, "");
}

static void test_a_quote_is_found_byte_for_byte_with_its_place(void **state)
{
	static const char text[] = "First line.\n\nWe show that $x^2$ is\nconvex; done.\n";
	(void)state;
	struct finding f = ground(text, "  $x^2$ is\nconvex ");
	assert_int_equal(f.grounding, GROUNDING_EXACT);
	assert_int_equal(f.line, 3);
	assert_int_equal(f.column, 14);
	assert_int_equal(f.end_line, 4);
	assert_int_equal(f.end_column, 7);
	finding_release(&f);
}

static void test_white_space_does_not_count(void **state)
{
	(void)state;
	assert_grounded("a  so-called\n\tcontraction map.", "so-called contraction map",
			GROUNDING_WHITESPACE, "so-called\n\tcontraction map");
	assert_grounded("a contrac\xc2\xa0tion", "contraction", GROUNDING_WHITESPACE,
			"contrac\xc2\xa0tion");
}

static void test_tex_markup_does_not_count(void **state)
{
	(void)state;
	assert_loose("\\left( \\mathrm{x}_{1} + \\mathbf{y} \\right)\\, \\text{is positive",
		     "(x_1 + y) is positive");
	assert_loose("\\emph{strong} synapses~\\cite[p.~3]{a99,b00} are rare",
		     "strong synapses are rare");
	assert_loose("na\\\"{\\i}ve Erd\\H{o}s--R\\'enyi graphs",
		     "na\xc3\xafve Erd\xc5\x91s\xe2\x80\x93R\xc3\xa9nyi graphs");
	assert_loose("the \\o re and Stra\\ss e of \\AA ngstr\\\"om",
		     "the \xc3\xb8re and Stra\xc3\x9f"
		     "e of \xc3\x85ngstr\xc3\xb6m");
	assert_loose("so $\\alpha \\leq \\beta_{k} \\cdot \\varphi$",
		     "so \xce\xb1 \xe2\x89\xa4 \xce\xb2_k \xc2\xb7 \xcf\x86");
	assert_loose("``quoted'' isn't it---really",
		     "\xe2\x80\x9cquoted\xe2\x80\x9d isn\xe2\x80\x99t it \xe2\x80\x94 really");
	assert_loose("the ef\xef\xac\x81" "cient of\\-fice", "the efficient office");
	assert_loose("the $N$-sphere and the $10^{-3}$ scale",
		     "the N-sphere and the 10\xe2\x81\xbb\xc2\xb3 scale");
	assert_loose("1{,}000 to 20\\,000 items at 5\\% each", "1,000 to 20000 items at 5% each");
	assert_loose("we use $\\mathbb{R}^n \\rightarrow \\mathcal{H}",
		     "we use R^n \xe2\x86\x92 \xf0\x9d\x90\x87");
}

static void test_markdown_markup_does_not_count(void **state)
{
	(void)state;
	assert_loose("a **strong** claim, see [the data](https://x.org/a_b) here",
		     "a strong claim, see the data here");
	assert_loose("mass of H<sub>2</sub>O &lt; 3 units", "mass of H2O < 3 units");
}

static void test_an_ellipsis_stands_for_what_was_left_out(void **state)
{
	static const char text[] =
		"The network settles into a balanced state. Much is said here. It then "
		"responds linearly to its input, as we show.";
	(void)state;
	assert_grounded(text, "settles into a balanced state ... responds linearly to its input",
			GROUNDING_EXACT,
			"settles into a balanced state. Much is said here. It then responds "
			"linearly to its input");
	assert_grounded(text,
			"settles into a \\emph{balanced} state [\xe2\x80\xa6] responds linearly to "
			"its input",
			GROUNDING_LOOSE,
			"settles into a balanced state. Much is said here. It then responds "
			"linearly to its input");
	/* the wrong order, a changed piece, pieces that say too little */
	assert_not_there(text, "responds linearly to its input ... settles into a balanced state");
	assert_not_there(text,
			 "settles into a balanced state ... responds nonlinearly to its input");
	assert_not_there(text, "the network ... its input, as");
}

static void test_pieces_far_apart_are_no_quote(void **state)
{
	struct buffer text = BUFFER_INIT;
	(void)state;
	buffer_addstr(&text, "The network settles into a balanced state.");
	for (int i = 0; i < 2000; i++)
		buffer_addstr(&text, " more");
	buffer_addstr(&text, " It responds linearly to its input.");
	assert_not_there(text.data,
			 "settles into a balanced state ... responds linearly to its input");
	buffer_release(&text);
}

static void test_near_misses_do_not_ground(void **state)
{
	static const struct {
		const char *text, *quote;
	} rows[] = {
		/* changed numbers */
		{ "the accuracy rose to 0.35 on the test set",
		  "the accuracy rose to 0.53 on the test set" },
		{ "the accuracy rose to 35 on the test set",
		  "the accuracy rose to 3.5 on the test set" },
		{ "a temperature of -5 degrees was kept", "a temperature of 5 degrees was kept" },
		{ "in 1 2 or 3 of all cases seen", "in 12 or 3 of all cases seen" },
		{ "there were $2^{10}$ different states", "there were 210 different states" },
		{ "values in (1, 2) were then excluded", "values in (12) were then excluded" },
		{ "with p < .05 in all conditions", "with p = .05 in all conditions" },
		{ "so $x + y$ is the distance of both", "so $x - y$ is the distance of both" },
		{ "about 5% of the participants", "about 5 of the participants" },
		/* negated words */
		{ "the effect is not significant here", "the effect is significant here" },
		{ "the effect is insignificant here", "significant here" },
		{ "we find that $a \\neq b$ holds always", "we find that $a = b$ holds always" },
		/* cut words and numbers */
		{ "a sample of 95 participants took part", "5 participants took part" },
		{ "the mean was 1.5 points above it", "5 points above it" },
		{ "the mean was -5 points above it", "5 points above it" },
		{ "with the value of 3.14 in mind", "with the value of 3" },
		{ "with the values of the others", "with the value" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_not_there(rows[i].text, rows[i].quote);
}

static void test_short_quotes_ground_only_where_there_is_one_place(void **state)
{
	(void)state;
	assert_grounded("let $k$ be the rank of J_k", "rank", GROUNDING_EXACT, "rank");
	assert_not_there("let K be the K of K", "K");
	assert_not_there("a value of x_{1} here", "x_1"); /* too short to be loose about */
	assert_not_there("some words", "");
	assert_not_there("some words", NULL);
	assert_not_there("", "some words that are not there");
}

#define NEAR_TEXT                                                                                 \
	"We study rings.\n\nLet the firing rate of each cell be fixed\nbefore the run begins.\n\n"   \
	"All graphs here are finite.\n\nNothing else matters.\n"

static void test_words_that_are_not_there_are_near_the_paragraph_that_has_most(void **state)
{
	(void)state;
	struct finding f = ground(NEAR_TEXT, "the firing rate of every cell is fixed before a run");
	assert_int_equal(f.grounding, GROUNDING_NONE);
	assert_string_equal(f.path, "p/main.tex");
	assert_int_equal(f.line, 3);
	assert_int_equal(f.column, 0);
	assert_int_equal(f.start, 0);
	assert_int_equal(f.end, strstr(NEAR_TEXT, "\n\nNothing") - NEAR_TEXT);
	finding_release(&f);
}

static void test_words_of_another_paper_and_short_quotes_are_near_nothing(void **state)
{
	(void)state;
	static const char *const quotes[] = { "the eigenvalues of a compact operator form a sequence",
					      "the firing rate is wrong", "" };
	for (size_t i = 0; i < ARRAY_SIZE(quotes); i++) {
		struct finding f = ground(NEAR_TEXT, quotes[i]);
		assert_null(f.path);
		assert_int_equal(f.line, 0);
		finding_release(&f);
	}
}

/* Two sections that say the same, the second with a label. */
static struct finding ground_at(const char *quote, const char *location)
{
	static const char text[] = "The rate is fixed at n=5.\n\nHere too: the rate is fixed at n=5.\n";
	struct document doc, *docs[] = { &doc };
	struct finding f = { .quote = copy(quote), .location = copy(location) };

	make_document(&doc, "p/main.tex", text);
	doc.sections = xcalloc(2, sizeof(*doc.sections));
	doc.nr_sections = 2;
	doc.sections[0] = (struct section){ .level = 1, .title = copy("Model") };
	doc.sections[1] = (struct section){ .level = 1, .title = copy("Results"), .text_start = 27 };
	doc.items = xcalloc(1, sizeof(*doc.items));
	doc.nr_items = 1;
	doc.items[0] = (struct item){ .kind = ITEM_LABEL, .key = copy("eq:rate"), .text_start = 40 };
	struct ground_index *index = ground_index_new(docs, 1);
	ground_finding(index, &f);
	ground_index_free(index);
	document_release(&doc);
	return f;
}

static void test_the_place_that_a_model_names_decides_between_several(void **state)
{
	static const struct {
		const char *location;
		size_t line;
	} rows[] = {
		{ NULL, 1 },	       { "Results", 3 },		{ "Section 2, Results", 3 },
		{ "Section 2", 3 },    { "Sec. 1", 1 },			{ "2", 3 },
		{ "the model", 1 },    { "Equation \\eqref{eq:rate}", 3 }, { "eq:rates", 1 },
		{ "Theorem 2", 1 },    { "Section 7", 1 },		{ "nonsense", 1 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct finding f = ground_at("rate is fixed at n=5", rows[i].location);
		if (f.line != rows[i].line)
			print_error("'%s' means line %zu\n", rows[i].location, f.line);
		assert_int_equal(f.grounding, GROUNDING_EXACT);
		assert_int_equal(f.line, rows[i].line);
		finding_release(&f);
	}
}

static void test_a_short_quote_counts_where_the_model_says_it_is(void **state)
{
	(void)state;
	struct finding f = ground_at("n=5", "Results");
	assert_int_equal(f.grounding, GROUNDING_EXACT);
	assert_int_equal(f.line, 3);
	finding_release(&f);
	f = ground_at("n=5", "somewhere");
	assert_int_equal(f.grounding, GROUNDING_NONE);
	finding_release(&f);
}

static void test_the_strictest_tier_wins_over_the_first_place(void **state)
{
	struct finding f =
		ground("the {balanced} state. Later: the balanced state.", "the balanced state.");
	(void)state;
	assert_int_equal(f.grounding, GROUNDING_EXACT);
	assert_int_equal(f.start, 29);
	finding_release(&f);
}

static void test_a_quote_is_looked_for_in_all_manuscripts(void **state)
{
	struct document one, two, *docs[] = { &one, &two };
	struct finding f = { 0 };
	(void)state;
	make_document(&one, "p/main.tex", "Nothing of it here.");
	make_document(&two, "p/supplement.tex", "But the bound is tight here.");
	struct ground_index *index = ground_index_new(docs, 2);
	f.quote = copy("the \\textbf{bound} is tight");
	ground_finding(index, &f);
	assert_string_equal(f.path, "p/supplement.tex");
	/* grounding again replaces what was said before */
	free(f.quote);
	f.quote = copy("this is nowhere to be found");
	ground_finding(index, &f);
	assert_null(f.path);
	assert_int_equal(f.line + f.column + f.start + f.end, 0);
	finding_release(&f);
	ground_index_free(index);
	document_release(&one);
	document_release(&two);
}

static void test_broken_bytes_and_markup_do_no_harm(void **state)
{
	static const char *const odd[] = {
		"\\",     "\\cite{",  "\\cite[[[", "[](",     "\xff\xfe",     "\xe2\x80", "$",
		"{{{{",   "\\begin{", "...",       "\\ldots", "a...\xff...b", "<sup>",    "&lt",
		"\\left", "----",     "1,",        ".5",      "\xc2",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(odd); j++) {
			struct finding f = ground(odd[i], odd[j]);
			finding_release(&f);
		}
	}
}

static void assert_normal(const char *quote, const char *expected)
{
	struct buffer out = BUFFER_INIT;

	ground_normalise(&out, text_slice(quote));
	assert_string_equal(out.data, expected);
	buffer_release(&out);
}

static void test_the_loose_form_is_what_carries_meaning(void **state)
{
	(void)state;
	assert_normal("Let $\\Gamma = \\{1, 2\\}$; see~\\citep{x}.", "letgamma=1 2see");
	assert_normal("the well-known 3-4 case, $K-N$ and x -- y", "thewellknown3-4casek-nandxy");
	assert_normal("\\dfrac{a}{b} \\textbf{Bold} {\\it it}", "fracabboldit");
	/* first, last and some rows between of the table of commands */
	assert_normal("\\AA\\Bigg\\n\\ne\\newline\\quad\\xspace", "a!=");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_quote_is_found_byte_for_byte_with_its_place),
		cmocka_unit_test(test_white_space_does_not_count),
		cmocka_unit_test(test_tex_markup_does_not_count),
		cmocka_unit_test(test_markdown_markup_does_not_count),
		cmocka_unit_test(test_an_ellipsis_stands_for_what_was_left_out),
		cmocka_unit_test(test_pieces_far_apart_are_no_quote),
		cmocka_unit_test(test_near_misses_do_not_ground),
		cmocka_unit_test(test_short_quotes_ground_only_where_there_is_one_place),
		cmocka_unit_test(
			test_words_that_are_not_there_are_near_the_paragraph_that_has_most),
		cmocka_unit_test(test_words_of_another_paper_and_short_quotes_are_near_nothing),
		cmocka_unit_test(test_the_place_that_a_model_names_decides_between_several),
		cmocka_unit_test(test_a_short_quote_counts_where_the_model_says_it_is),
		cmocka_unit_test(test_the_strictest_tier_wins_over_the_first_place),
		cmocka_unit_test(test_a_quote_is_looked_for_in_all_manuscripts),
		cmocka_unit_test(test_broken_bytes_and_markup_do_no_harm),
		cmocka_unit_test(test_the_loose_form_is_what_carries_meaning),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
