#include "image/push.h"

#include "base/json.h"
#include "base/memory.h"

static const char *media_type_of(const struct image *image, char **owned)
{
	struct manifest m;
	struct error *err = manifest_parse(&m, slice_of(&image->manifest), "the image's manifest");
	*owned = !err && m.media_type ? xstrdup(m.media_type) : NULL;
	if (!err)
		manifest_release(&m);
	error_free(err);
	return *owned ? *owned : MEDIA_OCI_MANIFEST;
}

static void count(struct push_result *result, const struct blob *blobs, size_t nr)
{
	result->layers = nr;
	for (size_t i = 0; i < nr; i++) {
		result->sent += blobs[i].outcome == BLOB_SENT;
		result->mounted += blobs[i].outcome == BLOB_MOUNTED;
		result->there += blobs[i].outcome == BLOB_THERE;
		result->copied += blobs[i].outcome == BLOB_COPIED;
	}
}

static struct error *put_blobs(struct registries *r, const struct image *image,
			       const struct reference *target, struct push_result *result)
{
	size_t nr = image->nr_layers;
	struct blob *blobs = xcalloc(nr + 1, sizeof(*blobs));
	for (size_t i = 0; i < nr; i++)
		blobs[i] = (struct blob){
			.digest = image->layers[i].descriptor.digest,
			.size = image->layers[i].descriptor.size,
			.file = image->layers[i].file,
			.from = image->layers[i].from,
		};
	blobs[nr] = (struct blob){
		.digest = image->config_digest,
		.size = (int64_t)image->config.len,
		.bytes = slice_of(&image->config),
	};
	struct error *err = registry_put_blobs(r, target, blobs, nr + 1, &result->bytes_sent);
	if (!err)
		count(result, blobs, nr);
	for (size_t i = 0; i < nr; i++)
		result->layers_gone |= blobs[i].outcome == BLOB_GONE;
	free(blobs);
	return err;
}

/* Puts the manifest under the tag or (NULL) digest unless it is there; *NEW says that it was not. */
static struct error *put_manifest_once(struct registries *r, const struct image *image,
				       const struct reference *target, const char *tag, bool *new)
{
	struct reference ref = { target->registry, target->repository, (char *)tag, { "" } };
	struct digest there = { "" };
	char *media_type;
	if (!tag)
		ref.digest = image->digest;
	struct error *err = registry_find_manifest(r, &ref, &there);
	if (!error_drop_if(&err, ERROR_NOT_FOUND) && err)
		return err;
	*new = !digest_equals(&there, &image->digest);
	if (!*new)
		return NULL;
	err = registry_put_manifest(r, &ref, media_type_of(image, &media_type), slice_of(&image->manifest),
				    &image->digest);
	free(media_type);
	return err;
}

int64_t image_bytes(const struct image *image)
{
	int64_t size = (int64_t)image->config.len;
	for (size_t i = 0; i < image->nr_layers; i++)
		size += image->layers[i].descriptor.size;
	return size;
}

struct error *image_push(struct registries *r, const struct image *image, const struct reference *target,
			 const char *const *tags, size_t nr_tags, struct push_result *result)
{
	bool new;
	*result = (struct push_result){ 0 };
	struct error *err = put_blobs(r, image, target, result);
	if (!err)
		err = put_manifest_once(r, image, target, NULL, &result->manifest_new);
	struct error *taken = NULL;
	for (size_t i = 0; !err && i < nr_tags; i++) {
		err = put_manifest_once(r, image, target, tags[i], &new);
		if (!error_is(err, ERROR_EXISTS))
			continue;
		result->tags_taken++;
		if (taken)
			error_free(err);
		else
			taken = err;
		err = NULL;
	}
	if (err)
		error_free(taken);
	else
		err = taken;
	if (result->manifest_new)
		result->bytes_sent += (int64_t)image->manifest.len;
	return err;
}
