#include "image/build.h"

#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "git/object_reader.h"
#include "image/build_plan.h"
#include "image/image_config.h"
#include "image/layer_cache.h"

/* As many as docker's and the kernel's overlays can lay upon each other. */
#define MAX_LAYERS 125
#define OWN_ANNOTATIONS "org.git-scrutiny."

/* -- the base's layers ------------------------------------------------------------------------- */

/* Docker's media types, which OCI has under other names, for the same bytes; and OCI's. */
static const struct {
	const char *docker, *oci;
} layer_types[] = {
	{ MEDIA_DOCKER_LAYER, MEDIA_OCI_LAYER },
	{ "application/vnd.docker.image.rootfs.diff.tar", "application/vnd.oci.image.layer.v1.tar" },
	{ "application/vnd.docker.image.rootfs.diff.tar.zstd",
	  "application/vnd.oci.image.layer.v1.tar+zstd" },
};

static const char *oci_layer_type(const char *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(layer_types); i++)
		if (!strcmp(type, layer_types[i].docker) || !strcmp(type, layer_types[i].oci))
			return layer_types[i].oci;
	return NULL;
}

static struct layer *new_layer(struct image *image, enum layer_origin origin)
{
	image->layers = xreallocarray(image->layers, image->nr_layers + 1, sizeof(*image->layers));
	struct layer *layer = &image->layers[image->nr_layers++];
	*layer = (struct layer){ .origin = origin };
	return layer;
}

static struct error *take_descriptor(struct layer *layer, const struct descriptor *from)
{
	const char *type = oci_layer_type(from->media_type);
	if (!type)
		return error_new(ERROR_UNSUPPORTED,
				 "the base image has a layer of type '%s', which is not supported",
				 from->media_type);
	descriptor_copy(&layer->descriptor, from);
	free(layer->descriptor.media_type);
	layer->descriptor.media_type = xstrdup(type);
	return NULL;
}

/* A base that we built is of another commit than this image. */
static void drop_own_annotations(struct descriptor *d)
{
	for (size_t i = d->nr_annotations; i > 0; i--)
		if (starts_with(d->annotations[i - 1].key, OWN_ANNOTATIONS))
			descriptor_annotate(d, d->annotations[i - 1].key, NULL);
}

static struct error *check_platform(const struct image_spec *spec, const cJSON *config)
{
	struct platform of = { (char *)json_string_or(config, "os", ""),
			       (char *)json_string_or(config, "architecture", ""), NULL };
	struct buffer wanted = BUFFER_INIT, found = BUFFER_INIT;
	if (!spec->platform.os || (!strcmp(of.os, spec->platform.os) &&
				   !strcmp(of.architecture, spec->platform.architecture)))
		return NULL;
	platform_add(&wanted, &spec->platform);
	platform_add(&found, &of);
	struct error *err = error_with_hint(
	    error_new(ERROR_UNSUPPORTED, "the base image is for %s, not for %s", found.data, wanted.data),
	    "name a base image that has a variant for %s", wanted.data);
	buffer_release(&wanted);
	buffer_release(&found);
	return err;
}

static struct error *add_base(struct image *image, const struct image_spec *spec,
			      const struct build_settings *settings)
{
	const struct manifest *base = settings->base_manifest;
	if (!base)
		return NULL;
	struct error *err = check_platform(spec, settings->base_config);
	const cJSON *ids = cJSON_GetObjectItemCaseSensitive(settings->base_config, "rootfs");
	const cJSON *id = ids ? cJSON_GetObjectItemCaseSensitive(ids, "diff_ids") : NULL;
	id = id ? id->child : NULL;
	for (size_t i = 0; i < base->nr_layers && !err; i++, id = id ? id->next : NULL) {
		struct layer *layer = new_layer(image, LAYER_BASE);
		layer->from = &spec->base;
		err = take_descriptor(layer, &base->layers[i]);
		drop_own_annotations(&layer->descriptor);
		if (!err &&
		    (!cJSON_IsString(id) || !digest_parse(slice_of_string(id->valuestring), &layer->diff_id)))
			err = error_new(ERROR_SYNTAX,
					"the base image has %zu layers, and its configuration %zu",
					base->nr_layers, i);
	}
	return err;
}

static struct error *add_dependencies(struct image *image, const struct build_settings *settings)
{
	struct error *err = NULL;
	for (size_t i = 0; i < settings->nr_dependencies && !err; i++) {
		const struct layer *from = &settings->dependencies[i];
		struct layer *layer = new_layer(image, LAYER_DEPENDENCIES);
		err = take_descriptor(layer, &from->descriptor);
		layer->diff_id = from->diff_id;
		layer->file = from->file ? xstrdup(from->file) : NULL;
		layer->from = from->from;
		layer->reused = from->reused;
	}
	return err;
}

/* -- the commit's layers ----------------------------------------------------------------------- */

