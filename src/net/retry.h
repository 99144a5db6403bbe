/* When to try again, and after how long. */
#ifndef NET_RETRY_H
#define NET_RETRY_H

#include "net/http.h"

#define RETRY_MAX_ATTEMPTS 5
#define RETRY_FIRST_MS 500
#define RETRY_LARGEST 16 /* times the first delay */

struct retry_advice {
	bool retry;
	bool wanted;      /* time may cure it, but for the number of attempts */
	uint64_t delay_ms;
	bool server_said; /* the delay is the server's, not ours */
};

/* Advice after attempt number ATTEMPT (from 1) ended with RESPONSE. 408, 409, 429, >= 500 and transport
 * failures that are not permanent are tried again, RETRY_MAX_ATTEMPTS in all; `x-should-retry`
 * overrules; the delay is `retry-after-ms`, then `retry-after` (seconds or HTTP date, against NOW in
 * seconds since the epoch), then FIRST_MS doubling to RETRY_LARGEST times as much, with up to 25 % taken
 * off by RANDOM (0..1).
 * The delay is told even when RETRY is false: it is what the server asks for. */
struct retry_advice retry_advise(const struct http_response *response, unsigned attempt, int64_t now,
				 double random, uint64_t first_ms);

#endif
