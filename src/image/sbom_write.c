/* The documents: SPDX 2.3 and SLSA provenance. Everything in them comes from the image and the commit, so
 * that the same image has the same bytes of documents. */
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "image/sbom.h"

#define TOOL "git-deploy"

/* Licences as SPDX names them; what is written in other words is passed on as a comment. */
static const char *const licenses[] = {
	"0BSD",
	"AGPL-3.0-only",
	"AGPL-3.0-or-later",
	"Apache-2.0",
	"Artistic-2.0",
	"BlueOak-1.0.0",
	"BSD-2-Clause",
	"BSD-3-Clause",
	"BSL-1.0",
	"CC0-1.0",
	"CC-BY-4.0",
	"EPL-2.0",
	"GPL-2.0-only",
	"GPL-2.0-or-later",
	"GPL-3.0-only",
	"GPL-3.0-or-later",
	"HPND",
	"ISC",
	"LGPL-2.1-only",
	"LGPL-2.1-or-later",
	"LGPL-3.0-only",
	"LGPL-3.0-or-later",
	"MIT",
	"MIT-0",
	"MPL-2.0",
	"PSF-2.0",
	"Python-2.0",
	"Unlicense",
	"Zlib",
	"ZPL-2.1",
};

static bool is_license(const char *name)
{
	for (size_t i = 0; name && i < ARRAY_SIZE(licenses); i++)
		if (!strcmp(licenses[i], name))
			return true;
	return false;
}

/* -- names ------------------------------------------------------------------------------------ */

static void add_encoded(struct buffer *out, const char *s)
{
	static const char plain[] = "-._~";
	for (; *s; s++) {
		if (ascii_alnum(*s) || strchr(plain, *s))
			buffer_addch(out, *s);
		else
			buffer_addf(out, "%%%02X", (unsigned char)*s);
	}
}

/* https://github.com/package-url/purl-spec */
static void add_package_url(struct buffer *out, const struct sbom_package *p)
{
	const char *name = p->name, *slash = strchr(name, '/');
	buffer_addf(out, "pkg:%s/", p->ecosystem);
	if (!strcmp(p->ecosystem, "deb"))
		buffer_addstr(out, "debian/");
	else if (!strcmp(p->ecosystem, "apk"))
		buffer_addstr(out, "alpine/");
	if (!strcmp(p->ecosystem, "npm") && *name == '@' && slash) {
		char *scope = xmemdupz(name, (size_t)(slash - name));
		add_encoded(out, scope);
		buffer_addch(out, '/');
		free(scope);
		name = slash + 1;
	}
	struct buffer lower = BUFFER_INIT;
	bool pypi = !strcmp(p->ecosystem, "pypi");
	for (; *name; name++)
		buffer_addch(&lower, pypi && *name == '_' ? '-' : pypi ? (char)ascii_lower(*name) : *name);
	add_encoded(out, lower.data);
	buffer_addch(out, '@');
	add_encoded(out, p->version);
	buffer_release(&lower);
}

static char *reference_name(const struct reference *ref)
{
	struct buffer name = BUFFER_INIT;
	if (ref)
		reference_add(&name, ref);
	return buffer_detach(&name, NULL);
}

/* "git+https://..."; what has no address is named by its commit alone. */
static char *source_address(const struct build_settings *settings)
{
	return settings->source ? xstrfmt("git+%s@%s", settings->source, settings->commit.hex) : NULL;
}

/* When the image was made, by its configuration: the time of the commit. */
static char *created(const struct image *image)
{
	cJSON *config = NULL;
	struct error *err = json_parse(&config, slice_of(&image->config), "configuration");
	char *time =
	    xstrdup(err ? "1980-01-01T00:00:00Z" : json_string_or(config, "created", "1980-01-01T00:00:00Z"));
	error_free(err);
	cJSON_Delete(config);
	return time;
}

static const char *image_name(const struct build_settings *settings, char **made)
{
	*made = settings->target ? reference_name(settings->target) : NULL;
	return *made ? *made : "image";
}

/* -- SPDX ------------------------------------------------------------------------------------- */

static void begin_package(struct json_writer *w, const char *id, const char *name, const char *version,
			  const char *location)
{
	json_begin_object(w);
	json_put_string(w, "SPDXID", id);
	json_put_string(w, "name", name);
	if (version && *version)
		json_put_string(w, "versionInfo", version);
	json_put_string(w, "downloadLocation", location && *location ? location : "NOASSERTION");
	json_put_bool(w, "filesAnalyzed", false);
}

