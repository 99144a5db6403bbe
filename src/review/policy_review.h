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

struct policy_review {
	unsigned tasks;       /* set of them (tasks.h); 0: nothing was said */
	struct policy_rubric *rubrics; /* the first whose glob covers a paper counts */
	size_t nr_rubrics;
};

/* Readers of one key each. */
struct error *policy_read_tasks(struct policy *p, const struct yaml_node *value, const char *file);
struct error *policy_read_rubric(struct policy *p, const struct yaml_node *value, const char *file);
void policy_review_release(struct policy_review *r);

/* What PAPER is to be weighed by; RUBRIC_AUTO unless something was said. */
enum rubric policy_rubric_of(const struct policy *p, const char *paper);

#endif
