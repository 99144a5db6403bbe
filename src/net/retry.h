/* When to try again, and after how long. */
#ifndef NET_RETRY_H
#define NET_RETRY_H

#include "net/http.h"

#define RETRY_MAX_ATTEMPTS 5
#define RETRY_FIRST_MS 500
#define RETRY_LAST_MS 8000

struct retry_advice {
	bool retry;
	uint64_t delay_ms;
	bool server_said; /* the delay is the server's, not ours */
};

/* Advice after attempt number ATTEMPT (from 1) ended with RESPONSE. 408, 409, 429, >= 500 and transport
 * failures that are not permanent are tried again, RETRY_MAX_ATTEMPTS in all; `x-should-retry`
 * overrules; the delay is `retry-after-ms`, then `retry-after` (seconds or HTTP date, against NOW in
 * seconds since the epoch), then 0.5 s doubling to 8 s with up to 25 % taken off by RANDOM (0..1).
 * The delay is told even when RETRY is false: it is what the server asks for. */
struct retry_advice retry_advise(const struct http_response *response, unsigned attempt, int64_t now,
				 double random);

#endif
