#include "review/tokens.h"

#include "base/memory.h"
#include "base/text.h"

#define FNV_OFFSET UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

static int compare_hashes(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

static bool in_word(char c)
{
	return ascii_alnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* Appends the hashes of the words of S, at most MAX in all. The hash is not seeded: the same texts
 * must give the same report everywhere, and a collision only folds two findings. */
static void add_words(struct tokens *t, size_t *alloc, const char *s, size_t max)
{
	while (*s && t->nr < max) {
		uint64_t hash = FNV_OFFSET;
		const char *start = s;
		for (; in_word(*s); s++)
			hash = (hash ^ (unsigned char)ascii_lower((unsigned char)*s)) * FNV_PRIME;
		if (s > start) {
			ALLOC_GROW(t->items, t->nr, *alloc);
			t->items[t->nr++] = hash;
		} else {
			s++;
		}
	}
}

void tokens_make(struct tokens *out, const char *const *texts, size_t nr)
{
	size_t alloc = 0, kept = 0;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < nr; i++) {
		if (texts[i])
			add_words(out, &alloc, texts[i], 4 * TOKENS_MAX);
	}
	if (out->nr)
		qsort(out->items, out->nr, sizeof(*out->items), compare_hashes);
	for (size_t i = 0; i < out->nr; i++) {
		if (!kept || out->items[i] != out->items[kept - 1])
			out->items[kept++] = out->items[i];
	}
	out->nr = kept < TOKENS_MAX ? kept : TOKENS_MAX;
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

double tokens_containment(const struct tokens *a, const struct tokens *b)
{
	size_t smaller = a->nr < b->nr ? a->nr : b->nr;
	return smaller ? (double)in_both(a, b) / (double)smaller : 0;
}

double tokens_jaccard(const struct tokens *a, const struct tokens *b)
{
	size_t both = in_both(a, b);
	return a->nr && b->nr ? (double)both / (double)(a->nr + b->nr - both) : 0;
}
