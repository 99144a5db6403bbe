#include "image/oci.h"

#include "base/json.h"
#include "base/memory.h"
#include "base/strmap.h"
#include "base/text.h"
#include "image/oci_internal.h"

/* Bytes of a media type, as RFC 6838 bounds its two halves. */
#define MEDIA_TYPE_MAX 255

/* -- annotations and descriptors --------------------------------------------------------------- */

static void annotations_free(struct annotation *annotations, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		free(annotations[i].key);
		free(annotations[i].value);
	}
	free(annotations);
}

void descriptor_release(struct descriptor *d)
{
	free(d->media_type);
	free(d->artifact_type);
	annotations_free(d->annotations, d->nr_annotations);
	platform_release(&d->platform);
	*d = (struct descriptor){ 0 };
}

void descriptor_copy(struct descriptor *out, const struct descriptor *from)
{
	*out = (struct descriptor){
		.media_type = from->media_type ? xstrdup(from->media_type) : NULL,
		.artifact_type = from->artifact_type ? xstrdup(from->artifact_type) : NULL,
		.digest = from->digest,
		.size = from->size,
	};
	platform_copy(&out->platform, &from->platform);
	for (size_t i = 0; i < from->nr_annotations; i++)
		descriptor_annotate(out, from->annotations[i].key, from->annotations[i].value);
}

const char *descriptor_annotation(const struct descriptor *d, const char *key)
{
	for (size_t i = 0; i < d->nr_annotations; i++)
		if (!strcmp(d->annotations[i].key, key))
			return d->annotations[i].value;
	return NULL;
}

void descriptor_annotate(struct descriptor *d, const char *key, const char *value)
{
	size_t at = 0;
	while (at < d->nr_annotations && strcmp(d->annotations[at].key, key) < 0)
		at++;
	bool there = at < d->nr_annotations && !strcmp(d->annotations[at].key, key);
	if (there) {
		free(d->annotations[at].key);
		free(d->annotations[at].value);
	}
	if (there && !value) {
		d->nr_annotations--;
		memmove(d->annotations + at, d->annotations + at + 1,
			(d->nr_annotations - at) * sizeof(*d->annotations));
	} else if (!there && value) {
		d->annotations =
		    xreallocarray(d->annotations, d->nr_annotations + 1, sizeof(*d->annotations));
		memmove(d->annotations + at + 1, d->annotations + at,
			(d->nr_annotations - at) * sizeof(*d->annotations));
		d->nr_annotations++;
	}
	if (value)
		d->annotations[at] = (struct annotation){ xstrdup(key), xstrdup(value) };
}

/* -- reading ----------------------------------------------------------------------------------- */

/*
 * Of two members of one name the first counts for us; for programs in Go the last, and they take "Layers"
 * for "layers". What would be one image here and another where it runs is refused.
 */
static struct error *check_names(const cJSON *object, const char *what)
{
	struct strmap seen = STRMAP_INIT;
	struct buffer name = BUFFER_INIT;
	struct error *err = NULL;
	if (!cJSON_IsObject(object))
		return NULL;
	for (const cJSON *item = object->child; item && !err; item = item->next) {
		bool plain = true;
		buffer_reset(&name);
		for (const char *p = item->string; *p; p++) {
			plain &= (unsigned char)*p < 0x80;
			buffer_addch(&name, (char)ascii_lower((unsigned char)*p));
		}
		/* Some letters beyond ASCII are the same as one of it when case does not matter. */
		if (!plain)
			err = error_new(ERROR_SYNTAX, "%s: a name is not of ASCII letters", what);
		else if (!strmap_add(&seen, name.data, name.len))
			err = error_new(ERROR_SYNTAX, "%s: '%.100s' is there twice", what, item->string);
	}
	strmap_release(&seen, NULL);
	buffer_release(&name);
	return err;
}

static int compare_annotations(const void *a, const void *b)
{
	return strcmp(((const struct annotation *)a)->key, ((const struct annotation *)b)->key);
}

