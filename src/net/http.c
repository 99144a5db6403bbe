#include "net/http.h"

#include <curl/curl.h>
#include <pthread.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/heap.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/trace.h"
#include "net/address.h"
#include "net/poller.h"

#define DEFAULT_PER_HOST 16
#define DEFAULT_CONNECT_TIMEOUT_MS 10000
#define DEFAULT_IDLE_TIMEOUT_MS 300000
/* A stop flag has no descriptor to wait on: it is looked at this often. */
#define STOP_POLL_MS 50
#define MAX_POLL_MS 60000
/* Easy handles kept for the next requests to a host. */
#define MAX_SPARE_HANDLES 256
/* Bodies from this size on go out in larger pieces, and tell how far they are. */
#define LARGE_BODY ((size_t)1 << 20)
#define LARGE_PIECE ((long)512 << 10)
#define NEVER UINT64_MAX

/* Requests to one "scheme://host:port" that wait for a place. */
struct host {
	char *origin;
	char *place; /* as shown: the host, and the port when it is not the scheme's */
	bool loopback, link_local;
	bool tls;
	unsigned in_flight;
	struct transfer *first, *last;
	CURL *spare[MAX_SPARE_HANDLES]; /* with all options set that are the same for its requests */
	size_t nr_spare;
	struct host *next;
	struct http_access access;
};

enum ending { ENDING_NONE, ENDING_REFUSED_BY_READER, ENDING_IDLE, ENDING_BODY, ENDING_HEADERS, ENDING_ENOUGH,
	      ENDING_ELSEWHERE, ENDING_LINK_LOCAL };

struct transfer {
	struct http *http;
	struct host *host;
	struct http_request request;
	char *method, *url;
	struct curl_slist *headers;
	CURL *easy;
	struct poller_shard *shard; /* once it has started */
	struct http_response response;
	uint64_t id;
	uint64_t started_ms, last_byte_ms;
	uint64_t max_body, body_bytes, uploaded;
	size_t header_bytes;
	bool sent; /* connected: the idle clock runs */
	enum ending ending;
	char curl_error[CURL_ERROR_SIZE];
	struct transfer *next, *prev;
};

struct http {
	struct poller poller;
	unsigned max_per_host;
	long connect_timeout_ms, idle_timeout_ms;
	char *user_agent;
	void (*access)(void *data, const char *url, struct http_access *out);
	void *access_data;
	bool cancelling;
	uint64_t last_id;
	struct host *hosts;
	struct host *last_host;  /* whose URLs begin with LAST_BEGINNING */
	char *last_beginning;
	size_t last_len;
	struct transfer *active; /* doubly linked */
	struct heap delayed; /* transfers by when they are due */
	size_t nr_waiting; /* in the queues of hosts */
	uint64_t next_sweep_ms;
	uint64_t tick_interval_ms, next_tick_ms, wake_ms;
	void (*tick)(void *data);
	void *tick_data;
};

/* libcurl's global state is per process and must be made once; not at program start, because
 * most commands never use the network and it costs milliseconds. */
static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static CURLcode curl_once_result;

static void init_curl(void)
{
	curl_once_result = curl_global_init(CURL_GLOBAL_DEFAULT);
}

