#include "cmd/cmd.h"

#include <stddef.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/terminal.h"
#include "base/text.h"
#include "check/check.h"

struct explain_options {
	bool list;
	const char *color;
};

static void add_indented(struct buffer *out, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		buffer_addstr(out, len ? "    " : "");
		buffer_add(out, text, len);
		buffer_addch(out, '\n');
		text += len + (text[len] == '\n');
	}
}

/* Text of paragraphs, broken at blanks so that it fits an 80-column terminal. */
static void add_wrapped(struct buffer *out, const char *text)
{
	size_t column = 0;
	while (*text) {
		size_t len = strcspn(text, " \n");
		if (column && column + 1 + len > 79) {
			buffer_addch(out, '\n');
			column = 0;
		} else if (column && len) {
			buffer_addch(out, ' ');
			column++;
		}
		buffer_add(out, text, len);
		column += len;
		text += len;
		if (*text == '\n') {
			buffer_addch(out, '\n');
			column = 0;
		}
		text += *text != '\0';
	}
	buffer_addch(out, '\n');
}

static void add_example(struct buffer *out, bool color, const char *heading, const char *text)
{
	buffer_addch(out, '\n');
	color_add(out, color, COLOR_BOLD, heading);
	buffer_addstr(out, "\n\n");
	add_indented(out, text);
}

static void explain(struct buffer *out, const struct rule *rule, bool color)
{
	color_add(out, color, COLOR_BOLD, rule->id);
	buffer_addf(out, "  (%s, family %s)\n\n", severity_name(rule->severity), rule->family);
	buffer_addf(out, "%s\n\n", rule->summary);
	add_wrapped(out, rule->details);
	add_example(out, color, "This raises it:", rule->bad);
	add_example(out, color, "This does not:", rule->good);
}

static void list_rules(struct buffer *out, bool ids_only, bool color)
{
	const char *family = "";
	for (const struct rule *r = check_rules; r->id; r++) {
		if (ids_only) {
			buffer_addf(out, "%s\n", r->id);
			continue;
		}
		if (strcmp(family, r->family)) {
			buffer_addf(out, "%s", *family ? "\n" : "");
			color_add(out, color, COLOR_BOLD, r->family);
			buffer_addch(out, '\n');
			family = r->family;
		}
		buffer_addf(out, "  %-26s %-8s %s\n", r->id, severity_name(r->severity), r->summary);
	}
}

static struct error *unknown_rule(const char *name)
{
	size_t nr = 0;
	while (check_rules[nr].id)
		nr++;
	const char **names = xcalloc(nr + 1, sizeof(*names));
	for (size_t i = 0; i < nr; i++)
		names[i] = check_rules[i].id;
	const char *near = text_nearest(name, names);
	struct error *err;
	if (near)
		err = error_new(ERROR_USAGE, "no rule is called '%s'; did you mean '%s'?", name, near);
	else
		err = error_with_hint(error_new(ERROR_USAGE, "no rule is called '%s'", name),
				      "`git scrutiny explain` lists them");
	free(names);
	return err;
}

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv,
			 int *exit_status)
{
	const struct explain_options *o = options;
	struct buffer out = BUFFER_INIT;
	struct error *err = NULL;
	bool color = context_color(ctx, o->color, 1);
	(void)exit_status;
	if (!argc || o->list)
		list_rules(&out, o->list, color);
	for (int i = 0; i < argc && !err; i++) {
		const struct rule *rule = check_rule_find(argv[i]);
		if (i)
			buffer_addch(&out, '\n');
		if (rule)
			explain(&out, rule, color);
		else
			err = unknown_rule(argv[i]);
	}
	if (!err)
		print_buffer(&out);
	buffer_release(&out);
	return err;
}

static const struct option options[] = {
	{ OPTION_BOOL, 0, "list", offsetof(struct explain_options, list), NULL,
	  "print the rules' names only, one a line" },
	{ OPTION_CHOICE, 0, "color", offsetof(struct explain_options, color), "<when>",
	  "colour the output: always, never or auto", NULL, color_choices },
	{ .kind = OPTION_END },
};

static const char *const usage[] = { "[<rule>...]", "--list", NULL };

static const struct example examples[] = {
	{ "git scrutiny explain", "All rules of the built-in checks." },
	{ "git scrutiny explain citation-undefined",
	  "Why this one exists, and an example of it." },
	{ NULL, NULL },
};

const struct command cmd_explain = {
	.name = "explain",
	.summary = "say what a rule of the built-in checks means",
	.usage = usage,
	.description = "Says what a rule finds, why it matters, when it keeps silent, and how to mend "
		       "what it found, with an example that raises it and one that does not. Without a "
		       "rule, lists all of them by family. Works outside of a repository.",
	.options = options,
	.options_size = sizeof(struct explain_options),
	.examples = examples,
	.run = run,
};
