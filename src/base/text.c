#include "base/text.h"

#include <inttypes.h>

#include "base/memory.h"

bool starts_with(const char *s, const char *prefix)
{
	return skip_prefix(s, prefix, &s);
}

bool ends_with(const char *s, const char *suffix)
{
	size_t len = strlen(s), n = strlen(suffix);
	return len >= n && !memcmp(s + len - n, suffix, n);
}

bool skip_prefix(const char *s, const char *prefix, const char **rest)
{
	size_t n = strlen(prefix);
	if (strncmp(s, prefix, n))
		return false;
	*rest = s + n;
	return true;
}

bool slice_equals(struct slice s, const char *literal)
{
	return s.len == strlen(literal) && (!s.len || !memcmp(s.data, literal, s.len));
}

struct slice slice_trim(struct slice s)
{
	while (s.len && ascii_space(s.data[s.len - 1]))
		s.len--;
	while (s.len && ascii_space(*s.data)) {
		s.data++;
		s.len--;
	}
	return s;
}

/* -- UTF-8 ----------------------------------------------------------------------------------- */

#define REPLACEMENT 0xfffd

static bool continuation(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/*
 * The second byte decides whether a sequence is overlong, a surrogate or too large, so its range
 * depends on the first (Unicode 15, table 3-7).
 */
static const struct utf8_form {
	unsigned char first, last;   /* of the first byte */
	unsigned char low, high;     /* of the second byte */
	unsigned char len, bits;     /* bytes in all; payload mask of the first */
} utf8_forms[] = {
	{ 0xc2, 0xdf, 0x80, 0xbf, 2, 0x1f }, { 0xe0, 0xe0, 0xa0, 0xbf, 3, 0x0f },
	{ 0xe1, 0xec, 0x80, 0xbf, 3, 0x0f }, { 0xed, 0xed, 0x80, 0x9f, 3, 0x0f },
	{ 0xee, 0xef, 0x80, 0xbf, 3, 0x0f }, { 0xf0, 0xf0, 0x90, 0xbf, 4, 0x07 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 4, 0x07 }, { 0xf4, 0xf4, 0x80, 0x8f, 4, 0x07 },
};

/* 0 when malformed. */
static size_t decode_strictly(const unsigned char *s, size_t len, uint32_t *cp)
{
	if (*s < 0x80) {
		*cp = *s;
		return 1;
	}
	for (size_t i = 0; i < ARRAY_SIZE(utf8_forms); i++) {
		const struct utf8_form *f = &utf8_forms[i];
		if (*s < f->first || *s > f->last)
			continue;
		if (len < f->len || s[1] < f->low || s[1] > f->high)
			return 0;
		*cp = *s & f->bits;
		for (size_t n = 1; n < f->len; n++) {
			if (!continuation(s[n]))
				return 0;
			*cp = *cp << 6 | (s[n] & 0x3f);
		}
		return f->len;
	}
	return 0;
}

size_t utf8_decode(const char *s, size_t len, uint32_t *cp)
{
	size_t n = decode_strictly((const unsigned char *)s, len, cp);
	if (n)
		return n;
	*cp = REPLACEMENT;
	return 1;
}

void utf8_encode(struct buffer *out, uint32_t cp)
{
	char bytes[4];
	size_t len;
	if (cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		cp = REPLACEMENT;
	if (cp < 0x80) {
		buffer_addch(out, (char)cp);
		return;
	}
	len = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
	for (size_t i = len - 1; i; i--) {
		bytes[i] = (char)(0x80 | (cp & 0x3f));
		cp >>= 6;
	}
	bytes[0] = (char)((0xf00 >> len & 0xff) | cp);
	buffer_add(out, bytes, len);
}

/* Bytes of ASCII at the beginning of S, eight at a time: most text is nothing else. */
static size_t ascii_prefix(const char *s, size_t len)
{
	size_t pos = 0;
	uint64_t word;
	for (; len - pos >= sizeof(word); pos += sizeof(word)) {
		memcpy(&word, s + pos, sizeof(word));
		if (word & UINT64_C(0x8080808080808080))
			break;
	}
	while (pos < len && !(s[pos] & 0x80))
		pos++;
	return pos;
}

/* The length of the well-formed beginning of S. */
static size_t valid_prefix(const char *s, size_t len)
{
	size_t pos = 0;
	while (pos < len) {
		uint32_t cp;
		pos += ascii_prefix(s + pos, len - pos);
		if (pos == len)
			break;
		size_t n = decode_strictly((const unsigned char *)s + pos, len - pos, &cp);
		if (!n)
			break;
		pos += n;
	}
	return pos;
}

bool utf8_valid(const char *s, size_t len)
{
	return valid_prefix(s, len) == len;
}

void utf8_scrub(struct buffer *out, const char *s, size_t len)
{
	while (len) {
		size_t n = valid_prefix(s, len);
		buffer_add(out, s, n);
		if (n < len) {
			utf8_encode(out, REPLACEMENT);
			n++;
		}
		s += n;
		len -= n;
	}
}

/* -- for a terminal -------------------------------------------------------------------------- */

/* What does something to a terminal, to the order of the text or to nothing that can be seen:
 * a reader must see that it is there. Sorted. */
static const struct {
	uint32_t first, last;
} unshowable[] = {
	{ 0x00, 0x1f },       /* C0 controls */
	{ 0x7f, 0x9f },       /* DEL, C1 controls */
	{ 0xad, 0xad },       /* soft hyphen */
	{ 0x34f, 0x34f },     /* combining grapheme joiner */
	{ 0x61c, 0x61c },     /* Arabic letter mark */
	{ 0x115f, 0x1160 },   /* Hangul fillers */
	{ 0x17b4, 0x17b5 },   /* Khmer inherent vowels */
	{ 0x180b, 0x180f },   /* Mongolian selectors */
	{ 0x200b, 0x200f },   /* zero-width characters, direction marks */
	{ 0x2028, 0x202e },   /* separators, embeddings, overrides */
	{ 0x2060, 0x206f },   /* word joiner, invisible operators, isolates */
	{ 0x3164, 0x3164 },   /* Hangul filler */
	{ 0xfe00, 0xfe0f },   /* variation selectors */
	{ 0xfeff, 0xfeff },   /* byte order mark */
	{ 0xffa0, 0xffa0 },   /* half-width Hangul filler */
	{ 0xfff0, 0xfffb },   /* annotations */
	{ 0x1bca0, 0x1bca3 }, /* shorthand controls */
	{ 0x1d173, 0x1d17a }, /* musical controls */
	{ 0xe0000, 0xe0fff }, /* tags, variation selectors supplement */
};

static bool is_unshowable(uint32_t cp)
{
	for (size_t i = 0; i < ARRAY_SIZE(unshowable) && cp >= unshowable[i].first; i++)
		if (cp <= unshowable[i].last)
			return true;
	return false;
}

void text_for_terminal(struct buffer *out, const char *s, size_t len, bool keep_lines)
{
	while (len) {
		uint32_t cp;
		size_t n = decode_strictly((const unsigned char *)s, len, &cp);
		if (!n) {
			buffer_addf(out, "\\x%02x", (unsigned char)*s);
			n = 1;
		} else if (keep_lines && (cp == '\n' || cp == '\t')) {
			buffer_addch(out, (char)cp);
		} else if (!is_unshowable(cp)) {
			buffer_add(out, s, n);
		} else {
			buffer_addf(out, cp < 0x80 ? "\\x%02x" : "\\u{%x}", (unsigned)cp);
		}
		s += n;
		len -= n;
	}
}

/* -- nearest word ---------------------------------------------------------------------------- */

/* Words of tables are short; what is longer is no misspelling of one. */
#define NEAREST_MAX_LENGTH 64

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;
	return m < c ? m : c;
}

/* Damerau-Levenshtein distance where no part is edited twice ("optimal string alignment"). */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned rows[3][NEAREST_MAX_LENGTH + 1];
	unsigned *before = rows[0], *above = rows[1], *row = rows[2];
	for (size_t j = 0; j <= b_len; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned *spare = before;
		before = above;
		above = row;
		row = spare;
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			int x = ascii_lower(a[i - 1]), y = ascii_lower(b[j - 1]);
			row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + (x != y));
			if (i > 1 && j > 1 && x == ascii_lower(b[j - 2]) &&
			    y == ascii_lower(a[i - 2]) && before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
	}
	return row[b_len];
}

