/* Whether the app answers: GET until a 2xx or 3xx. */
#ifndef DEPLOY_HEALTH_H
#define DEPLOY_HEALTH_H

#include "net/http.h"

/* Asks again and again, more and more slowly, for TIMEOUT_MS: nobody listens at first, and what answers then
 * may say 502 for a while. *STATUS is the last answer's, 0 when nobody answered. ERROR_TIMEOUT says what was
 * seen last. What waiting cannot mend (a certificate, an address that is none) ends it at once, with another
 * code. */
struct error *health_wait(const struct http_settings *http, const char *url, uint64_t timeout_ms,
			  volatile const int *stop, long *status);

/* The same for somebody who watches: WATCH is told every second what was seen last, an answer's STATUS or, when
 * that is 0, a FAULT (NULL: nothing yet). */
struct health_watch {
	void (*watch)(void *data, long status, const char *fault);
	void *data;
};
struct error *health_wait_watched(const struct http_settings *http, const char *url, uint64_t timeout_ms,
				  volatile const int *stop, const struct health_watch *watch, long *status);

#endif
