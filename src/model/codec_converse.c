/* Amazon Bedrock's Converse: one form for the models of all its vendors, streamed as frames. */
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "model/codec.h"

#define MODEL_PATH "/model"

/* Refused in schemas; minItems is known as 0 and 1 only. */
static const char *const unknown_keywords[] = {
	"minItems", "maxItems", "minimum", "maximum", "minLength", "maxLength", NULL,
};

static void write_text_block(struct json_writer *w, struct slice text)
{
	if (!text.len) /* an empty block is refused */
		return;
	json_begin_object(w);
	json_key(w, "text");
	json_string_n(w, text.data, text.len);
	json_end_object(w);
}

/* "image/png" -> "png". */
static void write_image_block(struct json_writer *w, const struct model_image *image)
{
	const char *slash = strchr(image->media_type, '/');
	json_begin_object(w);
	json_key(w, "image");
	json_begin_object(w);
	json_put_string(w, "format", slash ? slash + 1 : image->media_type);
	json_key(w, "source");
	json_begin_object(w);
	json_key(w, "bytes");
	codec_add_image(w, "", image);
	json_end_object(w);
	json_end_object(w);
	json_end_object(w);
}

/* Other models refuse the mark, or cache of themselves. */
static bool is_worth_caching(const struct codec_question *q)
{
	return q->model->family && !strcmp(q->model->family, "claude") && codec_is_worth_caching(q);
}

static void write_cache_point(struct json_writer *w)
{
	json_begin_object(w);
	json_key(w, "cachePoint");
	json_begin_object(w);
	json_put_string(w, "type", "default");
	json_end_object(w);
	json_end_object(w);
}

static void write_turn(struct json_writer *w, const char *role, struct slice text)
{
	json_begin_object(w);
	json_put_string(w, "role", role);
	json_key(w, "content");
	json_begin_array(w);
	write_text_block(w, text);
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
	write_text_block(w, slice_of_string(q->request->shared));
	if (is_worth_caching(q))
		write_cache_point(w);
	for (size_t i = 0; i < q->request->nr_images; i++)
		write_image_block(w, &q->request->images[i]);
	write_text_block(w, slice_of_string(q->request->user));
	json_end_array(w);
	json_end_object(w);
	if (q->complaint) {
		if (q->earlier.len)
			write_turn(w, "assistant", q->earlier);
		write_turn(w, "user", slice_of_string(q->complaint));
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
		write_text_block(w, slice_of(&text));
		json_end_array(w);
	}
	buffer_release(&text);
}

/* The schema is a text inside of the JSON. */
static void write_format(struct json_writer *w, const struct codec_question *q)
{
	struct buffer schema = BUFFER_INIT;
	struct json_writer inner;
	if (q->dialect.format != FORMAT_SCHEMA)
		return;
	json_writer_init(&inner, &schema, false);
	codec_write_schema(&inner, q->schema, unknown_keywords);
	json_key(w, "outputConfig");
	json_begin_object(w);
	json_key(w, "textFormat");
	json_begin_object(w);
	json_put_string(w, "type", "json_schema");
	json_key(w, "structure");
	json_begin_object(w);
	json_key(w, "jsonSchema");
	json_begin_object(w);
	json_put_string(w, "name", q->request->schema_name);
	json_put_string(w, "schema", schema.data);
	json_end_object(w);
	json_end_object(w);
	json_end_object(w);
	json_end_object(w);
	buffer_release(&schema);
}

/* Without maxTokens the most that the model can write is taken off the quota. */
static void write_body(struct json_writer *w, const struct codec_question *q)
{
	json_begin_object(w);
	write_system(w, q);
	write_messages(w, q);
	json_key(w, "inferenceConfig");
	json_begin_object(w);
	json_put_integer(w, "maxTokens", codec_output_tokens(q));
	json_end_object(w);
	write_format(w, q);
	json_end_object(w);
}

/* Ids hold colons, and those that are ARNs slashes. */
static void write_path(struct buffer *out, const struct model *model)
{
	buffer_addstr(out, MODEL_PATH "/");
	text_percent(out, slice_of_string(model->name), "");
	buffer_addstr(out, "/converse-stream");
}

