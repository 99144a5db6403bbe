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

#endif
