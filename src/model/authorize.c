#include "model/authorize.h"

#include <stdarg.h>
#include <string.h>

#include "base/memory.h"

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
	for (size_t i = 0; i < list->nr; i++) {
		explicit_bzero(list->lines[i], strlen(list->lines[i]));
		free(list->lines[i]);
	}
	*list = (struct header_list){ .nr = 0 };
}

struct error *model_authorize(const struct model *m, const struct http_request *request,
			      struct header_list *list)
{
	static const char *const names[] = {
		[MODEL_AUTH_BEARER] = "Authorization: Bearer",
		[MODEL_AUTH_X_API_KEY] = "x-api-key:",
		[MODEL_AUTH_X_GOOG_API_KEY] = "x-goog-api-key:",
		[MODEL_AUTH_AWS] = "Authorization: Bearer",
	};
	(void)request; /* only a signature depends on it */
	if (m->key)
		header_list_add(list, "%s %.*s", names[m->auth], MAX_KEY, m->key);
	return NULL;
}
