#include "review_testing.h"

#include "review/record_merge.h"

static struct record *sample_record(void)
{
	struct record *r = make_record("ollama/llama3.1", "llama");
	r->version = copy("llama3.1:8b-instruct");
	r->nr_requests = 1;
	r->requests = xcalloc(1, sizeof(*r->requests));
	r->requests[0] = copy("aa11");
	r->input_tokens = 18400;
	r->cost_usd = 0.0051;
	add_claim(r, SEVERITY_WARNING, "A \"quoted\" title", "because\nof \\this", "q\xc3\xa9",
		  "a b/caf\xc3\xa9.tex", 10, 20);
	add_claim(r, SEVERITY_NOTE, "No place", NULL, NULL, NULL, 0, 0);
	add_rule(r, "label-duplicate", SEVERITY_ERROR, "`x` again", "x", "100%/na\xffve\n.tex", 5,
		 6);
	return r;
}

static void test_a_record_reads_back_and_writes_the_same_bytes(void **state)
{
	struct record *r = sample_record(), back;
	struct buffer first = BUFFER_INIT, second = BUFFER_INIT;
	(void)state;
	record_write(&first, r);
	assert_valid(&first, "docs/formats/record.schema.json");
	assert_ok(record_parse(&back, slice_of(&first), "record"));
	assert_string_equal(back.findings.items[2].path, "100%/na\xffve\n.tex");
	assert_string_equal(back.findings.items[0].why, "because\nof \\this");
	assert_null(back.findings.items[1].path);
	assert_int_equal(back.output_tokens, -1);
	assert_true(back.cost_usd == 0.0051);
	record_write(&second, &back);
	assert_string_equal(first.data, second.data);
	record_release(&back);
	free_record(r);
	buffer_release(&first);
	buffer_release(&second);
}

static void test_a_record_says_which_tasks_it_answers_and_how_they_judged(void **state)
{
	struct record *r = sample_record(), back;
	struct buffer first = BUFFER_INIT, second = BUFFER_INIT;
	(void)state;
	record_add_task(r, "summary", "0123456789ab", "program");
	record_add_task(r, "clarity", NULL, "program");
	r->rubric = copy("theory");
	r->findings.items[0].location = copy("Lemma 2");
	remarks_add(&r->assessment.strengths, copy("Short"));
	assessment_add_score(&r->assessment, CRITERION_OVERALL, 6.5, copy("fair"));
	r->metadata = xcalloc(1, sizeof(*r->metadata));
	r->metadata->description = copy("It counts.");
	r->metadata->tags = xcalloc(1, sizeof(*r->metadata->tags));
	r->metadata->tags[r->metadata->nr_tags++] = (struct metadata_tag){ copy("counting"), true };
	record_write(&first, r);
	assert_valid(&first, "docs/formats/record.schema.json");
	assert_ok(record_parse(&back, slice_of(&first), "record"));
	assert_true(record_has_task(&back, "clarity"));
	assert_false(record_has_task(&back, "novelty"));
	assert_string_equal(back.tasks[0].version, "0123456789ab");
	assert_string_equal(back.assessment.strengths.items[0], "Short");
	assert_true(assessment_score(&back.assessment, CRITERION_OVERALL)->value == 6.5);
	assert_string_equal(back.findings.items[0].location, "Lemma 2");
	record_write(&second, &back);
	assert_string_equal(first.data, second.data);
	record_release(&back);
	free_record(r);
	buffer_release(&first);
	buffer_release(&second);
}

