/*
 * How many requests at once, and how fast, a server takes: learnt from what it says. Nothing here looks
 * at a clock: times are milliseconds of one that only goes forward.
 */
#ifndef MODEL_LIMITS_H
#define MODEL_LIMITS_H

#include "model/provider.h"

/* Places: halved when the server says that it is too much, one more for every SIZE answers that came
 * while all were taken. */
struct window {
	unsigned size, ceiling;
	unsigned answers; /* since the size changed */
	uint64_t cut_ms;  /* when it was last halved */
};

void window_init(struct window *w, unsigned size, unsigned ceiling);
/* A request was answered while IN_FLIGHT, itself included, were under way. */
void window_answered(struct window *w, unsigned in_flight);
/* A request sent at SENT_MS was too much. What was sent before the last cut says nothing new. */
void window_cut(struct window *w, uint64_t sent_ms, uint64_t now_ms);

/* What is left of one limit: it fills up evenly until it is whole again. */
struct allowance {
	bool known;
	double level, capacity; /* capacity < 0: not told */
	double per_ms;          /* 0: nothing comes back before WHOLE_MS */
	uint64_t as_of_ms, whole_ms;
};

/* LEFT of LIMIT (< 0: not told) at NOW_MS; whole again in RESET_MS (0: not told). */
void allowance_learn(struct allowance *a, double limit, double left, uint64_t reset_ms, uint64_t now_ms);
void allowance_spend(struct allowance *a, double cost, uint64_t now_ms);
/* Milliseconds until COST can be spent. A cost beyond the capacity waits until that is whole. */
uint64_t allowance_wait(const struct allowance *a, double cost, uint64_t now_ms);

/* The limits of requests and of tokens of one model. */
struct pace {
	struct allowance requests, tokens;
	uint64_t nr_sent;    /* requests */
	double tokens_sent;
	uint64_t as_of;      /* nr_sent of the request that told what is known */
};

/* Taken when a request is sent: what its answer tells does not know of those sent later. */
struct pace_mark {
	uint64_t nr_sent;
	double tokens_sent;
};

struct pace_mark pace_spend(struct pace *p, double tokens, uint64_t now_ms);
/* Takes in the headers NAMES of RESPONSE, if it has them. EPOCH is now in seconds since the epoch. */
void pace_learn(struct pace *p, const struct pace_mark *mark, const struct limit_headers *names,
		const struct http_response *response, uint64_t now_ms, int64_t epoch);
uint64_t pace_wait(const struct pace *p, double tokens, uint64_t now_ms);

/* When a limit is whole again, in milliseconds from now: "20" or "0.5" (seconds), "1m30s", "6ms", "2h",
 * seconds or milliseconds since the epoch, or RFC 3339; at most 400 days. */
bool limits_parse_reset(struct slice text, int64_t epoch, uint64_t *ms);

#endif
