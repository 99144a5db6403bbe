/* Comparing the files of layers with those that a commit gives an image. */
#ifndef IMAGE_VERIFY_LAYERS_H
#define IMAGE_VERIFY_LAYERS_H

#include "image/tree_layers.h"
#include "image/verify.h"

/* Differences that are told; that there are more is the last one. */
#define VERIFY_MAX_DIFFERENCES 1000

struct verify_layer {
	const char *name;       /* for messages */
	bool of_commit;         /* else only what it does to files of the commit counts */
	int fd;                 /* its archive */
	struct digest diff_id;  /* that it is to have */
};

/* LAYERS, from the lowest, of an image, against PLANNED. Counts files and layers into OUT, and adds
 * differences. */
struct error *verify_layers(struct verify_result *out, struct repo *repo, const struct tree_layers *planned,
			    const struct verify_layer *layers, size_t nr);
void verify_add_difference(struct verify_result *out, const char *path, const char *what);

#endif
