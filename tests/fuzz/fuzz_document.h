/* Documents made of fuzzed bytes: every "file" is the input, or a part of it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "paper/document.h"

struct fuzz_input {
	const uint8_t *data;
	size_t size;
	const char *manuscript;
};

/* The manuscript is all of the bytes; other files are what follows the first form feed. */
static inline struct error *fuzz_read(void *data, const char *path, struct buffer *out)
{
	const struct fuzz_input *input = data;
	const uint8_t *part = input->data;
	size_t size = input->size;
	if (strcmp(path, input->manuscript) != 0 && size) {
		const uint8_t *mark = memchr(part, '\f', size);
		if (!mark)
			return error_new(ERROR_NOT_FOUND, "%s: no such file", path);
		size -= (size_t)(mark + 1 - part);
		part = mark + 1;
	}
	buffer_add(out, part, size);
	return NULL;
}

static inline bool fuzz_exists(void *data, const char *path)
{
	const struct fuzz_input *input = data;
	return !strcmp(path, input->manuscript) ||
	       (input->size && memchr(input->data, '\f', input->size) && strlen(path) < 20);
}

static inline void check(bool holds)
{
	if (!holds)
		abort();
}

static inline void fuzz_document(const uint8_t *data, size_t size, const char *path,
			  enum manuscript_kind kind)
{
	struct fuzz_input input = { data, size, path };
	struct document_source source = { fuzz_read, fuzz_exists, &input };
	struct document doc;
	struct error *err = document_read_from(&doc, &source, path, kind);
	if (err) {
		error_free(err);
		return;
	}
	size_t line, column, expected = 0;
	for (size_t i = 0; i < doc.nr_spans; i++) {
		const struct span *s = &doc.spans[i];
		check(s->text_start == expected);
		check(!memcmp(doc.text.data + s->text_start,
			      doc.files[s->file].bytes.data + s->start, s->len));
		expected += s->len;
	}
	check(expected == doc.text.len);
	for (size_t i = 0; i < doc.nr_items; i++) {
		const struct item *item = &doc.items[i];
		check(item->where.file < doc.nr_files && item->where.start <= item->where.end);
		check(item->where.end <= doc.files[item->where.file].bytes.len);
		check(item->text_start == (size_t)-1 || item->text_start < doc.text.len);
		if (i < 100)
			document_position(&doc, item->where, &line, &column);
	}
	for (size_t i = 0; i < doc.nr_sections; i++)
		check(doc.sections[i].text_start <= doc.text.len);
	document_release(&doc);
}
