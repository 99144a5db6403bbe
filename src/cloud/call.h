/*
 * One signed call and its repetitions. Private to src/cloud.
 */
#ifndef CLOUD_CALL_H
#define CLOUD_CALL_H

#include "base/buffer.h"
#include "cloud/actions.h"
#include "cloud/cloud.h"

/* How a service is spoken to. */
struct cloud_service {
	const char *name;     /* in signatures, policies and messages */
	const char *host;     /* "api.ecr": what stands before the region */
	const char *variable; /* AWS_ENDPOINT_URL_<variable> */
	const char *target;   /* JSON: X-Amz-Target is "<target>.<action>"; NULL: Query */
	const char *version;  /* Query: the API's */
};

struct cloud {
	struct aws_settings aws; /* home and profile are ours */
	char *home, *profile, *region;
	struct aws_credentials *credentials;
	struct http *http;
	volatile const int *stop;
	uint64_t retry_ms, poll_ms;
};

struct cloud_call {
	const struct cloud_service *service;
	const struct cloud_action *action;
	const char *region;
	struct slice body;
};

/* ERROR_USAGE when the table of actions does not know it, or it is spoken to in the other way (JSON tells
 * which). */
struct error *cloud_call_init(struct cloud_call *call, const struct cloud *c, const char *service,
			      const char *action, bool json);
bool cloud_is_service(struct slice name);
/* Appends the body of a good answer to OUT. */
struct error *cloud_call_send(struct cloud *c, const struct cloud_call *call, struct buffer *out);
/* It becomes part of an address. */
bool cloud_is_region(const char *region);
/* cloud_query and cloud_query_list in another region. */
struct error *cloud_query_in(struct cloud *c, const char *region, const char *service, const char *action,
			     const char *const *parameters, cJSON **out);
struct error *cloud_query_list_in(struct cloud *c, const char *region, const char *service,
				  const char *action, const char *const *parameters, const char *key,
				  cJSON **out);

#endif
