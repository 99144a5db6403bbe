/* Logins: challenges, credentials and bearer tokens.
 * https://distribution.github.io/distribution/spec/auth/token/, RFC 9110 section 11 */
#include <curl/curl.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/trace.h"
#include "image/docker_auth.h"
#include "image/registry_internal.h"
#include "net/address.h"

/* Bytes of a challenge's value, and of a token. */
#define MAX_VALUE 4096
#define MAX_TOKEN 32768
/* Tokens that do not say how long they are good for are so for a minute. */
#define DEFAULT_SECONDS 60
#define MAX_SECONDS (24 * 3600)
/* A token is not used in its last seconds: it has to arrive. */
#define MARGIN_MS 5000
/* New credentials, and tokens, for one request. Others may have used up a token meanwhile. */
#define MAX_NEW_CREDENTIALS 1
#define MAX_NEW_TOKENS 2
#define CLIENT_ID "git-deploy"

/* -- challenges ------------------------------------------------------------------------------------- */

void challenge_release(struct challenge *c)
{
	free(c->realm);
	free(c->service);
	*c = (struct challenge){ 0 };
}

struct reader {
	const char *p, *end;
};

static void skip(struct reader *r, const char *these)
{
	while (r->p < r->end && *r->p && strchr(these, *r->p))
		r->p++;
}

