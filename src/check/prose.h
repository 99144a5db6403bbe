/*
 * Tells prose from mathematics, code and keys in TeX or Markdown source, so that a rule about words
 * does not speak about `a ?? b` in a listing. One pass, no memory that grows with the text.
 */
#ifndef CHECK_PROSE_H
#define CHECK_PROSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "paper/paper.h"

enum prose_kind {
	PROSE_TEXT,
	PROSE_MATH,
	PROSE_CODE,    /* verbatim, listings, \texttt, code fences, addresses */
	PROSE_KEY,     /* arguments that name things: labels, keys, files; link targets */
	PROSE_COMMAND, /* \name, or an HTML tag */
	PROSE_COMMENT,
};

struct prose_run {
	enum prose_kind kind;
	size_t start, end;
	bool quoted; /* inside quotation marks, a quote environment or a Markdown block quote */
};

/* What is searched for ahead; where each stands next is remembered, so that no byte is searched
 * twice for the same thing. */
#define PROSE_NEEDLES 40

struct prose {
	struct slice text;
	enum manuscript_kind kind;
	size_t pos;
	bool quoted;
	unsigned quote_environments;
	bool in_block_quote;
	struct slice command;   /* the name of the command that was handed out last, or empty */
	bool special[256];      /* bytes at which text may end */
	size_t fuel;            /* bytes that may still be read ahead for closing braces */
	bool seen[PROSE_NEEDLES];
	size_t next[PROSE_NEEDLES];
};

void prose_init(struct prose *p, struct slice text, enum manuscript_kind kind);
bool prose_next(struct prose *p, struct prose_run *out);

#endif
