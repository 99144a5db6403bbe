#include "image/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"

#define LAYOUT_FILE "oci-layout"
#define LAYOUT_TEXT "{\"imageLayoutVersion\":\"1.0.0\"}"
#define ANNOTATION_NAME "org.opencontainers.image.ref.name"
/* Bytes of index.json, and images in it that are named in an error. */
#define MAX_INDEX ((size_t)4 << 20)
#define MAX_NAMED 10

char *layout_blob_path(const char *folder, const struct digest *digest)
{
	return xstrfmt("%s/blobs/sha256/%s", folder, digest_hex(digest));
}

/* -- blobs ------------------------------------------------------------------------------------------ */

static bool is_there(const char *path, int64_t size)
{
	struct stat st;
	return !stat(path, &st) && S_ISREG(st.st_mode) && st.st_size == size;
}

/* Copies FROM to FD and checks what it was. */
static struct error *copy_file(const char *from, int fd, const struct digest *digest)
{
	char *piece = xmalloc(1 << 20);
	struct digest got;
	struct sha256 hash;
	struct error *err = NULL;
	ssize_t n = 0;
	int in = open(from, O_RDONLY | O_CLOEXEC);
	sha256_init(&hash);
	if (in < 0)
		err = error_errno(ERROR_IO, "cannot open '%s'", from);
	while (!err && (n = read(in, piece, 1 << 20)) > 0) {
		sha256_update(&hash, piece, (size_t)n);
		for (ssize_t done = 0, m; done < n && !err; done += m)
			if ((m = write(fd, piece + done, (size_t)(n - done))) < 0)
				err = error_errno(ERROR_IO, "cannot write a layer");
	}
	if (!err && n < 0)
		err = error_errno(ERROR_IO, "cannot read '%s'", from);
	digest_of_hash(&hash, &got);
	if (!err && !digest_equals(&got, digest))
		err = error_new(ERROR_IO, "'%s' is not %s any more", from, digest->text);
	if (in >= 0)
		close(in);
	free(piece);
	return err;
}

/* A layer that is being put into the layout: a file beside its place, renamed when it is whole. */
struct arrival {
	const struct layer *layer;
	char *path, *temporary;
	int fd;
};

static struct error *arrival_open(struct arrival *a, const char *folder, const struct layer *layer)
{
	a->layer = layer;
	a->path = layout_blob_path(folder, &layer->descriptor.digest);
	a->temporary = xstrfmt("%s/.blob-XXXXXX", folder);
	a->fd = mkostemp(a->temporary, O_CLOEXEC);
	if (a->fd < 0 || fchmod(a->fd, 0644))
		return error_errno(ERROR_IO, "cannot make a file in '%s'", folder);
	return layer->file ? copy_file(layer->file, a->fd, &layer->descriptor.digest) : NULL;
}

static struct error *arrival_settle(const struct arrival *a)
{
	if (fsync(a->fd))
		return error_errno(ERROR_IO, "cannot write '%s'", a->path);
	return rename(a->temporary, a->path) ? error_errno(ERROR_IO, "cannot make '%s'", a->path) : NULL;
}

static void arrival_release(struct arrival *a)
{
	if (a->fd >= 0) {
		close(a->fd);
		unlink(a->temporary); /* it is gone when all went well */
	}
	free(a->path);
	free(a->temporary);
}

/* Whether the layout lacks LAYER, and none of the first NR arrivals is it. */
static bool is_missing(const char *folder, const struct layer *layer, const struct arrival *arrivals,
		       size_t nr)
{
	char *path = layout_blob_path(folder, &layer->descriptor.digest);
	bool missing = !is_there(path, layer->descriptor.size);
	for (size_t i = 0; i < nr; i++)
		missing &= strcmp(arrivals[i].path, path) != 0;
	free(path);
	return missing;
}

static struct error *add_layers(const char *folder, const struct image *image, struct registries *r)
{
	struct arrival *arrivals = xcalloc(image->nr_layers + 1, sizeof(*arrivals));
	struct blob_download *downloads = xcalloc(image->nr_layers + 1, sizeof(*downloads));
	size_t nr = 0, nr_downloads = 0;
	struct error *err = NULL;
	for (size_t i = 0; i < image->nr_layers && !err; i++) {
		const struct layer *layer = &image->layers[i];
		if (!is_missing(folder, layer, arrivals, nr))
			continue;
		err = arrival_open(&arrivals[nr], folder, layer);
		if (!err && !layer->file && (!layer->from || !r))
			err = error_new(ERROR_NOT_FOUND, "the layer %s is not on this machine",
					layer->descriptor.digest.text);
		if (!err && !layer->file)
			downloads[nr_downloads++] = (struct blob_download){
				layer->from, layer->descriptor.digest, layer->descriptor.size, arrivals[nr].fd
			};
		nr++;
	}
	if (!err && nr_downloads)
		err = registry_download_all(r, downloads, nr_downloads);
	for (size_t i = 0; i < nr; i++) {
		if (!err)
			err = arrival_settle(&arrivals[i]);
		arrival_release(&arrivals[i]);
	}
	free(arrivals);
	free(downloads);
	return err;
}

