/*
 * A delivery of a webhook: whether whoever sent it knows the secret, and what it says, from GitHub, Gitea, Forgejo or
 * GitLab. Nothing is read of a body before it is verified, and of a verified one no more than which branch or pull request
 * to look at: names that are compared with what git has fetched, and never handed to a program.
 */
#ifndef DAEMON_DELIVERY_H
#define DAEMON_DELIVERY_H

#include <stdint.h>

#include "base/error.h"
#include "daemon/http_head.h"

/* A branch, in bytes. */
#define DELIVERY_MAX_BRANCH 250
#define DELIVERY_MIN_SECRET 8

enum delivery_kind {
	DELIVERY_PING,
	DELIVERY_OTHER,  /* nothing for us: a tag, a branch that was deleted, an issue */
	DELIVERY_PUSH,
	DELIVERY_PULL,   /* a pull request was opened, or its branch has moved */
};

struct delivery {
	enum delivery_kind kind;
	char id[80];       /* the forge's name for it; of what is printable there */
	char branch[DELIVERY_MAX_BRANCH + 1]; /* of a push, and of a pull request that was just opened; else empty */
	uint64_t pull;     /* the number of a pull request */
	bool from_fork;    /* what cannot be told counts as one */
	bool gitlab;       /* whose refs have other names */
};

/* Whether the headers prove that BODY comes from somebody who has SECRET: an HMAC of the body (X-Hub-Signature-256,
 * X-Forgejo-Signature, X-Gitea-Signature), or the secret itself (X-Gitlab-Token). Takes the same time wherever they
 * differ. */
bool delivery_verify(const struct http_head *head, struct slice body, const char *secret);

/* ERROR_SYNTAX when the body is not what such an event has. */
struct error *delivery_read(struct delivery *out, const struct http_head *head, struct slice body);

/* Whether NAME could be a branch: git's rules for refs, and nothing that looks like an option. */
bool delivery_is_branch(const char *name);

#endif
