/*
 * A circuit breaker: a server that keeps failing is left alone for a while. It opens after CIRCUIT_FAILURES
 * failures in a row, of two requests at least, and a pause later lets one request through as a probe.
 * Failures of requests that were under way together count as one: one hiccup of a server with many requests
 * in flight is no series.
 */
#ifndef MODEL_CIRCUIT_H
#define MODEL_CIRCUIT_H

#include <stdbool.h>
#include <stdint.h>

#define CIRCUIT_FAILURES 5
#define CIRCUIT_FIRST_PAUSE_MS 10000 /* doubled each time the probe fails */
#define CIRCUIT_LAST_PAUSE_MS 120000

enum circuit_state {
	CIRCUIT_CLOSED,  /* all is well */
	CIRCUIT_OPEN,    /* nothing may be sent */
	CIRCUIT_READY,   /* one request may be sent, as a probe */
	CIRCUIT_PROBING, /* nothing may be sent until that is back */
};

struct circuit {
	unsigned failures;     /* in a row */
	uint64_t request;      /* whose the first of them was */
	bool several;          /* others failed too */
	uint64_t failed_ms;    /* when the last was counted */
	uint64_t until_ms;     /* 0: closed */
	uint64_t pause_ms;
	bool probing;
};

enum circuit_state circuit_state(const struct circuit *c, uint64_t now_ms);
/* A request is sent: in CIRCUIT_READY it is the probe. */
void circuit_sent(struct circuit *c, uint64_t now_ms);
/* A request that was sent at SENT_MS failed; REQUEST tells it from others. True when the circuit opens. */
bool circuit_failed(struct circuit *c, uint64_t request, uint64_t sent_ms, uint64_t now_ms);
/* The server answered, be it with a refusal. */
void circuit_answered(struct circuit *c);
/* A request ended without telling anything about the server. */
void circuit_withdrawn(struct circuit *c);

#endif
