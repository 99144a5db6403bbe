#include "deploy/release_documents.h"

#include "base/memory.h"
#include "image/sbom.h"

/* All packages of an image's dependency layers. */
struct packages {
	struct sbom_package *items;
	size_t nr;
};

/* Takes over the NR items of MORE. */
static void append(struct packages *packages, struct sbom_package *more, size_t nr)
{
	if (nr) {
		packages->items = xreallocarray(packages->items, packages->nr + nr, sizeof(*more));
		memcpy(packages->items + packages->nr, more, nr * sizeof(*more));
		packages->nr += nr;
	}
	free(more);
}

static struct error *read_packages(struct packages *packages, const struct image *image)
{
	struct error *err = NULL;
	for (size_t i = 0; i < image->nr_layers && !err; i++) {
		const struct layer *layer = &image->layers[i];
		struct sbom_package *more = NULL;
		size_t nr = 0;
		if (layer->origin != LAYER_DEPENDENCIES || !layer->file)
			continue;
		err = sbom_read_layer(layer->file, &more, &nr);
		append(packages, more, nr);
	}
	return err;
}

struct error *release_attach_documents(struct registries *registries, const struct assembly *a,
				       const struct reference *target)
{
	struct packages packages = { 0 };
	struct buffer sbom = BUFFER_INIT, provenance = BUFFER_INIT;
	struct descriptor subject = {
		.media_type = (char *)MEDIA_OCI_MANIFEST,
		.digest = a->image.digest,
		.size = (int64_t)a->image.manifest.len,
	};
	struct error *err = read_packages(&packages, &a->image);
	if (!err) {
		sbom_write(&sbom, &a->image, &a->spec, &a->build, packages.items, packages.nr);
		provenance_write(&provenance, &a->image, &a->spec, &a->build);
		err = registry_attach(registries, target, &subject, SBOM_MEDIA_TYPE, SBOM_MEDIA_TYPE,
				      slice_of(&sbom));
	}
	if (!err)
		err = registry_attach(registries, target, &subject, PROVENANCE_MEDIA_TYPE,
				      PROVENANCE_MEDIA_TYPE, slice_of(&provenance));
	sbom_packages_free(packages.items, packages.nr);
	buffer_release(&sbom);
	buffer_release(&provenance);
	return error_context(err, "the image is pushed, but its documents are not attached");
}
