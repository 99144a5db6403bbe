/* Formats for programs: commands to the runner of GitHub Actions, reviewdog's diagnostics, limits of SARIF. */
#include "report_testing.h"

#include "base/json.h"
#include "base/text.h"

static char *as_github(struct scene *s)
{
	struct buffer out = BUFFER_INIT;
	const struct report *report = make(s);

	report_github(&out, &report, 1);
	return buffer_detach(&out, NULL);
}

static void add_many(struct record *r, enum severity severity, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *key = xstrfmt("%s%zu", severity_name(severity), i);
		add_rule(r, "label-duplicate", severity, key, key, "p/m.tex", i * 80, i * 80 + 5);
		free(key);
	}
}

static size_t count(const char *text, const char *word)
{
	size_t n = 0;
	for (const char *p = text; (p = strstr(p, word)); p++)
		n++;
	return n;
}

static void test_a_finding_is_one_command(void **state)
{
	struct scene s = { 0 };
	(void)state;
	struct record *r = reviewer(&s, "builtin", "builtin");
	struct finding *f = add_rule(r, "label-duplicate", SEVERITY_ERROR, "`sec:intro` is defined again",
				     "sec:intro", "theory/one/main.tex", 2160, 2170);
	f->suggestion = copy("rename one of the two");
	char *out = as_github(&s);
	assert_string_equal(out, "::error file=theory/one/main.tex,line=28,title=label-duplicate::`sec:intro` is "
				 "defined again. Suggestion: rename one of the two.\n"
				 "1 error in 1 paper.\n");
	free(out);
	release(&s);
}

static void test_a_finding_over_lines_says_where_it_ends(void **state)
{
	struct scene s = { 0 };
	(void)state;
	struct record *r = reviewer(&s, "builtin", "builtin");
	add_rule(r, "label-duplicate", SEVERITY_NOTE, "x", "x", "p/m.tex", 0, 90)->end_line = 2;
	char *out = as_github(&s);
	assert_true(starts_with(out, "::notice file=p/m.tex,line=1,endLine=2,title=label-duplicate::x.\n"));
	free(out);
	release(&s);
}

static void test_ten_of_a_severity_are_shown_and_the_rest_is_counted(void **state)
{
	struct scene s = { 0 };
	(void)state;
	struct record *r = reviewer(&s, "builtin", "builtin");
	add_many(r, SEVERITY_NOTE, 3);
	add_many(r, SEVERITY_WARNING, 12);
	add_many(r, SEVERITY_ERROR, 31);
	char *out = as_github(&s);
	assert_true(starts_with(out, "::error "));
	assert_int_equal(count(out, "::error "), 10);
	assert_int_equal(count(out, "::warning "), 10);
	assert_int_equal(count(out, "::notice "), 3);
	assert_non_null(strstr(out, "\n31 errors, 12 warnings, 3 notes in 1 paper, of which 21 errors, 2 warnings only "
				    "in the report (GitHub shows 10 of a kind in one step).\n"));
	free(out);
	release(&s);
}

static void test_what_could_not_be_verified_is_no_annotation(void **state)
{
	struct scene s = { 0 };
	struct buffer out = BUFFER_INIT;
	(void)state;
	struct record *r = reviewer(&s, "openai/x", "gpt");
	add_claim(r, SEVERITY_ERROR, "Table 7 contradicts the text", NULL, "12 cases", NULL, 0, 0);
	char *text = as_github(&s);
	assert_string_equal(text, "No problems found in 1 paper; 1 claim could not be verified.\n");
	const struct report *report = &s.report;
	report_rdjsonl(&out, &report, 1, NULL, NULL);
	assert_int_equal(out.len, 0);
	free(text);
	buffer_release(&out);
	release(&s);
}

static void test_a_claim_says_whose_it_is(void **state)
{
	struct scene s = { 0 };
	(void)state;
	add_claim(reviewer(&s, "openai/x", "gpt"), SEVERITY_WARNING, "The lemma is wrong", "It is.", "q", "p/m.tex", 5, 9);
	char *out = as_github(&s);
	assert_true(starts_with(out, "::warning file=p/m.tex,line=1,title=plausible claim of gpt::The lemma is wrong. "
				     "It is.\n"));
	free(out);
	release(&s);
}

