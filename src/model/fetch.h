/* One small question to a server outside of a run: which models it has, how large they are. */
#ifndef MODEL_FETCH_H
#define MODEL_FETCH_H

#include "base/json.h"
#include "net/http.h"

/* GETs URL, or POSTs BODY when it is not NULL, and parses the answer, an object. KEY (may be NULL) goes
 * as a bearer token; the whole may take DEADLINE_MS. ERROR_NETWORK or ERROR_TIMEOUT when nobody
 * answers in time, ERROR_NOT_FOUND for status 404, else ERROR_NETWORK with the server's words. */
struct error *fetch_json(cJSON **out, const char *url, const char *key, const char *body,
			 const struct http_settings *settings, long deadline_ms);
/* The same with header lines of the caller's, NULL behind the last; *STATUS (may be NULL) is the answer's, 0
 * without one. */
struct error *fetch_json_with(cJSON **out, const char *url, const char *const *headers, const char *body,
			      const struct http_settings *settings, long deadline_ms, long *status);

#endif
