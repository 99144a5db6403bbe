/* What -h prints. */
#include "base/command_docs.h"

#include <string.h>

#include "base/command_docs_text.h"
#include "base/text.h"

#define WIDTH 80
#define OPTION_INDENT 4
#define OPTION_COLUMN 26 /* as git's */

static void heading(struct buffer *out, const char *text)
{
	buffer_addf(out, "\n%s\n", text);
}

/* "usage: " and "   or: " take the same columns. */
static void usage_line(struct buffer *out, bool first, const char *command, const char *arguments)
{
	size_t start = out->len;
	buffer_addf(out, "%s%s", first ? "usage: " : "   or: ", command);
	if (arguments && *arguments) {
		buffer_addch(out, ' ');
		size_t column = out->len - start;
		docs_wrap(out, arguments, column, column, WIDTH, true);
	} else {
		buffer_addch(out, '\n');
	}
}

static void usage_lines(struct buffer *out, const struct command *cmd, const char *command)
{
	if (!cmd->usage || !*cmd->usage)
		usage_line(out, true, command, NULL);
	for (size_t i = 0; cmd->usage && cmd->usage[i]; i++)
		usage_line(out, !i, command, cmd->usage[i]);
}

static void spell_option(struct buffer *out, const struct command *cmd, const struct option *o)
{
	if (o->short_name)
		buffer_addf(out, "-%c%s", o->short_name, o->long_name ? ", " : "");
	if (o->long_name)
		buffer_addf(out, "--%s%s", docs_on_by_default(cmd, o) ? "[no-]" : "", o->long_name);
	switch (option_value(o)) {
	case OPTION_VALUE_NONE:
		break;
	case OPTION_VALUE_REQUIRED:
		buffer_addf(out, " %s", docs_argument(o));
		break;
	case OPTION_VALUE_OPTIONAL:
		buffer_addf(out, "[%s%s]", o->long_name ? "=" : "", docs_argument(o));
		break;
	}
}

/* A name at the left, wrapped text at COLUMN. */
static void entry(struct buffer *out, const char *name, const char *text, size_t column)
{
	size_t start = out->len;
	buffer_addf(out, "%*s%s", OPTION_INDENT, "", name);
	size_t used = out->len - start;
	if (used + 2 > column) {
		buffer_addch(out, '\n');
		used = 0;
	}
	buffer_addf(out, "%*s", (int)(column - used), "");
	docs_wrap(out, text, column, column, WIDTH, false);
}

static void option_entry(struct buffer *out, const struct command *cmd, const struct option *o)
{
	struct buffer name = BUFFER_INIT, text = BUFFER_INIT;
	spell_option(&name, cmd, o);
	buffer_addstr(&text, o->help);
	if (o->choices && !docs_names_choices(o, o->help)) {
		buffer_addstr(&text, ": ");
		docs_list(&text, o->choices, "");
	}
	entry(out, name.data, text.data, OPTION_COLUMN);
	buffer_release(&name);
	buffer_release(&text);
}

static void summary(struct buffer *out, const char *text)
{
	struct buffer sentence = BUFFER_INIT;
	docs_sentence(&sentence, text);
	buffer_addch(out, '\n');
	docs_wrap(out, sentence.data, 0, 0, WIDTH, false);
	buffer_release(&sentence);
}

void docs_command_help(struct buffer *out, const struct program *program,
		       const struct command *cmd)
{
	struct buffer name = BUFFER_INIT;
	docs_command_name(&name, program, cmd);
	usage_lines(out, cmd, name.data);
	summary(out, cmd->summary);
	if (cmd->options && cmd->options->kind != OPTION_GROUP && cmd->options->kind != OPTION_END)
		buffer_addch(out, '\n');
	for (const struct option *o = cmd->options; o && o->kind != OPTION_END; o++) {
		if (o->kind == OPTION_GROUP)
			heading(out, o->help);
		else
			option_entry(out, cmd, o);
	}
	buffer_addf(out, "\n`man %s-%s` explains more.\n", program->name, cmd->name);
	buffer_release(&name);
}

/* The column behind the longest of the names. */
static size_t column_behind(size_t longest)
{
	return OPTION_INDENT + longest + 2;
}

static void command_entries(struct buffer *out, const struct program *program)
{
	size_t longest = 0;
	for (const struct command *const *cmd = program->commands; *cmd; cmd++)
		if (strlen((*cmd)->name) > longest)
			longest = strlen((*cmd)->name);
	heading(out, "Commands");
	for (const struct command *const *cmd = program->commands; *cmd; cmd++) {
		struct buffer text = BUFFER_INIT;
		buffer_addstr(&text, (*cmd)->summary);
		if (*cmd == program->default_command)
			buffer_addstr(&text, " (the default)");
		entry(out, (*cmd)->name, text.data, column_behind(longest));
		buffer_release(&text);
	}
}

static void exit_statuses(struct buffer *out, const struct program *program)
{
	const char *const *pair = program->exit_statuses;
	if (!pair || !*pair)
		return;
	heading(out, "Exit status");
	for (; *pair; pair += 2)
		entry(out, pair[0], pair[1], column_behind(3));
}

static void examples(struct buffer *out, const struct example *example)
{
	if (!example || !example->command)
		return;
	heading(out, "Examples");
	for (; example->command; example++) {
		buffer_addf(out, "%*s%s\n%*s", OPTION_INDENT, "", example->command,
			    2 * OPTION_INDENT, "");
		docs_wrap(out, example->says, 2 * OPTION_INDENT, 2 * OPTION_INDENT, WIDTH, false);
	}
}

void docs_program_help(struct buffer *out, const struct program *program)
{
	const char *page = program->name;
	if (program->default_command)
		usage_lines(out, program->default_command, program->spoken);
	usage_line(out, !program->default_command, program->spoken,
		   "<command> [<options>] [<arguments>]");
	summary(out, program->summary);
	command_entries(out, program);
	examples(out, program->examples);
	exit_statuses(out, program);
	skip_prefix(page, "git-", &page);
	buffer_addf(out,
		    "\n`%s <command> -h` lists the options of a command;\n"
		    "`git help %s` explains more.\n",
		    program->spoken, page);
}
