#include "image/image.h"

#include "base/memory.h"

void layer_release(struct layer *layer)
{
	descriptor_release(&layer->descriptor);
	free(layer->file);
	*layer = (struct layer){ 0 };
}

void image_release(struct image *image)
{
	for (size_t i = 0; i < image->nr_layers; i++)
		layer_release(&image->layers[i]);
	free(image->layers);
	buffer_release(&image->config);
	buffer_release(&image->manifest);
	*image = (struct image){ 0 };
	buffer_init(&image->config, OCI_MAX_CONFIG);
	buffer_init(&image->manifest, OCI_MAX_MANIFEST);
}
