/*
 * Phrases: sequences of words looked for in text, whatever its case, spacing, accents or markup.
 *
 * A pattern is a run of elements separated by blanks. An element is one word or several joined by
 * `|`; with `?` behind it it may be missing, with `*` it may be missing or stand any number of
 * times: "ignore|disregard all|the|your* previous instructions". The first element must be there.
 * An optional element takes what it can, so it must not share words with the one behind it.
 *
 * Text is folded before it is compared: letters lose case, Latin ones their accents, full-width
 * forms become ASCII, characters without width vanish, braces and TeX commands are passed over
 * ("\textbf{I}gnore" is one word), an apostrophe is dropped. A Chinese or Japanese character and a
 * Hangul syllable are each a word. A blank line ends every phrase.
 *
 * The scan is linear: each word is looked up once, and only patterns that start with it are tried.
 */
#ifndef CHECK_PHRASE_H
#define CHECK_PHRASE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

struct phrase_row {
	unsigned kind;       /* the caller's; handed back with a match */
	const char *pattern;
};

struct phrase_match {
	unsigned kind;
	size_t start, end;   /* bytes in the text scanned */
	size_t word;         /* number of its first word, from 0 */
};

/* Returns false to end the scan. */
typedef bool (*phrase_fn)(void *data, const struct phrase_match *match);

struct phrases;
/* ROWS is a table of this program's: a malformed pattern is a bug and ends the process. */
struct phrases *phrases_new(const struct phrase_row *rows, size_t nr);
void phrases_free(struct phrases *p);

/* Calls FN for every match, in order of place. Returns the number of words of two or more letters
 * that were read (Chinese, Japanese and Korean: characters). */
size_t phrases_scan(const struct phrases *p, struct slice text, phrase_fn fn, void *data);

/* One word of a text as phrases see it. */
#define WORD_MAX 32
struct word {
	size_t start, end;
	char folded[WORD_MAX]; /* cut when longer; such a word is in no pattern */
	size_t len;
	bool barrier;          /* a blank line stands before it */
};

/* The next word at or after *POS, which moves behind it; false at the end. */
bool word_next(struct slice text, size_t *pos, struct word *out);

#endif
