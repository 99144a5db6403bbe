#include "image/dockerfile_words.h"

#include "base/memory.h"
#include "base/text.h"

/* -- instructions ----------------------------------------------------------------------------- */

static struct slice next_line(struct dockerfile_lines *lines)
{
	const char *newline = memchr(lines->at, '\n', (size_t)(lines->end - lines->at));
	struct slice line = { lines->at, (size_t)((newline ? newline : lines->end) - lines->at) };
	lines->at = newline ? newline + 1 : lines->end;
	lines->line++;
	if (line.len && line.data[line.len - 1] == '\r')
		line.len--;
	return line;
}

static struct slice trim_left(struct slice s)
{
	while (s.len && ascii_space(*s.data)) {
		s.data++;
		s.len--;
	}
	return s;
}

/* "# name = value" */
static bool read_directive(struct slice line, struct slice *name, struct slice *value)
{
	const char *equals = memchr(line.data, '=', line.len);
	if (!line.len || *line.data != '#' || !equals)
		return false;
	*name = slice_trim((struct slice){ line.data + 1, (size_t)(equals - line.data) - 1 });
	*value = slice_trim((struct slice){ equals + 1, line.len - (size_t)(equals - line.data) - 1 });
	for (size_t i = 0; i < name->len; i++)
		if (!ascii_alnum(name->data[i]))
			return false;
	return name->len && value->len;
}

static bool same_name(struct slice name, const char *wanted)
{
	return name.len == strlen(wanted) && !strncasecmp(name.data, wanted, name.len);
}

struct error *dockerfile_lines_init(struct dockerfile_lines *lines, struct slice text)
{
	*lines = (struct dockerfile_lines){
		.at = text.data, .end = text.data + text.len, .line = 1, .escape = '\\'
	};
	if (text.len >= 3 && !memcmp(text.data, "\xef\xbb\xbf", 3))
		lines->at += 3;
	for (;;) {
		struct dockerfile_lines before = *lines;
		struct slice name, value;
		bool is_directive = read_directive(next_line(lines), &name, &value);
		if (is_directive && same_name(name, "escape")) {
			if (value.len != 1 || (*value.data != '\\' && *value.data != '`'))
				return error_new(ERROR_SYNTAX, "the escape character must be \\ or `");
			lines->escape = *value.data;
		} else if (is_directive && same_name(name, "syntax")) {
			lines->syntax = value;
		} else if (!is_directive || !same_name(name, "check")) {
			lines->at = before.at;
			lines->line = before.line;
			return NULL;
		}
	}
}

/* Takes the escape at the end of LINE off, if it goes on on the next one. */
static bool continues(struct slice *line, char escape)
{
	size_t end = line->len;
	while (end && (line->data[end - 1] == ' ' || line->data[end - 1] == '\t'))
		end--;
	if (!end || line->data[end - 1] != escape || (end > 1 && line->data[end - 2] == escape))
		return false;
	line->len = end - 1;
	return true;
}

bool dockerfile_lines_next(struct dockerfile_lines *lines, struct buffer *out, size_t *line)
{
	bool more = true, begun = false;
	buffer_reset(out);
	while (lines->at < lines->end && more) {
		size_t number = lines->line;
		struct slice text = next_line(lines), trimmed = trim_left(text);
		if (!trimmed.len || *trimmed.data == '#')
			continue;
		if (!begun) {
			*line = number;
			text = trimmed;
			begun = true;
		}
		more = continues(&text, lines->escape);
		buffer_add(out, text.data, text.len);
	}
	return begun;
}

/* -- words ------------------------------------------------------------------------------------ */

/* Behind the quoted part at S; LEN when it does not end. */
static size_t skip_quoted(const char *s, size_t len, char escape)
{
	for (size_t i = 1; i < len; i++) {
		if (s[i] == *s)
			return i + 1;
		if (*s == '"' && s[i] == escape)
			i++;
	}
	return len;
}

struct slice dockerfile_word_next(struct slice *rest, char escape)
{
	struct slice s = trim_left(*rest);
	size_t i = 0;
	while (i < s.len && !ascii_space(s.data[i])) {
		if (s.data[i] == '"' || s.data[i] == '\'')
			i += skip_quoted(s.data + i, s.len - i, escape);
		else
			i += s.data[i] == escape && i + 1 < s.len ? 2 : 1;
	}
	*rest = (struct slice){ s.data + i, s.len - i };
	return (struct slice){ s.data, i };
}

struct slice dockerfile_word_next_plain(struct slice *rest)
{
	struct slice s = trim_left(*rest);
	size_t i = 0;
	while (i < s.len && !ascii_space(s.data[i]))
		i++;
	*rest = (struct slice){ s.data + i, s.len - i };
	return (struct slice){ s.data, i };
}

void dockerfile_word_quote(struct buffer *out, const char *s, char escape)
{
	buffer_addch(out, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '$' || *s == escape)
			buffer_addch(out, escape);
		buffer_addch(out, *s);
	}
	buffer_addch(out, '"');
}

