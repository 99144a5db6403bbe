#include "deploy/release_documents.h"

#include "base/memory.h"
#include "image/sbom.h"

struct error *release_attach_documents(struct registries *registries, const struct assembly *a,
				       const struct reference *target, char **not_attached)
{
	struct buffer sbom = BUFFER_INIT, provenance = BUFFER_INIT;
	struct descriptor subject = {
		.media_type = (char *)MEDIA_OCI_MANIFEST,
		.digest = a->image.digest,
		.size = (int64_t)a->image.manifest.len,
	};
	sbom_write(&sbom, &a->image, &a->spec, &a->build, a->packages, a->nr_packages);
	provenance_write(&provenance, &a->image, &a->spec, &a->build);
	const struct attachment attachments[] = {
		{ SBOM_MEDIA_TYPE, SBOM_MEDIA_TYPE, slice_of(&sbom) },
		{ PROVENANCE_MEDIA_TYPE, PROVENANCE_MEDIA_TYPE, slice_of(&provenance) },
	};
	struct error *err = registry_attach(registries, target, &subject, attachments, ARRAY_SIZE(attachments));
	buffer_release(&sbom);
	buffer_release(&provenance);
	*not_attached = NULL;
	if (!err || error_is(err, ERROR_CANCELLED))
		return err;
	*not_attached = xstrfmt("what is in the image, and how it was made, is not attached to it: %s", err->message);
	error_free(err);
	return NULL;
}
