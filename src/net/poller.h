/*
 * What libcurl waits for, in one epoll set: a turn costs what happens, not what is under way. curl_multi_perform
 * and curl_multi_poll go through all transfers each time.
 */
#ifndef NET_POLLER_H
#define NET_POLLER_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

struct poller {
	CURLM *multi;     /* not owned */
	int epoll;
	uint64_t due_ms;  /* when libcurl wants to be called without an event; UINT64_MAX: not at all */
};

/* Takes over the sockets and timers of MULTI. False when the system gives no epoll set. */
bool poller_init(struct poller *p, CURLM *multi);
void poller_release(struct poller *p); /* after MULTI is gone */
/* Waits for the next event, TIMEOUT_MS at most, and lets libcurl work on what has come. */
CURLMcode poller_turn(struct poller *p, int timeout_ms);

/* Milliseconds of a clock that only goes forward. */
uint64_t net_now_ms(void);

#endif
