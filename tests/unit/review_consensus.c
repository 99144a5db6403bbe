#include "review_testing.h"

#include "review/consensus.h"

#define MAX_RECORDS 6

struct scene {
	struct record *records[MAX_RECORDS];
	size_t nr;
	struct run run;
	struct consensus c;
};

static struct record *reviewer(struct scene *s, const char *name, const char *family)
{
	return s->records[s->nr++] = make_record(name, family);
}

static void make(struct scene *s)
{
	if (!s->run.paper)
		s->run = make_run("p");
	consensus_make(&s->c, (const struct record *const *)s->records, s->nr, &s->run);
}

static void release(struct scene *s)
{
	consensus_release(&s->c);
	for (size_t i = 0; i < s->nr; i++)
		free_record(s->records[i]);
	run_release(&s->run);
	memset(s, 0, sizeof(*s));
}

/* Every finding of every record is a voice of exactly one finding of the consensus. */
static void assert_nothing_lost(const struct scene *s)
{
	size_t total = 0, voices = 0;

	for (size_t i = 0; i < s->nr; i++) {
		for (size_t j = 0; j < s->records[i]->findings.nr; j++) {
			size_t seen = 0;
			for (size_t f = 0; f < s->c.nr; f++) {
				for (size_t v = 0; v < s->c.findings[f].nr_voices; v++)
					seen += s->c.findings[f].voices[v].finding ==
						&s->records[i]->findings.items[j];
			}
			assert_int_equal(seen, 1);
			total++;
		}
	}
	for (size_t f = 0; f < s->c.nr; f++)
		voices += s->c.findings[f].nr_voices;
	assert_int_equal(voices, total);
	assert_int_equal(s->c.nr_voices, total);
}

#define QUOTE_A "the rate is 0.35 per second in all cells"
#define QUOTE_B "the rate is 0.35 per second"

static void test_two_families_on_the_same_words_verify_each_other(void **state)
{
	struct scene s = { 0 };
	(void)state;
	add_claim(reviewer(&s, "ollama/llama3.1", "llama"), SEVERITY_NOTE, "Wrong rate",
		  "it is 0.53", QUOTE_A, "p/main.tex", 100, 140);
	add_claim(reviewer(&s, "openai/gpt", "gpt"), SEVERITY_ERROR, "Rate contradicts table",
		  "table says 0.53", QUOTE_B, "p/main.tex", 100, 127);
	reviewer(&s, "anthropic/claude", "claude");
	make(&s);
	assert_int_equal(s.c.nr, 1);
	const struct consensus_finding *f = &s.c.findings[0];
	assert_int_equal(f->bucket, BUCKET_VERIFIED);
	assert_int_equal(f->severity, SEVERITY_ERROR); /* the higher of two middle ones */
	assert_int_equal(f->nr_families, 2);
	assert_string_equal(f->families[0], "gpt");
	assert_int_equal(f->nr_silent, 1);
	assert_string_equal(f->silent[0], "anthropic/claude");
	assert_string_equal(f->lead.title, "Rate contradicts table");
	assert_int_equal(s.c.counts[SEVERITY_ERROR], 1);
	assert_nothing_lost(&s);
	release(&s);
}

static void test_what_rests_on_a_number_that_is_not_there_verifies_nothing(void **state)
{
	struct scene s = { 0 };
	(void)state;
	struct finding *made_up = add_claim(reviewer(&s, "ollama/llama3.1", "llama"), SEVERITY_ERROR, "Wrong rate",
					    "it is 0.83", QUOTE_A, "p/main.tex", 100, 140);
	made_up->unsupported = copy("0.83");
	make(&s);
	assert_int_equal(s.c.findings[0].bucket, BUCKET_UNVERIFIED);
	assert_string_equal(s.c.findings[0].lead.unsupported, "0.83");
	consensus_release(&s.c);
	add_claim(reviewer(&s, "openai/gpt", "gpt"), SEVERITY_NOTE, "Rate contradicts table", "table says 0.53", QUOTE_B,
		  "p/main.tex", 100, 127);
	make(&s);
	assert_int_equal(s.c.findings[0].bucket, BUCKET_PLAUSIBLE);
	assert_string_equal(s.c.findings[0].lead.title, "Rate contradicts table");
	assert_nothing_lost(&s);
	release(&s);
}

