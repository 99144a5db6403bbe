#include "daemon/unit_text.h"

static void add_quoted(struct buffer *out, const char *word, bool variables)
{
	buffer_addch(out, '"');
	for (; *word; word++) {
		unsigned char c = (unsigned char)*word;
		if (c == '"' || c == '\\')
			buffer_addf(out, "\\%c", c);
		else if (c == '%' || (c == '$' && variables))
			buffer_addf(out, "%c%c", c, c);
		else if (c < ' ' || c == 0x7f)
			buffer_addf(out, "\\x%02x", c);
		else
			buffer_addch(out, (char)c);
	}
	buffer_addch(out, '"');
}

void unit_add_argument(struct buffer *out, const char *word)
{
	add_quoted(out, word, true);
}

void unit_add_word(struct buffer *out, const char *word)
{
	add_quoted(out, word, false);
}

void unit_add_description(struct buffer *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if (c == '%')
			buffer_addstr(out, "%%");
		else
			/* A backslash at the end would join the next line. */
			buffer_addch(out, c < ' ' || c == 0x7f || c == '\\' ? '?' : (char)c);
	}
}

bool cron_add_word(struct buffer *out, const char *word)
{
	bool good = true;
	buffer_addch(out, '\'');
	for (; *word; word++) {
		good = good && *word != '\n' && *word != '\r';
		if (*word == '\'')
			buffer_addstr(out, "'\\''");
		else if (*word == '%')
			/* cron takes the backslash away, wherever it stands. */
			buffer_addstr(out, "\\%");
		else
			buffer_addch(out, *word);
	}
	buffer_addch(out, '\'');
	return good;
}
