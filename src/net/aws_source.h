/*
 * Where AWS credentials come from. A source knows all that it needs to get them again when they expire.
 * Private to net/aws.
 */
#ifndef NET_AWS_SOURCE_H
#define NET_AWS_SOURCE_H

#include "net/aws.h"
#include "net/aws_answer.h"

struct aws_source {
	char *description;       /* "environment", "profile lab of /home/me/.aws/config" */
	struct error *(*fetch)(struct aws_source *s, struct aws_keys *out);
	struct http_settings http; /* its strings are the caller's */
	struct aws_keys fixed;   /* keys that stand where they were found */
	char *role, *session_name, *external_id; /* of a role to assume, through STS at URL */
	long duration;           /* seconds; 0: the service decides */
	struct aws_source *base; /* whose keys ask for the role; NULL: a web identity does */
	char *region;            /* that STS is in */
	char *url;               /* STS, the container's endpoint, the metadata service */
	char *token_file;        /* web identity, or the container's authorization */
	char *token;             /* the container's authorization itself; secret */
	char *command;           /* of a credential_process */
	bool optional;           /* having no answer means that there is no such source */
};

/* Looks for a source where SETTINGS say, in the order of net/aws.h. ERROR_NOT_FOUND when there is none. */
struct error *aws_source_find(struct aws_source **out, const struct aws_settings *settings);
void aws_source_free(struct aws_source *s); /* wipes the secrets; NULL is fine */

/* How each kind gets its keys: ERROR_NETWORK, ERROR_TIMEOUT, ERROR_IO or ERROR_SYNTAX when it does not. */
struct error *aws_fetch_fixed(struct aws_source *s, struct aws_keys *out);
struct error *aws_fetch_role(struct aws_source *s, struct aws_keys *out);
struct error *aws_fetch_container(struct aws_source *s, struct aws_keys *out);
struct error *aws_fetch_instance(struct aws_source *s, struct aws_keys *out);
struct error *aws_fetch_process(struct aws_source *s, struct aws_keys *out);

/* aws_credentials_keys as at NOW, seconds since the epoch. */
struct error *aws_credentials_keys_at(struct aws_credentials *c, int64_t now, struct sigv4_keys *out);

#endif
