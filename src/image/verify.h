/* Proof that an image is a commit: its files are compared with the commit's blobs, one by one, whoever built
 * it. */
#ifndef IMAGE_VERIFY_H
#define IMAGE_VERIFY_H

#include "image/build.h"
#include "image/registry.h"

/* How deep a look is taken. */
enum verify_depth {
	/* Rebuild what the manifest would be, and compare layers by the hash of their inputs, as the image has it:
	 * no proof against somebody who may push images. */
	VERIFY_QUICK,
	VERIFY_FULL,  /* read every byte of the layers that say they are of the commit */
};

struct verify_difference {
	char *path;        /* in the image; or a member of its configuration */
	const char *what;  /* "is not in the commit", "differs", "is missing", "has another mode", ... */
};

struct verify_result {
	struct oid commit;        /* that the image says it is of */
	struct digest digest;
	size_t files, layers;     /* compared */
	size_t foreign_layers;    /* of the base and of dependencies: not of the commit, only named */
	struct verify_difference *differences;
	size_t nr_differences;    /* 0: it is the commit */
	/* Building it again gives the same digest; with VERIFY_FULL that of the configuration, which has the
	 * digests of all layers uncompressed: versions of compressors do not matter. */
	bool rebuilt_equal;
};
void verify_result_release(struct verify_result *r);

/* Compares the image at REF with what SPEC makes of the commit of SETTINGS. Layers that say they are of the
 * commit (of an image without such: all but the base's) are read; others only if they lie above, for what
 * they change. So is what the configuration says of the program, its environment and user. SETTINGS as for
 * image_build: base, dependencies, and a folder for layers. */
struct error *image_verify(struct verify_result *out, struct registries *r, const struct reference *ref,
			   const struct image_spec *spec, const struct build_settings *settings,
			   enum verify_depth depth);

#endif
