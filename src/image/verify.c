#include "image/verify.h"

#include <unistd.h>

#include "base/json.h"
#include "base/memory.h"
#include "image/build_plan.h"
#include "image/layer_cache.h"
#include "image/verify_config.h"
#include "image/verify_layers.h"

#define REVISION "org.opencontainers.image.revision"

/* What the registry has. */
struct subject {
	struct registries *registries;
	const struct reference *ref;
	struct manifest manifest;
	cJSON *config;
	struct digest digest, config_digest;
};

static void subject_release(struct subject *s)
{
	manifest_release(&s->manifest);
	cJSON_Delete(s->config);
}

/* The manifest of REF, or of the platform in the index it is. */
static struct error *read_manifest(struct subject *s, const struct platform *platform)
{
	struct reference ref;
	struct buffer bytes = BUFFER_INIT_MAX(OCI_MAX_MANIFEST), name = BUFFER_INIT;
	struct error *err = NULL;
	reference_copy(&ref, s->ref);
	reference_add(&name, &ref);
	for (int level = 0; level < 2 && !err; level++) {
		char *type = NULL;
		buffer_reset(&bytes);
		manifest_release(&s->manifest);
		err = registry_get_manifest(s->registries, &ref, &bytes, &type, &s->digest);
		free(type);
		if (!err)
			err = manifest_parse(&s->manifest, slice_of(&bytes), name.data);
		if (err || !s->manifest.is_index)
			break;
		const struct descriptor *d = level ? NULL : manifest_for_platform(&s->manifest, platform);
		if (d)
			ref.digest = d->digest;
		else
			err = error_new(ERROR_NOT_FOUND, "%s has no image for this platform", name.data);
	}
	reference_release(&ref);
	buffer_release(&bytes);
	buffer_release(&name);
	return err;
}

static struct error *read_subject(struct subject *s, const struct platform *platform)
{
	struct buffer bytes = BUFFER_INIT_MAX(OCI_MAX_CONFIG);
	struct error *err = read_manifest(s, platform);
	if (!err)
		err = registry_get_blob(s->registries, s->ref, &s->manifest.config.digest, &bytes);
	if (!err)
		err = config_parse(&s->config, slice_of(&bytes), "the configuration of the image");
	if (!err) {
		const cJSON *ids = cJSON_GetObjectItemCaseSensitive(s->config, "rootfs");
		ids = cJSON_GetObjectItemCaseSensitive(ids, "diff_ids");
		if ((size_t)cJSON_GetArraySize(ids) != s->manifest.nr_layers)
			err = error_new(ERROR_SYNTAX, "the image has %zu layers, and its configuration %d",
					s->manifest.nr_layers, cJSON_GetArraySize(ids));
	}
	s->config_digest = s->manifest.config.digest;
	buffer_release(&bytes);
	return err;
}

static void read_revision(struct verify_result *out, const struct subject *s)
{
	const cJSON *config = cJSON_GetObjectItemCaseSensitive(s->config, "config");
	const cJSON *labels = config ? cJSON_GetObjectItemCaseSensitive(config, "Labels") : NULL;
	const char *revision = labels ? json_string_or(labels, REVISION, "") : "";
	if (strlen(revision) < sizeof(out->commit.hex))
		memcpy(out->commit.hex, revision, strlen(revision) + 1);
}

/* -- which layers are whose -------------------------------------------------------------------- */

enum owner { OWNER_BASE, OWNER_COMMIT, OWNER_OTHER };

static bool is_kind(const struct descriptor *d, const char *kind)
{
	const char *is = descriptor_annotation(d, ANNOTATION_LAYER);
	return is && !strcmp(is, kind);
}

static const cJSON *diff_ids(const cJSON *config)
{
	const cJSON *rootfs = cJSON_GetObjectItemCaseSensitive(config, "rootfs");
	return cJSON_GetObjectItemCaseSensitive(rootfs, "diff_ids")->child;
}

/* So many of the first layers are those of the base: uncompressed, since programs that push compress anew. */
static size_t count_base_layers(const struct subject *s, const cJSON *base)
{
	const cJSON *own = diff_ids(s->config), *of_base = base ? diff_ids(base) : NULL;
	size_t nr = 0;
	for (; own && of_base && !strcmp(own->valuestring, of_base->valuestring); nr++) {
		own = own->next;
		of_base = of_base->next;
	}
	return nr;
}

/* Layers that say so are of the commit; of an image that somebody else built, all that the base does not
 * have. */
static enum owner *find_owners(const struct subject *s, const cJSON *base_config)
{
	const struct manifest *m = &s->manifest;
	enum owner *owners = xcalloc(m->nr_layers + 1, sizeof(*owners));
	size_t nr_base = count_base_layers(s, base_config);
	bool told = false;
	for (size_t i = nr_base; i < m->nr_layers; i++)
		told |= descriptor_annotation(&m->layers[i], ANNOTATION_LAYER) != NULL;
	for (size_t i = 0; i < m->nr_layers; i++)
		owners[i] = i < nr_base ? OWNER_BASE
			  : !told || is_kind(&m->layers[i], "tree") ? OWNER_COMMIT : OWNER_OTHER;
	return owners;
}

/* -- quick ------------------------------------------------------------------------------------- */

static const struct tree_layer *planned_with_input(const struct build_plan *plan, const char *input)
{
	for (size_t i = 0; input && i < plan->layers.nr; i++)
		if (!strcmp(plan->layers.layers[i].input.text, input))
			return &plan->layers.layers[i];
	return NULL;
}

