/* OpenAI's /v1/responses. Nothing is stored there: each question stands by itself. */
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "model/codec.h"

/* Strict schemas have no lengths of strings. */
static const char *const unknown_keywords[] = { "minLength", "maxLength", NULL };

static void write_text_part(struct json_writer *w, const char *text)
{
	if (!text || !*text)
		return;
	json_begin_object(w);
	json_put_string(w, "type", "input_text");
	json_put_string(w, "text", text);
	json_end_object(w);
}

static void write_content(struct json_writer *w, const struct codec_question *q)
{
	json_key(w, "content");
	json_begin_array(w);
	write_text_part(w, q->request->shared);
	for (size_t i = 0; i < q->request->nr_images; i++) {
		json_begin_object(w);
		json_put_string(w, "type", "input_image");
		json_put_string(w, "detail", "auto");
		json_key(w, "image_url");
		codec_add_image_url(w, &q->request->images[i]);
		json_end_object(w);
	}
	write_text_part(w, q->request->user);
	json_end_array(w);
}

static void write_format(struct json_writer *w, const struct codec_question *q)
{
	if (q->dialect.format == FORMAT_NONE)
		return;
	json_key(w, "text");
	json_begin_object(w);
	json_key(w, "format");
	json_begin_object(w);
	if (q->dialect.format == FORMAT_OBJECT) {
		json_put_string(w, "type", "json_object");
	} else {
		json_put_string(w, "type", "json_schema");
		json_put_string(w, "name", q->request->schema_name);
		json_put_bool(w, "strict", true);
		json_key(w, "schema");
		codec_write_schema(w, q->schema, unknown_keywords);
	}
	json_end_object(w);
	json_end_object(w);
}

static void write_body(struct json_writer *w, const struct codec_question *q)
{
	json_begin_object(w);
	json_put_string(w, "model", q->model->name);
	json_key(w, "input");
	codec_write_turns(w, q, write_content);
	json_put_integer(w, "max_output_tokens", codec_output_tokens(q));
	json_put_bool(w, "store", false);
	if (!q->whole)
		json_put_bool(w, "stream", true);
	write_format(w, q);
	json_end_object(w);
}

/* -- reading -------------------------------------------------------------------------------------- */

static void read_usage(struct model_usage *usage, const cJSON *response)
{
	const cJSON *u = cJSON_GetObjectItemCaseSensitive(response, "usage");
	if (!cJSON_IsObject(u))
		return;
	usage->input_tokens = json_integer_or(u, "input_tokens", -1);
	usage->output_tokens = json_integer_or(u, "output_tokens", -1);
	const cJSON *details = cJSON_GetObjectItemCaseSensitive(u, "input_tokens_details");
	usage->cached_tokens = json_integer_or(details, "cached_tokens", -1);
	usage->cache_write_tokens = json_integer_or(details, "cache_write_tokens", -1);
	details = cJSON_GetObjectItemCaseSensitive(u, "output_tokens_details");
	usage->reasoning_tokens = json_integer_or(details, "reasoning_tokens", -1);
}

/* Of an answer that did not come in pieces. Reasoning is an item of its own, without content. */
static void read_output(struct codec_answer *a, const cJSON *response)
{
	const cJSON *item, *part;
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(response, "output"))
		cJSON_ArrayForEach(part, cJSON_GetObjectItemCaseSensitive(item, "content")) {
			if (!strcmp(json_string_or(part, "type", ""), "output_text"))
				buffer_addstr(&a->text, json_string_or(part, "text", ""));
			buffer_addstr(&a->refusal, json_string_or(part, "refusal", ""));
		}
}

static void read_failure(struct codec_answer *a, const cJSON *response)
{
	const cJSON *error = cJSON_GetObjectItemCaseSensitive(response, "error");
	codec_answer_fail(a, cJSON_IsObject(error) ? error : response);
}

/* The response as a whole: at the end of a stream, or all there is. */
static void read_response(struct codec_answer *a, const cJSON *response)
{
	const char *status = json_string_or(response, "status", "");
	read_usage(&a->usage, response);
	codec_answer_served_by(a, json_string_or(response, "model", NULL));
	if (!strcmp(status, "failed") || !strcmp(status, "cancelled")) {
		read_failure(a, response);
		return;
	}
	bool incomplete = !strcmp(status, "incomplete");
	if (!incomplete && strcmp(status, "completed"))
		return;
	if (!a->text.len && !a->refusal.len)
		read_output(a, response);
	const cJSON *details = cJSON_GetObjectItemCaseSensitive(response, "incomplete_details");
	const char *reason = json_string_or(details, "reason", "");
	a->finished = true;
	a->filtered |= !strcmp(reason, "content_filter");
	a->truncated |= incomplete && !a->filtered;
}

static void read_message(struct codec_answer *a, const char *event, const cJSON *json)
{
	const char *type = json_string_or(json, "type", event); /* the same, where both are there */
	const cJSON *response = cJSON_GetObjectItemCaseSensitive(json, "response");
	if (cJSON_IsObject(response))
		read_response(a, response);
	else if (!strcmp(json_string_or(json, "object", ""), "response"))
		read_response(a, json);
	else if (!strcmp(type, "response.output_text.delta"))
		buffer_addstr(&a->text, json_string_or(json, "delta", ""));
	else if (!strcmp(type, "response.refusal.delta"))
		buffer_addstr(&a->refusal, json_string_or(json, "delta", ""));
	else if (!strcmp(type, "error"))
		codec_answer_fail(a, json);
}

/* Servers that imitate this API may know no schemas. */
static bool adapt(struct codec_dialect *dialect, const char *complaint)
{
	static const char *const words[] = { "text.format", "json_schema", "json_object", "schema" };
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcasestr(complaint, words[i]))
			return codec_next_format(dialect);
	return false;
}

const struct codec codec_responses = {
	.name = "responses",
	.chat_path = "/responses",
	.version = "/v1",
	.version_in_endpoint = true,
	.stream = STREAM_EVENTS,
	.write_body = write_body,
	.read_message = read_message,
	.adapt = adapt,
	.list_path = "/models",
	.list_array = "data",
	.list_name = "id",
	.when_down = "is the server running?",
};
