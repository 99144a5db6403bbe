/* One request to a registry's server, with repetitions, redirects and logins. */
#include <curl/curl.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/secret.h"
#include "base/text.h"
#include "image/registry_internal.h"
#include "net/address.h"
#include "net/retry.h"

#define MAX_REDIRECTS 5
/* Bytes of a URL that a server sends us to. */
#define MAX_LOCATION 16384
/* A registry that says nothing for so long will not: it may have to store a large blob first. */
#define IDLE_TIMEOUT_MS 120000
/* Attempts in all, where servers say nothing in time, or cannot be reached. */
#define MAX_TIMEOUTS 2
#define MAX_UNREACHABLE 3
/* Longer than this we do not wait for a server that asks us to. */
#define MAX_WAIT_MS 60000

/* -- servers ---------------------------------------------------------------------------------------- */

static bool is_plain(const struct registries *r, const char *name)
{
	for (size_t i = 0; i < r->nr_plain_hosts; i++)
		if (curl_strequal(r->plain_hosts[i], name))
			return true;
	return false;
}

static struct error *server_new(struct registries *r, const char *name, struct server **out)
{
	struct address a;
	char *https = xstrfmt("https://%s", name);
	struct server *s = NULL;
	struct error *err = address_parse(&a, https);
	if (!err && address_is_link_local(a.host))
		err = error_new(ERROR_USAGE, "%s is an address of the cloud's own services, not a registry",
				name);
	if (!err) {
		s = xcalloc(1, sizeof(*s));
		s->registries = r;
		s->name = xstrdup(name);
		s->loopback = address_is_loopback(a.host);
		s->plain = s->loopback || is_plain(r, name);
		s->origin = xstrfmt("%s://%s", s->plain ? "http" : "https", name);
		s->next = r->servers;
		r->servers = s;
	}
	address_release(&a);
	free(https);
	*out = s;
	return err;
}

struct error *server_of(struct registries *r, const struct reference *ref, struct server **out)
{
	for (*out = r->servers; *out; *out = (*out)->next)
		if (!strcmp((*out)->name, ref->registry))
			return NULL;
	return server_new(r, ref->registry, out);
}

/* -- where servers send us -------------------------------------------------------------------------- */

/* Why nobody goes from FROM to TO, or NULL. */
static const char *objection(const struct address *from, const struct address *to)
{
	if (address_is_link_local(to->host))
		return "an address of the cloud's own services";
	if (curl_strequal(from->scheme, "https") && !curl_strequal(to->scheme, "https"))
		return "http, though the registry speaks https";
	if (address_is_loopback(to->host) && !address_is_loopback(from->host))
		return "this machine";
	return NULL;
}

static struct error *resolve(const char *from, const char *location, char **out)
{
	CURLU *url = curl_url();
	char *text = NULL;
	CURLUcode code = curl_url_set(url, CURLUPART_URL, from, 0);
	if (!code)
		code = curl_url_set(url, CURLUPART_URL, location, 0);
	/* Nobody but us says who we are. */
	if (!code)
		code = curl_url_set(url, CURLUPART_USER, NULL, 0);
	if (!code)
		code = curl_url_set(url, CURLUPART_PASSWORD, NULL, 0);
	if (!code)
		code = curl_url_set(url, CURLUPART_FRAGMENT, NULL, 0);
	if (!code)
		code = curl_url_get(url, CURLUPART_URL, &text, 0);
	curl_url_cleanup(url);
	if (code)
		return error_new(ERROR_NETWORK, "it is no URL (%s)", curl_url_strerror(code));
	*out = xstrdup(text);
	curl_free(text);
	return NULL;
}

static bool same_origin(const struct address *a, const struct address *b)
{
	return curl_strequal(a->scheme, b->scheme) && curl_strequal(a->host, b->host) &&
	       !strcmp(a->port, b->port);
}

struct error *url_follow(const struct server *s, const char *from, struct slice location, const char *what,
			 char **out, bool *foreign)
{
	struct address origin, old, new = { 0 };
	char *text = xmemdupz(location.data, location.len), *url = NULL;
	struct error *err = NULL, *ignored = NULL;
	if (!location.len)
		err = error_new(ERROR_NETWORK, "there is none");
	else if (location.len > MAX_LOCATION)
		err = error_new(ERROR_LIMIT, "it is longer than %d bytes", MAX_LOCATION);
	else
		err = resolve(from, text, &url);
	if (!err)
		err = address_parse(&new, url);
	ignored = address_parse(&origin, s->origin);
	error_free(ignored); /* both were made here: they are good */
	ignored = address_parse(&old, from);
	error_free(ignored);
	const char *why = err ? NULL : objection(&old, &new);
	if (why)
		err = error_new(ERROR_NETWORK, "it leads to %s", why);
	if (!err) {
		*foreign = !same_origin(&origin, &new);
		*out = url;
		url = NULL;
	}
	address_release(&origin);
	address_release(&old);
	address_release(&new);
	free(text);
	free(url);
	return error_context(err, "the %s that %s answered with cannot be used", what, s->name);
}