static void compare_inputs(struct verify_result *out, const struct subject *s, const enum owner *owners,
			   const struct build_plan *plan)
{
	bool found[BUILD_MAX_TREE_LAYERS] = { false };
	for (size_t i = 0; i < s->manifest.nr_layers; i++) {
		const struct descriptor *d = &s->manifest.layers[i];
		if (owners[i] != OWNER_COMMIT)
			continue;
		const struct tree_layer *planned =
		    planned_with_input(plan, descriptor_annotation(d, ANNOTATION_INPUT));
		out->layers++;
		out->files += planned ? planned->files : 0;
		if (planned)
			found[planned - plan->layers.layers] = true;
		else
			verify_add_difference(out, d->digest.text,
					      "is a layer of other files than the commit's");
	}
	for (size_t i = 0; i < plan->layers.nr; i++)
		if (!found[i])
			verify_add_difference(out, plan->layers.layers[i].folder,
					      "has no layer as the commit has it");
}

/* -- full -------------------------------------------------------------------------------------- */

/* A file without a name in the folder of layers. */
static struct error *open_scratch(const char *folder, int *fd)
{
	char *temporary = NULL;
	struct error *err = layer_cache_begin(folder, &temporary, fd);
	if (!err)
		unlink(temporary);
	free(temporary);
	return err;
}

static struct error *read_layers(struct verify_result *out, const struct subject *s, const enum owner *owners,
				 const struct build_plan *plan, const struct build_settings *settings)
{
	size_t total = s->manifest.nr_layers, nr = 0;
	struct verify_layer *layers = xcalloc(total + 1, sizeof(*layers));
	struct blob_download *downloads = xcalloc(total + 1, sizeof(*downloads));
	const cJSON *id = diff_ids(s->config);
	struct error *err = NULL;
	for (size_t i = 0; i < total && !err; i++, id = id->next) {
		const struct descriptor *d = &s->manifest.layers[i];
		/* What lies below the commit's files changes none of them. */
		if (owners[i] == OWNER_BASE || (owners[i] == OWNER_OTHER && !nr))
			continue;
		layers[nr] =
		    (struct verify_layer){ .name = d->digest.text, .of_commit = owners[i] == OWNER_COMMIT };
		digest_parse(slice_of_string(id->valuestring), &layers[nr].diff_id);
		err = open_scratch(settings->cache, &layers[nr].fd);
		if (err)
			break;
		downloads[nr] = (struct blob_download){ s->ref, d->digest, d->size, layers[nr].fd };
		nr++;
	}
	if (!err)
		err = registry_download_all(s->registries, downloads, nr);
	if (!err)
		err = verify_layers(out, settings->repo, &plan->layers, layers, nr);
	for (size_t i = 0; i < nr; i++)
		close(layers[i].fd);
	free(layers);
	free(downloads);
	return err;
}

/* -- building it again ------------------------------------------------------------------------- */

/*
 * Quick: with the layers that the image says have the right inputs. Full: with layers made here from the
 * commit, of which the configuration has the uncompressed digests; so it does not matter what compressed
 * them.
 */
static struct error *build_again(struct verify_result *out, const struct subject *s,
				 const struct image_spec *spec, const struct build_settings *settings,
				 enum verify_depth depth)
{
	struct build_settings again = *settings;
	const struct manifest *const earlier[] = { &s->manifest };
	struct image image;
	again.earlier = earlier;
	again.nr_earlier = depth == VERIFY_QUICK;
	again.target = s->ref;
	struct error *err =
	    depth == VERIFY_QUICK ? image_plan(&image, spec, &again) : image_build(&image, spec, &again);
	if (err)
		return err;
	out->rebuilt_equal = depth == VERIFY_QUICK ? digest_equals(&image.digest, &s->digest)
						   : digest_equals(&image.config_digest, &s->config_digest);
	/* There is none when layers are other ones, which is a difference already. */
	if (!out->rebuilt_equal && image.config.len) {
		cJSON *config = NULL;
		err = config_parse(&config, slice_of(&image.config), "the configuration of the commit's image");
		if (!err)
			verify_config(out, s->config, config);
		cJSON_Delete(config);
	}
	image_release(&image);
	return err;
}

struct error *image_verify(struct verify_result *out, struct registries *r, const struct reference *ref,
			   const struct image_spec *spec, const struct build_settings *settings,
			   enum verify_depth depth)
{
	struct subject s = { .registries = r, .ref = ref };
	struct build_plan plan = { 0 };
	enum owner *owners = NULL;
	*out = (struct verify_result){ 0 };
	struct error *err = read_subject(&s, &spec->platform);
	if (!err)
		err = build_plan_make(&plan, spec, settings);
	if (!err) {
		read_revision(out, &s);
		out->digest = s.digest;
		owners = find_owners(&s, settings->base_config);
		for (size_t i = 0; i < s.manifest.nr_layers; i++)
			out->foreign_layers += owners[i] != OWNER_COMMIT;
		if (depth == VERIFY_QUICK)
			compare_inputs(out, &s, owners, &plan);
		else
			err = read_layers(out, &s, owners, &plan, settings);
	}
	if (!err)
		err = build_again(out, &s, spec, settings, depth);
	free(owners);
	build_plan_release(&plan);
	subject_release(&s);
	if (err)
		verify_result_release(out);
	return err;
}

void verify_result_release(struct verify_result *r)
{
	for (size_t i = 0; i < r->nr_differences; i++)
		free(r->differences[i].path);
	free(r->differences);
	*r = (struct verify_result){ 0 };
}