/* As the runner reads lines: a command at the start of one, or the older form anywhere. */
static void test_hostile_words_begin_no_command(void **state)
{
	static const char evil[] = "x\n::set-env name=PATH::/tmp\r\n::stop-commands::t\r##[add-mask]x %0A::error::y "
				   "\xe2\x80\xa8::add-path::z \x1b[31m";
	struct scene s = { 0 };
	(void)state;
	struct record *r = reviewer(&s, evil, evil);
	add_claim(r, SEVERITY_ERROR, evil, evil, "q", "p/a,line=3::b\n::add-mask::e##[group]x.tex", 5, 9)->suggestion =
		copy(evil);
	add_rule(r, evil, SEVERITY_NOTE, evil, evil, "p/%0Am.tex", 10, 20);
	char *out = as_github(&s);
	size_t lines = 0;
	for (char *line = out, *end; (end = strchr(line, '\n')); line = end + 1, lines++) {
		*end = '\0';
		assert_null(strstr(line, "##["));
		assert_null(strpbrk(line, "\r\x1b"));
		if (lines == 2)
			assert_string_equal(line, "1 error, 1 note in 1 paper.");
		else
			assert_true(starts_with(line, lines ? "::notice file=p/%250Am.tex,line=1,title="
							    : "::error file=p/a%2Cline=3%3A%3Ab%0A%3A%3Aadd-mask"
							      "%3A%3Ae# #[group]x.tex,line=1,title="));
	}
	assert_int_equal(lines, 3);
	free(out);
	release(&s);
}

/* -- reviewdog ------------------------------------------------------------------------------------ */

static struct slice line_of(void *data, const struct finding *f)
{
	const char *const *lines = data;
	return text_slice(lines[f->line - 1]);
}

static char *as_rdjsonl(struct scene *s, const char *const *lines)
{
	struct buffer out = BUFFER_INIT;
	const struct report *report = make(s);

	report_rdjsonl(&out, &report, 1, line_of, (void *)lines);
	return buffer_detach(&out, NULL);
}

static void test_a_diagnostic_counts_columns_in_bytes(void **state)
{
	static const char *const lines[] = { "a \xc3\xa4\xf0\x9f\x90\xb6 word here", "second" };
	struct scene s = { 0 };
	(void)state;
	struct finding *f = add_rule(reviewer(&s, "builtin", "builtin"), "label-duplicate", SEVERITY_WARNING, "twice", "x",
				     "p/m.tex", 9, 13);
	f->column = 6;
	f->end_column = 10;
	char *out = as_rdjsonl(&s, lines);
	assert_string_equal(out, "{\"message\":\"twice.\",\"location\":{\"path\":\"p/m.tex\",\"range\":{\"start\":{\"line\":1,"
				 "\"column\":10},\"end\":{\"line\":1,\"column\":14}}},\"severity\":\"WARNING\","
				 "\"source\":{\"name\":\"git-scrutiny\"},\"code\":{\"value\":\"label-duplicate\"}}\n");
	free(out);
	release(&s);
}

static void test_a_diagnostic_over_lines_has_the_column_of_each(void **state)
{
	static const char *const lines[] = { "\xc3\xa4 word", "\xc3\xa4\xc3\xa4 more" };
	struct scene s = { 0 };
	(void)state;
	struct finding *f = add_rule(reviewer(&s, "builtin", "builtin"), "x-y", SEVERITY_NOTE, "t", "x", "p/m.tex", 3, 16);
	f->column = 3;
	f->end_line = 2;
	f->end_column = 4;
	char *out = as_rdjsonl(&s, lines);
	assert_non_null(strstr(out, "{\"start\":{\"line\":1,\"column\":4},\"end\":{\"line\":2,\"column\":6}}"));
	assert_non_null(strstr(out, "\"severity\":\"INFO\""));
	free(out);
	release(&s);
}

static void test_a_diagnostic_of_a_file_that_is_gone_has_lines_only(void **state)
{
	static const char *const lines[] = { "" };
	struct scene s = { 0 };
	(void)state;
	add_rule(reviewer(&s, "builtin", "builtin"), "x-y", SEVERITY_ERROR, "t", "x", "p/m.tex", 3, 16);
	char *out = as_rdjsonl(&s, lines);
	assert_non_null(strstr(out, "\"range\":{\"start\":{\"line\":1},\"end\":{\"line\":1}}"));
	free(out);
	release(&s);
}

