/* What .scrutiny.yml says about who reviews which papers, and what they are asked. */
#ifndef REVIEW_POLICY_REVIEW_H
#define REVIEW_POLICY_REVIEW_H

#include "base/yaml.h"
#include "review/rubric.h"

struct policy;

struct policy_rubric {
	char *glob;
	enum rubric rubric;
};

/* When the dearer reviewers of a route are asked. */
enum route_when {
	ROUTE_DISAGREE,    /* an error or warning that only one family raised, or overall scores apart */
	ROUTE_ALWAYS,
	ROUTE_NEVER,
};

struct policy_route {
	char **papers;     /* globs; none: every paper */
	size_t nr_papers;
	char **reviewers;  /* none: those of `reviewers:` */
	size_t nr_reviewers;
	char **escalate;
	size_t nr_escalate;
	enum route_when when;
};

/* Who steps in, in this order, when a provider fails. */
struct policy_chain {
	char *reviewer;
	char **then;
	size_t nr_then;
};

struct policy_review {
	char *adjudicate;     /* reviewer that rules upon the findings; NULL: nothing was said */
	unsigned tasks;       /* set of them (tasks.h); 0: nothing was said */
	struct policy_rubric *rubrics; /* the first whose glob covers a paper counts */
	size_t nr_rubrics;
	struct policy_route *routes; /* the first that covers a paper counts */
	size_t nr_routes;
	struct policy_chain *chains;
	size_t nr_chains;
};

/* Readers of one key each. */
struct error *policy_read_tasks(struct policy *p, const struct yaml_node *value, const char *file);
struct error *policy_read_rubric(struct policy *p, const struct yaml_node *value, const char *file);
struct error *policy_read_adjudicate(struct policy *p, const struct yaml_node *value, const char *file);
struct error *policy_read_routes(struct policy *p, const struct yaml_node *value, const char *file);
struct error *policy_read_fallback(struct policy *p, const struct yaml_node *value, const char *file);
void policy_review_release(struct policy_review *r);

/* What PAPER is to be weighed by; RUBRIC_AUTO unless something was said. */
enum rubric policy_rubric_of(const struct policy *p, const char *paper);
/* NULL when there is none. */
const struct policy_route *policy_route_of(const struct policy_review *r, const char *paper);
const struct policy_chain *policy_chain_of(const struct policy_review *r, const char *reviewer);

#endif
