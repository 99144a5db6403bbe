/*
 * What AWS says when it refuses a call. Private to src/cloud.
 */
#ifndef CLOUD_FAULT_H
#define CLOUD_FAULT_H

#include "cloud/call.h"

enum fault_kind {
	FAULT_OTHER,
	FAULT_DENIED,    /* a policy does not allow it */
	FAULT_EXPIRED,   /* the keys were good once */
	FAULT_KEYS,      /* nobody has these keys, or they do not make this signature */
	FAULT_CLOCK,     /* date of the signature and theirs are too far apart */
	FAULT_REGION,    /* the account does not use the region */
	FAULT_THROTTLED, /* not carried out: too much at once */
	FAULT_CAPACITY,  /* asking again at once cannot help */
	FAULT_NOT_FOUND,
};

struct cloud_fault {
	enum fault_kind kind;
	char *code;          /* "RepositoryNotFoundException"; NULL: it does not say */
	char *message;       /* safe and without secrets; NULL: none */
	long status;
	int64_t clock_error; /* seconds by which our clock is ahead of theirs, as far as their Date tells */
};

void cloud_fault_read(struct cloud_fault *out, const struct http_response *response, int64_t now);
void cloud_fault_release(struct cloud_fault *f);
/* "<service>: <Code>: <message>" with a hint. SOURCE is where the keys are from. */
struct error *cloud_fault_error(const struct cloud_fault *f, const struct cloud_call *call,
				const char *source);

#endif