static uint64_t saturating_add(uint64_t a, uint64_t b)
{
	return b > NEVER - a ? NEVER : a + b;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

struct error *http_new(struct http **out, const struct http_settings *settings)
{
	pthread_once(&curl_once, init_curl);
	if (curl_once_result)
		return error_new(ERROR_NETWORK, "cannot start libcurl: %s",
				 curl_easy_strerror(curl_once_result));
	struct http *h = xcalloc(1, sizeof(*h));
	if (!poller_init(&h->poller)) {
		free(h);
		return error_new(ERROR_NETWORK, "cannot start libcurl");
	}
	h->max_per_host = settings->max_per_host ? settings->max_per_host : DEFAULT_PER_HOST;
	h->connect_timeout_ms = settings->connect_timeout_ms ? settings->connect_timeout_ms
							     : DEFAULT_CONNECT_TIMEOUT_MS;
	h->idle_timeout_ms = settings->idle_timeout_ms ? settings->idle_timeout_ms
						       : DEFAULT_IDLE_TIMEOUT_MS;
	h->user_agent = settings->user_agent ? xstrdup(settings->user_agent) : NULL;
	h->access = settings->access;
	h->access_data = settings->access_data;
	h->next_sweep_ms = NEVER;
	h->wake_ms = NEVER;
	*out = h;
	return NULL;
}

/* -- hosts ---------------------------------------------------------------------------------------- */

/* Length of the part of URL up to the path, without which a server would be looked up again and again. */
static size_t beginning_of(const char *url)
{
	const char *authority = strstr(url, "://");
	return authority ? (size_t)(authority + 3 - url) + strcspn(authority + 3, "/?#\\") : 0;
}

static struct error *host_of(struct http *h, const char *url, struct host **out)
{
	struct address a;
	size_t len = beginning_of(url);
	if (h->last_host && len && len == h->last_len && !memcmp(h->last_beginning, url, len)) {
		*out = h->last_host;
		return NULL;
	}
	struct error *err = address_parse(&a, url);
	if (err)
		goto out;
	char *origin = xstrfmt("%s://%s:%s", a.scheme, a.host, a.port);
	struct host *host = h->hosts;
	while (host && strcmp(host->origin, origin))
		host = host->next;
	if (host) {
		free(origin);
	} else {
		host = xcalloc(1, sizeof(*host));
		host->origin = origin;
		host->tls = curl_strequal(a.scheme, "https");
		bool usual = !strcmp(a.port, host->tls ? "443" : "80");
		host->place = usual ? xstrdup(a.host) : xstrfmt("%s:%s", a.host, a.port);
		host->loopback = address_is_loopback(a.host);
		host->link_local = address_is_link_local(a.host);
		if (h->access)
			h->access(h->access_data, url, &host->access);
		host->next = h->hosts;
		h->hosts = host;
	}
	free(h->last_beginning);
	h->last_beginning = xmemdupz(url, len);
	h->last_len = len;
	h->last_host = *out = host;
out:
	address_release(&a);
	return err;
}

/* -- submitting ----------------------------------------------------------------------------------- */

struct error *http_submit(struct http *h, const struct http_request *request, uint64_t delay_ms)
{
	if (h->cancelling)
		return error_new(ERROR_CANCELLED, "interrupted");
	struct host *host;
	struct error *err = host_of(h, request->url, &host);
	if (err)
		return err;
	struct transfer *t = xcalloc(1, sizeof(*t));
	t->http = h;
	t->host = host;
	t->request = *request;
	t->method = xstrdup(request->method);
	t->url = xstrdup(request->url);
	for (const char *const *line = request->headers; line && *line; line++)
		t->headers = curl_slist_append(t->headers, *line);
	/* Waiting for "100 Continue" costs a second with servers that do not know it. */
	t->headers = curl_slist_append(t->headers, "Expect:");
	t->max_body = request->max_body ? request->max_body : HTTP_MAX_BODY;
	buffer_init(&t->response.body, t->max_body < SIZE_MAX ? (size_t)t->max_body : SIZE_MAX);
	buffer_init(&t->response.headers, HTTP_MAX_HEADERS);
	t->id = ++h->last_id;
	heap_push(&h->delayed, saturating_add(clock_ms(), delay_ms), t);
	return NULL;
}

uint64_t http_last_id(const struct http *h)
{
	return h->last_id;
}

static void transfer_free(struct transfer *t)
{
	struct host *host = t->host;
	if (t->easy) /* it outlives T, and ending its connection may have something to say */
		curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, NULL);
	if (t->easy && host->nr_spare < MAX_SPARE_HANDLES)
		host->spare[host->nr_spare++] = t->easy;
	else if (t->easy)
		curl_easy_cleanup(t->easy);
	curl_slist_free_all(t->headers);
	buffer_release(&t->response.body);
	buffer_release(&t->response.headers);
	error_free(t->response.error);
	free(t->method);
	free(t->url);
	free(t);
}

/* -- what libcurl calls --------------------------------------------------------------------------- */

