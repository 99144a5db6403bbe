#include "report_testing.h"

#include "base/json.h"
#include "check/check.h"

static void place(struct finding *f, size_t line, size_t column, size_t end_column)
{
	f->line = f->end_line = line;
	f->column = column;
	f->end_column = end_column;
}

static void add_reviewer(struct run *run, const char *name, const char *outcome,
			 const char *message)
{
	run->reviewers =
		xreallocarray(run->reviewers, run->nr_reviewers + 1, sizeof(*run->reviewers));
	run->reviewers[run->nr_reviewers++] =
		(struct run_reviewer){ copy(name), copy(outcome), copy(message) };
}

static void add_past(struct run *run, const char *rule, const char *title,
		     const char *reviewer_name)
{
	run->past = xreallocarray(run->past, run->nr_past + 1, sizeof(*run->past));
	struct past_finding *p = &run->past[run->nr_past++];
	*p = (struct past_finding){ .id = copy("00112233aabb"),
				    .rule = copy(rule),
				    .title = copy(title),
				    .path = copy("theory/fixed-points/main.tex"),
				    .line = 14,
				    .severity = SEVERITY_WARNING,
				    .nr_reviewers = 1 };
	p->reviewers = xcalloc(1, sizeof(char *));
	p->reviewers[0] = copy(reviewer_name);
}

#define PAPER "theory/fixed-points"
#define MAIN PAPER "/main.tex"

/* Everything a report can say, once. */
static void full_scene(struct scene *s)
{
	memset(s, 0, sizeof(*s));
	s->run = make_run(PAPER);
	s->run.title = copy("Fixed points of contractions");
	s->run.nr_manuscripts = 1;
	s->run.manuscripts = xcalloc(1, sizeof(char *));
	s->run.manuscripts[0] = copy(MAIN);
	s->run.nr_unread = 1;
	s->run.unread = xcalloc(1, sizeof(char *));
	s->run.unread[0] = copy("appendix.pdf: not readable yet");
	s->run.previous = copy("0f");
	s->run.previous_date = 1795166400; /* 2026-11-20 */
	add_reviewer(&s->run, "builtin", "ok", NULL);
	add_reviewer(&s->run, "ollama/llama3.1", "ok", NULL);
	add_reviewer(&s->run, "openai/gpt-6-luna", "ok", NULL);
	add_reviewer(&s->run, "anthropic/claude-haiku", "failed", "HTTP 429, retry after 9 h");
	add_past(&s->run, "label-duplicate", "`sec:intro` is defined again", "builtin");
	add_past(&s->run, NULL, "The constant is not defined", "ollama/llama3.1");
	add_past(&s->run, NULL, "The proof of the lemma skips a case", "anthropic/claude-haiku");

	struct record *builtin = reviewer(s, "builtin", "builtin");
	builtin->version = copy("1");
	place(add_rule(builtin, "sample-undefined", SEVERITY_ERROR,
		       "`missing99` is cited but no bibliography entry has this key", "missing99",
		       MAIN, 700, 709),
	      28, 30, 39);
	place(add_rule(builtin, "sample-duplicate", SEVERITY_WARNING, "`knuth84` has two entries",
		       "knuth84", "theory/shared refs.bib", 50, 57),
	      3, 10, 17);
	struct finding *unsure = add_rule(builtin, "sample-unsure", SEVERITY_ERROR,
					  "`eq:last` may be undefined: an input is missing",
					  "eq:last", MAIN, 900, 907);
	unsure->uncertain = true;
	place(unsure, 35, 4, 11);

	struct record *llama = reviewer(s, "ollama/llama3.1", "llama");
	llama->version = copy("llama3.1:8b");
	llama->input_tokens = 18400;
	llama->output_tokens = 950;
	llama->summary = copy("A short and mostly sound paper.");
	place(add_claim(llama, SEVERITY_ERROR, "The contraction constant exceeds one",
			"Banach's theorem needs $L < 1$, but the text allows $L = 1.2$.",
			"with constant $L = 1.2$", MAIN, 400, 423),
	      16, 5, 28);
	struct record *gpt = reviewer(s, "openai/gpt-6-luna", "gpt");
	gpt->version = copy("gpt-6-luna-2026-10");
	gpt->input_tokens = 17900;
	gpt->output_tokens = 1204;
	gpt->cost_usd = 0.0051;
	struct finding *f =
		add_claim(gpt, SEVERITY_WARNING, "Constant larger than 1 breaks Theorem 1",
			  "The theorem needs a constant below one.",
			  "is a contraction with constant $L = 1.2$", MAIN, 383, 423);
	f->suggestion = copy("State the range of L, or correct the value.");
	f->grounding = GROUNDING_LOOSE;
	place(f, 15, 60, 28);
	f->end_line = 16;
	place(add_claim(gpt, SEVERITY_NOTE, "Missing article", NULL, "we prove theorem", MAIN, 200,
			216),
	      9, 1, 17);
	add_claim(gpt, SEVERITY_ERROR, "Table 7 contradicts the text", "It says 12.",
		  "Table 7 reports 12 cases", NULL, 0, 0);
}

