#include "image/export_ignore.h"

#include "base/strmap.h"
#include "base/text.h"

#define ATTRIBUTE "export-ignore"
#define MACRO "[attr]"

enum state { UNTOLD, LEFT_OUT, KEPT };

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct slice take_word(struct slice *line)
{
	while (line->len && is_blank(*line->data)) {
		line->data++;
		line->len--;
	}
	struct slice word = { line->data, 0 };
	while (word.len < line->len && !is_blank(word.data[word.len]))
		word.len++;
	line->data += word.len;
	line->len -= word.len;
	return word;
}

/* What the attributes on LINE say; the last one decides. MACROS are those that mean it. */
static enum state read_state(struct slice line, const struct strmap *macros)
{
	enum state state = UNTOLD;
	for (;;) {
		struct slice word = take_word(&line);
		if (!word.len)
			return state;
		bool negated = *word.data == '-' || *word.data == '!';
		struct slice name = { word.data + negated, word.len - negated };
		const char *equals = memchr(name.data, '=', name.len);
		if (equals)
			name.len = (size_t)(equals - name.data);
		if (slice_equals(name, ATTRIBUTE))
			state = negated || equals ? KEPT : LEFT_OUT;
		else if (!negated && !equals && strmap_has(macros, name.data, name.len))
			state = LEFT_OUT;
	}
}

/* Reads a C string as git quotes names, from behind the quote at *LINE; false when it does not end. */
static bool take_quoted(struct slice *line, struct buffer *out)
{
	static const char letters[] = "abtnvfr\"\\", bytes[] = "\a\b\t\n\v\f\r\"\\";
	const char *p = line->data + 1, *end = line->data + line->len;
	for (; p < end && *p != '"'; p++) {
		if (*p != '\\') {
			buffer_addch(out, *p);
			continue;
		}
		const char *letter = ++p < end && *p ? strchr(letters, *p) : NULL;
		if (letter) {
			buffer_addch(out, bytes[letter - letters]);
		} else if (end - p > 2 && *p <= '3' && is_octal(*p) && is_octal(p[1]) && is_octal(p[2])) {
			buffer_addch(out, (char)((p[0] - '0') << 6 | (p[1] - '0') << 3 | (p[2] - '0')));
			p += 2;
		} else {
			return false;
		}
	}
	if (p >= end)
		return false;
	line->len = (size_t)(end - p - 1);
	line->data = p + 1;
	return true;
}

/* PATTERN as a line of an ignore file, where a few more bytes mean something. */
static void add_pattern(struct buffer *out, enum state state, const struct buffer *pattern)
{
	size_t len = pattern->len;
	if (!len || memchr(pattern->data, '\n', len) || memchr(pattern->data, '\0', len))
		return;
	if (state == KEPT)
		buffer_addch(out, '!');
	else if (*pattern->data == '#' || *pattern->data == '!')
		buffer_addch(out, '\\');
	while (len && pattern->data[len - 1] == ' ')
		len--;
	buffer_add(out, pattern->data, len);
	for (; len < pattern->len; len++)
		buffer_addstr(out, "\\ ");
	buffer_addch(out, '\n');
}

static void read_line(struct buffer *out, struct slice line, struct strmap *macros)
{
	struct buffer pattern = BUFFER_INIT;
	while (line.len && is_blank(*line.data)) {
		line.data++;
		line.len--;
	}
	if (!line.len || *line.data == '#' || *line.data == '!')
		return;
	if (*line.data == '"') {
		if (!take_quoted(&line, &pattern))
			goto out;
	} else {
		struct slice word = take_word(&line);
		buffer_add(&pattern, word.data, word.len);
	}
	enum state state = read_state(line, macros);
	const char *macro;
	if (skip_prefix(pattern.data, MACRO, &macro)) {
		if (state == LEFT_OUT)
			strmap_add(macros, macro, strlen(macro));
	} else if (state != UNTOLD) {
		add_pattern(out, state, &pattern);
	}
out:
	buffer_release(&pattern);
}

void export_ignore_patterns(struct buffer *out, struct slice attributes)
{
	struct strmap macros = STRMAP_INIT;
	const char *at = attributes.data, *end = at + attributes.len;
	if (attributes.len >= 3 && !memcmp(at, "\xef\xbb\xbf", 3))
		at += 3;
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		struct slice line = { at, (size_t)((newline ? newline : end) - at) };
		read_line(out, line, &macros);
		at = newline ? newline + 1 : end;
	}
	strmap_release(&macros, NULL);
}
