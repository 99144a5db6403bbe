/*
 * Secrets that would be in the image, or that the repository's history gives away. Files are judged by name
 * (".env", "id_rsa") and by the shapes of what is in them; what manuals, samples and tests of libraries are
 * full of is no accusation, for who is accused wrongly once does not listen again. `allow:` of .deploy.yml
 * lets files pass.
 */
#ifndef DEPLOY_LEAKS_H
#define DEPLOY_LEAKS_H

#include "deploy/config.h"
#include "image/build.h"

/* Larger files are data, not text. */
#define LEAKS_MAX_FILE ((size_t)32 << 20)
/* More of them are not told. */
#define LEAKS_MAX 1000
#define LEAKS_MAX_COMMITS 1000
#define LEAKS_MAX_HISTORY_FILES 100000

struct leak {
	char *path;
	size_t line;          /* 0: the file itself (".env", "id_rsa") */
	const char *what;     /* "a secret key of AWS" */
	struct oid commit;    /* of the history; empty: in the tree that is deployed */
	char *excerpt;        /* with the secret masked; NULL: of a file itself */
};

/*
 * Looks at what SPEC (without copies: all of its context) takes from COMMIT, and at the files the image is
 * made by. Only blobs that were not looked at before are read (<git dir>/scrutiny/clean-blobs). In a partial
 * clone, what EARLIER has in the same place is passed over: it would have to be fetched, and was looked at
 * before it was deployed.
 *
 * With HISTORY also at files that were deleted or changed since EARLIER (a commit that is deployed; NULL or
 * empty: in the last 1,000 commits); of a partial clone, which has them not, at none. These come after the
 * others.
 */
struct error *leaks_find(struct leak **leaks, size_t *nr, struct repo *repo, const struct oid *commit,
			 const struct image_spec *spec, const struct deploy_config *config, bool history,
			 const struct oid *earlier);
void leaks_free(struct leak *leaks, size_t nr);

/*
 * The same while layers are made, of the bytes that go into them: nothing is read twice, and what an image in
 * the registry or the cache of layers has already was looked at when it was made. For build_settings:
 * inspect, judge.
 */
struct leaks_watch;
struct leaks_watch *leaks_watch_new(struct repo *repo,
				    const struct deploy_config *config); /* must outlive it */
void leaks_watch_free(struct leaks_watch *watch);
void leaks_watch_inspect(void *watch, const char *path, const struct oid *blob, struct slice bytes);
struct error *leaks_watch_judge(void *watch); /* as leaks_error */

/* ERROR_CONFLICT that names the LEAKS of the tree and what to do; NULL when there are none in it. */
struct error *leaks_error(const struct leak *leaks, size_t nr);
/* Appends a line for each of the history: what it is, where, and that it has to be rotated. */
void leaks_warn(struct buffer *out, const struct leak *leaks, size_t nr);

#endif