static void test_a_full_report_is_as_agreed(void **state)
{
	struct scene s;
	struct buffer out = BUFFER_INIT;
	(void)state;
	full_scene(&s);
	report_markdown(&out, make(&s));
	assert_golden(&out, "full.md");
	buffer_reset(&out);
	report_json(&out, &s.report);
	assert_golden(&out, "full.json");
	assert_valid(&out, "docs/formats/scrutiny.schema.json");
	buffer_reset(&out);
	const struct report *reports[] = { &s.report };
	report_sarif(&out, reports, 1, "0.1.0");
	assert_golden(&out, "full.sarif");
	/* OASIS' schema is not ours to carry: the npm package @microsoft/jest-sarif has it */
	if (getenv("SARIF_SCHEMA"))
		assert_valid(&out, getenv("SARIF_SCHEMA"));
	else
		print_message("SARIF_SCHEMA is not set: SARIF is not validated\n");
	buffer_release(&out);
	release(&s);
}

static void score(struct record *r, double overall)
{
	assessment_add_score(&r->assessment, CRITERION_SOUNDNESS, 3, copy("Lemma 2 <b>holds</b>."));
	assessment_add_score(&r->assessment, CRITERION_OVERALL, overall, NULL);
}

static void test_a_report_shows_what_models_think_of_the_paper(void **state)
{
	struct scene s = { 0 };
	struct buffer out = BUFFER_INIT;
	(void)state;
	s.run = make_run("notes");
	struct record *x = reviewer(&s, "openai/x", "gpt"), *y = reviewer(&s, "ollama/y", "y");
	record_add_task(x, "summary", "0123456789ab", "program");
	record_add_task(x, "clarity", "ba9876543210", "repository");
	record_add_task(y, "review", "aaaaaaaaaaaa", "user");
	x->rubric = copy("theory");
	score(x, 6);
	score(y, 3);
	remarks_add(&x->assessment.strengths, copy("Short *and* clear."));
	remarks_add(&y->assessment.questions, copy("Why now?"));
	report_markdown(&out, make(&s));
	assert_non_null(strstr(out.data, "| openai/x | 3 |  |  | 6 |  |\n"));
	assert_non_null(strstr(out.data, "| **mean** | 3 |  |  | 4.5 |  |\n"));
	assert_non_null(strstr(out.data, "Overall: 4.50, a plain mean."));
	assert_non_null(strstr(out.data, "<summary>1 strength, 1 question</summary>"));
	assert_non_null(strstr(out.data, "- Short \\*and\\* clear. (openai/x)\n"));
	assert_null(strstr(out.data, " <b>"));
	assert_non_null(strstr(out.data, "- openai/x: summary `0123456789ab`, clarity `ba9876543210` "
					 "(in the words of the repository); weighed as theory; not asked: "
					 "correctness, experiments, novelty\n"));
	assert_non_null(strstr(out.data, "- ollama/y: review `aaaaaaaaaaaa` (in the words of the user)\n"));
	buffer_reset(&out);
	report_json(&out, &s.report);
	assert_valid(&out, "docs/formats/scrutiny.schema.json");
	assert_non_null(strstr(out.data, "\"value\": 4.5"));
	buffer_release(&out);
	release(&s);
}