/* -- calls ------------------------------------------------------------------------------------------ */

static char *copy(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

static void call_free(struct call *c)
{
	struct registries *r = c->server->registries;
	if (c->prev)
		c->prev->next = c->next;
	else
		r->calls = c->next;
	if (c->next)
		c->next->prev = c->prev;
	free((char *)c->request.method);
	free((char *)c->request.url);
	free((char *)c->request.repository);
	free((char *)c->request.scope);
	free((char *)c->request.accept);
	free((char *)c->request.content_type);
	secret_free((char *)c->request.authorization);
	free(c->url);
	free(c);
}

static bool is_elsewhere(const struct server *s, const char *url)
{
	struct address a, own;
	struct error *err = address_parse(&a, url), *ignored = address_parse(&own, s->origin);
	bool elsewhere = err || ignored || !same_origin(&a, &own);
	error_free(err);
	error_free(ignored);
	address_release(&a);
	address_release(&own);
	return elsewhere;
}

void call_start(struct server *s, const struct call_request *request, uint64_t delay_ms)
{
	struct registries *r = s->registries;
	struct call *c = xcalloc(1, sizeof(*c));
	c->server = s;
	c->request = *request;
	c->request.method = xstrdup(request->method);
	c->request.url =
		*request->url == '/' ? xstrfmt("%s%s", s->origin, request->url) : xstrdup(request->url);
	c->request.repository = copy(request->repository);
	c->request.scope = copy(request->scope);
	c->request.accept = copy(request->accept);
	c->request.content_type = copy(request->content_type);
	c->request.authorization = copy(request->authorization);
	c->url = xstrdup(c->request.url);
	c->foreign = c->elsewhere = *request->url != '/' && is_elsewhere(s, request->url);
	c->attempt = 1;
	c->next = r->calls;
	if (r->calls)
		r->calls->prev = c;
	r->calls = c;
	call_go(c, delay_ms);
}

void call_end(struct call *c, const struct http_response *response, struct error *err)
{
	struct call_request request = c->request;
	call_free(c);
	request.on_done(request.data, response, err);
}

static void on_response(void *data, const struct http_response *response);

static bool on_data(void *data, const char *bytes, size_t len)
{
	struct call *c = data;
	return c->request.on_data(c->request.data, bytes, len);
}

static void on_sent(void *data, uint64_t sent)
{
	struct call *c = data;
	c->request.on_sent(c->request.data, sent);
}

static struct error *submit(struct call *c, const char *authorization, uint64_t delay_ms)
{
	const struct call_request *q = &c->request;
	struct registries *r = c->server->registries;
	char *accept = q->accept ? xstrfmt("Accept: %s", q->accept) : NULL;
	/* Without one, not libcurl's own either. */
	char *type = xstrfmt("Content-Type:%s%s", q->content_type ? " " : "",
			     q->content_type ? q->content_type : "");
	char *who = authorization ? xstrfmt("Authorization: %s", authorization) : NULL;
	const char *headers[4];
	size_t nr = 0;
	if (accept)
		headers[nr++] = accept;
	headers[nr++] = type;
	if (who)
		headers[nr++] = who;
	headers[nr] = NULL;
	struct http_request request = {
		.method = q->method,
		.url = c->url,
		.headers = headers,
		.body = q->body,
		.max_body = q->max_body ? q->max_body : ANSWER_MAX,
		.as_stored = true,
		.not_link_local = true,
		.on_data = q->on_data ? on_data : NULL,
		.on_sent = q->on_sent ? on_sent : NULL,
		.on_done = on_response,
		.data = c,
	};
	struct error *err = http_submit(r->http, &request, delay_ms);
	c->http_id = err ? 0 : http_last_id(r->http);
	free(accept);
	free(type);
	secret_free(who);
	return err;
}

void call_go(struct call *c, uint64_t delay_ms)
{
	struct server *s = c->server;
	char *authorization = NULL;
	bool wait = false;
	struct error *err = NULL;
	c->generation = c->serial = 0;
	if (c->request.authorization)
		authorization = *c->request.authorization ? xstrdup(c->request.authorization) : NULL;
	else if (!c->foreign && s->challenge.scheme == CHALLENGE_UNKNOWN && s->probing) {
		c->next_waiting = s->parked;
		s->parked = c;
		return;
	} else if (!c->foreign && s->challenge.scheme == CHALLENGE_UNKNOWN)
		c->probe = s->probing = true;
	else if (!c->foreign)
		err = server_authorize(c, &authorization, &wait);
	if (wait)
		return;
	if (!err)
		err = submit(c, authorization, delay_ms);
	secret_free(authorization);
	if (err)
		call_end(c, NULL, err);
}

static double random_fraction(struct registries *r)
{
	r->random = r->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (double)(r->random >> 33) / (double)(UINT64_C(1) << 31);
}

/* Who does not answer at all will not for the asking: people wait for this. */
static unsigned patience(const struct http_response *response)
{
	if (!response->error)
		return RETRY_MAX_ATTEMPTS;
	if (response->error->code == ERROR_TIMEOUT)
		return MAX_TIMEOUTS;
	return response->sent ? RETRY_MAX_ATTEMPTS : MAX_UNREACHABLE;
}

bool call_retry(struct registries *r, const struct http_response *response, unsigned attempt,
		uint64_t *delay_ms)
{
	uint64_t first = r->settings.retry_first_ms ? r->settings.retry_first_ms : RETRY_FIRST_MS;
	struct retry_advice advice = retry_advise(response, attempt, time(NULL), random_fraction(r), first);
	*delay_ms = advice.delay_ms;
	/* What is not implemented, in conflict or full stays so. */
	if (!response->error && (response->status == 409 || response->status == 501 ||
				 response->status == 505 || response->status == 507))
		return false;
	return advice.retry && attempt < patience(response) && advice.delay_ms <= MAX_WAIT_MS;
}

static bool is_redirect(const struct call *c, long status)
{
	bool reads = !strcmp(c->request.method, "GET") || !strcmp(c->request.method, "HEAD");
	return reads && !c->request.authorization &&
	       (status == 301 || status == 302 || status == 303 || status == 307 || status == 308);
}

static struct error *redirect(struct call *c, const struct http_response *response)
{
	char *url = NULL;
	bool foreign = false;
	if (c->redirects++ == MAX_REDIRECTS)
		return error_new(ERROR_NETWORK, "%s redirects more than %d times", c->server->name,
				 MAX_REDIRECTS);
	struct error *err = url_follow(c->server, c->url, http_header(response, "location"), "redirect", &url,
				       &foreign);
	if (err)
		return err;
	free(c->url);
	c->url = url;
	c->foreign = foreign;
	return NULL;
}

/* Again from the beginning: where storage servers send us is good for a while only. */
static void restart(struct call *c, uint64_t delay_ms)
{
	free(c->url);
	c->url = xstrdup(c->request.url);
	c->foreign = c->elsewhere;
	c->redirects = 0;
	if (c->request.on_again)
		c->request.on_again(c->request.data);
	call_go(c, delay_ms);
}

/* Those who waited for what the probe would find. When it found nothing, the first is the next probe. */
static void release_parked(struct server *s)
{
	size_t nr = 0;
	for (const struct call *c = s->parked; c; c = c->next_waiting)
		nr++;
	while (nr-- && s->parked) { /* one that ends at once may have all others abandoned */
		struct call *c = s->parked;
		s->parked = c->next_waiting;
		c->next_waiting = NULL;
		call_go(c, 0);
	}
}

/* What TLS fails for can be set; an address can be mistyped. */
static struct error *transport_error(const struct server *s, const struct http_response *response)
{
	struct error *err = error_new(response->error->code, "%s", response->error->message);
	if (starts_with(err->message, "cannot find the host") || starts_with(err->message, "cannot connect"))
		return error_with_hint(err, "is %s the right name, and is there a network?", s->name);
	if (s->plain || response->sent || err->code != ERROR_NETWORK)
		return err;
	if (starts_with(err->message, "the certificate"))
		return error_with_hint(
			err, "git config http.%s.sslCAInfo <file> names those that it may have", s->origin);
	if (starts_with(err->message, "cannot set up TLS"))
		return error_with_hint(err, "if it speaks http only, and you trust the network on the way: "
					    "git config --add deploy.insecureRegistry %s", s->name);
	return err;
}

static void settle(struct call *c, const struct http_response *response)
{
	uint64_t delay_ms;
	struct error *err = NULL;
	bool mine = !c->foreign && !c->request.authorization;
	if (!response->error && response->status == 401 && mine) {
		err = server_unauthorized(c, response);
		if (err)
			call_end(c, response, err);
		else
			call_go(c, 0);
	} else if (!response->error && is_redirect(c, response->status)) {
		err = redirect(c, response);
		if (err)
			call_end(c, response, err);
		else
			call_go(c, 0);
	} else if (!c->request.once && call_retry(c->server->registries, response, c->attempt, &delay_ms)) {
		c->attempt++;
		restart(c, delay_ms);
	} else if (!response->error && c->foreign && response->status / 100 == 4 && !c->restarts++) {
		restart(c, 0);
	} else {
		if (response->error)
			err = transport_error(c->server, response);
		call_end(c, response, err);
	}
}

static void on_response(void *data, const struct http_response *response)
{
	struct call *c = data;
	struct server *s = c->server;
	bool probe = c->probe;
	c->http_id = 0;
	if (probe) {
		c->probe = s->probing = false;
		if (!response->error)
			server_learn(s, response);
	}
	settle(c, response);
	if (probe && !s->probing)
		release_parked(s);
}

void calls_abandon(struct registries *r)
{
	while (r->calls) {
		struct call *c = r->calls;
		if (c->http_id)
			http_cancel(r->http, c->http_id);
		call_free(c);
	}
	for (struct server *s = r->servers; s; s = s->next)
		server_forget_calls(s);
}

struct error *calls_run(struct registries *r)
{
	struct error *err = http_run(r->http, r->settings.stop);
	/* Those that were waiting for each other when it stopped. */
	for (struct server *s = r->servers; s; s = s->next)
		server_forget_calls(s);
	while (r->calls) {
		struct call *c = r->calls;
		if (c->http_id)
			http_cancel(r->http, c->http_id);
		call_end(c, NULL, error_new(ERROR_CANCELLED, "interrupted"));
	}
	return err;
}

/* -- one call at a time ----------------------------------------------------------------------------- */

struct one_call {
	struct registry_answer *answer;
	struct error *err;
};

static void on_only_done(void *data, const struct http_response *response, struct error *err)
{
	struct one_call *one = data;
	one->err = err;
	if (err || !response)
		return;
	one->answer->status = one->answer->response.status = response->status;
	buffer_addbuf(&one->answer->response.body, &response->body);
	buffer_addbuf(&one->answer->response.headers, &response->headers);
}

void registry_answer_release(struct registry_answer *a)
{
	buffer_release(&a->response.body);
	buffer_release(&a->response.headers);
}

struct error *call_once(struct server *s, const struct call_request *request, struct registry_answer *answer)
{
	struct one_call one = { .answer = answer };
	struct call_request q = *request;
	*answer = (struct registry_answer){ .response = { .body = BUFFER_INIT, .headers = BUFFER_INIT } };
	q.on_done = on_only_done;
	q.data = &one;
	call_start(s, &q, 0);
	struct error *err = calls_run(s->registries);
	if (!err)
		return one.err;
	error_free(one.err);
	return err;
}

/* -- the registries of a run ------------------------------------------------------------------------ */

struct error *registries_new(struct registries **out, const struct registry_settings *settings)
{
	struct registries *r = xcalloc(1, sizeof(*r));
	struct http_settings http = settings->http;
	http.idle_timeout_ms = http.idle_timeout_ms ? http.idle_timeout_ms : IDLE_TIMEOUT_MS;
	struct error *err = http_new(&r->http, &http);
	if (err) {
		free(r);
		return err;
	}
	r->settings = *settings;
	r->temporary = xstrdup(settings->temporary ? settings->temporary : "/var/tmp");
	r->random = clock_ms() ^ ((uint64_t)getpid() << 32);
	*out = r;
	return NULL;
}

void registries_free(struct registries *r)
{
	if (!r)
		return;
	calls_abandon(r);
	http_free(r->http);
	while (r->servers) {
		struct server *s = r->servers;
		r->servers = s->next;
		server_free(s);
	}
	strings_free(r->plain_hosts, r->nr_plain_hosts);
	free(r->temporary);
	free(r);
}

void registries_allow_http(struct registries *r, const char *host)
{
	r->plain_hosts = xreallocarray(r->plain_hosts, r->nr_plain_hosts + 1, sizeof(*r->plain_hosts));
	r->plain_hosts[r->nr_plain_hosts++] = xstrdup(host);
}

bool registries_use_http(struct registries *r, const char *host)
{
	struct reference ref = { .registry = (char *)host };
	struct server *s = NULL;
	struct error *err = server_of(r, &ref, &s);
	bool plain = !err && s->plain;
	error_free(err);
	return plain;
}

void registries_set_progress(struct registries *r,
			     void (*progress)(void *data, int64_t done, int64_t total, const char *what),
			     void *data)
{
	r->settings.progress = progress;
	r->settings.progress_data = data;
}

char *scope_of(const struct reference *ref, const char *actions)
{
	return xstrfmt("repository:%s:%s", ref->repository, actions);
}

void progress_move(struct registries *r, int64_t delta, const char *what)
{
	r->progress_done += delta;
	if (r->settings.progress)
		r->settings.progress(r->settings.progress_data, r->progress_done, r->progress_total, what);
}
