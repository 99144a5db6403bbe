#include "check/prose.h"

#include <assert.h>

#include "base/memory.h"
#include "base/text.h"

/* How far a Markdown code span may reach: a hostile row of backticks would cost its square. */
#define CODE_SPAN_MAX 1024
/* How far an argument may reach, and how many times over a text may be read for closing braces
 * before the rest of them is taken for text. */
#define ARGUMENT_MAX 4096
#define READ_AHEAD_FACTOR 8

/* What the scanner looks for ahead. Environments come first: their number is their needle. */
static const struct environment {
	const char *name;
	enum prose_kind kind;
	const char *end;
} environments[] = {
	{ "verbatim", PROSE_CODE, "\\end{verbatim}" },
	{ "verbatim*", PROSE_CODE, "\\end{verbatim*}" },
	{ "Verbatim", PROSE_CODE, "\\end{Verbatim}" },
	{ "BVerbatim", PROSE_CODE, "\\end{BVerbatim}" },
	{ "lstlisting", PROSE_CODE, "\\end{lstlisting}" },
	{ "minted", PROSE_CODE, "\\end{minted}" },
	{ "alltt", PROSE_CODE, "\\end{alltt}" },
	{ "filecontents", PROSE_CODE, "\\end{filecontents}" },
	{ "filecontents*", PROSE_CODE, "\\end{filecontents*}" },
	{ "tikzpicture", PROSE_CODE, "\\end{tikzpicture}" },
	{ "tcblisting", PROSE_CODE, "\\end{tcblisting}" },
	{ "comment", PROSE_COMMENT, "\\end{comment}" },
	{ "equation", PROSE_MATH, "\\end{equation}" },
	{ "equation*", PROSE_MATH, "\\end{equation*}" },
	{ "align", PROSE_MATH, "\\end{align}" },
	{ "align*", PROSE_MATH, "\\end{align*}" },
	{ "alignat", PROSE_MATH, "\\end{alignat}" },
	{ "alignat*", PROSE_MATH, "\\end{alignat*}" },
	{ "flalign", PROSE_MATH, "\\end{flalign}" },
	{ "flalign*", PROSE_MATH, "\\end{flalign*}" },
	{ "gather", PROSE_MATH, "\\end{gather}" },
	{ "gather*", PROSE_MATH, "\\end{gather*}" },
	{ "multline", PROSE_MATH, "\\end{multline}" },
	{ "multline*", PROSE_MATH, "\\end{multline*}" },
	{ "eqnarray", PROSE_MATH, "\\end{eqnarray}" },
	{ "eqnarray*", PROSE_MATH, "\\end{eqnarray*}" },
	{ "displaymath", PROSE_MATH, "\\end{displaymath}" },
	{ "math", PROSE_MATH, "\\end{math}" },
};

enum needle {
	NEEDLE_PARAGRAPH = ARRAY_SIZE(environments),
	NEEDLE_DOLLAR,
	NEEDLE_DOLLARS,
	NEEDLE_PARENTHESIS,
	NEEDLE_BRACKET,
	NEEDLE_COMMENT_END,
	NEEDLE_TAG_END,
	NEEDLE_BACKTICKS,
	NEEDLE_TILDES,
	NEEDLE_NR
};
_Static_assert(NEEDLE_NR <= PROSE_NEEDLES, "raise PROSE_NEEDLES");

static const char *const needle_texts[] = {
	"\n\n", "$", "$$", "\\)", "\\]", "-->", ">", "\n```", "\n~~~",
};

/* Commands whose argument is no prose. Kinds other than these follow from the name: see
 * argument_kind(). */