static void test_scores_are_relative_once_every_model_has_a_history(void **state)
{
	struct scene s = { 0 };
	struct buffer out = BUFFER_INIT;
	(void)state;
	s.run = make_run("notes");
	score(reviewer(&s, "openai/x", "gpt"), 6);
	score(reviewer(&s, "ollama/y", "y"), 3);
	s.run.histories = xcalloc(2, sizeof(*s.run.histories));
	s.run.histories[s.run.nr_histories++] = (struct score_history){ copy("openai/x"), 5, 7, 1 };
	double value;
	bool relative;
	assert_true(report_overall(make(&s), &value, &relative));
	assert_false(relative);
	s.run.histories[s.run.nr_histories++] = (struct score_history){ copy("ollama/y"), 3, 2, 2 };
	assert_true(report_overall(&s.report, &value, &relative));
	assert_true(relative);
	assert_true(value == -0.25);
	report_markdown(&out, &s.report);
	assert_non_null(strstr(out.data, "other papers here: -0.25 standard deviations."));
	buffer_reset(&out);
	run_write(&out, &s.run);
	assert_valid(&out, "docs/formats/run.schema.json");
	struct run back;
	assert_ok(run_parse(&back, slice_of(&out), "run"));
	assert_int_equal(back.nr_histories, 2);
	assert_string_equal(back.histories[1].reviewer, "ollama/y");
	run_release(&back);
	buffer_release(&out);
	release(&s);
}

static void test_a_reviewer_that_says_it_twice_is_named_once(void **state)
{
	struct scene s = { 0 };
	struct buffer out = BUFFER_INIT;
	(void)state;
	s.run = make_run(PAPER);
	struct record *r = reviewer(&s, "lab/a", "gpt");
	for (size_t i = 0; i < 2; i++)
		place(add_claim(r, SEVERITY_WARNING, "Wrong rate", i ? "it is 0.53" : "it is not 0.35",
				"the rate is 0.35", MAIN, 400, 416),
		      16, 5, 21);
	report_markdown(&out, make(&s));
	assert_non_null(strstr(out.data, "\nRaised by lab/a (warning, 80 %).\n"));
	buffer_release(&out);
	release(&s);
}

static void test_a_clean_report_is_short(void **state)
{
	struct scene s = { 0 };
	struct buffer out = BUFFER_INIT;
	(void)state;
	s.run = make_run("notes");
	s.run.title = copy("On recall");
	reviewer(&s, "builtin", "builtin");
	assert_string_equal(report_verdict(make(&s)), "clean");
	report_markdown(&out, &s.report);
	assert_golden(&out, "clean.md");
	buffer_release(&out);
	release(&s);
}

static void test_a_report_without_reviewers_is_incomplete(void **state)
{
	struct scene s = { 0 };
	struct buffer out = BUFFER_INIT;
	(void)state;
	s.run = make_run("notes");
	add_reviewer(&s.run, "openai/x", "failed", "could not resolve host");
	assert_string_equal(report_verdict(make(&s)), "incomplete");
	report_markdown(&out, &s.report);
	assert_non_null(strstr(out.data, "Not reviewed: no reviewer completed."));
	assert_non_null(strstr(out.data, "could not resolve host"));
	buffer_release(&out);
	release(&s);
}

