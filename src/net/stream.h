/*
 * Streams of messages inside one response body: server-sent events, lines of JSON, and AWS event-stream
 * frames. Fed with pieces cut anywhere, they call back once for each whole message.
 */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include "base/buffer.h"
#include "base/error.h"

/* Ceiling of one message. */
#define STREAM_MAX_MESSAGE ((size_t)8 << 20)

enum stream_kind {
	STREAM_EVENTS, /* server-sent events; the message is the data, its lines joined by newlines */
	STREAM_LINES,  /* one message a line; empty lines are skipped */
	STREAM_FRAMES, /* application/vnd.amazon.eventstream: the message is the payload; EVENT is the frame's
			* :event-type, or for exceptions and errors "!" and their name. A failure without a
			* payload has {"message": its :error-message} for one. A wrong checksum is
			* ERROR_SYNTAX */
};

/* EVENT is the name of a server-sent event ("message" when it has none) or NULL. An error
 * ends the stream and is what stream_feed returns. */
typedef struct error *stream_message_fn(void *data, const char *event, struct slice message);

struct stream {
	enum stream_kind kind;
	stream_message_fn *on_message;
	void *data;
	struct buffer line;
	struct buffer message;
	struct buffer event;
	bool started;      /* something but white space was seen */
	bool after_return; /* the last byte was a CR: a LF right behind it belongs to it */
	bool document;     /* no events after all, but one JSON document */
	bool has_data;
	size_t frame_len;  /* of the frame in `line`, once its prelude is there */
};

void stream_init(struct stream *s, enum stream_kind kind, stream_message_fn *on_message, void *data);
void stream_release(struct stream *s);
/* ERROR_LIMIT for a message that is too long, else what ON_MESSAGE returned. */
struct error *stream_feed(struct stream *s, const char *bytes, size_t len);
/* At the end of the body: a last message without its line end still counts; half a frame is
 * ERROR_NETWORK. A body that was no stream of events or frames but a single JSON value (a server that does
 * not stream) is one message. */
struct error *stream_end(struct stream *s);

#endif
