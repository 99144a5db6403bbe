#include "image/reference.h"

#include "base/hex.h"
#include "base/memory.h"
#include "base/text.h"

#define HUB "registry-1.docker.io"
#define HUB_OFFICIAL "library/"
/* Bytes of a repository's name, and of a tag, that registries accept. */
#define REPOSITORY_MAX 255
#define TAG_MAX 128

/* Names under which people know Docker Hub; the first is how we write it. */
static const char *const hub_names[] = { "docker.io", "index.docker.io", HUB };

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_path_letter(char c)
{
	return is_lower(c) || ascii_digit(c);
}

/* -- registries -------------------------------------------------------------------------------- */

/* Whether the first part of a name is a registry, as docker decides it. */
static bool is_registry(struct slice part)
{
	if (slice_equals(part, "localhost"))
		return true;
	for (size_t i = 0; i < part.len; i++)
		if (strchr(".:[", part.data[i]) || (part.data[i] >= 'A' && part.data[i] <= 'Z'))
			return true;
	return false;
}

static bool is_host(struct slice s)
{
	char before = '.';
	if (s.len > 2 && s.data[0] == '[' && s.data[s.len - 1] == ']') {
		for (size_t i = 1; i < s.len - 1; i++)
			if (hex_value(s.data[i]) < 0 && s.data[i] != ':' && s.data[i] != '.')
				return false;
		return true;
	}
	for (size_t i = 0; i < s.len; i++) {
		char c = s.data[i];
		if (!ascii_alnum(c) && c != '-' && c != '.')
			return false;
		if ((c == '.' || c == '-') && before == '.')
			return false;
		if (c == '.' && before == '-')
			return false;
		before = c;
	}
	return s.len && before != '.' && before != '-';
}

static bool is_host_and_port(struct slice s)
{
	size_t port = s.len;
	while (port && ascii_digit(s.data[port - 1]))
		port--;
	if (!port || s.data[port - 1] != ':')
		return is_host(s);
	if (port == s.len || s.len - port > 5 || atoi(s.data + port) > 65535)
		return false;
	return is_host((struct slice){ s.data, port - 1 });
}

/* -- repositories and tags --------------------------------------------------------------------- */

/* The separator at S: one '.', one or two '_', any number of '-'. */
static size_t separator_length(const char *s, const char *end)
{
	size_t n = 0;
	if (*s == '.')
		return 1;
	while (s + n < end && s[n] == *s && (*s == '-' || n < 2))
		n++;
	return *s == '-' || *s == '_' ? n : 0;
}

static bool is_repository(struct slice s)
{
	const char *p = s.data, *end = s.data + s.len;
	if (s.len > REPOSITORY_MAX)
		return false;
	while (p < end && is_path_letter(*p)) {
		while (p < end && is_path_letter(*p))
			p++;
		if (p == end)
			return true;
		p += *p == '/' ? 1 : separator_length(p, end);
	}
	return false;
}

static bool is_tag(struct slice s)
{
	if (!s.len || s.len > TAG_MAX || s.data[0] == '.' || s.data[0] == '-')
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_alnum(s.data[i]) && !strchr("_.-", s.data[i]))
			return false;
	return true;
}

/* -- whole names ------------------------------------------------------------------------------- */

static struct error *bad_name(const char *name, const char *why)
{
	return error_new(ERROR_SYNTAX, "'%s' is not the name of an image: %s", name, why);
}

static bool has_upper(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.data[i] >= 'A' && s.data[i] <= 'Z')
			return true;
	return false;
}

static const char *wrong_repository(struct slice repository)
{
	if (!repository.len)
		return "the repository is missing";
	if (repository.len > REPOSITORY_MAX)
		return "the repository's name is longer than 255 bytes";
	if (has_upper(repository))
		return "the repository's name must be in lower case";
	return "a repository's name has lower-case letters and digits, with '.', '_', '__', '-' or '/' "
	       "between them";
}

/* Splits "registry/" off *REST; Docker Hub when there is none. */
static struct error *take_registry(struct reference *out, struct slice *rest, const char *name)
{
	const char *slash = memchr(rest->data, '/', rest->len);
	struct slice part = { rest->data, slash ? (size_t)(slash - rest->data) : 0 };
	if (!slash || !is_registry(part)) {
		out->registry = xstrdup(HUB);
		return NULL;
	}
	if (starts_with(name, "https://") || starts_with(name, "http://"))
		return bad_name(name, "it is written without http:// and https://");
	if (!is_host_and_port(part))
		return bad_name(name, "the registry is no host name with an optional port");
	rest->data += part.len + 1;
	rest->len -= part.len + 1;
	for (size_t i = 0; i < ARRAY_SIZE(hub_names); i++)
		if (slice_equals(part, hub_names[i]))
			part = slice_of_string(HUB);
	out->registry = xmemdupz(part.data, part.len);
	return NULL;
}

