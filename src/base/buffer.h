/*
 * A growing run of bytes that knows its length and its ceiling.
 *
 * `data` is always NUL-terminated (the NUL is not counted), so it can be handed to functions
 * that want a string when the bytes are known to hold no NUL.
 *
 * Going over the ceiling does not need a check at every append: what does not fit is dropped,
 * `overflowed` is set, and buffer_check() turns that into an error at the end, as ferror()
 * does for streams.
 */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/error.h"

/* Ceiling of a buffer whose contents this program makes itself. */
#define BUFFER_MAX_INTERNAL ((size_t)1 << 31)

struct buffer {
	char *data;
	size_t len;
	size_t alloc;
	size_t max;
	bool overflowed;
};

extern char buffer_empty_data[];
#define BUFFER_INIT { buffer_empty_data, 0, 0, BUFFER_MAX_INTERNAL, false }
#define BUFFER_INIT_MAX(limit) { buffer_empty_data, 0, 0, (limit), false }

void buffer_init(struct buffer *b, size_t max);
void buffer_release(struct buffer *b); /* frees; leaves it empty and usable */
void buffer_reset(struct buffer *b);   /* empties, keeps the memory */

void buffer_add(struct buffer *b, const void *data, size_t len);
void buffer_addstr(struct buffer *b, const char *s);
void buffer_addch(struct buffer *b, char c);
void buffer_addbuf(struct buffer *b, const struct buffer *other);
void buffer_addf(struct buffer *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buffer_vaddf(struct buffer *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
/* Makes sure that EXTRA more bytes fit; false when that would pass the ceiling. */
bool buffer_reserve(struct buffer *b, size_t extra);
void buffer_truncate(struct buffer *b, size_t len); /* len <= b->len */
/* Replaces LEN bytes at POS by the given ones. */
void buffer_splice(struct buffer *b, size_t pos, size_t len, const void *data, size_t data_len);

/* ERROR_LIMIT "<what> is larger than <max> bytes" if something was dropped. */
struct error *buffer_check(const struct buffer *b, const char *what);

/* Hands the bytes (NUL-terminated, from malloc) to the caller and empties the buffer. */
char *buffer_detach(struct buffer *b, size_t *len);

/* A view of bytes owned by somebody else. */
struct slice {
	const char *data;
	size_t len;
};

static inline struct slice slice_of(const struct buffer *b)
{
	return (struct slice){ b->data, b->len };
}

/* Of NULL, an empty one. */
static inline struct slice slice_of_string(const char *s)
{
	return (struct slice){ s ? s : "", s ? strlen(s) : 0 };
}

#endif
