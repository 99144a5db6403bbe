/* build: the image of a commit, without sending it. */
#include <inttypes.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/strmap.h"
#include "base/terminal.h"
#include "base/text.h"
#include "cmd/deployment.h"
#include "cmd/table.h"
#include "deploy/assemble.h"
#include "image/layout.h"

#define BUILD_FORMAT 1

struct build_options {
	const char *output, *environment, *builder, *platform;
	bool json;
};

struct building {
	const struct build_options *options;
	struct deployment d;
	struct registries *registries;
	struct assembly a;
	struct progress *progress;
	char *cache, *source, *tag;
	uint64_t us;
};

/* What the layers of one kind come to. */
struct share {
	size_t layers, reused;
	int64_t bytes;
	size_t to_send; /* that the repository does not have, as far as earlier images tell */
	int64_t send_bytes;
};

/* -- counting --------------------------------------------------------------------------------- */

static void add_known(struct strmap *known, const struct assembly *a)
{
	for (size_t i = 0; i < a->nr_earlier; i++)
		for (size_t k = 0; k < a->earlier[i].nr_layers; k++) {
			const struct digest *d = &a->earlier[i].layers[k].digest;
			strmap_add(known, d->text, strlen(d->text));
		}
}

static struct share share_of(const struct assembly *a, enum layer_origin origin, const struct strmap *known)
{
	struct share s = { 0 };
	for (size_t i = 0; i < a->image.nr_layers; i++) {
		const struct layer *layer = &a->image.layers[i];
		const struct digest *d = &layer->descriptor.digest;
		if (layer->origin != origin)
			continue;
		s.layers++;
		s.reused += layer->reused;
		s.bytes += layer->descriptor.size;
		if (layer->reused || strmap_has(known, d->text, strlen(d->text)))
			continue;
		s.to_send++;
		s.send_bytes += layer->descriptor.size;
	}
	return s;
}

static void add_layers(struct buffer *out, const struct share *s)
{
	buffer_addf(out, "%zu layer%s, ", s->layers, s->layers == 1 ? "" : "s");
	text_bytes(out, s->bytes);
}

/* -- for people ------------------------------------------------------------------------------- */

static void row(struct table *t, const char *name, struct buffer *value)
{
	table_add(t, name);
	table_add(t, value->data);
	buffer_reset(value);
}

static void add_base_row(struct table *t, const struct assembly *a, const struct share *base,
			 struct buffer *value)
{
	if (!base->layers)
		return;
	reference_add(value, &a->spec.base);
	buffer_addf(value, "   ");
	add_layers(value, base);
	buffer_addstr(value, ", not downloaded");
	row(t, "base", value);
}

static void add_dependencies_row(struct table *t, const struct assembly *a, const struct share *s,
				 struct buffer *value)
{
	if (!a->dependencies_input.text[0])
		return;
	add_layers(value, s);
	if (a->dependencies_made)
		buffer_addf(value, ", made by %s in %.1f s", a->made_by, (double)a->made_ms / 1e3);
	else
		buffer_addf(value, ", as before, %s", s->reused ? "in the registry" : "kept here");
	row(t, a->builder ? "all of it" : "deps", value);
}

static void add_push_row(struct table *t, const struct building *b, const struct share *shares,
			 struct buffer *value)
{
	const struct reference *target = &b->d.config.repository;
	size_t layers = shares[LAYER_TREE].to_send + shares[LAYER_DEPENDENCIES].to_send;
	if (!target->registry)
		return;
	text_bytes(value, shares[LAYER_TREE].send_bytes + shares[LAYER_DEPENDENCIES].send_bytes);
	buffer_addf(value, " in %zu layer%s", layers, layers == 1 ? "" : "s");
	if (shares[LAYER_BASE].to_send)
		buffer_addf(value, ", and the base's mounted or copied");
	buffer_addstr(value, "   to ");
	reference_add(value, target);
	row(t, "to push", value);
}

