/* What the files that read and write OCI's documents share; nobody else includes this. */
#ifndef IMAGE_OCI_INTERNAL_H
#define IMAGE_OCI_INTERNAL_H

#include "image/oci.h"

void platform_copy(struct platform *out, const struct platform *from);

#endif
