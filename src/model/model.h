/*
 * Models: one file a provider, one engine that sends everything at once.
 *
 * A *reviewer* is spelled "<provider>/<model>", e.g. "ollama/llama3.1" or "openai/gpt-6-luna"; the
 * provider is a row of the provider table or a name configured as OpenAI-compatible
 * (git config scrutiny.<name>.endpoint). Endpoints and keys never come from a repository's files.
 */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "net/http.h"

struct aws_credentials;
struct price_row;
struct provider;

#define MODEL_KEY_STORED "git's credential helper" /* see key_from */

/* How a request proves who sends it. */
enum model_auth {
	MODEL_AUTH_BEARER,         /* Authorization: Bearer KEY (nothing without a key) */
	MODEL_AUTH_X_API_KEY,      /* x-api-key: KEY */
	MODEL_AUTH_X_GOOG_API_KEY, /* x-goog-api-key: KEY */
	MODEL_AUTH_AWS,            /* AWS Signature Version 4, service bedrock; Bearer with a KEY */
};

/* Everything needed to call one model. Strings are owned. */
struct model {
	char *reviewer;         /* "ollama/llama3.1": the name shown and recorded */
	const struct codec *codec;
	const struct provider *row; /* of the provider table; NULL for a server the user named */
	char *provider;         /* "ollama" */
	char *name;             /* "llama3.1" */
	char *family;           /* for the consensus: "llama", "gpt", "claude", ... */
	char *endpoint;         /* base URL without a trailing slash */
	char *key;              /* secret or NULL; known to the trace redactor */
	char *key_from;         /* the variable it was in, or MODEL_KEY_STORED; NULL without a key */
	enum model_auth auth;   /* how the key is shown to the server */
	struct aws_credentials *aws; /* of MODEL_AUTH_AWS: see net/aws.h; else NULL */
	char *region;           /* of MODEL_AUTH_AWS; else NULL */
	int64_t context_tokens; /* 0: unknown, a safe default is used */
	int64_t max_output_tokens;
	unsigned concurrency;   /* requests in flight at once to its provider, as the user says; 0: nothing said */
	bool local;             /* nothing leaves this machine: the endpoint is a loopback address and
				 * the model none that Ollama forwards to a cloud */
	double price_in, price_out; /* to show: US dollars per million tokens of the smallest prompts, today;
				     * < 0: unknown. model_cost knows better */
	struct price_row *prices; /* what it costs, the user's rows first; ends with a row without a model.
				   * NULL: nothing if it is local, else unknown */
};
void model_release(struct model *m);
/* The one of MODELS that is recorded as REVIEWER, or NULL. */
const struct model *model_of_reviewer(const struct model *models, size_t nr, const char *reviewer);

/* Counts in tokens as the bill has them; -1: not told. Providers that report cached tokens beside
 * the input are brought into this form by their codec. */
struct model_usage {
	int64_t input_tokens;       /* all of the prompt, whatever came from a cache included */
	int64_t output_tokens;      /* all that was generated, reasoning included */
	int64_t cached_tokens;      /* of the input: read from the provider's cache */
	int64_t cache_write_tokens; /* of the input: written to it, where that is billed apart */
	int64_t reasoning_tokens;   /* of the output: not part of the answer */
};
#define MODEL_USAGE_UNKNOWN ((struct model_usage){ -1, -1, -1, -1, -1 })

/* A picture that goes with a question: a page or a figure. */
struct model_image {
	const char *media_type; /* "image/png", "image/jpeg" */
	struct slice data;      /* the file's bytes */
};

/* One question to a model. */
struct model_request {
	const char *system;
	/* What several requests to one model have in common, the paper: sent before USER in the same
	 * turn, so that a provider's cache serves it. Where a cache has to be asked for, it is; and the first of
	 * several requests with the same system, schema and SHARED goes ahead of the others until its
	 * answer begins, so that they find the cache filled. May be NULL. */
	const char *shared;
	const char *user;
	const struct model_image *images; /* after SHARED, before USER */
	size_t nr_images;
	const char *schema_name;
	const char *schema;        /* JSON Schema text; the answer must be one JSON object of it */
	const char *const *may_lack; /* keys, NULL-terminated: an answer without them means them empty */
	int64_t max_output_tokens;
};

enum model_outcome {
	MODEL_OK,          /* `answer` validates against the schema */
	MODEL_FAILED,      /* transport or HTTP error after all retries: see `message` */
	MODEL_INVALID,     /* answered, but not JSON of the schema even after the repair round */
	MODEL_TRUNCATED,   /* the answer ended at the token limit */
	MODEL_REFUSED,
	MODEL_OVER_BUDGET, /* not sent: the budget refused; `message` says which */
	MODEL_CANCELLED,
};
const char *model_outcome_name(enum model_outcome outcome);

