/*
 * Dependency layers: found by the hash of their inputs in the target's repository, where they lie under a tag
 * of their own, or in the cache; else made by a builder, and put there.
 *
 * What lies under that tag is a manifest with the layers alone, without the base's, and with the
 * configuration that the builder left.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "deploy/assemble_parts.h"
#include "image/layout.h"

#define TAG "deps-"
/* Seconds after which a layout is nobody's any more. */
#define LAYOUT_MAX_AGE (7 * 24 * 3600)
#define DEPENDENCIES_TYPE "application/vnd.git-scrutiny.dependencies"

char *assemble_dependencies_tag(const struct digest *input)
{
	return xstrfmt(TAG "%.16s", digest_hex(input));
}

static void forget(struct assembly *out)
{
	for (size_t i = 0; i < out->nr_dependencies; i++)
		layer_release(&out->dependencies[i]);
	free(out->dependencies);
	cJSON_Delete(out->dependencies_config);
	sbom_packages_free(out->packages, out->nr_packages);
	out->packages = NULL;
	out->nr_packages = 0;
	out->dependencies = NULL;
	out->nr_dependencies = 0;
	out->dependencies_config = NULL;
}

/* The diff ids of a configuration, from the FIRST on; NULL when there are fewer. */
static const cJSON *diff_ids(const cJSON *config, size_t first)
{
	const cJSON *rootfs = cJSON_GetObjectItemCaseSensitive(config, "rootfs");
	const cJSON *id = rootfs ? cJSON_GetObjectItemCaseSensitive(rootfs, "diff_ids") : NULL;
	id = id ? id->child : NULL;
	while (id && first--)
		id = id->next;
	return id;
}

static size_t nr_diff_ids(const cJSON *config)
{
	size_t nr = 0;
	for (const cJSON *id = diff_ids(config, 0); id; id = id->next)
		nr++;
	return nr;
}

/* Whether CONFIG's first layers are all of the base's. */
static bool is_on_base(const struct assembly *out, const cJSON *config)
{
	const cJSON *a = diff_ids(out->base_config, 0), *b = diff_ids(config, 0);
	for (; a; a = a->next, b = b->next)
		if (!cJSON_IsString(a) || !cJSON_IsString(b) || strcmp(a->valuestring, b->valuestring))
			return false;
	return true;
}

/* Takes the layers of M from number FIRST on, up to the list of packages if there is one; their diff ids are
 * CONFIG's, which is taken over. */
static struct error *take(struct assembly *out, const struct manifest *m, size_t first, cJSON *config,
			  const char *what)
{
	size_t base = nr_diff_ids(out->base_config), end = m->nr_layers;
	const cJSON *id = diff_ids(config, base);
	out->dependencies_config = config;
	if (end && !strcmp(m->layers[end - 1].media_type, SBOM_PACKAGES_MEDIA_TYPE))
		end--;
	if (!is_on_base(out, config) || end < first || nr_diff_ids(config) - base != end - first)
		return error_new(ERROR_SYNTAX, "%s has other layers than its base and what was put on it",
				 what);
	out->dependencies = xcalloc(end - first + 1, sizeof(*out->dependencies));
	for (size_t i = first; i < end; i++, id = id->next) {
		struct layer *layer = &out->dependencies[out->nr_dependencies++];
		layer->origin = LAYER_DEPENDENCIES;
		descriptor_copy(&layer->descriptor, &m->layers[i]);
		if (!cJSON_IsString(id) || !digest_parse(slice_of_string(id->valuestring), &layer->diff_id))
			return error_new(ERROR_SYNTAX, "%s has a layer with no digest of its files", what);
		descriptor_annotate(&layer->descriptor, ANNOTATION_LAYER, "dependencies");
		descriptor_annotate(&layer->descriptor, ANNOTATION_INPUT, out->dependencies_input.text);
		descriptor_annotate(&layer->descriptor, ANNOTATION_DIFF_ID, layer->diff_id.text);
	}
	return NULL;
}

/* -- in the registry -------------------------------------------------------------------------- */