/* As git-scrutiny 0.1.0 wrote them. */
static void test_format_1_is_read_as_the_one_task_there_was(void **state)
{
	static const char old_record[] =
		"{\"format\": 1, \"reviewer\": \"ollama/x\", \"version\": null, \"family\": \"x\","
		"\"content_id\": \"aa\", \"date\": 5, \"requests\": [\"bb\"], \"input_tokens\": 1,"
		"\"output_tokens\": null, \"cost_usd\": 0, \"summary\": \"S\", \"findings\": []}";
	static const char old_reply[] =
		"{\"format\": 1, \"request\": \"bb\", \"reviewer\": \"ollama/x\", \"date\": 5,"
		"\"outcome\": \"ok\", \"served_model\": null, \"input_tokens\": 1,"
		"\"output_tokens\": 2, \"cached_tokens\": null, \"part\": 1, \"parts\": 1,"
		"\"attempts\": 1, \"repaired\": false, \"answer\": \"{}\"}";
	struct record r;
	struct reply reply;
	(void)state;
	assert_ok(record_parse(&r, text_slice(old_record), "record"));
	assert_true(record_has_task(&r, "review"));
	assert_true(assessment_is_empty(&r.assessment));
	record_release(&r);
	assert_ok(reply_parse(&reply, text_slice(old_reply), "reply"));
	assert_string_equal(reply.task, "review");
	assert_int_equal(reply.cache_write_tokens, -1);
	reply_release(&reply);
}

static void test_a_record_takes_over_what_an_older_one_has_besides(void **state)
{
	struct record *r = make_record("openai/x", "gpt"), *more = make_record("openai/x", "gpt");
	(void)state;
	r->requests = xcalloc(1, sizeof(char *));
	r->requests[r->nr_requests++] = copy("aa");
	record_add_task(r, "summary", "1", "program");
	assessment_add_score(&r->assessment, CRITERION_OVERALL, 4, NULL);
	assessment_add_score(&r->assessment, CRITERION_SOUNDNESS, 2, NULL);
	add_claim(r, SEVERITY_NOTE, "First", NULL, "q", NULL, 0, 0);
	r->input_tokens = more->input_tokens = 10;
	more->requests = xcalloc(2, sizeof(char *));
	more->requests[more->nr_requests++] = copy("bb");
	more->requests[more->nr_requests++] = copy("aa");
	record_add_task(more, "clarity", "2", "program");
	assessment_add_score(&more->assessment, CRITERION_OVERALL, 6, NULL);
	add_claim(more, SEVERITY_NOTE, "First", NULL, "q", NULL, 0, 0);
	add_claim(more, SEVERITY_NOTE, "Second", NULL, NULL, NULL, 0, 0);
	assert_false(record_covers(more, r));
	record_join(more, r);
	free(r);
	assert_int_equal(more->nr_tasks, 2);
	assert_int_equal(more->nr_requests, 2);
	assert_int_equal(more->findings.nr, 2);
	assert_true(assessment_score(&more->assessment, CRITERION_OVERALL)->value == 6);
	assert_true(assessment_score(&more->assessment, CRITERION_SOUNDNESS)->value == 2);
	free_record(more);
}

static void test_parts_of_a_paper_are_scored_by_their_mean(void **state)
{
	struct assessment a = { 0 };
	(void)state;
	assessment_add_score(&a, CRITERION_OVERALL, 6, copy("Sound so far."));
	assessment_add_score(&a, CRITERION_SOUNDNESS, 3, NULL);
	assessment_add_score(&a, CRITERION_OVERALL, 4, copy("The proof fails."));
	assessment_add_score(&a, CRITERION_OVERALL, 4, copy("The proof fails."));
	assert_false(assessment_add_score(&a, CRITERION_OVERALL, 11, copy("no score")));
	assessment_settle(&a);
	assert_int_equal(a.nr_scores, 2);
	assert_int_equal(a.scores[0].criterion, CRITERION_SOUNDNESS);
	assert_true(a.scores[1].value == 4.67);
	assert_string_equal(a.scores[1].reason, "Sound so far.\nThe proof fails.");
	assessment_release(&a);
}

static void test_a_record_covers_what_was_made_from_some_of_its_replies(void **state)
{
	struct record *whole = make_record("openai/x", "gpt"), *part = make_record("openai/x", "gpt");
	(void)state;
	whole->requests = xcalloc(2, sizeof(char *));
	whole->requests[whole->nr_requests++] = copy("aa");
	whole->requests[whole->nr_requests++] = copy("bb");
	record_add_task(whole, "summary", "1", "program");
	part->requests = xcalloc(1, sizeof(char *));
	part->requests[part->nr_requests++] = copy("bb");
	record_add_task(part, "summary", "1", "program");
	assert_true(record_covers(whole, part));
	assert_false(record_covers(part, whole));
	record_add_task(part, "novelty", "1", "program");
	assert_false(record_covers(whole, part));
	free_record(whole);
	free_record(part);
}