static void annotate(struct descriptor *d, const struct tree_layer *planned, const struct image_spec *spec)
{
	descriptor_annotate(d, ANNOTATION_LAYER, "tree");
	descriptor_annotate(d, ANNOTATION_INPUT, planned->input.text);
	if (!planned->whole)
		return;
	char *path = file_node_source(planned->whole, planned->folder, spec);
	descriptor_annotate(d, ANNOTATION_TREE, planned->whole->oid.hex);
	descriptor_annotate(d, ANNOTATION_PATH, path);
	free(path);
}

static void settle(struct layer *layer, const struct digest *digest, int64_t size,
		   const struct digest *diff_id)
{
	layer->descriptor.digest = *digest;
	layer->descriptor.size = size;
	layer->diff_id = *diff_id;
	descriptor_annotate(&layer->descriptor, ANNOTATION_DIFF_ID, diff_id->text);
}

/* Whether an image in the registry has the layer already. */
static bool find_earlier(struct layer *layer, const struct digest *input,
			 const struct build_settings *settings)
{
	for (size_t i = 0; settings->target && i < settings->nr_earlier; i++) {
		const struct manifest *m = settings->earlier[i];
		for (size_t k = 0; !m->is_index && k < m->nr_layers; k++) {
			const struct descriptor *d = &m->layers[k];
			const char *kind = descriptor_annotation(d, ANNOTATION_LAYER);
			const char *of = descriptor_annotation(d, ANNOTATION_INPUT);
			const char *diff_id = descriptor_annotation(d, ANNOTATION_DIFF_ID);
			struct digest parsed;
			if (!kind || strcmp(kind, "tree") || !of || strcmp(of, input->text) || !diff_id ||
			    !digest_parse(slice_of_string(diff_id), &parsed) ||
			    strcmp(d->media_type, MEDIA_OCI_LAYER))
				continue;
			settle(layer, &d->digest, d->size, &parsed);
			layer->from = settings->target;
			layer->reused = true;
			return true;
		}
	}
	return false;
}

static bool find_cached(struct layer *layer, const struct digest *input,
			const struct build_settings *settings)
{
	struct cached_layer cached;
	if (!settings->cache || !layer_cache_find(settings->cache, input, &cached))
		return false;
	settle(layer, &cached.digest, cached.size, &cached.diff_id);
	layer->file = cached.file;
	return true;
}

/* Which layers of the plan have to be made; the others are settled. */
static void find_layers(struct image *image, const struct build_plan *plan, const struct image_spec *spec,
			const struct build_settings *settings, bool *missing)
{
	for (size_t i = 0; i < plan->layers.nr; i++) {
		const struct tree_layer *planned = &plan->layers.layers[i];
		struct layer *layer = new_layer(image, LAYER_TREE);
		layer->files = planned->files;
		layer->descriptor.media_type = xstrdup(MEDIA_OCI_LAYER);
		annotate(&layer->descriptor, planned, spec);
		missing[i] = !find_earlier(layer, &planned->input, settings) &&
			     !find_cached(layer, &planned->input, settings);
	}
}

/* Blobs that a partial clone does not have are fetched all at once. */
static struct error *fetch_blobs(struct repo *repo, const struct layer_job *jobs, size_t nr)
{
	struct oid *oids = NULL;
	size_t nr_oids = 0, alloc = 0;
	for (size_t i = 0; i < nr; i++) {
		for (size_t k = 0; k < jobs[i].layer->nr; k++) {
			const struct file_node *node = jobs[i].layer->entries[k].node;
			if (file_node_is_folder(node))
				continue;
			ALLOC_GROW(oids, nr_oids, alloc);
			oids[nr_oids++] = node->oid;
		}
	}
	struct error *err = repo_fetch_missing(repo, oids, nr_oids);
	free(oids);
	return err;
}

struct making {
	struct layer_job *jobs;
	struct layer **layers;
	char **temporary;
	size_t nr;
};

static struct error *begin(struct making *making, const struct build_settings *settings)
{
	struct error *err = NULL;
	for (size_t i = 0; i < making->nr && !err; i++)
		err = layer_cache_begin(settings->cache, &making->temporary[i], &making->jobs[i].fd);
	return err;
}

static struct error *finish(struct making *making, const struct build_settings *settings, struct error *err)
{
	for (size_t i = 0; i < making->nr; i++) {
		const struct layer_job *job = &making->jobs[i];
		struct cached_layer cached;
		if (!making->temporary[i])
			continue;
		if (close(job->fd) && !err)
			err = error_errno(ERROR_IO, "cannot write '%s'", making->temporary[i]);
		if (!err) {
			err = layer_cache_keep(settings->cache, making->temporary[i], job, &cached);
			settle(making->layers[i], &cached.digest, cached.size, &cached.diff_id);
			making->layers[i]->file = cached.file;
		}
		if (err)
			unlink(making->temporary[i]);
		free(making->temporary[i]);
	}
	return err;
}