static void print_table(const struct building *b, const struct share *shares)
{
	struct table t = TABLE_INIT(2);
	struct buffer value = BUFFER_INIT, out = BUFFER_INIT;
	const struct assembly *a = &b->a;
	t.left = ~(uint64_t)0;
	buffer_addstr(&value, a->image.digest.text);
	row(&t, "image", &value);
	buffer_addf(&value, "%.12s   ", b->d.commit.hex);
	platform_add(&value, &a->spec.platform);
	row(&t, "commit", &value);
	add_base_row(&t, a, &shares[LAYER_BASE], &value);
	add_dependencies_row(&t, a, &shares[LAYER_DEPENDENCIES], &value);
	if (!a->builder) {
		const struct share *s = &shares[LAYER_TREE];
		add_layers(&value, s);
		buffer_addf(&value, ", %zu new, %zu as before", s->layers - s->reused, s->reused);
		row(&t, "files", &value);
	}
	add_push_row(&t, b, shares, &value);
	if (b->options->output) {
		buffer_addstr(&value, b->options->output);
		row(&t, "written to", &value);
	}
	buffer_addf(&value, "%.2f s", (double)b->us / 1e6);
	row(&t, "built in", &value);
	table_print(&out, &t);
	print_buffer(&out);
	table_release(&t);
	buffer_release(&value);
	buffer_release(&out);
}

/* -- for programs ----------------------------------------------------------------------------- */

static void put_share(struct json_writer *w, const char *name, const struct share *s)
{
	json_key(w, name);
	json_begin_object(w);
	json_put_integer(w, "layers", (int64_t)s->layers);
	json_put_integer(w, "reused", (int64_t)s->reused);
	json_put_integer(w, "bytes", s->bytes);
	json_put_integer(w, "bytes_to_push", s->send_bytes);
	json_end_object(w);
}

static void print_json(const struct building *b, const struct share *shares)
{
	struct buffer out = BUFFER_INIT, text = BUFFER_INIT;
	const struct assembly *a = &b->a;
	struct json_writer w;
	json_writer_init(&w, &out, true);
	json_begin_object(&w);
	json_put_integer(&w, "format", BUILD_FORMAT);
	json_put_string(&w, "commit", b->d.commit.hex);
	json_put_string(&w, "digest", a->image.digest.text);
	platform_add(&text, &a->spec.platform);
	json_put_string(&w, "platform", text.data);
	json_put_string(&w, "base_digest", a->base_digest.text[0] ? a->base_digest.text : NULL);
	json_put_string(&w, "dependencies",
			a->dependencies_input.text[0] ? a->dependencies_input.text : NULL);
	json_put_string(&w, "made_by", a->made_by);
	json_put_string(&w, "left_to_builder", a->builder);
	put_share(&w, "base", &shares[LAYER_BASE]);
	put_share(&w, "dependency_layers", &shares[LAYER_DEPENDENCIES]);
	put_share(&w, "files", &shares[LAYER_TREE]);
	json_put_number(&w, "seconds", (double)(b->us / 1000) / 1e3);
	json_end_object(&w);
	buffer_addch(&out, '\n');
	print_buffer(&out);
	buffer_release(&out);
	buffer_release(&text);
}

/* -- the command ------------------------------------------------------------------------------ */

static struct error *set_platform(struct building *b)
{
	if (!b->options->platform)
		return NULL;
	struct platform p;
	struct error *err = platform_parse(&p, b->options->platform);
	platform_release(&p);
	if (err)
		return error_context(err, "--platform");
	free(b->d.config.platform);
	b->d.config.platform = xstrdup(b->options->platform);
	return NULL;
}

static struct error *make(struct building *b)
{
	struct deployment *d = &b->d;
	const char *const earlier[] = { d->environment ? d->environment->name : "latest" };
	const char *configured = repo_config(d->repo, "deploy.builder");
	struct assemble_settings settings = {
		.repo = d->repo,
		.commit = d->commit,
		.registries = b->registries,
		.builder = b->options->builder ? b->options->builder : configured,
		.cache = b->cache = deployment_cache(d),
		.earlier = earlier,
		.nr_earlier = ARRAY_SIZE(earlier),
		.keep_local = true,
		.source = b->source = deployment_source(d),
		.stop = d->ctx->stop,
		.progress = deployment_progress,
		.progress_data = b->progress,
	};
	uint64_t start = clock_us();
	struct error *err = assemble(&b->a, &d->config, &settings);
	b->us = clock_us() - start;
	if (!err && b->options->output) {
		progress_say(b->progress, "writing the layout");
		b->tag = assemble_commit_tag(&d->commit);
		err = layout_write(b->options->output, &b->a.image, b->tag, b->registries);
	}
	return err;
}

