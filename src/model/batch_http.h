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

/* GETs PATH and calls FN for each line of the answer, which is an object; others are passed over. */
struct error *batch_http_lines(const struct batch_server *s, const char *path,
			       void (*fn)(void *data, const cJSON *line), void *data);
/* POSTs to PATH, which says all; what the server answers is not looked at. */
struct error *batch_http_act(const struct batch_server *s, const char *path);

/* Who gets the answers of a batch that stand in lines: the data of batch_http_lines. */
struct batch_receiver {
	batch_result_fn *fn;
	void *data;
};

/* The name the server gave to WHAT, under KEY of its answer; malloc'd. JSON is freed. */
struct error *batch_take_id(cJSON *json, const char *key, const char *what, char **id);

/* The one line that says what went wrong, of an error's object; malloc'd. */
char *batch_problem(const cJSON *error, const char *otherwise);

#endif
