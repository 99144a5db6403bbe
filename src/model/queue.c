/* What waits: for a place at a server, for a time, or for a leader. */
#include <string.h>

#include "base/memory.h"
#include "model/exchange.h"
#include "model/provider.h"

#define DEFAULT_PER_PROVIDER 8
/* How far the places of a server that never complains grow, unless the user says how many they may be. */
#define WINDOW_GROWTH 8
/* Providers keep no shorter beginnings than this in their caches. */
#define LEAST_SHARED_TOKENS 1024
/* Bytes that are surely enough for that many tokens of a text, so that no more need be counted. */
#define SHARED_SAMPLE 8192

/* -- lists ---------------------------------------------------------------------------------------- */

static void list_add(struct exchange_list *list, struct exchange *x, bool first)
{
	x->prev = first ? NULL : list->last;
	x->next = first ? list->first : NULL;
	if (x->prev)
		x->prev->next = x;
	else
		list->first = x;
	if (x->next)
		x->next->prev = x;
	else
		list->last = x;
}

static void list_remove(struct exchange_list *list, struct exchange *x)
{
	if (x->prev)
		x->prev->next = x->next;
	else
		list->first = x->next;
	if (x->next)
		x->next->prev = x->prev;
	else
		list->last = x->prev;
	x->next = x->prev = NULL;
}

/* -- servers and models ----------------------------------------------------------------------------- */

static void size_window(struct window *w, const struct model_engine *e, const struct model *m)
{
	unsigned size = m->row && m->row->per_provider ? m->row->per_provider : DEFAULT_PER_PROVIDER;
	unsigned fixed = m->concurrency ? m->concurrency : e->settings.per_provider;
	if (fixed)
		window_init(w, fixed, fixed);
	else /* a machine does not get faster by being asked more at once */
		window_init(w, size, m->local ? size : size * WINDOW_GROWTH);
}

static struct pool *pool_of(struct model_engine *e, const struct model *m)
{
	char *key = xstrfmt("%s %s", m->provider, m->endpoint);
	struct pool *pool = e->pools;
	while (pool && strcmp(pool->key, key))
		pool = pool->next;
	if (pool) {
		free(key);
		return pool;
	}
	pool = xcalloc(1, sizeof(*pool));
	pool->key = key;
	size_window(&pool->window, e, m);
	pool->next = e->pools;
	e->pools = pool;
	return pool;
}

struct error *lane_of(struct model_engine *e, const struct model *m, struct lane **out)
{
	struct lane *lane = e->lanes;
	while (lane && (strcmp(lane->reviewer, m->reviewer) || strcmp(lane->endpoint, m->endpoint)))
		lane = lane->next;
	*out = lane;
	if (lane)
		return NULL;
	struct error *err = http_check_url(m->endpoint);
	if (err)
		return err;
	*out = lane = xcalloc(1, sizeof(*lane));
	lane->reviewer = xstrdup(m->reviewer);
	lane->endpoint = xstrdup(m->endpoint);
	lane->pool = pool_of(e, m);
	lane->limits = m->row ? &m->row->limits : NULL;
	lane->next_of_pool = lane->pool->lanes;
	lane->pool->lanes = lane;
	lane->next = e->lanes;
	e->lanes = lane;
	return NULL;
}

/* -- waiting ---------------------------------------------------------------------------------------- */

void queue_ready(struct exchange *x, bool first)
{
	list_add(&x->lane->ready, x, first);
	x->place = PLACE_READY;
	x->lane->pause_is_news = true;
}

void queue_delay(struct exchange *x, uint64_t due_ms)
{
	heap_push(&x->engine->delayed, due_ms, x);
	x->place = PLACE_DELAYED;
}

void queue_leave(struct exchange *x)
{
	if (x->place == PLACE_READY)
		list_remove(&x->lane->ready, x);
	else if (x->place == PLACE_DELAYED)
		heap_remove(&x->engine->delayed, x);
	else if (x->place == PLACE_FOLLOWING)
		list_remove(&x->group->followers, x);
	x->place = PLACE_NONE;
}

/* -- leaders ---------------------------------------------------------------------------------------- */

static struct group *group_of(struct exchange *x)
{
	const struct model_request *r = &x->request;
	size_t len = r->shared ? strlen(r->shared) : 0;
	struct slice sample = { r->shared, len < SHARED_SAMPLE ? len : SHARED_SAMPLE };
	if (!len || x->model->codec->keeps_no_cache || model_estimate_tokens(sample) < LEAST_SHARED_TOKENS)
		return NULL;
	/* Equal hashes of different texts would make a request wait for a stranger: no harm. */
	const uint64_t key[] = {
		(uint64_t)(uintptr_t)x->lane, len, strmap_hash(r->shared, len),
		strmap_hash(r->system, strlen(r->system)), strmap_hash(r->schema, strlen(r->schema)),
	};
	void **slot = strmap_at(&x->engine->groups, (const char *)key, sizeof(key));
	if (!*slot)
		*slot = xcalloc(1, sizeof(struct group));
	return *slot;
}

void queue_admit(struct exchange *x)
{
	x->group = group_of(x);
	if (x->group) {
		x->group->members++;
		if (!x->group->open && x->group->leader) {
			list_add(&x->group->followers, x, false);
			x->place = PLACE_FOLLOWING;
			return;
		}
		if (!x->group->open)
			x->group->leader = x;
	}
	queue_ready(x, false);
}

void queue_release_followers(struct exchange *x)
{
	struct group *group = x->group;
	if (!group || group->leader != x)
		return;
	group->leader = NULL;
	group->open = true;
	while (group->followers.last) { /* they come before those submitted after them, in their order */
		struct exchange *follower = group->followers.last;
		queue_leave(follower);
		queue_ready(follower, true);
	}
	http_wake(x->engine->http, 0);
}

void queue_free(struct model_engine *e)
{
	while (e->lanes) {
		struct lane *lane = e->lanes;
		e->lanes = lane->next;
		free(lane->reviewer);
		free(lane->endpoint);
		free(lane);
	}
	while (e->pools) {
		struct pool *pool = e->pools;
		e->pools = pool->next;
		free(pool->key);
		free(pool->complaint);
		free(pool);
	}
	strmap_release(&e->groups, free);
	heap_release(&e->delayed);
}
