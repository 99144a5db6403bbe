#include "model/fetch.h"

#include <string.h>

#include "base/memory.h"
#include "model/codec.h"

struct fetch {
	cJSON *json;
	struct error *err;
	long status;
};

static void on_done(void *data, const struct http_response *response)
{
	struct fetch *f = data;
	f->status = response->status;
	if (response->error) {
		f->err = error_new(response->error->code, "%s", response->error->message);
		return;
	}
	if (response->status / 100 == 2) {
		f->err = json_parse(&f->json, slice_of(&response->body), "the server's answer");
		if (!f->err && !cJSON_IsObject(f->json))
			f->err = error_new(ERROR_SYNTAX, "the server's answer is not an object");
		return;
	}
	struct codec_error e;
	codec_error_parse(&e, slice_of(&response->body));
	char *message = codec_status_message(response->status, &e, 0);
	f->err = error_new(response->status == 404 ? ERROR_NOT_FOUND : ERROR_NETWORK, "%s", message);
	free(message);
	codec_error_release(&e);
}

struct error *fetch_json_with(cJSON **out, const char *url, const char *const *headers, const char *body,
			      const struct http_settings *settings, long deadline_ms, long *status)
{
	struct fetch f = { 0 };
	struct http *http;
	struct error *err = http_new(&http, settings);
	if (err)
		return err;
	struct http_request request = {
		.method = body ? "POST" : "GET",
		.url = url,
		.headers = headers,
		.body = { body ? body : "", body ? strlen(body) : 0 },
		.deadline_ms = deadline_ms,
		.on_done = on_done,
		.data = &f,
	};
	err = http_submit(http, &request, 0);
	if (!err)
		err = http_run(http, NULL);
	if (!err)
		err = f.err;
	http_free(http);
	if (status)
		*status = f.status;
	if (err)
		cJSON_Delete(f.json);
	else
		*out = f.json;
	return err;
}

struct error *fetch_json(cJSON **out, const char *url, const char *key, const char *body,
			 const struct http_settings *settings, long deadline_ms)
{
	char *authorization = key ? xstrfmt("Authorization: Bearer %s", key) : NULL;
	const char *headers[] = { "Content-Type: application/json", authorization, NULL };
	struct error *err = fetch_json_with(out, url, headers, body, settings, deadline_ms, NULL);
	free(authorization);
	return err;
}
