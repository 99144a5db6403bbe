/* The parts of a URL that say which server is meant. */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include <curl/curl.h>
#include <stdbool.h>

#include "base/error.h"

struct address {
	CURLU *url;
	char *scheme, *host, *port; /* the port is the scheme's when none is written */
};

/* ERROR_USAGE when URL is not an http or https address. To be released in any case. */
struct error *address_parse(struct address *a, const char *url);
void address_release(struct address *a);
/* HOST is this machine: localhost, 127.0.0.0/8 or ::1. */
bool address_is_loopback(const char *host);
/* Where a cloud's host hands out credentials: no proxy may see that. HOST is as URLs have it, or a bare
 * address. */
bool address_is_link_local(const char *host);

#endif
