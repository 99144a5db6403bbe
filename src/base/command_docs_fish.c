/* Completion for fish, which asks git-scrutiny's completions for those of `git scrutiny` too. */
#include "base/command_docs.h"

#include <string.h>

#include "base/command_docs_text.h"
#include "base/memory.h"

/* The arguments of `complete` that offer a kind of thing. */
static const char *offer(const char *completes)
{
	static const struct {
		const char *completes, *arguments;
	} offers[] = {
		{ "file", " -F" },
		{ "paper", " -a '(__fish_complete_directories (commandline -ct))'" },
		{ "rev", " -a '(git rev-parse --symbolic HEAD --branches --tags --remotes 2>/dev/null)'" },
		{ "rule", " -a '(git scrutiny explain --list 2>/dev/null | string replace -r \" .*\" \"\")'" },
		{ "model", " -a '(git scrutiny models --list 2>/dev/null | string replace -r \" .*\" \"\")'" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(offers); i++)
		if (!strcmp(completes, offers[i].completes))
			return offers[i].arguments;
	return "";
}

static void add_description(struct buffer *out, const char *text)
{
	struct buffer plain = BUFFER_INIT;
	docs_plain(&plain, text);
	buffer_addstr(out, " -d '");
	/* Unlike in sh, these two are escaped between the quotes. */
	for (const char *at = plain.data; *at; at++)
		buffer_addf(out, "%s%c", strchr("'\\", *at) ? "\\" : "", *at);
	buffer_addch(out, '\'');
	buffer_release(&plain);
}

/* "complete -c git-scrutiny -n '<is this the command?>'" */
static void add_complete(struct buffer *out, const struct program *program, const struct command *cmd)
{
	buffer_addf(out, "complete -c %s", program->name);
	if (cmd != program->default_command) {
		buffer_addf(out, " -n '__fish_seen_subcommand_from %s'", cmd->name);
		return;
	}
	/* The default command is meant as long as no other one is named. */
	buffer_addstr(out, " -n 'not __fish_seen_subcommand_from");
	for (const struct command *const *other = program->commands; *other; other++)
		if (*other != cmd)
			buffer_addf(out, " %s", (*other)->name);
	buffer_addch(out, '\'');
}

static void add_option(struct buffer *out, const struct program *program, const struct command *cmd,
		       const struct option *o)
{
	add_complete(out, program, cmd);
	if (o->short_name)
		buffer_addf(out, " -s %c", o->short_name);
	if (o->long_name)
		buffer_addf(out, " -l %s", o->long_name);
	if (option_value(o) == OPTION_VALUE_REQUIRED)
		buffer_addstr(out, strcmp(docs_value_completion(o), "file") ? " -x" : " -r");
	if (o->choices) {
		buffer_addstr(out, " -a '");
		for (const char *const *choice = o->choices; *choice; choice++)
			buffer_addf(out, "%s%s", choice == o->choices ? "" : " ", *choice);
		buffer_addch(out, '\'');
	} else {
		buffer_addstr(out, offer(docs_value_completion(o)));
	}
	add_description(out, o->help);
	buffer_addch(out, '\n');
	if (docs_on_by_default(cmd, o)) {
		char *negated = xstrfmt("not: %s", o->help);
		add_complete(out, program, cmd);
		buffer_addf(out, " -l no-%s", o->long_name);
		add_description(out, negated);
		buffer_addch(out, '\n');
		free(negated);
	}
}

static void add_arguments(struct buffer *out, const struct program *program, const struct command *cmd)
{
	struct buffer words = BUFFER_INIT;
	docs_argument_words(&words, cmd);
	if (words.len) {
		add_complete(out, program, cmd);
		buffer_addf(out, " -a '%s'\n", words.data + 1);
	}
	if (*offer(docs_argument_completion(cmd))) {
		add_complete(out, program, cmd);
		buffer_addf(out, "%s\n", offer(docs_argument_completion(cmd)));
	}
	buffer_release(&words);
}

static void add_commands(struct buffer *out, const struct program *program)
{
	for (const struct command *const *cmd = program->commands; *cmd; cmd++) {
		buffer_addf(out, "complete -c %s -n __fish_is_first_token -a %s", program->name, (*cmd)->name);
		add_description(out, (*cmd)->summary);
		buffer_addch(out, '\n');
	}
}

void docs_fish_completion(struct buffer *out, const struct program *program)
{
	buffer_addf(out,
		    "# fish completion for %s; generated from its option tables by `make docs`.\n\n"
		    "complete -c %s -f\ncomplete -c %s -s h -l help -d 'print a short help'\n",
		    program->spoken, program->name, program->name);
	add_commands(out, program);
	for (const struct command *const *cmd = program->commands; *cmd; cmd++) {
		buffer_addf(out, "\n# %s\n", (*cmd)->name);
		for (const struct option *o = NULL; option_next(*cmd, &o);)
			add_option(out, program, *cmd, o);
		add_arguments(out, program, *cmd);
	}
}
