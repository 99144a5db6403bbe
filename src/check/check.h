/*
 * The built-in reviewer: deterministic rules, each a row of a table.
 *
 * A rule never accuses when it is not sure: what it cannot decide it either does not raise or
 * marks `uncertain`.
 */
#ifndef CHECK_CHECK_H
#define CHECK_CHECK_H

#include "paper/document.h"
#include "paper/finding.h"

/* Raised whenever a rule is added or decides differently: part of the built-in reviewer's name in
 * the record store, so that papers are looked at again. */
#define CHECK_VERSION 1

struct rule {
	const char *id;        /* "citation-undefined" */
	const char *family;    /* "references" */
	enum severity severity;
	const char *summary;   /* one line: what it says */
	const char *details;   /* paragraphs for `explain` */
	const char *bad;       /* an example that raises it: a whole small manuscript */
	const char *good;      /* the same, mended: raises nothing of this rule */
	const char *language;  /* "tex" or "markdown": of both examples */
};

/* All rules, sorted by family, then id; ends with id == NULL. */
extern const struct rule check_rules[];
const struct rule *check_rule_find(const char *id); /* NULL when there is none */

/* Runs every rule over the documents of one paper and appends what they find in order of place.
 * Never fails: a rule that cannot decide says so. */
void check_run(struct finding_list *out, struct document *const *documents, size_t nr);

/* A set of families of rules; those of one set are run, and find what check_run finds of them. */
#define CHECK_ALL_FAMILIES (~0u)
unsigned check_family(const char *rule); /* that the rule is of; 0: there is no such rule */
void check_run_families(struct finding_list *out, struct document *const *documents, size_t nr, unsigned families);

#endif
