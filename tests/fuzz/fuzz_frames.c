/*
 * Event streams of AWS: the first byte says how the rest is cut into pieces, and whether it is fed as it is
 * or, because no one guesses a checksum, as headers (of the length in the second byte) and a payload in a
 * frame that is right, twice. What comes out is read as an answer of Converse.
 */
#include <stdint.h>
#include <stdlib.h>

#include "../unit/event_stream_testing.h"
#include "model/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct error *on_message(void *data, const char *event, struct slice message)
{
	if (!event && (!message.len || (*message.data != '{' && *message.data != '[')))
		abort(); /* only a document comes without an event */
	return codec_take_message(&codec_converse, data, event, message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer bytes = BUFFER_INIT;
	struct stream s;
	struct codec_answer answer;
	struct error *err = NULL;
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
	codec_answer_init(&answer);
	stream_init(&s, STREAM_FRAMES, on_message, &answer);
	for (size_t i = 0; i < bytes.len && !err; i += piece)
		err = stream_feed(&s, bytes.data + i, bytes.len - i < piece ? bytes.len - i : piece);
	if (!err)
		err = stream_end(&s);
	error_free(err);
	stream_release(&s);
	codec_answer_release(&answer);
	buffer_release(&bytes);
	return 0;
}
