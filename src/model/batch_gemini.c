/* Google's batches, requests and answers inline: an operation that is looked at until it is done. */
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "model/batch_http.h"

#define VERSION_PATH "/v1beta"
#define MAX_PAGES 50

static void add(struct buffer *out, const struct model *m, const char *id, struct slice body)
{
	(void)m;
	buffer_addf(out, "%s{\"metadata\":{\"key\":\"%s\"},\"request\":", out->len ? "," : "", id);
	buffer_add(out, body.data, body.len);
	buffer_addch(out, '}');
}

static struct error *take_name(cJSON *json, char **id)
{
	const char *name;
	struct error *err = json_get_string(json, "name", "the batch", &name);
	if (!err && (!starts_with(name, "batches/") || !batch_id_is_safe(name)))
		err = error_new(ERROR_SYNTAX, "the batch has a name that is none");
	if (!err)
		*id = xstrdup(name);
	cJSON_Delete(json);
	return err;
}

static struct error *create(const struct batch_server *s, const char *tag, struct slice requests, char **id)
{
	struct buffer body = BUFFER_INIT, path = BUFFER_INIT;
	cJSON *json;
	codec_gemini_add_model(&path, s->model->name);
	buffer_addstr(&path, ":batchGenerateContent");
	buffer_addf(&body, "{\"batch\":{\"displayName\":\"%s\",\"inputConfig\":{\"requests\":{\"requests\":[", tag);
	buffer_add(&body, requests.data, requests.len);
	buffer_addstr(&body, "]}}}}");
	struct error *err = batch_http_json(s, &(struct batch_http){ "POST", path.data, NULL, slice_of(&body),
								    true }, &json);
	if (!err)
		err = take_name(json, id);
	buffer_release(&body);
	buffer_release(&path);
	return err;
}

/* -- finding one again ---------------------------------------------------------------------------- */

/* True when PAGE holds it or is the last; *NEXT is the token of the one behind it. */
static bool look_at_page(const cJSON *page, const struct batch_search *search, char **id, char **next)
{
	const cJSON *operation;
	cJSON_ArrayForEach(operation, cJSON_GetObjectItemCaseSensitive(page, "operations")) {
		const char *name = json_string_or(operation, "name", "");
		const cJSON *metadata = cJSON_GetObjectItemCaseSensitive(operation, "metadata");
		if (batch_id_is_safe(name) &&
		    !strcmp(json_string_or(metadata, "displayName", ""), search->tag)) {
			*id = xstrdup(name);
			return true;
		}
	}
	free(*next);
	const char *token = json_string_or(page, "nextPageToken", "");
	*next = *token && batch_id_is_safe(token) ? xstrdup(token) : NULL;
	return !*next;
}

static struct error *find(const struct batch_server *s, const struct batch_search *search, char **id)
{
	char *next = NULL;
	struct error *err = NULL;
	bool end = false;
	*id = NULL;
	for (unsigned pages = 0; !err && !end && pages < MAX_PAGES; pages++) {
		cJSON *page;
		char *path = xstrfmt(VERSION_PATH "/batches?pageSize=100%s%s", next ? "&pageToken=" : "",
				     next ? next : "");
		err = batch_http_json(s, &(struct batch_http){ "GET", path }, &page);
		if (!err)
			end = look_at_page(page, search, id, &next);
		cJSON_Delete(page);
		free(path);
	}
	free(next);
	if (!err && !*id)
		err = error_new(ERROR_NOT_FOUND, "the server has no batch of ours from then");
	return err;
}

/* -- what became of it ---------------------------------------------------------------------------- */

static struct error *get(const struct batch_server *s, const char *id, cJSON **out)
{
	char *path = xstrfmt(VERSION_PATH "/%s", id);
	struct error *err = batch_http_json(s, &(struct batch_http){ "GET", path }, out);
	free(path);
	return err;
}

/* Counts are strings, as 64-bit numbers of Google's are. */
static size_t count_of(const cJSON *stats, const char *key)
{
	int64_t n = json_integer_or(stats, key, -1);
	if (n < 0)
		n = strtoll(json_string_or(stats, key, "0"), NULL, 10);
	return n > 0 ? (size_t)n : 0;
}

