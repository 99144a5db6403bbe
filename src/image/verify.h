/* Proof that an image is a commit: its files are compared with the commit's blobs, one by one, whoever built it. */
#ifndef IMAGE_VERIFY_H
#define IMAGE_VERIFY_H

#include "image/build.h"
#include "image/registry.h"

/* How deep a look is taken. */
enum verify_depth {
	VERIFY_QUICK, /* rebuild what the manifest would be, and compare layers by the hash of their inputs */
	VERIFY_FULL,  /* read every byte of the layers that say they are of the commit */
};

struct verify_difference {
	char *path;        /* in the image */
	const char *what;  /* "is not in the commit", "differs", "is missing", "has another mode", ... */
};

struct verify_result {
	struct oid commit;        /* that the image says it is of */
	struct digest digest;
	size_t files, layers;     /* compared */
	size_t foreign_layers;    /* of the base and of dependencies: not of the commit, only named */
	struct verify_difference *differences;
	size_t nr_differences;    /* 0: it is the commit */
	bool rebuilt_equal;       /* building it again gives the same digest */
};
void verify_result_release(struct verify_result *r);

/* EXPECTED is what image_plan or image_build makes of the commit. */
struct error *image_verify(struct verify_result *out, struct registries *r, const struct reference *ref,
			   const struct image_spec *spec, const struct build_settings *settings, enum verify_depth depth);

#endif
