/* Frames of application/vnd.amazon.eventstream, made byte by byte. */
#ifndef EVENT_STREAM_TESTING_H
#define EVENT_STREAM_TESTING_H

#include <stdint.h>
#include <string.h>

#include "base/buffer.h"

static inline uint32_t frame_crc(const char *data, size_t len)
{
	uint32_t crc = 0xffffffff;
	for (size_t i = 0; i < len; i++) {
		crc ^= (unsigned char)data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
	}
	return ~crc;
}

static inline void frame_number(struct buffer *out, uint32_t value, int bytes)
{
	while (bytes--)
		buffer_addch(out, (char)(value >> (8 * bytes)));
}

static inline void frame_add(struct buffer *out, struct slice headers, struct slice payload)
{
	size_t start = out->len;
	frame_number(out, (uint32_t)(16 + headers.len + payload.len), 4);
	frame_number(out, (uint32_t)headers.len, 4);
	frame_number(out, frame_crc(out->data + start, 8), 4);
	buffer_add(out, headers.data, headers.len);
	buffer_add(out, payload.data, payload.len);
	frame_number(out, frame_crc(out->data + start, out->len - start), 4);
}

static inline void frame_header(struct buffer *out, const char *name, const char *value)
{
	frame_number(out, (uint32_t)strlen(name), 1);
	buffer_addstr(out, name);
	frame_number(out, 7, 1);
	frame_number(out, (uint32_t)strlen(value), 2);
	buffer_addstr(out, value);
}

/* As Bedrock sends it: TYPE is "event" or "exception". */
static inline void frame_message(struct buffer *out, const char *type, const char *name, const char *payload)
{
	struct buffer headers = BUFFER_INIT;
	frame_header(&headers, *type == 'e' && type[1] == 'v' ? ":event-type" : ":exception-type", name);
	frame_header(&headers, ":content-type", "application/json");
	frame_header(&headers, ":message-type", type);
	frame_add(out, slice_of(&headers), (struct slice){ payload, strlen(payload) });
	buffer_release(&headers);
}

#endif
