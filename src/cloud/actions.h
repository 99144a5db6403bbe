/*
 * Every action of AWS that a command of ours needs, in one table: what is not in it is not called, and
 * `git deploy iam` allows what is in it and nothing else (a test compares the two).
 */
#ifndef CLOUD_ACTIONS_H
#define CLOUD_ACTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum action_way {
	ACTION_CALL,     /* a command calls it */
	ACTION_REGISTRY, /* the registry asks for it, for what is done with the protocol of registries */
	ACTION_IMPLIED,  /* AWS checks it beside a call of ours */
	ACTION_INSTANCE, /* the instance's boot script or its agent calls it */
};

struct cloud_action {
	const char *service, *name; /* "ecr", "PutImage" */
	enum action_way way;
	bool repeatable;            /* twice is as good as once */
	const char *resource; /* what a policy has to name, for people: "the repository"; "*": AWS knows no
			       * other */
	const char *used_by;        /* "push", "start, stop" */
};

extern const struct cloud_action cloud_actions[];
extern const size_t cloud_actions_nr;

/* NULL: not in the table, or not for calling. */
const struct cloud_action *cloud_action_find(const char *service, const char *name);

#endif
