#include "deploy/boot_quote.h"

#include <assert.h>

#include "base/memory.h"
#include "base/shell_quote.h"
#include "base/text.h"

void boot_quote_unit(struct buffer *out, const char *value)
{
	for (; *value; value++) {
		unsigned char c = (unsigned char)*value;
		if (c < ' ' || c == 127 || c == '\\' || c == '"' || c == '\'')
			buffer_addch(out, '?');
		else if (c == '%' || c == '$')
			buffer_addf(out, "%c%c", c, c);
		else
			buffer_addch(out, *value);
	}
}

static void add_text(struct buffer *out, const char *value)
{
	buffer_addstr(out, value);
}

static const struct {
	const char *prefix;
	void (*add)(struct buffer *out, const char *value);
} kinds[] = {
	{ "@sh:", shell_quote },
	{ "@unit:", boot_quote_unit },
	{ "@text:", add_text },
};

static const char *value_of(struct slice name, const struct boot_value *values, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (slice_equals(name, values[i].name))
			return values[i].value;
	assert(!"a template names a value that there is not");
	return "";
}

/* Fills the place that S begins with; NULL when there is none. Returns what is behind it. */
static const char *fill_place(struct buffer *out, const char *s, const struct boot_value *values, size_t nr)
{
	const char *name;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!skip_prefix(s, kinds[i].prefix, &name))
			continue;
		size_t len = strcspn(name, "@");
		kinds[i].add(out, value_of((struct slice){ name, len }, values, nr));
		return name + len + 1;
	}
	return NULL;
}

void boot_fill(struct buffer *out, const char *template, const struct boot_value *values, size_t nr)
{
	while (*template) {
		size_t len = strcspn(template, "@");
		buffer_add(out, template, len);
		template += len;
		if (!*template)
			break;
		const char *rest = fill_place(out, template, values, nr);
		if (!rest)
			buffer_addch(out, '@');
		template = rest ? rest : template + 1;
	}
}
