#include "net/poller.h"

#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define MAX_EVENTS 256
#define NEVER UINT64_MAX

uint64_t net_now_ms(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* A socket may be known from an earlier connection that had its number, or gone already. */
static int on_socket(CURL *easy, curl_socket_t socket, int what, void *data, void *socket_data)
{
	struct poller *p = data;
	struct epoll_event event = { .data.fd = socket };
	(void)easy, (void)socket_data;
	if (what == CURL_POLL_REMOVE) {
		epoll_ctl(p->epoll, EPOLL_CTL_DEL, socket, NULL);
		return 0;
	}
	if (what & CURL_POLL_IN)
		event.events |= EPOLLIN;
	if (what & CURL_POLL_OUT)
		event.events |= EPOLLOUT;
	if (epoll_ctl(p->epoll, EPOLL_CTL_MOD, socket, &event))
		return epoll_ctl(p->epoll, EPOLL_CTL_ADD, socket, &event) ? -1 : 0;
	return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *data)
{
	struct poller *p = data;
	(void)multi;
	p->due_ms = timeout_ms < 0 ? NEVER : net_now_ms() + (uint64_t)timeout_ms;
	return 0;
}

bool poller_init(struct poller *p, CURLM *multi)
{
	*p = (struct poller){ .multi = multi, .epoll = epoll_create1(EPOLL_CLOEXEC), .due_ms = NEVER };
	if (p->epoll < 0)
		return false;
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, p);
	curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(multi, CURLMOPT_TIMERDATA, p);
	return true;
}

void poller_release(struct poller *p)
{
	close(p->epoll);
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

CURLMcode poller_turn(struct poller *p, int timeout_ms)
{
	struct epoll_event events[MAX_EVENTS];
	uint64_t now = net_now_ms();
	CURLMcode code = CURLM_OK;
	int running;
	if (p->due_ms <= now)
		timeout_ms = 0;
	else if (p->due_ms - now < (uint64_t)timeout_ms)
		timeout_ms = (int)(p->due_ms - now);
	int nr = epoll_wait(p->epoll, events, MAX_EVENTS, timeout_ms);
	for (int i = 0; i < nr && !code; i++)
		code = curl_multi_socket_action(p->multi, events[i].data.fd, flags_of(events[i].events),
						&running);
	if (!code && p->due_ms <= net_now_ms()) {
		p->due_ms = NEVER;
		code = curl_multi_socket_action(p->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	}
	return code;
}
