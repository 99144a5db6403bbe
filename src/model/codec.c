#include "model/codec.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/trace.h"

#define MAX_REFUSAL ((size_t)64 << 10)
#define MAX_SERVED_MODEL 200

static const struct codec *const codecs[] = { &codec_openai, &codec_ollama };

const struct codec *codec_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(codecs); i++)
		if (!strcmp(codecs[i]->name, name))
			return codecs[i];
	return NULL;
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

/* -- writing -------------------------------------------------------------------------------------- */

static void write_turn(struct json_writer *w, const char *role, struct slice text)
{
	json_begin_object(w);
	json_put_string(w, "role", role);
	json_key(w, "content");
	json_string_n(w, text.data, text.len);
	json_end_object(w);
}

/* A server that cannot be given the schema gets it in words. */
static void write_system(struct json_writer *w, const struct codec_question *q)
{
	struct buffer text = BUFFER_INIT;
	buffer_addstr(&text, q->request->system);
	if (q->dialect.format != FORMAT_SCHEMA)
		buffer_addf(&text, "\n\nAnswer with one JSON object of this JSON Schema and nothing else:\n%s",
			    q->request->schema);
	write_turn(w, "system", slice_of(&text));
	buffer_release(&text);
}

static void write_user(struct json_writer *w, const struct codec_question *q)
{
	struct buffer text = BUFFER_INIT;
	if (q->request->shared)
		buffer_addstr(&text, q->request->shared);
	buffer_addstr(&text, q->request->user);
	write_turn(w, "user", slice_of(&text));
	buffer_release(&text);
}

void codec_write_messages(struct json_writer *w, const struct codec_question *q)
{
	json_key(w, "messages");
	json_begin_array(w);
	write_system(w, q);
	write_user(w, q);
	if (q->complaint) {
		if (q->earlier.len) /* some servers refuse an empty turn */
			write_turn(w, "assistant", q->earlier);
		write_turn(w, "user", (struct slice){ q->complaint, strlen(q->complaint) });
	}
	json_end_array(w);
}

/* -- errors in bodies ----------------------------------------------------------------------------- */

/* Secrets are taken out before the line is cut, so that no half of one is left. */
char *model_one_line(const char *text)
{
	struct buffer scrubbed = BUFFER_INIT, line = BUFFER_INIT;
	char *safe = redact(xmemdupz(text, strnlen(text, HTTP_MAX_ERROR_BODY)));
	utf8_scrub(&scrubbed, safe, strlen(safe));
	free(safe);
	for (size_t i = 0; i < scrubbed.len; i++)
		if (ascii_space(scrubbed.data[i]))
			scrubbed.data[i] = ' ';
	struct slice trimmed = slice_trim(slice_of(&scrubbed));
	size_t kept = 0;
	while (kept < trimmed.len) {
		uint32_t cp;
		size_t n = utf8_decode(trimmed.data + kept, trimmed.len - kept, &cp);
		if (kept + n > MODEL_MAX_MESSAGE)
			break;
		kept += n;
	}
	text_for_terminal(&line, trimmed.data, kept, false);
	if (kept < trimmed.len)
		buffer_addstr(&line, "...");
	buffer_release(&scrubbed);
	return buffer_detach(&line, NULL);
}

static const char *const permanent_codes[] = {
	"insufficient_quota", "billing_not_active", "billing_hard_limit_reached",
	"invalid_api_key",    "invalid_request_error", "exceed_context_size_error",
	"context_length_exceeded", "model_not_found", "not_found_error", "authentication_error",
	"permission_error",
};

static bool is_permanent(const cJSON *error)
{
	static const char *const keys[] = { "code", "type" };
	for (size_t k = 0; k < ARRAY_SIZE(keys); k++) {
		const char *code = json_string_or(error, keys[k], "");
		for (size_t i = 0; i < ARRAY_SIZE(permanent_codes); i++)
			if (!strcmp(code, permanent_codes[i]))
				return true;
	}
	int64_t status = json_integer_or(error, "code", 0);
	return status >= 400 && status < 500 && status != 408 && status != 409 && status != 429;
}