static struct error *make_layers(struct image *image, const struct build_plan *plan, const bool *missing,
				 const struct image_spec *spec, const struct build_settings *settings)
{
	size_t nr = plan->layers.nr, first = image->nr_layers - nr;
	struct making making = { .jobs = xcalloc(nr + 1, sizeof(*making.jobs)),
				 .layers = xcalloc(nr + 1, sizeof(*making.layers)),
				 .temporary = xcalloc(nr + 1, sizeof(*making.temporary)) };
	int64_t now = (int64_t)time(NULL);
	for (size_t i = 0; i < nr; i++) {
		if (!missing[i])
			continue;
		making.jobs[making.nr].layer = &plan->layers.layers[i];
		making.layers[making.nr++] = &image->layers[first + i];
	}
	struct error *err = making.nr ? fetch_blobs(settings->repo, making.jobs, making.nr) : NULL;
	if (!err)
		err = begin(&making, settings);
	if (!err)
		err = layers_make(making.jobs, making.nr, spec, settings);
	if (!err && making.nr && settings->judge)
		err = settings->judge(settings->inspect_data);
	err = finish(&making, settings, err);
	if (!err && making.nr)
		layer_cache_prune(settings->cache, LAYER_CACHE_MAX, now);
	free(making.jobs);
	free(making.layers);
	free(making.temporary);
	return err;
}

/* -- the image --------------------------------------------------------------------------------- */

static char *history_of(const struct tree_layer *planned)
{
	if (planned->taken == planned->of)
		return xstrfmt("git deploy: /%s", planned->folder);
	return xstrfmt("git deploy: /%s (%zu of %zu entries)", planned->folder, planned->taken, planned->of);
}

static struct error *write_config(struct image *image, const struct build_plan *plan,
				  const struct image_spec *spec, const struct build_settings *settings)
{
	char **history = xcalloc(image->nr_layers + 1, sizeof(*history));
	size_t first = image->nr_layers - plan->layers.nr;
	for (size_t i = 0; i < plan->layers.nr; i++)
		history[first + i] = history_of(&plan->layers.layers[i]);
	struct error *err = image_config_write(&image->config, image, spec, settings, plan->created, history);
	strings_free(history, image->nr_layers);
	digest_of(image->config.data, image->config.len, &image->config_digest);
	return err;
}

static struct error *write_manifest(struct image *image, const struct build_plan *plan,
				    const struct image_spec *spec, const struct build_settings *settings)
{
	struct annotation facts[IMAGE_MAX_FACTS];
	struct manifest m = {
		.media_type = (char *)MEDIA_OCI_MANIFEST,
		.config = { .media_type = (char *)MEDIA_OCI_CONFIG, .digest = image->config_digest,
			    .size = (int64_t)image->config.len },
		.layers = xcalloc(image->nr_layers + 1, sizeof(*m.layers)),
		.nr_layers = image->nr_layers,
		.annotations = facts,
	};
	m.nr_annotations = image_facts(facts, spec, settings, plan->created);
	for (size_t i = 0; i < image->nr_layers; i++)
		m.layers[i] = image->layers[i].descriptor;
	manifest_write(&image->manifest, &m);
	digest_of(image->manifest.data, image->manifest.len, &image->digest);
	for (size_t i = 0; i < m.nr_annotations; i++)
		free(facts[i].value);
	free(m.layers);
	return buffer_check(&image->manifest, "the manifest of the image");
}

static bool is_settled(const struct image *image)
{
	for (size_t i = 0; i < image->nr_layers; i++)
		if (!image->layers[i].descriptor.digest.text[0])
			return false;
	return true;
}

static struct error *build(struct image *image, const struct image_spec *spec,
			   const struct build_settings *settings, bool make)
{
	struct build_plan plan = { 0 };
	bool missing[BUILD_MAX_TREE_LAYERS] = { false };
	*image = (struct image){ 0 };
	buffer_init(&image->config, OCI_MAX_CONFIG);
	buffer_init(&image->manifest, OCI_MAX_MANIFEST);
	struct error *err = add_base(image, spec, settings);
	if (!err)
		err = add_dependencies(image, settings);
	if (!err)
		err = build_plan_make(&plan, spec, settings);
	if (!err)
		find_layers(image, &plan, spec, settings, missing);
	if (!err && image->nr_layers > MAX_LAYERS)
		err = error_with_hint(error_new(ERROR_LIMIT,
						"the image would have %zu layers, and containers can have %d",
						image->nr_layers, MAX_LAYERS),
				      "use a base image of fewer layers");
	if (!err && make)
		err = make_layers(image, &plan, missing, spec, settings);
	if (!err && is_settled(image)) {
		err = write_config(image, &plan, spec, settings);
		if (!err)
			err = write_manifest(image, &plan, spec, settings);
	}
	build_plan_release(&plan);
	if (err)
		image_release(image);
	return err;
}

struct error *image_build(struct image *image, const struct image_spec *spec,
			  const struct build_settings *settings)
{
	return build(image, spec, settings, true);
}

struct error *image_plan(struct image *image, const struct image_spec *spec,
			 const struct build_settings *settings)
{
	return build(image, spec, settings, false);
}
