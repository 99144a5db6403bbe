#include "base/memory.h"
#include "base/text.h"
#include "paper/markdown.h"

#define MAX_BRACKETS 200
#define MAX_DESTINATION 2000
#define MAX_KEY 200
#define MAX_PLAIN ((size_t)1 << 20)

/* The state of one block's scan. What was searched for in vain is not searched for again. */
struct scan {
	struct markdown *md;
	size_t pos, start, end;
	size_t brackets[MAX_BRACKETS];
	size_t nr_brackets;
	bool no_ticks[MARKDOWN_MAX_TICKS]; /* no closing run of that many from here on */
	size_t no_dollar;                  /* no closing $ before this */
	bool no_dollars;                   /* no $$ */
};

static char byte_at(const struct scan *s, size_t p)
{
	return p < s->end ? s->md->data[p] : 0;
}

static bool is_space(char c)
{
	return ascii_space((unsigned char)c);
}

/* -- items ------------------------------------------------------------------------------------- */

struct item *markdown_item(struct markdown *md, enum item_kind kind, size_t start, size_t end)
{
	struct location where = { 0, start, end };
	return reading_item(md->r, kind, md->data + start, end - start, where, start);
}

static bool is_cross_reference(const char *key, size_t len)
{
	static const char *const families[] = { "fig", "tbl", "eq",  "sec",
						"lst", "tab", "thm", "lem" };
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		size_t n = strlen(families[i]);
		if (len > n + 1 && !memcmp(key, families[i], n) && (key[n] == ':' || key[n] == '-'))
			return true;
	}
	return false;
}

void markdown_label(struct markdown *md, size_t start, size_t end)
{
	if (start >= end)
		return;
	strmap_add(&md->explicit_labels, md->data + start, end - start);
	md->has_cross_references |= is_cross_reference(md->data + start, end - start);
	markdown_item(md, ITEM_LABEL, start, end);
}

/* %20 and its kin, as they stand in addresses. */
static char *decode_address(const char *data, size_t len)
{
	struct buffer out = BUFFER_INIT;
	for (size_t i = 0; i < len && data[i] != '?' && data[i] != '#'; i++) {
		char hex[3] = { 0 }, *stop = hex;
		if (data[i] == '%' && i + 2 < len) {
			memcpy(hex, data + i + 1, 2);
			long value = strtol(hex, &stop, 16);
			if (*stop == '\0' && stop != hex && value) {
				buffer_addch(&out, (char)value);
				i += 2;
				continue;
			}
		}
		buffer_addch(&out, data[i]);
	}
	return buffer_detach(&out, NULL);
}

/* Whether an address has a scheme, or names a server. */
static bool is_remote(const char *data, size_t len)
{
	size_t i = 0;
	if (len >= 2 && data[0] == '/' && data[1] == '/')
		return true;
	while (i < len &&
	       (ascii_alnum((unsigned char)data[i]) || (data[i] && strchr("+-.", data[i]))))
		i++;
	return i > 1 && i < len && data[i] == ':';
}

void markdown_image(struct markdown *md, size_t start, size_t end)
{
	if (start >= end || is_remote(md->data + start, end - start))
		return;
	struct item *item = markdown_item(md, ITEM_GRAPHICS, start, end);
	if (!item)
		return;
	char *name = decode_address(md->data + start, end - start);
	/* From the top of a site, wherever that is. */
	item->uncertain = *name == '/';
	char *path = item->uncertain ? NULL : reading_join(md->r->folder, name);
	if (path && reading_exists(md->r, path)) {
		item->path = path;
		path = NULL;
	}
	free(path);
	free(name);
}

static bool id_byte(char c)
{
	return ascii_alnum((unsigned char)c) || c == ':' || c == '.' || c == '-' || c == '_' ||
	       (unsigned char)c >= 0x80;
}

size_t markdown_attributes(struct markdown *md, size_t start, size_t end)
{
	size_t stop = end - start > MAX_DESTINATION ? start + MAX_DESTINATION : end;
	size_t close = start + 1;
	while (close < stop && md->data[close] != '}' && md->data[close] != '{' &&
	       md->data[close] != '\n')
		close++;
	if (close >= stop || md->data[close] != '}')
		return start;
	for (size_t p = start + 1; p < close; p++) {
		if (md->data[p] != '#' || (p > start + 1 && !is_space(md->data[p - 1])))
			continue;
		size_t id = p + 1;
		if (id >= close || !ascii_alpha((unsigned char)md->data[id]))
			continue;
		for (p = id; p < close && id_byte(md->data[p]); p++)
			;
		markdown_label(md, id, p);
		return close + 1;
	}
	return start;
}

/* -- code and mathematics ---------------------------------------------------------------------- */

static size_t count_run(const struct scan *s, size_t p, char c)
{
	size_t n = 0;
	while (p + n < s->end && s->md->data[p + n] == c)
		n++;
	return n;
}

