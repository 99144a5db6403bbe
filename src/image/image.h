/* An image: what is pushed, written to a layout, or compared with a commit. */
#ifndef IMAGE_IMAGE_H
#define IMAGE_IMAGE_H

#include "image/oci.h"
#include "image/reference.h"

enum layer_origin {
	LAYER_BASE,         /* the base image's */
	LAYER_DEPENDENCIES, /* made by an image builder; found again by the hash of its inputs */
	LAYER_TREE,         /* files of the commit */
};

struct layer {
	enum layer_origin origin;
	struct descriptor descriptor; /* as it stands in the manifest */
	struct digest diff_id;
	/* Where its bytes are: a file on this machine, or (NULL) the repository FROM. */
	char *file;
	const struct reference *from; /* the base image's or the target's repository; not owned */
	bool reused;                  /* an earlier image had it */
	size_t files;                 /* LAYER_TREE: of the commit, that it holds */
};

struct image {
	struct layer *layers;         /* from the lowest */
	size_t nr_layers;
	struct buffer config, manifest;
	struct digest config_digest, digest;
};
void image_release(struct image *image);
void layer_release(struct layer *layer);

#endif
