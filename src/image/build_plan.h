/* What image_build and image_plan, and image_verify, share. */
#ifndef IMAGE_BUILD_PLAN_H
#define IMAGE_BUILD_PLAN_H

#include "image/tree_layers.h"

struct build_plan {
	struct file_tree tree;
	struct tree_layers layers;
	char *created; /* the commit's time, RFC 3339 */
};

/* Reads the commit's trees and parts them into layers. */
struct error *build_plan_make(struct build_plan *out, const struct image_spec *spec,
			      const struct build_settings *settings);
void build_plan_release(struct build_plan *plan);

#endif