struct model_reply {
	enum model_outcome outcome;
	bool later;                /* FAILED because the server asked for a delay beyond the deadline, or
				    * because its circuit is open: another model would answer now */
	struct buffer answer;      /* the answer text as the model gave it (the JSON text when OK) */
	struct buffer raw_first;   /* the first answer when a repair round was needed; else empty */
	struct model_usage usage;  /* of all rounds together */
	unsigned attempts;         /* HTTP requests made */
	bool repaired;
	char *message;             /* one line for a person when not OK; redacted */
	char *served_model;        /* as the server names it, or NULL */
	uint64_t elapsed_ms;
};
void model_reply_release(struct model_reply *r);

/* SHA-256 hex over everything that decides the answer: provider, model, schema, prompts, pictures, limits.
 * The endpoint and the key are not part of it. */
void model_request_hash(const struct model *m, const struct model_request *r, char out[65]);

/* Tokens of TEXT, an upper estimate good to about 15 % for English and TeX without the model's
 * tokenizer. */
int64_t model_estimate_tokens(struct slice text);
#define MODEL_MAX_TOKENS_PER_BYTE 3 /* of such an estimate */
/* The number to expect where the upper estimate is ESTIMATE: on whole papers within 8 % of what the
 * tokenizers of GPT (o200k), Claude 2, Llama 3 and Gemma 3 say, and up to 12 % below Mistral's. */
int64_t model_likely_tokens(int64_t estimate);
/* Bounds of what one request for R can use of M: what is reserved for it. */
struct model_usage model_usage_at_most(const struct model *m, const struct model_request *r);

/*
 * The engine: submit any number of requests, then run. Calls are streamed, tried again as
 * net/retry.h says, and validated; an invalid answer gets one repair round. ON_REPLY is called
 * once per request, the moment it is settled, from inside model_run.
 */
struct model_engine;

/* Money, asked about around every HTTP request of every model that is not free: before it is sent,
 * what it can cost at most is reserved; when it has ended, that is settled. DATA is of the settings,
 * REQUEST_DATA the data of the model_submit it belongs to. */
struct model_budget {
	/* WORST: upper bounds of input and output; USD: their price, < 0 unknown. ERROR_BUDGET refuses, and its
	 * message is told as the reply's. *RESERVATION is handed to settle. */
	struct error *(*reserve)(void *data, void *request_data, const struct model_usage *worst,
				 double usd, uint64_t *reservation);
	/* What it did cost. SURE is false where a stream broke before the usage was told: then USAGE and
	 * USD are estimates of what may have been billed. Nothing billed is a USD of 0. Of an answer that ends
	 * its request it is called after ON_REPLY: who is killed in between has kept what was paid for. */
	void (*settle)(void *data, uint64_t reservation, const struct model_usage *usage, double usd, bool sure);
	void *data;
};

struct model_engine_settings {
	struct http_settings http;
	long deadline_ms;           /* per request from when it is first sent, retries included;
				     * 0: 600,000 */
	long run_deadline_ms;       /* for all of them, from model_run on; 0: none. What is left then is
				     * settled as MODEL_FAILED */
	unsigned per_provider;      /* in flight at once, at most; 0: as the provider's row says, adapted to
				     * what the server's limit headers leave */
	long retry_first_ms;        /* delay before the second attempt, doubled each time; 0: 500 */
	double hedge;               /* > 0: a request that has been silent HEDGE times as long as the
				     * median answer takes is sent a second time, within the budget, and the first
				     * answer counts; 0: never */
	struct model_budget budget; /* reserve NULL: money is not watched */
};
struct error *model_engine_new(struct model_engine **out, const struct model_engine_settings *settings);
void model_engine_free(struct model_engine *e);
/* *R is copied; M and the strings of R must live until the reply. May be called from ON_REPLY and
 * the tick. Fails only when the schema or the endpoint is wrong, or the run was interrupted. */
struct error *model_submit(struct model_engine *e, const struct model *m, const struct model_request *r,
			   void (*on_reply)(void *data, const struct model_reply *reply), void *data);
void model_engine_set_tick(struct model_engine *e, void (*fn)(void *data), void *data);
/* Requests that are under way. */
unsigned model_engine_in_flight(const struct model_engine *e);
/* Runs until every request is settled. When *STOP becomes true (it may be NULL), the requests that
 * are left are settled as MODEL_CANCELLED, and the run ends with ERROR_CANCELLED. */
