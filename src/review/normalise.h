/*
 * Comparing texts loosely: a stream of what carries meaning, each byte with the place it came from.
 *
 * Letters (lower case, accents and typographic variants folded), digits, operators and the names
 * of TeX symbols stay; markup, spacing, punctuation and citations go. What would change a number
 * or a sign stays: decimal points, minus signs, gaps between digits.
 */
#ifndef REVIEW_NORMALISE_H
#define REVIEW_NORMALISE_H

#include <stdint.h>

#include "base/buffer.h"

enum unit_kind {
	UNIT_GLUE,   /* nothing, and what stands around it is one word: \emph, braces, \, */
	UNIT_BREAK,  /* nothing, but a word ends here: space, punctuation */
	UNIT_TEXT,   /* a letter, a digit or an operator */
	UNIT_SYMBOL, /* the name of something: its letters belong to no word beside it */
};

/* What some bytes of a source stand for. */
struct unit {
	enum unit_kind kind;
	size_t len;       /* bytes of the source */
	const char *emit; /* in the source or static */
	size_t emit_len;
};
typedef void unit_reader(struct unit *u, struct slice s, size_t pos);

unit_reader unit_exact;      /* every byte is itself */
unit_reader unit_whitespace; /* ... and white space is a break */
unit_reader unit_loose;

struct unit_stream {
	struct buffer bytes;
	uint32_t *places; /* offset in the source of the unit; STREAM_BREAK: a word starts here */
	size_t alloc;
};
#define STREAM_BREAK ((uint32_t)1 << 31)

/* Sources are below 2 GiB. */
void unit_stream_make(struct unit_stream *out, struct slice source, unit_reader *read);
void unit_stream_release(struct unit_stream *st);

/* Letters and digits in a stream or text. */
size_t count_letters(struct slice s);

/* -- tables (normalise_tables.c) ------------------------------------------------------------- */

enum command_kind {
	COMMAND_GLUE,     /* formatting: goes, its argument stays */
	COMMAND_BREAK,    /* spacing */
	COMMAND_ARGUMENT, /* goes together with its options and first argument */
	COMMAND_LETTER,   /* a letter: `emit` */
	COMMAND_SYMBOL,   /* `emit` */
};
struct command_row {
	const char *name;
	enum command_kind kind;
	const char *emit;
};
/* NULL for a command that is kept by its own name. */
const struct command_row *command_row_find(const char *name, size_t len);

/* Sets kind and emit of U for a character outside ASCII; false: it stands for itself. */
bool character_fold(uint32_t cp, struct unit *u);
/* The character that a superscript raises, or 0. */
char superscript_fold(uint32_t cp);

#endif
