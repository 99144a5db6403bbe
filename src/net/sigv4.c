#include "net/sigv4.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/hex.h"
#include "base/memory.h"
#include "base/secret.h"
#include "base/sha256.h"
#include "base/text.h"

#define ALGORITHM "AWS4-HMAC-SHA256"
#define DATE_SIZE 17 /* 20150830T123600Z */
#define DAY_LENGTH 8
#define UNSIGNED "UNSIGNED-PAYLOAD"

/* A header or a parameter of the query, as it is signed. */
struct pair {
	char *name, *value;
	size_t order; /* as it was given: what has one name stays in this order */
};

struct pair_list {
	struct pair *items;
	size_t nr, alloc;
};

struct url_parts {
	bool tls;
	struct slice authority, path, query;
};

struct signing {
	const struct sigv4_keys *keys;
	const struct sigv4_request *request;
	struct url_parts url;
	struct pair_list headers, query;
	char date[DATE_SIZE];
	char payload[SHA256_HEX_SIZE + 1]; /* what payload_hash points to, unless the caller said it */
	const char *payload_hash;
	struct buffer host, scope, signed_headers;
	bool keep_path, host_is_given;
};

static void pair_list_release(struct pair_list *list)
{
	for (size_t i = 0; i < list->nr; i++) {
		secret_free(list->items[i].name);
		secret_free(list->items[i].value);
	}
	free(list->items);
}

/* Takes both strings. */
static void pair_add(struct pair_list *list, char *name, char *value)
{
	ALLOC_GROW(list->items, list->nr, list->alloc);
	list->items[list->nr] = (struct pair){ name, value, list->nr };
	list->nr++;
}

static int compare_names(const void *left, const void *right)
{
	const struct pair *a = left, *b = right;
	int order = strcmp(a->name, b->name);
	return order ? order : (a->order > b->order) - (a->order < b->order);
}

static int compare_pairs(const void *left, const void *right)
{
	const struct pair *a = left, *b = right;
	int order = strcmp(a->name, b->name);
	return order ? order : strcmp(a->value, b->value);
}

/* -- the URL -------------------------------------------------------------------------------------- */

static struct slice slice_between(const char *begin, const char *end)
{
	return (struct slice){ begin, (size_t)(end - begin) };
}

static struct error *split_url(struct url_parts *out, const char *url)
{
	const char *rest;
	for (const char *p = url; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return error_new(ERROR_USAGE, "the address to sign holds a control character");
	out->tls = !strncasecmp(url, "https://", 8);
	if (!out->tls && strncasecmp(url, "http://", 7))
		return error_with_hint(error_new(ERROR_USAGE, "the address of AWS does not begin with https://"),
				       "look at AWS_ENDPOINT_URL, and endpoint_url in AWS's configuration");
	rest = url + (out->tls ? 8 : 7);
	const char *end = rest + strcspn(rest, "/?#");
	const char *user = memrchr(rest, '@', (size_t)(end - rest));
	out->authority = slice_between(user ? user + 1 : rest, end);
	const char *query = end + strcspn(end, "?#");
	out->path = slice_between(end, query);
	const char *fragment = query + strcspn(query, "#");
	out->query = *query == '?' ? slice_between(query + 1, fragment) : slice_between(query, query);
	if (!out->authority.len || *out->authority.data == ':')
		return error_new(ERROR_USAGE, "the address to sign has no host");
	return NULL;
}

/* The Host header as HTTP has it: the port only when it is not the scheme's. */
static void add_host(struct buffer *out, const struct url_parts *url)
{
	const char *usual = url->tls ? ":443" : ":80";
	size_t skip = strlen(usual), len = url->authority.len;
	if (len > skip && !memcmp(url->authority.data + len - skip, usual, skip))
		len -= skip;
	if (url->authority.data[len - 1] == ':')
		len--;
	buffer_add(out, url->authority.data, len);
}

static bool is_escape(struct slice text, size_t i)
{
	return text.data[i] == '%' && text.len - i > 2 && hex_value(text.data[i + 1]) >= 0 &&
	       hex_value(text.data[i + 2]) >= 0;
}

/* Dot segments and empty ones go, as RFC 3986 resolves them. */
static void normalise_path(struct buffer *out, struct slice path)
{
	size_t i = 0;
	buffer_addch(out, '/');
	while (i < path.len) {
		const char *slash = memchr(path.data + i, '/', path.len - i);
		size_t end = slash ? (size_t)(slash - path.data) : path.len;
		struct slice segment = { path.data + i, end - i };
		i = slash ? end + 1 : end;
		if (!segment.len || slice_equals(segment, "."))
			continue;
		if (slice_equals(segment, "..")) {
			while (out->len > 1 && out->data[out->len - 2] != '/')
				buffer_truncate(out, out->len - 1);
			if (out->len > 1)
				buffer_truncate(out, out->len - 1);
			continue;
		}
		buffer_add(out, segment.data, segment.len);
		if (slash)
			buffer_addch(out, '/');
	}
}

static void add_canonical_path(struct buffer *out, const struct signing *s)
{
	struct buffer normal = BUFFER_INIT;
	struct slice path = s->url.path;
	if (!s->keep_path) {
		normalise_path(&normal, path);
		path = slice_of(&normal);
	}
	if (!path.len)
		buffer_addch(out, '/');
	for (size_t i = 0; i < path.len; i++) {
		if (s->keep_path && is_escape(path, i))
			buffer_addch(out, path.data[i]);
		else
			text_percent(out, (struct slice){ path.data + i, 1 }, "/");
	}
	buffer_release(&normal);
}

/* -- the query ------------------------------------------------------------------------------------ */

/* Whether it came with escapes or without: one form. */
static char *canonical_part(struct slice text)
{
	struct buffer out = BUFFER_INIT;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];
		if (is_escape(text, i)) {
			c = (char)(hex_value(text.data[i + 1]) << 4 | hex_value(text.data[i + 2]));
			i += 2;
		}
		text_percent(&out, (struct slice){ &c, 1 }, "");
	}
	return buffer_detach(&out, NULL);
}

