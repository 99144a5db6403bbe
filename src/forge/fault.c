/* What forges say when they refuse, in the user's words. */
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/trace.h"
#include "forge/internal.h"
#include "net/retry.h"

/* Of a header that is shown. */
#define MAX_HEADER 300
/* How long secondary limits last when their server does not say. */
#define SECONDARY_MS 60000
#define MAX_VALIDATIONS 5

/* -- reading ---------------------------------------------------------------------------------------------- */

static bool holds(const char *text, const char *words)
{
	return text && strcasestr(text, words);
}

static void add_words(struct buffer *out, const char *text)
{
	size_t len = strlen(text);
	if (!len)
		return;
	if (out->len)
		buffer_addstr(out, "; ");
	buffer_add(out, text, len < FORGE_MAX_WORDS ? len : FORGE_MAX_WORDS);
	while (out->len && strchr(". \n", out->data[out->len - 1]))
		buffer_truncate(out, out->len - 1);
}

/* {"field": "title", "code": "too_long"}, or with a message, or a string. */
static void add_validation(struct buffer *out, const cJSON *item)
{
	const char *message = cJSON_IsString(item) ? item->valuestring : json_string_or(item, "message", NULL);
	const char *field = json_string_or(item, "field", NULL), *code = json_string_or(item, "code", NULL);
	if (message) {
		add_words(out, message);
	} else if (code) {
		char *words = xstrfmt("%s%s%s", field ? field : "", field ? ": " : "", code);
		add_words(out, words);
		free(words);
	}
}

/* GitLab's {"title": ["is too long"]} */
static void add_fields(struct buffer *out, const cJSON *object)
{
	const cJSON *field, *item;
	size_t nr = 0;
	cJSON_ArrayForEach(field, object) {
		if (nr++ == MAX_VALIDATIONS)
			return;
		item = cJSON_IsArray(field) ? field->child : field;
		if (!cJSON_IsString(item))
			continue;
		char *words = xstrfmt("%s: %s", field->string ? field->string : "", item->valuestring);
		add_words(out, words);
		free(words);
	}
}

char *fault_message(const cJSON *json)
{
	static const char *const keys[] = { "message", "error", "error_description" };
	struct buffer words = BUFFER_INIT, line = BUFFER_INIT;
	const cJSON *item;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const cJSON *value = cJSON_GetObjectItemCaseSensitive(json, keys[i]);
		if (cJSON_IsString(value))
			add_words(&words, value->valuestring);
		else if (cJSON_IsObject(value))
			add_fields(&words, value);
		else if (cJSON_IsArray(value))
			add_validation(&words, value->child);
	}
	const cJSON *errors = cJSON_GetObjectItemCaseSensitive(json, "errors");
	size_t nr = 0;
	if (cJSON_IsArray(errors))
		cJSON_ArrayForEach(item, errors)
			if (nr++ < MAX_VALIDATIONS)
				add_validation(&words, item);
	if (!words.len) {
		buffer_release(&words);
		return NULL;
	}
	char *clean = redact(xmemdupz(words.data, words.len));
	size_t len = strlen(clean);
	text_for_terminal(&line, clean, len < FORGE_MAX_WORDS ? len : FORGE_MAX_WORDS, false);
	free(clean);
	buffer_release(&words);
	return buffer_detach(&line, NULL);
}

/* A header as it may be shown, malloc'd; NULL when it is not there. */
static char *shown_header(const struct http_response *response, const char *name)
{
	struct slice value = http_header(response, name);
	struct buffer out = BUFFER_INIT;
	if (!value.len)
		return NULL;
	text_for_terminal(&out, value.data, value.len < MAX_HEADER ? value.len : MAX_HEADER, false);
	return redact(buffer_detach(&out, NULL));
}

/* The number a header has; -1: it has none. */
static int64_t header_number(const struct http_response *response, const char *name)
{
	struct slice value = http_header(response, name);
	int64_t n = 0;
	if (!value.len || value.len > 15)
		return -1;
	for (size_t i = 0; i < value.len; i++) {
		if (!ascii_digit((unsigned char)value.data[i]))
			return -1;
		n = n * 10 + (value.data[i] - '0');
	}
	return n;
}

/* -- limits ----------------------------------------------------------------------------------------------- */

bool fault_is_limit(const struct http_response *response, const char *message, int64_t now, uint64_t *delay_ms)
{
	long status = response->status;
	bool secondary = holds(message, "secondary rate limit") || holds(message, "abuse detection");
	bool used_up = header_number(response, "x-ratelimit-remaining") == 0 ||
		       header_number(response, "ratelimit-remaining") == 0;
	bool asked = http_header(response, "retry-after").len > 0;
	if (status != 429 && !(status == 403 && (secondary || used_up || asked)))
		return false;
	struct retry_advice advice = retry_advise(response, 1, now, 0, SECONDARY_MS);
	int64_t reset = header_number(response, "x-ratelimit-reset");
	if (reset < 0)
		reset = header_number(response, "ratelimit-reset");
	*delay_ms = advice.delay_ms;
	if (!advice.server_said && reset > now && used_up)
		*delay_ms = (uint64_t)(reset - now + 1) * 1000;
	return true;
}

static struct error *limit_error(struct forge *f, const struct forge_request *request, uint64_t delay_ms, int64_t now)
{
	time_t until = (time_t)(now + (int64_t)((delay_ms + 999) / 1000));
	struct tm tm;
	char when[64] = "later";
	if (gmtime_r(&until, &tm))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S UTC", &tm);
	struct error *err = error_new(ERROR_LIMIT, "cannot %s: %s takes no more calls of ours until %s", request->what,
				      f->site.host, when);
	if (!f->token.header)
		return error_with_hint(err, "with a token its limit is higher");
	return error_with_hint(err, "try again then");
}

