/*
 * What this program knows about one provider, in one table: provider_<name>.c. Adding a provider is such a
 * file and its line in provider.c; a new API is a codec besides.
 */
#ifndef MODEL_PROVIDER_H
#define MODEL_PROVIDER_H

#include "model/codec.h"
#include "model/prices.h"

/* Headers in which a server says what is left of its limits: of requests and of tokens, each with the
 * time at which it is full again. The forms of that time (seconds, "1m30s", RFC 3339) are told apart by
 * how they look. NULL where there is none. */
struct limit_headers {
	const char *requests_limit, *requests_left, *requests_reset;
	const char *tokens_limit, *tokens_left, *tokens_reset;
};

struct batch_api;

struct provider {
	const char *name;
	const struct codec *codec;       /* unless scrutiny.<name>.api names another */
	const char *endpoint;
	const char *endpoint_env[3];     /* variables that overrule it, the first that is set counts */
	char *(*read_endpoint)(const char *env_value); /* NULL: it is a base URL */
	const char *key_env[3];          /* variables that may hold the key, likewise */
	enum model_auth auth;
	bool needs_key;                  /* except on loopback */
	unsigned per_provider;           /* requests at once, to begin with; 0: 8 */
	struct limit_headers limits;
	/* Where it has several APIs: the one that serves MODEL, unless the user says which; and the path
	 * below the endpoint at which CODEC's is. NULL: CODEC, at the endpoint. */
	const struct codec *(*codec_of)(const char *model);
	const char *(*path_of)(const struct codec *codec);
	/* The base URL where none is configured, malloc'd; NULL: ENDPOINT. */
	struct error *(*find_endpoint)(char **out, const struct model_settings *settings);
	int64_t context_tokens;          /* of its models where a row of prices does not say; 0: unknown */
	const struct price_row *prices;  /* ends with a row without a model; may be NULL */
	/* The name under which PRICES have MODEL, malloc'd (NULL: they have not), and what they are to be
	 * multiplied by. NULL: they have it under its own name. */
	char *(*price_name)(const char *model, double *factor);
	const char *price_prefix;        /* before a name in PRICES: an id that costs just that; may be NULL */
	const struct batch_api *batch;   /* NULL: it has none */
};

/* In the order shown to people. */
extern const struct provider *const providers[]; /* ends with NULL */
const struct provider *provider_by_name(const char *name);

extern const struct provider provider_openai, provider_anthropic, provider_gemini, provider_bedrock,
	provider_ollama;

/* Anthropic's list of prices, which holds for others who serve Claude. */
extern const struct price_row claude_prices[];

#endif