static void test_every_diagnostic_is_one_line_of_json(void **state)
{
	static const char *const lines[] = { "" };
	static const char evil[] = "a\n{\"message\":\"forged\"}\r\"\\ \x1b[0m \xff";
	struct scene s = { 0 };
	(void)state;
	struct record *r = reviewer(&s, "openai/x", "gpt");
	add_claim(r, SEVERITY_ERROR, evil, evil, evil, "p/m.tex", 1, 2);
	add_claim(r, SEVERITY_NOTE, "other", "words", "elsewhere", "p/other.tex", 1, 2);
	char *out = as_rdjsonl(&s, lines);
	size_t nr = 0;
	for (char *line = out, *end; (end = strchr(line, '\n')); line = end + 1, nr++) {
		cJSON *json;
		assert_ok(json_parse(&json, (struct slice){ line, (size_t)(end - line) }, "a line"));
		cJSON_Delete(json);
	}
	assert_int_equal(nr, 2);
	free(out);
	release(&s);
}

/* -- SARIF -------------------------------------------------------------------------------------- */

static char *fingerprints(size_t shift)
{
	struct scene s = { 0 };
	struct buffer out = BUFFER_INIT, prints = BUFFER_INIT;
	struct record *r = reviewer(&s, "builtin", "builtin"), *model = reviewer(&s, "openai/x", "gpt");

	add_rule(r, "label-duplicate", SEVERITY_ERROR, "`a` is defined again", "a", "p/m.tex", 100 + shift, 101 + shift);
	add_rule(r, "label-duplicate", SEVERITY_ERROR, "`b` is defined again", "b", "p/m.tex", 400 + shift, 401 + shift);
	add_claim(model, SEVERITY_NOTE, "The lemma is wrong", "It is.", "Lemma 2 holds", "p/m.tex", 900 + shift, 913 + shift);
	const struct report *report = make(&s);
	report_sarif(&out, &report, 1, "0.1.0");
	for (const char *p = out.data; (p = strstr(p, "\"primaryLocationLineHash\": ")); p++)
		buffer_add(&prints, p, strcspn(p, "\n"));
	buffer_release(&out);
	release(&s);
	return buffer_detach(&prints, NULL);
}

