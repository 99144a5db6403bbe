/* The paragraph that a quote is nearest to although its words are not there in that order. */
#ifndef REVIEW_NEAR_H
#define REVIEW_NEAR_H

#include "paper/document.h"

/* Paragraphs looked at; those behind them are not. Longer ones are cut into several. */
#define NEAR_MAX_PARAGRAPHS 8192
#define NEAR_PARAGRAPH_BYTES 1200
/* A quote of fewer different words is near to anything, as is one that shares fewer of them. */
#define NEAR_MIN_WORDS 6
#define NEAR_SHARE 0.6

struct near_index;
struct near_index *near_index_new(struct document *const *documents, size_t nr);
void near_index_free(struct near_index *index);

/*
 * The paragraph that shares most of the words of QUOTE, the first of several: *DOC and *WHERE; and
 * *AROUND, the same with its two neighbours, as far as they stand in the same file. False when none
 * shares enough.
 */
bool near_find(const struct near_index *index, struct slice quote, struct document **doc,
	       struct location *where, struct location *around);

#endif
