#include "model/codec.h"

#include <string.h>

#include "base/base64.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/trace.h"

#define MAX_REFUSAL ((size_t)64 << 10)
#define MAX_SERVED_MODEL 200

static const struct codec *const codecs[] = {
	&codec_openai, &codec_responses, &codec_anthropic, &codec_gemini, &codec_converse,
	&codec_ollama,
};

void codec_write_path(struct buffer *out, const struct model *model)
{
	if (model->codec->write_path)
		model->codec->write_path(out, model);
	else
		buffer_addstr(out, model->codec->chat_path);
}

const struct codec *codec_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(codecs); i++)
		if (!strcmp(codecs[i]->name, name))
			return codecs[i];
	return NULL;
}

const char *codec_name(size_t i)
{
	return i < ARRAY_SIZE(codecs) ? codecs[i]->name : NULL;
}

void codec_answer_init(struct codec_answer *a)
{
	*a = (struct codec_answer){ .usage = MODEL_USAGE_UNKNOWN };
	buffer_init(&a->text, MODEL_MAX_ANSWER);
	buffer_init(&a->refusal, MAX_REFUSAL);
}

void codec_answer_release(struct codec_answer *a)
{
	buffer_release(&a->text);
	buffer_release(&a->refusal);
	free(a->served_model);
	free(a->error);
	codec_answer_init(a);
}

static void add_count(int64_t *sum, int64_t more)
{
	if (more >= 0)
		*sum = (*sum < 0 ? 0 : *sum) + more;
}

void model_usage_add(struct model_usage *sum, const struct model_usage *more)
{
	add_count(&sum->input_tokens, more->input_tokens);
	add_count(&sum->output_tokens, more->output_tokens);
	add_count(&sum->cached_tokens, more->cached_tokens);
	add_count(&sum->cache_write_tokens, more->cache_write_tokens);
	add_count(&sum->reasoning_tokens, more->reasoning_tokens);
}

int64_t codec_output_tokens(const struct codec_question *q)
{
	if (q->request->max_output_tokens > 0)
		return q->request->max_output_tokens;
	return q->model->max_output_tokens > 0 ? q->model->max_output_tokens : MODEL_DEFAULT_OUTPUT;
}

/* Shorter prompts are not cached by any model; writing to the cache costs a quarter more. */
#define CACHE_MIN_TOKENS 1024

bool codec_is_worth_caching(const struct codec_question *q)
{
	return !q->alone && q->request->shared &&
	       model_estimate_tokens(slice_of_string(q->request->system)) +
			       model_estimate_tokens(slice_of_string(q->request->shared)) >=
		       CACHE_MIN_TOKENS;
}

/* -- writing -------------------------------------------------------------------------------------- */

static void write_turn(struct json_writer *w, const char *role, struct slice text)
{
	json_begin_object(w);
	json_put_string(w, "role", role);
	json_key(w, "content");
	json_string_n(w, text.data, text.len);
	json_end_object(w);
}

void codec_add_system(struct buffer *out, const struct codec_question *q)
{
	buffer_addstr(out, q->request->system);
	if (q->dialect.format != FORMAT_SCHEMA)
		buffer_addf(out, "\n\nAnswer with one JSON object of this JSON Schema and nothing else:\n%s",
			    q->request->schema);
}

void codec_write_plain_content(struct json_writer *w, const struct codec_question *q)
{
	struct buffer text = BUFFER_INIT;
	if (q->request->shared)
		buffer_addstr(&text, q->request->shared);
	buffer_addstr(&text, q->request->user);
	json_key(w, "content");
	json_string_n(w, text.data, text.len);
	buffer_release(&text);
}

void codec_write_turns(struct json_writer *w, const struct codec_question *q,
		       void (*write_content)(struct json_writer *w, const struct codec_question *q))
{
	struct buffer system = BUFFER_INIT;
	codec_add_system(&system, q);
	json_begin_array(w);
	write_turn(w, "system", slice_of(&system));
	json_begin_object(w);
	json_put_string(w, "role", "user");
	write_content(w, q);
	json_end_object(w);
	if (q->complaint) {
		if (q->earlier.len) /* some servers refuse an empty turn */
			write_turn(w, "assistant", q->earlier);
		write_turn(w, "user", (struct slice){ q->complaint, strlen(q->complaint) });
	}
	json_end_array(w);
	buffer_release(&system);
}

void codec_add_image(struct json_writer *w, const char *prefix, const struct model_image *image)
{
	struct buffer text = BUFFER_INIT;
	buffer_addstr(&text, prefix);
	base64_add(&text, image->data);
	json_string_n(w, text.data, text.len);
	buffer_release(&text);
}