static bool is_token_char(char c)
{
	return ascii_alnum((unsigned char)c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static struct slice read_token(struct reader *r)
{
	const char *start = r->p;
	while (r->p < r->end && is_token_char(*r->p))
		r->p++;
	return (struct slice){ start, (size_t)(r->p - start) };
}

/* A token or a quoted string; OUT holds at most MAX_VALUE bytes. */
static void read_value(struct reader *r, struct buffer *out)
{
	if (r->p == r->end || *r->p != '"') {
		const char *start = r->p;
		while (r->p < r->end && !strchr(", \t", *r->p) && *r->p)
			r->p++;
		buffer_add(out, start, (size_t)(r->p - start));
		return;
	}
	for (r->p++; r->p < r->end && *r->p != '"'; r->p++) {
		if (*r->p == '\\' && r->p + 1 < r->end)
			r->p++;
		buffer_addch(out, *r->p);
	}
	r->p += r->p < r->end;
}

static bool is_clean(const struct buffer *value)
{
	for (size_t i = 0; i < value->len; i++)
		if ((unsigned char)value->data[i] <= ' ' || value->data[i] == 127)
			return false;
	return value->len && !value->overflowed;
}

static bool named(struct slice s, const char *name)
{
	return s.len == strlen(name) && curl_strnequal(s.data, name, s.len);
}

static void take_parameter(struct challenge *c, struct slice name, const struct buffer *value)
{
	char **place = named(name, "realm") ? &c->realm : named(name, "service") ? &c->service : NULL;
	bool wanted = c->scheme == CHALLENGE_BEARER && place && !*place;
	/* A service may be of several words. */
	if (wanted && (is_clean(value) || (place == &c->service && value->len && !value->overflowed)))
		*place = xmemdupz(value->data, value->len);
}

static void keep_better(struct challenge *best, struct challenge *c)
{
	bool whole = c->scheme == CHALLENGE_BASIC || (c->scheme == CHALLENGE_BEARER && c->realm);
	if (whole && c->scheme > best->scheme) {
		challenge_release(best);
		*best = *c;
		*c = (struct challenge){ 0 };
	}
	challenge_release(c);
}

bool challenge_parse(struct challenge *out, struct slice header)
{
	struct reader r = { header.data, header.data + header.len };
	struct challenge best = { .scheme = CHALLENGE_NONE }, c = { 0 };
	struct buffer value = BUFFER_INIT_MAX(MAX_VALUE);
	for (;;) {
		skip(&r, ", \t");
		struct slice word = read_token(&r);
		if (!word.len)
			break;
		const char *behind = r.p;
		skip(&r, " \t");
		if (r.p < r.end && *r.p == '=') {
			r.p++;
			skip(&r, " \t");
			buffer_reset(&value);
			value.overflowed = false;
			read_value(&r, &value);
			take_parameter(&c, word, &value);
			continue;
		}
		r.p = behind;
		keep_better(&best, &c);
		c.scheme = named(word, "bearer")  ? CHALLENGE_BEARER
			   : named(word, "basic") ? CHALLENGE_BASIC
						  : CHALLENGE_NONE;
	}
	keep_better(&best, &c);
	buffer_release(&value);
	if (best.scheme <= CHALLENGE_NONE || best.scheme <= out->scheme) {
		challenge_release(&best);
		return false;
	}
	challenge_release(out);
	*out = best;
	return true;
}

/* The realm gets our password: over https, or on this machine, or where the user allows http already. */
static struct error *check_realm(const struct server *s, const char *realm)
{
	struct address a, own;
	struct error *err = address_parse(&a, realm);
	struct error *ignored = address_parse(&own, s->origin);
	error_free(ignored);
	bool https = !err && curl_strequal(a.scheme, "https");
	bool here = !err && s->loopback && address_is_loopback(a.host);
	bool same = !err && s->plain && curl_strequal(a.host, own.host);
	if (!err && (address_is_link_local(a.host) || (address_is_loopback(a.host) && !s->loopback)))
		err = error_new(ERROR_NETWORK, "that is no place to send a password to");
	else if (!err && !https && !here && !same)
		err = error_new(ERROR_NETWORK, "a password would go there unencrypted");
	address_release(&a);
	address_release(&own);
	return error_context(err, "%s wants us to log in at '%s'", s->name, realm);
}

static struct error *read_challenge(const struct server *s, const struct http_response *response,
				    struct challenge *out)
{
	struct slice header;
	*out = (struct challenge){ .scheme = CHALLENGE_NONE };
	for (size_t i = 0; i < 8 && http_header_nth(response, "www-authenticate", i, &header); i++)
		challenge_parse(out, header);
	if (out->scheme == CHALLENGE_NONE)
		return error_new(ERROR_UNSUPPORTED, "%s refuses us without saying how to log in", s->name);
	return out->scheme == CHALLENGE_BEARER ? check_realm(s, out->realm) : NULL;
}

void server_learn(struct server *s, const struct http_response *response)
{
	if (response->status != 401 && s->challenge.scheme == CHALLENGE_UNKNOWN)
		s->challenge.scheme = CHALLENGE_NONE;
}

/* -- credentials ------------------------------------------------------------------------------------ */

static struct error *ask_for(struct server *s, struct credentials *c, const char *repository, bool fresh)
{
	const struct registry_settings *settings = &s->registries->settings;
	struct registry_login login = { 0 };
	struct error *err = NULL;
	if (settings->login)
		err = settings->login(settings->login_data, s->name, repository, fresh, &login);
	if (!err) {
		free(c->user);
		secret_free(c->password);
		c->user = login.user;
		c->password = login.password;
		c->generation++;
		if (!fresh && login.narrow)
			c->repository = xstrdup(repository);
		if (login.password)
			trace_add_secret(login.password);
		return NULL;
	}
	free(login.user);
	secret_free(login.password);
	return error_context(err, "cannot log in to %s", s->name);
}

/* Those for REPOSITORY; asked for once. */
static struct error *credentials_for(struct server *s, const char *repository, struct credentials **out)
{
	for (struct credentials *c = s->credentials; c; c = c->next) {
		*out = c;
		if (!c->repository || !strcmp(c->repository, repository))
			return NULL;
	}
	struct credentials *c = xcalloc(1, sizeof(*c));
	struct error *err = ask_for(s, c, repository, false);
	if (err) {
		free(c);
		return err;
	}
	c->next = s->credentials;
	s->credentials = c;
	*out = c;
	return NULL;
}

/* New ones, unless others have come since GENERATION was used. */
static struct error *renew_credentials(struct server *s, const char *repository, unsigned generation)
{
	struct credentials *c;
	struct error *err = credentials_for(s, repository, &c);
	if (err || c->generation != generation)
		return err;
	if (c->user) {
		c->refused = true;
		err = ask_for(s, c, repository, true);
	}
	return err || c->user ? err : login_error(s, c->refused);
}

static char *basic_header(const struct credentials *c)
{
	struct buffer plain = BUFFER_INIT, header = BUFFER_INIT;
	buffer_addf(&plain, "%s:%s", c->user, c->password ? c->password : "");
	base64_add(&header, slice_of(&plain));
	trace_add_secret(header.data);
	buffer_splice(&header, 0, 0, "Basic ", 6);
	secret_release(&plain);
	return buffer_detach(&header, NULL);
}

/* -- tokens ----------------------------------------------------------------------------------------- */

static struct error *error_again(const struct error *err)
{
	struct error *copy = error_new(err->code, "%s", err->message);
	return err->hint ? error_with_hint(copy, "%s", err->hint) : copy;
}

/* Starts those who wait for T again, or ends them with ERR, which is taken. */
static void wake_waiting(struct token *t, struct error *err)
{
	struct call *c;
	size_t nr = 0;
	for (c = t->waiting; c; c = c->next_waiting)
		nr++;
	while (nr-- && (c = t->waiting)) {
		t->waiting = c->next_waiting;
		c->next_waiting = NULL;
		if (err)
			call_end(c, NULL, error_again(err));
		else
			call_go(c, 0);
	}
	error_free(err);
}

static bool is_sendable(const char *text)
{
	size_t len = strlen(text);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] <= ' ' || (unsigned char)text[i] >= 127)
			return false;
	return len && len <= MAX_TOKEN;
}

