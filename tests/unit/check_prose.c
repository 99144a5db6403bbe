#include "base_testing.h"

#include "base/memory.h"
#include "check/prose.h"

static const char kind_letters[] = { [PROSE_TEXT] = 't', [PROSE_MATH] = 'm', [PROSE_CODE] = 'c',
				     [PROSE_KEY] = 'k', [PROSE_COMMAND] = '\\',
				     [PROSE_COMMENT] = '%' };

/* One letter for every byte: what it was taken for; quoted text is 'q'. */
static void expect(enum manuscript_kind kind, const char *text, const char *kinds)
{
	struct prose p;
	struct prose_run run;
	size_t at = 0;
	char *got = xcalloc(strlen(text) + 1, 1);
	prose_init(&p, (struct slice){ text, strlen(text) }, kind);
	while (prose_next(&p, &run)) {
		assert_int_equal(run.start, at);
		assert_true(run.end > run.start);
		bool quoted = run.quoted && run.kind == PROSE_TEXT;
		memset(got + run.start, quoted ? 'q' : kind_letters[run.kind], run.end - run.start);
		at = run.end;
	}
	assert_int_equal(at, strlen(text));
	assert_string_equal(got, kinds);
	free(got);
}

static void test_tex_mathematics_is_told_from_text(void **state)
{
	(void)state;
	expect(MANUSCRIPT_TEX, "a $x$ b", "ttmmmtt");
	expect(MANUSCRIPT_TEX, "a \\(x\\) b", "ttmmmmmtt");
	expect(MANUSCRIPT_TEX, "$$x$$ b", "mmmmmtt");
	expect(MANUSCRIPT_TEX, "\\$5 and", "\\\\ttttt");
	expect(MANUSCRIPT_TEX, "\\begin{math}x\\end{math}.", "mmmmmmmmmmmmmmmmmmmmmmmt");
}

static void test_a_lone_dollar_does_not_swallow_the_paper(void **state)
{
	(void)state;
	expect(MANUSCRIPT_TEX, "a $ b\n\nc $ d", "tt\\tttttt\\tt");
}

static void test_tex_code_and_keys_are_no_text(void **state)
{
	(void)state;
	expect(MANUSCRIPT_TEX, "\\verb|??| b", "ccccccccctt");
	expect(MANUSCRIPT_TEX, "\\texttt{a} b", "\\\\\\\\\\\\\\ccctt");
	expect(MANUSCRIPT_TEX, "\\ref{a} b", "\\\\\\\\kkktt");
	expect(MANUSCRIPT_TEX, "\\citep[x]{a} b", "\\\\\\\\\\\\kkkkkktt");
	expect(MANUSCRIPT_TEX, "see http://a?b c", "ttttcccccccccctt");
	expect(MANUSCRIPT_TEX, "a % b\nc", "tt%%%tt");
	expect(MANUSCRIPT_TEX, "\\emph{a} b", "\\\\\\\\\\ttttt");
}

static void test_quotations_are_marked(void **state)
{
	(void)state;
	expect(MANUSCRIPT_TEX, "a ``b'' c", "tt\\\\q\\\\tt");
	expect(MANUSCRIPT_TEX, "it's", "tttt");
	expect(MANUSCRIPT_MARKDOWN, "a \"b\" c", "tt\\q\\tt");
	expect(MANUSCRIPT_MARKDOWN, "> b\n\nc", "qqqqtt");
}

static void test_an_open_quotation_ends_with_its_paragraph(void **state)
{
	(void)state;
	expect(MANUSCRIPT_TEX, "``b\n\nc", "\\\\qqtt");
}

static void test_markdown_code_is_no_text(void **state)
{
	(void)state;
	expect(MANUSCRIPT_MARKDOWN, "a `b` c", "ttccctt");
	expect(MANUSCRIPT_MARKDOWN, "a ``b`c`` d", "ttccccccctt");
	expect(MANUSCRIPT_MARKDOWN, "```\nb\n```\nc", "ccccccccctt");
	expect(MANUSCRIPT_MARKDOWN, "a\n```\nb\n```\n", "ttccccccccct");
	expect(MANUSCRIPT_MARKDOWN, "a <!-- b --> c", "tt%%%%%%%%%%tt");
	expect(MANUSCRIPT_MARKDOWN, "[a](b) c", "tttkkktt");
	expect(MANUSCRIPT_MARKDOWN, "$x$ b", "mmmtt");
	expect(MANUSCRIPT_MARKDOWN, "5 $ b $ c", "ttttttttt");
}

static void test_hostile_rows_are_read_in_linear_time(void **state)
{
	(void)state;
	static const char *const rows[] = { "\\(", "\\[", "$ ", "\\begin{verbatim}", "\\url{",
					    "\\cite[", "`` ", "\\verb", "<a ", "<!--", "[](" };
	size_t size = (size_t)2 << 20;
	char *text = xmalloc(size);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t len = strlen(rows[i]);
		for (size_t at = 0; at < size; at++)
			text[at] = rows[i][at % len];
		for (int kind = MANUSCRIPT_TEX; kind <= MANUSCRIPT_MARKDOWN; kind++) {
			struct prose p;
			struct prose_run run = { 0 };
			prose_init(&p, (struct slice){ text, size }, (enum manuscript_kind)kind);
			while (prose_next(&p, &run))
				;
			assert_int_equal(run.end, size);
		}
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tex_mathematics_is_told_from_text),
		cmocka_unit_test(test_a_lone_dollar_does_not_swallow_the_paper),
		cmocka_unit_test(test_tex_code_and_keys_are_no_text),
		cmocka_unit_test(test_quotations_are_marked),
		cmocka_unit_test(test_an_open_quotation_ends_with_its_paragraph),
		cmocka_unit_test(test_markdown_code_is_no_text),
		cmocka_unit_test(test_hostile_rows_are_read_in_linear_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
