/* docs/commands/: the same as the man pages, for the web. */
#include "base/command_docs.h"

#include <string.h>

#include "base/command_docs_text.h"
#include "base/memory.h"
#include "base/text.h"

/* Characters that Markdown takes for markup in running text. */
#define SPECIAL "\\*_[]<>|#"

static void add_text(struct buffer *out, struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];
		if (c == '\n')
			c = ' ';
		if (strchr(SPECIAL, c))
			buffer_addch(out, '\\');
		buffer_addch(out, c);
	}
}

/* Appends TEXT on one line, its code and its placeholders in backticks. */
static void add_marked(struct buffer *out, struct slice text)
{
	struct docs_span span;
	/* At the start of a paragraph, a dash would make a list of it. */
	if (text.len && strchr("-+", text.data[0]))
		buffer_addch(out, '\\');
	while (docs_next_span(&text, &span)) {
		if (span.kind == DOCS_PLAIN)
			add_text(out, span.text);
		else
			buffer_addf(out, "`%.*s`", (int)span.text.len, span.text.data);
	}
}

static void add_literal_line(struct buffer *out, struct slice line)
{
	buffer_add(out, line.data, line.len);
	buffer_addch(out, '\n');
}

/* Appends the paragraphs of TEXT, each but the first behind a blank line and INDENT. */
static void add_paragraphs(struct buffer *out, const char *text, const char *indent)
{
	struct slice rest = docs_slice(text);
	struct docs_paragraph paragraph;
	for (bool first = true; docs_next_paragraph(&rest, &paragraph); first = false) {
		if (!first)
			buffer_addf(out, "\n%s", indent);
		if (paragraph.literal) {
			struct buffer lines = BUFFER_INIT;
			docs_literal_lines(&lines, paragraph.text, add_literal_line);
			buffer_addstr(out, "```\n");
			for (const char *at = lines.data; *at; at += strcspn(at, "\n") + 1)
				buffer_addf(out, "%s%.*s\n", *at == '\n' ? "" : indent,
					    (int)strcspn(at, "\n"), at);
			buffer_addf(out, "%s```\n", indent);
			buffer_release(&lines);
		} else {
			add_marked(out, paragraph.text);
			buffer_addch(out, '\n');
		}
	}
}

static void usage_block(struct buffer *out, const struct program *program,
			const struct command *cmd)
{
	buffer_addstr(out, "```\n");
	for (const char *const *usage = cmd->usage; usage && *usage; usage++) {
		docs_command_name(out, program, cmd);
		buffer_addf(out, "%s%s\n", **usage ? " " : "", *usage);
	}
	if (!cmd->usage || !*cmd->usage) {
		docs_command_name(out, program, cmd);
		buffer_addch(out, '\n');
	}
	buffer_addstr(out, "```\n\n");
}

static void option_entry(struct buffer *out, const struct command *cmd, const struct option *o)
{
	struct buffer text = BUFFER_INIT;
	buffer_addstr(out, "- ");
	if (o->short_name)
		buffer_addf(out, "`-%c`%s", o->short_name, o->long_name ? ", " : "");
	if (o->long_name) {
		const char *no = docs_on_by_default(cmd, o) ? "[no-]" : "";
		buffer_addf(out, "`--%s%s", no, o->long_name);
		if (option_value(o) == OPTION_VALUE_REQUIRED)
			buffer_addf(out, "=%s", docs_argument(o));
		else if (option_value(o) == OPTION_VALUE_OPTIONAL)
			buffer_addf(out, "[=%s]", docs_argument(o));
		buffer_addch(out, '`');
	}
	buffer_addstr(out, ": ");
	if (o->details)
		buffer_addstr(&text, o->details);
	else
		docs_sentence(&text, o->help);
	docs_choices_and_default(&text, cmd, o);
	add_paragraphs(out, text.data, "  ");
	buffer_release(&text);
}

static void options_list(struct buffer *out, const struct command *cmd)
{
	bool in_list = false;
	for (const struct option *o = cmd->options; o && o->kind != OPTION_END; o++) {
		if (o->kind == OPTION_GROUP) {
			buffer_addf(out, "%s**", in_list ? "\n" : "");
			add_marked(out, docs_slice(o->help));
			buffer_addstr(out, "**\n\n");
		} else {
			option_entry(out, cmd, o);
			in_list = true;
		}
	}
	if (in_list)
		buffer_addch(out, '\n');
}

static void examples(struct buffer *out, const struct example *example)
{
	if (example && example->command)
		buffer_addstr(out, "**Examples**\n\n");
	for (; example && example->command; example++) {
		add_marked(out, docs_slice(example->says));
		buffer_addf(out, "\n\n```sh\n%s\n```\n\n", example->command);
	}
}

/* A heading's address on the page: as forges make it. */
static void add_anchor(struct buffer *out, const char *spoken, const char *name)
{
	for (const char *at = spoken; *at; at++)
		buffer_addch(out, *at == ' ' ? '-' : *at);
	buffer_addf(out, "-%s", name);
}

static void commands_table(struct buffer *out, const struct program *program)
{
	buffer_addstr(out, "| Command | |\n|---|---|\n");
	for (const struct command *const *cmd = program->commands; *cmd; cmd++) {
		buffer_addf(out, "| [`%s`](#", (*cmd)->name);
		add_anchor(out, program->spoken, (*cmd)->name);
		buffer_addstr(out, ") | ");
		add_marked(out, docs_slice((*cmd)->summary));
		bool is_default = *cmd == program->default_command;
		buffer_addstr(out, is_default ? " (the default) |\n" : " |\n");
	}
	buffer_addch(out, '\n');
}

static void exit_statuses(struct buffer *out, const struct program *program)
{
	const char *const *pair = program->exit_statuses;
	if (!pair || !*pair)
		return;
	buffer_addstr(out, "## Exit status\n\n| Status | Meaning |\n|---|---|\n");
	for (; *pair; pair += 2) {
		buffer_addf(out, "| %s | ", pair[0]);
		add_marked(out, docs_slice(pair[1]));
		buffer_addstr(out, " |\n");
	}
}

void docs_program_markdown(struct buffer *out, const struct program *program)
{
	struct buffer summary = BUFFER_INIT;
	buffer_addf(out, "<!-- Generated from the option tables by `make docs`. -->\n\n# %s\n\n",
		    program->spoken);
	docs_sentence(&summary, program->summary);
	add_marked(out, slice_of(&summary));
	buffer_addstr(out, "\n\n");
	buffer_release(&summary);
	if (program->description) {
		add_paragraphs(out, program->description, "");
		buffer_addch(out, '\n');
	}
	commands_table(out, program);
	examples(out, program->examples);
	for (const struct command *const *cmd = program->commands; *cmd; cmd++) {
		buffer_addf(out, "## %s %s\n\n", program->spoken, (*cmd)->name);
		usage_block(out, program, *cmd);
		const char *text = (*cmd)->description ? (*cmd)->description : (*cmd)->summary;
		add_paragraphs(out, text, "");
		buffer_addch(out, '\n');
		options_list(out, *cmd);
		examples(out, (*cmd)->examples);
	}
	exit_statuses(out, program);
}
