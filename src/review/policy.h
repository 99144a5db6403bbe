/*
 * What the repository and the user ask for: .scrutiny.yml (attacker input: it can never name an
 * endpoint, a key, a command or a path outside) and git config scrutiny.*.
 */
#ifndef REVIEW_POLICY_H
#define REVIEW_POLICY_H

#include "base/strmap.h"
#include "budget/budget.h"
#include "git/snapshot.h"
#include "paper/finding.h"
#include "review/policy_review.h"
#include "review/privacy_rules.h"

#define POLICY_FILE ".scrutiny.yml"
#define POLICY_MAX_SIZE ((size_t)256 << 10)
#define POLICY_MAX_LIST 1000
/* Routes, and reviewers that have a fall-back. */
#define POLICY_MAX_ROUTES 100

#define FAIL_ON_NEVER (-1)
#define FAIL_ON_UNSET (-2)

enum policy_metadata { POLICY_METADATA_UNSET, POLICY_METADATA_YES, POLICY_METADATA_NO };

struct policy {
	char **papers;        /* globs; empty: everywhere */
	size_t nr_papers;
	char **reviewers;     /* empty: built-in, and Ollama when it answers */
	size_t nr_reviewers;
	bool reviewers_set;
	char **local_only;    /* globs of papers that never leave the machine */
	size_t nr_local_only;
	struct privacy_rules privacy; /* what of a paper may leave the machine */
	struct policy_review review; /* tasks, rubrics, routes */
	/* In a pull request from a fork: */
	char *foreign;        /* what it is ("a pull request from ..."); NULL: this is none */
	bool all_foreign;     /* nobody knows which papers it changes */
	struct strmap foreign_papers; /* those that it changes: a set */
	enum policy_metadata metadata; /* whether models fill meta.yaml; unset: those that are not local */
	int fail_on;          /* enum severity, or one of the two below */
	struct budget_limits budget; /* run, paper, day, month: lowers what the user allows */
};

/* Reads POLICY_FILE of the snapshot; a missing file gives the defaults. Errors carry
 * file:line:column; an unknown key names the nearest known one; a forbidden key says why. */
struct error *policy_read(struct policy *out, struct snapshot *snapshot);
struct error *policy_parse(struct policy *out, struct slice text, const char *file);
void policy_release(struct policy *p);
/* P is a pull request's, OURS, which is used up, that of the revision it is to go into. Ours stands; but what
 * either of them keeps on the machine stays here, and the stricter rules of privacy hold. */
void policy_take_ours(struct policy *p, struct policy *ours);
void policy_add_foreign(struct policy *p, const char *paper);
/* Whether the pull request changes PAPER. */
bool policy_is_foreign(const struct policy *p, const char *paper);
/* Whether no model elsewhere may see PAPER, for either reason. */
bool policy_keeps_here(const struct policy *p, const char *paper);
/* From which severity on findings fail a command: OPTION as --fail-on takes it (NULL: not given), else
 * fail_on, else errors. FAIL_ON_NEVER: none does. */
int policy_fail_level(const struct policy *p, const char *option);
/* Whether PATH, of a paper or a file, is what local_only names or lies below it. */
bool policy_is_local_only(const struct policy *p, const char *path);

#endif
