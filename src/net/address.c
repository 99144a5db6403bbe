#include "net/address.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "net/http.h"

bool address_is_loopback(const char *host)
{
	struct in_addr address;
	if (ascii_digit(*host) && inet_pton(AF_INET, host, &address) == 1)
		return ntohl(address.s_addr) >> 24 == 127;
	static const char *const names[] = { "localhost", "localhost.", "[::1]", "::1" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (curl_strequal(host, names[i]))
			return true;
	return ends_with(host, ".localhost");
}

bool address_is_link_local(const char *host)
{
	static const char *const beginnings[] = { "169.254.", "fd00:ec2:", "fe80:", "::ffff:169.254." };
	host += *host == '[';
	for (size_t i = 0; i < ARRAY_SIZE(beginnings); i++)
		if (curl_strnequal(host, beginnings[i], strlen(beginnings[i])))
			return true;
	return false;
}

void address_release(struct address *a)
{
	curl_free(a->scheme);
	curl_free(a->host);
	curl_free(a->port);
	curl_url_cleanup(a->url);
}

/* The URL itself may hold a password, so messages do not repeat it. */
struct error *address_parse(struct address *a, const char *url)
{
	*a = (struct address){ .url = curl_url() };
	CURLUcode code = curl_url_set(a->url, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME);
	if (!code)
		code = curl_url_get(a->url, CURLUPART_SCHEME, &a->scheme, 0);
	if (!code)
		code = curl_url_get(a->url, CURLUPART_HOST, &a->host, 0);
	if (code)
		return error_new(ERROR_USAGE, "the address is not a URL: %s", curl_url_strerror(code));
	if (!curl_strequal(a->scheme, "http") && !curl_strequal(a->scheme, "https"))
		return error_new(ERROR_USAGE, "'%s' addresses are not supported, only http and https",
				 a->scheme);
	if (curl_url_get(a->url, CURLUPART_PORT, &a->port, CURLU_DEFAULT_PORT))
		return error_new(ERROR_USAGE, "the address has no port");
	return NULL;
}

struct error *http_check_url(const char *url)
{
	struct address a;
	struct error *err = address_parse(&a, url);
	address_release(&a);
	return err;
}

bool http_url_is_loopback(const char *url)
{
	struct address a;
	struct error *err = address_parse(&a, url);
	bool loopback = !err && address_is_loopback(a.host);
	address_release(&a);
	error_free(err);
	return loopback;
}