/* "BATCH_STATE_SUCCEEDED", "JOB_STATE_SUCCEEDED" -> "SUCCEEDED" */
static const char *state_of(const cJSON *metadata)
{
	const char *state = json_string_or(metadata, "state", "");
	const char *word = strstr(state, "_STATE_");
	return word ? word + strlen("_STATE_") : state;
}

static struct error *status(const struct batch_server *s, const char *id, struct batch_status *out)
{
	static const struct {
		const char *state, *problem;
	} ends[] = {
		{ "SUCCEEDED", NULL },	   { "PARTIALLY_SUCCEEDED", NULL },
		{ "FAILED", "failed" },	   { "CANCELLED", "cancelled" },
		{ "EXPIRED", "expired" },
	};
	cJSON *operation;
	*out = (struct batch_status){ 0 };
	struct error *err = get(s, id, &operation);
	if (err)
		return err;
	const cJSON *metadata = cJSON_GetObjectItemCaseSensitive(operation, "metadata");
	const cJSON *stats = cJSON_GetObjectItemCaseSensitive(metadata, "batchStats");
	const cJSON *error = cJSON_GetObjectItemCaseSensitive(operation, "error");
	const char *problem = NULL;
	out->ended = json_bool_or(operation, "done", false);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		if (strcmp(state_of(metadata), ends[i].state))
			continue;
		out->ended = true;
		problem = ends[i].problem;
	}
	out->total = count_of(stats, "requestCount");
	out->done = count_of(stats, "successfulRequestCount") + count_of(stats, "failedRequestCount");
	if (out->ended && (problem || cJSON_IsObject(error)))
		out->problem = batch_problem(error, problem ? problem : "failed");
	cJSON_Delete(operation);
	return NULL;
}

/* They stand in the operation's response or in its metadata, a list in an object of the same name. */
static const cJSON *answers_of(const cJSON *operation)
{
	static const char key[] = "inlinedResponses";
	const cJSON *metadata = cJSON_GetObjectItemCaseSensitive(operation, "metadata");
	const cJSON *places[] = {
		cJSON_GetObjectItemCaseSensitive(operation, "response"),
		cJSON_GetObjectItemCaseSensitive(metadata, "output"),
	};
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		const cJSON *list = cJSON_GetObjectItemCaseSensitive(places[i], key);
		if (cJSON_IsObject(list))
			list = cJSON_GetObjectItemCaseSensitive(list, key);
		if (cJSON_IsArray(list))
			return list;
	}
	return NULL;
}

static struct error *results(const struct batch_server *s, const char *id, const struct batch_status *st,
			     batch_result_fn *fn, void *data)
{
	cJSON *operation;
	const cJSON *item;
	(void)st;
	struct error *err = get(s, id, &operation);
	if (err)
		return err;
	cJSON_ArrayForEach(item, answers_of(operation)) {
		const cJSON *metadata = cJSON_GetObjectItemCaseSensitive(item, "metadata");
		const cJSON *response = cJSON_GetObjectItemCaseSensitive(item, "response");
		const char *key = json_string_or(metadata, "key", "");
		char *problem = cJSON_IsObject(response)
					? NULL
					: batch_problem(cJSON_GetObjectItemCaseSensitive(item, "error"),
							"the request failed");
		fn(data, key, problem ? NULL : response, problem);
		free(problem);
	}
	cJSON_Delete(operation);
	return NULL;
}

static struct error *cancel(const struct batch_server *s, const char *id)
{
	char *path = xstrfmt(VERSION_PATH "/%s:cancel", id);
	struct error *err = batch_http_act(s, path);
	free(path);
	return err;
}

const struct batch_api batch_gemini = {
	.codecs = { &codec_gemini },
	.max_requests = 50000,
	.max_bytes = 20000000, /* of what stands inline */
	.add = add,
	.create = create,
	.find = find,
	.status = status,
	.results = results,
	.cancel = cancel,
};
