#include "review/near.h"

#include "base/memory.h"
#include "base/text.h"
#include "review/tokens.h"

struct paragraph {
	struct document *document;
	size_t start, end; /* in its text */
	struct tokens words;
};

struct near_index {
	struct paragraph *items;
	size_t nr, alloc;
};

/* The end of the line at POS: its break, or the end of the text. */
static size_t line_end(struct slice text, size_t pos)
{
	const char *end = memchr(text.data + pos, '\n', text.len - pos);
	return end ? (size_t)(end - text.data) : text.len;
}

static bool is_blank(struct slice text, size_t start, size_t end)
{
	while (start < end && ascii_space((unsigned char)text.data[start]))
		start++;
	return start == end;
}

/* Where to cut a line that is longer than a paragraph may be: behind a space, or anywhere. */
static size_t cut_line(struct slice text, size_t start, size_t end)
{
	if (end - start <= NEAR_PARAGRAPH_BYTES)
		return end;
	for (size_t cut = start + NEAR_PARAGRAPH_BYTES; cut > start; cut--)
		if (text.data[cut - 1] == ' ')
			return cut;
	return start + NEAR_PARAGRAPH_BYTES;
}

static void add_paragraph(struct near_index *index, struct document *doc, size_t start, size_t end)
{
	if (start == end || index->nr == NEAR_MAX_PARAGRAPHS)
		return;
	ALLOC_GROW(index->items, index->nr, index->alloc);
	struct paragraph *p = &index->items[index->nr++];
	char *text = xmemdupz(doc->text.data + start, end - start);
	const char *const texts[] = { text };

	*p = (struct paragraph){ .document = doc, .start = start, .end = end };
	tokens_make(&p->words, texts, 1);
	free(text);
}

/* Paragraphs end at blank lines, and before a line that makes them too long. */
static void add_document(struct near_index *index, struct document *doc)
{
	struct slice text = slice_of(&doc->text);
	size_t start = 0, end = 0;

	for (size_t pos = 0; pos < text.len && index->nr < NEAR_MAX_PARAGRAPHS;) {
		size_t stop = cut_line(text, pos, line_end(text, pos));
		bool blank = is_blank(text, pos, stop);
		if (blank || stop - start > NEAR_PARAGRAPH_BYTES) {
			add_paragraph(index, doc, start, end);
			start = pos;
		}
		if (blank)
			start = stop + (stop < text.len && text.data[stop] == '\n');
		end = blank ? start : stop;
		pos = stop + (stop < text.len && text.data[stop] == '\n');
	}
	add_paragraph(index, doc, start, end);
}

struct near_index *near_index_new(struct document *const *documents, size_t nr)
{
	struct near_index *index = xcalloc(1, sizeof(*index));

	for (size_t i = 0; i < nr; i++)
		add_document(index, documents[i]);
	return index;
}

void near_index_free(struct near_index *index)
{
	if (!index)
		return;
	for (size_t i = 0; i < index->nr; i++)
		tokens_release(&index->items[i].words);
	free(index->items);
	free(index);
}

/* Takes the paragraph number I into AROUND when it stands in the same file, on the side it should. */
static void extend(const struct near_index *index, size_t i, const struct document *doc,
		   struct location *around)
{
	if (i >= index->nr || index->items[i].document != doc)
		return;
	struct location l = document_locate(doc, index->items[i].start, index->items[i].end);
	if (l.file != around->file)
		return;
	around->start = l.start < around->start ? l.start : around->start;
	around->end = l.end > around->end ? l.end : around->end;
}

bool near_find(const struct near_index *index, struct slice quote, struct document **doc,
	       struct location *where, struct location *around)
{
	char *text = xmemdupz(quote.data, quote.len);
	const char *const texts[] = { text };
	struct tokens words;
	size_t best = index->nr, most = 0;

	tokens_make(&words, texts, 1);
	free(text);
	for (size_t i = 0; words.nr >= NEAR_MIN_WORDS && i < index->nr; i++) {
		size_t shared = tokens_shared(&words, &index->items[i].words, most + 1);
		if (shared > most) {
			most = shared;
			best = i;
		}
	}
	bool enough = most && (double)most >= NEAR_SHARE * (double)words.nr;
	tokens_release(&words);
	if (!enough)
		return false;
	*doc = index->items[best].document;
	*where = document_locate(*doc, index->items[best].start, index->items[best].end);
	*around = *where;
	extend(index, best - 1, *doc, around); /* -1 of the first is no number of one */
	extend(index, best + 1, *doc, around);
	return true;
}