static void test_two_models_of_one_family_are_one_vote(void **state)
{
	struct scene s = { 0 };
	(void)state;
	add_claim(reviewer(&s, "openai/gpt-a", "gpt"), SEVERITY_ERROR, "Wrong rate", "", QUOTE_A,
		  "p/main.tex", 100, 140);
	add_claim(reviewer(&s, "openai/gpt-b", "gpt"), SEVERITY_ERROR, "Wrong rate", "", QUOTE_A,
		  "p/main.tex", 100, 140);
	make(&s);
	assert_int_equal(s.c.nr, 1);
	assert_int_equal(s.c.findings[0].bucket, BUCKET_PLAUSIBLE);
	release(&s);
}

static void test_different_remarks_on_the_same_words_do_not_confirm_each_other(void **state)
{
	struct scene s = { 0 };
	(void)state;
	add_claim(reviewer(&s, "a", "llama"), SEVERITY_ERROR, "Improvement without error bars",
		  "one run may account for the difference", QUOTE_A, "p/main.tex", 100, 140);
	add_claim(reviewer(&s, "b", "gpt"), SEVERITY_NOTE, "Symbol used before its definition",
		  "lambda appears here for the first time", QUOTE_A, "p/main.tex", 100, 140);
	make(&s);
	assert_int_equal(s.c.nr, 2);
	assert_int_equal(s.c.findings[0].bucket, BUCKET_PLAUSIBLE);
	assert_nothing_lost(&s);
	release(&s);
}

static void test_the_same_title_on_the_same_words_is_the_same_remark(void **state)
{
	struct scene s = { 0 };
	(void)state;
	add_claim(reviewer(&s, "a", "llama"), SEVERITY_ERROR, "Improvement without error bars",
		  "one run may account for it, who knows, and nobody repeated anything", QUOTE_A,
		  "p/main.tex", 100, 140);
	add_claim(reviewer(&s, "b", "gpt"), SEVERITY_NOTE, "No error bars on the improvement",
		  "seeds are not given; variance between them tends to be large here", QUOTE_A,
		  "p/main.tex", 100, 140);
	make(&s);
	assert_int_equal(s.c.nr, 1);
	release(&s);
}

static void test_the_same_words_elsewhere_are_another_finding(void **state)
{
	struct scene s = { 0 };
	(void)state;
	struct record *r = reviewer(&s, "a", "llama"), *q = reviewer(&s, "b", "gpt");
	add_claim(r, SEVERITY_NOTE, "Wrong rate", "", QUOTE_A, "p/main.tex", 100, 140);
	add_claim(q, SEVERITY_NOTE, "Wrong rate", "", QUOTE_A, "p/main.tex", 140, 180);
	add_claim(q, SEVERITY_NOTE, "Wrong rate", "", QUOTE_A, "p/other.tex", 100, 140);
	make(&s);
	assert_int_equal(s.c.nr, 3);
	assert_nothing_lost(&s);
	release(&s);
}

static void test_a_rule_takes_in_the_claim_that_names_its_subject_only(void **state)
{
	struct scene s = { 0 };
	(void)state;
	struct record *builtin = reviewer(&s, "builtin", "builtin"),
		      *r = reviewer(&s, "a", "llama");
	add_rule(builtin, "citation-undefined", SEVERITY_ERROR,
		 "`missing99` is cited but has no entry", "missing99", "p/main.tex", 110, 119);
	add_rule(builtin, "label-duplicate", SEVERITY_WARNING, "`eq` is defined again", "eq",
		 "p/main.tex", 112, 114);
	add_claim(r, SEVERITY_NOTE, "missing99 is not in the bibliography", "",
		  "as shown in \\cite{missing99} by all", "p/main.tex", 100, 136);
	add_claim(r, SEVERITY_NOTE, "Sign error", "the exponent should be positive",
		  "as shown in \\cite{missing99} by all", "p/main.tex", 105, 130);
	make(&s);
	assert_nothing_lost(&s);
	const struct consensus_finding *f = &s.c.findings[0];
	assert_string_equal(f->lead.rule, "citation-undefined");
	assert_int_equal(f->severity, SEVERITY_ERROR); /* a sure rule keeps its own */
	size_t rules = 0;
	for (size_t i = 0; i < s.c.nr; i++) {
		size_t in_cluster = 0;
		for (size_t v = 0; v < s.c.findings[i].nr_voices; v++)
			in_cluster += s.c.findings[i].voices[v].finding->rule != NULL;
		assert_true(in_cluster <= 1);
		rules += in_cluster;
	}
	assert_int_equal(rules, 2);
	release(&s);
}

