#include "net/stream.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "net/event_stream.h"

#define MAX_EVENT_NAME 64

void stream_init(struct stream *s, enum stream_kind kind, stream_message_fn *on_message, void *data)
{
	*s = (struct stream){ .kind = kind, .on_message = on_message, .data = data };
	buffer_init(&s->line, STREAM_MAX_MESSAGE);
	buffer_init(&s->message, STREAM_MAX_MESSAGE);
	buffer_init(&s->event, MAX_EVENT_NAME);
}

void stream_release(struct stream *s)
{
	buffer_release(&s->line);
	buffer_release(&s->message);
	buffer_release(&s->event);
}

static struct error *dispatch_event(struct stream *s)
{
	struct error *err = NULL;
	if (s->has_data)
		err = s->on_message(s->data, s->event.len ? s->event.data : "message",
				    slice_of(&s->message));
	s->has_data = false;
	buffer_reset(&s->message);
	buffer_reset(&s->event);
	return err;
}

/* "field: value"; one space behind the colon belongs to it. */
static struct error *event_line(struct stream *s)
{
	const char *line = s->line.data;
	size_t len = s->line.len;
	if (!len)
		return dispatch_event(s);
	const char *colon = memchr(line, ':', len);
	size_t name = colon ? (size_t)(colon - line) : len;
	size_t skip = colon ? name + 1 : len;
	if (skip < len && line[skip] == ' ')
		skip++;
	struct slice field = { line, name };
	if (slice_equals(field, "data")) {
		if (s->has_data)
			buffer_addch(&s->message, '\n');
		buffer_add(&s->message, line + skip, len - skip);
		s->has_data = true;
		return buffer_check(&s->message, "an event of the answer");
	}
	if (slice_equals(field, "event")) {
		buffer_reset(&s->event);
		buffer_add(&s->event, line + skip, len - skip);
	}
	return NULL;
}

static struct error *end_line(struct stream *s)
{
	struct error *err = buffer_check(&s->line, "a line of the answer");
	if (err)
		return err;
	if (s->kind == STREAM_EVENTS) {
		err = event_line(s);
	} else {
		struct slice text = slice_trim(slice_of(&s->line));
		if (text.len)
			err = s->on_message(s->data, NULL, text);
	}
	buffer_reset(&s->line);
	return err;
}

/* A failure may stand in the headers only: it becomes {"message": ...}, so that it is not overlooked. */
static struct error *dispatch_failure(struct stream *s, const struct event_stream_message *m)
{
	struct buffer text = BUFFER_INIT;
	struct json_writer w;
	json_writer_init(&w, &text, false);
	json_begin_object(&w);
	json_key(&w, "message");
	json_string_n(&w, m->complaint.data, m->complaint.len);
	json_end_object(&w);
	struct error *err = s->on_message(s->data, s->event.data, slice_of(&text));
	buffer_release(&text);
	return err;
}

static struct error *end_frame(struct stream *s)
{
	struct event_stream_message m;
	struct error *err = event_stream_parse(slice_of(&s->line), &m);
	if (err)
		return err;
	buffer_reset(&s->event);
	if (m.failed)
		buffer_addch(&s->event, '!');
	buffer_add(&s->event, m.name.data, m.name.len);
	err = m.failed && !m.payload.len ? dispatch_failure(s, &m)
					 : s->on_message(s->data, s->event.data, m.payload);
	buffer_reset(&s->line);
	return err;
}

static struct error *feed_frames(struct stream *s, const char *bytes, size_t len)
{
	while (len) {
		bool begun = s->line.len >= EVENT_STREAM_PRELUDE;
		size_t missing = (begun ? s->frame_len : EVENT_STREAM_PRELUDE) - s->line.len;
		size_t taken = len < missing ? len : missing;
		struct error *err = NULL;
		buffer_add(&s->line, bytes, taken);
		bytes += taken;
		len -= taken;
		if (taken == missing)
			err = begun ? end_frame(s)
				    : event_stream_length(s->line.data, STREAM_MAX_MESSAGE, &s->frame_len);
		if (err)
			return err;
	}
	return NULL;
}

/* Skips a byte order mark and white space in front, and looks what kind of body this is. */
static size_t begin(struct stream *s, const char *bytes, size_t len)
{
	size_t i = 0;
	while (i < len && (ascii_space(bytes[i]) || memchr("\xef\xbb\xbf", bytes[i], 3)))
		i++;
	if (i == len)
		return len;
	s->started = true;
	s->document = s->kind != STREAM_LINES && (bytes[i] == '{' || bytes[i] == '[');
	return i;
}

static bool is_line_end(const struct stream *s, char c)
{
	return c == '\n' || (s->kind == STREAM_EVENTS && c == '\r');
}

struct error *stream_feed(struct stream *s, const char *bytes, size_t len)
{
	size_t i = s->started ? 0 : begin(s, bytes, len);
	if (s->document) {
		buffer_add(&s->line, bytes + i, len - i);
		return buffer_check(&s->line, "the answer");
	}
	if (s->kind == STREAM_FRAMES)
		return feed_frames(s, bytes + i, len - i);
	while (i < len) {
		if (s->after_return && bytes[i] == '\n') {
			s->after_return = false;
			i++;
			continue;
		}
		s->after_return = false;
		size_t end = i;
		while (end < len && !is_line_end(s, bytes[end]))
			end++;
		buffer_add(&s->line, bytes + i, end - i);
		if (end == len)
			return buffer_check(&s->line, "a line of the answer");
		s->after_return = bytes[end] == '\r';
		struct error *err = end_line(s);
		if (err)
			return err;
		i = end + 1;
	}
	return NULL;
}

struct error *stream_end(struct stream *s)
{
	if (s->document)
		return s->on_message(s->data, NULL, slice_trim(slice_of(&s->line)));
	if (s->kind == STREAM_FRAMES)
		return s->line.len ? error_new(ERROR_NETWORK, "the server's event stream broke off in "
					       "the middle of a message")
				   : NULL;
	struct error *err = s->line.len ? end_line(s) : NULL;
	if (!err && s->kind == STREAM_EVENTS)
		err = dispatch_event(s);
	return err;
}