static const struct {
	const char *name;
	enum prose_kind kind;
} argument_kinds[] = {
	{ "url", PROSE_CODE },
	{ "nolinkurl", PROSE_CODE },
	{ "path", PROSE_CODE },
	{ "href", PROSE_CODE },
	{ "texttt", PROSE_CODE },
	{ "code", PROSE_CODE },
	{ "verbatiminput", PROSE_CODE },
	{ "lstinputlisting", PROSE_CODE },
	{ "ensuremath", PROSE_MATH },
	{ "label", PROSE_KEY },
	{ "bibitem", PROSE_KEY },
	{ "input", PROSE_KEY },
	{ "include", PROSE_KEY },
	{ "subfile", PROSE_KEY },
	{ "import", PROSE_KEY },
	{ "includegraphics", PROSE_KEY },
	{ "bibliography", PROSE_KEY },
	{ "bibliographystyle", PROSE_KEY },
	{ "addbibresource", PROSE_KEY },
	{ "usepackage", PROSE_KEY },
	{ "documentclass", PROSE_KEY },
	{ "hypersetup", PROSE_KEY },
	{ "graphicspath", PROSE_KEY },
	{ "hyperref", PROSE_KEY },
	{ "hyperlink", PROSE_KEY },
	{ "hypertarget", PROSE_KEY },
	{ "color", PROSE_KEY },
	{ "textcolor", PROSE_KEY },
	{ "vspace", PROSE_KEY },
	{ "hspace", PROSE_KEY },
};

void prose_init(struct prose *p, struct slice text, enum manuscript_kind kind)
{
	memset(p, 0, sizeof(*p));
	p->text = text;
	p->kind = kind;
	p->fuel = text.len > SIZE_MAX / READ_AHEAD_FACTOR ? SIZE_MAX : text.len * READ_AHEAD_FACTOR;
	for (const char *c = kind == MANUSCRIPT_MARKDOWN ? "`$<\\(" : "\\%$`"; *c; c++)
		p->special[(unsigned char)*c] = true;
	for (const char *c = "\n'\"h\xe2"; *c; c++)
		p->special[(unsigned char)*c] = true;
}

/* Where NEEDLE stands next at or after FROM; the end of the text when it does not. */
static size_t ahead(struct prose *p, size_t needle, size_t from)
{
	if (p->seen[needle] && p->next[needle] >= from)
		return p->next[needle];
	const char *what = needle < NEEDLE_PARAGRAPH ? environments[needle].end
						     : needle_texts[needle - NEEDLE_PARAGRAPH];
	const char *hit = NULL;
	if (from < p->text.len)
		hit = memmem(p->text.data + from, p->text.len - from, what, strlen(what));
	p->seen[needle] = true;
	p->next[needle] = hit ? (size_t)(hit - p->text.data) : p->text.len;
	return p->next[needle];
}

static char at(const struct prose *p, size_t pos)
{
	return pos < p->text.len ? p->text.data[pos] : '\0';
}

static bool has(const struct prose *p, size_t pos, const char *what)
{
	size_t len = strlen(what);
	return pos < p->text.len && p->text.len - pos >= len &&
	       !memcmp(p->text.data + pos, what, len);
}

static bool run(struct prose *p, struct prose_run *out, enum prose_kind kind, size_t end)
{
	assert(end > p->pos && end <= p->text.len);
	*out = (struct prose_run){ kind, p->pos, end,
				   p->quoted || p->quote_environments || p->in_block_quote };
	p->pos = end;
	return true;
}

static size_t line_end(const struct prose *p, size_t from)
{
	const char *hit = from < p->text.len
				  ? memchr(p->text.data + from, '\n', p->text.len - from)
				  : NULL;
	return hit ? (size_t)(hit - p->text.data) : p->text.len;
}

/* -- TeX -------------------------------------------------------------------------------------- */

/* Behind the group or optional argument that opens at POS, or POS when it does not close within its
 * paragraph and a sensible length. */
static size_t group_end(struct prose *p, size_t pos, char open, char close)
{
	size_t depth = 0, rest = p->text.len - pos;
	size_t limit = pos + (rest < ARGUMENT_MAX ? rest : ARGUMENT_MAX);
	for (size_t i = pos; i < limit && p->fuel; i++, p->fuel--) {
		char c = p->text.data[i];
		if (c == '\\')
			i++;
		else if (c == open)
			depth++;
		else if (c == close && --depth == 0)
			return i + 1;
		else if (c == '\n' && at(p, i + 1) == '\n')
			break;
	}
	return pos;
}

static bool ends_with_slice(struct slice s, const char *suffix)
{
	size_t len = strlen(suffix);
	return s.len >= len && !memcmp(s.data + s.len - len, suffix, len);
}

