/* What is in an image (SPDX 2.3 JSON) and how it was made (in-toto statement, SLSA provenance v1): documents
 * that are attached to it. The same image of the same commit has the same documents.
 * https://spdx.github.io/spdx-spec/v2.3/ https://slsa.dev/spec/v1.0/provenance */
#ifndef IMAGE_SBOM_H
#define IMAGE_SBOM_H

#include "image/build.h"

#define SBOM_MEDIA_TYPE "application/spdx+json"
#define PROVENANCE_MEDIA_TYPE "application/vnd.in-toto+json"

struct sbom_package {
	char *name, *version, *license; /* license may be NULL */
	const char *ecosystem;          /* "pypi", "npm", "deb", "apk" */
};

/* Ceilings for one layer. */
#define SBOM_MAX_ENTRIES 2000000
#define SBOM_MAX_BYTES ((int64_t)64 << 30) /* uncompressed */
#define SBOM_MAX_FILE ((size_t)64 << 20)   /* that lists packages */
#define SBOM_MAX_PACKAGES 200000

/* The packages that the layer in FILE (tar, or that with gzip or zstd) installs: METADATA of *.dist-info,
 * package.json below node_modules, what dpkg and apk keep. Sorted, each once; to be freed by
 * sbom_packages_free. The archive is hostile: ERROR_SYNTAX, ERROR_LIMIT. */
struct error *sbom_read_layer(const char *file, struct sbom_package **packages, size_t *nr);
/* A list of packages, to be kept beside the layer it is of. */
#define SBOM_PACKAGES_MEDIA_TYPE "application/vnd.git-scrutiny.packages.v1+json"
void sbom_packages_write(struct buffer *out, const struct sbom_package *packages, size_t nr);
struct error *sbom_packages_read(struct sbom_package **packages, size_t *nr, struct slice json);
/* Puts MORE into PACKAGES, which stay sorted, each once; MORE is empty afterwards. */
void sbom_packages_merge(struct sbom_package **packages, size_t *nr, struct sbom_package **more,
			 size_t *nr_more);
void sbom_packages_free(struct sbom_package *packages, size_t nr);

/* IMAGE is what image_build made of SPEC and SETTINGS. */
void sbom_write(struct buffer *out, const struct image *image, const struct image_spec *spec,
		const struct build_settings *settings, const struct sbom_package *packages, size_t nr);
void provenance_write(struct buffer *out, const struct image *image, const struct image_spec *spec,
		      const struct build_settings *settings);

#endif
