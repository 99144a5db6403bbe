/*
 * The head of an HTTP/1.1 request, as far as a receiver of webhooks needs it: a method, a path, headers, and a body
 * whose length is told. Anything that two programs in a row could read differently (a length told twice, chunks, folded
 * lines, spaces before a colon) is refused rather than understood.
 */
#ifndef DAEMON_HTTP_HEAD_H
#define DAEMON_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

#define HTTP_HEAD_MAX ((size_t)16 << 10)
#define HTTP_HEAD_MAX_HEADERS 64

struct http_header {
	struct slice name, value; /* the value without spaces around it */
};

/* All slices point into the bytes that were parsed. */
struct http_head {
	struct slice method, path; /* the path without a query */
	struct http_header headers[HTTP_HEAD_MAX_HEADERS];
	size_t nr_headers;
	size_t length;         /* of the head itself, with its empty line */
	size_t content_length; /* of the body that follows */
	bool has_length;
	bool expects_continue; /* the client waits for a word before it sends the body */
};

/* 0: BYTES do not hold the whole head yet; 200: *OUT is filled; else the status to refuse it with (400, 411, 417, 431,
 * 501, 505). */
int http_head_parse(struct http_head *out, struct slice bytes);

/* The header called NAME, in any case; empty when it is not there, or there more than once. */
struct slice http_head_get(const struct http_head *head, const char *name);

#endif