/* -- reading -------------------------------------------------------------------------------------- */

static int64_t known(int64_t count)
{
	return count > 0 ? count : 0;
}

/* The input is without what the cache had or was given. */
static void read_usage(struct model_usage *usage, const cJSON *message)
{
	const cJSON *u = cJSON_GetObjectItemCaseSensitive(message, "usage");
	int64_t fresh = json_integer_or(u, "inputTokens", -1);
	if (!cJSON_IsObject(u))
		return;
	usage->cached_tokens = json_integer_or(u, "cacheReadInputTokens", -1);
	usage->cache_write_tokens = json_integer_or(u, "cacheWriteInputTokens", -1);
	usage->output_tokens = json_integer_or(u, "outputTokens", -1);
	if (fresh >= 0)
		usage->input_tokens = fresh + known(usage->cached_tokens) + known(usage->cache_write_tokens);
}

static void read_stop(struct codec_answer *a, const cJSON *message)
{
	static const char *const truncated[] = { "max_tokens", "model_context_window_exceeded", NULL };
	static const char *const filtered[] = { "content_filtered", "guardrail_intervened", "refusal", NULL };
	const char *reason = json_string_or(message, "stopReason", "");
	/* What the vendor's model said could not be brought into this form: no end of an answer. */
	a->finished |= *reason && !starts_with(reason, "malformed_");
	for (size_t i = 0; truncated[i]; i++)
		a->truncated |= !strcmp(reason, truncated[i]);
	for (size_t i = 0; filtered[i]; i++)
		a->filtered |= !strcmp(reason, filtered[i]);
}

/* NAME is that of an exception: asking again cannot help with some. */
static void read_exception(struct codec_answer *a, const char *name, const cJSON *message)
{
	static const char *const permanent[] = {
		"validationException", "accessDeniedException", "resourceNotFoundException",
		"serviceQuotaExceededException",
	};
	codec_answer_fail(a, message);
	for (size_t i = 0; i < ARRAY_SIZE(permanent); i++)
		a->error_permanent |= !strcasecmp(name, permanent[i]);
}

/* A server that does not stream. */
static void read_whole(struct codec_answer *a, const cJSON *json)
{
	const cJSON *block, *output = cJSON_GetObjectItemCaseSensitive(json, "output");
	const cJSON *message = cJSON_GetObjectItemCaseSensitive(output, "message");
	cJSON_ArrayForEach(block, cJSON_GetObjectItemCaseSensitive(message, "content"))
		buffer_addstr(&a->text, json_string_or(block, "text", ""));
	read_stop(a, json);
	read_usage(&a->usage, json);
}

static void read_message(struct codec_answer *a, const char *event, const cJSON *json)
{
	const cJSON *delta = cJSON_GetObjectItemCaseSensitive(json, "delta");
	if (*event == '!')
		read_exception(a, event + 1, json);
	else if (!strcmp(event, "contentBlockDelta"))
		buffer_addstr(&a->text, json_string_or(delta, "text", ""));
	else if (!strcmp(event, "messageStop"))
		read_stop(a, json);
	else if (!strcmp(event, "metadata"))
		read_usage(&a->usage, json);
	else if (!strcmp(event, "message"))
		read_whole(a, json);
}

/* Not every model takes a schema; there is nothing between one and none. */
static bool adapt(struct codec_dialect *dialect, const char *complaint)
{
	static const char *const words[] = { "outputConfig", "output_config", "textFormat", "json_schema",
					     "schema", "structured output", "output format", "output config" };
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

const struct codec codec_converse = {
	.name = "converse",
	.auth = MODEL_AUTH_AWS,
	.write_path = write_path,
	.chat_path = MODEL_PATH,
	.images = { .nr = 20, .bytes = 3750000, .side = 8000 },
	.stream = STREAM_FRAMES,
	.asks_for_cache = true,
	.write_body = write_body,
	.read_message = read_message,
	.adapt = adapt,
	.when_down = "is the server running?",
};
