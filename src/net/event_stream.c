#include "net/event_stream.h"

#include <stdint.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

#define CRC_SIZE 4

enum header_type { HEADER_BYTES = 6, HEADER_STRING = 7, HEADER_TYPES = 10 };

/* Bytes of a value by type: true, false, byte, short, integer, long, bytes, string, timestamp, UUID.
 * Bytes and strings have their length, a u16, in front. */
static const uint8_t value_sizes[HEADER_TYPES] = { 0, 0, 1, 2, 4, 8, 2, 2, 8, 16 };

static uint32_t read_u32(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static size_t read_u16(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;
	return (size_t)b[0] << 8 | b[1];
}

/* CRC-32 of IEEE 802.3, four bits a step. */
static uint32_t crc32_of(const char *data, size_t len)
{
	static const uint32_t table[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
		0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	uint32_t crc = 0xffffffff;
	for (size_t i = 0; i < len; i++) {
		crc ^= (unsigned char)data[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

static struct error *malformed(const char *what)
{
	return error_new(ERROR_SYNTAX, "the server's event stream is damaged: %s", what);
}

struct error *event_stream_length(const char *prelude, size_t max, size_t *out)
{
	size_t total = read_u32(prelude), headers = read_u32(prelude + 4);
	if (read_u32(prelude + 8) != crc32_of(prelude, 8))
		return malformed("a checksum in front of a message is wrong");
	if (total < EVENT_STREAM_PRELUDE + CRC_SIZE || headers > total - EVENT_STREAM_PRELUDE - CRC_SIZE)
		return malformed("the lengths of a message contradict each other");
	if (total > max || headers > EVENT_STREAM_MAX_HEADERS)
		return error_new(ERROR_LIMIT, "a message of the answer is larger than %zu bytes",
				 total > max ? max : EVENT_STREAM_MAX_HEADERS);
	*out = total;
	return NULL;
}

struct header {
	struct slice name, value; /* the value of a string; else empty */
};

/* Takes the first header off REST; false when it is cut short or of an unknown type. */
static bool read_header(struct slice *rest, struct header *out)
{
	size_t name = (unsigned char)rest->data[0];
	size_t at = 1 + name;
	if (rest->len <= at)
		return false;
	unsigned char type = (unsigned char)rest->data[at++];
	if (type >= HEADER_TYPES || rest->len - at < value_sizes[type])
		return false;
	size_t size = value_sizes[type];
	if (type == HEADER_BYTES || type == HEADER_STRING) {
		size = read_u16(rest->data + at);
		at += 2;
	}
	if (rest->len - at < size)
		return false;
	out->name = (struct slice){ rest->data + 1, name };
	out->value = (struct slice){ rest->data + at, type == HEADER_STRING ? size : 0 };
	*rest = (struct slice){ rest->data + at + size, rest->len - at - size };
	return true;
}

static void take_header(struct event_stream_message *m, const struct header *h)
{
	static const char *const names[] = { ":event-type", ":exception-type", ":error-code" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (slice_equals(h->name, names[i]))
			m->name = h->value;
	if (slice_equals(h->name, ":error-message"))
		m->complaint = h->value;
	if (slice_equals(h->name, ":message-type"))
		m->failed = slice_equals(h->value, "exception") || slice_equals(h->value, "error");
}

struct error *event_stream_parse(struct slice frame, struct event_stream_message *out)
{
	size_t end = frame.len - CRC_SIZE;
	struct slice headers = { frame.data + EVENT_STREAM_PRELUDE, read_u32(frame.data + 4) };
	*out = (struct event_stream_message){ { "", 0 }, false, { "", 0 }, { "", 0 } };
	if (read_u32(frame.data + end) != crc32_of(frame.data, end))
		return malformed("the checksum of a message is wrong");
	out->payload.data = headers.data + headers.len;
	out->payload.len = (size_t)(frame.data + end - out->payload.data);
	while (headers.len) {
		struct header h;
		if (!read_header(&headers, &h))
			return malformed("a message has a malformed header");
		take_header(out, &h);
	}
	return NULL;
}