static struct error *take_token(struct token *t, struct slice body)
{
	cJSON *json = NULL;
	struct error *err = json_parse(&json, body, "the answer");
	const char *text = json_string_or(json, "token", NULL);
	if (!text || !*text)
		text = json_string_or(json, "access_token", NULL);
	if (!err && (!text || !is_sendable(text)))
		err = error_new(ERROR_SYNTAX, "the answer has no token");
	int64_t seconds = json_integer_or(json, "expires_in", DEFAULT_SECONDS);
	if (seconds < DEFAULT_SECONDS)
		seconds = DEFAULT_SECONDS;
	if (seconds > MAX_SECONDS)
		seconds = MAX_SECONDS;
	if (!err) {
		secret_free(t->text);
		t->text = xstrdup(text);
		t->serial++;
		t->expires_ms = clock_ms() + (uint64_t)seconds * 1000 - MARGIN_MS;
		trace_add_secret(text);
	}
	cJSON_Delete(json);
	return error_context(err, "%s gives no token", t->server->challenge.realm);
}

static void fetch_token(struct token *t);

static void on_token(void *data, const struct http_response *response, struct error *err)
{
	struct token *t = data;
	struct server *s = t->server;
	bool refused =
		!err && (response->status == 401 || response->status == 403 || response->status == 400);
	t->fetching = false;
	if (refused && t->generation && t->attempts++ < MAX_NEW_CREDENTIALS) {
		err = renew_credentials(s, t->repository, t->generation);
		if (!err) {
			fetch_token(t);
			return;
		}
	} else if (refused) {
		err = login_error(s, t->generation);
	} else if (!err && response->status / 100 != 2) {
		err = error_new(ERROR_NETWORK, "cannot log in to %s: %s answered with status %ld", s->name,
				s->challenge.realm, response->status);
	} else if (!err) {
		err = take_token(t, slice_of(&response->body));
	}
	wake_waiting(t, err);
}

/* Each scope of a list becomes a parameter of its own. */
static void add_scopes(struct buffer *out, const char *scope)
{
	while (*scope) {
		size_t len = strcspn(scope, " ");
		buffer_addstr(out, "&scope=");
		text_percent(out, (struct slice){ scope, len }, "/:,");
		scope += len + (scope[len] == ' ');
	}
}

/* An identity token is exchanged by POST, all else asked for by GET.
 * https://distribution.github.io/distribution/spec/auth/oauth/ */
static void ask_for_token(struct token *t, const struct credentials *who)
{
	struct server *s = t->server;
	const struct challenge *c = &s->challenge;
	bool identity = who->user && !strcmp(who->user, DOCKER_IDENTITY_USER);
	struct buffer url = BUFFER_INIT, form = BUFFER_INIT;
	char *basic = who->user && !identity ? basic_header(who) : NULL;
	buffer_addstr(&url, c->realm);
	if (identity) {
		buffer_addstr(&form, "grant_type=refresh_token&client_id=" CLIENT_ID "&service=");
		text_percent(&form, slice_of_string(c->service), "");
		buffer_addstr(&form, "&scope=");
		text_percent(&form, slice_of_string(t->scope), "");
		buffer_addstr(&form, "&refresh_token=");
		text_percent(&form, slice_of_string(who->password), "");
	} else {
		buffer_addf(&url, "%cclient_id=" CLIENT_ID, strchr(c->realm, '?') ? '&' : '?');
		if (c->service) {
			buffer_addstr(&url, "&service=");
			text_percent(&url, slice_of_string(c->service), "");
		}
		add_scopes(&url, t->scope);
	}
	secret_free(t->form);
	t->form = buffer_detach(&form, NULL);
	struct call_request request = {
		.method = identity ? "POST" : "GET",
		.url = url.data,
		.accept = "application/json",
		.content_type = identity ? "application/x-www-form-urlencoded" : NULL,
		.authorization = basic ? basic : "",
		.body = slice_of_string(t->form),
		.on_done = on_token,
		.data = t,
	};
	call_start(s, &request, 0);
	secret_free(basic);
	buffer_release(&url);
}

