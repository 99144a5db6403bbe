/* How a Dockerfile is written: instructions of several lines, quotes, variables. For image/dockerfile.c. */
#ifndef IMAGE_DOCKERFILE_WORDS_H
#define IMAGE_DOCKERFILE_WORDS_H

#include "base/buffer.h"

/* Bytes that the variables of one word may grow it to. */
#define WORD_MAX ((size_t)64 << 10)
/* "${a:-${b:-...}}" */
#define WORD_MAX_DEPTH 16

struct dockerfile_lines {
	const char *at, *end;
	size_t line; /* of AT, from 1 */
	char escape;
	struct slice syntax; /* the frontend that "# syntax=" asks for; empty: none */
};

/* Reads the directives at the beginning of TEXT. */
struct error *dockerfile_lines_init(struct dockerfile_lines *lines, struct slice text);
/* The next instruction, its lines joined, without comments; false at the end. */
bool dockerfile_lines_next(struct dockerfile_lines *lines, struct buffer *out, size_t *line);

/* Takes the next word off REST; white space in quotes or behind the escape belongs to it. Empty at the end.
 */
struct slice dockerfile_word_next(struct slice *rest, char escape);
/* Takes the next word off REST, whatever its quotes. */
struct slice dockerfile_word_next_plain(struct slice *rest);

struct dockerfile_expansion {
	char escape;
	/* *VALUE is NULL when there is no such variable. ERROR_UNSUPPORTED: its value cannot be known. */
	struct error *(*lookup)(void *data, struct slice name, const char **value);
	void *data;
};
/* Appends WORD without its quotes and with its variables replaced. ERROR_UNSUPPORTED for what only newer
 * shells have ("${a%b}"). */
struct error *dockerfile_word_expand(struct buffer *out, struct slice word,
				     const struct dockerfile_expansion *x);
/* Appends S in double quotes, so that it expands to itself. */
void dockerfile_word_quote(struct buffer *out, const char *s, char escape);

#endif