static const char *annotation_of(const struct manifest *m, const char *key)
{
	for (size_t i = 0; i < m->nr_annotations; i++)
		if (!strcmp(m->annotations[i].key, key))
			return m->annotations[i].value;
	return "";
}

static struct error *fetch_packages(struct assembling *a, const struct manifest *m)
{
	const struct descriptor *last = m->nr_layers ? &m->layers[m->nr_layers - 1] : NULL;
	struct buffer bytes;
	if (!last || strcmp(last->media_type, SBOM_PACKAGES_MEDIA_TYPE) != 0)
		return NULL;
	struct error *err = assemble_fetch(a, &a->config->repository, &last->digest, SBOM_MAX_FILE, &bytes);
	if (!err)
		err = sbom_packages_read(&a->out->packages, &a->out->nr_packages, slice_of(&bytes));
	buffer_release(&bytes);
	return err;
}

static struct error *take_from_registry(struct assembling *a, const struct manifest *m, bool *taken)
{
	const struct reference *target = &a->config->repository;
	struct buffer bytes;
	cJSON *config = NULL;
	*taken = false;
	/* The tag has a part of the hash only. */
	if (m->is_index || strcmp(annotation_of(m, ANNOTATION_INPUT), a->out->dependencies_input.text))
		return NULL;
	struct error *err = assemble_fetch(a, target, &m->config.digest, OCI_MAX_CONFIG, &bytes);
	if (!err)
		err = config_parse(&config, slice_of(&bytes), "the dependencies' configuration");
	if (!err)
		err = take(a->out, m, 0, config, "the dependency image");
	if (!err)
		err = fetch_packages(a, m);
	buffer_release(&bytes);
	for (size_t i = 0; !err && i < a->out->nr_dependencies; i++) {
		a->out->dependencies[i].from = target;
		a->out->dependencies[i].reused = true;
	}
	*taken = !err;
	/* What is damaged there is made again. */
	if (error_is(err, ERROR_NOT_FOUND) || error_is(err, ERROR_SYNTAX)) {
		forget(a->out);
		error_drop_if(&err, err->code);
	}
	return err;
}

static struct error *ask_again(struct assembling *a, const struct reference *tagged, bool *taken)
{
	struct buffer bytes = BUFFER_INIT_MAX(OCI_MAX_MANIFEST);
	struct manifest m = { 0 };
	struct error *err = registry_get_manifest(a->settings->registries, tagged, &bytes, NULL, NULL);
	if (!err)
		err = manifest_parse(&m, slice_of(&bytes), tagged->tag);
	forget(a->out);
	if (!err)
		err = take_from_registry(a, &m, taken);
	manifest_release(&m);
	buffer_release(&bytes);
	return err;
}

static void describe(struct assembly *out, const struct buffer *config, const struct buffer *packages,
		     struct buffer *manifest)
{
	struct manifest m = { .media_type = (char *)MEDIA_OCI_MANIFEST,
			      .artifact_type = (char *)DEPENDENCIES_TYPE };
	struct annotation input = { (char *)ANNOTATION_INPUT, out->dependencies_input.text };
	m.annotations = &input;
	m.nr_annotations = 1;
	m.config.media_type = (char *)MEDIA_OCI_CONFIG;
	m.config.size = (int64_t)config->len;
	digest_of(config->data, config->len, &m.config.digest);
	m.layers = xcalloc(out->nr_dependencies + 1, sizeof(*m.layers));
	for (size_t i = 0; i < out->nr_dependencies; i++)
		m.layers[m.nr_layers++] = out->dependencies[i].descriptor;
	struct descriptor *list = &m.layers[m.nr_layers++];
	list->media_type = (char *)SBOM_PACKAGES_MEDIA_TYPE;
	list->size = (int64_t)packages->len;
	digest_of(packages->data, packages->len, &list->digest);
	manifest_write(manifest, &m);
	free(m.layers);
}