/* -- refusals ---------------------------------------------------------------------------------------------- */

static struct error *refused(struct forge *f, const struct forge_request *request, enum error_code code, long status,
			     const char *message)
{
	if (message)
		return error_new(code, "cannot %s: %s: %s", request->what, f->site.host, message);
	return error_new(code, "cannot %s: %s answers %ld", request->what, f->site.host, status);
}

static struct error *unauthorized(struct forge *f, const struct forge_request *request, const char *message)
{
	if (!f->token.header)
		return token_missing(&f->site, request->what, f->why_no_token);
	struct error *err = error_new(ERROR_NETWORK, "cannot %s: %s does not accept the token of %s%s%s", request->what,
				      f->site.host, f->token.source, message ? ": " : "", message ? message : "");
	if (f->token.job)
		return error_with_hint(err, "a job's token cannot do this: put a project access token with the scope "
					    "api into GITLAB_TOKEN");
	return error_with_hint(err, "it is wrong, has expired, or was revoked: make a new one");
}

/* The page where a token is let into an organisation: "required; url=https://..." */
static struct error *hint_single_sign_on(struct error *err, const char *header)
{
	const char *url = strstr(header, "url=https://");
	if (url)
		return error_with_hint(err, "the organisation wants single sign-on: authorize the token at %s", url + 4);
	return error_with_hint(err, "the organisation wants single sign-on: authorize the token for it");
}

static struct error *hint_scopes(struct error *err, const struct http_response *response, const char *message)
{
	char *sso = shown_header(response, "x-github-sso"), *wants = shown_header(response, "x-accepted-github-permissions");
	char *scopes = shown_header(response, "x-accepted-oauth-scopes"), *has = shown_header(response, "x-oauth-scopes");
	if (sso && starts_with(sso, "required"))
		err = hint_single_sign_on(err, sso);
	else if (holds(message, "not permitted to create or approve pull requests"))
		err = error_with_hint(err, "Settings, Actions, General, Workflow permissions of the repository has a box "
					   "that allows Actions to create pull requests");
	else if (holds(message, "not accessible by integration"))
		err = error_with_hint(err, "the workflow's `permissions:` have to grant %s",
				      wants ? wants : "pull-requests: write and contents: write");
	else if (wants)
		err = error_with_hint(err, "the token needs the permissions %s", wants);
	else if (scopes)
		err = error_with_hint(err, "the token needs one of the scopes %s%s%s", scopes, has ? "; it has " : "",
				      has ? has : "");
	free(sso);
	free(wants);
	free(scopes);
	free(has);
	return err;
}

static struct error *forbidden(struct forge *f, const struct forge_request *request,
			       const struct http_response *response, const char *message)
{
	if (!f->token.header)
		return token_missing(&f->site, request->what, f->why_no_token);
	struct error *err = refused(f, request, ERROR_NETWORK, 403, message);
	if (f->token.job)
		return error_with_hint(err, "a job's token cannot do this: put a project access token with the scope "
					    "api into GITLAB_TOKEN");
	err = error_with_hint(err, "the token of %s is not allowed to", f->token.source);
	return hint_scopes(err, response, message);
}

/* What says no more than its status. */
static bool says_nothing(const char *message)
{
	static const char *const words[] = { "not found", "404 ", "the target couldn't be found" };
	for (size_t i = 0; message && i < ARRAY_SIZE(words); i++)
		if (!strncasecmp(message, words[i], strlen(words[i])))
			return true;
	return !message;
}

static struct error *not_found(struct forge *f, const struct forge_request *request, const char *message)
{
	struct error *err;
	if (says_nothing(message))
		err = error_new(ERROR_NOT_FOUND, "cannot %s: not found at %s, in %s", request->what, f->site.host,
				f->site.repository);
	else
		err = refused(f, request, ERROR_NOT_FOUND, 404, message);
	if (!f->token.header)
		return error_with_hint(err, "is the name right? A private repository needs a token");
	return error_with_hint(err, "is the name right, and may the token of %s see and write there?", f->token.source);
}

static struct error *moved(struct forge *f, const struct forge_request *request, const struct http_response *response)
{
	char *location = shown_header(response, "location");
	struct error *err = error_new(ERROR_NETWORK, "cannot %s: %s sends us elsewhere, to %s", request->what,
				      f->site.host, location ? location : "nowhere");
	free(location);
	return error_with_hint(err, "was the repository renamed? `git remote set-url` follows it");
}

struct error *fault_error(struct forge *f, const struct forge_request *request, const struct http_response *response,
			  const char *message, unsigned tries)
{
	uint64_t delay_ms;
	int64_t now = (int64_t)time(NULL);
	long status = response->status;
	if (response->error)
		return error_new(response->error->code, "cannot %s: %s", request->what, response->error->message);
	if (fault_is_limit(response, message, now, &delay_ms))
		return limit_error(f, request, delay_ms, now);
	if (status == 401)
		return unauthorized(f, request, message);
	if (status == 403)
		return forbidden(f, request, response, message);
	if (status == 404)
		return not_found(f, request, message);
	if (status / 100 == 3)
		return moved(f, request, response);
	if (status >= 500 && tries > 1)
		return error_with_hint(error_new(ERROR_NETWORK, "cannot %s: %s answers %ld, %u times%s%s", request->what,
						 f->site.host, status, tries, message ? ": " : "",
						 message ? message : ""),
				       "it has a fault of its own: try again later");
	return refused(f, request, status == 409 ? ERROR_CONFLICT : ERROR_NETWORK, status, message);
}