static struct error *add_document(const char *folder, const struct digest *digest, const struct buffer *bytes)
{
	char *path = layout_blob_path(folder, digest);
	struct error *err =
		is_there(path, (int64_t)bytes->len) ? NULL : file_write(path, bytes->data, bytes->len);
	free(path);
	return err;
}

struct error *layout_read_blob(const char *folder, const struct digest *digest, struct buffer *out)
{
	char *path = layout_blob_path(folder, digest);
	size_t start = out->len;
	struct digest got;
	struct error *err = file_read(path, out);
	if (!err) {
		digest_of(out->data + start, out->len - start, &got);
		if (!digest_equals(&got, digest))
			err = error_new(ERROR_SYNTAX, "'%s' is not what its name says", path);
	}
	if (err)
		buffer_truncate(out, start);
	free(path);
	return err;
}

/* -- index.json ------------------------------------------------------------------------------------- */

static const char *name_of(const cJSON *entry)
{
	const cJSON *annotations = cJSON_GetObjectItemCaseSensitive(entry, "annotations");
	return json_string_or(annotations, ANNOTATION_NAME, NULL);
}

/* *MANIFESTS is its list. */
static struct error *read_index(const char *folder, cJSON **index, const cJSON **manifests)
{
	char *path = xstrfmt("%s/index.json", folder);
	struct buffer text = BUFFER_INIT_MAX(MAX_INDEX);
	*index = NULL;
	struct error *err = file_read(path, &text);
	if (!err)
		err = json_parse(index, slice_of(&text), path);
	if (!err)
		err = json_get_array(*index, "manifests", path, manifests);
	buffer_release(&text);
	free(path);
	return err;
}

static cJSON *empty_index(void)
{
	cJSON *index = cJSON_CreateObject();
	cJSON_AddNumberToObject(index, "schemaVersion", 2);
	cJSON_AddStringToObject(index, "mediaType", MEDIA_OCI_INDEX);
	cJSON_AddArrayToObject(index, "manifests");
	return index;
}

/* Takes out what NAME was before; without a name, the same image. */
static void forget(cJSON *manifests, const char *name, const struct digest *digest)
{
	int i = cJSON_GetArraySize(manifests);
	while (i--) {
		const cJSON *entry = cJSON_GetArrayItem(manifests, i);
		const char *has = name_of(entry);
		bool same = name ? has && !strcmp(has, name)
				 : !has && !strcmp(json_string_or(entry, "digest", ""), digest->text);
		if (same)
			cJSON_DeleteItemFromArray(manifests, i);
	}
}

static void add_platform(cJSON *entry, const struct buffer *config)
{
	cJSON *json = NULL;
	struct error *err = config_parse(&json, slice_of(config), "the configuration");
	static const char *const keys[] = { "architecture", "os", "variant" };
	cJSON *platform = err ? NULL : cJSON_AddObjectToObject(entry, "platform");
	for (size_t i = 0; !err && i < ARRAY_SIZE(keys); i++)
		if (json_string_or(json, keys[i], NULL))
			cJSON_AddStringToObject(platform, keys[i], json_string_or(json, keys[i], ""));
	error_free(err); /* then nobody knows */
	cJSON_Delete(json);
}

static struct error *add_to_index(const char *folder, const struct image *image, const char *media_type,
				  const char *name)
{
	cJSON *index = NULL, *entry;
	const cJSON *manifests = NULL;
	struct buffer out = BUFFER_INIT_MAX(MAX_INDEX);
	struct json_writer w;
	char *path = xstrfmt("%s/index.json", folder);
	struct error *err = read_index(folder, &index, &manifests);
	if (error_drop_if(&err, ERROR_NOT_FOUND)) {
		index = empty_index();
		manifests = cJSON_GetObjectItemCaseSensitive(index, "manifests");
	}
	if (err)
		goto out;
	forget((cJSON *)manifests, name, &image->digest);
	entry = cJSON_CreateObject();
	cJSON_AddStringToObject(entry, "mediaType", media_type);
	cJSON_AddStringToObject(entry, "digest", image->digest.text);
	cJSON_AddNumberToObject(entry, "size", (double)image->manifest.len);
	if (name)
		cJSON_AddStringToObject(cJSON_AddObjectToObject(entry, "annotations"), ANNOTATION_NAME, name);
	add_platform(entry, &image->config);
	cJSON_AddItemToArray((cJSON *)manifests, entry);
	json_writer_init(&w, &out, false);
	json_value(&w, index);
	err = buffer_check(&out, path);
	if (!err)
		err = file_write(path, out.data, out.len);
out:
	cJSON_Delete(index);
	buffer_release(&out);
	free(path);
	return err;
}