static void read_query(struct pair_list *out, struct slice query)
{
	while (query.len) {
		const char *mark = memchr(query.data, '&', query.len);
		size_t len = mark ? (size_t)(mark - query.data) : query.len;
		const char *equals = memchr(query.data, '=', len);
		size_t name = equals ? (size_t)(equals - query.data) : len;
		size_t value = equals ? name + 1 : len;
		if (len)
			pair_add(out, canonical_part((struct slice){ query.data, name }),
				 canonical_part((struct slice){ query.data + value, len - value }));
		size_t skip = mark ? len + 1 : len;
		query = (struct slice){ query.data + skip, query.len - skip };
	}
}

static void add_parameter(struct signing *s, struct buffer *url, const char *name, const char *value)
{
	struct buffer encoded = BUFFER_INIT;
	const char *mark = !strchr(url->data, '?') ? "?" : ends_with(url->data, "?") ? "" : "&";
	text_percent(&encoded, (struct slice){ value, strlen(value) }, "");
	buffer_addf(url, "%s%s=%s", mark, name, encoded.data);
	pair_add(&s->query, xstrdup(name), buffer_detach(&encoded, NULL));
}

/* -- the headers ---------------------------------------------------------------------------------- */

/* What proxies and libcurl change on the way, and the signature itself. */
static bool never_signed(struct slice name)
{
	static const char *const names[] = {
		"authorization", "connection", "expect", "transfer-encoding", "user-agent", "x-amzn-trace-id",
	};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (name.len == strlen(names[i]) && !strncasecmp(names[i], name.data, name.len))
			return true;
	return false;
}

/* Runs of white space become one space, folded lines one line. */
static char *canonical_value(struct slice value)
{
	struct buffer out = BUFFER_INIT;
	value = slice_trim(value);
	for (size_t i = 0; i < value.len; i++) {
		if (!ascii_space(value.data[i]))
			buffer_addch(&out, value.data[i]);
		else if (out.data[out.len - 1] != ' ')
			buffer_addch(&out, ' ');
	}
	return buffer_detach(&out, NULL);
}

static void add_header(struct signing *s, struct slice name, struct slice value)
{
	char *lower = xmemdupz(name.data, name.len);
	for (char *p = lower; *p; p++)
		*p = (char)ascii_lower((unsigned char)*p);
	s->host_is_given |= !strcmp(lower, "host");
	pair_add(&s->headers, lower, canonical_value(value));
}

static void add_header_string(struct signing *s, const char *name, const char *value)
{
	add_header(s, (struct slice){ name, strlen(name) }, (struct slice){ value, strlen(value) });
}

static struct error *read_headers(struct signing *s)
{
	for (const char *const *line = s->request->headers; line && *line; line++) {
		const char *colon = strchr(*line, ':');
		size_t len = colon ? (size_t)(colon - *line) : 0;
		struct slice name = slice_trim((struct slice){ *line, len });
		for (const char *p = *line; (p = strpbrk(p, "\r\n")); p++)
			if (p[1] != ' ' && p[1] != '\t' && p[1] != '\n')
				return error_new(ERROR_USAGE, "a header to sign holds a line break");
		if (!name.len)
			return error_new(ERROR_USAGE, "a header to sign has no name");
		struct slice value = slice_trim((struct slice){ colon + 1, strlen(colon + 1) });
		if (value.len && !never_signed(name)) /* libcurl does not send an empty one */
			add_header(s, name, value);
	}
	return NULL;
}