static void test_what_is_not_in_the_paper_or_not_sure_is_unverified(void **state)
{
	struct scene s = { 0 };
	(void)state;
	add_claim(reviewer(&s, "a", "llama"), SEVERITY_ERROR, "Invented words", "",
		  "these words are nowhere at all", NULL, 0, 0);
	add_claim(reviewer(&s, "b", "gpt"), SEVERITY_ERROR, "Invented words", "",
		  "these words are nowhere at all", NULL, 0, 0);
	add_rule(reviewer(&s, "builtin", "builtin"), "reference-undefined", SEVERITY_ERROR,
		 "`x` may be undefined", "x", "p/main.tex", 1, 2)
		->uncertain = true;
	make(&s);
	assert_int_equal(s.c.nr, 2);
	assert_int_equal(s.c.nr_unverified, 2);
	assert_int_equal(s.c.counts[SEVERITY_ERROR], 0);
	assert_nothing_lost(&s);
	release(&s);
}

static void test_the_order_of_records_and_findings_does_not_matter(void **state)
{
	struct scene s = { 0 };
	struct consensus again;
	(void)state;
	struct record *a = reviewer(&s, "a", "llama"), *b = reviewer(&s, "b", "gpt"),
		      *c = reviewer(&s, "c", "claude");
	for (size_t i = 0; i < 60; i++) {
		struct record *r = i % 3 == 0 ? a : i % 3 == 1 ? b : c;
		char *title = xstrfmt("Finding about topic%zu and topic%zu", i % 7, i % 5);
		add_claim(r, (enum severity)(i % 3), title, "since words",
			  "some words of the paper here", "p/m.tex", (i * 37) % 200,
			  (i * 37) % 200 + 20);
		free(title);
	}
	make(&s);
	const struct record *other[] = { c, b, a };
	for (size_t i = 0; i < a->findings.nr / 2; i++) {
		struct finding *items = a->findings.items, swap = items[i];
		items[i] = items[a->findings.nr - 1 - i];
		items[a->findings.nr - 1 - i] = swap;
	}
	consensus_make(&again, other, 3, &s.run);
	assert_int_equal(s.c.nr, again.nr);
	for (size_t i = 0; i < again.nr; i++) {
		assert_string_equal(s.c.findings[i].id, again.findings[i].id);
		assert_int_equal(s.c.findings[i].nr_voices, again.findings[i].nr_voices);
		assert_string_equal(s.c.findings[i].lead.title, again.findings[i].lead.title);
		assert_string_equal(s.c.findings[i].voices[0].record->reviewer,
				    again.findings[i].voices[0].record->reviewer);
	}
	consensus_release(&again);
	release(&s);
}

/* -- from run to run ------------------------------------------------------------------------ */

static void remember(struct run *run, const struct consensus *c)
{
	run->previous = copy("earlier");
	run->previous_date = 1795000000;
	run->past = xcalloc(c->nr + 1, sizeof(*run->past));
	for (size_t i = 0; i < c->nr; i++) {
		const struct consensus_finding *f = &c->findings[i];
		struct past_finding *p = &run->past[run->nr_past++];
		p->id = copy(f->id);
		p->rule = copy(f->lead.rule);
		p->subject = copy(f->lead.subject);
		p->title = copy(f->lead.title);
		p->path = copy(f->lead.path);
		p->line = f->lead.line;
		p->quote = copy(f->lead.quote);
		p->severity = f->severity;
		p->nr_reviewers = f->nr_voices;
		p->reviewers = xcalloc(f->nr_voices, sizeof(char *));
		for (size_t v = 0; v < f->nr_voices; v++)
			p->reviewers[v] = copy(f->voices[v].record->reviewer);
	}
}

