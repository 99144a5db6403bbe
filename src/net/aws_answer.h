/*
 * What the services that hand out credentials answer: JSON (container, instance, credential_process) or
 * XML (STS). Private to net/aws.
 */
#ifndef NET_AWS_ANSWER_H
#define NET_AWS_ANSWER_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

#define AWS_MAX_ANSWER ((size_t)64 << 10)
#define AWS_MAX_KEY 512
#define AWS_MAX_TOKEN ((size_t)16 << 10)

struct aws_keys {
	char *access_key, *secret_key;
	char *session_token; /* or NULL */
	int64_t expires;     /* seconds since the epoch; 0: never */
};
void aws_keys_release(struct aws_keys *k); /* wipes the memory */

/* Copies what is a key by its form, and tells the redactor. ERROR_SYNTAX "<what> ..." when something is
 * missing or holds characters that no key has. TOKEN and EXPIRES ("2026-11-22T10:00:00Z") may be NULL. */
struct error *aws_keys_set(struct aws_keys *out, const char *what, const char *access_key,
			   const char *secret_key, const char *token, const char *expires);

/* {"AccessKeyId", "SecretAccessKey", <TOKEN_NAME>, "Expiration"}; WHAT names who says so. */
struct error *aws_answer_json(struct aws_keys *out, struct slice body, const char *token_name,
			      const char *what);
/* The <Credentials> of an answer of STS. */
struct error *aws_answer_xml(struct aws_keys *out, struct slice body, const char *what);
/* What an error of STS (XML) or of the others (JSON) says, as one line for a person; malloc'd; NULL when it
 * says nothing. */
char *aws_answer_complaint(struct slice body);

#endif
