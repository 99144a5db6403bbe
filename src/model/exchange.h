/*
 * One request on its way through attempts, retries and the repair round. Private to the engine.
 */
#ifndef MODEL_EXCHANGE_H
#define MODEL_EXCHANGE_H

#include "model/codec.h"

/* What is shared by the requests to one model during a run. */
struct engine_model {
	char *key;                   /* reviewer and endpoint */
	struct codec_dialect dialect;
	uint64_t paused_until_ms;    /* the server asked for silence until then */
	struct engine_model *next;
};

/* Thousands of requests share one schema: it is parsed once. */
struct engine_schema {
	char *text;
	cJSON *json;
	struct engine_schema *next;
};

/* The places of one provider, and who waits for one. */
struct provider_queue {
	char *name;
	unsigned limit, in_flight;
	struct exchange *first, *last;
	struct provider_queue *next;
};

struct model_engine {
	struct http *http;
	long deadline_ms;
	unsigned per_provider;
	struct engine_model *models;
	struct engine_schema *schemas;
	struct provider_queue *queues;
	uint64_t bytes;
	unsigned in_flight;
	uint64_t random;
	bool cancelled;
	bool pumping;
	void (*tick)(void *data);
	void *tick_data;
};

struct exchange {
	struct model_engine *engine;
	struct engine_model *shared;
	struct provider_queue *queue;
	const struct model *model;
	struct model_request request;
	const cJSON *schema;
	void (*on_reply)(void *data, const struct model_reply *reply);
	void *data;
	uint64_t started_ms, deadline_ms; /* on the monotonic clock */
	unsigned attempt;                 /* of this round */
	struct codec_dialect dialect;     /* used by this attempt */
	struct buffer body;
	struct stream stream;
	struct codec_answer answer;
	struct error *stream_error;
	char *complaint;                  /* in the repair round */
	struct buffer earlier;            /* its wrong answer, cut to fit */
	struct model_reply reply;
	struct exchange *next;
};

uint64_t model_clock_ms(void);

/* Sends the first attempt; settles X at once when that is not possible. */
void exchange_start(struct exchange *x);
void exchange_free(struct exchange *x);
/* Called by the exchange when its reply stands; by the engine for those never sent. */
void engine_settle(struct exchange *x);
void exchange_fail(struct exchange *x, enum model_outcome outcome, const char *message);

#endif
