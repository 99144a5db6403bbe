#include "review/normalise.h"

#include "base/memory.h"
#include "base/text.h"
#include "review/ground.h"

/* Bytes looked at for the end of a bracketed argument; citations with more keys keep them. */
#define MAX_ARGUMENT 1000
#define MAX_COMMAND 64

static bool is_letter(int c)
{
	return ascii_alpha(c) || c >= 0x80;
}

/* The byte at POS, or 0 outside. */
static int at(struct slice s, size_t pos)
{
	return pos < s.len ? (unsigned char)s.data[pos] : 0;
}

static void set(struct unit *u, enum unit_kind kind, const char *emit, size_t emit_len)
{
	u->kind = kind;
	u->emit = emit;
	u->emit_len = emit_len;
}

static void set_break(struct unit *u)
{
	set(u, UNIT_BREAK, "", 0);
}

/* -- hyphens and minus signs ---------------------------------------------------------------- */

/* Characters in the word that ends before POS: 0, 1, or 2 for more. A TeX command is one character,
 * as is any other symbol; dollars and closing braces between do not count. */
static unsigned word_before(struct slice s, size_t pos)
{
	size_t end = pos;
	while (end && strchr("$}", s.data[end - 1]) && s.data[end - 1] && pos - end < 4)
		end--;
	size_t start = end;
	while (start && ascii_alpha((unsigned char)s.data[start - 1]) && end - start < MAX_COMMAND)
		start--;
	if (start == end)
		return end && at(s, end - 1) >= 0x80 ? 1 : 0;
	return end - start == 1 || (start && s.data[start - 1] == '\\') ? 1 : 2;
}

static unsigned word_after(struct slice s, size_t pos)
{
	pos += at(s, pos) == '$' && ascii_alpha(at(s, pos + 1));
	if (!is_letter(at(s, pos)))
		return 0;
	return ascii_alpha(at(s, pos)) && ascii_alpha(at(s, pos + 1)) ? 2 : 1;
}

/* DASHES is how many hyphens it counts for: 1 -, 2 a range, 3 a break in the sentence. LEN has
 * the bytes. Between words it joins, in mathematics it is a minus sign. */
static void read_dash(struct unit *u, struct slice s, size_t pos, size_t len, unsigned dashes)
{
	size_t next = pos + len;
	bool space_before = !pos || ascii_space(at(s, pos - 1));
	bool space_after = next >= s.len || ascii_space(at(s, next));
	unsigned before = word_before(s, pos), after = word_after(s, next);

	u->len = len;
	if (dashes >= 3 || (space_before && space_after && dashes == 2)) {
		set_break(u);
	} else if (dashes == 1 && before && at(s, next) == '\n') {
		set(u, UNIT_GLUE, "", 0); /* hyphenated at a line's end */
	} else if (space_after && (!pos || at(s, pos - 1) == '\n')) {
		set_break(u); /* a list's bullet */
	} else if (before && after && (before > 1 || after > 1)) {
		set(u, dashes == 1 ? UNIT_GLUE : UNIT_BREAK, "", 0);
	} else {
		set(u, UNIT_TEXT, "-", 1);
	}
}

static void read_hyphen(struct unit *u, struct slice s, size_t pos)
{
	size_t n = 1;
	while (n < 3 && at(s, pos + n) == '-')
		n++;
	read_dash(u, s, pos, n, (unsigned)n);
}

/* -- punctuation that may belong to a number ------------------------------------------------ */

static void read_point(struct unit *u, struct slice s, size_t pos)
{
	bool number = ascii_digit(at(s, pos + 1)) &&
		      (!pos || (!is_letter(at(s, pos - 1)) && at(s, pos - 1) != '.'));
	if (number)
		set(u, UNIT_TEXT, s.data + pos, 1);
	else
		set_break(u);
}

/* A comma before exactly three digits groups them; {,} is how TeX writes that. */
static void read_comma(struct unit *u, struct slice s, size_t pos)
{
	bool braces = pos && s.data[pos - 1] == '{' && at(s, pos + 1) == '}';
	size_t digits = pos + 1 + braces, n = 0;
	while (n < 4 && ascii_digit(at(s, digits + n)))
		n++;
	bool after_digit = pos > braces && ascii_digit(at(s, pos - 1 - braces));
	set(u, after_digit && n == 3 ? UNIT_GLUE : UNIT_BREAK, "", 0);
}

/* -- Markdown and HTML ---------------------------------------------------------------------- */

/* The address of a Markdown link, from its "(": it has a slash, a colon or a # and no space. */
static void read_bracket(struct unit *u, struct slice s, size_t pos)
{
	bool address = false;
	set_break(u);
	if (at(s, pos + 1) != '(')
		return;
	for (size_t i = pos + 2; i < s.len && i - pos < MAX_ARGUMENT && !ascii_space(at(s, i));
	     i++) {
		address |= strchr("/:#", s.data[i]) != NULL;
		if (s.data[i] == '(')
			return;
		if (s.data[i] == ')') {
			u->len = address ? i + 1 - pos : 1;
			return;
		}
	}
}

struct literal {
	const char *text;
	const char *emit; /* "" is a break */
};

