/* The instance of an environment, and what runs in its place: for start, stop, hibernate, logs and status. */
#ifndef CMD_DEPLOY_INSTANCE_H
#define CMD_DEPLOY_INSTANCE_H

#include "cloud/instance.h"
#include "cmd/deployment.h"

struct deployed {
	struct deployment *d;
	struct cloud *cloud;
	struct instance own;      /* the one that .deploy.yml names */
	struct instance stand_in; /* runs in its place; id NULL: there is none */
};

/* Finds the instance of D's environment and what stands in for it; both are booked in the ledger of hours.
 * ERROR_USAGE when the environment names none. To be released in any case. */
struct error *deployed_open(struct deployed *t, struct deployment *d);
void deployed_release(struct deployed *t);
/* The one that serves, or would. */
struct instance *deployed_current(struct deployed *t);

/* Books what was just seen of I in the ledger of hours; that it cannot be is a warning. */
void deployed_book(const struct deployed *t, const struct instance *i);
/* Dollars an hour of TYPE with its address; below 0: not known. */
double deployed_price(const struct deployed *t, const char *type, bool spot);
/* ", $0.048 an hour", ", about $0.02 an hour", or nothing when it is not known. Appends. */
void deployed_add_price(struct buffer *out, const struct deployed *t, const char *type, bool spot);
/* "http://ec2-...:8080", or the environment's own; malloc'd; NULL when it has no public name or address. */
char *deployed_url(const struct deployed *t, const struct instance *i);

/* instance_wait with a line of progress. */
struct error *deployed_wait(const struct deployed *t, const char *id, const char *state, uint64_t timeout_ms,
			    struct instance *out);
/* Stops or hibernates what runs now; of a stand-in, ends it. */
struct error *deployed_end(struct deployed *t, bool hibernate, bool wait, uint64_t timeout_ms);

/* "i-0ab1 is stopped": a line of what is going on, on standard error, made safe. */
void deployed_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