struct error *reference_parse(struct reference *out, const char *name)
{
	*out = (struct reference){ 0 };
	struct slice rest = slice_of_string(name);
	if (!rest.len)
		return error_new(ERROR_SYNTAX, "the name of an image is empty");
	if (rest.len > REFERENCE_MAX)
		return error_new(ERROR_SYNTAX, "the name of an image is longer than %d bytes", REFERENCE_MAX);
	if (hex_is(name, SHA256_HEX_SIZE))
		return bad_name(name, "it is the id of one; write <repository>@sha256:<id>");
	const char *at = strchr(name, '@');
	if (at) {
		rest.len = (size_t)(at - name);
		if (!digest_parse(slice_of_string(at + 1), &out->digest))
			return bad_name(name, "'@' must be followed by 'sha256:' and 64 lower-case digits");
	}
	struct error *err = take_registry(out, &rest, name);
	if (err)
		return err;
	const char *colon = memchr(rest.data, ':', rest.len);
	if (colon) {
		struct slice tag = { colon + 1, rest.len - (size_t)(colon + 1 - rest.data) };
		if (!is_tag(tag))
			return bad_name(
			    name,
			    "a tag has up to 128 letters, digits, '_', '.' and '-', and begins with neither "
			    "'.' nor '-'");
		out->tag = xmemdupz(tag.data, tag.len);
		rest.len = (size_t)(colon - rest.data);
	}
	if (!is_repository(rest))
		return bad_name(name, wrong_repository(rest));
	bool official = !strcmp(out->registry, HUB) && !memchr(rest.data, '/', rest.len);
	out->repository = xstrfmt("%s%.*s", official ? HUB_OFFICIAL : "", (int)rest.len, rest.data);
	return NULL;
}

void reference_release(struct reference *r)
{
	free(r->registry);
	free(r->repository);
	free(r->tag);
	*r = (struct reference){ 0 };
}

static char *copy_or_null(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

void reference_copy(struct reference *out, const struct reference *from)
{
	*out = (struct reference){
		.registry = copy_or_null(from->registry),
		.repository = copy_or_null(from->repository),
		.tag = copy_or_null(from->tag),
		.digest = from->digest,
	};
}

/* Docker Hub's name is left out, unless the rest would then be read as something else. */
static void add_hub_repository(struct buffer *out, const char *repository)
{
	const char *official;
	struct slice first = { repository, strcspn(repository, "/") };
	if (skip_prefix(repository, HUB_OFFICIAL, &official) && !strchr(official, '/') &&
	    !hex_is(official, SHA256_HEX_SIZE))
		repository = official;
	else if (is_registry(first))
		buffer_addf(out, "%s/", hub_names[0]);
	buffer_addstr(out, repository);
}

void reference_add(struct buffer *out, const struct reference *r)
{
	if (!strcmp(r->registry, HUB))
		add_hub_repository(out, r->repository);
	else
		buffer_addf(out, "%s/%s", r->registry, r->repository);
	if (r->tag)
		buffer_addf(out, ":%s", r->tag);
	if (r->digest.text[0])
		buffer_addf(out, "@%s", r->digest.text);
}

bool reference_is_ecr(const struct reference *r, struct slice *account, struct slice *region)
{
	static const char *const services[] = { ".dkr.ecr.", ".dkr.ecr-fips." };
	static const char *const domains[] = { ".amazonaws.com", ".amazonaws.com.cn" };
	const char *host = r->registry, *at = NULL;
	size_t digits = strspn(host, "0123456789");
	for (size_t i = 0; i < ARRAY_SIZE(services) && !at; i++)
		skip_prefix(host + digits, services[i], &at);
	if (digits != 12 || !at)
		return false;
	size_t len = strcspn(at, ".");
	for (size_t i = 0; i < ARRAY_SIZE(domains); i++) {
		if (!len || strcmp(at + len, domains[i]))
			continue;
		*account = (struct slice){ host, digits };
		*region = (struct slice){ at, len };
		return true;
	}
	return false;
}