static bool read_literal(struct unit *u, struct slice s, size_t pos, const struct literal *rows,
			 size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		size_t n = strlen(rows[i].text);
		if (s.len - pos < n || memcmp(s.data + pos, rows[i].text, n))
			continue;
		u->len = n;
		set(u, *rows[i].emit ? UNIT_TEXT : UNIT_BREAK, rows[i].emit, strlen(rows[i].emit));
		return true;
	}
	return false;
}

static void read_less(struct unit *u, struct slice s, size_t pos)
{
	static const struct literal tags[] = {
		{ "<br>", "" },	   { "<br/>", "" },   { "<br />", "" },	   { "<sup>", "^" },
		{ "</sup>", "" },  { "<sub>", "" },   { "</sub>", "" },	   { "<b>", "" },
		{ "</b>", "" },	   { "<i>", "" },     { "</i>", "" },	   { "<em>", "" },
		{ "</em>", "" },   { "<strong>", "" }, { "</strong>", "" }, { "<p>", "" },
		{ "</p>", "" },
	};
	if (!read_literal(u, s, pos, tags, ARRAY_SIZE(tags)))
		set(u, UNIT_TEXT, s.data + pos, 1);
}

static void read_ampersand(struct unit *u, struct slice s, size_t pos)
{
	static const struct literal entities[] = {
		{ "&lt;", "<" },  { "&gt;", ">" },  { "&amp;", "" },
		{ "&nbsp;", "" }, { "&quot;", "" },
	};
	if (!read_literal(u, s, pos, entities, ARRAY_SIZE(entities)))
		set_break(u);
}

/* A > is an operator, except where Markdown quotes a line with it. */
static void read_greater(struct unit *u, struct slice s, size_t pos)
{
	if (!pos || s.data[pos - 1] == '\n')
		set_break(u);
	else
		set(u, UNIT_TEXT, s.data + pos, 1);
}

/* -- TeX commands --------------------------------------------------------------------------- */

/* The end of "OPEN...CLOSE" at POS without such brackets inside, or POS. */
static size_t skip_argument(struct slice s, size_t pos, char open, char close)
{
	if (at(s, pos) != open)
		return pos;
	for (size_t i = pos + 1; i < s.len && i - pos < MAX_ARGUMENT; i++) {
		if (s.data[i] == close)
			return i + 1;
		if (s.data[i] == open)
			break;
	}
	return pos;
}

static size_t skip_options_and_argument(struct slice s, size_t pos)
{
	pos += at(s, pos) == '*';
	for (unsigned i = 0; i < 2; i++)
		pos = skip_argument(s, pos, '[', ']');
	return skip_argument(s, pos, '{', '}');
}

/* A backslash before something that is no letter. */
static void read_control_symbol(struct unit *u, struct slice s, size_t pos)
{
	static const struct {
		char c;
		enum unit_kind kind;
		const char *emit;
	} rows[] = {
		{ '\'', UNIT_GLUE, "" }, { '`', UNIT_GLUE, "" }, { '"', UNIT_GLUE, "" },
		{ '^', UNIT_GLUE, "" },	 { '~', UNIT_GLUE, "" }, { '=', UNIT_GLUE, "" },
		{ '.', UNIT_GLUE, "" },	 { ',', UNIT_GLUE, "" }, { '!', UNIT_GLUE, "" },
		{ '/', UNIT_GLUE, "" },	 { '-', UNIT_GLUE, "" }, { '%', UNIT_TEXT, "%" },
	};
	u->len = pos + 1 < s.len ? 2 : 1;
	set_break(u);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (at(s, pos + 1) == rows[i].c)
			set(u, rows[i].kind, rows[i].emit, strlen(rows[i].emit));
	}
}

static bool is_citation(const char *name, size_t len)
{
	return memmem(name, len, "cite", 4) || memmem(name, len, "Cite", 4);
}

static void read_command(struct unit *u, struct slice s, size_t pos)
{
	const char *name = s.data + pos + 1;
	size_t len = 0;

	while (len < MAX_COMMAND && ascii_alpha(at(s, pos + 1 + len)))
		len++;
	if (!len) {
		read_control_symbol(u, s, pos);
		return;
	}
	const struct command_row *row = command_row_find(name, len);
	enum command_kind kind = row                      ? row->kind
				 : is_citation(name, len) ? COMMAND_ARGUMENT
							  : COMMAND_SYMBOL;
	const char *emit = row && row->emit ? row->emit : name;
	size_t emit_len = row && row->emit ? strlen(row->emit) : len;

	u->len = 1 + len;
	switch (kind) {
	case COMMAND_GLUE:
		set(u, UNIT_GLUE, "", 0);
		break;
	case COMMAND_BREAK:
		set_break(u);
		break;
	case COMMAND_ARGUMENT:
		set_break(u);
		u->len = skip_options_and_argument(s, pos + u->len) - pos;
		break;
	case COMMAND_LETTER: /* "\o re": the space only ends the name */
		set(u, UNIT_TEXT, emit, emit_len);
		u->len += at(s, pos + u->len) == ' ';
		break;
	case COMMAND_SYMBOL:
		set(u, UNIT_SYMBOL, emit, emit_len);
		break;
	}
}