const char *text_nearest(const char *word, const char *const *candidates)
{
	const char *nearest = NULL;
	size_t len = strlen(word);
	if (!len || len > NEAREST_MAX_LENGTH)
		return NULL;
	unsigned limit = 2 + (unsigned)len / 4;
	for (; *candidates; candidates++) {
		size_t candidate_len = strlen(*candidates);
		if (!candidate_len || candidate_len > NEAREST_MAX_LENGTH)
			continue;
		unsigned d = distance(word, len, *candidates, candidate_len);
		/* With half of its letters changed it is another word. */
		if (d < limit && 2 * d < (len > candidate_len ? len : candidate_len) + (d == 1)) {
			limit = d;
			nearest = *candidates;
		}
	}
	return nearest;
}

void text_grouped(struct buffer *out, int64_t n)
{
	char digits[32];
	int len = snprintf(digits, sizeof(digits), "%lld", (long long)n);
	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0 && digits[i - 1] != '-')
			buffer_addch(out, ',');
		buffer_addch(out, digits[i]);
	}
}

/* By integers: printf's decimal point follows the locale. */
void text_dollars(struct buffer *out, double usd)
{
	int digits = usd > 0 && usd < 0.9995 ? 3 : 2;
	double scale = digits == 3 ? 1000 : 100;
	for (double limit = 0.00995; usd > 0 && usd < limit && digits < 9; limit /= 10, scale *= 10)
		digits++;
	long long units = (long long)(usd * scale + 0.5), whole = (long long)scale;
	buffer_addf(out, "$%lld.%0*lld", units / whole, digits, units % whole);
	if (digits == 3 && usd >= 0.0995 && out->data[out->len - 1] == '0')
		buffer_truncate(out, out->len - 1);
}

