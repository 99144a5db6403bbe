/* The addresses of remotes, as git reads them. */
#include "base/hex.h"
#include "base/memory.h"
#include "base/text.h"
#include "forge/site.h"

void remote_address_release(struct remote_address *a)
{
	free(a->scheme);
	free(a->user);
	free(a->host);
	free(a->port);
	free(a->path);
	*a = (struct remote_address){ 0 };
}

/* What a name in a URL of ours, on a terminal or in a message may hold. */
static bool is_plain(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || (unsigned char)*s == 0x7f)
			return false;
	return true;
}

static char *percent_decode(const char *s, size_t len)
{
	char *out = xmalloc(len + 1);
	size_t n = 0;
	for (size_t i = 0; i < len; i++) {
		bool coded = s[i] == '%' && i + 2 < len && hex_value(s[i + 1]) >= 0 && hex_value(s[i + 2]) >= 0;
		int byte = coded ? hex_value(s[i + 1]) * 16 + hex_value(s[i + 2]) : 0;
		if (byte) {
			out[n++] = (char)byte;
			i += 2;
		} else {
			out[n++] = s[i];
		}
	}
	out[n] = '\0';
	return out;
}

static bool is_host(const char *host)
{
	if (!*host || *host == '-')
		return false;
	for (const char *p = host; *p; p++)
		if (!ascii_alnum((unsigned char)*p) && !strchr("-._[]:", *p))
			return false;
	return true;
}

static bool is_port(const char *port)
{
	size_t len = strspn(port, "0123456789");
	return len && len <= 5 && !port[len];
}

/* "[::1]:22" or "example.org:22" */
static bool split_port(struct remote_address *a, const char *text)
{
	const char *end = *text == '[' ? strchr(text, ']') : NULL;
	const char *colon = strchr(end ? end : text, ':');
	if ((*text == '[' && !end) || (end && end[1] && end[1] != ':'))
		return false;
	a->host = colon ? xmemdupz(text, (size_t)(colon - text)) : xstrdup(text);
	for (char *p = a->host; *p; p++)
		*p = (char)ascii_lower((unsigned char)*p);
	if (colon && colon[1])
		a->port = xstrdup(colon + 1);
	return is_host(a->host) && (!a->port || is_port(a->port));
}

/* "user:password@example.org:22" */
static bool split_authority(struct remote_address *a, const char *text, size_t len)
{
	const char *at = memrchr(text, '@', len);
	if (at) {
		size_t user = strcspn(text, ":@");
		a->user = user ? percent_decode(text, user) : NULL;
		len -= (size_t)(at + 1 - text);
		text = at + 1;
	}
	char *place = xmemdupz(text, len);
	bool good = split_port(a, place);
	free(place);
	return good;
}

/* Owners and names that a URL could be turned with are none. */
static bool is_repository(const char *path)
{
	size_t depth = 1;
	for (const char *p = path; *p; depth++) {
		size_t len = strcspn(p, "/");
		if (!len || (len <= 2 && !strncmp(p, "..", len)) || *p == '~')
			return false;
		p += len;
		if (!*p)
			return depth >= 2 && depth <= SITE_MAX_DEPTH;
		p++;
	}
	return false;
}

static bool set_path(struct remote_address *a, char *path)
{
	char *start = path;
	while (*start == '/')
		start++;
	size_t len = strlen(start);
	while (len && start[len - 1] == '/')
		len--;
	if (len > 4 && !memcmp(start + len - 4, ".git", 4) && start[len - 5] != '/')
		len -= 4;
	a->path = xmemdupz(start, len);
	free(path);
	return is_repository(a->path) && is_plain(a->path);
}

static bool parse_url(struct remote_address *a, const char *text, const char *rest)
{
	static const struct {
		const char *written, *scheme;
	} schemes[] = {
		{ "https", "https" }, { "http", "http" },    { "ssh", "ssh" },
		{ "git", "git" },     { "git+ssh", "ssh" },  { "ssh+git", "ssh" },
	};
	size_t len = (size_t)(rest - 3 - text);
	for (size_t i = 0; i < ARRAY_SIZE(schemes) && !a->scheme; i++)
		if (strlen(schemes[i].written) == len && !strncasecmp(schemes[i].written, text, len))
			a->scheme = xstrdup(schemes[i].scheme);
	const char *slash = strchr(rest, '/');
	if (!a->scheme || !slash || !split_authority(a, rest, (size_t)(slash - rest)))
		return false;
	return !strpbrk(slash, "?#") && set_path(a, percent_decode(slash, strlen(slash)));
}

/* "git@example.org:owner/name", "[git@example.org:2222]:owner/name", "[::1]:owner/name" */
static bool parse_scp(struct remote_address *a, const char *text)
{
	const char *at = strchr(text, '@'), *place = text, *end;
	if (at && (size_t)(at - text) < strcspn(text, "[:/"))
		place = at + 1;
	if (*place == '[') {
		end = strchr(place, ']');
		if (!end || end[1] != ':')
			return false;
		end++;
	} else {
		end = place + strcspn(place, ":/");
		if (*end != ':')
			return false; /* a path */
	}
	a->scheme = xstrdup("ssh");
	/* Brackets hold an IPv6 address, or what else would be read otherwise. */
	bool wrapped = *place == '[' && (memchr(place, '@', (size_t)(end - place)) ||
					 memchr(place, ':', (size_t)(end - place)) == memrchr(place, ':', (size_t)(end - place)));
	bool good = wrapped ? split_authority(a, place + 1, (size_t)(end - place) - 2)
			    : split_authority(a, text, (size_t)(end - text));
	return good && set_path(a, xstrdup(end + 1));
}

bool remote_address_parse(struct remote_address *out, const char *text)
{
	*out = (struct remote_address){ 0 };
	const char *rest = strstr(text, "://");
	bool good = strlen(text) <= SITE_MAX_ADDRESS && !strstr(text, "::/") && *text != '-';
	/* "<helper>::<address>" */
	size_t word = strcspn(text, ":");
	if (good && text[word] == ':' && text[word + 1] == ':' && !memchr(text, '[', word))
		good = false;
	if (good)
		good = rest && !memchr(text, '/', (size_t)(rest - text)) ? parse_url(out, text, rest + 3)
									: parse_scp(out, text);
	if (!good)
		remote_address_release(out);
	return good;
}
