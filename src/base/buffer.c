#include "base/buffer.h"

#include <stdio.h>

#include "base/memory.h"

char buffer_empty_data[1];

void buffer_init(struct buffer *b, size_t max)
{
	*b = (struct buffer)BUFFER_INIT_MAX(max);
}

void buffer_release(struct buffer *b)
{
	size_t max = b->max;
	if (b->alloc)
		free(b->data);
	buffer_init(b, max);
}

void buffer_reset(struct buffer *b)
{
	b->len = 0;
	b->overflowed = false;
	if (b->alloc)
		b->data[0] = '\0';
}

bool buffer_reserve(struct buffer *b, size_t extra)
{
	if (extra > b->max || b->len > b->max - extra)
		return false;
	size_t need = b->len + extra + 1;
	if (need <= b->alloc)
		return true;
	size_t alloc = b->alloc ? b->alloc : 64;
	while (alloc < need)
		alloc += alloc / 2;
	b->data = xrealloc(b->alloc ? b->data : NULL, alloc);
	b->alloc = alloc;
	b->data[b->len] = '\0';
	return true;
}

void buffer_add(struct buffer *b, const void *data, size_t len)
{
	if (!len)
		return;
	if (!buffer_reserve(b, len)) {
		b->overflowed = true;
		return;
	}
	memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void buffer_addstr(struct buffer *b, const char *s)
{
	buffer_add(b, s, strlen(s));
}

void buffer_addch(struct buffer *b, char c)
{
	buffer_add(b, &c, 1);
}

void buffer_addbuf(struct buffer *b, const struct buffer *other)
{
	buffer_add(b, other->data, other->len);
}

void buffer_vaddf(struct buffer *b, const char *fmt, va_list ap)
{
	char small[256];
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(small, sizeof(small), fmt, ap);
	if (n >= 0 && (size_t)n < sizeof(small)) {
		buffer_add(b, small, (size_t)n);
	} else if (n >= 0) {
		if (buffer_reserve(b, (size_t)n)) {
			vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
			b->len += (size_t)n;
		} else {
			b->overflowed = true;
		}
	}
	va_end(again);
}

void buffer_addf(struct buffer *b, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	buffer_vaddf(b, fmt, ap);
	va_end(ap);
}

void buffer_truncate(struct buffer *b, size_t len)
{
	if (len >= b->len)
		return;
	b->len = len;
	b->data[len] = '\0';
}

void buffer_splice(struct buffer *b, size_t pos, size_t len, const void *data, size_t data_len)
{
	if (data_len > len && !buffer_reserve(b, data_len - len)) {
		b->overflowed = true;
		return;
	}
	if (!b->alloc)
		return;
	memmove(b->data + pos + data_len, b->data + pos + len, b->len - pos - len + 1);
	if (data_len)
		memcpy(b->data + pos, data, data_len);
	b->len = b->len - len + data_len;
}

struct error *buffer_check(const struct buffer *b, const char *what)
{
	if (!b->overflowed)
		return NULL;
	return error_new(ERROR_LIMIT, "%s is larger than %zu bytes", what, b->max);
}

char *buffer_detach(struct buffer *b, size_t *len)
{
	char *data = b->alloc ? b->data : xstrdup("");
	if (len)
		*len = b->len;
	b->alloc = 0;
	buffer_init(b, b->max);
	return data;
}
