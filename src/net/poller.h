/*
 * What libcurl waits for, in one epoll set: a turn costs what happens, not what is under way. curl_multi_perform
 * and curl_multi_poll go through all transfers each time.
 *
 * Transfers are spread over several multi handles, because libcurl looks for a connection to use again by going
 * through all that a handle has: with a thousand of them that is most of the work.
 */
#ifndef NET_POLLER_H
#define NET_POLLER_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#define POLLER_SHARDS 8
/* Transfers of one shard before the next is used. */
#define POLLER_SHARD_SIZE 128

struct poller_shard {
	CURLM *multi;
	int epoll;        /* of the poller */
	unsigned index;
	unsigned active;  /* transfers */
	uint64_t due_ms;  /* when libcurl wants to be called without an event; UINT64_MAX: not at all */
};

struct poller {
	int epoll;
	struct poller_shard shards[POLLER_SHARDS];
};

/* P must stay where it is. False when the system gives no epoll set or libcurl no handle; nothing has to be
 * released then. */
bool poller_init(struct poller *p);
void poller_release(struct poller *p);
/* The shard for a new transfer. SHARED: its connection can serve several at once, so all go to the first. */
struct poller_shard *poller_shard_for(struct poller *p, bool shared);
CURLMcode poller_add(struct poller_shard *shard, CURL *easy);
void poller_remove(struct poller_shard *shard, CURL *easy);
/* The next transfer that has ended, and with what; NULL: none. */
CURL *poller_next_done(struct poller *p, CURLcode *code);
/* Waits for the next event, TIMEOUT_MS at most, and lets libcurl work on what has come. */
CURLMcode poller_turn(struct poller *p, int timeout_ms);

#endif
