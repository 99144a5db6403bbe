#include "review/tokens.h"

#include "base/memory.h"
#include "base/text.h"

#define FNV_OFFSET UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

/* Shell's sort: for some hundred numbers it is several times as fast as qsort with its calls. */
static void sort_hashes(uint64_t *items, size_t nr)
{
	static const size_t gaps[] = { 132, 57, 23, 10, 4, 1 };

	for (size_t g = 0; g < ARRAY_SIZE(gaps); g++) {
		for (size_t i = gaps[g]; i < nr; i++) {
			uint64_t item = items[i];
			size_t k = i;
			for (; k >= gaps[g] && items[k - gaps[g]] > item; k -= gaps[g])
				items[k] = items[k - gaps[g]];
			items[k] = item;
		}
	}
}

static bool in_word(char c)
{
	return ascii_alnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* Words of all texts together that are looked at. */
#define MAX_WORDS ((size_t)2 * TOKENS_MAX)

/* Adds the hashes of the words of S to the NR there are; returns how many there are then. The hash is not
 * seeded: the same texts must give the same report everywhere, and a collision only folds two findings. */
static size_t add_words(uint64_t words[MAX_WORDS], size_t nr, const char *s)
{
	while (*s && nr < MAX_WORDS) {
		uint64_t hash = FNV_OFFSET;
		const char *start = s;
		for (; in_word(*s); s++)
			hash = (hash ^ (unsigned char)ascii_lower((unsigned char)*s)) * FNV_PRIME;
		if (s > start)
			words[nr++] = hash;
		else
			s++;
	}
	return nr;
}

void tokens_make(struct tokens *out, const char *const *texts, size_t nr)
{
	uint64_t words[MAX_WORDS];
	size_t nr_words = 0, kept = 0;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < nr; i++) {
		if (texts[i])
			nr_words = add_words(words, nr_words, texts[i]);
	}
	sort_hashes(words, nr_words);
	for (size_t i = 0; i < nr_words; i++) {
		if (!kept || words[i] != words[kept - 1])
			words[kept++] = words[i];
	}
	out->nr = kept < TOKENS_MAX ? kept : TOKENS_MAX;
	out->items = xcalloc(out->nr + 1, sizeof(*out->items));
	memcpy(out->items, words, out->nr * sizeof(*words));
	for (size_t i = 0; i < out->nr; i++) {
		unsigned bit = (unsigned)(out->items[i] % TOKENS_BITS);
		out->bits[bit / 64] |= UINT64_C(1) << bit % 64;
	}
}

void tokens_release(struct tokens *t)
{
	free(t->items);
	memset(t, 0, sizeof(*t));
}

static size_t in_both(const struct tokens *a, const struct tokens *b)
{
	size_t nr = 0;

	for (size_t i = 0, j = 0; i < a->nr && j < b->nr;) {
		uint64_t x = a->items[i], y = b->items[j];
		nr += x == y;
		i += x <= y;
		j += y <= x;
	}
	return nr;
}

/* What in_both cannot exceed. */
static size_t in_both_at_most(const struct tokens *a, const struct tokens *b)
{
	size_t differ = 0, smaller = a->nr < b->nr ? a->nr : b->nr;

	for (size_t i = 0; i < ARRAY_SIZE(a->bits); i++)
		differ += (size_t)__builtin_popcountll(a->bits[i] ^ b->bits[i]);
	size_t both = (a->nr + b->nr - differ) / 2;
	return both < smaller ? both : smaller;
}

size_t tokens_shared(const struct tokens *a, const struct tokens *b, size_t at_least)
{
	size_t both = in_both_at_most(a, b) >= at_least ? in_both(a, b) : 0;
	return both >= at_least ? both : 0;
}

static double containment(const struct tokens *a, const struct tokens *b, size_t both)
{
	size_t smaller = a->nr < b->nr ? a->nr : b->nr;
	return smaller ? (double)both / (double)smaller : 0;
}

static double jaccard(const struct tokens *a, const struct tokens *b, size_t both)
{
	return a->nr && b->nr ? (double)both / (double)(a->nr + b->nr - both) : 0;
}

double tokens_containment(const struct tokens *a, const struct tokens *b)
{
	return containment(a, b, in_both(a, b));
}

double tokens_jaccard(const struct tokens *a, const struct tokens *b)
{
	return jaccard(a, b, in_both(a, b));
}

bool tokens_are_contained(const struct tokens *a, const struct tokens *b, double limit)
{
	return containment(a, b, in_both_at_most(a, b)) >= limit &&
	       tokens_containment(a, b) >= limit;
}

bool tokens_are_similar(const struct tokens *a, const struct tokens *b, double limit)
{
	return jaccard(a, b, in_both_at_most(a, b)) >= limit && tokens_jaccard(a, b) >= limit;
}
