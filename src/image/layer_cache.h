/*
 * Layers that were made on this machine, in a folder, by the hash of their inputs: "<hash>.tar.gz", and
 * beside it
 * "<hash>.layer" with digest, size and diff id. A layer counts when both are there and agree; anything else
 * is made again.
 */
#ifndef IMAGE_LAYER_CACHE_H
#define IMAGE_LAYER_CACHE_H

#include "image/layer_maker.h"

/* Bytes that layers take up; when there are more, those that were not used for longest go. */
#define LAYER_CACHE_MAX ((int64_t)4 << 30)

struct cached_layer {
	char *file; /* malloc'd */
	struct digest digest, diff_id;
	int64_t size;
};

/* False when it is not there, or not as it was written. */
bool layer_cache_find(const char *folder, const struct digest *input, struct cached_layer *out);
/* Opens a new file in FOLDER, which is made; *TEMPORARY is its path, malloc'd. */
struct error *layer_cache_begin(const char *folder, char **temporary, int *fd);
/* Keeps TEMPORARY, which holds what JOB says, under its input's hash. OUT as of layer_cache_find. */
struct error *layer_cache_keep(const char *folder, const char *temporary, const struct layer_job *job,
			       struct cached_layer *out);
/* Removes layers, those that were not used for longest first, until MAX bytes are left, but none that was
 * used since NOW; and what killed builds left behind. It does not matter whether it works. */
void layer_cache_prune(const char *folder, int64_t max, int64_t now);

#endif
