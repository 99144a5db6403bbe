/*
 * Merging findings: milliseconds of processor time that the consensus of 10,000 of them takes, for a paper as it is and
 * for inputs made to be slow. Prints one line a case; fails when one takes longer than a second.
 *
 *   merge [<findings>]
 */
#include <stdio.h>
#include <time.h>

#include "base/memory.h"
#include "review/report.h"

#define MODELS 8
#define LIMIT_MS 1000
#define LONG_TITLE 8000 /* no string of an answer is longer */

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* The same numbers on every machine. */
static unsigned next(unsigned *state, unsigned below)
{
	*state = *state * 1664525u + 1013904223u;
	return (*state >> 8) % below;
}

static char *words(unsigned *state, unsigned nr, unsigned vocabulary)
{
	struct buffer b = BUFFER_INIT;
	for (unsigned i = 0; i < nr; i++)
		buffer_addf(&b, "%sword%u", i ? " " : "", next(state, vocabulary));
	return buffer_detach(&b, NULL);
}

struct shape {
	const char *name;
	bool quoted;         /* a quote that was found */
	size_t places;       /* different ones */
	size_t length;       /* of the range, in bytes */
	unsigned title_words, quote_words, vocabulary;
	bool nearly;         /* without a quote that was found, but near a paragraph */
};

static const struct shape shapes[] = {
	{ "spread over a paper", true, 4000, 120, 8, 15, 3000, false },
	{ "all at one place", true, 1, 400, 8, 15, 3000, false },
	{ "all at one place, few words", true, 1, 400, 2, 3, 10, false },
	{ "each overlaps all others", true, 10000, 1000000, 8, 15, 3000, false },
	{ "without a quote", false, 1, 0, 8, 0, 3000, false },
	{ "without a quote, near a paragraph", false, 200, 3000, 8, 15, 3000, true },
	{ "equal in everything", true, 1, 100, 1, 1, 1, false },
	{ "long titles", true, 1, 400, LONG_TITLE / 8, 15, 3000, false },
	{ "long titles, no quote", false, 1, 0, LONG_TITLE / 8, 0, 100000, false },
};

static void add_finding(struct record *r, const struct shape *shape, unsigned *state, size_t number)
{
	struct finding *f = finding_list_add(&r->findings);
	f->severity = (enum severity)next(state, 3);
	f->title = words(state, shape->title_words, shape->vocabulary);
	f->why = words(state, 30, shape->vocabulary);
	f->confidence = 0.5;
	if (shape->quote_words)
		f->quote = words(state, shape->quote_words, shape->vocabulary);
	if (shape->quoted || shape->nearly) {
		f->path = xstrdup("main.tex");
		f->start = number % shape->places * 40;
		f->end = f->start + shape->length;
		f->line = f->start / 80 + 1;
	}
	f->grounding = shape->quoted ? GROUNDING_EXACT : GROUNDING_NONE;
}

static double measure(const struct shape *shape, size_t nr, size_t *left)
{
	struct record records[MODELS] = { { NULL } };
	const struct record *pointers[MODELS];
	struct run run = { .paper = xstrdup("") };
	struct consensus c;
	unsigned state = 1;
	for (size_t m = 0; m < MODELS; m++) {
		records[m].reviewer = xstrfmt("lab/model-%zu", m);
		records[m].family = xstrfmt("family-%zu", m / 2);
		pointers[m] = &records[m];
	}
	for (size_t i = 0; i < nr; i++)
		add_finding(&records[i % MODELS], shape, &state, i);
	double start = now();
	consensus_make(&c, pointers, MODELS, &run);
	double took = now() - start;
	*left = c.nr;
	consensus_release(&c);
	run_release(&run);
	for (size_t m = 0; m < MODELS; m++)
		record_release(&records[m]);
	return took;
}

int main(int argc, char **argv)
{
	size_t nr = argc > 1 ? (size_t)atol(argv[1]) : 10000;
	bool slow = false;
	printf("%-40s %10s %12s\n", "", "findings", "ms");
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		size_t left;
		double ms = measure(&shapes[i], nr, &left);
		printf("%-40s %10zu %12.1f%s\n", shapes[i].name, left, ms, ms > LIMIT_MS ? "  too slow" : "");
		slow |= ms > LIMIT_MS;
	}
	return slow;
}
