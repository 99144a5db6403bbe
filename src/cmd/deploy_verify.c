/* verify: whether an image is a commit. */
#include <inttypes.h>
#include <stddef.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/terminal.h"
#include "base/text.h"
#include "cmd/deployment.h"
#include "deploy/assemble.h"
#include "image/verify.h"

#define VERIFY_FORMAT 1
#define LABEL_REVISION "org.opencontainers.image.revision"
#define LABEL_BASE "org.opencontainers.image.base.digest"

struct verify_options {
	const char *environment;
	bool quick, json;
};

/* What an image says of itself. */
struct claims {
	struct digest digest; /* of the manifest that was asked for */
	char *revision;       /* NULL: nothing */
	struct digest base;   /* empty: nothing */
};

struct verification {
	const struct verify_options *options;
	struct deployment d;
	struct registries *registries;
	struct reference ref;
	struct claims claims;
	struct assembly a;
	struct verify_result result;
	struct progress *progress;
	char *cache, *source;
};

/* -- the image -------------------------------------------------------------------------------- */

static const char *annotation_of(const struct manifest *m, const char *key)
{
	for (size_t i = 0; i < m->nr_annotations; i++)
		if (!strcmp(m->annotations[i].key, key))
			return m->annotations[i].value;
	return NULL;
}

static void take_claims(struct claims *c, const char *revision, const char *base)
{
	if (!c->revision && revision)
		c->revision = xstrdup(revision);
	if (!c->base.text[0] && base)
		digest_parse(slice_of_string(base), &c->base);
}

/* Labels, of images whose manifest says nothing. */
static struct error *read_labels(struct verification *v, const struct manifest *m)
{
	struct buffer bytes = BUFFER_INIT_MAX(OCI_MAX_CONFIG);
	cJSON *config = NULL;
	struct error *err = registry_get_blob(v->registries, &v->ref, &m->config.digest, &bytes);
	if (!err)
		err = config_parse(&config, slice_of(&bytes), "the image's configuration");
	const cJSON *labels =
	    cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(config, "config"), "Labels");
	take_claims(&v->claims, json_string_or(labels, LABEL_REVISION, NULL),
		    json_string_or(labels, LABEL_BASE, NULL));
	cJSON_Delete(config);
	buffer_release(&bytes);
	return err;
}

static struct error *read_manifest(struct verification *v, const struct reference *ref, struct manifest *m,
				   struct digest *digest)
{
	struct buffer bytes = BUFFER_INIT_MAX(OCI_MAX_MANIFEST), name = BUFFER_INIT;
	reference_add(&name, ref);
	struct error *err = registry_get_manifest(v->registries, ref, &bytes, NULL, digest);
	if (!err)
		err = manifest_parse(m, slice_of(&bytes), name.data);
	buffer_release(&bytes);
	buffer_release(&name);
	return err;
}

static struct error *read_claims(struct verification *v)
{
	struct manifest m = { 0 };
	struct platform platform = { 0 };
	struct error *err = platform_parse(&platform, v->d.config.platform);
	if (!err)
		err = read_manifest(v, &v->ref, &m, &v->claims.digest);
	if (error_is(err, ERROR_NOT_FOUND) && !err->hint)
		err = error_with_hint(err, "an image is named by a tag (prod, latest, the id of a commit) or digest of the "
					   "repository in .deploy.yml, or as <registry>/<repository>:<tag>");
	const struct descriptor *d = !err && m.is_index ? manifest_for_platform(&m, &platform) : NULL;
	if (!err && m.is_index && !d)
		err = error_new(ERROR_NOT_FOUND, "the image is not there for %s", v->d.config.platform);
	if (!err && d) {
		struct reference one = v->ref;
		one.digest = d->digest;
		manifest_release(&m);
		err = read_manifest(v, &one, &m, NULL);
	}
	if (!err) {
		take_claims(&v->claims, annotation_of(&m, LABEL_REVISION), annotation_of(&m, LABEL_BASE));
		if (!v->claims.revision || !v->claims.base.text[0])
			err = read_labels(v, &m);
	}
	manifest_release(&m);
	platform_release(&platform);
	return err;
}

