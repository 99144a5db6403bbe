/*
 * Models: one codec a provider, one engine that sends everything at once.
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

/* Everything needed to call one model. Strings are owned. */
struct model {
	char *reviewer;         /* "ollama/llama3.1": the name shown and recorded */
	const struct codec *codec;
	char *provider;         /* "ollama" */
	char *name;             /* "llama3.1" */
	char *family;           /* for the consensus: "llama", "gpt", "claude", ... */
	char *endpoint;         /* base URL without a trailing slash */
	char *key;              /* secret or NULL; known to the trace redactor */
	int64_t context_tokens; /* 0: unknown, a safe default is used */
	int64_t max_output_tokens;
	bool local;             /* nothing leaves this machine: the endpoint is a loopback address and
				 * the model none that Ollama forwards to a cloud */
	double price_in, price_out; /* US dollars per million tokens; < 0: unknown. Of the smallest
				     * prompts, where size matters; model_cost knows */
	bool own_price;         /* the user configured it: it holds for any size */
};
void model_release(struct model *m);

struct model_usage {
	int64_t input_tokens, output_tokens, cached_tokens; /* -1: not told */
};

/* One question to a model. */
struct model_request {
	const char *system;
	const char *user;
	const char *schema_name;
	const char *schema;        /* JSON Schema text; the answer must be one JSON object of it */
	int64_t max_output_tokens;
};

enum model_outcome {
	MODEL_OK,          /* `answer` validates against the schema */
	MODEL_FAILED,      /* transport or HTTP error after all retries: see `message` */
	MODEL_INVALID,     /* answered, but not JSON of the schema even after the repair round */
	MODEL_TRUNCATED,   /* the answer ended at the token limit */
	MODEL_REFUSED,
	MODEL_CANCELLED,
};
const char *model_outcome_name(enum model_outcome outcome);

struct model_reply {
	enum model_outcome outcome;
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

/* SHA-256 hex over everything that decides the answer: provider, model, schema, prompts, limits.
 * The endpoint and the key are not part of it. */
void model_request_hash(const struct model *m, const struct model_request *r, char out[65]);

/* Tokens of TEXT, an upper estimate good to about 15 % for English and TeX without the model's
 * tokenizer. */
int64_t model_estimate_tokens(struct slice text);
#define MODEL_MAX_TOKENS_PER_BYTE 3 /* of such an estimate */

/*
 * The engine: submit any number of requests, then run. Calls are streamed, tried again as
 * net/retry.h says, and validated; an invalid answer gets one repair round. ON_REPLY is called
 * once per request, the moment it is settled, from inside model_run.
 */
struct model_engine;
struct model_engine_settings {
	struct http_settings http;
	long deadline_ms;           /* per request from when it is first sent, retries included;
				     * 0: 600,000 */
	unsigned per_provider;      /* in flight at once; 0: 8 (ollama: 2) */
};
struct error *model_engine_new(struct model_engine **out, const struct model_engine_settings *settings);
void model_engine_free(struct model_engine *e);
/* *R is copied; M and the strings of R must live until the reply. May be called from ON_REPLY and
 * the tick. Fails only when the schema or the endpoint is wrong, or the run was interrupted. */
struct error *model_submit(struct model_engine *e, const struct model *m, const struct model_request *r,
			   void (*on_reply)(void *data, const struct model_reply *reply), void *data);
void model_engine_set_tick(struct model_engine *e, void (*fn)(void *data), void *data);
/* Bytes of answer received so far over all requests, and requests in flight: for the meter. */
void model_engine_stats(const struct model_engine *e, uint64_t *bytes, unsigned *in_flight);
/* Runs until every request is settled. When *STOP becomes true (it may be NULL), the requests that
 * are left are settled as MODEL_CANCELLED, and the run ends with ERROR_CANCELLED. */
struct error *model_run(struct model_engine *e, volatile const int *stop);

/*
 * Which models are there. CONFIG answers "scrutiny.<...>" keys (git config), ENV environment
 * variables; both may return NULL.
 */
struct model_settings {
	const char *(*config)(void *data, const char *key);
	const char *(*env)(void *data, const char *name);
	void *data;
};
/* Looks SPEC up ("ollama/llama3.1", "openai/gpt-6-luna", "mylab/qwen" with scrutiny.mylab.endpoint set,
 * "ollama" alone: scrutiny.ollama.model or its first model). Asks an Ollama server for context length
 * and existence (500 ms connect timeout). ERROR_NOT_FOUND/ERROR_USAGE with what to configure.
 *
 * Settings, "<p>" being the provider, and for the last four also "<provider>/<model>", which wins:
 *   scrutiny.<p>.endpoint       base URL; openai also OPENAI_BASE_URL, ollama OLLAMA_HOST
 *   scrutiny.<p>.api            "openai" (default for new names) or "ollama"
 *   scrutiny.<p>.model          what the provider's name alone means
 *   scrutiny.<p>.keyenv         name of the variable that holds the key (openai: OPENAI_API_KEY)
 *   scrutiny.<p>.allowplainhttp true: the key may go over http to another machine
 *   scrutiny.<p>.contexttokens  .maxtokens  .pricein  .priceout */
struct error *model_find(struct model *out, const char *spec, const struct model_settings *settings);
/* The models an Ollama at ENDPOINT has, in its order; ERROR_NETWORK or ERROR_TIMEOUT when nobody
 * answers within 300 ms. The caller frees the names and the array. */
struct error *model_ollama_list(const char *endpoint, char ***names, size_t *nr);
/* The base URL of the provider NAME as the settings have it, without a trailing slash, malloc'd; or
 * ERROR_USAGE when there is no such provider or the address is wrong. */
struct error *model_endpoint(char **out, const char *name, const struct model_settings *settings);

/* The providers that work without configuring an endpoint: their names, NULL behind the last. */
const char *model_provider_name(size_t i);

/* What USAGE costs in US dollars: 0 for a local model, < 0 when the price or the tokens are unknown.
 * DATE (seconds since the epoch) and the size of the prompt decide between tariffs. */
double model_cost(const struct model *m, const struct model_usage *usage, int64_t date);

#endif
