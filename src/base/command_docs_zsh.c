/*
 * Completion for zsh: one function for the program, one for each command, built on _arguments.
 * zsh's completion of git finds _git-scrutiny by its name.
 */
#include "base/command_docs.h"

#include <string.h>

#include "base/command_docs_text.h"
#include "base/memory.h"
#include "base/shell_quote.h"

/* Appends TEXT without its markup and with a backslash before each of SPECIAL. */
static void add_escaped(struct buffer *out, const char *text, const char *special)
{
	struct buffer plain = BUFFER_INIT;
	docs_plain(&plain, text);
	for (const char *at = plain.data; *at; at++) {
		if (*at == '\\' || strchr(special, *at))
			buffer_addch(out, '\\');
		buffer_addch(out, *at);
	}
	buffer_release(&plain);
}

/* The action of _arguments for a kind of thing; @ is the program's identifier. */
static void add_action(struct buffer *out, const struct program *program, const char *completes)
{
	static const struct {
		const char *completes, *before, *after;
	} actions[] = {
		{ "file", "_files", NULL },  { "paper", "_directories", NULL },
		{ "rev", "__", "_revs" },    { "rule", "__", "_rules" },
		{ "model", "__", "_models" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (strcmp(completes, actions[i].completes))
			continue;
		buffer_addstr(out, actions[i].before);
		if (actions[i].after) {
			docs_identifier(out, program);
			buffer_addstr(out, actions[i].after);
		}
		return;
	}
	buffer_addch(out, ' '); /* a value that nothing can be offered for */
}

/* ":message:action" for the value of an option. */
static void add_value(struct buffer *out, const struct program *program, const struct option *o)
{
	const char *argument = docs_argument(o);
	buffer_addstr(out, option_value(o) == OPTION_VALUE_OPTIONAL ? "::" : ":");
	for (; *argument; argument++)
		if (!strchr("<>:", *argument))
			buffer_addch(out, *argument);
	buffer_addch(out, ':');
	if (!o->choices) {
		add_action(out, program, docs_value_completion(o));
		return;
	}
	buffer_addch(out, '(');
	for (const char *const *choice = o->choices; *choice; choice++)
		buffer_addf(out, "%s%s", choice == o->choices ? "" : " ", *choice);
	buffer_addch(out, ')');
}

static void add_spec(struct buffer *out, const struct program *program, const struct option *o,
		     const char *spelling, const char *excluded)
{
	struct buffer spec = BUFFER_INIT;
	if (o->kind == OPTION_STRINGS)
		buffer_addch(&spec, '*');
	else if (excluded)
		buffer_addf(&spec, "(%s)", excluded);
	buffer_addf(&spec, "%s[", spelling);
	add_escaped(&spec, o->help, "[]:");
	buffer_addch(&spec, ']');
	if (option_value(o) != OPTION_VALUE_NONE)
		add_value(&spec, program, o);
	buffer_addstr(out, " \\\n\t\t");
	shell_quote(out, spec.data);
	buffer_release(&spec);
}

/* How _arguments wants an option spelled: "--name=" takes the value stuck or separate. */
static void add_option(struct buffer *out, const struct program *program, const struct command *cmd,
		       const struct option *o)
{
	static const char *const short_ends[] = { "", "+", "-" };
	static const char *const long_ends[] = { "", "=", "=-" };
	char *excluded = NULL;
	if (o->short_name && o->long_name)
		excluded = xstrfmt("-%c --%s", o->short_name, o->long_name);
	if (o->short_name) {
		char *spelling = xstrfmt("-%c%s", o->short_name, short_ends[option_value(o)]);
		add_spec(out, program, o, spelling, excluded);
		free(spelling);
	}
	if (o->long_name) {
		char *spelling = xstrfmt("--%s%s", o->long_name, long_ends[option_value(o)]);
		add_spec(out, program, o, spelling, excluded);
		free(spelling);
	}
	if (docs_on_by_default(cmd, o)) {
		struct buffer spec = BUFFER_INIT;
		buffer_addf(&spec, "--no-%s[not\\: ", o->long_name);
		add_escaped(&spec, o->help, "[]:");
		buffer_addch(&spec, ']');
		buffer_addstr(out, " \\\n\t\t");
		shell_quote(out, spec.data);
		buffer_release(&spec);
	}
	free(excluded);
}

static void command_function(struct buffer *out, const struct program *program,
			     const struct command *cmd)
{
	struct buffer words = BUFFER_INIT;
	const char *completes = docs_argument_completion(cmd);
	buffer_addf(out, "(( $+functions[_%s-%s] )) || _%s-%s () {\n\t_arguments -s -S",
		    program->name, cmd->name, program->name, cmd->name);
	for (const struct option *o = NULL; option_next(cmd, &o);)
		add_option(out, program, cmd, o);
	buffer_addstr(out, " \\\n\t\t'(- *)'{-h,--help}'[print a short help]'");
	docs_argument_words(&words, cmd);
	if (words.len)
		buffer_addf(out, " \\\n\t\t'1: :(%s)'", words.data + 1);
	if (*completes) {
		buffer_addf(out, " \\\n\t\t'*:%s:", completes);
		add_action(out, program, completes);
		buffer_addch(out, '\'');
	}
	buffer_addstr(out, "\n}\n\n");
	buffer_release(&words);
}

static void helper(struct buffer *out, const struct program *program, const char *name,
		   const char *what, const char *command)
{
	buffer_addstr(out, "(( $+functions[__");
	docs_identifier(out, program);
	buffer_addf(out, "_%s] )) || __", name);
	docs_identifier(out, program);
	buffer_addf(out,
		    "_%s () {\n\tlocal -a found\n\tfound=(${${(f)\"$(%s 2>/dev/null)\"}%%%% *})\n"
		    "\tcompadd -X '%s' -a found\n}\n\n",
		    name, command, what);
}

static void helpers(struct buffer *out, const struct program *program)
{
	helper(out, program, "revs", "revision",
	       "_call_program revs git rev-parse --symbolic HEAD --branches --tags --remotes");
	helper(out, program, "rules", "rule", "_call_program rules git scrutiny explain --list");
	helper(out, program, "models", "model", "_call_program models git scrutiny models --list");
}

static void commands_array(struct buffer *out, const struct program *program)
{
	buffer_addstr(out, "\tcommands=(");
	for (const struct command *const *cmd = program->commands; *cmd; cmd++) {
		struct buffer item = BUFFER_INIT;
		buffer_addf(&item, "%s:", (*cmd)->name);
		add_escaped(&item, (*cmd)->summary, ":");
		buffer_addstr(out, "\n\t\t");
		shell_quote(out, item.data);
		buffer_release(&item);
	}
	buffer_addstr(out, "\n\t)\n");
}

void docs_zsh_completion(struct buffer *out, const struct program *program)
{
	buffer_addf(out, "#compdef %s\n#description ", program->name);
	docs_plain(out, program->summary);
	buffer_addf(out,
		    "\n# zsh completion for %s; generated by `make docs`.\n\n",
		    program->spoken);
	helpers(out, program);
	for (const struct command *const *cmd = program->commands; *cmd; cmd++)
		command_function(out, program, *cmd);
	buffer_addf(out,
		    "_%s () {\n"
		    "\tlocal curcontext=\"$curcontext\" command ret=1\n"
		    "\tlocal -a commands\n",
		    program->name);
	commands_array(out, program);
	buffer_addf(out,
		    "\tif (( CURRENT > 2 )) && [[ -n ${commands[(r)${(b)words[2]}:*]} ]]; then\n"
		    "\t\tcommand=$words[2]\n"
		    "\t\tshift words\n"
		    "\t\t(( CURRENT-- ))\n"
		    "\t\tcurcontext=\"${curcontext%%:*:*}:%s-$command:\"\n"
		    "\t\t_%s-$command\n"
		    "\t\treturn\n"
		    "\tfi\n"
		    "\tif (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then\n"
		    "\t\t_describe -t commands '%s command' commands && ret=0\n"
		    "\tfi\n",
		    program->name, program->name, program->spoken);
	if (program->default_command)
		buffer_addf(out, "\t_%s-%s && ret=0\n", program->name,
			    program->default_command->name);
	buffer_addf(out, "\treturn ret\n}\n\n_%s \"$@\"\n", program->name);
}