struct error *model_run(struct model_engine *e, volatile const int *stop);

/*
 * Which models are there. CONFIG answers "scrutiny.<...>" keys (git config), ENV environment
 * variables; both may return NULL.
 */
struct model_settings {
	const char *(*config)(void *data, const char *key);
	/* Calls FN for every setting whose key starts with PREFIX, in order; may be NULL. */
	void (*config_each)(void *data, const char *prefix,
			    void (*fn)(const char *key, const char *value, void *fn_data),
			    void *fn_data);
	const char *(*env)(void *data, const char *name);
	/* The key that the user's credential helper keeps for the provider at ENDPOINT, malloc'd, or NULL: asked
	 * when the environment has none. May be NULL. */
	char *(*credential)(void *data, const char *provider, const char *endpoint);
	void *data;
	struct http_settings http; /* for what is asked of servers meanwhile; timeouts are set here */
};
/* Looks SPEC up ("ollama/llama3.1", "openai/gpt-6-luna", "mylab/qwen" with scrutiny.mylab.endpoint set,
 * "ollama" alone: scrutiny.ollama.model or its first model). Asks an Ollama server for context length
 * and existence (500 ms connect timeout). ERROR_NOT_FOUND/ERROR_USAGE with what to configure.
 *
 * Settings, "<p>" being the provider, and for the last four also "<provider>/<model>", which wins:
 *   scrutiny.<p>.endpoint       base URL; openai also OPENAI_BASE_URL, ollama OLLAMA_HOST,
 *                               bedrock AWS_ENDPOINT_URL_BEDROCK_RUNTIME, AWS_ENDPOINT_URL
 *   scrutiny.<p>.api            a codec's name: "openai" (chat completions; default for new names),
 *                               "responses", "anthropic", "gemini", "ollama", "converse"
 *   scrutiny.<p>.model          what the provider's name alone means
 *   scrutiny.<p>.keyenv         name of the variable that holds the key (openai: OPENAI_API_KEY)
 *   scrutiny.<p>.allowplainhttp true: the key may go over http to another machine
 *   scrutiny.<p>.region         of bedrock; else AWS_REGION, AWS_DEFAULT_REGION, the profile's
 *   scrutiny.<p>.profile        of bedrock: of ~/.aws/config; else AWS_PROFILE
 *   scrutiny.<p>.concurrency    requests in flight at once, of the provider; else the engine adapts
 *   scrutiny.<p>.contexttokens  .maxtokens  .pricein  .priceout
 *
 * and scrutiny.<p>.price, any number of times: rows of prices as in model/prices.h. Of those that hold
 * for a request, the one with the smallest upTo counts, then one with dates, then the one set last; then
 * pricein and priceout, then what this program knows. */
struct error *model_find(struct model *out, const char *spec, const struct model_settings *settings);
/* The models an Ollama at ENDPOINT has, in its order; ERROR_NETWORK or ERROR_TIMEOUT when nobody
 * answers within 300 ms. The caller frees the names and the array. */
struct error *model_ollama_list(const char *endpoint, const struct http_settings *http, char ***names,
				size_t *nr);
/* The base URL of the provider NAME as the settings have it, without a trailing slash, malloc'd; or
 * ERROR_USAGE when there is no such provider or the address is wrong. */
struct error *model_endpoint(char **out, const char *name, const struct model_settings *settings);

/* Whether the server of PROVIDER takes KEY, by one cheap request: for its list of models. ERROR_USAGE: the
 * server refuses it, no key looks like that, or it would go out in the clear; any other error: nobody could
 * tell. */
struct error *model_check_key(const char *provider, const char *key, const struct model_settings *settings);
/* Adds to the MESSAGE about an answer with STATUS, malloc'd, where the key that was refused came from and
 * what can be done; gives back the message, a new one or the same. */
char *model_key_advice(const struct model *m, long status, char *message);

/* The providers that work without configuring an endpoint: their names, NULL behind the last. */
const char *model_provider_name(size_t i);

/* What USAGE costs in US dollars: 0 for a local model, < 0 when the price or the tokens are unknown.
 * DATE (seconds since the epoch) and the size of the prompt decide between tariffs. */
double model_cost(const struct model *m, const struct model_usage *usage, int64_t date);
/* Asking it costs nothing: it is local, and the user gave it no price. */
bool model_is_free(const struct model *m);
/* What a batch costs of that, as a fraction. */
double model_batch_fraction(const struct model *m, int64_t prompt_tokens, int64_t date);

#endif
