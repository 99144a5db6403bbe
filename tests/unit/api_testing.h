/*
 * How each API says the same things: the beginning of an answer, a piece of its text, its end, an error in
 * mid-answer. Bodies may hold NUL bytes.
 */
#ifndef API_TESTING_H
#define API_TESTING_H

#include "event_stream_testing.h"
#include "engine_testing.h"

#include "model/provider.h"

enum api_end { END_STOP, END_LENGTH, END_REFUSAL };

struct api {
	const struct codec *codec;
	enum model_auth auth;
	const char *content_type;
	void (*begin)(struct buffer *out);
	void (*piece)(struct buffer *out, const char *text); /* TEXT as it stands inside of a JSON string */
	void (*end)(struct buffer *out, enum api_end end);
	void (*error)(struct buffer *out);
	const char *error_before, *error_after; /* around the message, in the body of a 4xx or 5xx */
	const char *overflow;      /* the message for a prompt larger than the context */
};

static inline void nothing(struct buffer *out)
{
	(void)out;
}

/* -- chat completions -- */

static inline void chat_piece(struct buffer *out, const char *text)
{
	buffer_addf(out, "data: {\"model\":\"m-1\",\"choices\":[{\"delta\":{\"content\":\"%s\"}}]}\n\n", text);
}

static inline void chat_end(struct buffer *out, enum api_end end)
{
	if (end == END_REFUSAL)
		buffer_addstr(out, "data: {\"choices\":[{\"delta\":{\"refusal\":\"I cannot\"}}]}\n\n");
	buffer_addf(out, "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"%s\"}]}\n\n",
		    end == END_LENGTH ? "length" : "stop");
	buffer_addstr(out, USAGE DONE);
}

static inline void chat_error(struct buffer *out)
{
	buffer_addstr(out, "data: {\"error\":{\"message\":\"overloaded\",\"type\":\"server_error\"}}\n\n");
}

/* -- responses -- */

static inline void responses_piece(struct buffer *out, const char *text)
{
	buffer_addf(out, "event: response.output_text.delta\n"
			 "data: {\"type\":\"response.output_text.delta\",\"delta\":\"%s\"}\n\n", text);
}

static inline void responses_end(struct buffer *out, enum api_end end)
{
	if (end == END_REFUSAL)
		buffer_addstr(out, "data: {\"type\":\"response.refusal.delta\",\"delta\":\"I cannot\"}\n\n");
	const char *status = end == END_LENGTH ? "incomplete" : "completed";
	buffer_addf(out, "data: {\"type\":\"response.%s\",\"response\":{\"status\":\"%s\",\"model\":\"m-1\","
			 "\"incomplete_details\":%s,\"usage\":{\"input_tokens\":10,\"output_tokens\":5}}}\n\n",
		    status, status, end == END_LENGTH ? "{\"reason\":\"max_output_tokens\"}" : "null");
}

static inline void responses_error(struct buffer *out)
{
	buffer_addstr(out, "event: error\ndata: {\"type\":\"error\",\"code\":\"server_error\","
			   "\"message\":\"overloaded\"}\n\n");
}

/* -- Anthropic -- */

static inline void anthropic_begin(struct buffer *out)
{
	buffer_addstr(out, "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":\"m-1\","
			   "\"content\":[],\"usage\":{\"input_tokens\":10,\"output_tokens\":1}}}\n\n");
}

static inline void anthropic_piece(struct buffer *out, const char *text)
{
	buffer_addf(out, "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
			 "\"delta\":{\"type\":\"text_delta\",\"text\":\"%s\"}}\n\n", text);
}

static inline void anthropic_end(struct buffer *out, enum api_end end)
{
	static const char *const reasons[] = { "end_turn", "max_tokens", "refusal" };
	buffer_addf(out, "event: message_delta\n"
			 "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"%s\"},"
			 "\"usage\":{\"output_tokens\":5}}\n\n"
			 "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n", reasons[end]);
}

static inline void anthropic_error(struct buffer *out)
{
	buffer_addstr(out, "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
			   "\"message\":\"overloaded\"}}\n\n");
}

/* -- Gemini -- */