/* -- the layout ------------------------------------------------------------------------------------- */

/* Makes FOLDER a layout, unless it is one. */
static struct error *prepare(const char *folder)
{
	char *path = xstrfmt("%s/" LAYOUT_FILE, folder), *blobs = xstrfmt("%s/blobs/sha256", folder);
	struct stat st;
	struct error *err = NULL;
	if (stat(path, &st) && errno != ENOENT && errno != ENOTDIR)
		err = error_errno(ERROR_IO, "cannot look at '%s'", path);
	else if (!stat(folder, &st) && !S_ISDIR(st.st_mode))
		err = error_new(ERROR_EXISTS, "'%s' is there and is no folder", folder);
	if (!err)
		err = file_make_directories(blobs);
	if (!err && stat(path, &st))
		err = file_write(path, LAYOUT_TEXT, strlen(LAYOUT_TEXT));
	free(path);
	free(blobs);
	return err;
}

struct error *layout_write(const char *folder, const struct image *image, const char *name,
			   struct registries *r)
{
	struct manifest m = { 0 };
	struct error *err = manifest_parse(&m, slice_of(&image->manifest), "the image's manifest");
	if (!err)
		err = prepare(folder);
	if (!err)
		err = add_layers(folder, image, r);
	if (!err)
		err = add_document(folder, &image->config_digest, &image->config);
	if (!err)
		err = add_document(folder, &image->digest, &image->manifest);
	if (!err)
		err = add_to_index(folder, image, m.media_type ? m.media_type : MEDIA_OCI_MANIFEST, name);
	manifest_release(&m);
	return err;
}

static struct error *not_found(const char *folder, const char *name, const cJSON *manifests)
{
	struct buffer names = BUFFER_INIT;
	const cJSON *entry;
	size_t nr = 0;
	cJSON_ArrayForEach(entry, manifests) {
		if (name_of(entry) && nr++ < MAX_NAMED)
			buffer_addf(&names, "%s%.200s", nr > 1 ? ", " : "", name_of(entry));
	}
	struct error *err = name ? error_new(ERROR_NOT_FOUND, "'%s' has no image '%s'", folder, name)
				 : error_new(ERROR_NOT_FOUND, "'%s' has %d images: say which", folder,
					     cJSON_GetArraySize(manifests));
	if (nr)
		err = error_with_hint(err, "there %s %s%s", nr == 1 ? "is" : "are", names.data,
				      nr > MAX_NAMED ? ", ..." : "");
	buffer_release(&names);
	return err;
}

/* Read by way of the manifest's own reader: an index in which all is as it should be. */
static struct error *read_descriptor(const cJSON *entry, const char *folder, struct descriptor *out)
{
	struct manifest one = { 0 };
	struct buffer text = BUFFER_INIT_MAX(MAX_INDEX);
	struct json_writer w;
	buffer_addstr(&text, "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX "\",\"manifests\":[");
	json_writer_init(&w, &text, false);
	json_value(&w, entry);
	buffer_addstr(&text, "]}");
	struct error *err = manifest_parse(&one, slice_of(&text), folder);
	if (!err)
		descriptor_copy(out, &one.layers[0]);
	manifest_release(&one);
	buffer_release(&text);
	return err;
}

struct error *layout_find(const char *folder, const char *name, struct descriptor *out)
{
	cJSON *index;
	const cJSON *manifests = NULL, *entry, *found = NULL;
	*out = (struct descriptor){ 0 };
	struct error *err = read_index(folder, &index, &manifests);
	if (error_is(err, ERROR_NOT_FOUND))
		err = error_with_hint(err, "'%s' is no OCI image layout", folder);
	if (err)
		goto out;
	cJSON_ArrayForEach(entry, manifests) {
		const char *has = name_of(entry);
		if (name ? has && !strcmp(has, name) : cJSON_GetArraySize(manifests) == 1)
			found = entry;
	}
	err = found ? read_descriptor(found, folder, out) : not_found(folder, name, manifests);
out:
	cJSON_Delete(index);
	return err;
}
