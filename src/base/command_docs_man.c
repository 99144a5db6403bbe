/* Man pages, in plain man(7): troff, mandoc and everything that reads them agree on that. */
#include "base/command_docs.h"

#include <string.h>

#include "base/command_docs_text.h"
#include "base/memory.h"
#include "base/text.h"

#define SOURCE_WIDTH 78 /* of the lines of the page's source */

/* Characters that troff would take for something else, or set as another character. */
static const char *troff_escape(char c)
{
	static const struct {
		char c;
		const char *escape;
	} escapes[] = {
		{ '\\', "\\e" },   { '-', "\\-" },    { '\'', "\\(aq" },
		{ '`', "\\(ga" },  { '^', "\\(ha" },  { '~', "\\(ti" },
		{ '"', "\\(dq" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(escapes); i++)
		if (c == escapes[i].c)
			return escapes[i].escape;
	return NULL;
}

static void add_escaped(struct buffer *out, struct slice s)
{
	for (size_t at = 0; at < s.len;) {
		const char *escape = troff_escape(s.data[at]);
		uint32_t cp;
		size_t bytes = utf8_decode(s.data + at, s.len - at, &cp);
		if (escape)
			buffer_addstr(out, escape);
		else if (cp >= 0x80)
			buffer_addf(out, "\\[u%04X]", (unsigned)cp);
		else
			buffer_addch(out, s.data[at]);
		at += bytes;
	}
}

static void add_name(struct buffer *out, const char *name)
{
	add_escaped(out, docs_slice(name));
}

/* Appends TEXT with its markup as fonts. */
static void add_marked(struct buffer *out, struct slice text)
{
	static const char *const fonts[] = {
		[DOCS_PLAIN] = "", [DOCS_CODE] = "\\fB", [DOCS_PLACEHOLDER] = "\\fI",
	};
	struct docs_span span;
	while (docs_next_span(&text, &span)) {
		buffer_addstr(out, fonts[span.kind]);
		add_escaped(out, span.text);
		if (span.kind != DOCS_PLAIN)
			buffer_addstr(out, "\\fR");
	}
}

/* Appends MARKED as lines of a sensible length, none of which looks like a request. */
static void add_lines(struct buffer *out, const char *marked)
{
	size_t column = 0;
	while (*marked) {
		marked += strspn(marked, " \t\n");
		size_t len = strcspn(marked, " \t\n");
		if (!len)
			break;
		if (column && column + 1 + len > SOURCE_WIDTH) {
			buffer_addch(out, '\n');
			column = 0;
		} else if (column) {
			buffer_addch(out, ' ');
			column++;
		}
		if (!column && *marked == '.')
			buffer_addstr(out, "\\&");
		buffer_add(out, marked, len);
		column += len;
		marked += len;
	}
	buffer_addch(out, '\n');
}

static void add_literal_line(struct buffer *out, struct slice line)
{
	if (line.len && line.data[0] == '.')
		buffer_addstr(out, "\\&");
	add_escaped(out, line);
	buffer_addch(out, '\n');
}

/* Appends the paragraphs of TEXT; BETWEEN is the request that separates them. */
static void add_paragraphs(struct buffer *out, const char *text, const char *between)
{
	struct slice rest = docs_slice(text);
	struct docs_paragraph paragraph;
	for (bool first = true; docs_next_paragraph(&rest, &paragraph); first = false) {
		struct buffer marked = BUFFER_INIT;
		if (!first)
			buffer_addf(out, "%s\n", between);
		if (paragraph.literal) {
			buffer_addstr(out, ".RS 4\n.nf\n");
			docs_literal_lines(out, paragraph.text, add_literal_line);
			buffer_addstr(out, ".fi\n.RE\n");
		} else {
			add_marked(&marked, paragraph.text);
			add_lines(out, marked.data);
		}
		buffer_release(&marked);
	}
}

static void section(struct buffer *out, const char *title)
{
	buffer_addf(out, ".SH %s\n", title);
}

/* A heading begins a paragraph by itself, and a second beginning is bad style. */
static bool behind_heading(const struct buffer *out)
{
	const char *end = out->data + out->len - 1;
	const char *newline = out->len ? memrchr(out->data, '\n', out->len - 1) : NULL;
	const char *line = newline ? newline + 1 : out->data;
	return end - line > 3 && line[0] == '.' && line[1] == 'S';
}

/* An entry of a list: a term, already marked, and the paragraphs that explain it. */
static void entry(struct buffer *out, const char *term, const char *text)
{
	buffer_addf(out, "%s%s\n.RS 4\n", behind_heading(out) ? "" : ".PP\n", term);
	add_paragraphs(out, text, ".sp");
	buffer_addstr(out, ".RE\n");
}

static void page_start(struct buffer *out, const struct program *program, const char *name,
		       const char *summary, const struct docs_release *release)
{
	buffer_addstr(out, ".\\\" Generated from the option tables: see tools/docgen.c.\n.TH \"");
	for (const char *at = name; *at; at++) {
		char upper = (char)(*at >= 'a' && *at <= 'z' ? *at - 'a' + 'A' : *at);
		add_escaped(out, (struct slice){ &upper, 1 });
	}
	buffer_addf(out, "\" \"1\" \"%s\" \"", release->date);
	add_name(out, program->name);
	buffer_addf(out, " %s\" \"Git Scrutiny Manual\"\n", release->version);
	/* A name that is hyphenated at the end of a line cannot be copied; nor do justified lines
	 * read well in a terminal. */
	buffer_addstr(out, ".nh\n.ad l\n");
	section(out, "NAME");
	add_name(out, name);
	buffer_addstr(out, " \\- ");
	add_marked(out, docs_slice(summary));
	buffer_addch(out, '\n');
}

/* One line of the synopsis: the command in bold, what may follow as it is. */
static void synopsis_line(struct buffer *out, bool first, const char *command, const char *rest)
{
	struct buffer line = BUFFER_INIT;
	if (!first)
		buffer_addstr(out, ".br\n");
	buffer_addstr(&line, "\\fB");
	add_name(&line, command);
	buffer_addstr(&line, "\\fR ");
	add_marked(&line, docs_slice(rest));
	add_lines(out, line.data);
	buffer_release(&line);
}

static void synopsis_of(struct buffer *out, const struct command *cmd, const char *command)
{
	if (!cmd->usage || !*cmd->usage)
		synopsis_line(out, true, command, "");
	for (size_t i = 0; cmd->usage && cmd->usage[i]; i++)
		synopsis_line(out, !i, command, cmd->usage[i]);
}

static void add_bold(struct buffer *out, const char *dashes, const char *name)
{
	buffer_addstr(out, "\\fB");
	add_name(out, dashes);
	add_name(out, name);
	buffer_addstr(out, "\\fR");
}

static void option_term(struct buffer *out, const struct command *cmd, const struct option *o)
{
	const char short_name[] = { o->short_name, '\0' };
	enum option_value value = option_value(o);
	if (o->short_name)
		add_bold(out, "-", short_name);
	if (o->short_name && o->long_name)
		buffer_addstr(out, ", ");
	if (o->long_name)
		add_bold(out, docs_on_by_default(cmd, o) ? "--[no-]" : "--", o->long_name);
	if (value == OPTION_VALUE_NONE)
		return;
	const char *equals = o->long_name ? "=" : "";
	buffer_addf(out, value == OPTION_VALUE_OPTIONAL ? "[%s" : "%s", equals);
	add_marked(out, docs_slice(docs_argument(o)));
	if (value == OPTION_VALUE_OPTIONAL)
		buffer_addch(out, ']');
}

static void option_entry(struct buffer *out, const struct command *cmd, const struct option *o)
{
	struct buffer term = BUFFER_INIT, text = BUFFER_INIT;
	option_term(&term, cmd, o);
	if (o->details)
		buffer_addstr(&text, o->details);
	else
		docs_sentence(&text, o->help);
	docs_choices_and_default(&text, cmd, o);
	entry(out, term.data, text.data);
	buffer_release(&term);
	buffer_release(&text);
}

static void help_entry(struct buffer *out, const char *of_what)
{
	char *text = xstrfmt("Prints a short help on %s and exits.", of_what);
	entry(out, "\\fB\\-h\\fR, \\fB\\-\\-help\\fR", text);
	free(text);
}

static void options_section(struct buffer *out, const struct command *cmd)
{
	section(out, "OPTIONS");
	for (const struct option *o = cmd->options; o && o->kind != OPTION_END; o++) {
		if (o->kind == OPTION_GROUP) {
			buffer_addstr(out, ".SS \"");
			add_marked(out, docs_slice(o->help));
			buffer_addstr(out, "\"\n");
		} else {
			option_entry(out, cmd, o);
		}
	}
	if (cmd->options && cmd->options->kind == OPTION_GROUP)
		buffer_addstr(out, ".SS \"Help\"\n");
	help_entry(out, "this command");
}

static void examples_section(struct buffer *out, const struct example *example)
{
	if (!example || !example->command)
		return;
	section(out, "EXAMPLES");
	for (; example->command; example++) {
		struct buffer term = BUFFER_INIT;
		buffer_addstr(&term, "\\fB$ ");
		add_name(&term, example->command);
		buffer_addstr(&term, "\\fR");
		entry(out, term.data, example->says);
		buffer_release(&term);
	}
}

static void exit_status_section(struct buffer *out, const struct program *program)
{
	const char *const *pair = program->exit_statuses;
	if (!pair || !*pair)
		return;
	section(out, "EXIT STATUS");
	for (; *pair; pair += 2) {
		struct buffer term = BUFFER_INIT, text = BUFFER_INIT;
		add_bold(&term, "", pair[0]);
		docs_sentence(&text, pair[1]);
		entry(out, term.data, text.data);
		buffer_release(&term);
		buffer_release(&text);
	}
}

static void reference(struct buffer *out, const char *program, const char *command)
{
	buffer_addstr(out, ".BR ");
	add_name(out, program);
	if (command) {
		buffer_addstr(out, "\\-");
		add_name(out, command);
	}
	buffer_addstr(out, " (1),\n");
}

static void page_end(struct buffer *out)
{
	buffer_addstr(out, ".BR git (1)\n");
}

void docs_command_man(struct buffer *out, const struct program *program, const struct command *cmd,
		      const struct docs_release *release)
{
	char *name = xstrfmt("%s-%s", program->name, cmd->name);
	struct buffer command = BUFFER_INIT;

	docs_command_name(&command, program, cmd);
	page_start(out, program, name, cmd->summary, release);
	section(out, "SYNOPSIS");
	synopsis_of(out, cmd, command.data);
	section(out, "DESCRIPTION");
	add_paragraphs(out, cmd->description ? cmd->description : cmd->summary, ".PP");
	options_section(out, cmd);
	examples_section(out, cmd->examples);
	exit_status_section(out, program);
	section(out, "SEE ALSO");
	reference(out, program->name, NULL);
	page_end(out);
	buffer_release(&command);
	free(name);
}

static void commands_section(struct buffer *out, const struct program *program)
{
	section(out, "COMMANDS");
	for (const struct command *const *cmd = program->commands; *cmd; cmd++) {
		struct buffer term = BUFFER_INIT, text = BUFFER_INIT;
		add_bold(&term, "", (*cmd)->name);
		docs_sentence(&text, (*cmd)->summary);
		if (*cmd == program->default_command)
			buffer_addstr(&text, " This is what runs when no command is named.");
		buffer_addf(&text, " See `%s-%s`(1).", program->name, (*cmd)->name);
		entry(out, term.data, text.data);
		buffer_release(&term);
		buffer_release(&text);
	}
}

void docs_program_man(struct buffer *out, const struct program *program,
		      const struct docs_release *release)
{
	page_start(out, program, program->name, program->summary, release);
	section(out, "SYNOPSIS");
	if (program->default_command)
		synopsis_of(out, program->default_command, program->spoken);
	synopsis_line(out, !program->default_command, program->spoken,
		      "<command> [<options>] [<arguments>]");
	section(out, "DESCRIPTION");
	add_paragraphs(out, program->description ? program->description : program->summary, ".PP");
	commands_section(out, program);
	section(out, "OPTIONS");
	add_paragraphs(out,
		       "The options of each command are on its own page. A long option may be cut "
		       "short as long as it stays unique, `--no-` before its name undoes it, short "
		       "options may be written together, and what follows `--` is never an option.",
		       ".PP");
	help_entry(out, "the commands");
	examples_section(out, program->examples);
	exit_status_section(out, program);
	section(out, "SEE ALSO");
	for (const struct command *const *cmd = program->commands; *cmd; cmd++)
		reference(out, program->name, (*cmd)->name);
	page_end(out);
}
