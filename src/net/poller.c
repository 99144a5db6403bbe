#include "net/poller.h"

#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"

#define MAX_EVENTS 256
#define NEVER UINT64_MAX

/* Events carry the shard and the socket. */
static uint64_t event_tag(unsigned shard, curl_socket_t socket)
{
	return (uint64_t)shard << 32 | (uint32_t)socket;
}

/* A socket may be known from an earlier connection that had its number, or gone already. */
static int on_socket(CURL *easy, curl_socket_t socket, int what, void *data, void *socket_data)
{
	struct poller_shard *shard = data;
	struct epoll_event event = { .data.u64 = event_tag(shard->index, socket) };
	(void)easy, (void)socket_data;
	if (what == CURL_POLL_REMOVE) {
		epoll_ctl(shard->epoll, EPOLL_CTL_DEL, socket, NULL);
		return 0;
	}
	if (what & CURL_POLL_IN)
		event.events |= EPOLLIN;
	if (what & CURL_POLL_OUT)
		event.events |= EPOLLOUT;
	if (epoll_ctl(shard->epoll, EPOLL_CTL_MOD, socket, &event))
		return epoll_ctl(shard->epoll, EPOLL_CTL_ADD, socket, &event) ? -1 : 0;
	return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *data)
{
	struct poller_shard *shard = data;
	(void)multi;
	shard->due_ms = timeout_ms < 0 ? NEVER : clock_ms() + (uint64_t)timeout_ms;
	return 0;
}

static bool shard_init(struct poller_shard *shard, unsigned index, int epoll)
{
	*shard = (struct poller_shard){
		.multi = curl_multi_init(), .epoll = epoll, .index = index, .due_ms = NEVER,
	};
	if (!shard->multi)
		return false;
	curl_multi_setopt(shard->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
	curl_multi_setopt(shard->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(shard->multi, CURLMOPT_SOCKETDATA, shard);
	curl_multi_setopt(shard->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(shard->multi, CURLMOPT_TIMERDATA, shard);
	return true;
}

bool poller_init(struct poller *p)
{
	*p = (struct poller){ .epoll = epoll_create1(EPOLL_CLOEXEC) };
	if (p->epoll < 0)
		return false;
	if (shard_init(&p->shards[0], 0, p->epoll))
		return true;
	close(p->epoll);
	return false;
}

void poller_release(struct poller *p)
{
	for (unsigned i = 0; i < POLLER_SHARDS; i++)
		curl_multi_cleanup(p->shards[i].multi);
	close(p->epoll);
}

/* Shards are made when they are needed first: most runs need one. */
struct poller_shard *poller_shard_for(struct poller *p, bool shared)
{
	struct poller_shard *least = &p->shards[0];
	for (unsigned i = 0; i < POLLER_SHARDS && !shared && least->active >= POLLER_SHARD_SIZE; i++) {
		struct poller_shard *shard = &p->shards[i];
		if (!shard->multi && !shard_init(shard, i, p->epoll))
			break;
		if (shard->active < least->active)
			least = shard;
	}
	return least;
}

CURLMcode poller_add(struct poller_shard *shard, CURL *easy)
{
	shard->active++;
	return curl_multi_add_handle(shard->multi, easy);
}

void poller_remove(struct poller_shard *shard, CURL *easy)
{
	shard->active--;
	curl_multi_remove_handle(shard->multi, easy);
}

CURL *poller_next_done(struct poller *p, CURLcode *code)
{
	for (unsigned i = 0; i < POLLER_SHARDS && p->shards[i].multi; i++) {
		CURLMsg *message;
		int left;
		while ((message = curl_multi_info_read(p->shards[i].multi, &left)))
			if (message->msg == CURLMSG_DONE) {
				*code = message->data.result;
				return message->easy_handle;
			}
	}
	return NULL;
}

static int flags_of(uint32_t events)
{
	int flags = 0;
	if (events & (EPOLLIN | EPOLLHUP))
		flags |= CURL_CSELECT_IN;
	if (events & EPOLLOUT)
		flags |= CURL_CSELECT_OUT;
	if (events & EPOLLERR)
		flags |= CURL_CSELECT_ERR;
	return flags;
}

static int time_to_wait(const struct poller *p, int timeout_ms)
{
	uint64_t now = clock_ms();
	for (unsigned i = 0; i < POLLER_SHARDS && p->shards[i].multi; i++) {
		uint64_t due = p->shards[i].due_ms;
		if (due <= now)
			return 0;
		if (due - now < (uint64_t)timeout_ms)
			timeout_ms = (int)(due - now);
	}
	return timeout_ms;
}

CURLMcode poller_turn(struct poller *p, int timeout_ms)
{
	struct epoll_event events[MAX_EVENTS];
	CURLMcode code = CURLM_OK;
	int running;
	int nr = epoll_wait(p->epoll, events, MAX_EVENTS, time_to_wait(p, timeout_ms));
	for (int i = 0; i < nr && !code; i++) {
		uint64_t tag = events[i].data.u64;
		code = curl_multi_socket_action(p->shards[tag >> 32].multi, (curl_socket_t)(uint32_t)tag,
						flags_of(events[i].events), &running);
	}
	for (unsigned i = 0; i < POLLER_SHARDS && p->shards[i].multi && !code; i++) {
		struct poller_shard *shard = &p->shards[i];
		if (shard->due_ms > clock_ms())
			continue;
		shard->due_ms = NEVER;
		code = curl_multi_socket_action(shard->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	}
	return code;
}