/* Words of a model that try to break out of every format. */
static void test_hostile_words_stay_words(void **state)
{
	static const char evil[] = "</details><script>alert(1)</script> ![x](http://evil/p.png) "
				   "[click](javascript:1) @octocat "
				   "www.evil.example #12 | a | b | `` ` `` ~~s~~ $$x$$ &lt; "
				   "foo@evil.example https://evil/ "
				   "\x1b[31mred\x1b[0m \xe2\x80\xae"
				   "rtl \xff\n\n# Heading\n\n- item\n\n```\nfence\n````\n1. one";
	struct scene s = { 0 };
	struct buffer out = BUFFER_INIT;
	(void)state;
	s.run = make_run("p");
	s.run.title = copy(evil);
	s.run.previous = copy("0f");
	add_reviewer(&s.run, "openai/x", "failed", evil);
	add_past(&s.run, NULL, evil, "a|b`c");
	struct record *r = reviewer(&s, "a|b`c", "fam*ily");
	r->summary = copy(evil);
	r->version = copy(evil);
	struct finding *f =
		add_claim(r, SEVERITY_ERROR, evil, evil, evil, "p/a](x) |`\n<b>.tex", 10, 20);
	f->suggestion = copy("- 1) evil");
	add_rule(r, evil, SEVERITY_NOTE, "1. one", "x", "p/m.md", 10, 20);
	report_markdown(&out, make(&s));
	assert_golden(&out, "hostile.md");
	assert_null(strchr(out.data, '\x1b'));
	assert_null(strstr(out.data, "\xe2\x80\xae"));
	buffer_reset(&out);
	report_text(&out, &s.report, false, NULL, NULL);
	assert_null(strchr(out.data, '\x1b'));
	assert_golden(&out, "hostile.txt");
	buffer_reset(&out);
	const struct report *reports[] = { &s.report };
	report_sarif(&out, reports, 1, "0.1.0");
	assert_non_null(strstr(out.data, "![x] (http"));
	assert_non_null(strstr(out.data, "\"p/a%5D%28x%29%20%7C%60%0A%3Cb%3E.tex\""));
	buffer_release(&out);
	release(&s);
}

static void test_very_many_findings_are_counted_where_they_are_not_shown(void **state)
{
	struct scene s = { 0 };
	struct buffer out = BUFFER_INIT;
	cJSON *sarif;
	(void)state;
	s.run = make_run("p");
	struct record *r = reviewer(&s, "builtin", "builtin");
	for (size_t i = 0; i < 5203; i++) {
		char *key = xstrfmt("key%zu", i);
		add_rule(r, "citation-undefined", i == 5202 ? SEVERITY_ERROR : SEVERITY_NOTE, key,
			 key, "p/m.tex", i * 10, i * 10 + 5);
		free(key);
	}
	report_markdown(&out, make(&s));
	assert_non_null(strstr(out.data, "5003 more are in scrutiny.json"));
	assert_true(out.len < 200000);
	buffer_reset(&out);
	const struct report *reports[] = { &s.report };
	report_sarif(&out, reports, 1, "0.1.0");
	assert_ok(json_parse(&sarif, slice_of(&out), "sarif"));
	const cJSON *run = cJSON_GetArrayItem(cJSON_GetObjectItem(sarif, "runs"), 0);
	const cJSON *results = cJSON_GetObjectItem(run, "results");
	assert_non_null(strstr(out.data, check_rule_find("citation-undefined")->summary));
	assert_int_equal(cJSON_GetArraySize(results), 5000);
	assert_string_equal(json_string_or(cJSON_GetArrayItem(results, 0), "level", ""), "error");
	assert_int_equal(json_integer_or(cJSON_GetObjectItem(run, "properties"), "notShown", 0),
			 203);
	cJSON_Delete(sarif);
	buffer_release(&out);
	release(&s);
}

static void test_the_report_before_is_read_from_its_json(void **state)
{
	struct scene s;
	struct buffer out = BUFFER_INIT;
	struct run run = { 0 };
	(void)state;
	full_scene(&s);
	report_json(&out, make(&s));
	assert_ok(report_read_past(&run, slice_of(&out), "scrutiny.json"));
	assert_string_equal(run.previous, s.run.content_id);
	assert_int_equal(run.previous_date, s.run.date);
	assert_int_equal(run.nr_past, s.c.nr);
	for (size_t i = 0; i < run.nr_past; i++) {
		assert_string_equal(run.past[i].id, s.c.findings[i].id);
		assert_int_equal(run.past[i].nr_reviewers, s.c.findings[i].nr_voices);
	}
	assert_error(report_read_past(&run, text_slice("{\"format\":1}"), "scrutiny.json"),
		     ERROR_SYNTAX, "scrutiny.json: 'findings' is missing");
	assert_int_equal(run.nr_past, s.c.nr);
	run_release(&run);
	buffer_release(&out);
	release(&s);
}

