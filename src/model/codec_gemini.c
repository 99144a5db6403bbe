/* Google's generateContent. */
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "model/codec.h"

#define VERSION_PATH "/v1beta"
#define MODELS_PATH VERSION_PATH "/models"

static const char *const unknown_keywords[] = { "minLength", "maxLength", NULL };

static void write_text_part(struct json_writer *w, struct slice text)
{
	if (!text.len)
		return;
	json_begin_object(w);
	json_key(w, "text");
	json_string_n(w, text.data, text.len);
	json_end_object(w);
}

static void write_string_part(struct json_writer *w, const char *text)
{
	if (text)
		write_text_part(w, (struct slice){ text, strlen(text) });
}

static void write_image_part(struct json_writer *w, const struct model_image *image)
{
	json_begin_object(w);
	json_key(w, "inlineData");
	json_begin_object(w);
	json_put_string(w, "mimeType", image->media_type);
	json_key(w, "data");
	codec_add_image(w, "", image);
	json_end_object(w);
	json_end_object(w);
}

static void begin_turn(struct json_writer *w, const char *role)
{
	json_begin_object(w);
	json_put_string(w, "role", role);
	json_key(w, "parts");
	json_begin_array(w);
}

static void end_turn(struct json_writer *w)
{
	json_end_array(w);
	json_end_object(w);
}

static void write_system(struct json_writer *w, const struct codec_question *q)
{
	struct buffer text = BUFFER_INIT;
	codec_add_system(&text, q);
	json_key(w, "systemInstruction");
	json_begin_object(w);
	json_key(w, "parts");
	json_begin_array(w);
	write_text_part(w, slice_of(&text));
	json_end_array(w);
	json_end_object(w);
	buffer_release(&text);
}

static void write_contents(struct json_writer *w, const struct codec_question *q)
{
	json_key(w, "contents");
	json_begin_array(w);
	begin_turn(w, "user");
	write_string_part(w, q->request->shared);
	for (size_t i = 0; i < q->request->nr_images; i++)
		write_image_part(w, &q->request->images[i]);
	write_string_part(w, q->request->user);
	end_turn(w);
	if (q->complaint) {
		if (q->earlier.len) {
			begin_turn(w, "model");
			write_text_part(w, q->earlier);
			end_turn(w);
		}
		begin_turn(w, "user");
		write_string_part(w, q->complaint);
		end_turn(w);
	}
	json_end_array(w);
}

static void write_config(struct json_writer *w, const struct codec_question *q)
{
	json_key(w, "generationConfig");
	json_begin_object(w);
	json_put_integer(w, "maxOutputTokens", codec_output_tokens(q));
	if (q->dialect.format != FORMAT_NONE)
		json_put_string(w, "responseMimeType", "application/json");
	if (q->dialect.format == FORMAT_SCHEMA) {
		json_key(w, "responseJsonSchema");
		codec_write_schema(w, q->schema, unknown_keywords);
	}
	json_end_object(w);
}

static void write_body(struct json_writer *w, const struct codec_question *q)
{
	json_begin_object(w);
	write_system(w, q);
	write_contents(w, q);
	write_config(w, q);
	json_end_object(w);
}

/* -- reading -------------------------------------------------------------------------------------- */

/* Each message has the sums so far. What was thought is not among the candidates' tokens. */
static void read_usage(struct model_usage *usage, const cJSON *json)
{
	const cJSON *u = cJSON_GetObjectItemCaseSensitive(json, "usageMetadata");
	if (!cJSON_IsObject(u))
		return;
	int64_t prompt = json_integer_or(u, "promptTokenCount", -1);
	int64_t answer = json_integer_or(u, "candidatesTokenCount", -1);
	int64_t thoughts = json_integer_or(u, "thoughtsTokenCount", -1);
	if (prompt >= 0)
		usage->input_tokens = prompt;
	usage->cached_tokens = json_integer_or(u, "cachedContentTokenCount", usage->cached_tokens);
	if (answer >= 0 || thoughts >= 0)
		usage->output_tokens = (answer > 0 ? answer : 0) + (thoughts > 0 ? thoughts : 0);
	if (thoughts >= 0)
		usage->reasoning_tokens = thoughts;
}

static void read_parts(struct codec_answer *a, const cJSON *candidate)
{
	const cJSON *part, *content = cJSON_GetObjectItemCaseSensitive(candidate, "content");
	cJSON_ArrayForEach(part, cJSON_GetObjectItemCaseSensitive(content, "parts"))
		if (!json_bool_or(part, "thought", false))
			buffer_addstr(&a->text, json_string_or(part, "text", ""));
}

/* There is no other sign of the end than a reason for it. */
static void read_end(struct codec_answer *a, const cJSON *candidate)
{
	static const char *const filters[] = {
		"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY",
		"IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION",
	};
	const char *reason = json_string_or(candidate, "finishReason", "");
	if (!*reason || !strcmp(reason, "FINISH_REASON_UNSPECIFIED"))
		return;
	a->finished = true;
	a->truncated |= !strcmp(reason, "MAX_TOKENS");
	for (size_t i = 0; i < ARRAY_SIZE(filters); i++)
		a->filtered |= !strcmp(reason, filters[i]);
}

static void read_message(struct codec_answer *a, const char *event, const cJSON *json)
{
	(void)event; /* this API does not name its events */
	codec_answer_served_by(a, json_string_or(json, "modelVersion", NULL));
	read_usage(&a->usage, json);
	const cJSON *feedback = cJSON_GetObjectItemCaseSensitive(json, "promptFeedback");
	if (*json_string_or(feedback, "blockReason", ""))
		a->finished = a->filtered = true;
	const cJSON *candidate = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(json, "candidates"), 0);
	read_parts(a, candidate);
	read_end(a, candidate);
}

/* Gemma models know neither schemas nor JSON as a type. */
static bool adapt(struct codec_dialect *dialect, const char *complaint)
{
	static const char *const words[] = { "response_json_schema", "responseJsonSchema", "schema",
					     "response_mime_type", "responseMimeType", "JSON mode" };
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcasestr(complaint, words[i]))
			return codec_next_format(dialect);
	return false;
}

/* Names may come with their collection. */
void codec_gemini_add_model(struct buffer *out, const char *name)
{
	static const char *const collections[] = { "models/", "tunedModels/" };
	const char *collection = collections[0];
	for (size_t i = 0; i < ARRAY_SIZE(collections); i++)
		if (skip_prefix(name, collections[i], &name)) {
			collection = collections[i];
			break;
		}
	buffer_addf(out, VERSION_PATH "/%s", collection);
	text_percent(out, slice_of_string(name), "");
}

static void write_path(struct buffer *out, const struct model *model)
{
	codec_gemini_add_model(out, model->name);
	buffer_addstr(out, ":streamGenerateContent?alt=sse");
}

const struct codec codec_gemini = {
	.name = "gemini",
	.auth = MODEL_AUTH_X_GOOG_API_KEY,
	.write_path = write_path,
	.chat_path = MODELS_PATH,
	.version = VERSION_PATH,
	.images = { .nr = 3600 },
	.stream = STREAM_EVENTS,
	.write_body = write_body,
	.read_message = read_message,
	.adapt = adapt,
	.list_path = MODELS_PATH,
	.list_array = "models",
	.list_name = "name",
	.when_down = "is the server running?",
};
