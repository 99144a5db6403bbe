/*
 * When to act on events that come in bursts: once nothing has come for a while, but not later than a ceiling after the
 * first, so that constant writing cannot put it off for ever. Milliseconds of any clock that only goes forward.
 */
#ifndef DAEMON_DEBOUNCE_H
#define DAEMON_DEBOUNCE_H

#include <stdbool.h>
#include <stdint.h>

struct debounce {
	uint64_t quiet_ms, ceiling_ms;
	/* Private from here on. */
	uint64_t first, last;
	bool pending;
};

void debounce_event(struct debounce *d, uint64_t now);
/* Nothing is pending any more. */
void debounce_clear(struct debounce *d);
/* For poll(2): -1 nothing is pending, 0 it is time to act, else how long that takes if nothing comes. */
int debounce_wait(const struct debounce *d, uint64_t now);

#endif
