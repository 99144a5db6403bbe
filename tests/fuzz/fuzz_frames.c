/*
 * Event streams of AWS: the first byte says how the rest is cut into pieces, and whether it is fed as it is
 * or, because no one guesses a checksum, as headers (of the length in the second byte) and a payload in a
 * frame that is right, twice.
 */
#include <stdint.h>
#include <stdlib.h>

#include "../unit/event_stream_testing.h"
#include "net/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct error *on_message(void *data, const char *event, struct slice message)
{
	size_t *seen = data;
	if (!event && (!message.len || (*message.data != '{' && *message.data != '[')))
		abort(); /* only a document comes without an event */
	*seen += message.len;
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer bytes = BUFFER_INIT;
	struct stream s;
	struct error *err = NULL;
	size_t seen = 0;
	if (size < 2)
		return 0;
	size_t piece = 1 + (data[0] >> 1), rest = size - 2;
	const char *text = (const char *)data + 2;
	if (data[0] & 1) {
		size_t headers = data[1] < rest ? data[1] : rest;
		for (int i = 0; i < 2; i++)
			frame_add(&bytes, (struct slice){ text, headers },
				  (struct slice){ text + headers, rest - headers });
	} else {
		buffer_add(&bytes, text, rest);
	}
	stream_init(&s, STREAM_FRAMES, on_message, &seen);
	for (size_t i = 0; i < bytes.len && !err; i += piece)
		err = stream_feed(&s, bytes.data + i, bytes.len - i < piece ? bytes.len - i : piece);
	if (!err)
		err = stream_end(&s);
	error_free(err);
	stream_release(&s);
	buffer_release(&bytes);
	return 0;
}
