/* Ollama's /api/chat. */
#include <string.h>

#include "base/memory.h"
#include "model/codec.h"

/* A loaded model is thrown out and loaded again when the asked size of the context changes, so
 * sizes are powers of two. */
#define MIN_CONTEXT 4096
#define MAX_CONTEXT ((int64_t)1 << 24)
/* Assumed when the server does not tell: what fits into most machines. */
#define DEFAULT_CONTEXT 8192
/* The chat template's own words and what the estimate misses. */
#define CONTEXT_MARGIN 256

static int64_t estimate(const char *text)
{
	return text ? model_estimate_tokens((struct slice){ text, strlen(text) }) : 0;
}

static int64_t context_size(const struct codec_question *q)
{
	int64_t need = estimate(q->request->system) + estimate(q->request->shared) +
		       estimate(q->request->user) +
		       model_estimate_tokens(q->earlier) + estimate(q->complaint) +
		       codec_output_tokens(q) + CONTEXT_MARGIN;
	if (q->dialect.format != FORMAT_SCHEMA)
		need += estimate(q->request->schema);
	int64_t size = MIN_CONTEXT;
	while (size < need && size < MAX_CONTEXT)
		size *= 2;
	int64_t most = q->model->context_tokens > 0 ? q->model->context_tokens : DEFAULT_CONTEXT;
	return size < most ? size : most;
}

static void write_content(struct json_writer *w, const struct codec_question *q)
{
	codec_write_plain_content(w, q);
	if (!q->request->nr_images)
		return;
	json_key(w, "images");
	json_begin_array(w);
	for (size_t i = 0; i < q->request->nr_images; i++)
		codec_add_image(w, "", &q->request->images[i]);
	json_end_array(w);
}

static void write_body(struct json_writer *w, const struct codec_question *q)
{
	json_begin_object(w);
	json_put_string(w, "model", q->model->name);
	json_key(w, "messages");
	codec_write_turns(w, q, write_content);
	json_put_bool(w, "stream", !q->whole);
	if (q->dialect.format == FORMAT_SCHEMA) {
		json_key(w, "format");
		json_value(w, q->schema);
	} else if (q->dialect.format == FORMAT_OBJECT) {
		json_put_string(w, "format", "json");
	}
	json_put_string(w, "keep_alive", "10m");
	json_key(w, "options");
	json_begin_object(w);
	json_put_integer(w, "num_ctx", context_size(q));
	json_put_integer(w, "num_predict", codec_output_tokens(q));
	json_put_number(w, "temperature", 0);
	json_end_object(w);
	json_end_object(w);
}

static void read_message(struct codec_answer *a, const char *event, const cJSON *json)
{
	(void)event; /* this API does not name its events */
	const cJSON *message = cJSON_GetObjectItemCaseSensitive(json, "message");
	buffer_addstr(&a->text, json_string_or(message, "content", ""));
	if (!json_bool_or(json, "done", false))
		return;
	a->finished = true;
	a->truncated = !strcmp(json_string_or(json, "done_reason", "stop"), "length");
	/* No prompt is empty: 0 is what a server says that did not count. */
	a->usage.input_tokens = json_integer_or(json, "prompt_eval_count", 0);
	if (!a->usage.input_tokens)
		a->usage.input_tokens = -1;
	a->usage.output_tokens = json_integer_or(json, "eval_count", -1);
}

/* Old servers know only "json" as a format, older ones none. */
static bool adapt(struct codec_dialect *dialect, const char *complaint)
{
	static const char *const words[] = { "format", "schema", "grammar" };
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!strcasestr(complaint, words[i]) || dialect->format == FORMAT_NONE)
			continue;
		dialect->format++;
		return true;
	}
	return false;
}

const struct codec codec_ollama = {
	.name = "ollama",
	.chat_path = "/api/chat",
	.stream = STREAM_LINES,
	.keeps_no_cache = true,
	.write_body = write_body,
	.read_message = read_message,
	.adapt = adapt,
	.list_path = "/api/tags",
	.list_array = "models",
	.list_name = "name",
	.when_down = "is ollama running?",
};
