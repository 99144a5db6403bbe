#include "daemon/http_head.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

/* RFC 9110's tokens: methods and the names of headers. */
static bool is_token(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_alnum((unsigned char)s.data[i]) &&
		    (!s.data[i] || !strchr("!#$%&'*+-.^_`|~", s.data[i])))
			return false;
	return s.len > 0;
}

static bool has_control(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (((unsigned char)s.data[i] < ' ' && s.data[i] != '\t') || s.data[i] == 0x7f)
			return true;
	return false;
}

static bool is_called(struct slice name, const char *wanted)
{
	return name.len == strlen(wanted) && !strncasecmp(name.data, wanted, name.len);
}

/* Cuts LINE at C; false when it is not there. */
static bool cut(struct slice *line, char c, struct slice *before)
{
	const char *at = line->len ? memchr(line->data, c, line->len) : NULL;
	if (!at)
		return false;
	*before = (struct slice){ line->data, (size_t)(at - line->data) };
	line->len -= before->len + 1;
	line->data = at + 1;
	return true;
}

static int parse_request_line(struct http_head *out, struct slice line)
{
	struct slice query;
	if (has_control(line) || !cut(&line, ' ', &out->method) || !cut(&line, ' ', &out->path) ||
	    !is_token(out->method) || !out->path.len || out->path.data[0] != '/')
		return 400;
	if (cut(&out->path, '?', &query))
		out->path = query; /* what stood before the question mark */
	if (!slice_equals(line, "HTTP/1.1") && !slice_equals(line, "HTTP/1.0"))
		return line.len >= 5 && !memcmp(line.data, "HTTP/", 5) ? 505 : 400;
	return 200;
}

static int parse_length(struct http_head *out, struct slice value)
{
	size_t length = 0;
	if (out->has_length || !value.len || value.len > 12)
		return 400;
	for (size_t i = 0; i < value.len; i++) {
		if (!ascii_digit((unsigned char)value.data[i]))
			return 400;
		length = length * 10 + (size_t)(value.data[i] - '0');
	}
	out->has_length = true;
	out->content_length = length;
	return 200;
}

static int parse_header(struct http_head *out, struct slice line)
{
	struct http_header header;
	if (has_control(line) || !cut(&line, ':', &header.name) || !is_token(header.name))
		return 400;
	header.value = slice_trim(line);
	if (out->nr_headers == HTTP_HEAD_MAX_HEADERS)
		return 431;
	out->headers[out->nr_headers++] = header;
	if (is_called(header.name, "Transfer-Encoding"))
		return 501;
	if (is_called(header.name, "Content-Length"))
		return parse_length(out, header.value);
	if (is_called(header.name, "Expect")) {
		if (!is_called(header.value, "100-continue"))
			return 417;
		out->expects_continue = true;
	}
	return 200;
}

int http_head_parse(struct http_head *out, struct slice bytes)
{
	*out = (struct http_head){ 0 };
	const char *end = bytes.len ? memmem(bytes.data, bytes.len, "\r\n\r\n", 4) : NULL;
	size_t length = end ? (size_t)(end - bytes.data) + 4 : bytes.len;
	if (length > HTTP_HEAD_MAX)
		return 431;
	if (!end)
		return 0;
	out->length = length;
	struct slice rest = { bytes.data, length - 2 }, line;
	int status = 200;
	for (bool first = true; status == 200 && cut(&rest, '\n', &line); first = false) {
		if (!line.len || line.data[line.len - 1] != '\r')
			return 400;
		line.len--;
		status = first ? parse_request_line(out, line) : parse_header(out, line);
	}
	if (status == 200 && slice_equals(out->method, "POST") && !out->has_length)
		return 411;
	return status;
}

struct slice http_head_get(const struct http_head *head, const char *name)
{
	struct slice found = { "", 0 };
	unsigned times = 0;
	for (size_t i = 0; i < head->nr_headers; i++) {
		if (!is_called(head->headers[i].name, name))
			continue;
		found = head->headers[i].value;
		times++;
	}
	return times == 1 ? found : (struct slice){ "", 0 };
}
