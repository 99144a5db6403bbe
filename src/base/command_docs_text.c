#include "base/command_docs_text.h"

#include <inttypes.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

struct slice docs_slice(const char *s)
{
	return s ? (struct slice){ s, strlen(s) } : (struct slice){ "", 0 };
}

static void advance(struct slice *rest, size_t len)
{
	rest->data += len;
	rest->len -= len;
}

/* The length of "<some-words>" at the front of S, or 0. */
static size_t placeholder_length(struct slice s)
{
	if (!s.len || s.data[0] != '<')
		return 0;
	for (size_t i = 1; i < s.len; i++) {
		if (s.data[i] == '>')
			return i > 1 ? i + 1 : 0;
		if (!ascii_alnum((unsigned char)s.data[i]) && !memchr("-_ ", s.data[i], 3))
			return 0;
	}
	return 0;
}

/* The length of "`code`" at the front of S, or 0. */
static size_t code_length(struct slice s)
{
	if (!s.len || s.data[0] != '`')
		return 0;
	const char *end = memchr(s.data + 1, '`', s.len - 1);
	return end ? (size_t)(end - s.data) + 1 : 0;
}

bool docs_next_span(struct slice *rest, struct docs_span *span)
{
	if (!rest->len)
		return false;
	size_t len = code_length(*rest);
	if (len) {
		*span = (struct docs_span){ DOCS_CODE, { rest->data + 1, len - 2 } };
		advance(rest, len);
		return true;
	}
	len = placeholder_length(*rest);
	if (len) {
		*span = (struct docs_span){ DOCS_PLACEHOLDER, { rest->data, len } };
		advance(rest, len);
		return true;
	}
	struct slice start = *rest;
	do
		advance(rest, 1);
	while (rest->len && !code_length(*rest) && !placeholder_length(*rest));
	*span = (struct docs_span){ DOCS_PLAIN, { start.data, start.len - rest->len } };
	return true;
}

bool docs_next_paragraph(struct slice *rest, struct docs_paragraph *paragraph)
{
	while (rest->len && rest->data[0] == '\n')
		advance(rest, 1);
	if (!rest->len)
		return false;
	const char *end = memmem(rest->data, rest->len, "\n\n", 2);
	size_t len = end ? (size_t)(end - rest->data) : rest->len;
	paragraph->text = (struct slice){ rest->data, len };
	paragraph->literal = ascii_space((unsigned char)rest->data[0]);
	advance(rest, len);
	while (paragraph->text.len && paragraph->text.data[paragraph->text.len - 1] == '\n')
		paragraph->text.len--;
	return true;
}

void docs_literal_lines(struct buffer *out, struct slice text, docs_say_line *say)
{
	size_t indent = 0;
	while (indent < text.len && (text.data[indent] == ' ' || text.data[indent] == '\t'))
		indent++;
	while (text.len) {
		const char *end = memchr(text.data, '\n', text.len);
		struct slice line = { text.data, end ? (size_t)(end - text.data) : text.len };
		advance(&text, line.len + (end != NULL));
		size_t leading = strspn(line.data, " \t");
		advance(&line, leading < indent ? leading : indent);
		say(out, line);
	}
}

void docs_plain(struct buffer *out, const char *text)
{
	struct slice rest = docs_slice(text);
	struct docs_span span;
	while (docs_next_span(&rest, &span))
		buffer_add(out, span.text.data, span.text.len);
}

/* Takes the next word off *REST; blanks between brackets belong to it if KEEP_BRACKETS. */
static struct slice next_word(struct slice *rest, bool keep_brackets)
{
	while (rest->len && ascii_space((unsigned char)rest->data[0]))
		advance(rest, 1);
	struct slice word = { rest->data, 0 };
	int depth = 0;
	while (rest->len && (depth > 0 || !ascii_space((unsigned char)rest->data[0]))) {
		if (keep_brackets)
			depth += !!strchr("[(", rest->data[0]) - !!strchr("])", rest->data[0]);
		advance(rest, 1);
		word.len++;
	}
	return word;
}

static size_t columns_of(struct slice s)
{
	size_t columns = 0;
	while (s.len) {
		uint32_t cp;
		size_t bytes = utf8_decode(s.data, s.len, &cp);
		columns += (size_t)utf8_width(cp);
		advance(&s, bytes);
	}
	return columns;
}