/* -- variables -------------------------------------------------------------------------------- */

struct scanner {
	const char *at, *end;
	const struct dockerfile_expansion *x;
	unsigned depth;
};

static struct error *scan(struct scanner *s, char stop, struct buffer *out);

static bool name_character(int c)
{
	return ascii_alnum(c) || c == '_';
}

/* What stands for a variable's value: "${NAME<how>WORD}". */
static struct error *scan_alternative(struct scanner *s, struct slice name, const char *value,
				      struct buffer *out)
{
	bool empty_counts_as_unset = *s->at == ':';
	s->at += empty_counts_as_unset;
	char how = s->at < s->end ? *s->at : 0;
	if (!how || !strchr("-+?", how))
		return error_new(ERROR_UNSUPPORTED, "'${%.*s' goes on in a way that only a builder knows",
				 (int)name.len, name.data);
	s->at++;
	struct buffer word = BUFFER_INIT_MAX(WORD_MAX);
	struct error *err =
	    s->depth >= WORD_MAX_DEPTH
		? error_new(ERROR_LIMIT, "variables are nested more than %d deep", WORD_MAX_DEPTH)
		: NULL;
	s->depth++;
	if (!err)
		err = scan(s, '}', &word);
	s->depth--;
	bool set = value && (*value || !empty_counts_as_unset);
	if (!err && how == '?' && !set)
		err =
		    error_new(ERROR_SYNTAX, "'%.*s' has to be set: %s", (int)name.len, name.data, word.data);
	else if (!err && how == '+')
		buffer_add(out, word.data, set ? word.len : 0);
	else if (!err && set)
		buffer_addstr(out, value);
	else if (!err)
		buffer_addbuf(out, &word);
	buffer_release(&word);
	return err;
}

/* Behind the '$'. */
static struct error *scan_variable(struct scanner *s, struct buffer *out)
{
	bool braces = s->at < s->end && *s->at == '{';
	const char *start = s->at + braces, *value = NULL;
	s->at = start;
	while (s->at < s->end && name_character(*s->at))
		s->at++;
	/* Of "$1a" only the digit is the name, and it is never set. */
	if (!braces && s->at > start && ascii_digit(*start))
		s->at = start + 1;
	struct slice name = { start, (size_t)(s->at - start) };
	if (!name.len && !braces) {
		buffer_addch(out, '$');
		return NULL;
	}
	if (!name.len)
		return error_new(ERROR_SYNTAX, "'${' has no name behind it");
	struct error *err = s->x->lookup(s->x->data, name, &value);
	if (err)
		return err;
	if (braces && s->at < s->end && *s->at != '}')
		return scan_alternative(s, name, value, out);
	if (braces && s->at == s->end)
		return error_new(ERROR_SYNTAX, "'${%.*s' is not closed", (int)name.len, name.data);
	s->at += braces;
	buffer_addstr(out, value ? value : "");
	return NULL;
}

static struct error *scan_double_quoted(struct scanner *s, struct buffer *out)
{
	while (s->at < s->end && *s->at != '"') {
		struct error *err = NULL;
		char c = *s->at++;
		if (c == '$') {
			err = scan_variable(s, out);
		} else {
			bool escapes = c == s->x->escape && s->at < s->end &&
				       (*s->at == '"' || *s->at == '$' || *s->at == s->x->escape);
			buffer_addch(out, escapes ? *s->at++ : c);
		}
		if (err)
			return err;
	}
	if (s->at == s->end)
		return error_new(ERROR_SYNTAX, "a double quote is not closed");
	s->at++;
	return NULL;
}

static struct error *scan_single_quoted(struct scanner *s, struct buffer *out)
{
	const char *close = memchr(s->at, '\'', (size_t)(s->end - s->at));
	if (!close)
		return error_new(ERROR_SYNTAX, "a single quote is not closed");
	buffer_add(out, s->at, (size_t)(close - s->at));
	s->at = close + 1;
	return NULL;
}

/* Up to STOP (0: to the end), which is passed. */
static struct error *scan(struct scanner *s, char stop, struct buffer *out)
{
	struct error *err = NULL;
	while (!err && s->at < s->end) {
		char c = *s->at++;
		if (stop && c == stop)
			return NULL;
		if (c == '\'')
			err = scan_single_quoted(s, out);
		else if (c == '"')
			err = scan_double_quoted(s, out);
		else if (c == '$')
			err = scan_variable(s, out);
		else if (c != s->x->escape)
			buffer_addch(out, c);
		else if (s->at < s->end)
			buffer_addch(out, *s->at++);
	}
	if (!err && stop)
		err = error_new(ERROR_SYNTAX, "'${' is not closed");
	return err;
}

struct error *dockerfile_word_expand(struct buffer *out, struct slice word,
				     const struct dockerfile_expansion *x)
{
	struct scanner s = { word.data, word.data + word.len, x, 0 };
	struct error *err = scan(&s, 0, out);
	return err ? err : buffer_check(out, "a value");
}
