/* A meta.yaml for a paper that has none. */
#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"
#include "meta/section.h"

/* Lines of text are filled to this many columns, and longer lines make a folded block. */
#define TEXT_COLUMNS 88
#define TEXT_INDENT 2

static void add_clean_scalar(struct buffer *out, const char *s)
{
	struct buffer clean = BUFFER_INIT;
	utf8_scrub(&clean, s, strlen(s));
	yaml_add_scalar(out, clean.data);
	buffer_release(&clean);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/*
 * Whether S reads back identical as a block: nothing that needs an escape, no blanks at the ends
 * of lines (a folded block would treat such lines differently, and editors remove them), at least
 * one character, and at most one line break at the end, the one that "|" and ">" stand for.
 */
static bool fits_block(const char *s, size_t len)
{
	if (!len || s[0] == '\n' || (len > 1 && s[len - 1] == '\n' && s[len - 2] == '\n'))
		return false;
	for (size_t i = 0; i < len;) {
		uint32_t cp;
		size_t n = utf8_decode(s + i, len - i, &cp);
		bool line_start = !i || s[i - 1] == '\n', line_end = s[i + 1] == '\n' || !s[i + 1];
		if (is_blank(s[i]) && (line_start || line_end))
			return false;
		if (cp != '\n' && (cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x2028 ||
				   cp == 0x2029 || cp == 0xfeff || cp == 0xfffe || cp == 0xffff))
			return false;
		i += n;
	}
	return true;
}

static size_t longest_line(const char *s)
{
	size_t longest = 0;
	while (*s) {
		size_t n = strcspn(s, "\n");
		longest = n > longest ? n : longest;
		s += n + (s[n] == '\n');
	}
	return longest;
}

/* Where to break the LEN bytes of a line at S: at the last single space that fits, else at the
 * first. LEN when there is none. */
static size_t break_point(const char *s, size_t len)
{
	size_t best = len;
	if (len <= TEXT_COLUMNS)
		return len;
	for (size_t i = 1; i + 1 < len; i++) {
		if (s[i] != ' ' || is_blank(s[i - 1]) || is_blank(s[i + 1]))
			continue;
		if (i > TEXT_COLUMNS && best != len)
			break;
		best = i;
	}
	return best;
}

static void add_line(struct buffer *out, const char *s, size_t len, const char *newline)
{
	if (len)
		add_spaces(out, TEXT_INDENT);
	buffer_add(out, s, len);
	buffer_addstr(out, newline);
}

/* One line of the value; in a folded block broken into several. */
static void add_folded_line(struct buffer *out, const char *s, size_t len, const char *newline)
{
	for (;;) {
		size_t n = break_point(s, len);
		add_line(out, s, n, newline);
		if (n == len)
			return;
		s += n + 1;
		len -= n + 1;
	}
}

static void add_block(struct buffer *out, const char *s, size_t len, const char *newline)
{
	bool folded = longest_line(s) > TEXT_COLUMNS;
	bool ends_line = s[len - 1] == '\n';
	buffer_addf(out, "%c%s%s", folded ? '>' : '|', ends_line ? "" : "-", newline);
	len -= ends_line;
	for (const char *end = s + len;;) {
		const char *line_end = memchr(s, '\n', (size_t)(end - s));
		size_t n = (size_t)((line_end ? line_end : end) - s);
		if (folded)
			add_folded_line(out, s, n, newline);
		else
			add_line(out, s, n, newline);
		if (!line_end)
			return;
		/* In a folded block a single break reads as a space, so each run of breaks
		 * between lines takes one more. */
		if (folded && n)
			buffer_addstr(out, newline);
		s = line_end + 1;
	}
}

void add_text_value(struct buffer *out, const char *s, const char *newline)
{
	struct buffer clean = BUFFER_INIT;
	utf8_scrub(&clean, s, strlen(s));
	if (fits_block(clean.data, clean.len)) {
		add_block(out, clean.data, clean.len, newline);
		buffer_truncate(out, out->len - strlen(newline));
	} else {
		yaml_add_scalar(out, clean.data);
	}
	buffer_release(&clean);
}

void new_file_add(struct buffer *out, const struct meta_initial *initial, const char *newline)
{
	buffer_addf(out, "# What is known about this paper. The section '" SECTION_KEY
			 "' is kept up to date by git scrutiny.%s",
		    newline);
	if (!initial)
		return;
	if (initial->title) {
		buffer_addstr(out, "title: ");
		add_clean_scalar(out, initial->title);
		buffer_addstr(out, newline);
	}
	if (initial->nr_authors)
		buffer_addf(out, "authors:%s", newline);
	for (size_t i = 0; i < initial->nr_authors; i++) {
		buffer_addstr(out, "  - ");
		add_clean_scalar(out, initial->authors[i]);
		buffer_addstr(out, newline);
	}
	if (initial->abstract) {
		buffer_addstr(out, "abstract: ");
		add_text_value(out, initial->abstract, newline);
		buffer_addstr(out, newline);
	}
}
