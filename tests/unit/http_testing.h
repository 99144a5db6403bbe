/* The HTTP engine against a server that does what it likes. */
#ifndef TESTS_HTTP_TESTING_H
#define TESTS_HTTP_TESTING_H

#include "scripted_server.h"

#include "base/memory.h"
#include "base/text.h"
#include "net/address.h"
#include "net/http.h"
#include "net/poller.h"

#define OK(body) "HTTP/1.1 200 OK\r\nContent-Length: " body
#define HELLO OK("5\r\n\r\nhello")

/* What on_done saw. */
struct seen {
	struct http *http;
	unsigned done;
	long status;
	char *body;
	enum error_code code;
	char *message;
	bool permanent;
	char *header;
	size_t pieces_len;
	bool refuse;
};

static inline void seen_release(struct seen *seen)
{
	free(seen->body);
	free(seen->message);
	free(seen->header);
}

static inline void on_done(void *data, const struct http_response *response)
{
	struct seen *seen = data;
	seen_release(seen);
	seen->done++;
	seen->status = response->status;
	seen->body = xmemdupz(response->body.data, response->body.len);
	seen->code = response->error ? response->error->code : 0;
	seen->message = response->error ? xstrdup(response->error->message) : NULL;
	seen->permanent = response->permanent;
	struct slice header = http_header(response, "x-mark");
	seen->header = xmemdupz(header.data, header.len);
}

static inline bool on_data(void *data, const char *bytes, size_t len)
{
	struct seen *seen = data;
	(void)bytes;
	seen->pieces_len += len;
	return !seen->refuse;
}

static inline struct http *new_http(const struct http_settings *settings)
{
	struct http *h;
	static const struct http_settings none;
	assert_null(http_new(&h, settings ? settings : &none));
	return h;
}

static inline void submit(struct http *h, const char *url, struct seen *seen, long deadline_ms, bool stream)
{
	struct http_request request = {
		.method = "GET",
		.url = url,
		.deadline_ms = deadline_ms,
		.on_data = stream ? on_data : NULL,
		.on_done = on_done,
		.data = seen,
	};
	assert_null(http_submit(h, &request, 0));
}

/* One GET of what SERVER says; SEEN is released by the caller. */
static inline void get(struct scripted_server *server, const struct http_settings *settings, long deadline_ms,
		bool stream, struct seen *seen)
{
	struct http *h = new_http(settings);
	submit(h, server->url, seen, deadline_ms, stream);
	assert_null(http_run(h, NULL));
	assert_int_equal(seen->done, 1);
	http_free(h);
}

#endif
