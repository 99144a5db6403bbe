/* EC2 instances. */
#ifndef CLOUD_INSTANCE_H
#define CLOUD_INSTANCE_H

#include <stdint.h>

#include "cloud/cloud.h"

struct instance {
	char *id, *type, *state;    /* "pending", "running", "stopping", "stopped", "shutting-down", "terminated" */
	char *public_name, *public_address; /* NULL: none */
	char *zone, *image, *name;  /* name: of the tag Name, or NULL */
	char *architecture;         /* "x86_64", "arm64" */
	bool spot, hibernation;     /* bought as spot; may be hibernated */
	int64_t launched;           /* seconds since the epoch; of the last start */
	cJSON *tags;                /* object: key -> value */
	int64_t volume_gigabytes;   /* of all its volumes; -1: not asked */
};
void instance_release(struct instance *i);

/* WANTED is an id or a value of the tag Name, of which there may be one only. ERROR_NOT_FOUND, with the region when it is in
 * another one that we may look into. */
struct error *instance_find(struct cloud *c, const char *wanted, struct instance *out);
/* Asks until it is in STATE; ERROR_TIMEOUT after TIMEOUT_MS, ERROR_GENERIC when it went somewhere else, with the reason AWS gives. */
struct error *instance_wait(struct cloud *c, const char *id, const char *state, uint64_t timeout_ms, struct instance *out);
/* ERROR_CONFLICT when it is on its way elsewhere; ERROR_UNSUPPORTED "no capacity" when the type cannot be had now. */
struct error *instance_start(struct cloud *c, const char *id);
struct error *instance_stop(struct cloud *c, const char *id, bool hibernate);
struct error *instance_tag(struct cloud *c, const char *id, const char *key, const char *value);

/* Started anew: for GPU instances that live for one use. */
struct instance_launch {
	const char *image, *type, *subnet, *security_group, *profile, *key, *name;
	struct slice user_data;
	bool spot;                  /* with fall-back to on demand when there is no spot capacity */
	int64_t disk_gigabytes;
	const cJSON *tags;          /* object; may be NULL */
	const char *token;          /* the same token never launches twice */
};
/* *WAS_SPOT tells what it became. */
struct error *instance_launch(struct cloud *c, const struct instance_launch *launch, struct instance *out, bool *was_spot);

#endif
