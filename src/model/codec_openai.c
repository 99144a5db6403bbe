/* Chat completions as OpenAI defined them and many servers speak them. */
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "model/codec.h"

/* Strict schemas have no lengths of strings. */
static const char *const unknown_keywords[] = { "minLength", "maxLength", NULL };

/* The API of OpenAI itself has renamed the limit; others still know the old name. */
static const char *limit_name(const struct codec_question *q)
{
	static const char *const names[] = { "max_tokens", "max_completion_tokens" };
	bool renamed = strstr(q->model->endpoint, "//api.openai.com") != NULL;
	return names[renamed != q->dialect.other_limit];
}

static void write_format(struct json_writer *w, const struct codec_question *q)
{
	if (q->dialect.format == FORMAT_NONE)
		return;
	json_key(w, "response_format");
	json_begin_object(w);
	if (q->dialect.format == FORMAT_OBJECT) {
		json_put_string(w, "type", "json_object");
	} else {
		json_put_string(w, "type", "json_schema");
		json_key(w, "json_schema");
		json_begin_object(w);
		json_put_string(w, "name", q->request->schema_name);
		json_put_bool(w, "strict", true);
		json_key(w, "schema");
		codec_write_schema(w, q->schema, unknown_keywords);
		json_end_object(w);
	}
	json_end_object(w);
}

static void write_text_part(struct json_writer *w, const char *text)
{
	if (!text || !*text)
		return;
	json_begin_object(w);
	json_put_string(w, "type", "text");
	json_put_string(w, "text", text);
	json_end_object(w);
}

/* Many servers know no parts: they are used only where there is more than text. */
static void write_content(struct json_writer *w, const struct codec_question *q)
{
	if (!q->request->nr_images) {
		codec_write_plain_content(w, q);
		return;
	}
	json_key(w, "content");
	json_begin_array(w);
	write_text_part(w, q->request->shared);
	for (size_t i = 0; i < q->request->nr_images; i++) {
		json_begin_object(w);
		json_put_string(w, "type", "image_url");
		json_key(w, "image_url");
		json_begin_object(w);
		json_key(w, "url");
		codec_add_image_url(w, &q->request->images[i]);
		json_end_object(w);
		json_end_object(w);
	}
	write_text_part(w, q->request->user);
	json_end_array(w);
}

static void write_stream(struct json_writer *w, const struct codec_question *q)
{
	json_put_bool(w, "stream", true);
	if (q->dialect.no_usage)
		return;
	json_key(w, "stream_options");
	json_begin_object(w);
	json_put_bool(w, "include_usage", true);
	json_end_object(w);
}

static void write_body(struct json_writer *w, const struct codec_question *q)
{
	json_begin_object(w);
	json_put_string(w, "model", q->model->name);
	json_key(w, "messages");
	codec_write_turns(w, q, write_content);
	json_put_integer(w, limit_name(q), codec_output_tokens(q));
	if (!q->whole)
		write_stream(w, q);
	write_format(w, q);
	json_end_object(w);
}

/* Content is a string, or a list of parts of which the texts count. */
static void add_content(struct codec_answer *a, const cJSON *content)
{
	if (cJSON_IsString(content))
		buffer_addstr(&a->text, content->valuestring);
	if (!cJSON_IsArray(content))
		return;
	const cJSON *part;
	cJSON_ArrayForEach(part, content)
		buffer_addstr(&a->text, json_string_or(part, "text", ""));
}

static void read_usage(struct model_usage *usage, const cJSON *json)
{
	const cJSON *u = cJSON_GetObjectItemCaseSensitive(json, "usage");
	if (!cJSON_IsObject(u))
		return;
	usage->input_tokens = json_integer_or(u, "prompt_tokens", -1);
	usage->output_tokens = json_integer_or(u, "completion_tokens", -1);
	const cJSON *details = cJSON_GetObjectItemCaseSensitive(u, "prompt_tokens_details");
	usage->cached_tokens = json_integer_or(details, "cached_tokens", -1);
	usage->cache_write_tokens = json_integer_or(details, "cache_write_tokens", -1);
	details = cJSON_GetObjectItemCaseSensitive(u, "completion_tokens_details");
	usage->reasoning_tokens = json_integer_or(details, "reasoning_tokens", -1);
}

static void read_message(struct codec_answer *a, const char *event, const cJSON *json)
{
	(void)event; /* this API does not name its events */
	read_usage(&a->usage, json);
	const cJSON *choices = cJSON_GetObjectItemCaseSensitive(json, "choices");
	const cJSON *choice = cJSON_GetArrayItem(choices, 0);
	if (!cJSON_IsObject(choice))
		return;
	const cJSON *delta = cJSON_GetObjectItemCaseSensitive(choice, "delta");
	if (!delta)
		delta = cJSON_GetObjectItemCaseSensitive(choice, "message");
	add_content(a, cJSON_GetObjectItemCaseSensitive(delta, "content"));
	buffer_addstr(&a->refusal, json_string_or(delta, "refusal", ""));
	const char *reason = json_string_or(choice, "finish_reason", "");
	a->finished |= *reason != '\0';
	a->truncated |= !strcmp(reason, "length");
	a->filtered |= !strcmp(reason, "content_filter");
}

static bool without_usage(struct codec_dialect *d)
{
	bool changed = !d->no_usage;
	d->no_usage = true;
	return changed;
}

static bool with_other_limit(struct codec_dialect *d)
{
	bool changed = !d->other_limit;
	d->other_limit = true;
	return changed;
}

static bool adapt(struct codec_dialect *dialect, const char *complaint)
{
	static const struct {
		const char *word;
		bool (*change)(struct codec_dialect *d);
	} known[] = {
		{ "stream_options", without_usage },     { "include_usage", without_usage },
		{ "max_completion_tokens", with_other_limit }, { "max_tokens", with_other_limit },
		{ "response_format", codec_next_format },{ "json_schema", codec_next_format },
		{ "json_object", codec_next_format },    { "schema", codec_next_format },
		{ "grammar", codec_next_format },
	};
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcasestr(complaint, known[i].word))
			return known[i].change(dialect);
	return false;
}

const struct codec codec_openai = {
	.name = "openai",
	.chat_path = "/chat/completions",
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
