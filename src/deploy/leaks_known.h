/* Blobs that were looked at and are clean, in a cache file in the git directory, so that each is read once.
 */
#ifndef DEPLOY_LEAKS_KNOWN_H
#define DEPLOY_LEAKS_KNOWN_H

#include "base/cache_file.h"
#include "git/repo.h"

struct leaks_known {
	char *path;
	uint32_t version;
	size_t oid_size;           /* in bytes */
	struct cache_file file;    /* sorted ids */
	unsigned char *added;      /* those of this run */
	size_t nr_added, alloc_added;
};

/* VERSION: of what "clean" means. */
void leaks_known_open(struct leaks_known *known, struct repo *repo, uint32_t version);
bool leaks_known_has(const struct leaks_known *known, const struct oid *oid);
void leaks_known_add(struct leaks_known *known, const struct oid *oid);
/* Keeps what was added, and frees. */
void leaks_known_close(struct leaks_known *known);

#endif
