/*
 * Programs, commands and options as tables. From the one table of a command come its parser,
 * `-h`, the man page, the completions and docs/commands/: see base/command_docs.h.
 */
#ifndef BASE_COMMAND_H
#define BASE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

enum option_kind {
	OPTION_END,
	OPTION_GROUP,     /* a heading in the help; only `help` is used */
	OPTION_BOOL,      /* bool: --name, --no-name */
	OPTION_SWITCH,    /* int: --name sets 1, --no-name sets 0; a default of -1 tells that neither is given */
	OPTION_STRING,    /* const char *: --name=<value> or --name <value>; --no-name sets NULL */
	OPTION_STRINGS,   /* struct option_strings: may be given again */
	OPTION_INTEGER,   /* int64_t, with optional k, m, g as in git */
	OPTION_NUMBER,    /* double */
	OPTION_CHOICE,    /* const char *: one of `choices` */
	OPTION_OPTIONAL_STRING, /* const char *: --name (sets "") or --name=<value> */
};

struct option_strings {
	const char **items;
	size_t nr, alloc;
};

struct option {
	enum option_kind kind;
	char short_name;           /* 0: none */
	const char *long_name;
	size_t offset;             /* of the member in the command's option struct */
	const char *argument;      /* as shown: "<rev>" */
	const char *help;          /* one line for -h, lower case, no full stop */
	const char *details;       /* paragraph for the man page, or NULL: `help` is used */
	const char *const *choices;/* OPTION_CHOICE, NULL-terminated */
	const char *completes;     /* for shells: "file", "paper", "rev", "model", "rule", NULL */
};

struct example {
	const char *command; /* "git scrutiny --since main" */
	const char *says;    /* what it does, a sentence */
};

struct context; /* what main hands to commands; defined by src/cmd */

struct command {
	const char *name;        /* "status" */
	const char *summary;     /* one line */
	const char *const *usage;/* behind the name: "[<options>] [<paper>...]", NULL-terminated */
	const char *description; /* paragraphs for the man page, separated by blank lines */
	const struct option *options;
	size_t options_size;     /* sizeof the struct the offsets refer to */
	const void *defaults;    /* initial contents of that struct, or NULL for zeros */
	const struct example *examples; /* ends with command == NULL; may be NULL */
	struct error *(*run)(struct context *ctx, const void *options, int argc, const char **argv,
			     int *exit_status);
};

struct program {
	const char *name;    /* "git-scrutiny" */
	const char *spoken;  /* "git scrutiny" */
	const char *summary;
	const char *description;
	const struct command *const *commands; /* NULL-terminated */
	const struct command *default_command; /* when the first argument is none; may be NULL */
	const char *const *exit_statuses;      /* pairs: status, meaning; NULL-terminated */
	const struct example *examples;
};

/* What may follow an option. */
enum option_value { OPTION_VALUE_NONE, OPTION_VALUE_REQUIRED, OPTION_VALUE_OPTIONAL };
enum option_value option_value(const struct option *option);

/* Walks the options of CMD without their headings; *OPTION is NULL before the first call.
 * False at the end. */
bool option_next(const struct command *cmd, const struct option **option);

/* Appends the name that undoes OPTION, without dashes: "no-write" for "write" and the other way
 * round. */
void option_negated_name(struct buffer *out, const struct option *option);

/*
 * Parses ARGV (without the program's and the command's name) into the struct at OPTIONS, which
 * the caller has filled with the defaults. Long options may be abbreviated when that is unique;
 * short ones bundled; "--" and "--end-of-options" end the options; options and arguments may be
 * mixed. --no-name clears a string, a list or a bool, and puts an integer, number or choice back
 * to its default. *ARGC and ARGV are left with the arguments. Parsing stops at -h or --help and
 * sets *HELP. Errors are ERROR_USAGE with the nearest option as hint. Values are pointers into
 * the strings of ARGV.
 */
struct error *options_parse(const struct command *cmd, void *options, int *argc, const char **argv,
			    bool *help);
/* Frees what OPTION_STRINGS members hold. */
void options_release(const struct command *cmd, void *options);

/* Finds the command named by argv[0] (unique abbreviations are not accepted, as in git), or the
 * default command. ERROR_USAGE with the nearest name when there is none. *ARGC and *ARGV move
 * behind the name if it was one. */
struct error *program_find_command(const struct program *program, int *argc, const char ***argv,
				   const struct command **out);

#endif