static size_t on_header(char *bytes, size_t size, size_t count, void *data)
{
	struct transfer *t = data;
	size_t len = size * count;
	t->last_byte_ms = clock_ms();
	t->header_bytes += len;
	if (t->header_bytes > HTTP_MAX_HEADERS) {
		t->ending = ENDING_HEADERS;
		return CURL_WRITEFUNC_ERROR;
	}
	if (len > 5 && !memcmp(bytes, "HTTP/", 5))
		buffer_reset(&t->response.headers);
	buffer_add(&t->response.headers, bytes, len);
	return len;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *data)
{
	struct transfer *t = data;
	size_t len = size * count;
	long status = 0;
	t->last_byte_ms = clock_ms();
	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	bool good = status / 100 == 2;
	if (len > t->max_body - t->body_bytes) {
		t->ending = ENDING_BODY;
		return CURL_WRITEFUNC_ERROR;
	}
	t->body_bytes += len;
	if (good && t->request.on_data) {
		if (t->request.on_data(t->request.data, bytes, len))
			return len;
		t->ending = ENDING_REFUSED_BY_READER;
		return CURL_WRITEFUNC_ERROR;
	}
	if (!good && t->response.body.len + len > HTTP_MAX_ERROR_BODY) {
		buffer_add(&t->response.body, bytes, HTTP_MAX_ERROR_BODY - t->response.body.len);
		t->ending = ENDING_ENOUGH;
		return CURL_WRITEFUNC_ERROR;
	}
	buffer_add(&t->response.body, bytes, len);
	return len;
}

static int on_connected(void *data, char *their_ip, char *our_ip, int their_port, int our_port)
{
	(void)our_ip, (void)their_port, (void)our_port;
	struct transfer *t = data;
	/* What must not leave this machine does not, whatever a name service makes of "localhost". */
	if (t->host->loopback && !address_is_loopback(their_ip)) {
		t->ending = ENDING_ELSEWHERE;
		return CURL_PREREQFUNC_ABORT;
	}
	if (t->request.not_link_local && address_is_link_local(their_ip)) {
		t->ending = ENDING_LINK_LOCAL;
		return CURL_PREREQFUNC_ABORT;
	}
	t->sent = true;
	t->last_byte_ms = clock_ms();
	t->http->next_sweep_ms = earlier(t->http->next_sweep_ms,
					 t->last_byte_ms + (uint64_t)t->http->idle_timeout_ms);
	return CURL_PREREQFUNC_OK;
}

static int on_progress(void *data, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
	(void)down_total, (void)down, (void)up_total;
	struct transfer *t = data;
	if (up <= 0 || (uint64_t)up <= t->uploaded)
		return CURLE_OK;
	t->uploaded = (uint64_t)up;
	t->last_byte_ms = clock_ms(); /* a server may be silent until it has all of a body */
	if (t->request.on_sent)
		t->request.on_sent(t->request.data, t->uploaded);
	return CURLE_OK;
}

/* -- starting ------------------------------------------------------------------------------------- */

/* A libcurl that was built for no distribution in particular does not know where certificates are; OpenSSL's own
 * default is not everywhere. NULL: leave it to them. */
static const char *certificate_bundle(void)
{
	static const char *const bundles[] = {
		"/etc/ssl/certs/ca-certificates.crt", /* Debian, Arch, Alpine */
		"/etc/pki/tls/certs/ca-bundle.crt",   /* Fedora, Red Hat */
		"/etc/ssl/ca-bundle.pem",             /* SUSE */
	};
	const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);
	for (size_t i = 0; !curl->cainfo && !curl->capath && i < ARRAY_SIZE(bundles); i++)
		if (!access(bundles[i], R_OK))
			return bundles[i];
	return NULL;
}

static void set_access(CURL *c, const struct http_access *how)
{
	const struct {
		CURLoption option;
		const char *value;
	} strings[] = {
		{ CURLOPT_CAINFO, how->ca_file || how->ca_path ? how->ca_file : certificate_bundle() },
		{ CURLOPT_CAPATH, how->ca_path },
		{ CURLOPT_SSLCERT, how->cert },   { CURLOPT_SSLKEY, how->cert_key },
		{ CURLOPT_PROXY, how->proxy },
	};
	for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
		if (strings[i].value)
			curl_easy_setopt(c, strings[i].option, strings[i].value);
	if (how->insecure) {
		curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
	}
}

