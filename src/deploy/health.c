#include "deploy/health.h"

#include "base/clock.h"
#include "base/memory.h"
#include "net/address.h"

/* Between two requests: at first, and at most. */
#define FIRST_PAUSE_MS 50
#define LAST_PAUSE_MS 2000
/* One request. An app that takes longer to say that it is well is not. */
#define ANSWER_MS 10000
#define WATCH_MS 1000

struct waiting {
	struct http *http;
	const char *url;
	uint64_t until, pause;
	bool healthy;
	long status;
	char *seen;            /* the last fault, for people; NULL: an answer */
	struct error *hopeless;
	const struct health_watch *watch; /* NULL: nobody does */
};

static struct error *ask(struct waiting *w, uint64_t delay_ms);

static bool is_healthy(long status)
{
	return status >= 200 && status < 400;
}

/* The status is all there is to know, and a health check may stream for ever. */
static bool enough(void *data, const char *bytes, size_t len)
{
	(void)data;
	(void)bytes;
	(void)len;
	return false;
}

static void answered(void *data, const struct http_response *r)
{
	struct waiting *w = data;
	uint64_t now = clock_ms();
	free(w->seen);
	w->seen = r->error ? xstrdup(r->error->message) : NULL;
	w->status = r->status;
	w->healthy = is_healthy(r->status);
	if (w->healthy || error_is(r->error, ERROR_CANCELLED))
		return;
	if (r->error && r->permanent && !r->refused) {
		w->hopeless = error_new(r->error->code, "%s", r->error->message);
		return;
	}
	if (now + w->pause >= w->until)
		return;
	struct error *err = ask(w, w->pause);
	w->pause = w->pause * 3 / 2 < LAST_PAUSE_MS ? w->pause * 3 / 2 : LAST_PAUSE_MS;
	error_free(err); /* of a run that is stopped */
}

static struct error *ask(struct waiting *w, uint64_t delay_ms)
{
	uint64_t now = clock_ms() + delay_ms, left = w->until > now ? w->until - now : 1;
	const struct http_request request = {
		.method = "GET",
		.url = w->url,
		.deadline_ms = (long)(left < ANSWER_MS ? left : ANSWER_MS),
		.on_data = enough,
		.not_link_local = true,
		.on_done = answered,
		.data = w,
	};
	return http_submit(w->http, &request, delay_ms);
}

/* What people can do about an answer that is not the wanted one. */
static const char *advice(long status)
{
	if (status == 401 || status == 403)
		return "the path of `health:` in .deploy.yml must answer without a password";
	if (status == 404 || status == 405)
		return "`health:` in .deploy.yml is the path that is asked: the app must answer GET there";
	if (status)
		return "`git deploy logs` shows what the app says";
	return "is `port:` in .deploy.yml the one the app listens on, on 0.0.0.0? `git deploy logs` shows "
	       "what it says";
}

static struct error *not_healthy(const struct waiting *w, uint64_t timeout_ms)
{
	struct error *err;
	double seconds = (double)timeout_ms / 1000;
	if (w->status)
		err = error_new(ERROR_TIMEOUT, "%s did not become healthy in %.3g s: its last answer was %ld",
				w->url, seconds, w->status);
	else
		err = error_new(ERROR_TIMEOUT, "%s did not become healthy in %.3g s: %s", w->url, seconds,
				w->seen ? w->seen : "it was not asked");
	return error_with_hint(err, "%s", advice(w->status));
}

/* The address may be a repository's word. */
static struct error *check_address(const char *url)
{
	struct address a;
	struct error *err = address_parse(&a, url);
	if (!err && address_is_link_local(a.host))
		err = error_new(ERROR_USAGE, "%s is an address of the cloud's own services, not of an app",
				url);
	address_release(&a);
	return err;
}

static void tell(void *data)
{
	const struct waiting *w = data;
	w->watch->watch(w->watch->data, w->status, w->seen);
}

struct error *health_wait(const struct http_settings *http, const char *url, uint64_t timeout_ms,
			  volatile const int *stop, long *status)
{
	return health_wait_watched(http, url, timeout_ms, stop, NULL, status);
}

struct error *health_wait_watched(const struct http_settings *http, const char *url, uint64_t timeout_ms,
				  volatile const int *stop, const struct health_watch *watch, long *status)
{
	struct waiting w = {
		.url = url, .until = clock_ms() + timeout_ms, .pause = FIRST_PAUSE_MS, .watch = watch,
	};
	*status = 0;
	struct error *err = check_address(url);
	if (!err)
		err = http_new(&w.http, http);
	if (err)
		return err;
	if (watch)
		http_set_tick(w.http, WATCH_MS, tell, &w);
	err = ask(&w, 0);
	if (!err)
		err = http_run(w.http, stop);
	*status = w.status;
	if (!err)
		err = w.hopeless;
	else
		error_free(w.hopeless);
	if (!err && !w.healthy)
		err = not_healthy(&w, timeout_ms);
	http_free(w.http);
	free(w.seen);
	return err;
}
