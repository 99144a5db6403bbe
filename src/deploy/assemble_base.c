#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "deploy/assemble_parts.h"

/* -- blobs, kept by digest -------------------------------------------------------------------- */

static char *cache_path(const struct assembling *a, const struct digest *digest)
{
	return a->settings->cache ? xstrfmt("%s/%s.json", a->settings->cache, digest_hex(digest)) : NULL;
}

static bool read_cached(const char *path, const struct digest *digest, struct buffer *out)
{
	struct digest own;
	size_t before = out->len;
	struct error *err = path ? file_read(path, out) : error_new(ERROR_NOT_FOUND, "no cache");
	if (!err)
		digest_of(out->data + before, out->len - before, &own);
	bool good = !err && digest_equals(&own, digest);
	error_free(err);
	if (!good)
		buffer_truncate(out, before);
	return good;
}

/* That it cannot be kept costs a request the next time, and nothing else. */
static void keep(const struct assembling *a, const char *path, const struct buffer *bytes)
{
	if (!path)
		return;
	struct error *err = file_make_directories(a->settings->cache);
	if (!err)
		err = file_write(path, bytes->data, bytes->len);
	error_free(err);
}

static struct error *get_manifest(struct assembling *a, const struct reference *ref,
				  const struct digest *digest, struct buffer *out)
{
	struct reference exact = *ref;
	exact.digest = *digest;
	return registry_get_manifest(a->settings->registries, &exact, out, NULL, NULL);
}

struct error *assemble_fetch(struct assembling *a, const struct reference *ref, const struct digest *digest,
			     size_t max, struct buffer *out)
{
	char *path = cache_path(a, digest);
	struct error *err = NULL;
	buffer_init(out, max);
	if (!read_cached(path, digest, out)) {
		err = registry_get_blob(a->settings->registries, ref, digest, out);
		if (!err)
			keep(a, path, out);
	}
	free(path);
	return err;
}

/* As assemble_fetch, of a manifest. */
static struct error *fetch_manifest(struct assembling *a, const struct reference *ref,
				    const struct digest *digest, struct buffer *out)
{
	char *path = cache_path(a, digest);
	struct error *err = NULL;
	if (!read_cached(path, digest, out)) {
		err = get_manifest(a, ref, digest, out);
		if (!err)
			keep(a, path, out);
	}
	free(path);
	return err;
}

/* -- the base --------------------------------------------------------------------------------- */

static char *base_name(const struct assembling *a)
{
	struct buffer name = BUFFER_INIT;
	reference_add(&name, &a->out->spec.base);
	return buffer_detach(&name, NULL);
}

/* THERE: the platforms that it is there for; "": it tells of none. */
static struct error *other_platform(const struct assembling *a, const char *there)
{
	struct buffer wanted = BUFFER_INIT;
	char *name = base_name(a);
	struct error *err;
	platform_add(&wanted, &a->out->spec.platform);
	if (*there)
		err = error_with_hint(error_new(ERROR_UNSUPPORTED, "the base %s is there for %s, not for %s", name,
						there, wanted.data),
				      "name another base, or one of these as `image.platform` in %s",
				      DEPLOY_CONFIG_FILE);
	else
		err = error_with_hint(error_new(ERROR_UNSUPPORTED,
						"the base %s does not tell its platform; %s is wanted", name,
						wanted.data),
				      "name another base: one for that platform says so in its configuration");
	buffer_release(&wanted);
	free(name);
	return err;
}

/* The platforms that INDEX has an image for; entries of documents have "unknown/unknown". */
static void list_platforms(const struct manifest *index, struct buffer *out)
{
	for (size_t i = 0; i < index->nr_layers; i++) {
		const struct platform *p = &index->layers[i].platform;
		if (!p->os || !strcmp(p->os, "unknown"))
			continue;
		if (out->len)
			buffer_addstr(out, ", ");
		platform_add(out, p);
	}
}

/* Puts the manifest that index M has for the platform in its place. */
static struct error *choose_platform(struct assembling *a, struct manifest *m)
{
	const struct reference *base = &a->out->spec.base;
	const struct descriptor *d = manifest_for_platform(m, &a->out->spec.platform);
	struct buffer bytes = BUFFER_INIT_MAX(OCI_MAX_MANIFEST);
	struct error *err;
	if (d) {
		a->out->base_platform = d->digest;
		err = fetch_manifest(a, base, &a->out->base_platform, &bytes);
		manifest_release(m);
		if (!err)
			err = manifest_parse(m, slice_of(&bytes), "the base's manifest");
		if (!err && m->is_index)
			err = error_new(ERROR_UNSUPPORTED, "the base's index leads to another index");
	} else {
		struct buffer there = BUFFER_INIT;
		list_platforms(m, &there);
		err = other_platform(a, there.data);
		buffer_release(&there);
	}
	buffer_release(&bytes);
	return err;
}

static struct error *read_base_config(struct assembling *a)
{
	struct assembly *out = a->out;
	struct buffer bytes;
	struct error *err =
	    assemble_fetch(a, &out->spec.base, &out->base_manifest.config.digest, OCI_MAX_CONFIG, &bytes);
	if (!err)
		err = config_parse(&out->base_config, slice_of(&bytes), "the base's configuration");
	buffer_release(&bytes);
	if (err)
		return err;
	const struct platform *wanted = &out->spec.platform;
	struct platform is = { (char *)json_string_or(out->base_config, "os", ""),
			       (char *)json_string_or(out->base_config, "architecture", ""),
			       (char *)json_string_or(out->base_config, "variant", NULL) };
	if (!strcmp(is.os, wanted->os) && !strcmp(is.architecture, wanted->architecture))
		return NULL;
	struct buffer there = BUFFER_INIT;
	if (*is.os && *is.architecture)
		platform_add(&there, &is);
	err = other_platform(a, there.data);
	buffer_release(&there);
	return err;
}

struct error *assemble_base(struct assembling *a)
{
	struct assembly *out = a->out;
	struct buffer bytes = BUFFER_INIT_MAX(OCI_MAX_MANIFEST);
	struct manifest m = { 0 };
	char *name = base_name(a);
	struct reference base = out->spec.base;
	if (a->settings->base)
		base.digest = *a->settings->base;
	assembling_say(a, "looking up the base");
	struct error *err =
	    registry_get_manifest(a->settings->registries, &base, &bytes, NULL, &out->base_digest);
	out->base_platform = out->base_digest;
	if (error_is(err, ERROR_NOT_FOUND))
		err = error_with_hint(error_context(err, "there is no such base"),
				      "check its name and tag, in %s",
				      a->config->dockerfile ? a->config->dockerfile : DEPLOY_CONFIG_FILE);
	else
		err = error_context(err, "the base");
	if (!err)
		err = manifest_parse(&m, slice_of(&bytes), name);
	if (!err && m.is_index)
		err = choose_platform(a, &m);
	out->base_manifest = m;
	if (!err)
		err = read_base_config(a);
	buffer_release(&bytes);
	free(name);
	return err;
}
