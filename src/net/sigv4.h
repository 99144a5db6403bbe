/*
 * AWS Signature Version 4: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
 *
 * Our own because libcurl's (7.88) does not sort or encode the query, encode the path, or send
 * x-amz-content-sha256.
 */
#ifndef NET_SIGV4_H
#define NET_SIGV4_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

/* Where a signature is put. */
enum sigv4_place { SIGV4_HEADERS, SIGV4_QUERY };

struct sigv4_keys {
	const char *access_key, *secret_key;
	const char *session_token;  /* or NULL */
};

struct sigv4_request {
	const char *method;
	/* The whole URL as it will be sent; "?uploads" and unsorted queries are fine. Escapes in the path are
	 * taken as they are on the wire. */
	const char *url;
	/* NULL-terminated "Name: value": all of them are signed but those that change on the way
	 * (Authorization, Connection, Expect, Transfer-Encoding, User-Agent, X-Amzn-Trace-Id) and those
	 * without a value, which libcurl does not send. */
	const char *const *headers;
	struct slice body;
	/* Instead of the body's hash: "UNSIGNED-PAYLOAD", say; NULL: the hash, or that word for a query
	 * to S3, which knows no body. */
	const char *payload_hash;
	const char *region, *service;
	int64_t date;               /* seconds since the epoch */
	enum sigv4_place place;
	long expires;               /* seconds, for SIGV4_QUERY */
	/* S3 takes paths as they are; all others get them normalised and encoded a second time. Set by
	 * sigv4_sign for service "s3". */
	bool keep_path;
	bool content_sha256;        /* add x-amz-content-sha256 (S3 demands it; sigv4_sign adds it there) */
	bool token_unsigned;        /* the session token is added after signing (some services want that) */
};

struct sigv4_result {
	/* SIGV4_HEADERS: header lines to add, each ended by "\n": Authorization, X-Amz-Date, Host if it was
	 * not among the headers, and the optional ones. Holds secrets. */
	struct buffer headers;
	/* SIGV4_QUERY: the URL with the signature in its query. Holds secrets. */
	struct buffer url;
	/* The steps, for tests and for finding out why a server disagrees. They hold the session token. */
	struct buffer canonical_request, string_to_sign;
	char signature[65];
};

/* ERROR_USAGE when the URL cannot be parsed, or a header or key holds a line break. OUT needs releasing
 * then, too. */
struct error *sigv4_sign(struct sigv4_result *out, const struct sigv4_keys *keys,
			 const struct sigv4_request *request);
void sigv4_result_release(struct sigv4_result *r); /* wipes the memory */

#endif