static void print(struct building *b)
{
	static const enum layer_origin origins[] = { LAYER_BASE, LAYER_DEPENDENCIES, LAYER_TREE };
	struct share shares[ARRAY_SIZE(origins)];
	struct strmap known = STRMAP_INIT;
	add_known(&known, &b->a);
	for (size_t i = 0; i < ARRAY_SIZE(origins); i++)
		shares[origins[i]] = share_of(&b->a, origins[i], &known);
	strmap_release(&known, NULL);
	if (b->options->json)
		print_json(b, shares);
	else
		print_table(b, shares);
	deployment_warn(b->a.warnings);
	if (b->a.builder)
		say_hint(b->d.ctx, "%s; so all of the image is made by a builder, at each change",
			 b->a.builder);
}

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv,
			 int *exit_status)
{
	struct building b = { .options = options };
	(void)exit_status;
	if (argc > 1)
		return error_new(ERROR_USAGE, "too many arguments");
	context_catch_signals(ctx);
	struct error *err = deployment_open(&b.d, ctx, argc ? argv[0] : NULL, b.options->environment);
	if (!err)
		err = set_platform(&b);
	if (!err)
		err = deployment_registries(&b.d, &b.registries);
	b.progress = progress_new("building", 0);
	if (!err)
		err = make(&b);
	progress_free(b.progress);
	if (!err)
		print(&b);
	assembly_release(&b.a);
	deployment_release(&b.d);
	free(b.cache);
	free(b.source);
	free(b.tag);
	return err;
}

static const char *const usage[] = { "[<options>] [<rev>]", NULL };

#define AT(member) offsetof(struct build_options, member)
static const struct option options[] = {
	{ OPTION_STRING, 'o', "output", AT(output), "<folder>",
	  "write the image to <folder> as an OCI layout",
	  "Writes the image, with the layers of its base, to <folder> as an OCI image layout, which skopeo, "
	  "umoci, podman "
	  "and docker can read. A layout that is there is added to.",
	  NULL, "file" },
	OPTION_ENVIRONMENT(AT(environment)),
	{ OPTION_STRING, 0, "builder", AT(builder), "<name>",
	  "have dependencies made by docker, buildah or podman",
	  "The builder that makes dependencies, and images whose Dockerfile does more than can be done "
	  "without running it: "
	  "docker (its buildx), buildah or podman. By default `git config deploy.builder`, or the first that "
	  "works here.",
	  NULL, NULL },
	{ OPTION_STRING, 0, "platform", AT(platform), "<os>/<architecture>", "build for another platform",
	  "Builds for this platform instead of the one in .deploy.yml, as linux/arm64.", NULL, NULL },
	{ OPTION_BOOL, 0, "json", AT(json), NULL, "print JSON", NULL, NULL, NULL },
	{ OPTION_END, 0, NULL, 0, NULL, NULL, NULL, NULL, NULL },
};

static const struct example examples[] = {
	{ "git deploy build", "The image of HEAD, and what pushing it would send." },
	{ "git deploy build --output /tmp/image v1.2",
	  "The image of a tag, as a folder that other tools read." },
	{ NULL, NULL },
};

const struct command cmd_deploy_build = {
	.name = "build",
	.summary = "build the image of a commit, without sending it",
	.usage = usage,
	.description = "Builds the image of a commit (HEAD, if none is named) from its objects, as the "
		       "commit's .deploy.yml says: the "
		       "work tree has no part in it. The layers of the base are not downloaded, and layers "
		       "that an earlier image "
		       "in the registry has are used again.\n\n"
		       "What has to be run to be made, dependencies that is, is left to a builder (docker "
		       "with buildx, buildah or "
		       "podman), and only if what they depend on has changed: the base, the list of them, "
		       "the platform. A Dockerfile that "
		       "does more than copy files, set what the image says of itself, and install "
		       "dependencies before the app's files "
		       "are copied, is left to the builder whole; a hint says which line it was.\n\n"
		       "The same commit on the same base gives the same image, byte for byte, on any "
		       "machine. Printed are its digest, "
		       "its layers, and what a push would send; nothing is sent.",
	.options = options,
	.options_size = sizeof(struct build_options),
	.examples = examples,
	.run = run,
};