static void put_checksum(struct json_writer *w, const char *algorithm, const char *value)
{
	json_key(w, "checksums");
	json_begin_array(w);
	json_begin_object(w);
	json_put_string(w, "algorithm", algorithm);
	json_put_string(w, "checksumValue", value);
	json_end_object(w);
	json_end_array(w);
}

static void put_base(struct json_writer *w, const struct image_spec *spec,
		     const struct build_settings *settings)
{
	char *name = reference_name(&spec->base);
	begin_package(w, "SPDXRef-Base", name, settings->base_digest.text, NULL);
	json_put_string(w, "primaryPackagePurpose", "CONTAINER");
	put_checksum(w, "SHA256", digest_hex(&settings->base_digest));
	json_end_object(w);
	free(name);
}

static void put_source(struct json_writer *w, const struct build_settings *settings)
{
	char *address = source_address(settings);
	begin_package(w, "SPDXRef-Source", "source", settings->commit.hex, address);
	json_put_string(w, "primaryPackagePurpose", "SOURCE");
	json_end_object(w);
	free(address);
}

static void put_package(struct json_writer *w, const struct sbom_package *p, size_t number)
{
	struct buffer url = BUFFER_INIT;
	char *id = xstrfmt("SPDXRef-Package-%zu", number);
	begin_package(w, id, p->name, p->version, NULL);
	json_put_string(w, "licenseConcluded", "NOASSERTION");
	json_put_string(w, "licenseDeclared", is_license(p->license) ? p->license : "NOASSERTION");
	if (p->license && !is_license(p->license))
		json_put_string(w, "licenseComments", p->license);
	add_package_url(&url, p);
	json_key(w, "externalRefs");
	json_begin_array(w);
	json_begin_object(w);
	json_put_string(w, "referenceCategory", "PACKAGE-MANAGER");
	json_put_string(w, "referenceType", "purl");
	json_put_string(w, "referenceLocator", url.data);
	json_end_object(w);
	json_end_array(w);
	json_end_object(w);
	buffer_release(&url);
	free(id);
}

static void put_relationship(struct json_writer *w, const char *from, const char *type, const char *to)
{
	json_begin_object(w);
	json_put_string(w, "spdxElementId", from);
	json_put_string(w, "relationshipType", type);
	json_put_string(w, "relatedSpdxElement", to);
	json_end_object(w);
}

static void put_relationships(struct json_writer *w, bool base, size_t nr)
{
	json_key(w, "relationships");
	json_begin_array(w);
	put_relationship(w, "SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-Image");
	put_relationship(w, "SPDXRef-Image", "GENERATED_FROM", "SPDXRef-Source");
	if (base)
		put_relationship(w, "SPDXRef-Image", "DESCENDANT_OF", "SPDXRef-Base");
	for (size_t i = 0; i < nr; i++) {
		char *id = xstrfmt("SPDXRef-Package-%zu", i + 1);
		put_relationship(w, "SPDXRef-Image", "CONTAINS", id);
		free(id);
	}
	json_end_array(w);
}

static void put_creation(struct json_writer *w, const struct image *image)
{
	char *time = created(image);
	json_key(w, "creationInfo");
	json_begin_object(w);
	json_put_string(w, "created", time);
	json_key(w, "creators");
	json_begin_array(w);
	json_string(w, "Tool: " TOOL);
	json_end_array(w);
	json_end_object(w);
	free(time);
}

