#include "model/batch_http.h"

#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/trace.h"
#include "model/authorize.h"
#include "net/retry.h"

/* Files of many megabytes go over slow lines. */
#define DEADLINE_MS 600000
/* A server that asks for more has to be asked by another run. */
#define MAX_DELAY_MS 60000

struct transfer {
	const struct batch_http *request;
	unsigned attempt;
	struct error *err;
	struct buffer *out;
	uint64_t delay_ms;  /* when to ask again; with AGAIN */
	bool again;
};

/* A delay that only the body tells is as good as one of a header. */
static void advise(struct transfer *t, const struct http_response *response, const struct codec_error *e)
{
	struct retry_advice advice = retry_advise(response, t->attempt, time(NULL), 0.5, RETRY_FIRST_MS);
	t->delay_ms = e->retry_ms > advice.delay_ms ? e->retry_ms : advice.delay_ms;
	t->again = advice.retry && !e->permanent && t->delay_ms <= MAX_DELAY_MS &&
		   (!t->request->once || response->status == 429);
}

static enum error_code code_of(long status)
{
	if (status == 404)
		return ERROR_NOT_FOUND;
	return status / 100 == 4 && status != 408 && status != 409 && status != 429 ? ERROR_USAGE
										  : ERROR_NETWORK;
}

static void on_done(void *data, const struct http_response *response)
{
	struct transfer *t = data;
	struct codec_error e = { 0 };
	if (response->error) {
		t->err = error_new(response->error->code, "%s", response->error->message);
		advise(t, response, &e);
		return;
	}
	if (response->status / 100 == 2) {
		buffer_addbuf(t->out, &response->body);
		return;
	}
	codec_error_parse(&e, slice_of(&response->body));
	advise(t, response, &e);
	char *message = codec_status_message(response->status, &e, t->again ? 0 : e.retry_ms);
	t->err = error_new(code_of(response->status), "%s", message);
	free(message);
	codec_error_release(&e);
}

static struct error *submit(const struct batch_server *s, struct http *http, struct transfer *t)
{
	const struct batch_http *r = t->request;
	struct header_list headers = { .nr = 0 };
	char *url = xstrfmt("%s%s", s->model->endpoint, r->path);
	struct http_request request = {
		.method = r->method,
		.url = url,
		.headers = (const char *const *)headers.lines,
		.body = r->body,
		.deadline_ms = DEADLINE_MS,
		.on_done = on_done,
		.data = t,
	};
	if (r->body.len)
		header_list_add(&headers, "Content-Type: %s",
				r->content_type ? r->content_type : "application/json");
	for (const char *const *line = s->model->codec->headers; line && *line; line++)
		header_list_add(&headers, "%s", *line);
	struct error *err = model_authorize(s->model, &request, &headers);
	if (!err)
		err = http_submit(http, &request, t->delay_ms);
	header_list_release(&headers);
	free(url);
	return err;
}

struct error *batch_http(const struct batch_server *s, const struct batch_http *request, struct buffer *out)
{
	static const struct http_settings usual;
	struct transfer t = { .request = request, .out = out };
	struct http *http;
	struct error *err = http_new(&http, s->http ? s->http : &usual);
	if (err)
		return err;
	do {
		if (t.err)
			trace_printf("%s %s: %s; again in %llu ms", request->method, request->path,
				     t.err->message, (unsigned long long)t.delay_ms);
		error_free(t.err);
		t.err = NULL;
		t.again = false;
		t.attempt++;
		err = submit(s, http, &t);
		if (!err)
			err = http_run(http, s->stop);
	} while (!err && t.again);
	http_free(http);
	if (err) {
		error_free(t.err);
		return err;
	}
	return t.err;
}

struct error *batch_http_json(const struct batch_server *s, const struct batch_http *request, cJSON **out)
{
	struct buffer body = BUFFER_INIT_MAX(HTTP_MAX_BODY);
	*out = NULL;
	struct error *err = batch_http(s, request, &body);
	if (!err)
		err = json_parse(out, slice_of(&body), "the server's answer");
	if (!err && !cJSON_IsObject(*out)) {
		cJSON_Delete(*out);
		*out = NULL;
		err = error_new(ERROR_SYNTAX, "the server's answer is no object");
	}
	buffer_release(&body);
	return err;
}

static void each_line(struct slice text, void (*fn)(void *data, const cJSON *line), void *data)
{
	while (text.len) {
		const char *newline = memchr(text.data, '\n', text.len);
		size_t len = newline ? (size_t)(newline - text.data) : text.len;
		struct slice line = slice_trim((struct slice){ text.data, len });
		cJSON *json = NULL;
		struct error *err = line.len ? json_parse(&json, line, "a line of the batch's answers") : NULL;
		if (err)
			trace_printf("%s", err->message);
		if (cJSON_IsObject(json))
			fn(data, json);
		error_free(err);
		cJSON_Delete(json);
		len += newline != NULL;
		text = (struct slice){ text.data + len, text.len - len };
	}
}

struct error *batch_http_lines(const struct batch_server *s, const char *path,
			       void (*fn)(void *data, const cJSON *line), void *data)
{
	struct buffer text = BUFFER_INIT_MAX(HTTP_MAX_BODY);
	struct error *err = batch_http(s, &(struct batch_http){ "GET", path }, &text);
	if (!err)
		each_line(slice_of(&text), fn, data);
	buffer_release(&text);
	return err;
}

struct error *batch_http_act(const struct batch_server *s, const char *path)
{
	struct buffer answer = BUFFER_INIT;
	struct error *err = batch_http(s, &(struct batch_http){ "POST", path }, &answer);
	buffer_release(&answer);
	return err;
}

struct error *batch_take_id(cJSON *json, const char *key, const char *what, char **id)
{
	const char *text;
	struct error *err = json_get_string(json, key, what, &text);
	if (!err && !batch_id_is_safe(text))
		err = error_new(ERROR_SYNTAX, "%s has a name that is none", what);
	if (!err)
		*id = xstrdup(text);
	cJSON_Delete(json);
	return err;
}

char *batch_problem(const cJSON *error, const char *otherwise)
{
	struct codec_error e;
	if (!codec_error_of_json(&e, error))
		return model_one_line(otherwise);
	return e.message;
}