void text_bytes(struct buffer *out, int64_t bytes)
{
	if (bytes < 1000)
		buffer_addf(out, "%" PRId64 " bytes", bytes);
	else if (bytes < 100000)
		buffer_addf(out, "%.1f kB", (double)bytes / 1e3);
	else
		buffer_addf(out, bytes < 100000000 ? "%.1f MB" : "%.0f MB", (double)bytes / 1e6);
}

void text_age(struct buffer *out, int64_t seconds)
{
	static const struct {
		int64_t seconds;
		const char *unit;
	} units[] = { { 86400, "day" }, { 3600, "hour" }, { 60, "minute" } };
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		int64_t n = seconds / units[i].seconds;
		if (n) {
			buffer_addf(out, "%lld %s%s ago", (long long)n, units[i].unit, n == 1 ? "" : "s");
			return;
		}
	}
	buffer_addstr(out, "just now");
}

static bool is_one_of(const char *word, const char *const *words)
{
	while (word && *words && strcasecmp(word, *words) != 0)
		words++;
	return word && *words;
}

bool text_is_true(const char *word)
{
	static const char *const words[] = { "true", "yes", "on", "1", NULL };
	return is_one_of(word, words);
}

bool text_is_false(const char *word)
{
	static const char *const words[] = { "false", "no", "off", "0", "", NULL };
	return is_one_of(word, words);
}

void text_percent(struct buffer *out, struct slice s, const char *kept)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.data[i];
		if (ascii_alnum((unsigned char)c) || (c && (strchr("-._~", c) || strchr(kept, c))))
			buffer_addch(out, c);
		else
			buffer_addf(out, "%%%02X", (unsigned char)c);
	}
}
