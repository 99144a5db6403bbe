/* What the files of `git scrutiny publish` share. */
#ifndef CMD_PUBLISH_H
#define CMD_PUBLISH_H

#include "cmd/pull_text.h"
#include "cmd/workspace.h"
#include "git/diff_lines.h"

struct publish_options {
	bool status, check, comment, review, all, dry_run, quiet;
	int64_t pull;            /* 0: found */
	const char *branch, *commit, *since, *fail_on;
};

/* What is spoken about (publish_target.c). */
struct publish_target {
	struct repo *repo;
	struct forge *forge;
	char *remote;
	struct oid commit;       /* statuses go to it; it may not be here */
	bool here;               /* it is: the papers are looked at as they are there */
	int64_t number;          /* of the pull request; 0: there is none */
	char *base_branch;       /* that it is to go into, or NULL */
	struct oid base;         /* the commit of that, or empty */
	char *job_url;           /* of the CI job that we are, or NULL */
};
/* NEEDS_PULL: a pull request is looked for at the forge when the environment names none. */
struct error *publish_target_find(struct publish_target *out, struct context *ctx, const struct publish_options *o,
				  bool needs_pull);
/* Where the pull request left what it is to go into; ERROR_NOT_FOUND when the history here does not tell. */
struct error *publish_target_fork(struct publish_target *t, struct oid *out);
void publish_target_release(struct publish_target *t);

/* Findings as annotations, worst first (publish_annotations.c). */
struct publish_annotations {
	struct annotation *items;
	size_t nr;
};
/* With LINES only those that stand on a line of it; at most MOST. *LEFT counts the others. */
void publish_annotations_make(struct publish_annotations *out, struct review *const *reviews, size_t nr,
			      const struct diff_lines *lines, size_t most, size_t *left);
void publish_annotations_release(struct publish_annotations *a);

#endif
