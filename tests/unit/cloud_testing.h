/* An account at AWS that is a script. */
#ifndef TESTS_CLOUD_TESTING_H
#define TESTS_CLOUD_TESTING_H

#include "scripted_server.h"

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "cloud/ecr.h"
#include "cloud/instance.h"
#include "cloud/secrets.h"


struct world {
	struct scripted_server *server;
	struct scripted script[16];
	char *answers[16];
	size_t nr;
	struct cloud *cloud;
	volatile int stop;
};

static inline const char *get_variable(void *data, const char *name)
{
	const struct world *w = data;
	static const char *const values[][2] = {
		{ "AWS_ACCESS_KEY_ID", "AKIDEXAMPLE" },
		{ "AWS_SECRET_ACCESS_KEY", "secret/example" },
		{ "AWS_EC2_METADATA_DISABLED", "true" },
		{ "AWS_REGION", "eu-west-1" },
	};
	if (!strcmp(name, "AWS_ENDPOINT_URL"))
		return w->server ? w->server->url : "http://127.0.0.1:1";
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		if (!strcmp(name, values[i][0]))
			return values[i][1];
	return NULL;
}

static inline void assert_ok(struct error *err)
{
	if (err)
		fail_msg("%s", err->message);
}

/* A request that has NEEDLE is answered by STATUS ("400 Bad Request"), HEADER ("" or a whole line) and BODY,
 * TIMES times (0: always). To be called before world_open. */
static inline void answer(struct world *w, const char *needle, unsigned times, const char *status,
			  const char *header, const char *body)
{
	char *bytes =
		xstrfmt("HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n%s", status, header, strlen(body), body);
	w->answers[w->nr] = bytes;
	w->script[w->nr++] = (struct scripted){ .needle = needle, .times = times, .bytes = bytes };
}

static inline void world_open(struct world *w)
{
	w->server = server_start(w->script, w->nr);
	struct cloud_settings settings = {
		.aws = { .env = get_variable, .data = w },
		.stop = &w->stop,
		.retry_ms = 1,
		.poll_ms = 1,
	};
	assert_ok(cloud_new(&w->cloud, &settings));
}

static inline void world_close(struct world *w)
{
	cloud_free(w->cloud);
	server_stop(w->server);
	for (size_t i = 0; i < w->nr; i++)
		free(w->answers[i]);
}

/* The call has to fail: with MESSAGE, and with HINT ("": none) somewhere in its hint. */
static inline void assert_fails(struct error *err, enum error_code code, const char *message,
				const char *hint)
{
	assert_non_null(err);
	assert_string_equal(err->message, message);
	assert_int_equal(err->code, code);
	if (!strstr(err->hint ? err->hint : "", hint) || (!*hint && err->hint))
		fail_msg("the hint is: %s", err->hint ? err->hint : "none");
	error_free(err);
}

static inline void assert_sent(const struct world *w, const char *words)
{
	if (!strcasestr(w->server->last_request, words))
		fail_msg("'%s' is not in: %s", words, w->server->last_request);
}

#endif