/* NAME is a whole name, or a tag or digest in the repository of .deploy.yml. */
static struct error *find_image(struct verification *v, const char *name)
{
	const struct reference *repository = &v->d.config.repository;
	bool short_name = !strchr(name, '/') && (!strchr(name, ':') || starts_with(name, "sha256:"));
	if (!short_name || !repository->registry)
		return reference_parse(&v->ref, name);
	reference_copy(&v->ref, repository);
	if (starts_with(name, "sha256:")) {
		if (!digest_parse(slice_of_string(name), &v->ref.digest))
			return error_new(ERROR_USAGE, "'%s' is no digest", name);
	} else {
		v->ref.tag = xstrdup(name);
	}
	return NULL;
}

/* -- the commit ------------------------------------------------------------------------------- */

static struct error *open_commit(struct verification *v, struct context *ctx, const char *rev)
{
	const char *claimed = v->claims.revision;
	if (!rev && !claimed)
		return error_with_hint(
		    error_new(ERROR_NOT_FOUND, "the image does not say which commit it is of"),
		    "name the commit behind the image");
	deployment_release(&v->d);
	struct error *err = deployment_open(&v->d, ctx, rev ? rev : claimed, v->options->environment);
	if (err && !rev)
		err = error_with_hint(error_context(err, "the image says it is of the commit %s", claimed),
				      "`git fetch` may bring it, or name another commit behind the image");
	return err ? err : deployment_registries(&v->d, &v->registries);
}

static struct error *compare(struct verification *v)
{
	struct assemble_settings settings = {
		.repo = v->d.repo,
		.commit = v->d.commit,
		.registries = v->registries,
		.cache = v->cache = deployment_cache(&v->d),
		.keep_local = true,
		.plan_only = true,
		.base = v->claims.base.text[0] ? &v->claims.base : NULL,
		.source = v->source = deployment_source(&v->d),
		.stop = v->d.ctx->stop,
		.progress = deployment_progress,
		.progress_data = v->progress,
	};
	struct error *err = assemble(&v->a, &v->d.config, &settings);
	if (!err && v->a.builder)
		err = error_new(ERROR_UNSUPPORTED,
				"%s: the image is made by a builder as a whole, and none of its layers can "
				"be compared with the commit",
				v->a.builder);
	progress_say(v->progress, "comparing layers");
	if (!err)
		err = image_verify(&v->result, v->registries, &v->ref, &v->a.spec, &v->a.build,
				   v->options->quick ? VERIFY_QUICK : VERIFY_FULL);
	return err;
}

/* -- what is said ----------------------------------------------------------------------------- */

/* The image may say that it is of another commit than the one that was named. */
static bool is_of_another(const struct verification *v)
{
	return v->claims.revision && strcmp(v->claims.revision, v->d.commit.hex) != 0;
}

static bool is_it(const struct verification *v)
{
	return !v->result.nr_differences && !is_of_another(v);
}

static const char *plural(size_t nr)
{
	return nr == 1 ? "" : "s";
}

static void print_text(const struct verification *v)
{
	struct buffer out = BUFFER_INIT;
	const struct verify_result *r = &v->result;
	buffer_addf(&out, "%s is %sthe commit %.12s: %zu file%s in %zu layer%s compared%s\n", v->claims.digest.text,
		    is_it(v) ? "" : "not ", v->d.commit.hex, r->files, plural(r->files), r->layers, plural(r->layers),
		    v->options->quick ? " by what the layers say" : "");
	if (is_of_another(v)) {
		buffer_addstr(&out, "  it says that it is of ");
		text_for_terminal(&out, v->claims.revision, strlen(v->claims.revision), false);
		buffer_addch(&out, '\n');
	}
	for (size_t i = 0; i < r->nr_differences; i++) {
		buffer_addstr(&out, "  ");
		text_for_terminal(&out, r->differences[i].path, strlen(r->differences[i].path), false);
		buffer_addf(&out, "  %s\n", r->differences[i].what);
	}
	if (r->foreign_layers)
		buffer_addf(&out, "%zu layer%s of the base and of dependencies %s not of the commit\n",
			    r->foreign_layers, plural(r->foreign_layers),
			    r->foreign_layers == 1 ? "is" : "are");
	if (r->rebuilt_equal)
		buffer_addstr(&out, "building it again gives the same image\n");
	else if (is_it(v))
		buffer_addstr(&out, "building it again gives another image: layers that are not of the commit, "
				    "or labels, are others\n");
	print_buffer(&out);
	buffer_release(&out);
}

