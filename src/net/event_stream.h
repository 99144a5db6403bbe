/*
 * Frames of application/vnd.amazon.eventstream, one message each, numbers big-endian:
 *
 *	u32 length of all, u32 length of the headers, u32 CRC-32 of these eight bytes,
 *	headers, payload, u32 CRC-32 of all before it
 *
 * A header is: u8 length of its name, the name, u8 type, the value.
 */
#ifndef NET_EVENT_STREAM_H
#define NET_EVENT_STREAM_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"

#define EVENT_STREAM_PRELUDE 12
#define EVENT_STREAM_MAX_HEADERS ((size_t)128 << 10)

/* What the headers told; slices of the frame, empty where there is no such header. */
struct event_stream_message {
	struct slice name;      /* :event-type, :exception-type or :error-code */
	bool failed;            /* it is an exception or an error */
	struct slice complaint; /* :error-message */
	struct slice payload;
};

/* The length of the frame that begins with the EVENT_STREAM_PRELUDE bytes at PRELUDE. ERROR_SYNTAX when the
 * checksum is wrong or the lengths contradict each other, ERROR_LIMIT above MAX. */
struct error *event_stream_length(const char *prelude, size_t max, size_t *out);
/* Takes a whole frame apart whose prelude event_stream_length accepted. ERROR_SYNTAX when the checksum is
 * wrong or the headers are malformed. */
struct error *event_stream_parse(struct slice frame, struct event_stream_message *out);

#endif
