/* One call to a forge's API: tried again where that helps, pages, redirects. */
#include <curl/curl.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/trace.h"
#include "forge/internal.h"
#include "net/address.h"
#include "net/retry.h"

#define DEADLINE_MS 120000
/* One that is not found in so many bytes of a Link header is none. */
#define MAX_LINK 8192
#define MAX_LOCATION 4096

void forge_answer_release(struct forge_answer *a)
{
	cJSON_Delete(a->json);
	free(a->message);
	*a = (struct forge_answer){ 0 };
}

bool forge_refused(struct error **err, const struct forge_answer *a, const long *statuses)
{
	for (; *err && *statuses; statuses++)
		if (a->status == *statuses) {
			error_free(*err);
			*err = NULL;
			return true;
		}
	return false;
}

/* -- one attempt ---------------------------------------------------------------------------------------- */

struct sending {
	struct forge *forge;
	struct http *http;
	const struct forge_request *request;
	struct forge_answer *answer;
	char *url;
	bool reads, repeatable;
	unsigned attempt, redirects;
	bool again;
	uint64_t delay_ms;
	struct error *err;
};

static void on_answer(void *data, const struct http_response *response);

static struct error *submit(struct sending *s)
{
	static const char *const accept[] = { "application/vnd.github+json", "application/json", "application/json" };
	struct forge *f = s->forge;
	char *accepts = xstrfmt("Accept: %s", accept[f->site.kind]);
	const char *headers[6];
	size_t nr = 0;
	headers[nr++] = accepts;
	if (f->site.kind == FORGE_GITHUB)
		headers[nr++] = "X-GitHub-Api-Version: 2022-11-28";
	if (s->request->body)
		headers[nr++] = "Content-Type: application/json";
	if (f->token.header)
		headers[nr++] = f->token.header;
	headers[nr] = NULL;
	struct http_request request = {
		.method = s->request->method,
		.url = s->url,
		.headers = headers,
		.body = s->request->body ? slice_of(s->request->body) : (struct slice){ "", 0 },
		.deadline_ms = DEADLINE_MS,
		.max_body = FORGE_MAX_ANSWER,
		.not_link_local = true,
		.on_done = on_answer,
		.data = s,
	};
	struct error *err = http_submit(s->http, &request, s->delay_ms);
	free(accepts);
	return err;
}

/* What failed for good on the way to being answered may have been carried out. */
static bool may_be_done(const struct http_response *response)
{
	if (response->error)
		return response->sent;
	return response->status >= 500 && response->status != 501;
}

static void say_wait(struct forge *f, uint64_t delay_ms)
{
	struct buffer line = BUFFER_INIT;
	buffer_addf(&line, "%s asks to be left alone for a while: waiting %llu s", f->site.host,
		    (unsigned long long)(delay_ms + 999) / 1000);
	if (f->settings.on_wait)
		f->settings.on_wait(f->settings.data, line.data);
	buffer_release(&line);
}

/* Whether it is worth another try, and after how long. */
static bool plan_again(struct sending *s, const struct http_response *response, const char *message)
{
	struct forge *f = s->forge;
	int64_t now = (int64_t)time(NULL);
	double random = (double)(clock_us() % 1000) / 1000;
	uint64_t first = f->settings.retry_ms ? f->settings.retry_ms : RETRY_FIRST_MS;
	if (s->attempt >= FORGE_MAX_TRIES)
		return false;
	if (!response->error && fault_is_limit(response, message, now, &s->delay_ms)) {
		if (s->delay_ms > FORGE_MAX_WAIT_MS)
			return false;
		say_wait(f, s->delay_ms);
		return true;
	}
	struct retry_advice advice = retry_advise(response, s->attempt, now, random, first);
	s->delay_ms = advice.delay_ms;
	if (!advice.retry || advice.delay_ms > FORGE_MAX_WAIT_MS)
		return false;
	if (!response->error && (response->status < 500 || response->status == 501 || response->status == 505))
		return response->status == 408 && s->repeatable;
	if (response->error && response->refused)
		return false; /* nobody listens: not in a second either */
	return s->repeatable || !may_be_done(response);
}

/* -- redirects: of a repository that was renamed ---------------------------------------------------------- */

static char *resolve(const char *from, struct slice location)
{
	char *text = xmemdupz(location.data, location.len), *out = NULL, *found = NULL;
	CURLU *url = curl_url();
	if (!curl_url_set(url, CURLUPART_URL, from, 0) && !curl_url_set(url, CURLUPART_URL, text, 0) &&
	    !curl_url_set(url, CURLUPART_USER, NULL, 0) && !curl_url_set(url, CURLUPART_PASSWORD, NULL, 0) &&
	    !curl_url_set(url, CURLUPART_FRAGMENT, NULL, 0) && !curl_url_get(url, CURLUPART_URL, &found, 0))
		out = xstrdup(found);
	curl_free(found);
	curl_url_cleanup(url);
	free(text);
	return out;
}

static bool same_server(const char *one, const char *other)
{
	struct address a, b;
	struct error *err = address_parse(&a, one), *err2 = address_parse(&b, other);
	bool same = !err && !err2 && curl_strequal(a.scheme, b.scheme) && curl_strequal(a.host, b.host) &&
		    !strcmp(a.port, b.port);
	error_free(err);
	error_free(err2);
	address_release(&a);
	address_release(&b);
	return same;
}

static bool is_redirect(long status)
{
	return status == 301 || status == 302 || status == 307 || status == 308;
}