static void fetch_token(struct token *t)
{
	struct credentials *who;
	struct error *err = credentials_for(t->server, t->repository, &who);
	t->fetching = !err;
	if (err) {
		wake_waiting(t, err);
		return;
	}
	t->generation = who->user ? who->generation : 0;
	ask_for_token(t, who);
}

/* Whether a token for HAS is one for WANTED, too. */
static bool covers(const char *has, const char *wanted)
{
	size_t len = strlen(wanted);
	return !strncmp(has, wanted, len) && (!has[len] || has[len] == ' ' || has[len] == ',');
}

static struct token *token_for(const struct call *c)
{
	struct server *s = c->server;
	const char *scope = c->request.scope;
	struct token *t = s->tokens;
	while (t && !covers(t->scope, scope))
		t = t->next;
	if (!t) {
		t = xcalloc(1, sizeof(*t));
		t->scope = xstrdup(scope);
		t->repository = xstrdup(c->request.repository);
		t->server = s;
		t->next = s->tokens;
		s->tokens = t;
	}
	if (t->text && clock_ms() >= t->expires_ms) {
		secret_free(t->text);
		t->text = NULL;
	}
	return t;
}

/* -- calls ------------------------------------------------------------------------------------------ */

static struct error *authorize_basic(struct call *c, char **header)
{
	struct credentials *who;
	struct error *err = credentials_for(c->server, c->request.repository, &who);
	if (!err && !who->user)
		err = login_error(c->server, who->refused);
	if (!err) {
		*header = basic_header(who);
		c->generation = who->generation;
	}
	return err;
}

struct error *server_authorize(struct call *c, char **header, bool *wait)
{
	struct server *s = c->server;
	if (s->challenge.scheme == CHALLENGE_BASIC)
		return authorize_basic(c, header);
	if (s->challenge.scheme != CHALLENGE_BEARER)
		return NULL;
	struct token *t = token_for(c);
	if (t->text) {
		*header = xstrfmt("Bearer %s", t->text);
		c->serial = t->serial;
		return NULL;
	}
	*wait = true;
	c->next_waiting = t->waiting;
	t->waiting = c;
	if (!t->fetching) {
		t->attempts = 0;
		fetch_token(t);
	}
	return NULL;
}

struct error *server_unauthorized(struct call *c, const struct http_response *response)
{
	struct server *s = c->server;
	struct challenge challenge;
	bool sent = c->generation || c->serial;
	struct error *err = read_challenge(s, response, &challenge);
	if (err) {
		challenge_release(&challenge);
		return err;
	}
	/* A server may have several ways, one for each repository. */
	challenge_release(&s->challenge);
	s->challenge = challenge;
	/* The first time nothing was sent. */
	if (c->renewals++ > (c->generation ? MAX_NEW_CREDENTIALS : MAX_NEW_TOKENS))
		return login_error(s, sent);
	if (challenge.scheme == CHALLENGE_BASIC)
		return c->generation ? renew_credentials(s, c->request.repository, c->generation) : NULL;
	struct token *t = c->serial ? token_for(c) : NULL;
	if (t && t->serial == c->serial) {
		secret_free(t->text);
		t->text = NULL;
	}
	return NULL;
}

void server_forget_calls(struct server *s)
{
	s->parked = NULL;
	s->probing = false;
	for (struct token *t = s->tokens; t; t = t->next) {
		t->waiting = NULL;
		t->fetching = false;
	}
}

void server_free(struct server *s)
{
	while (s->tokens) {
		struct token *t = s->tokens;
		s->tokens = t->next;
		free(t->scope);
		free(t->repository);
		secret_free(t->text);
		secret_free(t->form);
		free(t);
	}
	challenge_release(&s->challenge);
	free(s->name);
	free(s->origin);
	while (s->credentials) {
		struct credentials *c = s->credentials;
		s->credentials = c->next;
		free(c->repository);
		free(c->user);
		secret_free(c->password);
		free(c);
	}
	free(s);
}