/* PROSE_TEXT when the command's argument is prose, or it has none. */
static enum prose_kind argument_kind(struct slice name)
{
	for (size_t i = 0; i < ARRAY_SIZE(argument_kinds); i++) {
		if (slice_equals(name, argument_kinds[i].name))
			return argument_kinds[i].kind;
	}
	if (ends_with_slice(name, "ref") || ends_with_slice(name, "cite") ||
	    (name.len > 4 && !memcmp(name.data, "cite", 4)))
		return PROSE_KEY;
	return PROSE_TEXT;
}

static bool is_inline_code(struct slice name)
{
	static const char *const names[] = { "verb", "lstinline", "mintinline", "Verb" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (slice_equals(name, names[i]))
			return true;
	}
	return false;
}

/* Behind \verb|...| and its kin, whose name ends at POS; POS when it is not closed on its line. */
static size_t inline_code_end(struct prose *p, struct slice name, size_t pos)
{
	size_t from = pos;
	if (at(p, from) == '*')
		from++;
	if (at(p, from) == '[')
		from = group_end(p, from, '[', ']');
	if (slice_equals(name, "mintinline") && at(p, from) == '{')
		from = group_end(p, from, '{', '}');
	if (at(p, from) == '{') {
		size_t end = group_end(p, from, '{', '}');
		return end > from ? end : pos;
	}
	size_t limit = p->text.len - from < ARGUMENT_MAX ? p->text.len : from + ARGUMENT_MAX;
	for (size_t i = from + 1; i < limit && p->text.data[i - 1] != '\n'; i++) {
		if (p->text.data[i] == p->text.data[from])
			return i + 1;
	}
	return pos;
}

static bool is_quote_environment(struct slice name)
{
	return slice_equals(name, "quote") || slice_equals(name, "quotation") ||
	       slice_equals(name, "displayquote");
}

/* \begin or \end, whose name ends at POS. */
static bool tex_environment(struct prose *p, struct prose_run *out, bool begins, size_t pos)
{
	size_t end = at(p, pos) == '{' ? group_end(p, pos, '{', '}') : pos;
	if (end <= pos + 2)
		return run(p, out, PROSE_COMMAND, pos);
	struct slice name = { p->text.data + pos + 1, end - pos - 2 };
	if (is_quote_environment(name)) {
		if (begins)
			p->quote_environments++;
		else if (p->quote_environments)
			p->quote_environments--;
	}
	for (size_t i = 0; begins && i < ARRAY_SIZE(environments); i++) {
		if (!slice_equals(name, environments[i].name))
			continue;
		size_t close = ahead(p, i, end);
		if (close < p->text.len)
			return run(p, out, environments[i].kind,
				   close + strlen(environments[i].end));
	}
	return run(p, out, PROSE_COMMAND, end);
}

/* Mathematics from p->pos (OPEN bytes of opening) to NEEDLE, if that comes before the paragraph
 * ends. */
static bool tex_math(struct prose *p, struct prose_run *out, size_t open, size_t needle)
{
	size_t from = p->pos + open;
	size_t close = ahead(p, needle, from);
	/* an escaped dollar inside does not close */
	while (close < p->text.len && close > from && needle != NEEDLE_PARENTHESIS &&
	       needle != NEEDLE_BRACKET && p->text.data[close - 1] == '\\')
		close = ahead(p, needle, close + 1);
	if (close >= p->text.len || close > ahead(p, NEEDLE_PARAGRAPH, from))
		return run(p, out, PROSE_COMMAND, from);
	return run(p, out, PROSE_MATH, close + strlen(needle_texts[needle - NEEDLE_PARAGRAPH]));
}

static bool tex_command(struct prose *p, struct prose_run *out)
{
	size_t end = p->pos + 1;
	while (ascii_alpha((unsigned char)at(p, end)))
		end++;
	if (end == p->pos + 1) {
		if (at(p, end) == '(')
			return tex_math(p, out, 2, NEEDLE_PARENTHESIS);
		if (at(p, end) == '[')
			return tex_math(p, out, 2, NEEDLE_BRACKET);
		return run(p, out, PROSE_COMMAND, end < p->text.len ? end + 1 : end);
	}
	struct slice name = { p->text.data + p->pos + 1, end - p->pos - 1 };
	p->command = name;
	if (slice_equals(name, "begin") || slice_equals(name, "end"))
		return tex_environment(p, out, name.len == 5, end);
	if (is_inline_code(name)) {
		size_t close = inline_code_end(p, name, end);
		return run(p, out, close > end ? PROSE_CODE : PROSE_COMMAND, close);
	}
	return run(p, out, PROSE_COMMAND, end);
}

