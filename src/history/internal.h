/* What the files of a history share; nobody else includes this. */
#ifndef HISTORY_INTERNAL_H
#define HISTORY_INTERNAL_H

#include "base/strmap.h"
#include "history/history.h"
#include "history/match.h"
#include "paper/lookup.h"

/* A path outside of the folder, and what was there. */
struct outside {
	char *path;
	struct oid oid;  /* empty: nothing */
	unsigned mode;
	bool opaque;     /* a symbolic link is on the way: it cannot be told whether it is the same elsewhere */
};

/* A look, and for what it counts: contents that have its key and whose outside is the same. */
struct kept_look {
	struct look look;
	struct finding_key *keys; /* by finding */
	struct outside *outside;
	size_t nr_outside;
	struct kept_look *next;   /* with the same key */
};

struct version_inside {
	bool is_present;
	struct oid tree;           /* the commit's; empty until needed */
	char content_id[SHA256_HEX_SIZE + 1];
	bool has_content_id, has_parents;
	bool reported;             /* a report about this content stands in the folder */
	size_t **maps;             /* by parent: see history_match */
};

struct paper_history {
	struct history_settings settings;
	struct paper_lookup *lookup;
	bool is_partial;
	struct strmap shallow;     /* commits */
	struct strmap versions;    /* "<commit>:<folder>" -> struct version */
	struct strmap segments;    /* "<commit>:<folder>" -> struct version, that the commit's is; or NULL */
	struct version *present;
	struct kept_look *present_look;
	struct strmap outside;     /* paths that decide, and lie outside of a folder */
	size_t nr_asked;           /* of them, those that git was asked about */
	struct strmap tree_keys;   /* tree -> what of it decides, as hexadecimal digits; strdup'd */
	struct strmap here;        /* tree -> "y" or "n": its files are here */
	struct strmap looks;       /* "<folder>:<key>" -> struct kept_look */
	size_t window;
};

/* -- graph.c ------------------------------------------------------------------------------------ */

/* The version that COMMIT has of FOLDER; NULL when no commit has any. */
struct error *graph_find(struct paper_history *h, const struct oid *commit, const char *folder, struct version **out);
struct version *version_new(const char *folder);
void version_free(void *version);

/* -- renames.c ---------------------------------------------------------------------------------- */

/* The folder that the paper of VERSION had in COMMIT, a parent of its commit; malloc'd, or NULL. */
struct error *rename_find(struct paper_history *h, const struct version *version, const struct oid *commit, char **out);
/* The folder that the paper of FOLDER, as the index has it, had in COMMIT; likewise. */
struct error *rename_find_staged(struct paper_history *h, const struct oid *commit, const char *folder, char **out);
/* The parents of a commit, as it has them; the array is malloc'd. */
struct error *commit_parents(struct repo *repo, const struct oid *commit, struct oid **out, size_t *nr);

/* -- keys.c ------------------------------------------------------------------------------------- */

/* The tree of VERSION's commit, and the one of its folder in it (empty when there is none). */
struct error *version_trees(struct paper_history *h, struct version *version, struct oid *folder);
/* What of a folder's tree decides: names, and contents but for pictures. Belongs to H. */
struct error *tree_key(struct paper_history *h, const struct oid *tree, const char **out);
/* Whether the files of a tree that would be read are here. */
struct error *tree_is_here(struct paper_history *h, const struct oid *tree, bool *here);
/* What is at OUTSIDE's path in TREE. */
struct error *outside_find(struct paper_history *h, const struct oid *tree, struct outside *outside);
bool outside_equal(const struct outside *a, const struct outside *b);

/* -- look.c ------------------------------------------------------------------------------------- */

void kept_look_free(void *look);
/* Sets h->present_look. */
struct error *look_at_present(struct paper_history *h);

#endif
