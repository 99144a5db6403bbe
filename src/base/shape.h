/* Shapes of words that matter (keys, addresses), and finding them in texts. */
#ifndef BASE_SHAPE_H
#define BASE_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

struct shape {
	const char *what;     /* for people */
	const char *literal;  /* some text that every match holds, whatever its case; NULL: none */
	const char *regex;    /* group 1, if it takes part, is what is meant; else all of it */
	bool caseless;
	/* Whether a match is one after all; NULL: always. */
	bool (*accept)(struct slice text, size_t start, size_t end);
	/* Nothing but the word before it ("password = ...") makes it one. */
	bool vague;
	/* How many bytes behind its literal a match may have to be seen to be one; 0: SHAPE_REACH. */
	unsigned reach;
};

/* No match begins more than this before its literal. */
#define SHAPE_BEFORE 128
#define SHAPE_REACH 256


/* Calls FN for each match, one after the other, until it is false. False when TEXT could not be looked
 * through to its end. */
bool shape_find(const struct shape *shape, struct slice text,
		bool (*fn)(void *data, size_t start, size_t end), void *data);
/* Whether S holds one of WORDS, whatever its case; they end with NULL. */
bool shape_holds_word(struct slice s, const char *const *words);

/* Many shapes, made ready once for many texts. */
struct shape_finder;
struct shape_finder *shape_finder_new(const struct shape *shapes, size_t nr);
void shape_finder_free(struct shape_finder *finder);
/* As shape_find, for all shapes, those with a literal only around it: a text is read once, and what has
 * nothing of a secret costs no more. May be called by several threads at once. */
bool shape_finder_run(const struct shape_finder *finder, struct slice text,
		      bool (*fn)(void *data, const struct shape *shape, size_t start, size_t end),
		      void *data);

#endif