static struct error *read_annotations(struct annotation **out, size_t *nr, const cJSON *object,
				      const char *what)
{
	const cJSON *all = cJSON_GetObjectItemCaseSensitive(object, "annotations"), *item;
	if (!all || cJSON_IsNull(all))
		return NULL;
	if (!cJSON_IsObject(all))
		return error_new(ERROR_SYNTAX, "%s: 'annotations' is not an object", what);
	if (cJSON_GetArraySize(all) > OCI_MAX_ANNOTATIONS)
		return error_new(ERROR_LIMIT, "%s: there are more than %d annotations", what,
				 OCI_MAX_ANNOTATIONS);
	*out = xcalloc(OCI_MAX_ANNOTATIONS, sizeof(**out));
	cJSON_ArrayForEach(item, all) {
		if (!cJSON_IsString(item))
			return error_new(ERROR_SYNTAX, "%s: the annotation '%s' is not a string", what,
					 item->string);
		(*out)[(*nr)++] = (struct annotation){ xstrdup(item->string), xstrdup(item->valuestring) };
	}
	if (!*nr)
		return NULL;
	qsort(*out, *nr, sizeof(**out), compare_annotations);
	/* Sorting is not stable, so which of two values of one key counted would be left to chance. */
	for (size_t i = 1; i < *nr; i++)
		if (!strcmp((*out)[i - 1].key, (*out)[i].key))
			return error_new(ERROR_SYNTAX, "%s: the annotation '%s' is there twice", what,
					 (*out)[i].key);
	*out = xreallocarray(*out, *nr, sizeof(**out));
	return NULL;
}

static struct error *read_digest(const cJSON *object, const char *what, struct digest *out)
{
	const char *text;
	struct error *err = json_get_string(object, "digest", what, &text);
	if (!err && !digest_parse(slice_of_string(text), out))
		err = error_new(ERROR_UNSUPPORTED, "%s: '%s' is not a SHA-256 digest", what, text);
	return err;
}

static bool is_media_type(const char *s)
{
	size_t len = strlen(s), slash = strcspn(s, "/");
	for (size_t i = 0; i < len; i++)
		if (s[i] <= ' ' || s[i] > '~' || s[i] == '"')
			return false;
	return slash && slash + 1 < len && len <= MEDIA_TYPE_MAX;
}

static struct error *read_media_type(const cJSON *object, const char *key, const char *what, char **out)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
	if (!item || cJSON_IsNull(item))
		return NULL;
	if (!cJSON_IsString(item) || !is_media_type(item->valuestring))
		return error_new(ERROR_SYNTAX, "%s: '%s' is not a media type", what, key);
	*out = xstrdup(item->valuestring);
	return NULL;
}

static struct error *read_platform(const cJSON *descriptor, const char *what, struct platform *out)
{
	const cJSON *object = cJSON_GetObjectItemCaseSensitive(descriptor, "platform");
	const char *os, *architecture;
	if (!object || cJSON_IsNull(object))
		return NULL;
	struct error *err = check_names(object, what);
	if (!err)
		err = json_get_string(object, "os", what, &os);
	if (!err)
		err = json_get_string(object, "architecture", what, &architecture);
	if (err)
		return err;
	const char *variant = json_string_or(object, "variant", "");
	*out = (struct platform){ xstrdup(os), xstrdup(architecture), *variant ? xstrdup(variant) : NULL };
	return NULL;
}

static struct error *read_descriptor(struct descriptor *out, const cJSON *object, const char *what)
{
	struct error *err = NULL;
	if (!cJSON_IsObject(object))
		return error_new(ERROR_SYNTAX, "%s: a descriptor is not an object", what);
	err = check_names(object, what);
	if (!err)
		err = read_media_type(object, "mediaType", what, &out->media_type);
	if (!err && !out->media_type)
		err = error_new(ERROR_SYNTAX, "%s: 'mediaType' is missing in a descriptor", what);
	if (!err)
		err = read_digest(object, what, &out->digest);
	if (!err)
		err = json_get_integer(object, "size", what, &out->size);
	if (!err && out->size < 0)
		err = error_new(ERROR_SYNTAX, "%s: the size of %s is negative", what, out->digest.text);
	if (!err)
		err = read_annotations(&out->annotations, &out->nr_annotations, object, what);
	if (!err)
		err = read_platform(object, what, &out->platform);
	if (!err)
		err = read_media_type(object, "artifactType", what, &out->artifact_type);
	return err;
}

static struct error *read_descriptors(struct manifest *out, const cJSON *root, const char *key,
				      const char *what)
{
	const cJSON *array, *item;
	struct error *err = json_get_array(root, key, what, &array);
	if (err)
		return err;
	size_t nr = (size_t)cJSON_GetArraySize(array);
	if (nr > OCI_MAX_LAYERS)
		return error_new(ERROR_LIMIT, "%s: there are more than %d %s", what, OCI_MAX_LAYERS, key);
	out->layers = xcalloc(nr ? nr : 1, sizeof(*out->layers));
	cJSON_ArrayForEach(item, array) {
		err = read_descriptor(&out->layers[out->nr_layers++], item, what);
		if (err)
			return err;
	}
	return NULL;
}