void sbom_write(struct buffer *out, const struct image *image, const struct image_spec *spec,
		const struct build_settings *settings, const struct sbom_package *packages, size_t nr)
{
	struct json_writer w;
	char *made, *space = xstrfmt("urn:git-deploy:sbom:%s", image->digest.text);
	const char *name = image_name(settings, &made);
	bool base = spec->base.registry && settings->base_digest.text[0];
	json_writer_init(&w, out, true);
	json_begin_object(&w);
	json_put_string(&w, "spdxVersion", "SPDX-2.3");
	json_put_string(&w, "dataLicense", "CC0-1.0");
	json_put_string(&w, "SPDXID", "SPDXRef-DOCUMENT");
	json_put_string(&w, "name", name);
	json_put_string(&w, "documentNamespace", space);
	put_creation(&w, image);
	json_key(&w, "packages");
	json_begin_array(&w);
	begin_package(&w, "SPDXRef-Image", name, image->digest.text, NULL);
	json_put_string(&w, "primaryPackagePurpose", "CONTAINER");
	put_checksum(&w, "SHA256", digest_hex(&image->digest));
	json_end_object(&w);
	if (base)
		put_base(&w, spec, settings);
	put_source(&w, settings);
	for (size_t i = 0; i < nr; i++)
		put_package(&w, &packages[i], i + 1);
	json_end_array(&w);
	put_relationships(&w, base, nr);
	json_end_object(&w);
	buffer_addch(out, '\n');
	free(made);
	free(space);
}

/* -- provenance ------------------------------------------------------------------------------- */

static void put_digest(struct json_writer *w, const char *algorithm, const char *value)
{
	json_key(w, "digest");
	json_begin_object(w);
	json_put_string(w, algorithm, value);
	json_end_object(w);
}

static void put_dependencies(struct json_writer *w, const struct image *image, const struct image_spec *spec,
			     const struct build_settings *settings)
{
	char *address = source_address(settings),
	     *base = reference_name(spec->base.registry ? &spec->base : NULL);
	json_key(w, "resolvedDependencies");
	json_begin_array(w);
	json_begin_object(w);
	json_put_string(w, "name", "source");
	if (address)
		json_put_string(w, "uri", address);
	put_digest(w, "gitCommit", settings->commit.hex);
	json_end_object(w);
	if (*base && settings->base_digest.text[0]) {
		char *uri = xstrfmt("oci://%s", base);
		json_begin_object(w);
		json_put_string(w, "name", "base");
		json_put_string(w, "uri", uri);
		put_digest(w, "sha256", digest_hex(&settings->base_digest));
		json_end_object(w);
		free(uri);
	}
	for (size_t i = 0; i < image->nr_layers; i++) {
		if (image->layers[i].origin != LAYER_DEPENDENCIES)
			continue;
		json_begin_object(w);
		json_put_string(w, "name", "dependencies");
		put_digest(w, "sha256", digest_hex(&image->layers[i].descriptor.digest));
		json_end_object(w);
	}
	json_end_array(w);
	free(address);
	free(base);
}

static void put_parameters(struct json_writer *w, const struct image_spec *spec,
			   const struct build_settings *settings)
{
	struct buffer platform = BUFFER_INIT;
	if (spec->platform.os)
		platform_add(&platform, &spec->platform);
	json_key(w, "externalParameters");
	json_begin_object(w);
	json_put_string(w, "commit", settings->commit.hex);
	json_put_string(w, "configuration", ".deploy.yml");
	if (settings->source)
		json_put_string(w, "source", settings->source);
	json_put_string(w, "platform", platform.data);
	json_end_object(w);
	buffer_release(&platform);
}

void provenance_write(struct buffer *out, const struct image *image, const struct image_spec *spec,
		      const struct build_settings *settings)
{
	struct json_writer w;
	char *made;
	json_writer_init(&w, out, true);
	json_begin_object(&w);
	json_put_string(&w, "_type", "https://in-toto.io/Statement/v1");
	json_key(&w, "subject");
	json_begin_array(&w);
	json_begin_object(&w);
	json_put_string(&w, "name", image_name(settings, &made));
	put_digest(&w, "sha256", digest_hex(&image->digest));
	json_end_object(&w);
	json_end_array(&w);
	json_put_string(&w, "predicateType", "https://slsa.dev/provenance/v1");
	json_key(&w, "predicate");
	json_begin_object(&w);
	json_key(&w, "buildDefinition");
	json_begin_object(&w);
	json_put_string(&w, "buildType", "urn:git-deploy:build:1");
	put_parameters(&w, spec, settings);
	put_dependencies(&w, image, spec, settings);
	json_end_object(&w);
	json_key(&w, "runDetails");
	json_begin_object(&w);
	json_key(&w, "builder");
	json_begin_object(&w);
	json_put_string(&w, "id", "urn:git-deploy");
	json_end_object(&w);
	json_end_object(&w);
	json_end_object(&w);
	json_end_object(&w);
	buffer_addch(out, '\n');
	free(made);
}