void codec_add_image_url(struct json_writer *w, const struct model_image *image)
{
	char *prefix = xstrfmt("data:%s;base64,", image->media_type);
	codec_add_image(w, prefix, image);
	free(prefix);
}

static bool is_one_of(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (!strcmp(word, *words))
			return true;
	return false;
}

static void add_constraint(struct buffer *out, const cJSON *item)
{
	struct json_writer w;
	buffer_addf(out, "%s%s ", out->len ? ", " : "", item->string);
	json_writer_init(&w, out, false);
	json_value(&w, item);
}

static void write_description(struct json_writer *w, const char *description,
			      const struct buffer *constraints)
{
	struct buffer text = BUFFER_INIT;
	buffer_addstr(&text, description);
	if (constraints->len)
		buffer_addf(&text, "%s(%s)", text.len ? " " : "", constraints->data);
	if (text.len)
		json_put_string(w, "description", text.data);
	buffer_release(&text);
}

/* Not deeper than json_parse lets it be. */
void codec_write_schema(struct json_writer *w, const cJSON *schema, const char *const *unknown)
{
	struct buffer constraints = BUFFER_INIT;
	const cJSON *item, *property;
	if (!cJSON_IsObject(schema)) {
		json_value(w, schema);
		return;
	}
	json_begin_object(w);
	cJSON_ArrayForEach(item, schema) {
		if (is_one_of(item->string, unknown)) {
			add_constraint(&constraints, item);
			continue;
		}
		if (!strcmp(item->string, "description"))
			continue;
		json_key(w, item->string);
		if (!strcmp(item->string, "items")) {
			codec_write_schema(w, item, unknown);
		} else if (!strcmp(item->string, "properties")) {
			json_begin_object(w);
			cJSON_ArrayForEach(property, item) {
				json_key(w, property->string);
				codec_write_schema(w, property, unknown);
			}
			json_end_object(w);
		} else {
			json_value(w, item);
		}
	}
	write_description(w, json_string_or(schema, "description", ""), &constraints);
	json_end_object(w);
	buffer_release(&constraints);
}

bool codec_next_format(struct codec_dialect *dialect)
{
	if (dialect->format == FORMAT_NONE)
		return false;
	dialect->format++;
	return true;
}

/* -- reading -------------------------------------------------------------------------------------- */

/* Where in which message the server erred is for the trace; a person needs to know who did. */
static struct error *parse_message(cJSON **out, struct slice message)
{
	struct buffer scrubbed = BUFFER_INIT;
	if (!utf8_valid(message.data, message.len)) {
		utf8_scrub(&scrubbed, message.data, message.len);
		message = slice_of(&scrubbed);
	}
	struct error *err = json_parse(out, message, "message of the stream");
	buffer_release(&scrubbed);
	if (!err)
		return NULL;
	trace_printf("%s", err->message);
	error_free(err);
	return error_new(ERROR_SYNTAX, "the server sent something that is not JSON");
}

static bool has_error(const cJSON *message)
{
	const cJSON *error = cJSON_GetObjectItemCaseSensitive(message, "error");
	return error && !cJSON_IsNull(error);
}

void codec_answer_fail(struct codec_answer *a, const cJSON *json)
{
	struct codec_error e;
	codec_error_of_json(&e, json);
	free(a->error);
	a->error = e.message ? e.message : xstrdup("the server reported an error");
	a->error_permanent = e.permanent;
}

void codec_answer_served_by(struct codec_answer *a, const char *name)
{
	if (!a->served_model && name && *name)
		a->served_model = xmemdupz(name, strnlen(name, MAX_SERVED_MODEL));
}

struct error *codec_take_json(const struct codec *codec, struct codec_answer *a, const char *event,
			      const cJSON *json)
{
	if (!cJSON_IsObject(json))
		return error_new(ERROR_SYNTAX, "the answer's stream holds something that is no object");
	if (has_error(json)) {
		codec_answer_fail(a, json);
		return NULL;
	}
	codec_answer_served_by(a, json_string_or(json, "model", NULL));
	codec->read_message(a, event ? event : "message", json);
	return buffer_check(&a->text, "the answer");
}

struct error *codec_take_message(const struct codec *codec, struct codec_answer *a, const char *event,
				 struct slice message)
{
	message = slice_trim(message);
	if (!message.len)
		return NULL;
	if (slice_equals(message, "[DONE]")) {
		a->finished = true;
		return NULL;
	}
	cJSON *json;
	struct error *err = parse_message(&json, message);
	if (err)
		return err;
	const cJSON *item;
	if (cJSON_IsArray(json)) /* a stream in the form of one document */
		cJSON_ArrayForEach(item, json) {
			if (!err)
				err = codec_take_json(codec, a, event, item);
		}
	else
		err = codec_take_json(codec, a, event, json);
	cJSON_Delete(json);
	return err;
}
