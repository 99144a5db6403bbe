/* Whether the app answers: GET until a 2xx or 3xx. */
#ifndef DEPLOY_HEALTH_H
#define DEPLOY_HEALTH_H

#include "net/http.h"

/* *STATUS is the last answer's, 0 when nobody answered. ERROR_TIMEOUT says what was seen last. */
struct error *health_wait(const struct http_settings *http, const char *url, uint64_t timeout_ms,
			  volatile const int *stop, long *status);

#endif
