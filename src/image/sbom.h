/* What is in an image (SPDX 2.3 JSON) and how it was made (in-toto statement, SLSA provenance v1): documents that are attached
 * to it. The same image of the same commit has the same documents. */
#ifndef IMAGE_SBOM_H
#define IMAGE_SBOM_H

#include "image/build.h"

#define SBOM_MEDIA_TYPE "application/spdx+json"
#define PROVENANCE_MEDIA_TYPE "application/vnd.in-toto+json"

struct sbom_package {
	char *name, *version, *license; /* license may be NULL */
	const char *ecosystem;          /* "pypi", "npm", "deb" */
};

/* The packages that the layer in FILE (tar+gzip) installs: *.dist-info/METADATA, node_modules package.json, dpkg's status.
 * Sorted; to be freed by sbom_packages_free. The archive is hostile. */
struct error *sbom_read_layer(const char *file, struct sbom_package **packages, size_t *nr);
void sbom_packages_free(struct sbom_package *packages, size_t nr);

void sbom_write(struct buffer *out, const struct image *image, const struct image_spec *spec,
		const struct build_settings *settings, const struct sbom_package *packages, size_t nr);
void provenance_write(struct buffer *out, const struct image *image, const struct image_spec *spec,
		      const struct build_settings *settings);

#endif