static void print_json(const struct verification *v)
{
	struct buffer out = BUFFER_INIT;
	const struct verify_result *r = &v->result;
	struct json_writer w;
	json_writer_init(&w, &out, true);
	json_begin_object(&w);
	json_put_integer(&w, "format", VERIFY_FORMAT);
	json_put_string(&w, "digest", v->claims.digest.text);
	json_put_string(&w, "commit", v->d.commit.hex);
	json_put_string(&w, "claimed_commit", v->claims.revision);
	json_put_bool(&w, "is_commit", is_it(v));
	json_put_integer(&w, "files", (int64_t)r->files);
	json_put_integer(&w, "layers", (int64_t)r->layers);
	json_put_integer(&w, "foreign_layers", (int64_t)r->foreign_layers);
	json_put_bool(&w, "rebuilt_equal", r->rebuilt_equal);
	json_key(&w, "differences");
	json_begin_array(&w);
	for (size_t i = 0; i < r->nr_differences; i++) {
		json_begin_object(&w);
		json_put_string(&w, "path", r->differences[i].path);
		json_put_string(&w, "what", r->differences[i].what);
		json_end_object(&w);
	}
	json_end_array(&w);
	json_end_object(&w);
	buffer_addch(&out, '\n');
	print_buffer(&out);
	buffer_release(&out);
}

/* -- the command ------------------------------------------------------------------------------ */

static struct error *verify(struct verification *v, struct context *ctx, const char *image, const char *rev)
{
	/* First of HEAD or REV: for the repository's name and the platform. */
	struct error *err = deployment_open(&v->d, ctx, rev ? rev : "HEAD", v->options->environment);
	if (!err)
		err = deployment_registries(&v->d, &v->registries);
	if (!err)
		err = find_image(v, image);
	if (!err)
		err = read_claims(v);
	if (!err)
		err = open_commit(v, ctx, rev);
	return err ? err : compare(v);
}

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv,
			 int *exit_status)
{
	struct verification v = { .options = options };
	if (argc < 1 || argc > 2)
		return error_new(ERROR_USAGE, argc ? "too many arguments" : "name the image");
	context_catch_signals(ctx);
	v.progress = progress_new("verifying", 0);
	struct error *err = verify(&v, ctx, argv[0], argc == 2 ? argv[1] : NULL);
	progress_free(v.progress);
	if (!err && v.options->json)
		print_json(&v);
	else if (!err)
		print_text(&v);
	if (!err && !is_it(&v))
		*exit_status = EXIT_FINDINGS;
	verify_result_release(&v.result);
	assembly_release(&v.a);
	reference_release(&v.ref);
	deployment_release(&v.d);
	free(v.claims.revision);
	free(v.cache);
	free(v.source);
	return err;
}

static const char *const usage[] = { "[<options>] <image> [<rev>]", NULL };

#define AT(member) offsetof(struct verify_options, member)
static const struct option options[] = {
	{ OPTION_BOOL, 0, "quick", AT(quick), NULL, "read no layer, and believe what each says it was made of",
	  "Reads the manifest and the configuration only: a layer counts as the commit's when it says that it was "
	  "made of the commit's files. That finds mistakes, but is no proof against somebody who may push images.",
	  NULL, NULL },
	OPTION_ENVIRONMENT(AT(environment)),
	{ OPTION_BOOL, 0, "json", AT(json), NULL, "print JSON", NULL, NULL, NULL },
	{ OPTION_END, 0, NULL, 0, NULL, NULL, NULL, NULL, NULL },
};

static const struct example examples[] = {
	{ "git deploy verify latest", "Whether what the tag stands for is the commit that it says, file by file." },
	{ "git deploy verify latest v1.2", "Whether it is v1.2." },
	{ NULL, NULL },
};

const struct command cmd_deploy_verify = {
	.name = "verify",
	.summary = "prove that an image is a commit",
	.usage = usage,
	.description =
	    "Compares every file of an image in a registry, whoever built it, with those of a commit: <rev>, "
	    "or the commit that the image says it is of; and what its configuration runs, as whom and with "
	    "which variables. <image> is a whole name, or a tag or digest of the repository in "
	    ".deploy.yml.\n\n"
	    "Layers of the base and of dependencies are not of the commit; how many there are is said. Files "
	    "that differ, that "
	    "are missing, or that are not in the commit are listed, as is what the configuration "
	    "has otherwise, and the exit status is 1 then.",
	.options = options,
	.options_size = sizeof(struct verify_options),
	.examples = examples,
	.run = run,
};