/* Values of one name become one header, joined by commas. */
static void join_headers(struct buffer *lines, struct buffer *names, struct pair_list *headers)
{
	if (headers->nr)
		qsort(headers->items, headers->nr, sizeof(*headers->items), compare_names);
	for (size_t i = 0; i < headers->nr; i++) {
		const struct pair *h = &headers->items[i];
		if (i && !strcmp(headers->items[i - 1].name, h->name)) {
			buffer_truncate(lines, lines->len - 1);
			buffer_addf(lines, ",%s\n", h->value);
			continue;
		}
		buffer_addf(lines, "%s:%s\n", h->name, h->value);
		buffer_addf(names, "%s%s", i ? ";" : "", h->name);
	}
}

/* -- the steps ------------------------------------------------------------------------------------ */

static void hmac(const void *key, size_t len, struct slice text, unsigned char out[SHA256_SIZE])
{
	unsigned size = SHA256_SIZE;
	/* Fails for want of memory only. */
	if (!HMAC(EVP_sha256(), key, (int)len, (const unsigned char *)text.data, text.len, out, &size))
		abort();
}

static void hmac_string(unsigned char key[SHA256_SIZE], const char *text)
{
	unsigned char out[SHA256_SIZE];
	hmac(key, SHA256_SIZE, (struct slice){ text, strlen(text) }, out);
	memcpy(key, out, SHA256_SIZE);
	secret_wipe(out, sizeof(out));
}

static void compute_signature(const struct signing *s, struct slice string_to_sign, char out[65])
{
	struct buffer first = BUFFER_INIT;
	unsigned char key[SHA256_SIZE], signature[SHA256_SIZE];
	buffer_reserve(&first, strlen(s->keys->secret_key) + sizeof("AWS4")); /* no copies left behind */
	buffer_addstr(&first, "AWS4");
	buffer_addstr(&first, s->keys->secret_key);
	hmac(first.data, first.len, (struct slice){ s->date, DAY_LENGTH }, key);
	secret_release(&first);
	hmac_string(key, s->request->region);
	hmac_string(key, s->request->service);
	hmac_string(key, "aws4_request");
	hmac(key, sizeof(key), string_to_sign, signature);
	hex_encode(signature, sizeof(signature), out);
	secret_wipe(key, sizeof(key));
}

static void add_canonical_request(struct sigv4_result *r, struct signing *s,
				  const struct buffer *header_lines)
{
	struct buffer *out = &r->canonical_request;
	buffer_addf(out, "%s\n", s->request->method);
	add_canonical_path(out, s);
	buffer_addch(out, '\n');
	if (s->query.nr)
		qsort(s->query.items, s->query.nr, sizeof(*s->query.items), compare_pairs);
	for (size_t i = 0; i < s->query.nr; i++)
		buffer_addf(out, "%s%s=%s", i ? "&" : "", s->query.items[i].name, s->query.items[i].value);
	buffer_addf(out, "\n%s\n%s\n%s", header_lines->data, s->signed_headers.data, s->payload_hash);
}

static void add_string_to_sign(struct sigv4_result *r, const struct signing *s)
{
	char hash[SHA256_HEX_SIZE + 1];
	sha256_hex(r->canonical_request.data, r->canonical_request.len, hash);
	buffer_addf(&r->string_to_sign, ALGORITHM "\n%s\n%s\n%s", s->date, s->scope.data, hash);
}

static bool signs_token(const struct signing *s)
{
	return s->keys->session_token && !s->request->token_unsigned;
}

static void put_line(struct buffer *out, const char *name, const char *value)
{
	buffer_addf(out, "%s: %s\n", name, value);
}

static void sign_headers(struct sigv4_result *r, struct signing *s)
{
	struct buffer lines = BUFFER_INIT;
	bool s3 = !strcmp(s->request->service, "s3");
	add_header_string(s, "x-amz-date", s->date);
	put_line(&r->headers, "X-Amz-Date", s->date);
	if (s->request->content_sha256 || s3) {
		add_header_string(s, "x-amz-content-sha256", s->payload_hash);
		put_line(&r->headers, "X-Amz-Content-Sha256", s->payload_hash);
	}
	if (signs_token(s))
		add_header_string(s, "x-amz-security-token", s->keys->session_token);
	if (s->keys->session_token)
		put_line(&r->headers, "X-Amz-Security-Token", s->keys->session_token);
	if (!s->host_is_given) {
		add_header_string(s, "host", s->host.data);
		put_line(&r->headers, "Host", s->host.data);
	}
	join_headers(&lines, &s->signed_headers, &s->headers);
	add_canonical_request(r, s, &lines);
	add_string_to_sign(r, s);
	compute_signature(s, slice_of(&r->string_to_sign), r->signature);
	buffer_addf(&r->headers,
		    "Authorization: " ALGORITHM " Credential=%s/%s, SignedHeaders=%s, Signature=%s\n",
		    s->keys->access_key, s->scope.data, s->signed_headers.data, r->signature);
	secret_release(&lines);
}

