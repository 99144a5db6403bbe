/*
 * One question on its way through attempts, retries and the repair round. Private to the engine.
 *
 * exchange.c decides what follows from an answer; attempt.c sends one HTTP request and reads its answer;
 * reservation.c asks for the money; queue.c holds what waits for a place, a time or a leader; engine.c
 * runs it all.
 */
#ifndef MODEL_EXCHANGE_H
#define MODEL_EXCHANGE_H

#include "base/heap.h"
#include "base/strmap.h"
#include "model/circuit.h"
#include "model/codec.h"
#include "model/hedge.h"
#include "model/limits.h"

struct exchange;

struct exchange_list {
	struct exchange *first, *last;
};

/* The places at one server, and whether it works. */
struct pool {
	char *key;                   /* provider and endpoint */
	struct window window;
	unsigned in_flight;          /* HTTP requests */
	struct circuit circuit;
	char *complaint;             /* of its last failure */
	struct lane *lanes, *turn;   /* TURN is the next to take a place */
	struct pool *next;
};

/* The requests to one model, which share its limits and what was learnt about it. */
struct lane {
	char *reviewer, *endpoint;
	struct pool *pool;
	struct codec_dialect dialect;
	const struct limit_headers *limits; /* or NULL */
	uint64_t paused_until_ms;    /* the server asked for silence until then */
	bool pause_is_news;          /* who cannot wait so long has not been sent away */
	struct pace pace;
	struct hedge hedge;
	struct exchange_list ready;  /* waiting for a place, in their order */
	struct lane *next_of_pool, *next;
};

/* The questions with the same beginning: one goes ahead of the others. */
struct group {
	struct exchange *leader;     /* until its answer begins or it has ended */
	bool open;                   /* nobody has to wait any more */
	unsigned members;
	struct exchange_list followers;
};

/* Thousands of requests share one schema: it is parsed once. */
struct engine_schema {
	char *text;
	cJSON *json;
	struct engine_schema *next;
};

struct model_engine {
	struct http *http;
	struct model_engine_settings settings; /* the defaults filled in; without its strings */
	uint64_t run_end_ms;         /* UINT64_MAX: none */
	uint64_t next_tick_ms;
	struct pool *pools;
	struct lane *lanes;
	struct engine_schema *schemas;
	struct strmap groups;
	struct heap delayed;         /* exchanges, by when they are due */
	struct exchange *unsettled;  /* all of them, doubly linked */
	uint64_t nr_requests, nr_hedged;
	unsigned in_flight;
	uint64_t random;
	bool cancelled;
	bool pumping;
	void (*tick)(void *data);
	void *tick_data;
};

/* Where an exchange is. */
enum place { PLACE_NONE, PLACE_READY, PLACE_DELAYED, PLACE_FOLLOWING };

/* One HTTP request. */
struct attempt {
	struct exchange *exchange;
	uint64_t http_id;
	struct codec_dialect dialect;
	struct buffer body;
	struct stream stream;
	struct codec_answer answer;
	struct error *stream_error;
	uint64_t sent_ms, heard_ms;  /* HEARD: when the answer last grew */
	bool began;                  /* a good answer has begun */
	struct pace_mark mark;
	bool reserved;
	uint64_t reservation;
};

struct exchange {
	struct model_engine *engine;
	struct lane *lane;
	struct group *group;         /* or NULL */
	const struct model *model;
	struct model_request request;
	const cJSON *schema;
	void (*on_reply)(void *data, const struct model_reply *reply);
	void *data;
	uint64_t number;             /* among the requests of the engine */
	bool started;
	uint64_t started_ms, deadline_ms; /* on the monotonic clock */
	unsigned attempt;            /* of this round */
	struct attempt *flying[2];   /* the second is a hedge */
	bool hedged;
	char *complaint;             /* in the repair round */
	struct buffer earlier;       /* its wrong answer, cut to fit */
	int64_t input_tokens;        /* estimated; < 0: not yet */
	size_t input_bytes;
	struct model_reply reply;
	enum place place;
	struct exchange *next, *prev;       /* in the list of its place */
	struct exchange *next_unsettled, *prev_unsettled;
};

/* -- exchange.c -- */

/* Sends the next attempt of X, which has a place; settles X when that is not possible. */
void exchange_send(struct exchange *x);
/* Sends the question a second time if its answer has been silent too long. */
void exchange_hedge(struct exchange *x, uint64_t now_ms);
/* The attempt A, already taken out of X, ended with RESPONSE. X may be gone afterwards. */
void exchange_take(struct exchange *x, struct attempt *a, const struct http_response *response);
void exchange_fail(struct exchange *x, enum model_outcome outcome, const char *message);
/* Another model would answer sooner. */
void exchange_fail_later(struct exchange *x, const char *message);
/* Milliseconds to the deadline of X, or of the run. */
uint64_t exchange_time_left(const struct exchange *x, uint64_t now_ms);
void exchange_free(struct exchange *x);

/* -- attempt.c -- */

/* Submits one HTTP request; *OUT is NULL when the budget or something else forbids it. */
struct error *attempt_start(struct attempt **out, struct exchange *x);
/* Ends an attempt that is under way. */
void attempt_cancel(struct attempt *a);
void attempt_free(struct attempt *a);
/* The question as the codec sees it. */
struct codec_question exchange_question(const struct exchange *x);

/* -- reservation.c -- */

/* Estimates X's input once for each round. */
void exchange_count_tokens(struct exchange *x);
/* What X takes from a limit of tokens; 0 where there is none. */
double exchange_tokens_to_pace(struct exchange *x);
struct error *reservation_make(struct attempt *a);
/* What an attempt did cost. */
struct bill {
	bool due;                    /* something was reserved for it */
	uint64_t reservation;
	struct model_usage usage;
	double usd;
	bool sure;
};
/* To be settled by the caller. RESPONSE NULL: the attempt was cancelled under way. */
struct bill reservation_bill(struct attempt *a, const struct http_response *response);
void bill_settle(const struct model_engine *e, const struct bill *bill);

/* -- queue.c -- */

/* ERROR_USAGE when the endpoint of M is no address. */
struct error *lane_of(struct model_engine *e, const struct model *m, struct lane **out);
/* Puts X where it has to wait first: behind its leader, or for a place. */
void queue_admit(struct exchange *x);
void queue_ready(struct exchange *x, bool first);
void queue_delay(struct exchange *x, uint64_t due_ms);
/* Takes X out of where it waits, if it does. */
void queue_leave(struct exchange *x);
/* The followers of X, if it leads, need not wait any more. */
void queue_release_followers(struct exchange *x);
void queue_free(struct model_engine *e);

/* -- engine.c -- */

/* Hands the reply of X over and frees it. */
void engine_settle(struct exchange *x);
/* Fills the free places, and plans when to look again. */
void engine_pump(struct model_engine *e);

#endif
