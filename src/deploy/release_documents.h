/* The documents of a release: what is in its image, and how it was made, attached to it in the registry. */
#ifndef DEPLOY_RELEASE_DOCUMENTS_H
#define DEPLOY_RELEASE_DOCUMENTS_H

#include "deploy/assemble.h"

/* Attaches SBOM and provenance to A's image in TARGET's repository; doing it again changes nothing. A registry
 * that does not take them is no error, for the image is there: *NOT_ATTACHED says why (malloc'd), or is
 * NULL. */
struct error *release_attach_documents(struct registries *registries, const struct assembly *a,
				       const struct reference *target, char **not_attached);

#endif
