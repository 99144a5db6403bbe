#include "paper_testing.h"

static void test_position_counts_lines_and_characters_from_one(void **state)
{
	struct document doc;
	size_t line, column;
	(void)state;
	read_tex(&doc, "one\r\nn\xc3\xa4h \\label{x}\n\xff\xfe \\label{y}\n");
	document_position(&doc, item_of(&doc, ITEM_LABEL, 0)->where, &line, &column);
	assert_int_equal(line, 2);
	assert_int_equal(column, 12);
	document_position(&doc, item_of(&doc, ITEM_LABEL, 1)->where, &line, &column);
	assert_int_equal(line, 3);
	assert_int_equal(column, 11);
	struct slice s = document_line(&doc, item_of(&doc, ITEM_LABEL, 0)->where);
	assert_true(slice_equals(s, "n\xc3\xa4h \\label{x}"));
	document_position(&doc, (struct location){ 0, 1000, 1000 }, &line, &column);
	assert_int_equal(line, 4);
	document_release(&doc);
}

static void test_a_range_over_a_cut_comes_back_whole(void **state)
{
	struct document doc;
	(void)state;
	read_tex(&doc, "alpha % secret\nbeta\n");
	assert_string_equal(doc.text.data, "alpha \nbeta\n");
	struct location where = document_locate(&doc, 0, doc.text.len);
	assert_int_equal(where.start, 0);
	assert_int_equal(where.end, 20);
	document_release(&doc);
}

static void test_a_range_over_an_input_stays_in_its_file(void **state)
{
	static const struct memory_file files[] = {
		{ "p/main.tex", "Before. \\input{part} After.\n" },
		{ "p/part.tex", "Inside." },
		{ NULL, NULL },
	};
	struct document doc;
	(void)state;
	read_files(&doc, files, MANUSCRIPT_TEX);
	assert_string_equal(doc.text.data, "Before. Inside. After.\n");
	struct location inside = document_locate(&doc, 8, 15);
	assert_string_equal(doc.files[inside.file].path, "p/part.tex");
	assert_int_equal(inside.start, 0);
	assert_int_equal(inside.end, 7);
	struct location across = document_locate(&doc, 10, doc.text.len);
	assert_int_equal(across.file, inside.file);
	assert_int_equal(across.end, 7);
	struct location around = document_locate(&doc, 0, doc.text.len);
	assert_int_equal(around.file, 0);
	assert_int_equal(around.end, 28);
	document_release(&doc);
}

static void test_what_cannot_be_read_is_an_error(void **state)
{
	static const struct memory_file files[] = { { "x.tex", "x" }, { NULL, NULL } };
	struct document_source source = { memory_read, memory_exists, (void *)(uintptr_t)files };
	struct document doc;
	(void)state;
	struct error *err = document_read_from(&doc, &source, "none.tex", MANUSCRIPT_TEX);
	assert_true(error_drop_if(&err, ERROR_NOT_FOUND));
	err = document_read_from(&doc, &source, "x.pdf", MANUSCRIPT_PDF);
	assert_true(error_is(err, ERROR_UNSUPPORTED));
	assert_string_equal(err->message, "x.pdf: not readable yet");
	error_free(err);
}

static struct error *read_binary(void *data, const char *path, struct buffer *out)
{
	(void)data;
	(void)path;
	buffer_add(out, "\\input\0\1\2", 9);
	return NULL;
}

static void test_binary_bytes_are_no_manuscript(void **state)
{
	struct document_source source = { read_binary, NULL, NULL };
	struct document doc;
	(void)state;
	struct error *err = document_read_from(&doc, &source, "garbage.tex", MANUSCRIPT_TEX);
	assert_true(error_is(err, ERROR_UNSUPPORTED));
	assert_string_equal(err->message, "garbage.tex is not a text file and was not read");
	error_free(err);
}

static struct error *read_huge(void *data, const char *path, struct buffer *out)
{
	static const char block[65536] = { 'x' };
	(void)data;
	(void)path;
	for (size_t i = 0; i <= DOCUMENT_MAX_FILE / sizeof(block); i++)
		buffer_add(out, block, sizeof(block));
	return NULL;
}

static void test_a_huge_file_is_refused_in_one_sentence(void **state)
{
	struct document_source source = { read_huge, NULL, NULL };
	struct document doc;
	(void)state;
	struct error *err = document_read_from(&doc, &source, "huge.tex", MANUSCRIPT_TEX);
	assert_true(error_is(err, ERROR_UNSUPPORTED));
	assert_string_equal(err->message,
			    "huge.tex is larger than 16777216 bytes and was not read");
	error_free(err);
}

static void test_characters_that_are_not_seen_are_items(void **state)
{
	struct document doc;
	(void)state;
	/* two zero-width spaces; tag characters that spell "hi"; a flag emoji and one joiner are
	 * fine */
	read_tex(&doc, "a\xe2\x80\x8b\xe2\x80\x8b"
		       "b\n"
		       "c\xf3\xa0\x81\xa8\xf3\xa0\x81\xa9"
		       "d\n"
		       "\xf0\x9f\x8f\xb4\xf3\xa0\x81\xa7\xf3\xa0\x81\xbf e\xe2\x80\x8d"
		       "f\n");
	assert_string_equal(item_of(&doc, ITEM_HIDDEN, 0)->extra, "zero-width characters");
	assert_string_equal(item_of(&doc, ITEM_HIDDEN, 1)->key, "hi");
	assert_string_equal(item_of(&doc, ITEM_HIDDEN, 1)->extra, "invisible tag characters");
	assert_null(item_of(&doc, ITEM_HIDDEN, 2));
	assert_memory_equal(doc.text.data, "ab\ncd\n", 6);
	document_release(&doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_position_counts_lines_and_characters_from_one),
		cmocka_unit_test(test_a_range_over_a_cut_comes_back_whole),
		cmocka_unit_test(test_a_range_over_an_input_stays_in_its_file),
		cmocka_unit_test(test_what_cannot_be_read_is_an_error),
		cmocka_unit_test(test_binary_bytes_are_no_manuscript),
		cmocka_unit_test(test_a_huge_file_is_refused_in_one_sentence),
		cmocka_unit_test(test_characters_that_are_not_seen_are_items),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
