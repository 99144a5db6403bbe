/*
 * A paper along history: the commits that changed it, and what the built-in checks find in each of its versions.
 *
 * The commits are those that `git log` shows for the paper's folder and for the files outside of it on which it
 * depends: a merge that is like one of its parents is left out, and that parent is followed. Where the paper came to its
 * folder by a rename, the folder that it had before is followed. Rules of today (patterns of .scrutiny.yml, checks)
 * count for all versions. Nothing is fetched: see struct version's `boundary` and `missing`.
 *
 * Versions are looked at when they are asked for, each content once, several at a time in threads.
 */
#ifndef HISTORY_HISTORY_H
#define HISTORY_HISTORY_H

#include "check/check.h"
#include "paper/paper.h"

/* What git may say about the commits of one paper. */
#define HISTORY_MAX_LOG ((size_t)512 << 20)
/* Versions that are looked at ahead of being asked for, at most, and threads that do so. */
#define HISTORY_MAX_WINDOW 64
#define HISTORY_MAX_THREADS 16
/* Files outside of the folder that git is asked about one by one; of more, their folders. */
#define HISTORY_MAX_OUTSIDE 64

struct paper_history; /* opaque */

struct history_settings {
	struct repo *repo;
	struct snapshot *snapshot;      /* the present */
	struct oid commit;              /* that it is of, or comes after; empty: nothing is committed */
	const char *folder;             /* of the paper, in the present */
	const struct paper_rules *rules;
	bool first_parent;              /* of merges, only the first parent is followed */
	unsigned families;              /* of checks that are run: see check_family */
	const char *const *quotes;      /* of models' findings: whether they stand in a version */
	size_t nr_quotes;
	unsigned threads;               /* 0: as many as there are processors */
	volatile const int *stop;       /* a signal handler's flag; may be NULL */
};

/* What the checks say of one content. */
struct look {
	bool is_paper;
	struct finding_list findings;   /* paths as records have them: see review/review.h */
	bool *quoted;                   /* by quote: whether it stands there */
};

struct version {
	/* Of the present, which may not be committed, all strings are "" but for the folder. */
	struct oid commit;
	char *shortened, *author, *mail, *date, *subject; /* DATE: as "2026-11-22T06:30:00+01:00", the author's */
	int64_t time;           /* the committer's date, in seconds since the epoch */
	char *folder;
	bool boundary;          /* a shallow clone ends here: what came before is not known */
	bool missing;           /* a partial clone lacks its files; set, with no look, by history_look */
	const struct look *look; /* NULL until history_look */
	struct version **parents; /* simplified; complete after history_parents */
	size_t nr_parents;
	struct version_inside *inside;
};

struct paper_history *history_new(const struct history_settings *settings);
void history_free(struct paper_history *history);

/* What the present has. */
struct error *history_present(struct paper_history *history, const struct look **out);
/* The present as a version: it has no commit, and settings.commit's version as its parent. Versions belong to the
 * history. */
struct error *history_begin(struct paper_history *history, struct version **out);
/* Completes VERSION's parents, following a rename; VERSION was looked at. */
struct error *history_parents(struct paper_history *history, struct version *version);
struct error *history_look(struct paper_history *history, struct version *version);
/* The content id of the paper in VERSION; "" when it is none there. */
struct error *history_content_id(struct paper_history *history, struct version *version, const char **out);
/* For each finding of VERSION the number of the same one in its parent number K, from 1; 0: it is not there. Both were
 * looked at. */
const size_t *history_match(struct paper_history *history, struct version *version, size_t k);

/*
 * True when a version that was looked at depends on files that the commits were not asked about, so that some may
 * have been left out; then versions are void, and history_begin has to be called again. What was looked at is kept.
 */
bool history_must_begin_again(struct paper_history *history);

#endif
