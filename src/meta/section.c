#include "meta/section.h"

#include <stdio.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"

static void add_string(struct section *section, const char *key, const char *text)
{
	if (text)
		section->fields[section->nr++] = (struct field){ .key = key, .text = text };
}

static void add_number(struct section *section, const char *key, int64_t value)
{
	struct field *field = &section->fields[section->nr++];
	*field = (struct field){ .key = key, .number = true };
	snprintf(field->digits, sizeof(field->digits), "%lld", (long long)value);
	field->text = field->digits;
}

void section_init(struct section *section, const struct meta_scrutiny *s)
{
	section->nr = 0;
	section->at_end = false;
	add_string(section, "content_id", s->content_id);
	add_string(section, "date", s->date);
	if (s->date)
		section->fields[section->nr - 1].timestamp = true;
	add_string(section, "verdict", s->verdict);
	add_number(section, "errors", s->errors);
	add_number(section, "warnings", s->warnings);
	add_number(section, "notes", s->notes);
	add_number(section, "unverified", s->unverified);
	add_string(section, "report", s->report);
}

/* Whether TEXT means itself between quotes of either kind. */
static bool needs_no_escape(const char *text)
{
	for (; *text; text++)
		if (*text < 0x20 || *text > 0x7e || strchr("'\"\\", *text))
			return false;
	return true;
}

/* A date need not be quoted for us. We quote it because some readers make other types of it, but
 * a person who wrote it plain wants that. */
static bool is_plain_timestamp(const struct field *field)
{
	size_t n = strspn(field->text, "0123456789-:TZ.+");
	return field->timestamp && n && !field->text[n] && ascii_digit(field->text[0]) &&
	       field->text[n - 1] != ':';
}

void section_add_value(struct buffer *out, const struct field *field, enum value_style style)
{
	static const char quotes[] = { [VALUE_SINGLE_QUOTED] = '\'', [VALUE_DOUBLE_QUOTED] = '"' };
	if (field->number || (style == VALUE_PLAIN && is_plain_timestamp(field)))
		buffer_addstr(out, field->text);
	else if (style > VALUE_PLAIN && needs_no_escape(field->text))
		buffer_addf(out, "%c%s%c", quotes[style], field->text, quotes[style]);
	else
		yaml_add_scalar(out, field->text);
}

void add_spaces(struct buffer *out, size_t nr)
{
	while (nr--)
		buffer_addch(out, ' ');
}

void section_add_lines(struct buffer *out, const struct section *section, size_t indent,
		       const char *newline)
{
	for (size_t i = 0; i < section->nr; i++) {
		add_spaces(out, indent);
		buffer_addf(out, "%s: ", section->fields[i].key);
		section_add_value(out, &section->fields[i], VALUE_AS_NEEDED);
		buffer_addstr(out, newline);
	}
}

void section_add_flow(struct buffer *out, const struct section *section)
{
	buffer_addch(out, '{');
	for (size_t i = 0; i < section->nr; i++) {
		buffer_addf(out, "%s%s: ", i ? ", " : "", section->fields[i].key);
		section_add_value(out, &section->fields[i], VALUE_AS_NEEDED);
	}
	buffer_addch(out, '}');
}