void docs_wrap(struct buffer *out, const char *text, size_t column, size_t indent, size_t width,
	       bool keep_brackets)
{
	struct buffer plain = BUFFER_INIT;
	bool first = true;
	docs_plain(&plain, text);
	struct slice rest = slice_of(&plain);
	for (;;) {
		struct slice word = next_word(&rest, keep_brackets);
		if (!word.len)
			break;
		size_t columns = columns_of(word);
		if (!first && column + 1 + columns > width) {
			buffer_addf(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (!first) {
			buffer_addch(out, ' ');
			column++;
		}
		buffer_add(out, word.data, word.len);
		column += columns;
		first = false;
	}
	buffer_addch(out, '\n');
	buffer_release(&plain);
}

void docs_sentence(struct buffer *out, const char *s)
{
	size_t len = strlen(s);
	if (!len)
		return;
	char first = s[0];
	if (first >= 'a' && first <= 'z')
		first = (char)(first - 'a' + 'A');
	buffer_addch(out, first);
	buffer_add(out, s + 1, len - 1);
	if (!strchr(".?!", s[len - 1]))
		buffer_addch(out, '.');
}

/* -- what the tables say -------------------------------------------------------------------- */

void docs_command_name(struct buffer *out, const struct program *program,
		       const struct command *cmd)
{
	bool optional = cmd == program->default_command;
	buffer_addf(out, optional ? "%s [%s]" : "%s %s", program->spoken, cmd->name);
}

static const void *default_of(const struct command *cmd, const struct option *option)
{
	return cmd->defaults ? (const char *)cmd->defaults + option->offset : NULL;
}

bool docs_on_by_default(const struct command *cmd, const struct option *option)
{
	const bool *value = default_of(cmd, option);
	return option->kind == OPTION_BOOL && value && *value;
}

void docs_list(struct buffer *out, const char *const *items, const char *quote)
{
	for (size_t i = 0; items[i]; i++) {
		const char *between = !i ? "" : items[i + 1] ? ", " : " or ";
		buffer_addf(out, "%s%s%s%s", between, quote, items[i], quote);
	}
}

bool docs_names_choices(const struct option *option, const char *text)
{
	for (const char *const *choice = option->choices; choice && *choice; choice++)
		if (!text || !strstr(text, *choice))
			return false;
	return true;
}

void docs_choices_and_default(struct buffer *out, const struct command *cmd,
			      const struct option *option)
{
	const char *said = option->details ? option->details : option->help;
	const void *value = default_of(cmd, option);
	/* The last of several paragraphs may be literal. */
	const char *between = said && strstr(said, "\n\n") ? "\n\n" : " ";

	if (option->choices && !docs_names_choices(option, said)) {
		buffer_addf(out, "%sOne of ", between);
		docs_list(out, option->choices, "`");
		buffer_addch(out, '.');
		between = " ";
	}
	if (!value || (said && strstr(said, "default")))
		return;
	if (option->kind == OPTION_CHOICE && *(const char *const *)value)
		buffer_addf(out, "%sThe default is `%s`.", between,
			    *(const char *const *)value);
	/* 0 and below stand for "none" or "not given". */
	if (option->kind == OPTION_INTEGER && *(const int64_t *)value > 0)
		buffer_addf(out, "%sThe default is %" PRId64 ".", between,
			    *(const int64_t *)value);
}

const char *docs_argument(const struct option *option)
{
	return option->argument ? option->argument : "<value>";
}

const char *docs_value_completion(const struct option *option)
{
	if (option->choices)
		return "choice";
	return option->completes ? option->completes : "";
}

const char *docs_argument_completion(const struct command *cmd)
{
	static const struct {
		const char *placeholder, *completes;
	} known[] = {
		{ "<paper>", "paper" }, { "<folder>", "paper" }, { "<rule>", "rule" },
		{ "<model>", "model" }, { "<rev>", "rev" },	 { "<commit>", "rev" },
		{ "<file>", "file" },	{ "<path>", "file" },
	};
	for (const char *const *usage = cmd->usage; usage && *usage; usage++)
		for (size_t i = 0; i < ARRAY_SIZE(known); i++)
			if (strstr(*usage, known[i].placeholder))
				return known[i].completes;
	return "";
}

void docs_argument_words(struct buffer *out, const struct command *cmd)
{
	for (const char *const *usage = cmd->usage; usage && *usage; usage++) {
		struct slice rest = docs_slice(*usage), word;
		if (starts_with(*usage, "[<options>]"))
			next_word(&rest, true);
		word = next_word(&rest, true);
		while (word.len && strchr("[(", word.data[0]))
			advance(&word, 1);
		size_t len = strspn(word.data, "abcdefghijklmnopqrstuvwxyz0123456789-|");
		if (!word.len || !ascii_alpha((unsigned char)word.data[0]))
			continue;
		buffer_addch(out, ' ');
		for (size_t i = 0; i < len; i++)
			buffer_addch(out, word.data[i] == '|' ? ' ' : word.data[i]);
	}
}

void docs_identifier(struct buffer *out, const struct program *program)
{
	for (const char *at = program->name; *at; at++)
		buffer_addch(out, *at == '-' ? '_' : *at);
}
