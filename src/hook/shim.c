#include "hook/shim.h"

#include <string.h>

#include "base/memory.h"
#include "base/shell_quote.h"
#include "base/text.h"
#include "base/text_file.h"

#define MARK "#!/bin/sh\n# git-scrutiny shim "

extern const struct text_file hook_shims[];

static const char *part(const char *name)
{
	size_t i = 0;
	while (strcmp(hook_shims[i].name, name))
		i++;
	return hook_shims[i].text;
}

/* What stands for @NAME@ in a part. */
static void add_value(struct buffer *out, const char *name, size_t len, const struct shim *s);

static void fill(struct buffer *out, const char *text, const struct shim *s)
{
	for (const char *at; (at = strchr(text, '@')); ) {
		size_t len = strspn(at + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
		bool is_name = len && at[len + 1] == '@';
		buffer_add(out, text, (size_t)(at - text));
		if (is_name)
			add_value(out, at + 1, len, s);
		else
			buffer_addch(out, '@');
		text = is_name ? at + len + 2 : at + 1;
	}
	buffer_addstr(out, text);
}

static void add_earlier(struct buffer *out, const struct shim *s)
{
	fill(out, part(s->earlier == SHIM_EARLIER_HIDDEN ? "earlier-hidden.sh" : "earlier-beside.sh"), s);
	if (s->is_framework)
		fill(out, part("earlier-pre-commit.sh"), s);
	if (!strcmp(s->hook, "push-to-checkout") && s->earlier == SHIM_EARLIER_HIDDEN)
		fill(out, part("push-to-checkout.sh"), s);
}

static void add_value(struct buffer *out, const char *name, size_t len, const struct shim *s)
{
	struct slice key = { name, len };
	if (slice_equals(key, "VERSION"))
		buffer_addf(out, "%d", SHIM_VERSION);
	else if (slice_equals(key, "HOOK"))
		buffer_addstr(out, s->hook);
	else if (slice_equals(key, "PROGRAM"))
		shell_quote(out, s->program);
	else if (slice_equals(key, "ASIDE"))
		shell_quote(out, s->aside);
	else if (slice_equals(key, "OURS"))
		buffer_addstr(out, s->passes_on ? "0" : "1");
	else if (slice_equals(key, "GLOBAL"))
		buffer_addstr(out, s->earlier == SHIM_EARLIER_HIDDEN ? " --global" : "");
	else if (slice_equals(key, "EARLIER"))
		add_earlier(out, s);
}

void shim_write(struct buffer *out, const struct shim *shim)
{
	fill(out, part("shim.sh"), shim);
}

bool shim_is(struct slice text, const char *hook)
{
	size_t mark = strlen(MARK), len = strlen(hook);
	if (text.len <= mark || memcmp(text.data, MARK, mark))
		return false;
	const char *at = text.data + mark, *end = text.data + text.len;
	while (at < end && ascii_digit((unsigned char)*at))
		at++;
	return (size_t)(end - at) > len + 1 && *at == ' ' && !memcmp(at + 1, hook, len) && at[len + 1] == '\n';
}