static void test_a_reply_reads_back_even_with_bytes_json_cannot_hold(void **state)
{
	struct reply r = { 0 }, back;
	struct buffer first = BUFFER_INIT, second = BUFFER_INIT;
	(void)state;
	r.request = copy("bb22");
	r.reviewer = copy("openai/x");
	r.outcome = copy("invalid");
	r.answer = xmemdupz("no\0JSON\xff", 8);
	r.answer_len = 8;
	r.task = copy("clarity");
	r.input_tokens = 7;
	r.cache_write_tokens = 3;
	r.reasoning_tokens = -1;
	r.output_tokens = r.cached_tokens = -1;
	r.part = 2;
	r.parts = 3;
	r.attempts = 4;
	r.repaired = true;
	reply_write(&first, &r);
	assert_valid(&first, "docs/formats/reply.schema.json");
	assert_ok(reply_parse(&back, slice_of(&first), "reply"));
	assert_string_equal(back.answer, "no?JSON\xef\xbf\xbd");
	assert_null(back.served_model);
	assert_true(back.repaired);
	reply_write(&second, &back);
	assert_string_equal(first.data, second.data);
	reply_release(&r);
	reply_release(&back);
	buffer_release(&first);
	buffer_release(&second);
}

static void test_a_run_reads_back(void **state)
{
	struct run run = make_run("theory/fixed points"), back;
	struct buffer first = BUFFER_INIT, second = BUFFER_INIT;
	(void)state;
	run.nr_manuscripts = 1;
	run.manuscripts = xcalloc(1, sizeof(*run.manuscripts));
	run.manuscripts[0] = copy("theory/fixed points/pa\xe9per.tex");
	run.nr_reviewers = 1;
	run.reviewers = xcalloc(1, sizeof(*run.reviewers));
	run.reviewers[0].reviewer = copy("openai/x");
	run.reviewers[0].outcome = copy("failed");
	run.reviewers[0].message = copy("429");
	run.previous = copy("cc33");
	run.previous_date = 1795000000;
	run.nr_past = 1;
	run.past = xcalloc(1, sizeof(*run.past));
	run.past[0].id = copy("0123456789ab");
	run.past[0].title = copy("Old");
	run.past[0].severity = SEVERITY_ERROR;
	run.past[0].nr_reviewers = 1;
	run.past[0].reviewers = xcalloc(1, sizeof(char *));
	run.past[0].reviewers[0] = copy("builtin");
	run_write(&first, &run);
	assert_valid(&first, "docs/formats/run.schema.json");
	assert_ok(run_parse(&back, slice_of(&first), "run"));
	assert_string_equal(back.manuscripts[0], "theory/fixed points/pa\xe9per.tex");
	assert_string_equal(back.past[0].reviewers[0], "builtin");
	run_write(&second, &back);
	assert_string_equal(first.data, second.data);
	run_release(&run);
	run_release(&back);
	buffer_release(&first);
	buffer_release(&second);
}

/* Replaces WHAT by WITH in a good record and expects to be told. */
static void assert_refused(const char *what, const char *with, enum error_code code,
			   const char *message)
{
	struct record *r = sample_record(), back;
	struct buffer text = BUFFER_INIT;

	record_write(&text, r);
	char *hit = strstr(text.data, what);
	assert_non_null(hit);
	buffer_splice(&text, (size_t)(hit - text.data), strlen(what), with, strlen(with));
	assert_error(record_parse(&back, slice_of(&text), "record"), code, message);
	assert_null(back.reviewer);
	free_record(r);
	buffer_release(&text);
}

