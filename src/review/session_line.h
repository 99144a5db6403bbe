/* The papers that wait for their turn; used by the session's files only. */
#ifndef REVIEW_SESSION_LINE_H
#define REVIEW_SESSION_LINE_H

#include <stddef.h>

/* A ring of places in the session's list of papers. */
struct line {
	size_t *places;
	size_t first, nr, size;
};

/* All papers, in order. */
void line_init(struct line *line, size_t nr_papers);
void line_release(struct line *line);
/* Takes the first; there must be one. */
size_t line_take(struct line *line);
/* Sends one that was taken to the back. */
void line_put_back(struct line *line, size_t place);

#endif
