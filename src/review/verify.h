/* Whether the record store holds what it should, and reports are what it says. */
#ifndef REVIEW_VERIFY_H
#define REVIEW_VERIFY_H

#include "git/records_sync.h"
#include "paper/paper.h"

struct verify {
	/* WHERE is "<content id>/<name>" of a record or the path of a report. */
	void (*on_problem)(void *data, const char *where, const char *message);
	void *data;
	size_t files, reports;  /* looked at */
	size_t aside;           /* damaged ones that were replaced and are kept beside: no problem */
	size_t older;           /* in a format of before, which is read as well */
	size_t newer_reviews;   /* papers whose report at the commit is older than the records */
	size_t problems;
};

/* Every file of the store: its form, and that its name is the one its contents ask for. */
struct error *verify_records(struct verify *v, struct records *store);
/* The reports of PAPERS in SNAPSHOT, a commit's: the same bytes as from the records. Papers without a
 * report there, or without records, are left alone. */
struct error *verify_reports(struct verify *v, struct records *store, struct snapshot *snapshot,
			     const struct paper_list *papers);

/* Writes committed records of an older format in today's, in one commit; *NR tells how many. What is damaged stays. */
struct error *verify_migrate(struct records *store, size_t *nr);

/* Adds the content ids of all papers in the work tree, the index, and the tips of all branches, tags and stashes,
 * local and remote. An error says which of them cannot be read: nothing is to be dropped then. */
struct error *verify_in_use(struct strmap *out, struct repo *repo);

#endif
