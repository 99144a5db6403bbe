#include "review_testing.h"

#include "review/metadata.h"

static struct vocabulary *vocabulary(const char *const *files, size_t nr)
{
	struct vocabulary *v = vocabulary_new();
	for (size_t i = 0; i < nr; i++)
		vocabulary_add(v, text_slice(files[i]));
	return v;
}

static void test_the_spelling_used_most_is_the_tag(void **state)
{
	static const char *const files[] = { "tags: [Graph-Theory, tilings]\n",
					     "tags:\n  - graph theory\n",
					     "title: x\ntags: [graph theory, 'Tilings']\n",
					     "tags: none\n", "tags: [a\n" };
	struct vocabulary *v = vocabulary(files, ARRAY_SIZE(files));
	(void)state;
	assert_string_equal(vocabulary_find(v, "GRAPH_theory"), "graph theory");
	assert_string_equal(vocabulary_find(v, "tilings"), "Tilings"); /* used as often: by bytes */
	assert_null(vocabulary_find(v, "none"));
	assert_null(vocabulary_find(NULL, "tilings"));
	vocabulary_free(v);
}

static void test_the_question_shows_little_of_the_paper_and_the_tags_most_used_first(void **state)
{
	static const char *const files[] = { "tags: [rare, common]\n", "tags: [common]\n" };
	struct vocabulary *v = vocabulary(files, ARRAY_SIZE(files));
	struct document doc, *docs[] = { &doc };
	struct buffer out = BUFFER_INIT, text = BUFFER_INIT;
	(void)state;
	for (size_t i = 0; i < 5000; i++)
		buffer_addstr(&text, "All cells fire. ");
	buffer_addstr(&text, "=== end of manuscript 0123456789abcdef ===\n");
	make_document(&doc, "p/main.tex", text.data);
	doc.title = copy("On\ncells");
	doc.abstract = copy("They fire.");
	metadata_excerpt(&out, docs, 1);
	assert_true(out.len < 5000);
	assert_non_null(strstr(out.data, "Title: On cells\nAbstract: They fire.\nBeginning:\nAll cells"));
	buffer_reset(&out);
	metadata_words(&out, "Describe it.\n", v);
	const char *common = strstr(out.data, "\n- common\n"), *rare = strstr(out.data, "\n- rare\n");
	assert_true(common && rare && common < rare);
	vocabulary_free(v);
	document_release(&doc);
	buffer_release(&out);
	buffer_release(&text);
}

static void test_an_answer_is_cleaned_and_its_tags_are_those_in_use(void **state)
{
	static const char *const files[] = { "tags: [graph theory]\n" };
	struct vocabulary *v = vocabulary(files, 1);
	struct metadata m;
	(void)state;
	assert_ok(metadata_parse(&m, text_slice("{\"description\": \" It counts\\n tilings. \", "
						"\"tags\": [\"Graph-Theory\", \"#tilings\", \"Tilings\", "
						"\"\", 7, \"a tag that is so long that it must be a "
						"sentence about the whole of the result\"], "
						"\"scope\": \"\"}"),
				 "lab/a", v));
	assert_string_equal(m.description, "It counts tilings.");
	assert_null(m.scope);
	assert_int_equal(m.nr_tags, 2);
	assert_string_equal(m.tags[0].name, "graph theory");
	assert_false(m.tags[0].is_new);
	assert_string_equal(m.tags[1].name, "tilings");
	assert_true(m.tags[1].is_new);
	metadata_release(&m);
	vocabulary_free(v);
}

static void test_a_long_description_ends_with_a_whole_sentence(void **state)
{
	struct buffer answer = BUFFER_INIT;
	struct metadata m;
	(void)state;
	buffer_addstr(&answer, "{\"tags\": [], \"scope\": \"s\", \"description\": \"First one. ");
	for (size_t i = 0; i < 200; i++)
		buffer_addstr(&answer, "word ");
	buffer_addstr(&answer, "\"}");
	assert_ok(metadata_parse(&m, slice_of(&answer), "lab/a", NULL));
	assert_string_equal(m.description, "First one.");
	metadata_release(&m);
	buffer_release(&answer);
}

static void test_answers_of_another_form_are_refused(void **state)
{
	static const char *const answers[] = { "[]", "{}", "{\"description\": 1, \"tags\": [], \"scope\": \"\"}",
					       "{\"description\": \"\", \"tags\": \"x\", \"scope\": \"\"}",
					       "no" };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		struct metadata m;
		struct error *err = metadata_parse(&m, text_slice(answers[i]), "lab/a", NULL);
		assert_non_null(err);
		error_free(err);
		metadata_release(&m);
	}
}

/* DESCRIPTION and up to four tags; those with a "+" in front are new. */
static struct metadata make(const char *description, const char *const tags[4])
{
	struct metadata m = { .description = copy(description), .tags = xcalloc(4, sizeof(*m.tags)) };
	for (size_t i = 0; i < 4 && tags[i]; i++)
		m.tags[m.nr_tags++] = (struct metadata_tag){ copy(tags[i] + (*tags[i] == '+')),
							     *tags[i] == '+' };
	return m;
}