/* -- the listing ---------------------------------------------------------------------------- */

static struct slice line_of(void *data, const struct finding *f)
{
	(void)f;
	return text_slice(data);
}

static void assert_listing(const char *line, size_t column, size_t end_column, const char *expected)
{
	struct scene s = { 0 };
	struct buffer out = BUFFER_INIT;

	s.run = make_run("p");
	place(add_rule(reviewer(&s, "builtin", "builtin"), "a-rule", SEVERITY_ERROR, "it is so",
		       "x", "p/m.tex", 1, 2),
	      28, column, end_column);
	report_text(&out, make(&s), false, line_of, (void *)(uintptr_t)line);
	const char *source = strchr(strchr(out.data, '\n') + 1, '\n') + 1;
	assert_string_equal(source, expected);
	buffer_release(&out);
	release(&s);
}

static void test_the_caret_stands_under_the_place(void **state)
{
	(void)state;
	assert_listing("  see \\cite{missing99}.", 13, 22, "      see \\cite{missing99}.\n"
							     "                ^^^^^^^^^\n");
	/* tabs are as wide as the terminal makes them, wide characters two columns */
	assert_listing("\t\ta\tb", 5, 6, "      a       b\n              ^\n");
	assert_listing("\xe8\xab\x96\xe6\x96\x87 x", 4, 5,
		       "      \xe8\xab\x96\xe6\x96\x87 x\n           ^\n");
	/* a column beyond the line, and a range that goes on in the next */
	assert_listing("ab", 9, 12, "      ab\n        ^\n");
	assert_listing("abcd", 3, 1, "      abcd\n        ^^\n");
	/* control bytes are shown, and counted as shown */
	assert_listing("a\x1b[b", 4, 5, "      a\\x1b[b\n            ^\n");
}

static void test_a_long_line_is_cut_around_the_place(void **state)
{
	struct buffer line = BUFFER_INIT;
	(void)state;
	for (int i = 0; i < 60; i++)
		buffer_addf(&line, "word%02d ", i);
	assert_listing(line.data, 211, 217,
		       "      \xe2\x80\xa6" " word25 word26 word27 word28 word29 word30 word31 "
		       "word32 word33 word34 word35 word36 word37 \xe2\x80\xa6\n"
		       "                                           ^^^^^^\n");
	buffer_release(&line);
}

static void test_the_listing_groups_by_file_and_keeps_the_unverified_apart(void **state)
{
	struct scene s;
	struct buffer out = BUFFER_INIT;
	static char line[] = "    with constant $L = 1.2$ in \\cite{missing99}";
	(void)state;
	full_scene(&s);
	report_text(&out, make(&s), true, line_of, line);
	assert_golden(&out, "full.txt");
	buffer_release(&out);
	release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_full_report_is_as_agreed),
		cmocka_unit_test(test_a_report_shows_what_models_think_of_the_paper),
		cmocka_unit_test(test_scores_are_relative_once_every_model_has_a_history),
		cmocka_unit_test(test_a_reviewer_that_says_it_twice_is_named_once),
		cmocka_unit_test(test_a_clean_report_is_short),
		cmocka_unit_test(test_a_report_without_reviewers_is_incomplete),
		cmocka_unit_test(test_hostile_words_stay_words),
		cmocka_unit_test(test_very_many_findings_are_counted_where_they_are_not_shown),
		cmocka_unit_test(test_the_report_before_is_read_from_its_json),
		cmocka_unit_test(test_the_caret_stands_under_the_place),
		cmocka_unit_test(test_a_long_line_is_cut_around_the_place),
		cmocka_unit_test(test_the_listing_groups_by_file_and_keeps_the_unverified_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
