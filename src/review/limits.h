/*
 * What may be spent: git config scrutiny.budget.*, which only the user can write, and `budget:` of
 * .scrutiny.yml, which can lower what the user allows and nothing else.
 *
 *   scrutiny.budget.run, .paper, .day, .month      US dollars, or "none": nothing is sent that could pass them
 *   scrutiny.budget.dayWarn, .monthWarn            likewise: warns
 *   scrutiny.budget.allowUnknown                   true: models of unknown price are asked in spite of limits
 */
#ifndef REVIEW_LIMITS_H
#define REVIEW_LIMITS_H

#include "base/yaml.h"
#include "budget/budget.h"

/* Reads the mapping `budget: {run: 0.5, paper: 0.1, day: 2, month: 10}`. */
struct error *limits_read_policy(struct budget_limits *out, const struct yaml_node *value, const char *file);

/* US dollars, or "none" (-1); false for anything else. */
bool limits_parse_dollars(const char *text, double *out);

/* The limits of REPO's user, lowered by POLICY (may be NULL). RUN >= 0 replaces what the
 * user has configured for a run. ERROR_USAGE. */
struct error *limits_find(struct budget_limits *out, struct repo *repo, const struct budget_limits *policy,
			  double run);

#endif
