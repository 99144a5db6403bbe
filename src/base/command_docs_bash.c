/*
 * Completion for bash. The tables become three functions that answer questions; the code below
 * that asks them is the same for every program. It is called by git's own completion for
 * `git scrutiny` and by bash for `git-scrutiny`, with or without git's completion loaded.
 */
#include "base/command_docs.h"

#include <string.h>

#include "base/command_docs_text.h"

/* In these texts, @ stands for the program's name as an identifier. */
static const char driver_reply[] =
	"# Offers those of the words $1 that begin with $2; a word ending in = gets no blank.\n"
	"__@_reply ()\n"
	"{\n"
	"	local IFS=$' \\t\\n' word\n"
	"	if declare -F __gitcomp >/dev/null; then\n"
	"		__gitcomp \"$1\" \"\" \"$2\"\n"
	"		return\n"
	"	fi\n"
	"	COMPREPLY=()\n"
	"	for word in $1; do\n"
	"		case \"$word\" in\n"
	"		\"$2\"*=) COMPREPLY+=(\"$word\") ;;\n"
	"		\"$2\"*) COMPREPLY+=(\"$word \") ;;\n"
	"		esac\n"
	"	done\n"
	"}\n"
	"\n"
	"# Offers what compgen $1 finds for $2, quoted as file names.\n"
	"__@_names ()\n"
	"{\n"
	"	local IFS=$'\\n'\n"
	"	compopt -o filenames 2>/dev/null\n"
	"	# shellcheck disable=SC2207 # mapfile is not in the bash of macOS\n"
	"	COMPREPLY=($(compgen \"$1\" -- \"$2\"))\n"
	"}\n"
	"\n"
	"# Offers things of the kind $1 (and, for choices, the words $3) that begin with $2.\n"
	"__@_offer ()\n"
	"{\n"
	"	case \"$1\" in\n"
	"	choice) __@_reply \"$3\" \"$2\" ;;\n"
	"	paper) __@_names -d \"$2\" ;;\n"
	"	file) __@_names -f \"$2\" ;;\n"
	"	rule) __@_reply \"$(git scrutiny explain --list 2>/dev/null)\" \"$2\" ;;\n"
	"	model) __@_reply \"$(git scrutiny models --list 2>/dev/null)\" \"$2\" ;;\n"
	"	rev)\n"
	"		if declare -F __git_complete_refs >/dev/null; then\n"
	"			__git_complete_refs --cur=\"$2\"\n"
	"		else\n"
	"			__@_reply \"$(git rev-parse --symbolic HEAD --branches --tags \\\n"
	"				--remotes 2>/dev/null)\" \"$2\"\n"
	"		fi\n"
	"		;;\n"
	"	esac\n"
	"}\n"
	"\n";

static const char driver_complete[] =
	"# Completes $cur, the word $cword of $words; the program is the word $1.\n"
	"__@_complete ()\n"
	"{\n"
	"	local command=$__@_default first=$(($1 + 1)) i\n"
	"	case \" $__@_commands \" in\n"
	"	*\" ${words[first]} \"*)\n"
	"		if ((cword > first)); then\n"
	"			command=${words[first]}\n"
	"			first=$((first + 1))\n"
	"		fi\n"
	"		;;\n"
	"	esac\n"
	"	for ((i = first; i < cword; i++)); do\n"
	"		if [ \"${words[i]}\" = -- ]; then\n"
	"			__@_offer \"$(__@_argument \"$command\")\" \"$cur\"\n"
	"			return\n"
	"		fi\n"
	"	done\n"
	"	local kind=\"\"\n"
	"	((cword > first)) && kind=$(__@_value \"$command ${words[cword - 1]}\")\n"
	"	if [ -n \"$kind\" ]; then\n"
	"		__@_offer \"${kind%% *}\" \"$cur\" \"${kind#* }\"\n"
	"		return\n"
	"	fi\n"
	"	case \"$cur\" in\n"
	"	--*=*)\n"
	"		kind=$(__@_value \"$command ${cur%%=*}\")\n"
	"		[ -n \"$kind\" ] || kind=$(__@_value \"$command ${cur%%=*}=\")\n"
	"		__@_offer \"${kind%% *}\" \"${cur#*=}\" \"${kind#* }\"\n"
	"		;;\n"
	"	-*)\n"
	"		__@_reply \"$(__@_options \"$command\") --help\" \"$cur\"\n"
	"		;;\n"
	"	*)\n"
	"		local given=\"\"\n"
	"		kind=$(__@_argument \"$command\")\n"
	"		((cword == $1 + 1)) && given=$__@_commands\n"
	"		((cword == first)) && given=\"$given $(__@_words \"$command\")\"\n"
	"		__@_reply \"$given\" \"$cur\"\n"
	"		[ ${#COMPREPLY[@]} -gt 0 ] || __@_offer \"$kind\" \"$cur\"\n"
	"		;;\n"
	"	esac\n"
	"}\n"
	"\n"
	"# Called by git's completion, which has set words, cword and cur.\n"
	"_@ ()\n"
	"{\n"
	"	__@_complete \"${__git_cmd_idx:-1}\"\n"
	"}\n"
	"\n"
	"# Called by bash. It breaks words at = and :, which belong to ours.\n"
	"__@_main ()\n"
	"{\n"
	"	local words=() cword=0 last=0 cur i word\n"
	"	for ((i = 0; i < ${#COMP_WORDS[@]}; i++)); do\n"
	"		word=${COMP_WORDS[i]}\n"
	"		if ((i > 1)) && [[ $word == [=:]* || ${words[last]} == *[=:] ]]; then\n"
	"			words[last]+=$word\n"
	"		else\n"
	"			words+=(\"$word\")\n"
	"		fi\n"
	"		last=$((${#words[@]} - 1))\n"
	"		((i == COMP_CWORD)) && cword=$last\n"
	"	done\n"
	"	cur=${words[cword]}\n"
	"	__@_complete 0\n"
	"}\n"
	"\n"
	"complete -o bashdefault -o default -o nospace -F __@_main ";