static void test_records_of_other_clones_are_not_trusted(void **state)
{
	(void)state;
	assert_refused("\"format\": 2", "\"format\": 3", ERROR_UNSUPPORTED,
		       "newer git scrutiny (format 3)");
	assert_refused("\"format\": 2", "\"format\": 0", ERROR_SYNTAX,
		       "there is no format 0");
	assert_refused("\"tasks\": [", "\"tasks\": [{\"name\": 3}", ERROR_SYNTAX, "tasks 1");
	assert_refused("\"scores\": [", "\"scores\": [{\"criterion\": \"charm\"}", ERROR_SYNTAX,
		       "cannot be 'charm'");
	assert_refused("\"scores\": [",
		       "\"scores\": [{\"criterion\": \"overall\", \"score\": 11, \"reason\": \"\"}",
		       ERROR_SYNTAX, "'score' is out of range");
	assert_refused("\"format\": 2,", "", ERROR_SYNTAX, "'format' is missing");
	assert_refused("\"reviewer\": \"ollama/llama3.1\"", "\"reviewer\": 7", ERROR_SYNTAX,
		       "'reviewer' is not a string");
	assert_refused("\"path\": \"a b/", "\"path\": \"../", ERROR_SYNTAX,
		       "leads out of the repository");
	assert_refused("\"path\": \"a b/", "\"path\": \"/etc/", ERROR_SYNTAX,
		       "leads out of the repository");
	assert_refused("\"path\": \"a b/", "\"path\": \"a/%2E%2E/%2E%2E/", ERROR_SYNTAX,
		       "leads out");
	assert_refused("\"start\": 10", "\"start\": 30", ERROR_SYNTAX, "finding");
	assert_refused("\"line\": 1", "\"line\": -1", ERROR_SYNTAX, "'line' is out of range");
	assert_refused("\"line\": 1", "\"line\": 1e300", ERROR_SYNTAX, "'line'");
	assert_refused("\"severity\": \"warning\"", "\"severity\": \"fatal\"", ERROR_SYNTAX,
		       "cannot be 'fatal'");
	assert_refused("\"uncertain\": false", "\"uncertain\": 0", ERROR_SYNTAX,
		       "not true or false");
	assert_refused("\"confidence\": 0.8", "\"confidence\": 80", ERROR_SYNTAX, "out of range");
	assert_refused("\"aa11\"", "null", ERROR_SYNTAX, "an item of 'requests'");
	assert_refused("\"findings\": [", "\"findings\": [3,", ERROR_SYNTAX, "finding");
}

static void test_every_reviewer_has_a_file_name_of_its_own(void **state)
{
	static const char *const reviewers[] = { "ollama/llama3.1", "ollama/llama3_1",
						 "ollama_llama3.1", "OLLAMA/llama3.1",
						 "a/../../b",       ".hidden/x" };
	struct buffer names[ARRAY_SIZE(reviewers)], builtin = BUFFER_INIT;
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(reviewers); i++) {
		buffer_init(&names[i], 1000);
		record_name(&names[i], reviewers[i], "1");
		assert_null(strchr(names[i].data, '/'));
		assert_true(names[i].data[0] != '.');
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(strcasecmp(names[i].data, names[j].data), 0);
	}
	assert_memory_equal(names[0].data, "ollama_llama3.1-", 16);
	record_name(&builtin, "builtin", "1");
	assert_string_equal(builtin.data, "builtin-1.json");
	for (size_t i = 0; i < ARRAY_SIZE(reviewers); i++)
		buffer_release(&names[i]);
	buffer_release(&builtin);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_record_reads_back_and_writes_the_same_bytes),
		cmocka_unit_test(test_a_record_says_which_tasks_it_answers_and_how_they_judged),
		cmocka_unit_test(test_format_1_is_read_as_the_one_task_there_was),
		cmocka_unit_test(test_a_record_takes_over_what_an_older_one_has_besides),
		cmocka_unit_test(test_parts_of_a_paper_are_scored_by_their_mean),
		cmocka_unit_test(test_a_record_covers_what_was_made_from_some_of_its_replies),
		cmocka_unit_test(test_a_reply_reads_back_even_with_bytes_json_cannot_hold),
		cmocka_unit_test(test_a_run_reads_back),
		cmocka_unit_test(test_records_of_other_clones_are_not_trusted),
		cmocka_unit_test(test_every_reviewer_has_a_file_name_of_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