static void join_tags(struct buffer *out, const struct metadata *m)
{
	for (size_t i = 0; i < m->nr_tags; i++)
		buffer_addf(out, "%s%s%s", i ? ", " : "", m->tags[i].is_new ? "+" : "", m->tags[i].name);
}

/* In all orders of three voices. */
static void assert_merged(const struct metadata *m, const char *const *families,
			  const char *description, const char *tags)
{
	static const size_t orders[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
					    { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
	static const char *const names[] = { "lab/a", "lab/b", "lab/c" };

	for (size_t o = 0; o < ARRAY_SIZE(orders); o++) {
		struct metadata_voice voices[3];
		struct metadata merged;
		struct buffer joined = BUFFER_INIT;
		for (size_t i = 0; i < 3; i++)
			voices[i] = (struct metadata_voice){ names[orders[o][i]], families[orders[o][i]],
							     &m[orders[o][i]] };
		metadata_merge(&merged, voices, 3);
		join_tags(&joined, &merged);
		assert_string_equal(joined.data, tags);
		assert_string_equal(merged.description, description);
		buffer_release(&joined);
		metadata_release(&merged);
	}
}

static void test_families_vote_on_tags_and_the_description_others_agree_with_wins(void **state)
{
	static const char *const tags[][4] = { { "graphs", "+mine", "Tilings", NULL },
					       { "graphs", "tilings", "+Ours", NULL },
					       { "other", "+ours", NULL } };
	static const char *const families[] = { "gpt", "claude", "llama" };
	struct metadata m[] = { make("It counts the tilings of a square.", tags[0]),
				make("It counts all tilings of the square.", tags[1]),
				make("Something about combinatorics.", tags[2]) };
	(void)state;
	assert_merged(m, families, "It counts the tilings of a square.", "graphs, Tilings, +Ours");
	for (size_t i = 0; i < 3; i++)
		metadata_release(&m[i]);
}

static void test_two_models_of_one_family_have_one_vote(void **state)
{
	static const char *const tags[][4] = { { "+a", "x", NULL }, { "+a", "x", NULL }, { "+b", "y", NULL } };
	static const char *const families[] = { "gpt", "gpt", "llama" };
	struct metadata m[] = { make("One thing.", tags[0]), make("One thing.", tags[1]),
				make("Quite another.", tags[2]) };
	(void)state;
	assert_merged(m, families, "One thing.", "x, y");
	for (size_t i = 0; i < 3; i++)
		metadata_release(&m[i]);
}

static void test_a_single_answer_is_taken_as_it_is(void **state)
{
	static const char *const tags[4] = { "+b", "+a", "c", NULL };
	struct metadata m = make("It counts.", tags), merged;
	struct metadata_voice voice = { "lab/a", "gpt", &m };
	struct buffer joined = BUFFER_INIT;
	(void)state;
	metadata_merge(&merged, &voice, 1);
	join_tags(&joined, &merged);
	assert_string_equal(joined.data, "c, +a, +b");
	metadata_release(&merged);
	metadata_merge(&merged, NULL, 0);
	assert_true(metadata_is_empty(&merged));
	metadata_release(&merged);
	metadata_release(&m);
	buffer_release(&joined);
}

static void test_what_is_stored_is_read_back(void **state)
{
	static const char *const tags[4] = { "+b", "c d", NULL };
	struct metadata m = make("It counts.", tags), *again;
	struct buffer json = BUFFER_INIT;
	struct json_writer w;
	cJSON *root;
	(void)state;
	json_writer_init(&w, &json, false);
	json_begin_object(&w);
	metadata_put(&w, &m);
	json_end_object(&w);
	assert_ok(json_parse(&root, slice_of(&json), "record"));
	assert_ok(metadata_get(root, "record", &again));
	assert_string_equal(again->description, m.description);
	assert_null(again->scope);
	assert_int_equal(again->nr_tags, 2);
	assert_true(again->tags[0].is_new);
	metadata_free(again);
	cJSON_Delete(root);
	metadata_release(&m);
	buffer_release(&json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_spelling_used_most_is_the_tag),
		cmocka_unit_test(
			test_the_question_shows_little_of_the_paper_and_the_tags_most_used_first),
		cmocka_unit_test(test_an_answer_is_cleaned_and_its_tags_are_those_in_use),
		cmocka_unit_test(test_a_long_description_ends_with_a_whole_sentence),
		cmocka_unit_test(test_answers_of_another_form_are_refused),
		cmocka_unit_test(test_families_vote_on_tags_and_the_description_others_agree_with_wins),
		cmocka_unit_test(test_two_models_of_one_family_have_one_vote),
		cmocka_unit_test(test_a_single_answer_is_taken_as_it_is),
		cmocka_unit_test(test_what_is_stored_is_read_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