static void test_ids_stay_when_lines_move_and_the_paper_is_renamed(void **state)
{
	struct scene before = { 0 }, after = { 0 };
	(void)state;
	add_rule(reviewer(&before, "builtin", "builtin"), "label-duplicate", SEVERITY_ERROR,
		 "`a`; first at line 3", "a", "p/main.tex", 500, 501);
	add_claim(reviewer(&before, "x", "llama"), SEVERITY_NOTE, "Wrong rate", "", QUOTE_A,
		  "p/main.tex", 100, 140);
	make(&before);
	add_rule(reviewer(&after, "builtin", "builtin"), "label-duplicate", SEVERITY_ERROR,
		 "`a`; first at line 9", "a", "q/r/main.tex", 9500, 9501);
	add_claim(reviewer(&after, "x", "llama"), SEVERITY_NOTE, "The rate is off", "",
		  "the rate  is $0.35$ per second in all cells", "q/r/main.tex", 7000, 7040);
	after.run = make_run("q/r");
	make(&after);
	for (size_t i = 0; i < 2; i++)
		assert_string_equal(before.c.findings[i].id, after.c.findings[i].id);
	assert_int_equal(strspn(before.c.findings[0].id, "0123456789abcdef"), 12);
	release(&before);
	release(&after);
}

static void test_equal_findings_have_different_ids(void **state)
{
	struct scene s = { 0 };
	(void)state;
	struct record *r = reviewer(&s, "builtin", "builtin");
	for (size_t i = 0; i < 3; i++)
		add_rule(r, "citation-undefined", SEVERITY_ERROR, "t", "key", "p/main.tex", 10 * i,
			 10 * i + 3);
	make(&s);
	assert_int_equal(s.c.nr, 3);
	assert_string_not_equal(s.c.findings[0].id, s.c.findings[1].id);
	assert_string_not_equal(s.c.findings[1].id, s.c.findings[2].id);
	release(&s);
}

static void test_new_persisting_and_fixed_are_told_apart(void **state)
{
	struct scene before = { 0 }, after = { 0 };
	(void)state;
	struct record *b = reviewer(&before, "builtin", "builtin"),
		      *x = reviewer(&before, "x", "llama");
	add_rule(b, "citation-undefined", SEVERITY_ERROR, "t", "key", "p/main.tex", 10, 13);
	add_rule(b, "citation-undefined", SEVERITY_ERROR, "t", "key", "p/main.tex", 20, 23);
	add_rule(b, "label-duplicate", SEVERITY_ERROR, "t", "gone", "p/main.tex", 30, 33);
	add_claim(x, SEVERITY_NOTE, "The rate contradicts table 2", "", QUOTE_A, "p/main.tex", 100,
		  140);
	add_claim(x, SEVERITY_NOTE, "Unclear paragraph", "",
		  "what is meant by this whole paragraph", "p/main.tex", 300, 340);
	make(&before);

	b = reviewer(&after, "builtin", "builtin");
	x = reviewer(&after, "x", "llama");
	add_rule(b, "citation-undefined", SEVERITY_ERROR, "t", "key", "p/main.tex", 20,
		 23); /* one of two mended */
	add_rule(b, "figure-twice", SEVERITY_WARNING, "t", "fig.pdf", "p/main.tex", 50, 53);
	/* the sentence was touched up, the claim worded anew */
	add_claim(x, SEVERITY_WARNING, "Rate does not fit", "",
		  "the firing rate is 0.35 per second in all cells", "p/main.tex", 110, 160);
	after.run = make_run("p");
	remember(&after.run, &before.c);
	make(&after);
	assert_int_equal(after.c.nr, 3);
	assert_int_equal(after.c.nr_new, 1);
	assert_int_equal(after.c.nr_fixed, 3); /* key once, gone, unclear */
	assert_int_equal(after.c.nr_unchecked, 0);
	for (size_t i = 0; i < after.c.nr; i++) {
		const struct consensus_finding *f = &after.c.findings[i];
		bool is_new = f->lead.rule && !strcmp(f->lead.rule, "figure-twice");
		assert_int_equal(f->history, is_new ? HISTORY_NEW : HISTORY_PERSISTING);
		if (!f->lead.rule) {
			bool inherited = false;
			for (size_t j = 0; j < before.c.nr; j++)
				inherited |= !strcmp(before.c.findings[j].id, f->id);
			assert_true(inherited);
		}
	}
	release(&before);
	release(&after);
}

