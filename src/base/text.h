/* Small helpers on byte strings, UTF-8 and what may be shown on a terminal. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

bool starts_with(const char *s, const char *prefix);
bool ends_with(const char *s, const char *suffix);
/* If S starts with PREFIX, sets *REST behind it. */
bool skip_prefix(const char *s, const char *prefix, const char **rest);
bool slice_equals(struct slice s, const char *literal);
/* ASCII only, locale-free. */
static inline int ascii_lower(int c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static inline bool ascii_space(int c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline bool ascii_alpha(int c)
{
	c = ascii_lower(c);
	return c >= 'a' && c <= 'z';
}

static inline bool ascii_digit(int c)
{
	return c >= '0' && c <= '9';
}

static inline bool ascii_alnum(int c)
{
	return ascii_alpha(c) || ascii_digit(c);
}

struct slice slice_trim(struct slice s);

/* Decodes one code point at S (LEN > 0 bytes) into *CP and returns the bytes it takes; for a
 * malformed sequence returns 1 and sets *CP to 0xFFFD. Overlong forms, surrogates and values
 * above 0x10FFFF are malformed. */
size_t utf8_decode(const char *s, size_t len, uint32_t *cp);
void utf8_encode(struct buffer *out, uint32_t cp);
bool utf8_valid(const char *s, size_t len);
/* Appends S with malformed bytes replaced by U+FFFD. */
void utf8_scrub(struct buffer *out, const char *s, size_t len);
/* Terminal columns of a code point: 0, 1 or 2. */
int utf8_width(uint32_t cp);

/* Appends S as it may be shown to a person: control bytes (ESC, CR, BEL, C1, ...), bidirectional
 * overrides and zero-width characters become visible escapes such as \x1b or \u{202e};
 * newline and tab stay only if KEEP_LINES; malformed UTF-8 becomes \xNN. */
void text_for_terminal(struct buffer *out, const char *s, size_t len, bool keep_lines);

/* 18400 as "18,400". */
void text_grouped(struct buffer *out, int64_t n);
/* US dollars for a person: "$3.10", "$0.125", "$0.35", and of less than ten cents two digits that
 * count: "$0.0052". */
void text_dollars(struct buffer *out, double usd);
/* "420 bytes", "4.2 kB", "12.5 MB", "215 MB". */
void text_bytes(struct buffer *out, int64_t bytes);

/* "3 days ago", "1 minute ago", "just now". */
void text_age(struct buffer *out, int64_t seconds);

/* As git reads a boolean: true, yes, on or 1, in either case. NULL is false. */
bool text_is_true(const char *word);
/* Likewise: false, no, off, 0 or nothing. NULL is not. */
bool text_is_false(const char *word);
/* Appends S with all but RFC 3986's unreserved characters, and those of KEPT, as %XX. */
void text_percent(struct buffer *out, struct slice s, const char *kept);

/* The candidate nearest to WORD by Damerau-Levenshtein distance, or NULL when none is near
 * enough to be meant. CANDIDATES ends with NULL. */
const char *text_nearest(const char *word, const char *const *candidates);

#endif