/* The argument of the command that was handed out last, when it is no prose. */
static bool tex_argument(struct prose *p, struct prose_run *out)
{
	enum prose_kind kind = p->command.len ? argument_kind(p->command) : PROSE_TEXT;
	p->command.len = 0;
	if (kind == PROSE_TEXT)
		return false;
	size_t end = p->pos;
	if (at(p, end) == '*')
		end++;
	while (at(p, end) == '[') {
		size_t close = group_end(p, end, '[', ']');
		if (close == end)
			return false;
		end = close;
	}
	size_t close = at(p, end) == '{' ? group_end(p, end, '{', '}') : end;
	return close > end && run(p, out, kind, close);
}

static bool is_address(const struct prose *p, size_t pos)
{
	return has(p, pos, "http://") || has(p, pos, "https://");
}

static size_t address_end(const struct prose *p, size_t pos)
{
	while (pos < p->text.len && !ascii_space((unsigned char)p->text.data[pos]) &&
	       !strchr("{}<>\"", p->text.data[pos]))
		pos++;
	return pos;
}

/* Quotation marks at POS: their length, and whether what follows is quoted; 0 for none. */
static size_t quotation_mark(const struct prose *p, size_t pos, bool *opens)
{
	static const struct {
		const char *mark;
		bool opens;
	} marks[] = {
		{ "``", true },
		{ "''", false },
		{ "\xe2\x80\x9c", true },
		{ "\xe2\x80\x9d", false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
		if (has(p, pos, marks[i].mark)) {
			*opens = marks[i].opens;
			return strlen(marks[i].mark);
		}
	}
	*opens = !p->quoted;
	return at(p, pos) == '"' ? 1 : 0;
}

/* Whether a line of Markdown that starts at POS needs markdown_line(). */
static bool is_special_line(const struct prose *p, size_t pos)
{
	return p->kind == MANUSCRIPT_MARKDOWN && pos < p->text.len &&
	       strchr(" \t>`~", p->text.data[pos]) != NULL;
}

/* Whether text ends before the byte at POS. */
static bool ends_text(const struct prose *p, size_t pos)
{
	bool opens;
	switch (p->text.data[pos]) {
	case '\n':
		return false;
	case 'h':
		return is_address(p, pos);
	case '\'':
	case '"':
	case '\xe2':
		return quotation_mark(p, pos, &opens) != 0;
	case '`':
		return p->kind == MANUSCRIPT_MARKDOWN || quotation_mark(p, pos, &opens) != 0;
	default:
		return true;
	}
}

/* A run of text up to what is none: a command, an address, a quotation mark, a blank line. */
static bool text_run(struct prose *p, struct prose_run *out)
{
	size_t end = p->pos;
	bool opens;
	size_t mark = quotation_mark(p, end, &opens);
	if (mark) {
		p->quoted = opens;
		return run(p, out, PROSE_COMMAND, end + mark);
	}
	if (is_address(p, end))
		return run(p, out, PROSE_CODE, address_end(p, end));
	do {
		if (p->text.data[end] == '\n') {
			bool blank = at(p, end + 1) == '\n';
			if (blank || is_special_line(p, end + 1)) {
				run(p, out, PROSE_TEXT, end + 1);
				p->quoted = p->quoted && !blank;
				p->in_block_quote = p->in_block_quote && !blank;
				return true;
			}
		}
		end++;
	} while (end < p->text.len &&
		 !(p->special[(unsigned char)p->text.data[end]] && ends_text(p, end)));
	return run(p, out, PROSE_TEXT, end);
}

static bool tex_next(struct prose *p, struct prose_run *out)
{
	if (tex_argument(p, out))
		return true;
	switch (p->text.data[p->pos]) {
	case '\\':
		return tex_command(p, out);
	case '%':
		return run(p, out, PROSE_COMMENT, line_end(p, p->pos + 1));
	case '$':
		return at(p, p->pos + 1) == '$' ? tex_math(p, out, 2, NEEDLE_DOLLARS)
						: tex_math(p, out, 1, NEEDLE_DOLLAR);
	default:
		return text_run(p, out);
	}
}

/* -- Markdown --------------------------------------------------------------------------------- */

static bool is_blank_line_before(const struct prose *p, size_t line)
{
	return line == 0 || (line >= 2 && p->text.data[line - 2] == '\n') || line == 1;
}

/* What a line as a whole is: a fence, indented code; also notes a block quote. */
static bool markdown_line(struct prose *p, struct prose_run *out)
{
	size_t start = p->pos, text = start;
	while (text < p->text.len && text - start < 4 && p->text.data[text] == ' ')
		text++;
	if ((text - start == 4 || at(p, text) == '\t') && is_blank_line_before(p, start))
		return run(p, out, PROSE_CODE, line_end(p, start + 1));
	if (at(p, text) == '>')
		p->in_block_quote = true;
	bool tildes = has(p, text, "~~~");
	if (!tildes && !has(p, text, "```"))
		return false;
	size_t first = line_end(p, text);
	size_t close = ahead(p, tildes ? NEEDLE_TILDES : NEEDLE_BACKTICKS, first);
	return run(p, out, PROSE_CODE, close < p->text.len ? line_end(p, close + 1) : close);
}

static bool markdown_code_span(struct prose *p, struct prose_run *out)
{
	size_t ticks = 0;
	while (at(p, p->pos + ticks) == '`')
		ticks++;
	size_t from = p->pos + ticks;
	size_t limit = from + CODE_SPAN_MAX < p->text.len ? from + CODE_SPAN_MAX : p->text.len;
	for (size_t i = from; i < limit; i++) {
		if (p->text.data[i] == '\n' && at(p, i + 1) == '\n')
			break;
		size_t here = 0;
		while (i + here < limit && p->text.data[i + here] == '`')
			here++;
		if (here == ticks)
			return run(p, out, PROSE_CODE, i + here);
		if (here)
			i += here - 1;
	}
	return run(p, out, PROSE_COMMAND, from);
}

/* Pandoc's rule: no blank behind the opening dollar. */
static bool markdown_math(struct prose *p, struct prose_run *out)
{
	if (at(p, p->pos + 1) == '$')
		return tex_math(p, out, 2, NEEDLE_DOLLARS);
	if (ascii_space((unsigned char)at(p, p->pos + 1)))
		return run(p, out, PROSE_TEXT, p->pos + 1);
	return tex_math(p, out, 1, NEEDLE_DOLLAR);
}

static bool markdown_angle(struct prose *p, struct prose_run *out)
{
	if (has(p, p->pos, "<!--")) {
		size_t end = ahead(p, NEEDLE_COMMENT_END, p->pos + 4);
		return run(p, out, PROSE_COMMENT, end < p->text.len ? end + 3 : end);
	}
	char next = at(p, p->pos + 1);
	size_t end = ahead(p, NEEDLE_TAG_END, p->pos + 1);
	if ((next == '/' || ascii_alpha((unsigned char)next)) && end < p->text.len &&
	    end < ahead(p, NEEDLE_PARAGRAPH, p->pos))
		return run(p, out, PROSE_COMMAND, end + 1);
	return run(p, out, PROSE_TEXT, p->pos + 1);
}

static bool markdown_next(struct prose *p, struct prose_run *out)
{
	char c = p->text.data[p->pos];
	if ((!p->pos || p->text.data[p->pos - 1] == '\n') && markdown_line(p, out))
		return true;
	if (c == '`')
		return markdown_code_span(p, out);
	if (c == '$')
		return markdown_math(p, out);
	if (c == '<')
		return markdown_angle(p, out);
	if (c == '\\')
		return run(p, out, PROSE_COMMAND,
			   p->pos + 1 < p->text.len ? p->pos + 2 : p->pos + 1);
	if (c == '(' && p->pos && p->text.data[p->pos - 1] == ']') {
		size_t end = group_end(p, p->pos, '(', ')');
		if (end > p->pos)
			return run(p, out, PROSE_KEY, end);
	}
	return text_run(p, out);
}

bool prose_next(struct prose *p, struct prose_run *out)
{
	if (p->pos >= p->text.len)
		return false;
	return p->kind == MANUSCRIPT_MARKDOWN ? markdown_next(p, out) : tex_next(p, out);
}
