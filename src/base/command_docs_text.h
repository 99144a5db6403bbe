/*
 * What the writers of base/command_docs.h share: the small markup of the texts in the tables.
 *
 * A text is paragraphs separated by blank lines. In a paragraph, `code` stands in backticks and
 * <placeholders> between angle brackets. A paragraph whose first line is indented is literal:
 * its lines stay as they are.
 */
#ifndef BASE_COMMAND_DOCS_TEXT_H
#define BASE_COMMAND_DOCS_TEXT_H

#include "base/buffer.h"
#include "base/command.h"

enum docs_span_kind { DOCS_PLAIN, DOCS_CODE, DOCS_PLACEHOLDER };

/* A run of one kind; the backticks of code are left out, the brackets of a placeholder not. */
struct docs_span {
	enum docs_span_kind kind;
	struct slice text;
};

struct docs_paragraph {
	struct slice text; /* without the newline at its end */
	bool literal;
};

/* Both take the next piece off the front of *REST; false when nothing is left. */
bool docs_next_span(struct slice *rest, struct docs_span *span);
bool docs_next_paragraph(struct slice *rest, struct docs_paragraph *paragraph);

/* Calls SAY for each line of a literal paragraph, without its indentation. */
typedef void docs_say_line(struct buffer *out, struct slice line);
void docs_literal_lines(struct buffer *out, struct slice text, docs_say_line *say);

struct slice docs_slice(const char *s); /* NULL is empty */

/* Appends TEXT without its markup. */
void docs_plain(struct buffer *out, const char *text);

/* Appends TEXT, without its markup, as words on lines of at most WIDTH columns; the first one
 * begins at COLUMN, the others behind INDENT blanks. What stands between brackets is not broken
 * when KEEP_BRACKETS. Ends with a newline. */
void docs_wrap(struct buffer *out, const char *text, size_t column, size_t indent, size_t width,
	       bool keep_brackets);

/* Appends S as a sentence: with a capital letter and a full stop. */
void docs_sentence(struct buffer *out, const char *s);

/* -- what the tables say about an option or a command --------------------------------------- */

/* Appends how CMD is called: "git scrutiny status", "git scrutiny [run]" for the default one. */
void docs_command_name(struct buffer *out, const struct program *program,
		       const struct command *cmd);

/* True for a bool that is true unless --no-name is given. */
bool docs_on_by_default(const struct command *cmd, const struct option *option);

/* Appends what the tables know besides the help: choices and the default, as sentences that
 * begin with a blank; nothing when the option's own texts say it. */
void docs_choices_and_default(struct buffer *out, const struct command *cmd,
			      const struct option *option);
/* Appends "a, b or c". */
void docs_list(struct buffer *out, const char *const *items, const char *quote);

/* True if all the choices of OPTION are named in TEXT. */
bool docs_names_choices(const struct option *option, const char *text);

/* The placeholder of the value of OPTION: "<rev>". */
const char *docs_argument(const struct option *option);

/* What a shell completes for the value of OPTION or the arguments of CMD: one of the words of
 * `completes` in struct option; "" when there is nothing to offer. */
const char *docs_value_completion(const struct option *option);
const char *docs_argument_completion(const struct command *cmd);

/* Appends the words, each with a blank before it, that may stand as the first argument of CMD
 * according to its usage: " push fetch" for "push|fetch <remote>". */
void docs_argument_words(struct buffer *out, const struct command *cmd);

/* Appends the program's name with underscores, as shell functions want it. */
void docs_identifier(struct buffer *out, const struct program *program);

#endif