static void add_for(struct buffer *out, const struct program *program, const char *text)
{
	for (; *text; text++) {
		/* Bash's own "${array[@]}" is the one place where the sign means itself. */
		if (*text == '@' && text[1] != ']')
			docs_identifier(out, program);
		else
			buffer_addch(out, *text);
	}
}

static void function_start(struct buffer *out, const struct program *program, const char *comment,
			   const char *name)
{
	buffer_addf(out, "# %s\n", comment);
	add_for(out, program, "__@_");
	buffer_addf(out, "%s ()\n{\n\tcase \"$1\" in\n", name);
}

static void function_end(struct buffer *out)
{
	buffer_addstr(out, "\tesac\n}\n\n");
}

static void options_function(struct buffer *out, const struct program *program)
{
	static const char *const ends[] = {
		[OPTION_VALUE_NONE] = "",
		[OPTION_VALUE_REQUIRED] = "=",
		[OPTION_VALUE_OPTIONAL] = "",
	};
	function_start(out, program, "The options of the command $1.", "options");
	for (const struct command *const *cmd = program->commands; *cmd; cmd++) {
		buffer_addf(out, "\t%s) echo \"", (*cmd)->name);
		const char *between = "";
		for (const struct option *o = NULL; option_next(*cmd, &o);) {
			if (!o->long_name)
				continue;
			buffer_addf(out, "%s--%s%s", between, o->long_name, ends[option_value(o)]);
			between = " ";
			if (option_value(o) == OPTION_VALUE_OPTIONAL)
				buffer_addf(out, " --%s=", o->long_name);
			if (docs_on_by_default(*cmd, o))
				buffer_addf(out, " --no-%s", o->long_name);
		}
		buffer_addstr(out, "\" ;;\n");
	}
	function_end(out);
}

/* An optional value is only ever stuck to its option: its pattern ends in =. */
static void value_case(struct buffer *out, const struct command *cmd, const struct option *o)
{
	const char *equals = option_value(o) == OPTION_VALUE_OPTIONAL ? "=" : "";
	const char *completes = docs_value_completion(o);
	buffer_addch(out, '\t');
	if (o->long_name)
		buffer_addf(out, "\"%s --%s%s\"", cmd->name, o->long_name, equals);
	if (o->short_name && !*equals)
		buffer_addf(out, "%s\"%s -%c\"", o->long_name ? " | " : "", cmd->name,
			    o->short_name);
	buffer_addf(out, ") echo \"%s", *completes ? completes : "nothing");
	for (const char *const *choice = o->choices; choice && *choice; choice++)
		buffer_addf(out, " %s", *choice);
	buffer_addstr(out, "\" ;;\n");
}

static void value_function(struct buffer *out, const struct program *program)
{
	function_start(out, program,
		       "What may be the value of an option: $1 is \"command --option\".", "value");
	for (const struct command *const *cmd = program->commands; *cmd; cmd++)
		for (const struct option *o = NULL; option_next(*cmd, &o);)
			if (option_value(o) != OPTION_VALUE_NONE)
				value_case(out, *cmd, o);
	function_end(out);
}

static void arguments_functions(struct buffer *out, const struct program *program)
{
	function_start(out, program, "What kind of thing the arguments of the command $1 are.",
		       "argument");
	for (const struct command *const *cmd = program->commands; *cmd; cmd++)
		if (*docs_argument_completion(*cmd))
			buffer_addf(out, "\t%s) echo %s ;;\n", (*cmd)->name,
				    docs_argument_completion(*cmd));
	function_end(out);
	function_start(out, program, "The words that may come first behind the command $1.",
		       "words");
	for (const struct command *const *cmd = program->commands; *cmd; cmd++) {
		struct buffer words = BUFFER_INIT;
		docs_argument_words(&words, *cmd);
		if (words.len)
			buffer_addf(out, "\t%s) echo \"%s\" ;;\n", (*cmd)->name, words.data + 1);
		buffer_release(&words);
	}
	function_end(out);
}

void docs_bash_completion(struct buffer *out, const struct program *program)
{
	const struct command *preset = program->default_command;
	buffer_addf(out, "# bash completion for %s; generated by `make docs`.\n\n",
		    program->spoken);
	add_for(out, program, "__@_commands=\"");
	for (const struct command *const *cmd = program->commands; *cmd; cmd++)
		buffer_addf(out, "%s%s", cmd == program->commands ? "" : " ", (*cmd)->name);
	add_for(out, program, "\"\n__@_default=");
	buffer_addf(out, "\"%s\"\n\n", preset ? preset->name : "");
	options_function(out, program);
	value_function(out, program);
	arguments_functions(out, program);
	add_for(out, program, driver_reply);
	add_for(out, program, driver_complete);
	buffer_addf(out, "%s\n", program->name);
}
