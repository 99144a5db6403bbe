/* Documents from files in memory, and looking things up in them. */
#ifndef PAPER_TESTING_H
#define PAPER_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"
#include "paper/document.h"

struct memory_file {
	const char *path;
	const char *bytes;
};

/* A list that ends with path NULL. */
static inline const struct memory_file *memory_find(const struct memory_file *files,
						    const char *path)
{
	for (; files && files->path; files++)
		if (!strcmp(files->path, path))
			return files;
	return NULL;
}

static inline struct error *memory_read(void *data, const char *path, struct buffer *out)
{
	const struct memory_file *file = memory_find(data, path);
	if (!file)
		return error_new(ERROR_NOT_FOUND, "%s: no such file", path);
	buffer_addstr(out, file->bytes);
	return NULL;
}

static inline bool memory_exists(void *data, const char *path)
{
	return memory_find(data, path) != NULL;
}

/* Spans must show the very bytes that the text shows; places must go there and back. */
static inline void check_map(struct document *doc)
{
	size_t expected = 0;
	for (size_t i = 0; i < doc->nr_spans; i++) {
		const struct span *s = &doc->spans[i];
		assert_int_equal(s->text_start, expected);
		assert_memory_equal(doc->text.data + s->text_start,
				    doc->files[s->file].bytes.data + s->start, s->len);
		expected += s->len;
		struct location where = document_locate(doc, s->text_start, s->text_start + s->len);
		assert_int_equal(where.file, s->file);
		assert_int_equal(where.start, s->start);
		assert_int_equal(where.end, s->start + s->len);
	}
	assert_int_equal(expected, doc->text.len);
	for (size_t i = 0; i < doc->nr_items; i++) {
		const struct item *item = &doc->items[i];
		assert_true(item->where.file < doc->nr_files);
		assert_true(item->where.start <= item->where.end);
		assert_true(item->where.end <= doc->files[item->where.file].bytes.len);
		assert_true(item->text_start == (size_t)-1 || item->text_start < doc->text.len);
	}
}

static inline void read_files(struct document *doc, const struct memory_file *files,
			      enum manuscript_kind kind)
{
	struct document_source source = { memory_read, memory_exists, (void *)(uintptr_t)files };
	struct error *err = document_read_from(doc, &source, files[0].path, kind);
	if (err)
		print_message("%s\n", err->message);
	assert_null(err);
	check_map(doc);
}

static inline void read_tex(struct document *doc, const char *text)
{
	struct memory_file files[] = { { "main.tex", text }, { NULL, NULL } };
	read_files(doc, files, MANUSCRIPT_TEX);
}

static inline void read_markdown(struct document *doc, const char *text)
{
	struct memory_file files[] = { { "paper.md", text }, { NULL, NULL } };
	read_files(doc, files, MANUSCRIPT_MARKDOWN);
}

/* The keys of all items of KIND, joined by spaces; uncertain ones with a question mark, ones from
 * macros with an asterisk, conditional ones with a plus sign. Caller frees. */
static inline char *keys_of(const struct document *doc, enum item_kind kind)
{
	struct buffer out = BUFFER_INIT;
	for (size_t i = 0; i < doc->nr_items; i++) {
		const struct item *item = &doc->items[i];
		if (item->kind != kind)
			continue;
		if (out.len)
			buffer_addch(&out, ' ');
		buffer_addf(&out, "%s%s%s%s", item->key, item->from_macro ? "*" : "",
			    item->uncertain ? "?" : "", item->conditional ? "+" : "");
	}
	return buffer_detach(&out, NULL);
}

static inline void assert_keys(const struct document *doc, enum item_kind kind,
			       const char *expected)
{
	char *keys = keys_of(doc, kind);
	assert_string_equal(keys, expected);
	free(keys);
}

/* Reads TEXT as a TeX manuscript and compares the keys of one kind. */
static inline void assert_tex_keys(const char *text, enum item_kind kind, const char *expected)
{
	struct document doc;
	read_tex(&doc, text);
	assert_keys(&doc, kind, expected);
	document_release(&doc);
}

static inline const struct item *item_of(const struct document *doc, enum item_kind kind, size_t n)
{
	for (size_t i = 0; i < doc->nr_items; i++)
		if (doc->items[i].kind == kind && !n--)
			return &doc->items[i];
	return NULL;
}

/* The bytes of the file at an item's place. */
static inline void assert_source(const struct document *doc, const struct item *item,
				 const char *expected)
{
	assert_non_null(item);
	const char *data = doc->files[item->where.file].bytes.data;
	char *bytes = xmemdupz(data + item->where.start, item->where.end - item->where.start);
	assert_string_equal(bytes, expected);
	free(bytes);
}

#endif
