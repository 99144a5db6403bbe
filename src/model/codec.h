/*
 * Codecs: how one provider's API says it. A codec writes the body of a request and understands
 * the messages of its streamed answer; everything else (queues, retries, validation) is the same
 * for all and lives elsewhere.
 */
#ifndef MODEL_CODEC_H
#define MODEL_CODEC_H

#include <stdint.h>

#include "base/json.h"
#include "model/model.h"
#include "net/stream.h"

/* Ceiling of the text of one answer. */
#define MODEL_MAX_ANSWER ((size_t)4 << 20)
/* Bytes of a server's error message that are shown. */
#define MODEL_MAX_MESSAGE 300
/* Tokens of output asked for when neither the request nor the model says. */
#define MODEL_DEFAULT_OUTPUT 4096

/* How the server is told that the answer has to be JSON. Servers differ in what they know. */
enum codec_format { FORMAT_SCHEMA, FORMAT_OBJECT, FORMAT_NONE };

/* What was learnt during a run about one model's server. Zero is what the standard says. */
struct codec_dialect {
	enum codec_format format;
	bool no_usage;      /* stream_options is not known */
	bool other_limit;   /* max_tokens and max_completion_tokens change places */
};

/* One question as a codec sees it. */
struct codec_question {
	const struct model *model;
	const struct model_request *request;
	const cJSON *schema;       /* request->schema, parsed */
	struct codec_dialect dialect;
	struct slice earlier;      /* of the repair round: the answer that was wrong */
	const char *complaint;     /* of the repair round: what to say about it; else NULL */
	bool whole;                /* the answer comes in one piece, not streamed: that of a batch */
	bool alone;                /* no other request has this shared part: writing it to a cache would
				    * only cost */
};

/* What the body of one answer told. */
struct codec_answer {
	struct buffer text;
	struct buffer refusal;
	bool finished;             /* the server said that this is all */
	bool truncated;            /* it stopped at the token limit */
	bool filtered;             /* it stopped at a content filter */
	struct model_usage usage;
	char *served_model;
	char *error;               /* an error sent inside a good response; redacted */
	bool error_permanent;
};
void codec_answer_init(struct codec_answer *a);
void codec_answer_release(struct codec_answer *a);

/* What an API takes of pictures. 0: no limit that we know of. */
struct image_limits {
	size_t nr;                 /* pictures of one request */
	size_t bytes;              /* of one picture's file */
	uint32_t side;             /* pixels of its longer side */
	size_t many;               /* with more pictures than this, ... */
	uint32_t side_of_many;     /* ... the longer side may have these pixels */
};

struct codec {
	const char *name;
	enum model_auth auth;      /* unless the provider's row says otherwise */
	const char *version;       /* "/v1": the part of the address that names the API's version, or NULL */
	bool version_in_endpoint;  /* it belongs to the endpoint: added to a bare host. Else write_path
				    * writes it, and it is taken off the endpoint */
	struct image_limits images;
	/* Appends the path and query behind the endpoint of a request to MODEL; NULL: chat_path is all of it. */
	void (*write_path)(struct buffer *out, const struct model *model);
	const char *chat_path;     /* that path up to what depends on the model, as people paste it */
	enum stream_kind stream;
	const char *const *headers; /* the same for all requests; NULL-terminated, may be NULL */
	bool keeps_no_cache;       /* nothing is gained by sending one of several similar requests ahead */
	bool asks_for_cache;       /* write_body marks the end of the shared part for the provider's cache */
	void (*write_body)(struct json_writer *w, const struct codec_question *q);
	/* Takes one message of the stream (or the whole answer of a server that does not stream). EVENT is
	 * the name of the event it came in, "message" when it had none. */
	void (*read_message)(struct codec_answer *a, const char *event, const cJSON *message);
	/* A 400 said COMPLAINT: changes DIALECT so that it will not come again, or returns false. */
	bool (*adapt)(struct codec_dialect *dialect, const char *complaint);
	const char *list_path;     /* GET; {<list_array>: [{<list_name>: "model"}]} */
	const char *list_array;
	const char *list_name;
	const char *when_down;     /* what to ask when nobody listens */
};

