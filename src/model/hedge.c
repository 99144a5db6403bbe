#include "model/hedge.h"

#include <stdlib.h>
#include <string.h>

void hedge_answered(struct hedge *h, uint64_t elapsed_ms)
{
	h->samples[h->next] = elapsed_ms;
	h->next = (h->next + 1) % HEDGE_SAMPLES;
	if (h->nr < HEDGE_SAMPLES)
		h->nr++;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

uint64_t hedge_patience(const struct hedge *h, double factor)
{
	uint64_t sorted[HEDGE_SAMPLES];
	if (factor <= 0 || h->nr < HEDGE_LEAST_SAMPLES)
		return UINT64_MAX;
	memcpy(sorted, h->samples, h->nr * sizeof(*sorted));
	qsort(sorted, h->nr, sizeof(*sorted), compare);
	double patience = (double)sorted[h->nr / 2] * factor;
	if (patience < HEDGE_LEAST_MS)
		return HEDGE_LEAST_MS;
	return patience < 1e15 ? (uint64_t)patience : UINT64_MAX;
}

bool hedge_allowed(uint64_t requests, uint64_t hedged)
{
	return (double)hedged < (double)requests * HEDGE_SHARE + 1;
}
