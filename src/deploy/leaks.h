/* Secrets that would be in the image, or that the repository's history gives away. */
#ifndef DEPLOY_LEAKS_H
#define DEPLOY_LEAKS_H

#include "deploy/config.h"
#include "image/build.h"

struct leak {
	char *path;
	size_t line;          /* 0: the file itself (".env", "id_rsa") */
	const char *what;     /* "an AWS secret access key" */
	struct oid commit;    /* of the history; empty: in the tree that is deployed */
	char *excerpt;        /* with the secret masked */
};

/* Looks at what SPEC takes from COMMIT; only blobs that were not looked at before (KNOWN_CLEAN: a cache file in the git directory; NULL: none) are
 * read. With HISTORY also at files that were deleted or changed since EARLIER (a commit; empty: the last 1,000 commits). */
struct error *leaks_find(struct leak **leaks, size_t *nr, struct repo *repo, const struct oid *commit,
			 const struct image_spec *spec, const struct deploy_config *config, bool history,
			 const struct oid *earlier);
void leaks_free(struct leak *leaks, size_t nr);

#endif