/* What is the same for all requests to HOST. */
static CURL *new_handle(const struct http *h, const struct host *host)
{
	CURL *c = curl_easy_init();
	if (!c)
		return NULL;
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L); /* what is signed is what is sent */
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	/* Without TLS nothing can be multiplexed, and waiting to find out would put the requests
	 * to a slow local server one behind the other. */
	curl_easy_setopt(c, CURLOPT_PIPEWAIT, host->tls ? 1L : 0L);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	/* Who ends a request does not wait for a name server that does not answer. */
	curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, h->connect_timeout_ms);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_PREREQFUNCTION, on_connected);
	curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
	if (h->user_agent)
		curl_easy_setopt(c, CURLOPT_USERAGENT, h->user_agent);
	set_access(c, &host->access);
	if (host->loopback || host->link_local)
		curl_easy_setopt(c, CURLOPT_PROXY, "");
	return c;
}

/* Handles are used again: each option is set for every request. */
static void set_method(CURL *c, const struct transfer *t)
{
	const struct slice body = t->request.body;
	bool head = !strcmp(t->method, "HEAD"), get = !strcmp(t->method, "GET");
	/* The others say how long their body is even if there is none: servers insist on it. */
	bool with_body = body.len || (!head && !get);
	const char *usual = with_body ? "POST" : head ? "HEAD" : "GET";
	if (with_body) {
		curl_easy_setopt(c, CURLOPT_POST, 1L);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, body.len ? body.data : "");
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
	} else {
		curl_easy_setopt(c, head ? CURLOPT_NOBODY : CURLOPT_HTTPGET, 1L);
	}
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, strcmp(t->method, usual) ? t->method : NULL);
	curl_easy_setopt(c, CURLOPT_NOPROGRESS, body.len >= LARGE_BODY || t->request.on_sent ? 0L : 1L);
	if (body.len >= LARGE_BODY)
		curl_easy_setopt(c, CURLOPT_UPLOAD_BUFFERSIZE, LARGE_PIECE);
}

static void set_request(struct transfer *t)
{
	CURL *c = t->easy;
	curl_easy_setopt(c, CURLOPT_URL, t->url);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, t->request.deadline_ms);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->curl_error);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, t->headers);
	curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, t->request.as_stored ? NULL : "gzip");
	curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(c, CURLOPT_PREREQDATA, t);
	curl_easy_setopt(c, CURLOPT_XFERINFODATA, t);
	curl_easy_setopt(c, CURLOPT_PRIVATE, t);
	set_method(c, t);
}

static void finish(struct transfer *t, struct error *err);

static void start(struct transfer *t, uint64_t now)
{
	struct http *h = t->http;
	struct host *host = t->host;
	t->easy = host->nr_spare ? host->spare[--host->nr_spare] : new_handle(h, host);
	if (!t->easy) {
		finish(t, error_new(ERROR_NETWORK, "cannot start a request"));
		return;
	}
	set_request(t);
	t->started_ms = now;
	host->in_flight++;
	t->next = h->active;
	if (h->active)
		h->active->prev = t;
	h->active = t;
	t->shard = poller_shard_for(&h->poller, host->tls);
	CURLMcode code = poller_add(t->shard, t->easy);
	trace_printf("%s %s%s", t->method, host->origin, code ? " failed" : "");
	if (code)
		finish(t, error_new(ERROR_NETWORK, "cannot start a request: %s",
				    curl_multi_strerror(code)));
}

static struct transfer *host_take(struct http *h, struct host *host)
{
	struct transfer *t = host->first;
	host->first = t->next;
	if (!host->first)
		host->last = NULL;
	t->next = NULL;
	h->nr_waiting--;
	return t;
}