static void take_code(struct scan *s)
{
	size_t n = count_run(s, s->pos, '`'), p = s->pos + n;
	s->pos = p;
	if (n >= MARKDOWN_MAX_TICKS || s->no_ticks[n])
		return;
	while (p < s->end) {
		const char *tick = memchr(s->md->data + p, '`', s->end - p);
		if (!tick)
			break;
		p = (size_t)(tick - s->md->data);
		size_t run = count_run(s, p, '`');
		p += run;
		if (run == n) {
			s->pos = p;
			return;
		}
	}
	s->no_ticks[n] = true;
}

/* \label{x} and its kin, which Pandoc hands to TeX. */
static const struct tex_word {
	const char *name;
	enum item_kind kind;
} tex_words[] = {
	{ "label", ITEM_LABEL },       { "ref", ITEM_REFERENCE },
	{ "eqref", ITEM_REFERENCE },   { "pageref", ITEM_REFERENCE },
	{ "autoref", ITEM_REFERENCE }, { "nameref", ITEM_REFERENCE },
	{ "cref", ITEM_REFERENCE },    { "Cref", ITEM_REFERENCE },
	{ "cite", ITEM_CITATION },     { "citep", ITEM_CITATION },
	{ "citet", ITEM_CITATION },    { "parencite", ITEM_CITATION },
	{ "textcite", ITEM_CITATION }, { "autocite", ITEM_CITATION },
};

static void add_tex_keys(struct markdown *md, enum item_kind kind, size_t start, size_t end)
{
	while (start < end) {
		size_t comma = start;
		while (comma < end && md->data[comma] != ',')
			comma++;
		struct slice key = slice_trim((struct slice){ md->data + start, comma - start });
		size_t at = (size_t)(key.data - md->data);
		if (key.len && kind == ITEM_LABEL) {
			markdown_label(md, at, at + key.len);
		} else if (key.len) {
			struct item *item = markdown_item(md, kind, at, at + key.len);
			if (item && kind == ITEM_CITATION)
				item->uncertain = !md->has_bibliography;
		}
		start = comma + 1;
	}
}

static void take_backslash(struct scan *s)
{
	size_t p = s->pos + 1;
	while (ascii_alpha((unsigned char)byte_at(s, p)))
		p++;
	size_t len = p - s->pos - 1;
	const char *name = s->md->data + s->pos + 1;
	size_t next = len ? p : s->pos + 2;
	s->pos = next < s->end ? next : s->end;
	for (size_t i = 0; len && i < ARRAY_SIZE(tex_words); i++) {
		if (strlen(tex_words[i].name) != len || memcmp(tex_words[i].name, name, len))
			continue;
		while (byte_at(s, p) == '[') {
			size_t q = p;
			while (q < s->end && q - p < MAX_KEY && s->md->data[q] != ']')
				q++;
			if (byte_at(s, q) != ']')
				return;
			p = q + 1;
		}
		if (byte_at(s, p) != '{')
			return;
		size_t close = p + 1;
		while (close < s->end && close - p < MAX_DESTINATION && s->md->data[close] != '}' &&
		       s->md->data[close] != '{')
			close++;
		if (byte_at(s, close) == '}') {
			add_tex_keys(s->md, tex_words[i].kind, p + 1, close);
			s->pos = close + 1;
		}
		return;
	}
}

/* In mathematics only TeX counts. */
static void scan_math(struct scan *s, size_t end)
{
	while (s->pos < end) {
		const char *slash = memchr(s->md->data + s->pos, '\\', end - s->pos);
		if (!slash)
			break;
		s->pos = (size_t)(slash - s->md->data);
		take_backslash(s);
	}
}

static bool closes_math(const struct scan *s, size_t p)
{
	return s->md->data[p] == '$' && !is_space(s->md->data[p - 1]) &&
	       s->md->data[p - 1] != '\\' && !ascii_digit((unsigned char)byte_at(s, p + 1));
}

static void take_math(struct scan *s)
{
	size_t p;
	if (byte_at(s, s->pos + 1) == '$') {
		const char *from = s->md->data + s->pos + 2;
		const char *close =
		    s->no_dollars ? NULL : memmem(from, s->end - s->pos - 2, "$$", 2);
		s->pos += 2;
		s->no_dollars = !close;
		if (close) {
			p = (size_t)(close - s->md->data);
			scan_math(s, p);
			s->pos = p + 2;
		}
		return;
	}
	p = s->pos + 1 > s->no_dollar ? s->pos + 1 : s->no_dollar;
	if (is_space(byte_at(s, s->pos + 1)) || s->pos + 1 >= s->end) {
		s->pos++;
		return;
	}
	while (p < s->end && !closes_math(s, p))
		p++;
	s->pos++;
	if (p < s->end) {
		scan_math(s, p);
		s->pos = p + 1;
	} else {
		s->no_dollar = p;
	}
}