extern const struct codec codec_openai;    /* chat completions */
extern const struct codec codec_responses;
extern const struct codec codec_anthropic; /* messages */
extern const struct codec codec_gemini;    /* generateContent */
extern const struct codec codec_converse;  /* of Amazon Bedrock */
extern const struct codec codec_ollama;
/* Appends "/v1beta/models/<name>", where Gemini's API has the model: its method follows. */
void codec_gemini_add_model(struct buffer *out, const char *name);
void codec_write_path(struct buffer *out, const struct model *model);
const struct codec *codec_by_name(const char *name); /* NULL if there is none */
const char *codec_name(size_t i);                    /* NULL behind the last */

/* Hands one message of a stream to the codec: "[DONE]", errors and malformed bytes are
 * understood here. ERROR_SYNTAX when it is no JSON, ERROR_LIMIT when the text gets too long. */
struct error *codec_take_message(const struct codec *codec, struct codec_answer *a, const char *event,
				 struct slice message);
/* The same of a message that is parsed already. */
struct error *codec_take_json(const struct codec *codec, struct codec_answer *a, const char *event,
			      const cJSON *json);

/* -- what codecs have in common: writing -- */

/* system, user and, in the repair round, the wrong answer and the complaint, as a list of turns
 * {"role","content"}. WRITE_CONTENT writes the user's content with its key, and what goes beside it. */
void codec_write_turns(struct json_writer *w, const struct codec_question *q,
		       void (*write_content)(struct json_writer *w, const struct codec_question *q));
/* Appends what the system prompt says: with the schema in words unless it is sent as such. */
void codec_add_system(struct buffer *out, const struct codec_question *q);
/* "content": what is shared and the user's text in one string. */
void codec_write_plain_content(struct json_writer *w, const struct codec_question *q);
/* SCHEMA without the keywords in UNKNOWN (ending with NULL), which this API refuses: the description of
 * what they are about tells them. Answers are validated against all of it here. */
void codec_write_schema(struct json_writer *w, const cJSON *schema, const char *const *unknown);
/* The picture's bytes in base 64 behind PREFIX, as a string. */
void codec_add_image(struct json_writer *w, const char *prefix, const struct model_image *image);
/* The picture as a data URL. */
void codec_add_image_url(struct json_writer *w, const struct model_image *image);
int64_t codec_output_tokens(const struct codec_question *q);
/* Whether Claude's cache pays, which holds all up to the mark behind what is shared: the system prompt, too. */
bool codec_is_worth_caching(const struct codec_question *q);

/* -- reading -- */

/* An error inside a good response; JSON is the object with its message. */
void codec_answer_fail(struct codec_answer *a, const cJSON *json);
/* The model that answers, as the server names it: the first name counts. */
void codec_answer_served_by(struct codec_answer *a, const char *name);
/* Asks for JSON in a way that more servers know; false when there is none left. */
bool codec_next_format(struct codec_dialect *dialect);
/* Adds counts of one exchange to a sum; -1 (not told) stays only while nothing was told. */
void model_usage_add(struct model_usage *sum, const struct model_usage *more);

/* TEXT from outside as one line for a person: redacted, no control bytes, MODEL_MAX_MESSAGE bytes. */
char *model_one_line(const char *text);

/* The error in a body such as {"error":{"message","code"}}, [{"error":...}], {"error":"text"} or
 * {"detail":"text"}. */
struct codec_error {
	char *message;             /* one line, redacted; NULL: the body says nothing */
	bool permanent;            /* asking again cannot help, whatever the status */
	uint64_t retry_ms;         /* the delay the body asks for (at most 30 days); 0: not told */
};
/* From a parsed body; false when it holds no message. The caller releases it. */
bool codec_error_of_json(struct codec_error *out, const cJSON *body);
void codec_error_parse(struct codec_error *out, struct slice body);
void codec_error_release(struct codec_error *e);
/* "429 quota exceeded, retry after 9 h" for a person. RETRY_MS 0: not told. */
char *codec_status_message(long status, const struct codec_error *e, uint64_t retry_ms);

#endif