/*
 * Whether it is a manifest or an index: the media type and the members have to say the same, or two
 * programs could see two images in the same bytes (CVE-2021-41190). Members count in upper case too, as
 * they do for some programs.
 */
static struct error *read_kind(struct manifest *out, const cJSON *root, const char *what)
{
	static const struct {
		const char *media_type;
		bool is_index;
	} kinds[] = { { MEDIA_OCI_MANIFEST, false }, { MEDIA_DOCKER_MANIFEST, false },
		      { MEDIA_OCI_INDEX, true }, { MEDIA_DOCKER_INDEX, true } };
	bool manifest = cJSON_HasObjectItem(root, "config") || cJSON_HasObjectItem(root, "layers");
	out->is_index = cJSON_HasObjectItem(root, "manifests");
	if (manifest == out->is_index)
		return error_new(ERROR_SYNTAX, manifest ? "%s: it is both a manifest and an index"
							: "%s: it is neither a manifest nor an index", what);
	struct error *err = read_media_type(root, "mediaType", what, &out->media_type);
	if (err)
		return err;
	if (!out->media_type)
		out->media_type = xstrdup(out->is_index ? MEDIA_OCI_INDEX : MEDIA_OCI_MANIFEST);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(out->media_type, kinds[i].media_type) && kinds[i].is_index == out->is_index)
			return NULL;
	return error_new(ERROR_UNSUPPORTED, "%s: the media type '%s' is not that of %s", what,
			 out->media_type, out->is_index ? "an index" : "an image's manifest");
}

static struct error *read_manifest(struct manifest *out, const cJSON *root, const char *what)
{
	int64_t version;
	if (!cJSON_IsObject(root))
		return error_new(ERROR_SYNTAX, "%s: it is not an object", what);
	struct error *err = check_names(root, what);
	if (!err)
		err = json_get_integer(root, "schemaVersion", what, &version);
	if (!err && version != 2)
		err = error_with_hint(
		    error_new(ERROR_UNSUPPORTED, "%s: manifests of schema %lld are not read", what,
			      (long long)version),
		    "push the image again with a program of today: schema 1 was given up in 2017");
	if (!err)
		err = read_kind(out, root, what);
	if (!err && !out->is_index) {
		const cJSON *config;
		err = json_get_object(root, "config", what, &config);
		if (!err)
			err = read_descriptor(&out->config, config, what);
	}
	if (!err)
		err = read_descriptors(out, root, out->is_index ? "manifests" : "layers", what);
	if (!err)
		err = read_annotations(&out->annotations, &out->nr_annotations, root, what);
	if (!err)
		err = read_media_type(root, "artifactType", what, &out->artifact_type);
	const cJSON *subject = cJSON_GetObjectItemCaseSensitive(root, "subject");
	if (!err && subject && !cJSON_IsNull(subject))
		err = read_descriptor(&out->subject, subject, what);
	return err;
}

struct error *manifest_parse(struct manifest *out, struct slice json, const char *what)
{
	cJSON *root = NULL;
	*out = (struct manifest){ 0 };
	if (json.len > OCI_MAX_MANIFEST)
		return error_new(ERROR_LIMIT, "%s: a manifest of more than %zu bytes", what,
				 OCI_MAX_MANIFEST);
	struct error *err = json_parse(&root, json, what);
	if (!err)
		err = read_manifest(out, root, what);
	if (err)
		manifest_release(out);
	cJSON_Delete(root);
	return err;
}

void manifest_release(struct manifest *m)
{
	free(m->media_type);
	free(m->artifact_type);
	descriptor_release(&m->config);
	descriptor_release(&m->subject);
	for (size_t i = 0; i < m->nr_layers; i++)
		descriptor_release(&m->layers[i]);
	free(m->layers);
	annotations_free(m->annotations, m->nr_annotations);
	*m = (struct manifest){ 0 };
}

/* -- writing ----------------------------------------------------------------------------------- */

static void put_annotations(struct json_writer *w, const struct annotation *annotations, size_t nr)
{
	if (!nr)
		return;
	json_key(w, "annotations");
	json_begin_object(w);
	for (size_t i = 0; i < nr; i++)
		json_put_string(w, annotations[i].key, annotations[i].value);
	json_end_object(w);
}