/* -- citations --------------------------------------------------------------------------------- */

static bool key_punctuation(char c)
{
	return c && strchr(":.#$%&-+?<>~/", c);
}

/* Length of the key at P: letters, digits, _ and single punctuation inside. */
static size_t key_length(const struct scan *s, size_t p)
{
	size_t n = 0;
	while (p + n < s->end && n < MAX_KEY) {
		char c = s->md->data[p + n];
		bool solid = ascii_alnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
		char next = byte_at(s, p + n + 1);
		bool inner =
		    n && key_punctuation(c) && (ascii_alnum((unsigned char)next) || next == '_');
		if (!solid && !inner)
			break;
		n++;
	}
	return n;
}

static void take_at(struct scan *s)
{
	struct markdown *md = s->md;
	size_t key = s->pos + 1, len;
	char before = s->pos > s->start ? md->data[s->pos - 1] : ' ';
	bool braced = byte_at(s, key) == '{';
	s->pos++;
	if (ascii_alnum((unsigned char)before) || (before && strchr("_.\\/", before)))
		return; /* an address */
	if (braced) {
		const char *close =
		    memchr(md->data + key, '}', s->end - key < MAX_KEY ? s->end - key : MAX_KEY);
		key++;
		len = close ? (size_t)(close - md->data) - key : 0;
	} else {
		len = key_length(s, key);
	}
	if (!len)
		return;
	s->pos = key + len + braced;
	if (is_cross_reference(md->data + key, len)) {
		markdown_item(md, ITEM_REFERENCE, key, key + len);
		return;
	}
	/* Without a bibliography @somebody may be somebody. */
	if (!s->nr_brackets && !md->has_bibliography)
		return;
	struct item *item = markdown_item(md, ITEM_CITATION, key, key + len);
	if (item)
		item->uncertain = !md->has_bibliography;
}

/* -- links, images, footnotes ------------------------------------------------------------------ */

/* The address in (...) at P, which is the bracket; returns behind the closing one, or P. */
static size_t destination(const struct scan *s, size_t p, size_t *start, size_t *end)
{
	size_t open = p++, depth = 0;
	while (is_space(byte_at(s, p)))
		p++;
	if (byte_at(s, p) == '<') {
		*start = ++p;
		while (p < s->end && p - open < MAX_DESTINATION && s->md->data[p] != '>' &&
		       s->md->data[p] != '\n')
			p++;
		*end = p;
		p += byte_at(s, p) == '>';
	} else {
		for (*start = p; p < s->end && p - open < MAX_DESTINATION; p++) {
			char c = s->md->data[p];
			if (is_space(c) || (c == ')' && !depth))
				break;
			if (c == '(' && ++depth > 32)
				return open;
			depth -= c == ')';
		}
		*end = p;
	}
	while (is_space(byte_at(s, p)))
		p++;
	char quote = byte_at(s, p);
	if (quote == '"' || quote == '\'') { /* a title */
		size_t limit = s->end - p - 1 < MAX_DESTINATION ? s->end - p - 1 : MAX_DESTINATION;
		const char *close = memchr(s->md->data + p + 1, quote, limit);
		p = close ? (size_t)(close - s->md->data) + 1 : p;
		while (is_space(byte_at(s, p)))
			p++;
	}
	return byte_at(s, p) == ')' ? p + 1 : open;
}

/* A name as reference links compare it: lower case, white space collapsed. */
static char *reference_name(const char *data, size_t len)
{
	char *name = reading_tidy((struct slice){ data, len }, false);
	for (char *c = name; *c; c++)
		*c = (char)ascii_lower((unsigned char)*c);
	return name;
}

static const struct flow_range *find_definition(const struct markdown *md, size_t start, size_t end)
{
	if (end - start > MAX_DESTINATION || memchr(md->data + start, '[', end - start))
		return NULL;
	char *name = reference_name(md->data + start, end - start);
	const struct flow_range *range = strmap_get(&md->definitions, name, strlen(name));
	free(name);
	return range;
}

static void add_link(struct scan *s, bool image, size_t start, size_t end)
{
	if (image)
		markdown_image(s->md, start, end);
	else if (end - start > 1 && s->md->data[start] == '#')
		markdown_item(s->md, ITEM_REFERENCE, start + 1, end);
}

static void add_reference_link(struct scan *s, bool image, size_t start, size_t end)
{
	const struct flow_range *range = find_definition(s->md, start, end);
	if (range)
		add_link(s, image, range->start, range->end);
}

