/*
 * One account of AWS in one region: signed calls, and their answers as trees.
 *
 * Calls are repeated as the SDKs do (throttling, 5xx, faults of the network), those that make something only where a token makes
 * that safe. Errors say which call was refused and, for a missing permission, which action and resource a policy has to
 * allow. Every call that any command can make stands in the table of actions, from which `git deploy iam` makes its policies.
 */
#ifndef CLOUD_CLOUD_H
#define CLOUD_CLOUD_H

#include <cjson/cJSON.h>

#include "base/error.h"
#include "net/aws.h"

#define CLOUD_MAX_ANSWER ((size_t)16 << 20)
#define CLOUD_MAX_PAGES 200

struct cloud_settings {
	struct aws_settings aws;
	const char *region;        /* NULL: aws_region(); ERROR_USAGE when there is none at all */
	volatile const int *stop;  /* may be NULL */
};

struct cloud;
/* Looks for credentials at once; ERROR_NOT_FOUND says where it looked. */
struct error *cloud_new(struct cloud **out, const struct cloud_settings *settings);
void cloud_free(struct cloud *c);
const char *cloud_region(const struct cloud *c);

/* A call of a JSON service ("ecr", "DescribeRepositories"). PARAMETERS is taken over. The caller frees *OUT. */
struct error *cloud_json(struct cloud *c, const char *service, const char *action, cJSON *parameters, cJSON **out);
/* A call of a Query service ("ec2", "sts", "iam", "cloudformation"); PARAMETERS are names and values in turn,
 * NULL-terminated. The XML comes back as a tree: elements as keys, `item` and `member` lists as arrays, all values strings. */
struct error *cloud_query(struct cloud *c, const char *service, const char *action, const char *const *parameters,
			  cJSON **out);
/* Whether ERR is AWS's error CODE ("RepositoryNotFoundException"), with or without what stands behind the last dot. */
bool cloud_error_is(const struct error *err, const char *code);
/* Frees *ERR if it is that, sets it to NULL and returns true. */
bool cloud_error_drop(struct error **err, const char *code);

/* Who we are: the account's twelve digits and the ARN; views that live as long as C. Asked once. */
struct error *cloud_identity(struct cloud *c, const char **account, const char **arn);

#endif
