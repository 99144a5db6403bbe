/* Cutting a paper into parts that fit, and the fence around each. */
#include "base_testing.h"

#include "base/memory.h"
#include "review/prompt.h"

/* A document of SECTIONS sections with WORDS words each, in short paragraphs. */
static struct document *make_document(size_t sections, size_t words)
{
	struct document *doc = xcalloc(1, sizeof(*doc));
	buffer_init(&doc->text, DOCUMENT_MAX_TEXT);
	doc->sections = xcalloc(sections + 1, sizeof(*doc->sections));
	for (size_t s = 0; s < sections; s++) {
		doc->sections[doc->nr_sections++] =
			(struct section){ .level = 1, .text_start = doc->text.len };
		buffer_addf(&doc->text, "\\section{Number %zu}\n", s);
		for (size_t w = 0; w < words; w++)
			buffer_addf(&doc->text, "word%zu%s", w, w % 40 == 39 ? ".\n\n" : " ");
		buffer_addstr(&doc->text, "\n");
	}
	return doc;
}

static void free_document(struct document *doc)
{
	buffer_release(&doc->text);
	free(doc->sections);
	free(doc);
}

static void test_a_short_paper_is_one_part(void **state)
{
	struct document *doc = make_document(2, 50);
	struct part_list parts;
	(void)state;
	prompt_split(&parts, &doc, 1, 100000);
	assert_int_equal(parts.nr, 1);
	assert_int_equal(parts.items[0].end, doc->text.len);
	part_list_release(&parts);
	free_document(doc);
}

static void test_parts_cover_all_text_fit_and_overlap(void **state)
{
	struct document *doc = make_document(1, 5000);
	struct part_list parts;
	(void)state;
	prompt_split(&parts, &doc, 1, 1000);
	assert_true(parts.nr > 3);
	assert_int_equal(parts.items[0].start, 0);
	assert_int_equal(parts.items[parts.nr - 1].end, doc->text.len);
	for (size_t i = 0; i < parts.nr; i++) {
		struct slice s = { doc->text.data + parts.items[i].start,
				   parts.items[i].end - parts.items[i].start };
		assert_true(model_estimate_tokens(s) <= 1000);
		if (i)
			assert_true(parts.items[i].start < parts.items[i - 1].end);
	}
	part_list_release(&parts);
	free_document(doc);
}

static void test_cuts_prefer_the_borders_of_sections(void **state)
{
	struct document *doc = make_document(6, 400);
	struct part_list parts;
	int64_t whole = model_estimate_tokens(slice_of(&doc->text));
	(void)state;
	prompt_split(&parts, &doc, 1, whole * 2 / 5);
	assert_true(parts.nr >= 2);
	for (size_t i = 1; i < parts.nr; i++) {
		bool at_section = false;
		for (size_t s = 0; s < doc->nr_sections; s++)
			at_section |= doc->sections[s].text_start == parts.items[i].start;
		assert_true(at_section);
	}
	part_list_release(&parts);
	free_document(doc);
}

static void test_a_character_is_never_cut(void **state)
{
	struct document doc = { .text = BUFFER_INIT };
	struct document *docs = &doc;
	struct part_list parts;
	(void)state;
	for (int i = 0; i < 20000; i++)
		buffer_addstr(&doc.text, "\xe2\x88\x80"); /* one line, no blank: FOR ALL */
	prompt_split(&parts, &docs, 1, 500);
	assert_true(parts.nr > 1);
	for (size_t i = 0; i < parts.nr; i++) {
		assert_int_equal(parts.items[i].start % 3, 0);
		assert_int_equal(parts.items[i].end % 3, 0);
	}
	part_list_release(&parts);
	buffer_release(&doc.text);
}

static void test_the_fence_depends_on_the_text_it_fences(void **state)
{
	struct document *doc = make_document(1, 30);
	struct part part = { doc, 0, doc->text.len };
	struct buffer first = BUFFER_INIT, again = BUFFER_INIT, other = BUFFER_INIT;
	(void)state;
	prompt_shared(&first, &part, 0, 1, "A title", NULL);
	prompt_shared(&again, &part, 0, 1, "A title", NULL);
	assert_string_equal(first.data, again.data);
	part.end -= 10;
	prompt_shared(&other, &part, 0, 1, "A title", NULL);
	const char *fence = strstr(first.data, "=== manuscript ");
	assert_non_null(fence);
	char *line = xmemdupz(fence, strcspn(fence, "\n"));
	assert_null(strstr(other.data, line));
	free(line);
	buffer_release(&first);
	buffer_release(&again);
	buffer_release(&other);
	free_document(doc);
}

static void test_a_small_context_leaves_room_for_the_answer(void **state)
{
	struct model model = { .context_tokens = 4096 };
	int64_t output;
	(void)state;
	int64_t part = prompt_part_tokens(&model, 500, &output);
	assert_int_equal(output, 1024);
	assert_true(part + output < 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_short_paper_is_one_part),
		cmocka_unit_test(test_parts_cover_all_text_fit_and_overlap),
		cmocka_unit_test(test_cuts_prefer_the_borders_of_sections),
		cmocka_unit_test(test_a_character_is_never_cut),
		cmocka_unit_test(test_the_fence_depends_on_the_text_it_fences),
		cmocka_unit_test(test_a_small_context_leaves_room_for_the_answer),
	};
	return cmocka_run_group_tests_name("review/prompt", tests, NULL, NULL);
}
