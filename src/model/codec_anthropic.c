/* Anthropic's messages, from Anthropic or from whoever serves Claude in this form. */
#include <string.h>

#include "base/memory.h"
#include "model/codec.h"

/* Refused in schemas; minItems is known as 0 and 1 only. */
static const char *const unknown_keywords[] = {
	"minItems", "maxItems", "minimum", "maximum", "minLength", "maxLength", NULL,
};

static void write_text_block(struct json_writer *w, const char *text, bool cached)
{
	if (!text || !*text) /* an empty block is refused */
		return;
	json_begin_object(w);
	json_put_string(w, "type", "text");
	json_put_string(w, "text", text);
	if (cached) {
		json_key(w, "cache_control");
		json_begin_object(w);
		json_put_string(w, "type", "ephemeral");
		json_end_object(w);
	}
	json_end_object(w);
}

static void write_image_block(struct json_writer *w, const struct model_image *image)
{
	json_begin_object(w);
	json_put_string(w, "type", "image");
	json_key(w, "source");
	json_begin_object(w);
	json_put_string(w, "type", "base64");
	json_put_string(w, "media_type", image->media_type);
	json_key(w, "data");
	codec_add_image(w, "", image);
	json_end_object(w);
	json_end_object(w);
}

static void write_turn(struct json_writer *w, const char *role, const char *text)
{
	json_begin_object(w);
	json_put_string(w, "role", role);
	json_key(w, "content");
	json_begin_array(w);
	write_text_block(w, text, false);
	json_end_array(w);
	json_end_object(w);
}

static void write_messages(struct json_writer *w, const struct codec_question *q)
{
	json_key(w, "messages");
	json_begin_array(w);
	json_begin_object(w);
	json_put_string(w, "role", "user");
	json_key(w, "content");
	json_begin_array(w);
	write_text_block(w, q->request->shared, codec_is_worth_caching(q));
	for (size_t i = 0; i < q->request->nr_images; i++)
		write_image_block(w, &q->request->images[i]);
	write_text_block(w, q->request->user, false);
	json_end_array(w);
	json_end_object(w);
	if (q->complaint) {
		if (q->earlier.len) {
			char *earlier = xmemdupz(q->earlier.data, q->earlier.len);
			write_turn(w, "assistant", earlier);
			free(earlier);
		}
		write_turn(w, "user", q->complaint);
	}
	json_end_array(w);
}

static void write_system(struct json_writer *w, const struct codec_question *q)
{
	struct buffer text = BUFFER_INIT;
	codec_add_system(&text, q);
	if (text.len) {
		json_key(w, "system");
		json_begin_array(w);
		write_text_block(w, text.data, false);
		json_end_array(w);
	}
	buffer_release(&text);
}

static void write_format(struct json_writer *w, const struct codec_question *q)
{
	if (q->dialect.format != FORMAT_SCHEMA)
		return;
	json_key(w, "output_config");
	json_begin_object(w);
	json_key(w, "format");
	json_begin_object(w);
	json_put_string(w, "type", "json_schema");
	json_key(w, "schema");
	codec_write_schema(w, q->schema, unknown_keywords);
	json_end_object(w);
	json_end_object(w);
}

/* No temperature or the like: newer models refuse whatever is not their default. */
static void write_body(struct json_writer *w, const struct codec_question *q)
{
	json_begin_object(w);
	json_put_string(w, "model", q->model->name);
	json_put_integer(w, "max_tokens", codec_output_tokens(q));
	write_system(w, q);
	write_messages(w, q);
	write_format(w, q);
	if (!q->whole)
		json_put_bool(w, "stream", true);
	json_end_object(w);
}

/* -- reading -------------------------------------------------------------------------------------- */

static int64_t known(int64_t count)
{
	return count > 0 ? count : 0;
}

/* Counts are told at the start and again, as sums so far, with the end. The input is without what
 * the cache had or was given. */