static inline void gemini_piece(struct buffer *out, const char *text)
{
	buffer_addf(out, "data: {\"modelVersion\":\"m-1\",\"candidates\":[{\"content\":{\"role\":\"model\","
			 "\"parts\":[{\"text\":\"%s\"}]}}]}\n\n", text);
}

static inline void gemini_end(struct buffer *out, enum api_end end)
{
	static const char *const reasons[] = { "STOP", "MAX_TOKENS", "SAFETY" };
	buffer_addf(out, "data: {\"candidates\":[{\"finishReason\":\"%s\"}],\"usageMetadata\":{"
			 "\"promptTokenCount\":10,\"candidatesTokenCount\":5}}\n\n", reasons[end]);
}

static inline void gemini_error(struct buffer *out)
{
	buffer_addstr(out, "data: {\"error\":{\"code\":503,\"message\":\"overloaded\","
			   "\"status\":\"UNAVAILABLE\"}}\n\n");
}

/* -- Ollama -- */

static inline void ollama_piece(struct buffer *out, const char *text)
{
	buffer_addf(out, "{\"model\":\"m-1\",\"message\":{\"content\":\"%s\"},\"done\":false}\n", text);
}

static inline void ollama_end(struct buffer *out, enum api_end end)
{
	buffer_addf(out, "{\"done\":true,\"done_reason\":\"%s\",\"prompt_eval_count\":10,\"eval_count\":5}\n",
		    end == END_LENGTH ? "length" : "stop");
}

static inline void ollama_error(struct buffer *out)
{
	buffer_addstr(out, "{\"error\":\"overloaded\"}\n");
}

/* -- Converse -- */

static inline void converse_piece(struct buffer *out, const char *text)
{
	struct buffer payload = BUFFER_INIT;
	buffer_addf(&payload, "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"%s\"}}", text);
	frame_message(out, "event", "contentBlockDelta", payload.data);
	buffer_release(&payload);
}

static inline void converse_end(struct buffer *out, enum api_end end)
{
	static const char *const stops[] = { "{\"stopReason\":\"end_turn\"}", "{\"stopReason\":\"max_tokens\"}",
					     "{\"stopReason\":\"content_filtered\"}" };
	frame_message(out, "event", "messageStop", stops[end]);
	frame_message(out, "event", "metadata", "{\"usage\":{\"inputTokens\":10,\"outputTokens\":5}}");
}

static inline void converse_error(struct buffer *out)
{
	frame_message(out, "exception", "serviceUnavailableException", "{\"message\":\"overloaded\"}");
}

#define OPENAI_ERROR "{\"error\":{\"message\":\"", "\",\"type\":\"error\"}}"
#define EVENTS "text/event-stream"

static const struct api apis[] = {
	{ &codec_openai, MODEL_AUTH_BEARER, EVENTS, nothing, chat_piece, chat_end, chat_error, OPENAI_ERROR,
	  "This model's maximum context length is 8192 tokens" },
	{ &codec_responses, MODEL_AUTH_BEARER, EVENTS, nothing, responses_piece, responses_end, responses_error,
	  OPENAI_ERROR, "Your input exceeds the context window of this model" },
	{ &codec_anthropic, MODEL_AUTH_X_API_KEY, EVENTS, anthropic_begin, anthropic_piece, anthropic_end,
	  anthropic_error, "{\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"", "\"}}",
	  "prompt is too long: 250000 tokens > 200000 maximum" },
	{ &codec_gemini, MODEL_AUTH_X_GOOG_API_KEY, EVENTS, nothing, gemini_piece, gemini_end, gemini_error,
	  "{\"error\":{\"code\":0,\"message\":\"", "\",\"status\":\"UNKNOWN\"}}",
	  "The input token count exceeds the maximum number of tokens allowed" },
	{ &codec_ollama, MODEL_AUTH_BEARER, "application/x-ndjson", nothing, ollama_piece, ollama_end,
	  ollama_error, "{\"error\":\"", "\"}", "input length exceeds maximum context length" },
	{ &codec_converse, MODEL_AUTH_AWS, "application/vnd.amazon.eventstream", nothing, converse_piece,
	  converse_end, converse_error, "{\"message\":\"", "\"}", "Input is too long for requested model." },
};

#define NR_APIS ARRAY_SIZE(apis)

#endif