static bool error_of_json(struct codec_error *out, const cJSON *body)
{
	static const char *const keys[] = { "message", "error", "detail" };
	const cJSON *error = cJSON_GetObjectItemCaseSensitive(body, "error");
	const cJSON *object = cJSON_IsObject(error) ? error : body;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *text = json_string_or(object, keys[i], NULL);
		if (!text || !*text)
			continue;
		out->message = model_one_line(text);
		out->permanent = is_permanent(object);
		return true;
	}
	return false;
}

void codec_error_parse(struct codec_error *out, struct slice body)
{
	*out = (struct codec_error){ 0 };
	body = slice_trim(body);
	if (!body.len || body.data[0] == '<') /* a page for a browser explains nothing */
		return;
	cJSON *json = NULL;
	struct error *err = json_parse(&json, body, "error");
	if (!err && error_of_json(out, json)) {
		cJSON_Delete(json);
		return;
	}
	if (err) {
		char *text = xmemdupz(body.data, body.len);
		out->message = model_one_line(text);
		free(text);
	}
	error_free(err);
	cJSON_Delete(json);
}

void codec_error_release(struct codec_error *e)
{
	free(e->message);
	e->message = NULL;
}

static const struct {
	long status;
	const char *words;
} status_words[] = {
	{ 400, "the server did not accept the request" },
	{ 401, "the key was not accepted" },
	{ 402, "payment required" },
	{ 403, "access denied" },
	{ 404, "the server knows no such model or address" },
	{ 408, "the server gave up waiting" },
	{ 413, "the request is too large" },
	{ 429, "too many requests" },
	{ 500, "the server failed" },
	{ 502, "bad gateway" },
	{ 503, "the server is not available" },
	{ 504, "the gateway gave up waiting" },
	{ 529, "the server is overloaded" },
};

static const char *words_of(long status)
{
	for (size_t i = 0; i < ARRAY_SIZE(status_words); i++)
		if (status_words[i].status == status)
			return status_words[i].words;
	if (status / 100 == 3)
		return "the server redirects elsewhere; redirects are not followed";
	return status >= 500 ? "the server failed" : "unexpected answer of the server";
}

char *codec_status_message(long status, const struct codec_error *e, uint64_t retry_ms)
{
	static const struct {
		uint64_t ms;
		const char *unit;
	} units[] = { { 24 * 3600 * 1000, "d" }, { 3600 * 1000, "h" }, { 60 * 1000, "min" }, { 1000, "s" } };
	struct buffer line = BUFFER_INIT;
	buffer_addf(&line, "%ld %s", status, e->message ? e->message : words_of(status));
	while (line.len && line.data[line.len - 1] == '.')
		buffer_truncate(&line, line.len - 1);
	size_t u = 0;
	while (u + 1 < ARRAY_SIZE(units) && retry_ms < 2 * units[u].ms)
		u++;
	if (retry_ms)
		buffer_addf(&line, ", retry after %llu %s",
			    (unsigned long long)((retry_ms + units[u].ms - 1) / units[u].ms),
			    units[u].unit);
	return buffer_detach(&line, NULL);
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
	if (!cJSON_IsObject(json)) {
		err = error_new(ERROR_SYNTAX, "the answer's stream holds something that is no object");
	} else if (has_error(json)) {
		struct codec_error e = { 0 };
		error_of_json(&e, json);
		free(a->error);
		a->error = e.message ? e.message : xstrdup("the server reported an error");
		a->error_permanent = e.permanent;
	} else {
		const char *served = json_string_or(json, "model", NULL);
		if (!a->served_model && served && *served)
			a->served_model = xmemdupz(served, strnlen(served, MAX_SERVED_MODEL));
		codec->read_message(a, event ? event : "message", json);
		err = buffer_check(&a->text, "the answer");
	}
	cJSON_Delete(json);
	return err;
}
