/* Reading the headers of a response. */
#include <curl/curl.h>
#include <string.h>

#include "base/text.h"
#include "net/http.h"

bool http_header_nth(const struct http_response *response, const char *name, size_t nth, struct slice *out)
{
	const char *p = response->headers.data, *end = p + response->headers.len;
	size_t name_len = strlen(name);
	while (p < end) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));
		const char *stop = eol ? eol : end;
		size_t len = (size_t)(stop - p);
		if (len > name_len && p[name_len] == ':' && curl_strnequal(p, name, name_len) && !nth--) {
			*out = slice_trim((struct slice){ p + name_len + 1, len - name_len - 1 });
			return true;
		}
		p = eol ? eol + 1 : end;
	}
	return false;
}

struct slice http_header(const struct http_response *response, const char *name)
{
	struct slice value = { "", 0 };
	http_header_nth(response, name, 0, &value);
	return value;
}
