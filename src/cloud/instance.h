/* EC2 instances. */
#ifndef CLOUD_INSTANCE_H
#define CLOUD_INSTANCE_H

#include <stdint.h>

#include "cloud/cloud.h"

struct instance {
	char *id, *type;
	char *state;                /* "pending", "running", "stopping", "stopped" */
	char *public_name, *public_address; /* NULL: none */
	char *zone, *image, *name;  /* name: of the tag Name, or NULL */
	char *architecture;         /* "x86_64", "arm64" */
	bool spot, hibernation;     /* bought as spot; may be hibernated */
	int64_t launched;           /* seconds since the epoch; of the last start */
	int64_t stopped;            /* when it was stopped or ended; 0: runs, or AWS does not say */
	cJSON *tags;                /* object: key -> value */
	int64_t volume_gigabytes;   /* of all its volumes; -1: not asked, see instance_volumes */
	char *reason;               /* why it is in its state, as AWS says; NULL: it does not */
	/* For another one like it; NULL: none. */
	char *subnet, *profile, *key, *root_device;
	cJSON *security_groups;     /* array of ids */
};
void instance_release(struct instance *i);
const char *instance_tag_value(const struct instance *i, const char *key); /* NULL: not there */
bool instance_is(const struct instance *i, const char *state);

/* WANTED is an id or a value of the tag Name, of which there may be one only (ERROR_USAGE); those that have
 * ended do not count. ERROR_NOT_FOUND, with the region when it is in another one that we may look into. */
struct error *instance_find(struct cloud *c, const char *wanted, struct instance *out);
/* All that have the tag KEY with VALUE, with those that ended within the last hour, as long as AWS remembers
 * them. The caller releases each, and frees *OUT. */
struct error *instance_find_tagged(struct cloud *c, const char *key, const char *value,
				   struct instance **out, size_t *nr);
/* Asks until it is in STATE; ERROR_TIMEOUT after TIMEOUT_MS, ERROR_GENERIC when it went somewhere else, with
 * the reason AWS gives. Whatever is returned, OUT is what was seen last, to be released. ON_POLL (may be
 * NULL) is told of every look. */
struct error *instance_wait(struct cloud *c, const char *id, const char *state, uint64_t timeout_ms,
			    void (*on_poll)(void *data, const struct instance *i), void *data,
			    struct instance *out);
/* ERROR_CONFLICT when it is on its way elsewhere; ERROR_UNSUPPORTED "no capacity: ..." when the type cannot
 * be had now. */
struct error *instance_start(struct cloud *c, const char *id);
struct error *instance_stop(struct cloud *c, const char *id, bool hibernate);
struct error *instance_terminate(struct cloud *c, const char *id);
struct error *instance_tag(struct cloud *c, const char *id, const char *key, const char *value);
/* Sets I->volume_gigabytes. */
struct error *instance_volumes(struct cloud *c, struct instance *i);
/* The last output of its console, which may be minutes old and empty; appends. */
struct error *instance_console(struct cloud *c, const char *id, struct buffer *out);

/* One that is started anew, for one use: it ends for ever when it is shut down, also from inside. */
struct instance_launch {
	const struct instance *like; /* image, type, subnet, security groups, profile, key */
	const char *name;
	struct slice user_data;
	bool spot;
	const cJSON *tags;           /* object: key -> string; may be NULL */
	const char *token;           /* the same token never launches twice */
};
/* ERROR_UNSUPPORTED as for instance_start. */
struct error *instance_launch(struct cloud *c, const struct instance_launch *launch, struct instance *out);

#endif
