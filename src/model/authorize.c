#include "model/authorize.h"

#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "base/secret.h"
#include "net/aws.h"

#define AWS_SERVICE "bedrock"
/* Bytes of a key in a header. */
#define MAX_KEY 4096

void header_list_add(struct header_list *list, const char *fmt, ...)
{
	struct buffer line = BUFFER_INIT;
	va_list ap;
	if (list->nr == HEADER_LIST_MAX)
		return;
	va_start(ap, fmt);
	buffer_vaddf(&line, fmt, ap);
	va_end(ap);
	list->lines[list->nr++] = buffer_detach(&line, NULL);
}

void header_list_release(struct header_list *list)
{
	for (size_t i = 0; i < list->nr; i++)
		secret_free(list->lines[i]);
	*list = (struct header_list){ .nr = 0 };
}

/* Adds the signature over REQUEST and what LIST has so far. */
static struct error *sign(const struct model *m, const struct http_request *request, struct header_list *list)
{
	struct sigv4_keys keys;
	struct sigv4_result result;
	struct error *err = aws_credentials_keys(m->aws, &keys);
	if (err)
		return err;
	struct sigv4_request to_sign = {
		.method = request->method,
		.url = request->url,
		.headers = (const char *const *)list->lines,
		.body = request->body,
		.region = m->region,
		.service = AWS_SERVICE,
		.date = (int64_t)time(NULL),
	};
	err = sigv4_sign(&result, &keys, &to_sign);
	for (const char *p = result.headers.data; !err && *p; p += strcspn(p, "\n") + 1)
		header_list_add(list, "%.*s", (int)strcspn(p, "\n"), p);
	sigv4_result_release(&result);
	return err;
}

struct error *model_authorize(const struct model *m, const struct http_request *request,
			      struct header_list *list)
{
	static const char *const names[] = {
		[MODEL_AUTH_BEARER] = "Authorization: Bearer",
		[MODEL_AUTH_X_API_KEY] = "x-api-key:",
		[MODEL_AUTH_X_GOOG_API_KEY] = "x-goog-api-key:",
		[MODEL_AUTH_AWS] = "Authorization: Bearer", /* a Bedrock API key */
	};
	if (m->key)
		header_list_add(list, "%s %.*s", names[m->auth], MAX_KEY, m->key);
	else if (m->aws)
		return sign(m, request, list);
	return NULL;
}