/* -- everything else ------------------------------------------------------------------------ */

static bool follows_superscript(struct slice s, size_t pos)
{
	uint32_t cp;
	size_t start = pos;

	while (start && pos - start < 4 && ((unsigned char)s.data[--start] & 0xc0) == 0x80)
		;
	return start < pos && utf8_decode(s.data + start, pos - start, &cp) == pos - start &&
	       superscript_fold(cp);
}

static void read_character(struct unit *u, struct slice s, size_t pos)
{
	static const char raised[] = "^0^1^2^3^4^5^6^7^8^9^+^-^=^i^n";
	uint32_t cp;

	u->len = utf8_decode(s.data + pos, s.len - pos, &cp);
	char up = superscript_fold(cp);
	if (up) {
		const char *pair = raised;
		while (pair[1] != up)
			pair += 2;
		bool more = follows_superscript(s, pos);
		set(u, UNIT_TEXT, pair + more, 2u - more);
	} else if (cp >= 0x2010 && cp <= 0x2015) {
		read_dash(u, s, pos, u->len, cp <= 0x2011 ? 1 : cp <= 0x2013 ? 2 : 3);
	} else if (cp == 0x2212) {
		set(u, UNIT_TEXT, "-", 1);
	} else if (!character_fold(cp, u)) {
		set(u, UNIT_TEXT, s.data + pos, u->len);
	}
}

void unit_exact(struct unit *u, struct slice s, size_t pos)
{
	u->len = 1;
	set(u, UNIT_TEXT, s.data + pos, 1);
}

void unit_whitespace(struct unit *u, struct slice s, size_t pos)
{
	unit_exact(u, s, pos);
	if (ascii_space(at(s, pos)))
		set_break(u);
	else if (at(s, pos) == 0xc2 && at(s, pos + 1) == 0xa0) {
		set_break(u); /* no-break space */
		u->len = 2;
	}
}

void unit_loose(struct unit *u, struct slice s, size_t pos)
{
	static const struct {
		char c;
		unit_reader *read;
	} readers[] = {
		{ '\\', read_command }, { '-', read_hyphen },	{ '.', read_point },
		{ ',', read_comma },	{ ']', read_bracket },	{ '<', read_less },
		{ '&', read_ampersand }, { '>', read_greater },
	};
	int c = at(s, pos);

	unit_exact(u, s, pos);
	if (ascii_alnum(c))
		return;
	if (c >= 0x80) {
		read_character(u, s, pos);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		if (c == readers[i].c) {
			readers[i].read(u, s, pos);
			return;
		}
	}
	if (c == '{' || c == '}' || c == '\'')
		set(u, UNIT_GLUE, "", 0);
	else if (!c || !strchr("+=/^%", c))
		set_break(u);
}

/* -- streams -------------------------------------------------------------------------------- */

static void push(struct unit_stream *st, char c, size_t place, bool word_starts)
{
	ALLOC_GROW(st->places, st->bytes.len, st->alloc);
	st->places[st->bytes.len] = (uint32_t)place | (word_starts ? STREAM_BREAK : 0);
	buffer_addch(&st->bytes, c);
}

void unit_stream_make(struct unit_stream *out, struct slice source, unit_reader *read)
{
	struct unit u;
	bool pending = true; /* a word may start here */

	memset(out, 0, sizeof(*out));
	buffer_init(&out->bytes, BUFFER_MAX_INTERNAL);
	for (size_t pos = 0; pos < source.len; pos += u.len) {
		read(&u, source, pos);
		pending |= u.kind == UNIT_BREAK || u.kind == UNIT_SYMBOL;
		if (u.kind == UNIT_GLUE || u.kind == UNIT_BREAK)
			continue;
		/* two numbers beside each other do not become one */
		const char *last = out->bytes.len ? out->bytes.data + out->bytes.len - 1 : "";
		if (pending && ascii_digit((unsigned char)*last) &&
		    ascii_digit((unsigned char)*u.emit))
			push(out, ' ', pos, true);
		for (size_t i = 0; i < u.emit_len; i++) {
			char c = read == unit_loose ? (char)ascii_lower((unsigned char)u.emit[i])
						    : u.emit[i];
			push(out, c, pos, pending && !i);
		}
		pending = u.kind == UNIT_SYMBOL;
	}
}

void unit_stream_release(struct unit_stream *st)
{
	buffer_release(&st->bytes);
	free(st->places);
	memset(st, 0, sizeof(*st));
	buffer_init(&st->bytes, BUFFER_MAX_INTERNAL);
}

void ground_normalise(struct buffer *out, struct slice quote)
{
	struct unit_stream st;

	unit_stream_make(&st, quote, unit_loose);
	buffer_addbuf(out, &st.bytes);
	unit_stream_release(&st);
}

size_t count_letters(struct slice s)
{
	size_t n = 0;
	for (size_t i = 0; i < s.len; i++)
		n += is_letter((unsigned char)s.data[i]) || ascii_digit((unsigned char)s.data[i]);
	return n;
}
