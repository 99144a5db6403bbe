/*
 * One account of AWS in one region: signed calls, and their answers as trees.
 *
 * Calls are repeated as the SDKs do (throttling, 5xx, faults of the network), those that make something only
 * where a token makes that safe. Errors are `<service>: <Code>: <message>`; their hint says, for a missing
 * permission, which action and resource a policy has to allow, and otherwise what is wrong with keys, clock
 * or region. Every call that any command can make stands in the table of actions (cloud/actions.h), from
 * which `git deploy iam` makes its policies; any other is refused here.
 *
 * Not for use by several threads at once.
 */
#ifndef CLOUD_CLOUD_H
#define CLOUD_CLOUD_H

#include <cjson/cJSON.h>

#include "base/error.h"
#include "net/aws.h"

#define CLOUD_MAX_ANSWER ((size_t)16 << 20)
#define CLOUD_MAX_PAGES 200
#define CLOUD_MAX_ITEMS 100000 /* of all pages of a list */

struct cloud_settings {
	struct aws_settings aws;
	const char *region;        /* NULL: aws_region(); ERROR_USAGE when there is none at all */
	volatile const int *stop;  /* may be NULL */
	uint64_t retry_ms;         /* first pause before a call is repeated; 0: as net/retry.h */
	uint64_t poll_ms;          /* first pause before a state is asked for again; 0: half a second */
};

struct cloud;
/* Looks for credentials at once; ERROR_NOT_FOUND says where it looked. */
struct error *cloud_new(struct cloud **out, const struct cloud_settings *settings);
void cloud_free(struct cloud *c);
const char *cloud_region(const struct cloud *c);
/* "environment", "profile lab of ~/.aws/config", ... */
const char *cloud_credentials_source(const struct cloud *c);

/* A call of a JSON service ("ecr", "DescribeRepositories"). PARAMETERS (an object; NULL: none) is taken over.
 * The caller frees *OUT, an object. */
struct error *cloud_json(struct cloud *c, const char *service, const char *action, cJSON *parameters,
			 cJSON **out);
/* A call of a Query service ("ec2"); PARAMETERS are names and values in
 * turn, NULL-terminated; NULL: none. The XML comes back as a tree (cloud/xml.h), without what every answer is
 * wrapped in. */
struct error *cloud_query(struct cloud *c, const char *service, const char *action,
			  const char *const *parameters, cJSON **out);
/* The same for answers that come in pages: *OUT is one array of what the pages hold under KEY. */
struct error *cloud_json_list(struct cloud *c, const char *service, const char *action, cJSON *parameters,
			      const char *key, cJSON **out);
struct error *cloud_query_list(struct cloud *c, const char *service, const char *action,
			       const char *const *parameters, const char *key, cJSON **out);

/* Whether ERR is AWS's error CODE ("RepositoryNotFoundException"), with or without what stands behind the
 * last dot ("InvalidInstanceID" is "InvalidInstanceID.NotFound", too). */
bool cloud_error_is(const struct error *err, const char *code);
/* Frees *ERR if it is that, sets it to NULL and returns true. */
bool cloud_error_drop(struct error **err, const char *code);

/* Waits before the ATTEMPT-th time (from 1) that a state is asked for again; ERROR_CANCELLED when stopped
 * meanwhile. */
struct error *cloud_pause(struct cloud *c, unsigned attempt);

#endif