static void put_descriptor(struct json_writer *w, const struct descriptor *d)
{
	json_begin_object(w);
	json_put_string(w, "mediaType", d->media_type);
	json_put_string(w, "digest", d->digest.text);
	json_put_integer(w, "size", d->size);
	put_annotations(w, d->annotations, d->nr_annotations);
	if (d->platform.os) {
		json_key(w, "platform");
		json_begin_object(w);
		json_put_string(w, "architecture", d->platform.architecture);
		json_put_string(w, "os", d->platform.os);
		if (d->platform.variant)
			json_put_string(w, "variant", d->platform.variant);
		json_end_object(w);
	}
	if (d->artifact_type)
		json_put_string(w, "artifactType", d->artifact_type);
	json_end_object(w);
}

void manifest_write(struct buffer *out, const struct manifest *m)
{
	struct json_writer w;
	json_writer_init(&w, out, false);
	json_begin_object(&w);
	json_put_integer(&w, "schemaVersion", 2);
	json_put_string(&w, "mediaType", m->media_type);
	if (m->artifact_type)
		json_put_string(&w, "artifactType", m->artifact_type);
	if (!m->is_index) {
		json_key(&w, "config");
		put_descriptor(&w, &m->config);
	}
	json_key(&w, m->is_index ? "manifests" : "layers");
	json_begin_array(&w);
	for (size_t i = 0; i < m->nr_layers; i++)
		put_descriptor(&w, &m->layers[i]);
	json_end_array(&w);
	if (m->subject.digest.text[0]) {
		json_key(&w, "subject");
		put_descriptor(&w, &m->subject);
	}
	put_annotations(&w, m->annotations, m->nr_annotations);
	json_end_object(&w);
}

/* -- configurations ---------------------------------------------------------------------------- */

static struct error *check_diff_ids(const cJSON *root, const char *what)
{
	const cJSON *rootfs, *ids, *id;
	struct digest digest;
	struct error *err = json_get_object(root, "rootfs", what, &rootfs);
	if (!err)
		err = json_get_array(rootfs, "diff_ids", what, &ids);
	if (err)
		return err;
	if (cJSON_GetArraySize(ids) > OCI_MAX_LAYERS)
		return error_new(ERROR_LIMIT, "%s: there are more than %d diff_ids", what, OCI_MAX_LAYERS);
	cJSON_ArrayForEach(id, ids) {
		if (!cJSON_IsString(id) || !digest_parse(slice_of_string(id->valuestring), &digest))
			return error_new(ERROR_SYNTAX, "%s: one of 'diff_ids' is not a SHA-256 digest", what);
	}
	return NULL;
}

static struct error *check_all_names(const cJSON *root, const char *what)
{
	const cJSON *config = cJSON_GetObjectItem(root, "config");
	struct error *err = check_names(root, what);
	if (!err)
		err = check_names(cJSON_GetObjectItem(root, "rootfs"), what);
	if (!err)
		err = check_names(config, what);
	return err ? err : check_names(cJSON_GetObjectItem(config, "Healthcheck"), what);
}

/* Members that may be missing or null, but nothing else. */
static struct error *check_kinds(const cJSON *root, const char *what)
{
	static const struct {
		const char *key;
		int kind;
		const char *name;
	} members[] = { { "config", cJSON_Object, "an object" },
			{ "history", cJSON_Array, "an array" },
			{ "created", cJSON_String, "a string" } };
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, members[i].key);
		if (item && !cJSON_IsNull(item) && (item->type & 0xff) != members[i].kind)
			return error_new(ERROR_SYNTAX, "%s: '%s' is not %s", what, members[i].key,
					 members[i].name);
	}
	return NULL;
}

struct error *config_parse(cJSON **out, struct slice json, const char *what)
{
	cJSON *root = NULL;
	const char *text;
	*out = NULL;
	if (json.len > OCI_MAX_CONFIG)
		return error_new(ERROR_LIMIT, "%s: a configuration of more than %zu bytes", what,
				 OCI_MAX_CONFIG);
	struct error *err = json_parse(&root, json, what);
	if (!err && !cJSON_IsObject(root))
		err = error_new(ERROR_SYNTAX, "%s: it is not an object", what);
	if (!err)
		err = check_all_names(root, what);
	if (!err)
		err = json_get_string(root, "architecture", what, &text);
	if (!err)
		err = json_get_string(root, "os", what, &text);
	if (!err)
		err = check_diff_ids(root, what);
	if (!err)
		err = check_kinds(root, what);
	if (err) {
		cJSON_Delete(root);
		return err;
	}
	*out = root;
	return NULL;
}