/* Moves what is due to its host's queue and fills the places that are free. */
static void start_due(struct http *h)
{
	uint64_t now = clock_ms();
	while (h->delayed.nr && h->delayed.items[0].rank <= now) {
		struct transfer *t = heap_pop(&h->delayed);
		if (t->host->last)
			t->host->last->next = t;
		else
			t->host->first = t;
		t->host->last = t;
		h->nr_waiting++;
	}
	for (struct host *host = h->hosts; host; host = host->next)
		while (host->first && host->in_flight < h->max_per_host)
			start(host_take(h, host), now);
}

/* -- ending --------------------------------------------------------------------------------------- */

/* Messages are made of BEFORE, the place and AFTER. */
struct failure {
	CURLcode code;
	enum error_code error;
	bool permanent;
	bool detail; /* libcurl's own words are added */
	const char *before, *after;
};

static const struct failure failures[] = {
	{ CURLE_COULDNT_RESOLVE_HOST, ERROR_NETWORK, false, false, "cannot find the host ", "" },
	{ CURLE_COULDNT_RESOLVE_PROXY, ERROR_NETWORK, true, false, "cannot find the proxy for ", "" },
	{ CURLE_COULDNT_CONNECT, ERROR_NETWORK, false, false, "cannot connect to ", "" },
	{ CURLE_PEER_FAILED_VERIFICATION, ERROR_NETWORK, true, true, "the certificate of ",
	  " is not trusted" },
	{ CURLE_SSL_CACERT_BADFILE, ERROR_NETWORK, true, true, "cannot check the certificate of ", "" },
	{ CURLE_SSL_CONNECT_ERROR, ERROR_NETWORK, false, true, "cannot set up TLS with ", "" },
	{ CURLE_GOT_NOTHING, ERROR_NETWORK, false, false, "", " closed the connection without an answer" },
	{ CURLE_PARTIAL_FILE, ERROR_NETWORK, false, false, "", " closed the connection in mid-answer" },
	{ CURLE_SEND_ERROR, ERROR_NETWORK, false, false, "the connection to ", " broke" },
	{ CURLE_RECV_ERROR, ERROR_NETWORK, false, false, "the connection to ", " broke" },
	{ CURLE_BAD_CONTENT_ENCODING, ERROR_NETWORK, false, false, "",
	  " sent a body that does not decompress" },
	{ CURLE_WEIRD_SERVER_REPLY, ERROR_NETWORK, true, false, "", " does not speak HTTP" },
	{ CURLE_UNSUPPORTED_PROTOCOL, ERROR_NETWORK, true, false, "", " does not speak HTTP" },
	{ CURLE_HTTP2, ERROR_NETWORK, false, false, "the connection to ", " broke" },
	{ CURLE_HTTP2_STREAM, ERROR_NETWORK, false, false, "the connection to ", " broke" },
};

static struct error *timeout_error(const struct transfer *t)
{
	uint64_t taken = clock_ms() - t->started_ms;
	if (t->sent || (t->request.deadline_ms && taken >= (uint64_t)t->request.deadline_ms))
		return error_new(ERROR_TIMEOUT, "%s did not finish within %.3g s", t->host->place,
				 (double)t->request.deadline_ms / 1000);
	return error_new(ERROR_TIMEOUT, "cannot connect to %s within %.3g s", t->host->place,
			 (double)t->http->connect_timeout_ms / 1000);
}

static struct error *error_of_code(struct transfer *t, CURLcode code)
{
	const char *place = t->host->place;
	if (code == CURLE_OPERATION_TIMEDOUT)
		return timeout_error(t);
	for (size_t i = 0; i < ARRAY_SIZE(failures); i++) {
		const struct failure *f = &failures[i];
		if (f->code != code)
			continue;
		t->response.refused = code == CURLE_COULDNT_CONNECT;
		t->response.permanent = f->permanent || (t->response.refused && t->host->loopback);
		const char *detail = f->detail ? t->curl_error : "";
		return error_new(f->error, "%s%s%s%s%s", f->before, place, f->after,
				 *detail ? ": " : "", detail);
	}
	return error_new(ERROR_NETWORK, "the request to %s failed: %s", place,
			 curl_easy_strerror(code));
}

