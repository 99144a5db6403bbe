#include "paper/document.h"

#include "base/memory.h"
#include "base/text.h"
#include "paper/reading.h"

void document_release(struct document *doc)
{
	for (size_t i = 0; i < doc->nr_files; i++) {
		free(doc->files[i].path);
		buffer_release(&doc->files[i].bytes);
		free(doc->files[i].lines);
	}
	for (size_t i = 0; i < doc->nr_sections; i++)
		free(doc->sections[i].title);
	for (size_t i = 0; i < doc->nr_items; i++) {
		free(doc->items[i].key);
		free(doc->items[i].extra);
		free(doc->items[i].path);
	}
	for (size_t i = 0; i < doc->nr_problems; i++)
		free(doc->problems[i].message);
	for (size_t i = 0; i < doc->nr_authors; i++)
		free(doc->authors[i]);
	free(doc->path);
	free(doc->files);
	buffer_release(&doc->text);
	free(doc->spans);
	free(doc->sections);
	free(doc->items);
	free(doc->problems);
	free(doc->title);
	free(doc->authors);
	free(doc->abstract);
	memset(doc, 0, sizeof(*doc));
	buffer_init(&doc->text, DOCUMENT_MAX_TEXT);
}

static struct error *load_manuscript(struct reading *r, const char *path)
{
	uint32_t file;
	struct location nowhere = { 0, 0, 0 };
	if (reading_load(r, path, nowhere, &file))
		return NULL;
	struct document *doc = r->doc;
	if (doc->nr_problems)
		return error_new(ERROR_UNSUPPORTED, "%s", doc->problems[0].message);
	return error_new(ERROR_NOT_FOUND, "%s: no such file", path);
}

struct error *document_read_from(struct document *out, const struct document_source *source,
				 const char *path, enum manuscript_kind kind)
{
	static void (*const readers[])(struct reading *) = {
		[MANUSCRIPT_TEX] = tex_read,
		[MANUSCRIPT_MARKDOWN] = markdown_read,
	};
	struct reading r;
	memset(out, 0, sizeof(*out));
	buffer_init(&out->text, DOCUMENT_MAX_TEXT);
	out->path = xstrdup(path);
	out->kind = kind;
	out->labels_complete = true;
	out->citations_complete = true;
	if (kind == MANUSCRIPT_PDF) {
		struct error *err = error_new(ERROR_UNSUPPORTED, "%s: not readable yet", path);
		document_release(out);
		return err;
	}
	reading_init(&r, out, source, path);
	struct error *err = load_manuscript(&r, path);
	if (!err) {
		readers[kind](&r);
		reading_finish(&r);
	}
	reading_release(&r);
	if (err)
		document_release(out);
	return err;
}

/* -- places ------------------------------------------------------------------------------------ */

static void index_lines(struct source_file *file)
{
	size_t alloc = 0;
	const char *data = file->bytes.data, *end = data + file->bytes.len;
	for (const char *line = data; line;) {
		ALLOC_GROW(file->lines, file->nr_lines, alloc);
		file->lines[file->nr_lines++] = (size_t)(line - data);
		const char *newline = line < end ? memchr(line, '\n', (size_t)(end - line)) : NULL;
		line = newline ? newline + 1 : NULL;
	}
}

/* Index of the line that holds OFFSET. */
static size_t find_line(struct source_file *file, size_t offset)
{
	if (!file->lines)
		index_lines(file);
	size_t low = 0, high = file->nr_lines;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (file->lines[middle] <= offset)
			low = middle;
		else
			high = middle;
	}
	return low;
}

void document_position(struct document *doc, struct location where, size_t *line, size_t *column)
{
	struct source_file *file = &doc->files[where.file];
	size_t offset = where.start < file->bytes.len ? where.start : file->bytes.len;
	size_t at = find_line(file, offset), column_nr = 1;
	for (size_t p = file->lines[at]; p < offset; column_nr++) {
		uint32_t cp;
		p += utf8_decode(file->bytes.data + p, offset - p, &cp);
	}
	*line = at + 1;
	*column = column_nr;
}

struct slice document_line(struct document *doc, struct location where)
{
	struct source_file *file = &doc->files[where.file];
	size_t at = find_line(file, where.start);
	size_t start = file->lines[at];
	size_t end = at + 1 < file->nr_lines ? file->lines[at + 1] - 1 : file->bytes.len;
	if (end > start && file->bytes.data[end - 1] == '\r')
		end--;
	return (struct slice){ file->bytes.data + start, end - start };
}

/* Index of the span that holds TEXT_START, which is below text.len. */
static size_t find_span(const struct document *doc, size_t text_start)
{
	size_t low = 0, high = doc->nr_spans;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (doc->spans[middle].text_start <= text_start)
			low = middle;
		else
			high = middle;
	}
	return low;
}

struct location document_locate(const struct document *doc, size_t text_start, size_t text_end)
{
	struct location where = { 0, 0, 0 };
	if (!doc->nr_spans)
		return where;
	bool at_end = text_start >= doc->text.len;
	size_t i = find_span(doc, at_end ? doc->text.len - 1 : text_start);
	const struct span *span = &doc->spans[i];
	where.file = span->file;
	where.start = span->start + (at_end ? span->len : text_start - span->text_start);
	where.end = where.start;
	/* Later spans of the same file stretch the range; an input between them does not. */
	for (; !at_end && i < doc->nr_spans && doc->spans[i].text_start < text_end; i++) {
		span = &doc->spans[i];
		size_t len = text_end - span->text_start;
		size_t end = span->start + (len < span->len ? len : span->len);
		if (span->file == where.file && span->start <= end && end > where.end &&
		    span->start + span->len > where.start)
			where.end = end;
	}
	return where;
}
