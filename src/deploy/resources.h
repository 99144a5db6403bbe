/* The resources a step would create or use, with their price: for `git deploy plan`, and for refusing new recurring cost. */
#ifndef DEPLOY_RESOURCES_H
#define DEPLOY_RESOURCES_H

#include "deploy/config.h"

struct resource {
	const char *kind;      /* "instance", "volume", "public address", "repository storage", "load balancer", ... */
	char *name;
	bool exists, created;  /* is there; the step would make it */
	double usd_hour;       /* while it runs; 0: none; below 0: unknown */
	double usd_month;      /* whether it runs or not */
	const char *note;      /* or NULL */
};
struct resources {
	struct resource *items;
	size_t nr, alloc;
};
void resources_add(struct resources *r, const struct resource *item); /* takes over the name */
void resources_release(struct resources *r);
void resources_print(struct buffer *out, const struct resources *r);
/* ERROR_BUDGET "this step makes recurring cost: ..." when something created costs money by the month and ACCEPTED is false. */
struct error *resources_check(const struct resources *r, bool accepted);

#endif
