/* Sets of words, for telling whether two texts say the same. */
#ifndef REVIEW_TOKENS_H
#define REVIEW_TOKENS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Different words kept of one text: bounds the work of a comparison. */
#define TOKENS_MAX 400

struct tokens {
	uint64_t *items; /* hashes of lower-case words, sorted, each once */
	size_t nr;
};

/* The words of the strings of TEXTS (any may be NULL) together. */
void tokens_make(struct tokens *out, const char *const *texts, size_t nr);
void tokens_release(struct tokens *t);

/* |a n b| / min(|a|, |b|) and |a n b| / |a u b|; 0 when either is empty. */
double tokens_containment(const struct tokens *a, const struct tokens *b);
double tokens_jaccard(const struct tokens *a, const struct tokens *b);

#endif
