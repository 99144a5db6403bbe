/* What the batch APIs have in common: one request after the other, until the server has answered. */
#ifndef MODEL_BATCH_HTTP_H
#define MODEL_BATCH_HTTP_H

#include "model/batch.h"

struct batch_http {
	const char *method;
	const char *path;         /* behind the endpoint, with its query */
	const char *content_type; /* NULL: application/json */
	struct slice body;
	bool once;                /* not asked again unless the server says that it did nothing: 429 */
};

/* Appends the body of the server's answer to OUT. ERROR_NOT_FOUND for 404, ERROR_USAGE for what the server
 * did not accept (another 4xx), ERROR_NETWORK for what it could not do. */
struct error *batch_http(const struct batch_server *s, const struct batch_http *request, struct buffer *out);
/* The same, of an answer that is a JSON object. */
struct error *batch_http_json(const struct batch_server *s, const struct batch_http *request, cJSON **out);

/* Calls FN for each line of TEXT, which is an object; others are passed over. */
void batch_each_line(struct slice text, void (*fn)(void *data, const cJSON *line), void *data);

/* The one line that says what went wrong, of an error's object; malloc'd. */
char *batch_problem(const cJSON *error, const char *otherwise);

#endif