static struct blob blob_of(const struct buffer *bytes)
{
	struct blob blob = { .size = (int64_t)bytes->len, .bytes = slice_of(bytes) };
	digest_of(bytes->data, bytes->len, &blob.digest);
	return blob;
}

/* Puts what was made into the target's repository. If another machine was faster, and its bytes are others,
 * they are taken. */
static struct error *send(struct assembling *a, const struct buffer *config)
{
	struct assembly *out = a->out;
	struct registries *r = a->settings->registries;
	struct reference tagged = a->config->repository;
	struct buffer manifest = BUFFER_INIT, packages = BUFFER_INIT;
	struct blob *blobs = xcalloc(out->nr_dependencies + 2, sizeof(*blobs));
	struct digest digest;
	int64_t sent;
	size_t nr = 0;
	assembling_say(a, "pushing the dependencies");
	for (; nr < out->nr_dependencies; nr++)
		blobs[nr] = (struct blob){ .digest = out->dependencies[nr].descriptor.digest,
					   .size = out->dependencies[nr].descriptor.size,
					   .file = out->dependencies[nr].file };
	sbom_packages_write(&packages, out->packages, out->nr_packages);
	blobs[nr++] = blob_of(config);
	blobs[nr++] = blob_of(&packages);
	tagged.tag = assemble_dependencies_tag(&out->dependencies_input);
	describe(out, config, &packages, &manifest);
	digest_of(manifest.data, manifest.len, &digest);
	struct error *err = registry_put_blobs(r, &a->config->repository, blobs, nr, &sent);
	if (!err)
		err = registry_put_manifest(r, &tagged, MEDIA_OCI_MANIFEST, slice_of(&manifest), &digest);
	if (error_drop_if(&err, ERROR_EXISTS)) {
		bool taken = false;
		err = ask_again(a, &tagged, &taken);
		if (!err && !taken)
			err = error_new(ERROR_CONFLICT,
					"the tag %s stands for something else than dependencies", tagged.tag);
	}
	free(tagged.tag);
	free(blobs);
	buffer_release(&manifest);
	buffer_release(&packages);
	return err;
}

/* -- on this machine -------------------------------------------------------------------------- */

/* Looks into the layers, once: the list is kept in FOLDER. */
static struct error *list_packages(struct assembly *out, const char *folder)
{
	struct buffer text = BUFFER_INIT_MAX(SBOM_MAX_FILE);
	char *path = xstrfmt("%s/packages.json", folder);
	struct error *err = file_read(path, &text);
	if (!err)
		err = sbom_packages_read(&out->packages, &out->nr_packages, slice_of(&text));
	else if (error_drop_if(&err, ERROR_NOT_FOUND)) {
		for (size_t i = 0; !err && i < out->nr_dependencies; i++) {
			struct sbom_package *more;
			size_t nr;
			err = sbom_read_layer(out->dependencies[i].file, &more, &nr);
			if (!err)
				sbom_packages_merge(&out->packages, &out->nr_packages, &more, &nr);
		}
		sbom_packages_write(&text, out->packages, out->nr_packages);
		if (!err)
			err = file_write(path, text.data, text.len);
	}
	buffer_release(&text);
	free(path);
	return err;
}

/* What a builder left in the layout FOLDER; BYTES gets its configuration. */
static struct error *take_from_layout(struct assembling *a, const char *folder, struct buffer *bytes)
{
	struct buffer manifest = BUFFER_INIT_MAX(OCI_MAX_MANIFEST);
	struct descriptor d = { 0 };
	struct manifest m = { 0 };
	cJSON *config = NULL;
	struct error *err = layout_find(folder, NULL, &d);
	if (!err)
		err = layout_read_blob(folder, &d.digest, &manifest);
	if (!err)
		err = manifest_parse(&m, slice_of(&manifest), folder);
	if (!err && m.is_index)
		err = error_new(ERROR_UNSUPPORTED, "the builder made more than one image");
	if (!err)
		err = layout_read_blob(folder, &m.config.digest, bytes);
	if (!err)
		err = config_parse(&config, slice_of(bytes), "the builder's configuration");
	if (!err)
		err = take(a->out, &m, nr_diff_ids(a->out->base_config), config, "what the builder made");
	for (size_t i = 0; !err && i < a->out->nr_dependencies; i++) {
		struct layer *layer = &a->out->dependencies[i];
		layer->file = layout_blob_path(folder, &layer->descriptor.digest);
		if (!digest_is_of_file(&layer->descriptor.digest, layer->descriptor.size, layer->file))
			err = error_new(ERROR_NOT_FOUND, "the layer %s is missing or damaged in %s",
					layer->descriptor.digest.text, folder);
	}
	if (!err)
		err = list_packages(a->out, folder);
	descriptor_release(&d);
	manifest_release(&m);
	buffer_release(&manifest);
	return err;
}

