/* What most commands need: the repository's papers as one view shows them, the policy, the record
 * store, and the models that are to be asked. */
#ifndef CMD_WORKSPACE_H
#define CMD_WORKSPACE_H

#include "cmd/cmd.h"
#include "git/records.h"
#include "git/snapshot.h"
#include "model/model.h"
#include "paper/paper.h"
#include "review/policy.h"
#include "review/session.h"

/* Which papers a command is about; see docs/papers.md. */
struct selection {
	const char *since;  /* a revision: papers that differ from it */
	bool staged;        /* the index is looked at, and what it changes from HEAD (or SINCE) */
	bool all;
	bool unreported;    /* those that are fresh but have no report in the view count as stale */
	const char **paths; /* as typed, relative to where we stand */
	int nr_paths;
};

struct workspace {
	struct context *ctx;
	struct repo *repo;
	struct snapshot *snapshot;
	struct policy policy;
	struct snapshot *base; /* of a pull request from a fork: what it is to go into; else NULL */
	struct privacy_rules privacy; /* git config scrutiny.privacy.* */
	struct paper_rules rules;
	struct paper_list papers;
	struct records *records;
	struct model *models;
	size_t nr_models;
	size_t nr_default;                 /* the first of them review what no route covers */
	char *adjudicator;                 /* reviewer that rules upon the findings, or NULL */
	bool routed;                       /* the policy's routes and fall-backs count */
	unsigned tasks;                    /* that they are asked; 0: as each model's default */
	struct prompt_log *prompt_log; /* git config scrutiny.promptLog; NULL: none */
	struct prompt_words *words;
	struct absent_reviewer *absent; /* both strings owned */
	size_t nr_absent;
	struct vocabulary *vocabulary;  /* see workspace_vocabulary */
	/* Papers whose records are complete: of the reviewers of each route, and last of the default ones;
	 * NULL: not loaded. Twice, the second for papers that must not leave the machine. */
	struct records_index **index, **local_index;
	size_t nr_index;
};

/* Which files are looked at; all zero, or NULL: those of the work tree. */
struct workspace_view {
	bool staged;    /* those of the index */
	const char *at; /* those of this commit, a revision */
	const struct oid *commit; /* the same, by its id */
	/* With commit: ->papers are those only that stand at none of these commits as they are. NULL: all. */
	const struct oid *edge;
	size_t nr_edge;
	bool changed;   /* with staged: ->papers are those only whose content differs from HEAD */
};
/* Opens everything but the models. Without a work tree, HEAD's commit is looked at. */
struct error *workspace_open(struct workspace *ws, struct context *ctx, const struct workspace_view *view);
/* Two steps of workspace_open: whether this is a pull request from a fork, whose policy is not the
 * repository's; and, when the papers are known, which of them it changes. */
struct error *workspace_find_fork(struct workspace *ws);
struct error *workspace_mark_foreign(struct workspace *ws);
void workspace_release(struct workspace *ws);

/* Settles which models are asked: SPEC (the --reviewers option, comma-separated), else git config
 * scrutiny.reviewers, else `reviewers:` of .scrutiny.yml, else an Ollama on this machine. "builtin" is always
 * there and may be named; "local" alone are those on this machine, and without a price, of what there would
 * be without SPEC. One that cannot be called becomes absent; only what SPEC names wrongly is an error. Where
 * `reviewers:` would count, so do `routes:` and `fallback:`; their names in the policy become those of the
 * models. */
struct error *workspace_find_models(struct workspace *ws, const char *spec, bool checks_only);

/* Adds one more default reviewer, REVIEWER, unless it is there; one that cannot be called becomes absent. */
void workspace_add_reviewer(struct workspace *ws, const char *reviewer);
/* Settles who rules upon the findings: SPEC (the --adjudicate option), else git config
 * scrutiny.adjudicate, else, where its `reviewers:` would count, `adjudicate:` of .scrutiny.yml. "none" is
 * nobody. */
struct error *workspace_find_adjudicator(struct workspace *ws, const char *spec, bool checks_only);
const struct model *workspace_adjudicator(const struct workspace *ws); /* NULL: nobody */

/* For session_settings; NULL when they do not count. */
const struct policy_review *workspace_routes(const struct workspace *ws);

/* Settles what they are asked: SPEC (the --tasks option), else git config scrutiny.tasks, else `tasks:` of
 * .scrutiny.yml; and in which words. */
struct error *workspace_find_tasks(struct workspace *ws, const char *spec);

/* Where models are configured: git config and the environment. */
struct model_settings workspace_model_settings(struct repo *repo);
/* git's http.* and http.<url>.* settings count for models, too. REPO must outlive it. */
struct http_settings workspace_http_settings(struct repo *repo);
/* Opens the log of questions if there is to be one. */
struct error *workspace_open_prompt_log(struct workspace *ws);
/* Warns, once for each, of servers elsewhere whose certificate is not checked. */
void workspace_warn_of_access(const struct workspace *ws);

/* The tags in the papers' meta.yaml, for models that are asked for tags: of so many papers, evenly spread.
 * The workspace's; NULL when no model will be asked. */
#define WORKSPACE_VOCABULARY_PAPERS 2000
const struct vocabulary *workspace_vocabulary(struct workspace *ws);

/* What a session, or the plan of one, needs of the workspace, whose models and tasks are settled: the papers' tags
 * are read for it. The time is now. */
struct session_settings workspace_session(struct workspace *ws);
/* A warning for each reviewer that cannot be called. */
void workspace_say_absent(const struct workspace *ws);

/* Whether every reviewer's record, and a report, are there for the paper as it is now. */
struct error *workspace_load_index(struct workspace *ws);
bool workspace_is_fresh(const struct workspace *ws, const struct paper *paper);

/* The papers SEL names, in order of path; without --since, --staged, --all and paths: those that are
 * not fresh. The array is the caller's, the papers the workspace's. ERROR_NOT_FOUND when a path
 * matches no paper. */
struct error *workspace_select(struct workspace *ws, const struct selection *sel,
			       const struct paper ***out, size_t *nr);

/* TYPED, relative to where we stand or absolute, as a path from the top. False when it leads out of the
 * repository. */
bool workspace_path(const struct workspace *ws, const char *typed, struct buffer *out);
/* Whether TYPED names a file or a folder here. */
bool workspace_path_exists(const struct workspace *ws, const char *typed);

/* In a clone whose papers have reports but not the records that these were made of: how to get them. */
void workspace_hint_at_records(struct workspace *ws);

/* The paper's name for people: its path, or "." at the top; safe for a terminal. Appends. */
void add_paper_name(struct buffer *out, const struct paper *paper);

#endif
