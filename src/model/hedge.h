/* When a request that has been silent too long is sent a second time. */
#ifndef MODEL_HEDGE_H
#define MODEL_HEDGE_H

#include <stdbool.h>
#include <stdint.h>

#define HEDGE_SAMPLES 64      /* the last answers, of which the median is taken */
#define HEDGE_LEAST_SAMPLES 5 /* before that nobody knows what is usual */
#define HEDGE_LEAST_MS 100    /* shorter silences are no trouble */
#define HEDGE_SHARE 0.05      /* of all requests, and one more */

/* How long the answers of one model take. */
struct hedge {
	uint64_t samples[HEDGE_SAMPLES];
	unsigned nr, next;
};

void hedge_answered(struct hedge *h, uint64_t elapsed_ms);
/* The silence after which a request is sent again: FACTOR times the median; UINT64_MAX: never. */
uint64_t hedge_patience(const struct hedge *h, double factor);
/* Whether one more may be sent again when HEDGED of REQUESTS were. */
bool hedge_allowed(uint64_t requests, uint64_t hedged);

#endif
