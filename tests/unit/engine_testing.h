/*
 * What the tests of the engine share: a model served by a scripted server, and what became of a question. The
 * answers asked for are {"n": 0..9, "word": "yes"|"no"}.
 */
#ifndef ENGINE_TESTING_H
#define ENGINE_TESTING_H

#include "base_testing.h"
#include "scripted_server.h"

#include "base/memory.h"
#include "model/codec.h"

static const char schema[] =
	"{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"n\",\"word\"],\"properties\":{"
	"\"n\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":9},"
	"\"word\":{\"type\":\"string\",\"enum\":[\"yes\",\"no\"]}}}";

#define GOOD "{\"n\":1,\"word\":\"yes\"}"

#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
#define PIECE(json_text) "data: {\"model\":\"m-1\",\"choices\":[{\"delta\":{\"content\":\"" json_text "\"}}]}\n\n"
#define FINISH(reason) "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"" reason "\"}]}\n\n"
#define USAGE                                                                                   \
	"data: {\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":5,"               \
	"\"prompt_tokens_details\":{\"cached_tokens\":4}}}\n\n"
#define DONE "data: [DONE]\n\n"
#define GOOD_PIECES PIECE("{\\\"n\\\":1,") ": keep-alive\n\n" PIECE("\\\"word\\\":") PIECE("\\\"yes\\\"}")
#define GOOD_ANSWER HEAD GOOD_PIECES FINISH("stop") USAGE DONE
#define PROSE_ANSWER HEAD PIECE("I like this paper.") FINISH("stop") USAGE DONE
#define STATUS(line, headers, body) "HTTP/1.1 " line "\r\nConnection: close\r\n" headers "\r\n" body
#define AT_ONCE "retry-after-ms: 1\r\n"

struct outcome {
	unsigned replies;
	enum model_outcome outcome;
	char *answer, *raw_first, *message, *served_model;
	struct model_usage usage;
	unsigned attempts;
	bool repaired, later;
};

static inline void outcome_release(struct outcome *o)
{
	free(o->answer);
	free(o->raw_first);
	free(o->message);
	free(o->served_model);
	*o = (struct outcome){ 0 };
}

static inline void on_reply(void *data, const struct model_reply *reply)
{
	struct outcome *o = data;
	unsigned replies = o->replies + 1;
	outcome_release(o);
	*o = (struct outcome){
		.replies = replies,
		.outcome = reply->outcome,
		.answer = xstrdup(reply->answer.data),
		.raw_first = xstrdup(reply->raw_first.data),
		.message = reply->message ? xstrdup(reply->message) : NULL,
		.served_model = reply->served_model ? xstrdup(reply->served_model) : NULL,
		.usage = reply->usage,
		.attempts = reply->attempts,
		.repaired = reply->repaired,
		.later = reply->later,
	};
}

static inline struct model_request question(const char *user)
{
	return (struct model_request){ .system = "Review.", .user = user, .schema_name = "test",
				       .schema = schema, .max_output_tokens = 100 };
}

/* A model served by SERVER; the strings live as long as they have to. */
struct served {
	struct model model;
	char endpoint[96];
};

static inline void serve(struct served *s, const struct codec *codec, const struct scripted_server *server)
{
	static char reviewer[] = "lab/m", provider[] = "lab", name[] = "m", key[] = "sk-verysecretkey";
	snprintf(s->endpoint, sizeof(s->endpoint), "%s", server->url);
	s->model = (struct model){
		.reviewer = reviewer, .codec = codec, .provider = provider, .name = name,
		.endpoint = s->endpoint, .key = key, .local = true,
	};
}

static inline void assert_message(const struct outcome *o, enum model_outcome outcome, const char *text)
{
	if (o->outcome != outcome || !o->message || !strstr(o->message, text))
		print_error("%s: %s; expected %s\n", model_outcome_name(o->outcome),
			    o->message ? o->message : "(null)", text);
	assert_int_equal(o->outcome, outcome);
	assert_non_null(o->message);
	assert_non_null(strstr(o->message, text));
	assert_null(strchr(o->message, '\n'));
	assert_null(strstr(o->message, "verysecret"));
}

#endif