/* Why the transfer that libcurl ended with CODE failed, or NULL. */
static struct error *error_of(struct transfer *t, CURLcode code)
{
	const char *place = t->host->place;
	switch (t->ending) {
	case ENDING_NONE:
		return code ? error_of_code(t, code) : NULL;
	case ENDING_ENOUGH:
		return NULL;
	case ENDING_REFUSED_BY_READER:
		t->response.permanent = true;
		return error_new(ERROR_CANCELLED, "the answer of %s was not read to its end", place);
	case ENDING_IDLE:
		return error_new(ERROR_TIMEOUT, "%s sent nothing for %.3g s", place,
				 (double)t->http->idle_timeout_ms / 1000);
	case ENDING_BODY:
		t->response.permanent = true;
		return error_new(ERROR_LIMIT, "the answer of %s is larger than %llu bytes", place,
				 (unsigned long long)t->max_body);
	case ENDING_ELSEWHERE:
		t->response.permanent = true;
		return error_new(ERROR_NETWORK, "%s is not on this machine: nothing was sent", place);
	case ENDING_LINK_LOCAL:
		t->response.permanent = true;
		return error_new(ERROR_NETWORK,
				 "%s is an address of the cloud's own services: nothing was sent", place);
	case ENDING_HEADERS:
		t->response.permanent = true;
		return error_new(ERROR_LIMIT, "the headers of %s are larger than %zu bytes", place,
				 HTTP_MAX_HEADERS);
	}
	return NULL;
}

/* Takes T out of the active ones. */
static void stop(struct transfer *t)
{
	struct http *h = t->http;
	poller_remove(t->shard, t->easy);
	t->host->in_flight--;
	if (t->prev)
		t->prev->next = t->next;
	else
		h->active = t->next;
	if (t->next)
		t->next->prev = t->prev;
}

/* Ends T, which is active or in no list at all; takes ERR. */
static void finish(struct transfer *t, struct error *err)
{
	t->response.error = err;
	if (t->easy) {
		curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &t->response.status);
		t->response.elapsed_ms = clock_ms() - t->started_ms;
		t->response.sent = t->sent;
		stop(t);
	}
	trace_printf("%s %s: %ld %s (%llu ms)", t->method, t->host->origin, t->response.status,
		     err ? err->message : "", (unsigned long long)t->response.elapsed_ms);
	t->request.on_done(t->request.data, &t->response);
	transfer_free(t);
}

static void reap(struct http *h)
{
	CURLcode code;
	CURL *easy;
	while ((easy = poller_next_done(&h->poller, &code))) {
		char *private = NULL;
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
		struct transfer *t = (struct transfer *)(void *)private;
		finish(t, error_of(t, code));
	}
}

/* Ends what has been silent too long; works out when to look again. */
static void sweep(struct http *h)
{
	uint64_t now = clock_ms();
	if (now < h->next_sweep_ms)
		return;
	h->next_sweep_ms = NEVER;
	struct transfer *t = h->active;
	while (t) {
		uint64_t end = t->sent ? t->last_byte_ms + (uint64_t)h->idle_timeout_ms : NEVER;
		if (now < end) {
			h->next_sweep_ms = earlier(h->next_sweep_ms, end);
			t = t->next;
			continue;
		}
		t->ending = ENDING_IDLE;
		finish(t, error_of(t, CURLE_OK));
		t = h->active; /* on_done may have cancelled others */
	}
}

/* Takes the transfer ID out of the queue of HOST. */
static struct transfer *host_remove(struct http *h, struct host *host, uint64_t id)
{
	struct transfer *before = NULL, *t = host->first;
	while (t && t->id != id) {
		before = t;
		t = t->next;
	}
	if (!t)
		return NULL;
	if (before)
		before->next = t->next;
	else
		host->first = t->next;
	if (host->last == t)
		host->last = before;
	h->nr_waiting--;
	return t;
}

static struct transfer *withdraw(struct http *h, uint64_t id)
{
	struct transfer *t = h->active;
	while (t && t->id != id)
		t = t->next;
	if (t) {
		stop(t);
		return t;
	}
	for (size_t i = 0; i < h->delayed.nr; i++) {
		t = h->delayed.items[i].data;
		if (t->id == id) {
			heap_remove(&h->delayed, t);
			return t;
		}
	}
	for (struct host *host = h->hosts; host; host = host->next)
		if ((t = host_remove(h, host, id)))
			return t;
	return NULL;
}

