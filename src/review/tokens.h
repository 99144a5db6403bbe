/* Sets of words, for telling whether two texts say the same. */
#ifndef REVIEW_TOKENS_H
#define REVIEW_TOKENS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Different words kept of one text: bounds the work of a comparison. */
#define TOKENS_MAX 128

#define TOKENS_BITS 512

struct tokens {
	uint64_t *items; /* hashes of lower-case words, sorted, each once */
	size_t nr;
	uint64_t bits[TOKENS_BITS / 64]; /* one for each item: two sets share at most
	                                    (nr + nr - bits that differ) / 2 */
};

/* The words of the strings of TEXTS (any may be NULL) together. */
void tokens_make(struct tokens *out, const char *const *texts, size_t nr);
void tokens_release(struct tokens *t);

/* |a n b| / min(|a|, |b|) and |a n b| / |a u b|; 0 when either is empty. */
double tokens_containment(const struct tokens *a, const struct tokens *b);
double tokens_jaccard(const struct tokens *a, const struct tokens *b);
/* |a n b|; 0 when that is less than AT_LEAST. */
size_t tokens_shared(const struct tokens *a, const struct tokens *b, size_t at_least);
/* Whether they are at least LIMIT (above 0): the same answer, sooner for sets that share little. */
bool tokens_are_contained(const struct tokens *a, const struct tokens *b, double limit);
bool tokens_are_similar(const struct tokens *a, const struct tokens *b, double limit);

#endif
