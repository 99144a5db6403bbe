/* Sending an image to a repository: layers, configuration, and the manifest last. */
#ifndef IMAGE_PUSH_H
#define IMAGE_PUSH_H

#include "image/image.h"
#include "image/registry.h"

/* Of its layers, as they are stored, and its configuration. */
int64_t image_bytes(const struct image *image);

struct push_result {
	int64_t bytes_sent;
	size_t layers, sent, mounted, there, copied;
	bool manifest_new; /* the registry did not have it */
	size_t tags_taken; /* by other images, and not to be changed */
	bool layers_gone;  /* ERROR_NOT_FOUND: the repository lacks a layer that an earlier image there has */
};

/* ERROR_EXISTS: a tag is on another image and cannot be changed; all else has been done then.
 * Afterwards TARGET's repository has the image under its digest and each of TAGS. Killed at any instant, the
 * tags name the old image or the new one, and doing it again goes on. */
struct error *image_push(struct registries *r, const struct image *image, const struct reference *target,
			 const char *const *tags, size_t nr_tags, struct push_result *result);

#endif