/* The token goes where it is for, and nowhere else. */
static bool follow(struct sending *s, const struct http_response *response)
{
	struct slice location = http_header(response, "location");
	/* 301 and 302 were never clear about what becomes of a POST. */
	if (!s->reads && response->status < 307)
		return false;
	if (!location.len || location.len > MAX_LOCATION || s->redirects++ == FORGE_MAX_REDIRECTS)
		return false;
	char *url = resolve(s->url, location);
	if (!url || !same_server(s->url, url)) {
		free(url);
		return false;
	}
	free(s->url);
	s->url = url;
	s->delay_ms = 0;
	return true;
}

/* -- answers ---------------------------------------------------------------------------------------------- */

static struct error *no_json(struct sending *s, struct error *err)
{
	trace_printf("forge: %s", err->message);
	error_free(err);
	err = error_new(ERROR_NETWORK, "cannot %s: %s answers, but not as an API does", s->request->what,
			s->forge->site.host);
	return error_with_hint(err, "a proxy or a login page may stand before it; is %s its API?", s->forge->site.api);
}

/* Whether LINK has a page after this one. */
static bool has_next(struct slice link)
{
	static const char *const forms[] = { "rel=\"next\"", "rel=next", "rel='next'" };
	char *text = xmemdupz(link.data, link.len < MAX_LINK ? link.len : MAX_LINK);
	bool found = false;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		found |= strstr(text, forms[i]) != NULL;
	free(text);
	return found;
}

static void settle(struct sending *s, const struct http_response *response)
{
	struct forge_answer *a = s->answer;
	struct error *err = NULL;
	bool good = !response->error && response->status / 100 == 2;
	a->status = response->error ? 0 : response->status;
	if (!response->error && slice_trim(slice_of(&response->body)).len)
		err = json_parse(&a->json, slice_of(&response->body), "the answer");
	if (good && err) {
		a->unsure = !s->reads;
		s->err = no_json(s, err);
		return;
	}
	error_free(err);
	a->message = good ? NULL : fault_message(a->json);
	if (good) {
		a->more = has_next(http_header(response, "link"));
		return;
	}
	if (!response->error && is_redirect(response->status) && follow(s, response)) {
		s->again = true;
		return;
	}
	if (plan_again(s, response, a->message)) {
		s->attempt++;
		s->again = true;
		return;
	}
	a->unsure = !s->reads && may_be_done(response);
	s->err = fault_error(s->forge, s->request, response, a->message, s->attempt);
}

static void on_answer(void *data, const struct http_response *response)
{
	struct sending *s = data;
	trace_printf("forge: %s %s: %ld%s", s->request->method, s->request->path, response->status,
		     response->error ? response->error->message : "");
	forge_answer_release(s->answer);
	s->again = false;
	settle(s, response);
	if (s->again)
		s->err = submit(s);
}

struct error *forge_find_token(struct forge *f, const char *what, bool needed)
{
	struct error *err = NULL;
	if (!f->token_known)
		err = token_find(&f->token, &f->site, f->repo, &f->settings, &f->why_no_token);
	f->token_known = !err;
	if (!err && !f->token.header && needed)
		err = token_missing(&f->site, what, f->why_no_token);
	return err;
}

struct error *forge_call(struct forge *f, const struct forge_request *request, struct forge_answer *out)
{
	struct sending s = { .forge = f, .http = f->http, .request = request, .answer = out, .attempt = 1,
			     .delay_ms = f->delay_ms };
	*out = (struct forge_answer){ 0 };
	s.reads = !strcmp(request->method, "GET");
	s.repeatable = strcmp(request->method, "POST") != 0;
	struct error *err = forge_find_token(f, request->what, !s.reads);
	/* libcurl repeats by itself what breaks off on a connection that was used before. */
	if (!err && !s.repeatable)
		err = http_new(&s.http, &f->settings.http);
	if (err)
		return err;
	f->delay_ms = 0;
	s.url = xstrfmt("%s%s", f->site.api, request->path);
	err = submit(&s);
	if (!err)
		err = http_run(s.http, f->settings.stop);
	if (err) {
		error_free(s.err);
		out->unsure = !s.reads;
	} else {
		err = s.err;
	}
	if (s.http != f->http)
		http_free(s.http);
	free(s.url);
	return err;
}

/* -- lists -------------------------------------------------------------------------------------------------- */

struct error *forge_list(struct forge *f, const char *path, const char *key, const char *what,
			 bool (*fn)(const cJSON *item, void *data), void *data)
{
	const struct forge_operations *ops = f->operations;
	struct error *err = NULL;
	bool more = true;
	for (unsigned page = 1; more && !err; page++) {
		if (page > FORGE_MAX_PAGES)
			return error_new(ERROR_LIMIT, "cannot %s: there are more than %u of them at %s", what,
					 FORGE_MAX_PAGES * ops->page, f->site.host);
		char *url = xstrfmt("%s%c%s=%u&page=%u", path, strchr(path, '?') ? '&' : '?', ops->page_size,
				    ops->page, page);
		struct forge_answer a;
		const cJSON *item;
		err = forge_call(f, &(struct forge_request){ .method = "GET", .path = url, .what = what }, &a);
		const cJSON *list = key ? cJSON_GetObjectItemCaseSensitive(a.json, key) : a.json;
		/* Gitea says null for nothing. */
		if (!err && !cJSON_IsArray(list) && !(key && cJSON_IsNull(list)))
			err = error_new(ERROR_NETWORK, "cannot %s: %s answers with something else than a list", what,
					f->site.host);
		more = !err && a.more;
		if (!err)
			cJSON_ArrayForEach(item, list)
				if (!fn(item, data)) {
					more = false;
					break;
				}
		forge_answer_release(&a);
		free(url);
	}
	return err;
}
