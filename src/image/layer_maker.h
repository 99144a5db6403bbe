/*
 * Making layers: blobs are read, put into tars, compressed and hashed, by all processors, with the same bytes
 * however many there are.
 */
#ifndef IMAGE_LAYER_MAKER_H
#define IMAGE_LAYER_MAKER_H

#include "image/tree_layers.h"

struct layer_job {
	const struct tree_layer *layer;
	int fd;                        /* gets the compressed archive */
	struct digest digest, diff_id; /* then: its digests, */
	int64_t size;                  /* and its bytes */
};

/* Uses the repository, threads, stop and progress of SETTINGS. */
struct error *layers_make(struct layer_job *jobs, size_t nr, const struct image_spec *spec,
			  const struct build_settings *settings);

/* Whether a link at PATH in an image may lead to TARGET: not to an absolute path, nor out of the image. */
struct error *layer_check_link(const char *path, const char *source, struct slice target);

#endif