static void close_bracket(struct scan *s)
{
	size_t close = s->pos++;
	if (!s->nr_brackets)
		return;
	size_t open = s->brackets[--s->nr_brackets], start, end;
	bool image = open > s->start && s->md->data[open - 1] == '!';
	char next = byte_at(s, s->pos);
	if (next == '(') {
		size_t behind = destination(s, s->pos, &start, &end);
		if (behind > s->pos) {
			add_link(s, image, start, end);
			s->pos = behind;
		}
	} else if (next == '[') {
		size_t limit = s->end - s->pos < MAX_KEY ? s->end - s->pos : MAX_KEY;
		const char *stop = memchr(s->md->data + s->pos, ']', limit);
		if (!stop)
			return;
		start = s->pos + 1;
		end = (size_t)(stop - s->md->data);
		if (start == end) {
			start = open + 1;
			end = close;
			s->pos += 2;
		} else {
			s->pos = end + 1;
		}
		add_reference_link(s, image, start, end);
	} else if (image) {
		add_reference_link(s, image, open + 1, close);
	}
}

static void open_bracket(struct scan *s)
{
	size_t p = s->pos + 1;
	if (byte_at(s, p) == '^') { /* [^note] */
		size_t end = p + 1;
		while (end < s->end && end - p < MAX_KEY && !is_space(s->md->data[end]) &&
		       s->md->data[end] != ']')
			end++;
		if (byte_at(s, end) == ']' && end > p + 1) {
			bool definition = byte_at(s, end + 1) == ':' && s->pos == s->start;
			if (!definition)
				markdown_item(s->md, ITEM_REFERENCE, p, end);
			s->pos = end + 1;
			return;
		}
	}
	if (s->nr_brackets < MAX_BRACKETS)
		s->brackets[s->nr_brackets++] = s->pos;
	s->pos++;
}

size_t markdown_inline(struct markdown *md, size_t start, size_t end)
{
	struct scan s = { .md = md, .pos = start, .start = start, .end = end };
	while (s.pos < s.end) {
		size_t p = s.pos;
		switch (md->data[p]) {
		case '`':
			take_code(&s);
			break;
		case '$':
			take_math(&s);
			break;
		case '\\':
			take_backslash(&s);
			break;
		case '<':
			s.pos = markdown_html(md, p);
			s.pos += s.pos == p;
			break;
		case '[':
			open_bracket(&s);
			break;
		case ']':
			close_bracket(&s);
			break;
		case '{':
			s.pos = markdown_attributes(md, p, end);
			s.pos += s.pos == p;
			break;
		case '@':
			take_at(&s);
			break;
		default:
			s.pos++;
		}
	}
	return s.pos;
}

/* -- plain text -------------------------------------------------------------------------------- */

/* Behind the next C; P when there is none near. */
static size_t behind(struct slice s, size_t p, char c)
{
	size_t limit = s.len - p < MAX_DESTINATION ? s.len - p : MAX_DESTINATION;
	const char *found = memchr(s.data + p, c, limit);
	return found ? (size_t)(found - s.data) + 1 : p;
}

/* Behind the markup at P; P itself when there is none. */
static size_t skip_markup(struct slice s, size_t p)
{
	char next = p + 1 < s.len ? s.data[p + 1] : 0;
	switch (s.data[p]) {
	case '{':
		return next == '#' || next == '.' ? behind(s, p, '}') : p;
	case '<':
		return ascii_alpha((unsigned char)next) || next == '/' || next == '!'
			   ? behind(s, p, '>')
			   : p;
	case ']':
		return next == '(' ? behind(s, p, ')') : p + 1;
	case '!':
		return next == '[' ? p + 2 : p;
	case '[':
		return next == '@' ? p : p + 1;
	case '*':
	case '`':
		return p + 1;
	default:
		return p;
	}
}

/* An underscore that marks emphasis stands at the edge of a word. */
static bool is_emphasis(struct slice s, size_t p)
{
	bool before = p && ascii_alnum((unsigned char)s.data[p - 1]);
	bool after = p + 1 < s.len && ascii_alnum((unsigned char)s.data[p + 1]);
	return !(before && after);
}

char *markdown_plain(struct slice in, bool paragraphs)
{
	struct buffer out = BUFFER_INIT;
	bool math = false;
	if (in.len > MAX_PLAIN)
		in.len = MAX_PLAIN;
	for (size_t p = 0; p < in.len;) {
		char c = in.data[p];
		size_t next = math ? p : skip_markup(in, p);
		if (next > p) {
			p = next;
			continue;
		}
		if (c == '$')
			math = !math;
		if (c == '\\' && !math && p + 1 < in.len &&
		    !ascii_alnum((unsigned char)in.data[p + 1]))
			c = in.data[++p];
		else if (c == '_' && !math && is_emphasis(in, p))
			c = 0;
		if (c)
			buffer_addch(&out, c);
		p++;
	}
	char *text = reading_tidy(slice_of(&out), paragraphs);
	buffer_release(&out);
	return text;
}
