/* OpenAI's batches: a file of requests, then a batch that names it; answers and errors are files again. */
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "model/batch_http.h"

/* Batches of the list that are looked through for one of ours: pages of 100. */
#define MAX_PAGES 50
/* Their clock and ours may differ. */
#define CLOCK_SKEW 3600

/* The API's own name of where the bodies would go, whatever stands before it in the endpoint. */
static void add_url(struct buffer *out, const struct model *m)
{
	buffer_addstr(out, m->codec->version);
	codec_write_path(out, m);
}

static void add(struct buffer *out, const struct model *m, const char *id, struct slice body)
{
	buffer_addf(out, "{\"custom_id\":\"%s\",\"method\":\"POST\",\"url\":\"", id);
	add_url(out, m);
	buffer_addstr(out, "\",\"body\":");
	buffer_add(out, body.data, body.len);
	buffer_addstr(out, "}\n");
}

/* The tag, which nobody else knows, bounds the parts of the form. */
static void write_form(struct buffer *out, const char *tag, struct slice requests)
{
	buffer_addf(out, "--%s\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n", tag);
	buffer_addf(out, "--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"%s.jsonl\"\r\n"
			 "Content-Type: application/jsonl\r\n\r\n", tag, tag);
	buffer_add(out, requests.data, requests.len);
	buffer_addf(out, "\r\n--%s--\r\n", tag);
}

static struct error *upload(const struct batch_server *s, const char *tag, struct slice requests, char **id)
{
	struct buffer form = BUFFER_INIT;
	char *type = xstrfmt("multipart/form-data; boundary=%s", tag);
	cJSON *json;
	write_form(&form, tag, requests);
	struct error *err = batch_http_json(s, &(struct batch_http){ "POST", "/files", type, slice_of(&form) },
					    &json);
	if (!err)
		err = batch_take_id(json, "id", "the uploaded file", id);
	buffer_release(&form);
	free(type);
	return err;
}

static struct error *create(const struct batch_server *s, const char *tag, struct slice requests, char **id)
{
	struct buffer body = BUFFER_INIT, url = BUFFER_INIT;
	struct json_writer w;
	char *file = NULL;
	cJSON *json;
	struct error *err = upload(s, tag, requests, &file);
	if (err) { /* without a batch, nothing is on its way */
		err->code = err->code == ERROR_CANCELLED ? ERROR_CANCELLED : ERROR_USAGE;
		return err;
	}
	add_url(&url, s->model);
	json_writer_init(&w, &body, false);
	json_begin_object(&w);
	json_put_string(&w, "input_file_id", file);
	json_put_string(&w, "endpoint", url.data);
	json_put_string(&w, "completion_window", "24h");
	json_key(&w, "metadata");
	json_begin_object(&w);
	json_put_string(&w, "scrutiny", tag);
	json_end_object(&w);
	json_end_object(&w);
	err = batch_http_json(s, &(struct batch_http){ "POST", "/batches", NULL, slice_of(&body), true }, &json);
	if (!err)
		err = batch_take_id(json, "id", "the batch", id);
	buffer_release(&body);
	buffer_release(&url);
	free(file);
	return err;
}

/* -- finding one again ---------------------------------------------------------------------------- */

/* True when PAGE holds it or is the last worth looking at; *AFTER is where the next one begins. */
static bool look_at_page(const cJSON *page, const struct batch_search *search, char **id, char **after)
{
	const cJSON *batch;
	free(*after);
	*after = NULL;
	cJSON_ArrayForEach(batch, cJSON_GetObjectItemCaseSensitive(page, "data")) {
		const char *name = json_string_or(batch, "id", "");
		const cJSON *metadata = cJSON_GetObjectItemCaseSensitive(batch, "metadata");
		if (!batch_id_is_safe(name))
			continue;
		free(*after);
		*after = xstrdup(name);
		if (!strcmp(json_string_or(metadata, "scrutiny", ""), search->tag))
			*id = xstrdup(name);
		if (*id || json_integer_or(batch, "created_at", INT64_MAX) < search->date - CLOCK_SKEW)
			return true; /* the newest come first */
	}
	return !*after || !json_bool_or(page, "has_more", false);
}