static void say_line(void *data, const char *line)
{
	assembling_say(data, line);
}

/* Each may have hundreds of megabytes: those that were not used for long go when another is made, and so does
 * what killed builders left behind. It does not matter whether it works. */
static void prune(const char *cache)
{
	struct stat st;
	int64_t now = (int64_t)time(NULL);
	DIR *dir = opendir(cache);
	for (const struct dirent *e; dir && (e = readdir(dir));) {
		if (!starts_with(e->d_name, TAG) ||
		    fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISDIR(st.st_mode) ||
		    st.st_mtime >= now - LAYOUT_MAX_AGE)
			continue;
		char *path = xstrfmt("%s/%s", cache, e->d_name);
		builder_discard(path);
		free(path);
	}
	if (dir)
		closedir(dir);
}

static struct error *make(struct assembling *a, struct builder_job *job)
{
	struct builder builder = { 0 };
	job->stop = a->settings->stop;
	job->say = say_line;
	job->say_data = a;
	assembling_say(a, "looking for a builder");
	struct error *err = builder_find(&builder, a->settings->builder);
	uint64_t start = clock_ms();
	if (!err)
		err = file_make_directories(a->settings->cache);
	if (!err)
		err = builder_run(&builder, job);
	a->out->dependencies_made = !err;
	a->out->made_by = err ? NULL : builder.name;
	a->out->made_ms = clock_ms() - start;
	builder_release(&builder);
	return err;
}

/* A layout that was left half made, or that is damaged, is no layout of ours any more. */
static struct error *take_from_cache(struct assembling *a, const char *folder, struct buffer *config,
				     bool *taken)
{
	struct error *err = access(folder, F_OK) ? error_new(ERROR_NOT_FOUND, "not there")
						 : take_from_layout(a, folder, config);
	*taken = !err;
	error_free(err);
	/* The time of its last use, which prune goes by. */
	if (*taken)
		utimensat(AT_FDCWD, folder, NULL, 0);
	if (!*taken) {
		forget(a->out);
		buffer_reset(config);
	}
	return NULL;
}

struct error *assemble_dependencies(struct assembling *a, struct builder_job *job,
				    const struct manifest *found)
{
	const struct assemble_settings *s = a->settings;
	struct buffer config = BUFFER_INIT_MAX(OCI_MAX_CONFIG);
	bool taken = false;
	struct error *err = found ? take_from_registry(a, found, &taken) : NULL;
	if (err || taken)
		return err;
	char *tag = assemble_dependencies_tag(&a->out->dependencies_input);
	char *folder = xstrfmt("%s/%s", s->cache, tag);
	job->layout = folder;
	err = take_from_cache(a, folder, &config, &taken);
	if (!err && !taken && s->plan_only)
		a->out->dependencies_stale = true;
	if (!err && !taken && !s->plan_only) {
		builder_discard(folder);
		prune(s->cache);
		err = make(a, job);
		if (!err)
			err = take_from_layout(a, folder, &config);
	}
	bool has_target = a->config->repository.registry != NULL;
	if (!err && !s->plan_only && !s->keep_local && !s->offline && has_target)
		err = send(a, &config);
	job->layout = NULL;
	free(folder);
	free(tag);
	buffer_release(&config);
	return err;
}