static void read_usage(struct model_usage *usage, const cJSON *message)
{
	const cJSON *u = cJSON_GetObjectItemCaseSensitive(message, "usage");
	if (!cJSON_IsObject(u))
		return;
	int64_t fresh = usage->input_tokens < 0 ? -1
						: usage->input_tokens - known(usage->cached_tokens) -
							  known(usage->cache_write_tokens);
	fresh = json_integer_or(u, "input_tokens", fresh);
	usage->cached_tokens = json_integer_or(u, "cache_read_input_tokens", usage->cached_tokens);
	usage->cache_write_tokens = json_integer_or(u, "cache_creation_input_tokens",
						    usage->cache_write_tokens);
	if (fresh >= 0)
		usage->input_tokens = fresh + known(usage->cached_tokens) + known(usage->cache_write_tokens);
	usage->output_tokens = json_integer_or(u, "output_tokens", usage->output_tokens);
	const cJSON *details = cJSON_GetObjectItemCaseSensitive(u, "output_tokens_details");
	usage->reasoning_tokens = json_integer_or(details, "thinking_tokens", usage->reasoning_tokens);
}

static void read_refusal(struct codec_answer *a, const cJSON *stop)
{
	const cJSON *details = cJSON_GetObjectItemCaseSensitive(stop, "stop_details");
	const char *explanation = json_string_or(details, "explanation", "");
	const char *category = json_string_or(details, "category", "");
	if (*explanation)
		buffer_addstr(&a->refusal, explanation);
	else if (*category)
		buffer_addf(&a->refusal, "its provider classed the question as %s", category);
	else
		a->filtered = true;
}

/* STOP is the object that holds the reason. "pause_turn" is no end: only tools, which are not used here,
 * make a model pause. */
static void read_stop(struct codec_answer *a, const cJSON *stop)
{
	const char *reason = json_string_or(stop, "stop_reason", "");
	a->finished |= *reason && strcmp(reason, "pause_turn");
	a->truncated |= !strcmp(reason, "max_tokens") ||
			!strcmp(reason, "model_context_window_exceeded");
	if (!strcmp(reason, "refusal"))
		read_refusal(a, stop);
}

static void read_block(struct codec_answer *a, const cJSON *block)
{
	const char *type = json_string_or(block, "type", "");
	if (!strcmp(type, "text") || !strcmp(type, "text_delta"))
		buffer_addstr(&a->text, json_string_or(block, "text", ""));
}

static void read_whole(struct codec_answer *a, const cJSON *message)
{
	const cJSON *block;
	codec_answer_served_by(a, json_string_or(message, "model", NULL));
	read_usage(&a->usage, message);
	cJSON_ArrayForEach(block, cJSON_GetObjectItemCaseSensitive(message, "content"))
		read_block(a, block);
	read_stop(a, message);
}

static void read_message(struct codec_answer *a, const char *event, const cJSON *json)
{
	const char *type = json_string_or(json, "type", event); /* the same, where both are there */
	if (!strcmp(type, "message")) {
		read_whole(a, json);
	} else if (!strcmp(type, "message_start")) {
		read_whole(a, cJSON_GetObjectItemCaseSensitive(json, "message"));
	} else if (!strcmp(type, "content_block_start")) {
		read_block(a, cJSON_GetObjectItemCaseSensitive(json, "content_block"));
	} else if (!strcmp(type, "content_block_delta")) {
		read_block(a, cJSON_GetObjectItemCaseSensitive(json, "delta"));
	} else if (!strcmp(type, "message_delta")) {
		read_usage(&a->usage, json);
		read_stop(a, cJSON_GetObjectItemCaseSensitive(json, "delta"));
	}
}

/* Older models do not know output_config; there is nothing between a schema and none. */
static bool adapt(struct codec_dialect *dialect, const char *complaint)
{
	static const char *const words[] = { "output_config", "output format", "output_format",
					     "json_schema", "schema", "structured output" };
	if (dialect->format == FORMAT_NONE)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!strcasestr(complaint, words[i]))
			continue;
		dialect->format = FORMAT_NONE;
		return true;
	}
	return false;
}

static const char *const headers[] = { "anthropic-version: 2023-06-01", NULL };

const struct codec codec_anthropic = {
	.name = "anthropic",
	.auth = MODEL_AUTH_X_API_KEY,
	.chat_path = "/v1/messages",
	.version = "/v1",
	.images = { .nr = 100, .bytes = (size_t)5 << 20, .side = 8000, .many = 20, .side_of_many = 2000 },
	.stream = STREAM_EVENTS,
	.headers = headers,
	.asks_for_cache = true,
	.write_body = write_body,
	.read_message = read_message,
	.adapt = adapt,
	.list_path = "/v1/models",
	.list_array = "data",
	.list_name = "id",
	.when_down = "is the server running?",
};
