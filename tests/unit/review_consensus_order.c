/*
 * The same reviews, in whatever order they come, give the same reports; and claims whose quote is not in the
 * paper find those that are about the same place.
 */
#include "review_testing.h"

#include "review/report.h"

#define SEEDS 60
#define MODELS 5
#define REMARKS 40

static unsigned next(unsigned *state, unsigned below)
{
	*state = *state * 1664525u + 1013904223u;
	return (*state >> 8) % below;
}

/* What REVIEWER says; equal remarks, equal places and equal titles are wanted. */
static struct record *make_remarks(unsigned reviewer)
{
	static const char *const families[] = { "llama", "gpt", "gpt", "claude", "qwen" };
	char *name = xstrfmt("lab/model-%u", reviewer);
	struct record *r = make_record(name, families[reviewer]);
	unsigned state = reviewer % 3; /* two pairs say much the same */

	free(name);
	for (unsigned i = 0; i < REMARKS; i++) {
		char *title = xstrfmt("Topic %u and %u", next(&state, 7), next(&state, 5)),
		     *why = xstrfmt("since word%u word%u", next(&state, 4), next(&state, 9)),
		     *quote = xstrfmt("some words of %u and %u others", next(&state, 6),
				      next(&state, 3));
		unsigned start = next(&state, 12) * 50;
		struct finding *f = add_claim(r, (enum severity)next(&state, 3), title, why, quote,
					      next(&state, 4) ? "p/main.tex" : NULL, start,
					      start + 60);
		f->confidence = next(&state, 4) / 4.0;
		if (next(&state, 5) == 0)
			f->grounding = GROUNDING_NONE;
		free(title);
		free(why);
		free(quote);
	}
	return r;
}

static void shuffle_findings(struct finding_list *list, unsigned *state)
{
	for (size_t i = list->nr; i > 1; i--) {
		size_t j = next(state, (unsigned)i);
		struct finding f = list->items[i - 1];
		list->items[i - 1] = list->items[j];
		list->items[j] = f;
	}
}

static int by_reviewer(const void *a, const void *b)
{
	const struct record *const *x = a, *const *y = b;
	return strcmp((*x)->reviewer, (*y)->reviewer);
}

static void report_both(struct buffer *out, struct record **records, const struct run *run)
{
	struct record *sorted[MODELS];
	struct consensus c;

	consensus_make(&c, (const struct record *const *)records, MODELS, run);
	memcpy(sorted, records, sizeof(sorted));
	qsort(sorted, MODELS, sizeof(*sorted), by_reviewer);
	struct report report = { run, (const struct record *const *)sorted, MODELS, &c };
	report_json(out, &report);
	report_markdown(out, &report);
	consensus_release(&c);
}

static void test_reports_do_not_depend_on_the_order_of_anything(void **state)
{
	struct record *records[MODELS];
	struct run run = make_run("p");
	struct buffer first = BUFFER_INIT, again = BUFFER_INIT;
	(void)state;
	for (unsigned i = 0; i < MODELS; i++)
		records[i] = make_remarks(i);
	report_both(&first, records, &run);
	for (unsigned seed = 1; seed <= SEEDS; seed++) {
		unsigned random = seed;
		for (size_t i = MODELS; i > 1; i--) {
			size_t j = next(&random, (unsigned)i);
			struct record *r = records[i - 1];
			records[i - 1] = records[j];
			records[j] = r;
		}
		for (size_t i = 0; i < MODELS; i++)
			shuffle_findings(&records[i]->findings, &random);
		buffer_reset(&again);
		report_both(&again, records, &run);
		assert_int_equal(again.len, first.len);
		assert_memory_equal(again.data, first.data, first.len);
	}
	for (unsigned i = 0; i < MODELS; i++)
		free_record(records[i]);
	buffer_release(&first);
	buffer_release(&again);
	run_release(&run);
}

static struct finding *claim_near(struct record *r, enum severity severity, const char *title,
				  size_t start, size_t end)
{
	struct finding *f = add_claim(r, severity, title, "the table says otherwise",
				      "the cells fire at a rate of nearly one per second",
				      "p/main.tex", start, end);
	f->grounding = GROUNDING_NONE;
	f->column = f->end_column = 0;
	return f;
}

static void test_a_claim_near_a_paragraph_joins_those_that_quote_it(void **state)
{
	struct record *records[] = { make_record("a", "llama"), make_record("b", "gpt"),
				     make_record("c", "claude") };
	struct run run = make_run("p");
	struct consensus c;
	(void)state;
	add_claim(records[0], SEVERITY_WARNING, "Rate contradicts table 2", "it says 0.53",
		  "the cells fire at a rate of 0.35 per second", "p/main.tex", 500, 543);
	claim_near(records[1], SEVERITY_ERROR, "The rate contradicts table 2", 200, 900);
	claim_near(records[2], SEVERITY_ERROR, "The rate contradicts table 2", 2000, 2900);
	consensus_make(&c, (const struct record *const *)records, ARRAY_SIZE(records), &run);
	assert_int_equal(c.nr, 2);
	assert_int_equal(c.findings[0].nr_voices, 2);
	assert_string_equal(c.findings[0].voices[0].record->reviewer, "a");
	/* only one of the two families quotes what is there */
	assert_int_equal(c.findings[0].bucket, BUCKET_PLAUSIBLE);
	assert_int_equal(c.findings[1].bucket, BUCKET_UNVERIFIED);
	consensus_release(&c);
	for (size_t i = 0; i < ARRAY_SIZE(records); i++)
		free_record(records[i]);
	run_release(&run);
}

/* One family; SEVERITIES of its voices, those from NR_GROUNDED on without a place. */
static enum severity severity_of_family(const enum severity *severities, size_t nr,
					size_t nr_grounded)
{
	struct record *r = make_record("a", "llama");
	const struct record *records[] = { r };
	struct run run = make_run("p");
	struct consensus c;

	for (size_t i = 0; i < nr; i++) {
		if (i < nr_grounded)
			add_claim(r, severities[i], "Rate contradicts table 2", "why",
				  "the cells fire at a rate of 0.35 per second", "p/main.tex", 500,
				  543);
		else
			claim_near(r, severities[i], "Rate contradicts table 2", 400, 600);
	}
	consensus_make(&c, records, 1, &run);
	assert_int_equal(c.nr, 1);
	enum severity severity = c.findings[0].severity;
	consensus_release(&c);
	free_record(r);
	run_release(&run);
	return severity;
}

static void test_the_severest_word_counts_only_about_words_that_are_there(void **state)
{
	static const enum severity grounded_note[] = { SEVERITY_NOTE, SEVERITY_ERROR };
	static const enum severity grounded_error[] = { SEVERITY_ERROR, SEVERITY_NOTE };
	static const enum severity invented[] = { SEVERITY_ERROR, SEVERITY_NOTE, SEVERITY_NOTE };
	(void)state;
	assert_int_equal(severity_of_family(grounded_note, 2, 1), SEVERITY_NOTE);
	assert_int_equal(severity_of_family(grounded_error, 2, 2), SEVERITY_ERROR);
	assert_int_equal(severity_of_family(invented, 3, 0), SEVERITY_NOTE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reports_do_not_depend_on_the_order_of_anything),
		cmocka_unit_test(test_a_claim_near_a_paragraph_joins_those_that_quote_it),
		cmocka_unit_test(test_the_severest_word_counts_only_about_words_that_are_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