static struct error *find(const struct batch_server *s, const struct batch_search *search, char **id)
{
	char *after = NULL;
	struct error *err = NULL;
	bool end = false;
	*id = NULL;
	for (unsigned pages = 0; !err && !end && pages < MAX_PAGES; pages++) {
		cJSON *page;
		char *path = xstrfmt("/batches?limit=100%s%s", after ? "&after=" : "", after ? after : "");
		err = batch_http_json(s, &(struct batch_http){ "GET", path }, &page);
		if (!err)
			end = look_at_page(page, search, id, &after);
		cJSON_Delete(page);
		free(path);
	}
	free(after);
	if (!err && !*id)
		err = error_new(ERROR_NOT_FOUND, "the server has no batch of ours from then");
	return err;
}

/* -- what became of it ---------------------------------------------------------------------------- */

static char *copy_id(const cJSON *batch, const char *key)
{
	const char *id = json_string_or(batch, key, NULL);
	return id && batch_id_is_safe(id) ? xstrdup(id) : NULL;
}

static char *problem_of(const cJSON *batch, const char *status)
{
	const cJSON *errors = cJSON_GetObjectItemCaseSensitive(batch, "errors");
	const cJSON *first = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(errors, "data"), 0);
	return batch_problem(first, status);
}

static struct error *status(const struct batch_server *s, const char *id, struct batch_status *out)
{
	static const char *const ends[] = { "completed", "failed", "expired", "cancelled" };
	cJSON *batch;
	char *path = xstrfmt("/batches/%s", id);
	*out = (struct batch_status){ 0 };
	struct error *err = batch_http_json(s, &(struct batch_http){ "GET", path }, &batch);
	free(path);
	if (err)
		return err;
	const char *word = json_string_or(batch, "status", "");
	const cJSON *counts = cJSON_GetObjectItemCaseSensitive(batch, "request_counts");
	int64_t done = json_integer_or(counts, "completed", 0) + json_integer_or(counts, "failed", 0);
	int64_t total = json_integer_or(counts, "total", 0);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		out->ended |= !strcmp(word, ends[i]);
	out->total = total > 0 ? (size_t)total : 0;
	out->done = done > 0 ? (size_t)done : 0;
	out->answers = copy_id(batch, "output_file_id");
	out->errors = copy_id(batch, "error_file_id");
	if (out->ended && strcmp(word, ends[0]))
		out->problem = problem_of(batch, word);
	cJSON_Delete(batch);
	return NULL;
}

static void on_line(void *data, const cJSON *line)
{
	struct batch_receiver *r = data;
	const char *id = json_string_or(line, "custom_id", "");
	const cJSON *response = cJSON_GetObjectItemCaseSensitive(line, "response");
	const cJSON *body = cJSON_GetObjectItemCaseSensitive(response, "body");
	const cJSON *error = cJSON_GetObjectItemCaseSensitive(line, "error");
	if (json_integer_or(response, "status_code", 0) / 100 == 2 && cJSON_IsObject(body)) {
		r->fn(r->data, id, body, NULL);
		return;
	}
	char *problem = batch_problem(cJSON_IsObject(error) ? error : body, "the request failed");
	r->fn(r->data, id, NULL, problem);
	free(problem);
}

static struct error *read_file(const struct batch_server *s, const char *id, struct batch_receiver *r)
{
	char *path = xstrfmt("/files/%s/content", id);
	struct error *err = batch_http_lines(s, path, on_line, r);
	free(path);
	return err;
}

static struct error *results(const struct batch_server *s, const char *id, const struct batch_status *st,
			     batch_result_fn *fn, void *data)
{
	struct batch_receiver r = { fn, data };
	(void)id; /* the files have ids of their own */
	struct error *err = st->errors ? read_file(s, st->errors, &r) : NULL;
	if (!err && st->answers)
		err = read_file(s, st->answers, &r);
	return err;
}

static struct error *cancel(const struct batch_server *s, const char *id)
{
	char *path = xstrfmt("/batches/%s/cancel", id);
	struct error *err = batch_http_act(s, path);
	free(path);
	return err;
}

const struct batch_api batch_openai = {
	.codecs = { &codec_openai, &codec_responses },
	.max_requests = 50000,
	.max_bytes = 200000000,
	.add = add,
	.create = create,
	.find = find,
	.status = status,
	.results = results,
	.cancel = cancel,
};
