/* The configuration of an image we make, out of its base's. */
#ifndef IMAGE_IMAGE_CONFIG_H
#define IMAGE_IMAGE_CONFIG_H

#include "image/build.h"

/* Appends the configuration of IMAGE (of which the layers with their diff ids are set) to OUT: the base's (or
 * what the dependencies left), with all keys that are not known, and with what SPEC says. CREATED is the
 * commit's time in RFC 3339; HISTORY has a sentence for each layer, NULL for the base's and those that the
 * dependencies have told of. */
struct error *image_config_write(struct buffer *out, const struct image *image, const struct image_spec *spec,
				 const struct build_settings *settings, const char *created, char **history);

#define IMAGE_MAX_FACTS 4
/* What labels and the manifest's annotations say of where the image is from, in the order of the keys; at
 * most IMAGE_MAX_FACTS, whose values are malloc'd, and whose keys are not. */
size_t image_facts(struct annotation *facts, const struct image_spec *spec,
		   const struct build_settings *settings, const char *created);

#endif