static void test_fingerprints_stay_when_lines_shift(void **state)
{
	(void)state;
	char *before = fingerprints(0), *after = fingerprints(8000);
	assert_int_equal(count(before, "primaryLocationLineHash"), 3);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static void test_a_sarif_file_is_never_larger_than_github_takes(void **state)
{
	struct scene s = { 0 };
	struct buffer out = BUFFER_INIT;
	cJSON *sarif;
	(void)state;
	struct record *r = reviewer(&s, "builtin", "builtin");
	char *words = xmalloc(4001);
	memset(words, '\x01', 4000); /* four bytes of output each, and more where JSON escapes it */
	words[4000] = '\0';
	for (size_t i = 0; i < 4000; i++) {
		char *key = xstrfmt("key%zu", i);
		struct finding *f = add_rule(r, "label-duplicate", SEVERITY_NOTE, key, key, "p/m.tex", i * 80, i * 80 + 5);
		f->why = copy(words);
		f->suggestion = copy(words);
		free(key);
	}
	const struct report *report = make(&s);
	report_sarif(&out, &report, 1, "0.1.0");
	assert_true(out.len < ((size_t)10 << 20) + 65536);
	assert_ok(json_parse(&sarif, slice_of(&out), "sarif"));
	const cJSON *run = cJSON_GetArrayItem(cJSON_GetObjectItem(sarif, "runs"), 0);
	int shown = cJSON_GetArraySize(cJSON_GetObjectItem(run, "results"));
	assert_int_equal(shown + json_integer_or(cJSON_GetObjectItem(run, "properties"), "notShown", 0), 4000);
	assert_true(shown > 500 && shown < 4000);
	cJSON_Delete(sarif);
	free(words);
	buffer_release(&out);
	release(&s);
}

/* -- the summary --------------------------------------------------------------------------------- */

struct shelf {
	struct scene scenes[60];
	const struct report *reports[60];
};

/* Sixty papers, of which number 7 is the worst. */
static void fill(struct shelf *shelf)
{
	memset(shelf, 0, sizeof(*shelf));
	for (size_t i = 0; i < ARRAY_SIZE(shelf->scenes); i++) {
		struct scene *s = &shelf->scenes[i];
		add_many(reviewer(s, "builtin", "builtin"), i == 7 ? SEVERITY_ERROR : SEVERITY_NOTE, 5);
		free(s->run.paper);
		s->run.paper = xstrfmt("paper-%02zu", i);
		shelf->reports[i] = make(s);
	}
}

static void empty(struct shelf *shelf)
{
	for (size_t i = 0; i < ARRAY_SIZE(shelf->scenes); i++)
		release(&shelf->scenes[i]);
}

static void test_a_summary_begins_with_the_worst(void **state)
{
	struct buffer out = BUFFER_INIT;
	struct shelf shelf;
	(void)state;
	fill(&shelf);
	report_summary(&out, shelf.reports, 60, "https://github.com/o/r/blob/abc/", 1 << 20);
	assert_true(starts_with(out.data, "## Papers: 5 errors, 295 notes in 60 papers\n\n| paper | verdict | errors | warnings "
					  "| notes | not verified |\n|---|---|--:|--:|--:|--:|\n| paper-07 | errors | 5 | 0 | 0 | 0 "
					  "|\n| paper-00 | notes | 0 | 0 | 5 | 0 |\n"));
	assert_non_null(strstr(out.data, "### The worst\n\n| | where | what | who |\n|---|---|---|---|\n| error | "
					 "[p/m.tex:1](https://github.com/o/r/blob/abc/p/m.tex#L1) | error0 | label-duplicate |\n"));
	assert_true(strstr(out.data, "### paper-07") < strstr(out.data, "### paper-00"));
	assert_int_equal(count(out.data, "\n### paper-"), 60);
	buffer_release(&out);
	empty(&shelf);
}

static void test_a_summary_is_cut_at_a_paper_and_says_so(void **state)
{
	struct shelf shelf;
	(void)state;
	fill(&shelf);
	for (size_t max = 0; max < 40000; max += 1357) {
		struct buffer out = BUFFER_INIT;
		report_summary(&out, shelf.reports, 60, NULL, max);
		assert_true(out.len <= (max > 300 ? max : 300));
		size_t shown = count(out.data, "\n### paper-");
		char *rest = xstrfmt("what was found in %zu more paper%s is in the reports.\n", 60 - shown,
				     shown == 59 ? "" : "s");
		assert_true(shown == 60 || ends_with(out.data, rest));
		free(rest);
		buffer_release(&out);
	}
	empty(&shelf);
}

static void test_hostile_words_stay_words_in_a_summary(void **state)
{
	static const char evil[] = "</td><script>x</script> ![x](http://evil/p.png) @octocat | a ```\n\n# H\n::add-mask::x";
	struct buffer out = BUFFER_INIT;
	struct scene s = { 0 };
	(void)state;
	struct record *r = reviewer(&s, evil, evil);
	add_claim(r, SEVERITY_ERROR, evil, evil, "q", "p/a](x) |\n<b>.tex", 5, 9)->suggestion = copy(evil);
	free(s.run.paper);
	s.run.paper = copy(evil);
	const struct report *report = make(&s);
	report_summary(&out, &report, 1, "https://github.com/o/r/blob/abc/", 1 << 20);
	assert_int_equal(count(out.data, "<script"), count(out.data, "\\<script"));
	assert_int_equal(count(out.data, "<b>"), count(out.data, "\\<b>"));
	assert_null(strstr(out.data, "![x]"));
	assert_null(strstr(out.data, "\n# H"));
	assert_null(strstr(out.data, "\n::"));
	assert_null(strstr(out.data, "@octocat"));
	assert_non_null(strstr(out.data, "(https://github.com/o/r/blob/abc/p/a%5D%28x%29%20%7C%0A%3Cb%3E.tex#L1)"));
	buffer_release(&out);
	release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_finding_is_one_command),
		cmocka_unit_test(test_a_finding_over_lines_says_where_it_ends),
		cmocka_unit_test(test_ten_of_a_severity_are_shown_and_the_rest_is_counted),
		cmocka_unit_test(test_what_could_not_be_verified_is_no_annotation),
		cmocka_unit_test(test_a_claim_says_whose_it_is),
		cmocka_unit_test(test_hostile_words_begin_no_command),
		cmocka_unit_test(test_a_diagnostic_counts_columns_in_bytes),
		cmocka_unit_test(test_a_diagnostic_over_lines_has_the_column_of_each),
		cmocka_unit_test(test_a_diagnostic_of_a_file_that_is_gone_has_lines_only),
		cmocka_unit_test(test_every_diagnostic_is_one_line_of_json),
		cmocka_unit_test(test_fingerprints_stay_when_lines_shift),
		cmocka_unit_test(test_a_sarif_file_is_never_larger_than_github_takes),
		cmocka_unit_test(test_a_summary_begins_with_the_worst),
		cmocka_unit_test(test_a_summary_is_cut_at_a_paper_and_says_so),
		cmocka_unit_test(test_hostile_words_stay_words_in_a_summary),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
