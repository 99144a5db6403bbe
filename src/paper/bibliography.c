/*
 * .bib files, read as BibTeX reads them but forgivingly: what stands outside of entries is a
 * comment, and an entry that does not end gives way to the next line that begins with @.
 */
#include "base/memory.h"
#include "base/text.h"
#include "paper/reading.h"

struct bib {
	struct reading *r;
	const char *data;
	size_t pos, end;
	uint32_t file;
};

static bool is_space(char c)
{
	return ascii_space((unsigned char)c);
}

static void skip_space(struct bib *b)
{
	while (b->pos < b->end && is_space(b->data[b->pos]))
		b->pos++;
}

static struct slice take_word(struct bib *b, const char *stops)
{
	size_t start = b->pos;
	while (b->pos < b->end && !is_space(b->data[b->pos]) && b->data[b->pos] &&
	       !strchr(stops, b->data[b->pos]))
		b->pos++;
	return (struct slice){ b->data + start, b->pos - start };
}

static bool word_is(struct slice s, const char *lower)
{
	size_t i = 0;
	while (i < s.len && lower[i] && ascii_lower((unsigned char)s.data[i]) == lower[i])
		i++;
	return i == s.len && !lower[i];
}

/* An @ with a word and a bracket at the start of a line: an entry, whatever came before. */
static bool entry_starts_at(const struct bib *b, size_t p)
{
	if (b->data[p] != '@' || (p && b->data[p - 1] != '\n' && b->data[p - 1] != '\r'))
		return false;
	for (p++; p < b->end && ascii_alpha((unsigned char)b->data[p]); p++)
		;
	while (p < b->end && (b->data[p] == ' ' || b->data[p] == '\t'))
		p++;
	return p < b->end && (b->data[p] == '{' || b->data[p] == '(');
}

/* Moves behind the bracket that closes the entry whose text begins at b->pos; false if another
 * entry or the end of the file comes first. *BODY_END is where the text ends. */
static bool skip_entry(struct bib *b, char close, size_t *body_end)
{
	static const bool counts[256] = {
		['@'] = true, ['\\'] = true, ['{'] = true, ['}'] = true, [')'] = true, ['"'] = true,
	};
	size_t depth = 0;
	bool quoted = false;
	for (; b->pos < b->end; b->pos++) {
		char c = b->data[b->pos];
		if (!counts[(unsigned char)c])
			continue;
		if (c == '@' && entry_starts_at(b, b->pos))
			break;
		if (c == '\\' && b->pos + 1 < b->end && b->data[b->pos + 1] != '\n') {
			b->pos++;
		} else if (c == '{') {
			depth++;
		} else if (c == '}' && depth) {
			depth--;
		} else if (c == '"' && !depth) {
			quoted = !quoted;
		} else if (c == close && !depth && (!quoted || close == '}')) {
			*body_end = b->pos++;
			return true;
		}
	}
	*body_end = b->pos;
	return false;
}

/* biblatex: ids = {old-key, other-key} are names of the same entry. */
static void add_aliases(struct bib *b, size_t start, size_t end, const char *type)
{
	size_t p = start, stop;
	while (p < end && (is_space(b->data[p]) || b->data[p] == '='))
		p++;
	if (p >= end || (b->data[p] != '{' && b->data[p] != '"'))
		return;
	char close = b->data[p] == '{' ? '}' : '"';
	for (stop = ++p; stop < end && b->data[stop] != close; stop++)
		;
	while (p < stop) {
		size_t comma = p;
		while (comma < stop && b->data[comma] != ',')
			comma++;
		struct slice key = slice_trim((struct slice){ b->data + p, comma - p });
		size_t at = (size_t)(key.data - b->data);
		struct location where = { b->file, at, at + key.len };
		struct item *item =
		    key.len ? reading_item(b->r, ITEM_BIB_ENTRY, key.data, key.len, where, NO_FLOW)
			    : NULL;
		if (item)
			item->extra = xstrdup(type);
		p = comma + 1;
	}
}

/* Looks for the field "ids" at the top level of an entry's text. */
static void find_aliases(struct bib *b, size_t start, size_t end, const char *type)
{
	size_t depth = 0;
	bool at_field = true;
	for (size_t p = start; p < end; p++) {
		char c = b->data[p];
		if (c == '{')
			depth++;
		else if (c == '}' && depth)
			depth--;
		if (depth || is_space(c))
			continue;
		if (at_field && end - p > 4 && word_is((struct slice){ b->data + p, 3 }, "ids") &&
		    (is_space(b->data[p + 3]) || b->data[p + 3] == '='))
			add_aliases(b, p + 3, end, type);
		at_field = c == ',';
	}
}

static void read_entry(struct bib *b, struct slice type, size_t at, char close)
{
	skip_space(b);
	struct slice key = take_word(b, close == '}' ? ",}" : ",)");
	size_t start = (size_t)(key.data - b->data), body = b->pos, body_end;
	bool closed = skip_entry(b, close, &body_end);
	struct location where = { b->file, start, start + key.len };
	if (!closed)
		reading_problem(b->r, (struct location){ b->file, at, b->pos },
				"this bibliography entry is not closed");
	/* Without its key an entry begins with its first field, as BibTeX complains, too. */
	if (!key.len || memchr(key.data, '=', key.len))
		return;
	struct item *item = reading_item(b->r, ITEM_BIB_ENTRY, key.data, key.len, where, NO_FLOW);
	if (!item)
		return;
	item->extra = xmemdupz(type.data, type.len);
	for (char *p = item->extra; *p; p++)
		*p = (char)ascii_lower((unsigned char)*p);
	char *extra = xstrdup(item->extra);
	find_aliases(b, body, body_end, extra);
	free(extra);
}

static void read_at(struct bib *b)
{
	static const char *const not_entries[] = { "string", "preamble", "comment" };
	size_t at = b->pos++, body_end;
	skip_space(b);
	struct slice type = take_word(b, "{(@,=\"#}");
	size_t after = b->pos;
	skip_space(b);
	if (!type.len || b->pos >= b->end || (b->data[b->pos] != '{' && b->data[b->pos] != '(')) {
		b->pos = after > at + 1 ? after : at + 1;
		return;
	}
	char close = b->data[b->pos++] == '{' ? '}' : ')';
	for (size_t i = 0; i < ARRAY_SIZE(not_entries); i++) {
		if (word_is(type, not_entries[i])) {
			skip_entry(b, close, &body_end);
			return;
		}
	}
	read_entry(b, type, at, close);
}

void bibliography_read(struct reading *r, uint32_t file, size_t start, size_t end)
{
	struct bib b = { r, r->doc->files[file].bytes.data, start, end, file };
	while (b.pos < b.end) {
		const char *at = memchr(b.data + b.pos, '@', b.end - b.pos);
		if (!at)
			break;
		b.pos = (size_t)(at - b.data);
		read_at(&b);
	}
}
