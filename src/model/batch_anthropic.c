/* Anthropic's message batches. A batch carries nothing of ours but the ids of its requests, and these are
 * seen in its answers only: one whose sending was interrupted is found by when it was made and how many
 * requests it has. */
#include <string.h>

#include "base/date.h"
#include "base/memory.h"
#include "model/batch_http.h"

#define BATCHES_PATH "/v1/messages/batches"
/* A batch is made at most so many seconds before or after we say that we send it. */
#define CLOCK_SKEW 300
#define SENDING_TIME 900

static void add(struct buffer *out, const struct model *m, const char *id, struct slice body)
{
	(void)m;
	buffer_addf(out, "%s{\"custom_id\":\"%s\",\"params\":", out->len ? "," : "", id);
	buffer_add(out, body.data, body.len);
	buffer_addch(out, '}');
}

static struct error *create(const struct batch_server *s, const char *tag, struct slice requests, char **id)
{
	struct buffer body = BUFFER_INIT;
	cJSON *json;
	(void)tag; /* there is no place for it */
	buffer_addstr(&body, "{\"requests\":[");
	buffer_add(&body, requests.data, requests.len);
	buffer_addstr(&body, "]}");
	struct error *err = batch_http_json(s, &(struct batch_http){ "POST", BATCHES_PATH, NULL, slice_of(&body),
								    true }, &json);
	buffer_release(&body);
	return err ? err : batch_take_id(json, "id", "the batch", id);
}

static int64_t sum_of_counts(const cJSON *batch)
{
	static const char *const keys[] = { "processing", "succeeded", "errored", "canceled", "expired" };
	const cJSON *counts = cJSON_GetObjectItemCaseSensitive(batch, "request_counts");
	int64_t sum = 0;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		sum += json_integer_or(counts, keys[i], 0);
	return sum;
}

static struct error *status(const struct batch_server *s, const char *id, struct batch_status *out)
{
	cJSON *batch;
	char *path = xstrfmt(BATCHES_PATH "/%s", id);
	*out = (struct batch_status){ 0 };
	struct error *err = batch_http_json(s, &(struct batch_http){ "GET", path }, &batch);
	free(path);
	if (err)
		return err;
	const cJSON *counts = cJSON_GetObjectItemCaseSensitive(batch, "request_counts");
	int64_t total = sum_of_counts(batch), left = json_integer_or(counts, "processing", 0);
	out->ended = !strcmp(json_string_or(batch, "processing_status", ""), "ended");
	out->total = total > 0 ? (size_t)total : 0;
	out->done = total > left ? (size_t)(total - left) : 0;
	if (out->ended && json_integer_or(counts, "expired", 0) > 0)
		out->problem = xstrdup("expired");
	else if (out->ended && json_integer_or(counts, "canceled", 0) > 0)
		out->problem = xstrdup("cancelled");
	cJSON_Delete(batch);
	return NULL;
}

static void on_line(void *data, const cJSON *line)
{
	struct batch_receiver *r = data;
	const char *id = json_string_or(line, "custom_id", "");
	const cJSON *result = cJSON_GetObjectItemCaseSensitive(line, "result");
	const char *type = json_string_or(result, "type", "");
	const cJSON *message = cJSON_GetObjectItemCaseSensitive(result, "message");
	if (!strcmp(type, "succeeded") && cJSON_IsObject(message)) {
		r->fn(r->data, id, message, NULL);
		return;
	}
	char *problem = batch_problem(cJSON_GetObjectItemCaseSensitive(result, "error"),
				      *type ? type : "the request failed");
	r->fn(r->data, id, NULL, problem);
	free(problem);
}

static struct error *results(const struct batch_server *s, const char *id, const struct batch_status *st,
			     batch_result_fn *fn, void *data)
{
	struct batch_receiver r = { fn, data };
	char *path = xstrfmt(BATCHES_PATH "/%s/results", id);
	(void)st;
	struct error *err = batch_http_lines(s, path, on_line, &r);
	free(path);
	return err;
}

/* -- finding one again ---------------------------------------------------------------------------- */

static bool may_be(const cJSON *batch, const struct batch_search *search)
{
	const char *id = json_string_or(batch, "id", "");
	const char *created = json_string_or(batch, "created_at", "");
	double date;
	return batch_id_is_safe(id) && date_parse(slice_of_string(created), &date) &&
	       date >= (double)(search->date - CLOCK_SKEW) &&
	       date <= (double)(search->date + SENDING_TIME) && sum_of_counts(batch) == (int64_t)search->nr &&
	       !search->is_other(search->data, id);
}

struct comparing {
	const struct batch_search *search;
	bool is_ours;
};

static void compare(void *data, const char *id, const cJSON *answer, const char *problem)
{
	struct comparing *c = data;
	(void)answer;
	(void)problem;
	c->is_ours |= c->search->has_request(c->search->data, id);
}

/* Several of that time and size: those that have ended show whose they are. */
static struct error *tell_apart(const struct batch_server *s, const struct batch_search *search,
				const cJSON *page, char **id)
{
	const cJSON *batch;
	struct error *err = NULL;
	bool undecided = false;
	cJSON_ArrayForEach(batch, cJSON_GetObjectItemCaseSensitive(page, "data")) {
		struct comparing c = { search };
		const char *name = json_string_or(batch, "id", "");
		if (err || *id || !may_be(batch, search))
			continue;
		bool ended = !strcmp(json_string_or(batch, "processing_status", ""), "ended");
		undecided |= !ended;
		if (ended)
			err = results(s, name, NULL, compare, &c);
		if (!err && c.is_ours)
			*id = xstrdup(name);
	}
	if (err || *id)
		return err;
	if (undecided)
		return error_new(ERROR_CONFLICT, "several batches of that time have %zu requests; when they have "
				 "ended, it can be told which is ours", search->nr);
	return error_new(ERROR_NOT_FOUND, "the server has no batch of ours from then");
}

static struct error *find(const struct batch_server *s, const struct batch_search *search, char **id)
{
	cJSON *page, *batch;
	unsigned found = 0;
	const char *only = NULL;
	*id = NULL;
	struct error *err = batch_http_json(s, &(struct batch_http){ "GET", BATCHES_PATH "?limit=1000" }, &page);
	if (err)
		return err;
	cJSON_ArrayForEach(batch, cJSON_GetObjectItemCaseSensitive(page, "data")) {
		if (!may_be(batch, search))
			continue;
		only = json_string_or(batch, "id", "");
		found++;
	}
	if (found == 1)
		*id = xstrdup(only);
	else
		err = tell_apart(s, search, page, id);
	cJSON_Delete(page);
	return err;
}

static struct error *cancel(const struct batch_server *s, const char *id)
{
	char *path = xstrfmt(BATCHES_PATH "/%s/cancel", id);
	struct error *err = batch_http_act(s, path);
	free(path);
	return err;
}

const struct batch_api batch_anthropic = {
	.codecs = { &codec_anthropic },
	.max_requests = 100000,
	.max_bytes = 256000000,
	.add = add,
	.create = create,
	.find = find,
	.status = status,
	.results = results,
	.cancel = cancel,
};
