/* The resources a step would create or use, with their price: for `git deploy plan`, and for refusing new recurring
 * cost. */
#ifndef DEPLOY_RESOURCES_H
#define DEPLOY_RESOURCES_H

#include "deploy/config.h"

enum resource_state {
	RESOURCE_EXISTS,       /* is there, and used */
	RESOURCE_NEW,          /* the step would make it */
	RESOURCE_MISSING,      /* is not there, and not made by the step */
	RESOURCE_UNKNOWN,      /* nobody could be asked whether it is there */
};

struct resource {
	const char *kind;      /* "instance", "volume", "public address", "registry storage", "load balancer", ... */
	char *name;
	enum resource_state state;
	double usd_hour;       /* while it runs; 0: none; below 0: not known */
	double usd_month;      /* whether it runs or not; as above */
	bool by_use;           /* usd_month is of what is stored, a gigabyte: told, and not refused */
	const char *note;      /* or NULL */
};
struct resources {
	struct resource *items;
	size_t nr, alloc;
};
void resources_add(struct resources *r, const struct resource *item); /* takes over the name */
void resources_release(struct resources *r);

/* A line each, in columns: kind and name, whether it is there, price an hour, a month, note. */
void resources_print(struct buffer *out, const struct resources *r);
/* Sums of what is known; *UNKNOWN counts prices that are not. Any may be NULL. */
void resources_sum(const struct resources *r, bool only_new, double *usd_hour, double *usd_month, size_t *unknown);
/* ERROR_BUDGET "this would be new recurring cost: ..." when something new costs money by the
 * month, or may (its price is not known), and ACCEPTED is false. What costs by the hour only is none of its
 * business: the budget of hours is. */
struct error *resources_check(const struct resources *r, bool accepted);

#endif