void http_cancel(struct http *h, uint64_t id)
{
	struct transfer *t = withdraw(h, id);
	if (!t)
		return;
	trace_printf("%s %s: not needed any more", t->method, t->host->origin);
	transfer_free(t);
}

static struct error *cancelled(void)
{
	return error_new(ERROR_CANCELLED, "interrupted");
}

static void cancel_all(struct http *h)
{
	h->cancelling = true;
	while (h->active)
		finish(h->active, cancelled());
	for (struct host *host = h->hosts; host; host = host->next)
		while (host->first)
			finish(host_take(h, host), cancelled());
	while (h->delayed.nr)
		finish(heap_pop(&h->delayed), cancelled());
	h->wake_ms = NEVER;
	h->cancelling = false;
}

/* -- the loop ------------------------------------------------------------------------------------- */

void http_set_tick(struct http *h, uint64_t interval_ms, void (*fn)(void *data), void *data)
{
	h->tick = fn;
	h->tick_data = data;
	h->tick_interval_ms = interval_ms ? interval_ms : 1;
	h->next_tick_ms = clock_ms() + h->tick_interval_ms;
}

void http_wake(struct http *h, uint64_t delay_ms)
{
	h->wake_ms = saturating_add(clock_ms(), delay_ms);
}

static void tick(struct http *h)
{
	uint64_t now = clock_ms();
	bool woken = now >= h->wake_ms;
	if (woken)
		h->wake_ms = NEVER;
	if (!h->tick || (!woken && now < h->next_tick_ms))
		return;
	if (now >= h->next_tick_ms)
		h->next_tick_ms = now + h->tick_interval_ms;
	h->tick(h->tick_data);
}

static int poll_timeout(const struct http *h, bool watching_flag)
{
	uint64_t now = clock_ms(), until = now + MAX_POLL_MS;
	if (h->delayed.nr)
		until = earlier(until, h->delayed.items[0].rank);
	if (h->active)
		until = earlier(until, h->next_sweep_ms);
	if (h->tick)
		until = earlier(until, earlier(h->next_tick_ms, h->wake_ms));
	if (watching_flag)
		until = earlier(until, now + STOP_POLL_MS);
	return until <= now ? 0 : (int)(until - now);
}

struct error *http_run(struct http *h, volatile const int *stop)
{
	for (;;) {
		if (stop && *stop) {
			cancel_all(h);
			return cancelled();
		}
		reap(h);
		sweep(h);
		tick(h);
		start_due(h); /* last: places were freed */
		if (!h->active && !h->nr_waiting && !h->delayed.nr && h->wake_ms == NEVER)
			return NULL;
		CURLMcode code = poller_turn(&h->poller, poll_timeout(h, stop != NULL));
		if (code) {
			cancel_all(h);
			return error_new(ERROR_NETWORK, "libcurl failed: %s", curl_multi_strerror(code));
		}
	}
}

void http_access_release(struct http_access *a)
{
	free(a->ca_file);
	free(a->ca_path);
	free(a->cert);
	free(a->cert_key);
	free(a->proxy);
	*a = (struct http_access){ 0 };
}

void http_free(struct http *h)
{
	if (!h)
		return;
	while (h->active) {
		struct transfer *t = h->active;
		h->active = t->next;
		poller_remove(t->shard, t->easy);
		transfer_free(t);
	}
	while (h->delayed.nr)
		transfer_free(heap_pop(&h->delayed));
	while (h->hosts) {
		struct host *host = h->hosts;
		h->hosts = host->next;
		while (host->first)
			transfer_free(host_take(h, host));
		while (host->nr_spare)
			curl_easy_cleanup(host->spare[--host->nr_spare]);
		free(host->origin);
		free(host->place);
		http_access_release(&host->access);
		free(host);
	}
	poller_release(&h->poller);
	heap_release(&h->delayed);
	free(h->last_beginning);
	free(h->user_agent);
	free(h);
}
