/*
 * Whatever a model server sends: the first byte, a letter, chooses the codec, the second how the rest is
 * cut into pieces; the text that comes out is searched for an answer.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/codec.h"
#include "model/extract.h"
#include "model/schema.h"
#include "review/answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct reader {
	const struct codec *codec;
	struct codec_answer answer;
};

static struct error *on_message(void *data, const char *event, struct slice message)
{
	struct reader *r = data;
	return codec_take_message(r->codec, &r->answer, event, message);
}

static void read_stream(struct reader *r, const char *bytes, size_t len, size_t piece)
{
	struct stream s;
	struct error *err = NULL;
	stream_init(&s, r->codec->stream, on_message, r);
	for (size_t i = 0; i < len && !err; i += piece)
		err = stream_feed(&s, bytes + i, len - i < piece ? len - i : piece);
	if (!err)
		err = stream_end(&s);
	error_free(err);
	stream_release(&s);
}

/* What is accepted must be what the schema asks for, mended or not. */
static void extract(struct slice text)
{
	cJSON *schema, *value;
	struct buffer json = BUFFER_INIT;
	struct error *err = json_parse(&schema, (struct slice){ answer_schema, strlen(answer_schema) }, "");
	if (err)
		abort();
	err = answer_extract(text, schema, NULL, &json);
	if (!err) {
		struct error *again = json_parse(&value, slice_of(&json), "");
		if (again || schema_validate(schema, value))
			abort();
		cJSON_Delete(value);
	}
	error_free(err);
	buffer_release(&json);
	cJSON_Delete(schema);
}

/* "o", "r", "a", "g", "c" for Converse, "l" for Ollama; any other byte is one of them too. */
static const struct codec *codec_of(uint8_t letter)
{
	static const struct {
		char letter;
		const struct codec *codec;
	} known[] = {
		{ 'o', &codec_openai },	   { 'r', &codec_responses }, { 'a', &codec_anthropic },
		{ 'g', &codec_gemini },	   { 'c', &codec_converse },  { 'l', &codec_ollama },
	};
	size_t i = 0;
	while (i < sizeof(known) / sizeof(known[0]) && known[i].letter != letter)
		i++;
	return known[i < sizeof(known) / sizeof(known[0]) ? i : letter % 6].codec;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	struct reader r = { .codec = codec_of(data[0]) };
	const char *bytes = (const char *)data + 2;
	struct slice body = { bytes, size - 2 };
	struct codec_error e;
	codec_answer_init(&r.answer);
	read_stream(&r, bytes, size - 2, 1 + data[1] % 32);
	extract(slice_of(&r.answer.text));
	extract(body);
	codec_error_parse(&e, body);
	codec_error_release(&e);
	codec_answer_release(&r.answer);
	return 0;
}