static void sign_query(struct sigv4_result *r, struct signing *s)
{
	struct buffer lines = BUFFER_INIT;
	char *credential = xstrfmt("%s/%s", s->keys->access_key, s->scope.data);
	char *expires = xstrfmt("%ld", s->request->expires);
	if (!s->host_is_given)
		add_header_string(s, "host", s->host.data);
	join_headers(&lines, &s->signed_headers, &s->headers);
	buffer_add(&r->url, s->request->url, strcspn(s->request->url, "#"));
	add_parameter(s, &r->url, "X-Amz-Algorithm", ALGORITHM);
	add_parameter(s, &r->url, "X-Amz-Credential", credential);
	add_parameter(s, &r->url, "X-Amz-Date", s->date);
	add_parameter(s, &r->url, "X-Amz-SignedHeaders", s->signed_headers.data);
	add_parameter(s, &r->url, "X-Amz-Expires", expires);
	if (signs_token(s))
		add_parameter(s, &r->url, "X-Amz-Security-Token", s->keys->session_token);
	add_canonical_request(r, s, &lines);
	add_string_to_sign(r, s);
	compute_signature(s, slice_of(&r->string_to_sign), r->signature);
	if (s->keys->session_token && !signs_token(s))
		add_parameter(s, &r->url, "X-Amz-Security-Token", s->keys->session_token);
	add_parameter(s, &r->url, "X-Amz-Signature", r->signature);
	free(credential);
	free(expires);
	secret_release(&lines);
}

static bool printable(const char *s)
{
	for (; s && *s; s++)
		if (*s <= ' ' || *s == 0x7f)
			return false;
	return true;
}

static struct error *prepare(struct signing *s)
{
	const struct sigv4_request *q = s->request;
	struct tm tm;
	time_t date = (time_t)q->date;
	if (!printable(s->keys->access_key) || !printable(s->keys->session_token) || !printable(q->region))
		return error_new(ERROR_USAGE, "the AWS keys or the region hold characters that none has");
	if (!gmtime_r(&date, &tm) ||
	    strftime(s->date, sizeof(s->date), "%Y%m%dT%H%M%SZ", &tm) != DATE_SIZE - 1)
		return error_new(ERROR_USAGE, "there is no such date to sign for");
	struct error *err = split_url(&s->url, q->url);
	if (!err)
		err = read_headers(s);
	if (err)
		return err;
	bool s3 = !strcmp(q->service, "s3");
	s->keep_path = q->keep_path || s3;
	s->payload_hash = q->payload_hash;
	if (!s->payload_hash && s3 && q->place == SIGV4_QUERY) {
		s->payload_hash = UNSIGNED;
	} else if (!s->payload_hash) {
		sha256_hex(q->body.data, q->body.len, s->payload);
		s->payload_hash = s->payload;
	}
	add_host(&s->host, &s->url);
	read_query(&s->query, s->url.query);
	buffer_addf(&s->scope, "%.*s/%s/%s/aws4_request", DAY_LENGTH, s->date, q->region, q->service);
	return NULL;
}

struct error *sigv4_sign(struct sigv4_result *out, const struct sigv4_keys *keys,
			 const struct sigv4_request *request)
{
	struct signing s = {
		.keys = keys,
		.request = request,
		.host = BUFFER_INIT,
		.scope = BUFFER_INIT,
		.signed_headers = BUFFER_INIT,
	};
	*out = (struct sigv4_result){ BUFFER_INIT, BUFFER_INIT, BUFFER_INIT, BUFFER_INIT, "" };
	struct error *err = prepare(&s);
	if (!err && request->place == SIGV4_HEADERS)
		sign_headers(out, &s);
	else if (!err)
		sign_query(out, &s);
	pair_list_release(&s.headers);
	pair_list_release(&s.query);
	buffer_release(&s.host);
	buffer_release(&s.scope);
	buffer_release(&s.signed_headers);
	return err;
}

void sigv4_result_release(struct sigv4_result *r)
{
	secret_release(&r->headers);
	secret_release(&r->url);
	secret_release(&r->canonical_request);
	secret_release(&r->string_to_sign);
	secret_wipe(r->signature, sizeof(r->signature));
}
