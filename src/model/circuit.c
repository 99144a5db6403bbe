#include "model/circuit.h"

enum circuit_state circuit_state(const struct circuit *c, uint64_t now_ms)
{
	if (!c->until_ms)
		return CIRCUIT_CLOSED;
	if (c->probing)
		return CIRCUIT_PROBING;
	return now_ms < c->until_ms ? CIRCUIT_OPEN : CIRCUIT_READY;
}

void circuit_sent(struct circuit *c, uint64_t now_ms)
{
	if (circuit_state(c, now_ms) == CIRCUIT_READY)
		c->probing = true;
}

static void open_circuit(struct circuit *c, uint64_t now_ms)
{
	c->pause_ms = c->pause_ms ? c->pause_ms * 2 : CIRCUIT_FIRST_PAUSE_MS;
	if (c->pause_ms > CIRCUIT_LAST_PAUSE_MS)
		c->pause_ms = CIRCUIT_LAST_PAUSE_MS;
	c->until_ms = now_ms + c->pause_ms;
	c->probing = false;
}

bool circuit_failed(struct circuit *c, uint64_t request, uint64_t sent_ms, uint64_t now_ms)
{
	if (c->probing) {
		open_circuit(c, now_ms);
		return true;
	}
	if (c->until_ms)
		return false;
	if (!c->failures)
		c->request = request;
	c->several |= c->request != request;
	if (c->failures && sent_ms < c->failed_ms)
		return false;
	c->failures++;
	c->failed_ms = now_ms;
	if (c->failures < CIRCUIT_FAILURES || !c->several)
		return false;
	open_circuit(c, now_ms);
	return true;
}

void circuit_answered(struct circuit *c)
{
	*c = (struct circuit){ .failures = 0 };
}

void circuit_withdrawn(struct circuit *c)
{
	c->probing = false;
}
