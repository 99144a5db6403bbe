/* Images in folders: the OCI image layout.
 * https://github.com/opencontainers/image-spec/blob/main/image-layout.md */
#ifndef IMAGE_LAYOUT_H
#define IMAGE_LAYOUT_H

#include "image/image.h"
#include "image/registry.h"

/* Writes IMAGE to the layout in FOLDER (made, or one that is there is added to) under NAME; layers that are
 * not on this machine are fetched. The index is written last, by rename. */
struct error *layout_write(const char *folder, const struct image *image, const char *name,
			   struct registries *r);
/* The descriptor that NAME (or the only image) has in FOLDER. */
struct error *layout_find(const char *folder, const char *name, struct descriptor *out);
/* Appends a blob after checking it against its digest; ERROR_LIMIT above OUT's ceiling. */
struct error *layout_read_blob(const char *folder, const struct digest *digest, struct buffer *out);
/* malloc'd path of a blob. */
char *layout_blob_path(const char *folder, const struct digest *digest);

#endif