static void test_a_reviewer_that_failed_has_fixed_nothing(void **state)
{
	struct scene before = { 0 }, after = { 0 };
	(void)state;
	add_claim(reviewer(&before, "x", "llama"), SEVERITY_NOTE, "Wrong rate", "", QUOTE_A,
		  "p/main.tex", 100, 140);
	make(&before);
	reviewer(&after, "builtin", "builtin");
	after.run = make_run("p");
	remember(&after.run, &before.c);
	make(&after);
	assert_int_equal(after.c.nr_fixed, 0);
	assert_int_equal(after.c.nr_unchecked, 1);
	release(&before);
	release(&after);
}

static void test_a_hostile_past_gives_no_id_twice(void **state)
{
	struct scene s = { 0 };
	(void)state;
	struct record *r = reviewer(&s, "x", "llama");
	add_claim(r, SEVERITY_NOTE, "First of all", "", "the first of all these words",
		  "p/main.tex", 100, 140);
	add_claim(r, SEVERITY_NOTE, "Second of all", "", "the second of all the others",
		  "p/main.tex", 200, 240);
	s.run = make_run("p");
	s.run.nr_past = 3;
	s.run.past = xcalloc(3, sizeof(*s.run.past));
	for (size_t i = 0; i < 3; i++) {
		struct past_finding *p = &s.run.past[i];
		p->id = copy(i < 2 ? "aaaaaaaaaaaa" : "not-an-id\x1b[1m");
		p->title = copy("x");
		p->path = copy("p/main.tex");
		p->quote = copy(i == 0 ? "the first of all these words now"
				       : "the second of all the others now");
	}
	make(&s);
	assert_string_not_equal(s.c.findings[0].id, s.c.findings[1].id);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(strspn(s.c.findings[i].id, "0123456789abcdef"), 12);
	release(&s);
}

static void test_many_findings_on_the_same_words_are_bounded(void **state)
{
	struct scene s = { 0 };
	(void)state;
	struct record *r = reviewer(&s, "x", "llama");
	for (size_t i = 0; i < 3000; i++) {
		char *title = xstrfmt("t%zu u%zu v%zu", i, i * 7, i * 13),
		     *quote = xstrfmt("a%zu b%zu", i, i);
		add_claim(r, SEVERITY_NOTE, title, title, quote, i % 2 ? "p/main.tex" : NULL, 0,
			  1000);
		free(title);
		free(quote);
	}
	make(&s);
	assert_int_equal(s.c.nr_voices, 3000);
	assert_int_equal(s.c.nr, 3000);
	release(&s);
}

static void test_no_records_are_an_empty_consensus(void **state)
{
	struct scene s = { 0 };
	(void)state;
	make(&s);
	assert_int_equal(s.c.nr, 0);
	release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_families_on_the_same_words_verify_each_other),
		cmocka_unit_test(test_what_rests_on_a_number_that_is_not_there_verifies_nothing),
		cmocka_unit_test(test_two_models_of_one_family_are_one_vote),
		cmocka_unit_test(
			test_different_remarks_on_the_same_words_do_not_confirm_each_other),
		cmocka_unit_test(test_the_same_title_on_the_same_words_is_the_same_remark),
		cmocka_unit_test(test_the_same_words_elsewhere_are_another_finding),
		cmocka_unit_test(test_a_rule_takes_in_the_claim_that_names_its_subject_only),
		cmocka_unit_test(test_what_is_not_in_the_paper_or_not_sure_is_unverified),
		cmocka_unit_test(test_the_order_of_records_and_findings_does_not_matter),
		cmocka_unit_test(test_ids_stay_when_lines_move_and_the_paper_is_renamed),
		cmocka_unit_test(test_equal_findings_have_different_ids),
		cmocka_unit_test(test_new_persisting_and_fixed_are_told_apart),
		cmocka_unit_test(test_a_reviewer_that_failed_has_fixed_nothing),
		cmocka_unit_test(test_a_hostile_past_gives_no_id_twice),
		cmocka_unit_test(test_many_findings_on_the_same_words_are_bounded),
		cmocka_unit_test(test_no_records_are_an_empty_consensus),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
