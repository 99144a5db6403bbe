/* git deploy push: the image of a commit into its registry, without a release. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/terminal.h"
#include "base/text.h"
#include "cmd/deploy_repository.h"
#include "deploy/assemble.h"
#include "deploy/release_documents.h"
#include "image/push.h"

struct push_options {
	const char *environment, *builder;
	struct option_strings tags;
	bool latest, documents, json, quiet, accept_cost;
};

struct push {
	const struct push_options *o;
	struct deployment d;
	struct registries *registries;
	struct reference target;
	struct assembly assembly;
	struct push_result result;
	struct error *taken; /* a tag that could not be put on the image */
	char *not_attached;  /* why its documents could not be attached */
	char *commit_tag;
	const char **tags;
	size_t nr_tags;
	struct progress *line;
	uint64_t started_ms, built_ms, done_ms;
};

/* -- what is being done --------------------------------------------------------------------------- */

static void say_bytes(void *data, int64_t done, int64_t total, const char *what)
{
	struct push *p = data;
	struct buffer text = BUFFER_INIT;
	buffer_addf(&text, "%s %.1f", what, (double)done / 1e6);
	if (total > 0)
		buffer_addf(&text, " of %.1f", (double)total / 1e6);
	buffer_addstr(&text, " MB");
	progress_say(p->line, text.data);
	buffer_release(&text);
}

/* -- the steps ------------------------------------------------------------------------------------ */

/* A tag goes into the registry's URL: what is none is refused before anything is built. */
static struct error *check_tag(const struct push *p, const char *tag)
{
	struct reference ref = { 0 };
	char *name = xstrfmt("%s/%s:%s", p->target.registry, p->target.repository, tag);
	struct error *err = reference_parse(&ref, name);
	if (err || !ref.tag || strcmp(ref.tag, tag) != 0) {
		error_free(err);
		err = error_with_hint(
			error_new(ERROR_USAGE, "'%s' is no tag of an image", tag),
			"tags are letters, digits, '_', '.' and '-', 128 at most, and begin with "
			"neither '.' nor '-'");
	}
	reference_release(&ref);
	free(name);
	return err;
}

static struct error *choose_tags(struct push *p)
{
	const struct option_strings *more = &p->o->tags;
	struct error *err = NULL;
	p->commit_tag = assemble_commit_tag(&p->d.commit);
	p->tags = xcalloc(more->nr + 2, sizeof(*p->tags));
	p->tags[p->nr_tags++] = p->commit_tag;
	for (size_t i = 0; i < more->nr && !err; i++) {
		err = check_tag(p, more->items[i]);
		p->tags[p->nr_tags++] = more->items[i];
	}
	if (p->o->latest)
		p->tags[p->nr_tags++] = "latest";
	return err;
}

static struct error *open_target(struct push *p, struct context *ctx, const char *rev)
{
	struct error *err = deployment_open(&p->d, ctx, rev, p->o->environment);
	const struct reference *repository = &p->d.config.repository;
	if (!err && !repository->repository)
		err = error_with_hint(
			error_new(ERROR_USAGE, "%s does not say which registry images go to",
				  DEPLOY_CONFIG_FILE),
			"add `registry: <host>/<name>` to it, or set git config deploy.registry");
	if (!err)
		p->target = (struct reference){ repository->registry, repository->repository, NULL, { "" } };
	return err ? err : deployment_registries(&p->d, &p->registries);
}

/* *BYTES: of the image; below 0: it was not built. */
static struct error *build(struct push *p, int64_t *bytes)
{
	char *cache = deployment_cache(&p->d), *source = deployment_source(&p->d);
	struct assemble_settings settings = {
		.repo = p->d.repo,
		.commit = p->d.commit,
		.registries = p->registries,
		.builder = p->o->builder,
		.cache = cache,
		.earlier = p->o->tags.items,
		.nr_earlier = p->o->tags.nr,
		.source = source,
		.stop = p->d.ctx->stop,
		.progress = deployment_progress,
		.progress_data = p->line,
	};
	struct error *err = assemble(&p->assembly, &p->d.config, &settings);
	p->built_ms = clock_ms();
	*bytes = err ? -1 : image_bytes(&p->assembly.image);
	if (!err) {
		deployment_warn(p->assembly.warnings);
		registries_set_progress(p->registries, say_bytes, p);
		err = assembly_push(&p->assembly, &p->d.config, &settings, &p->target, p->tags, p->nr_tags,
				    &p->result);
		registries_set_progress(p->registries, NULL, NULL);
	}
	if (error_is(err, ERROR_EXISTS)) {
		p->taken = err;
		err = NULL;
	}
	if (!err && p->o->documents) {
		progress_say(p->line, "attaching what is in it");
		err = release_attach_documents(p->registries, &p->assembly, &p->target, &p->not_attached);
	}
	p->done_ms = clock_ms();
	free(cache);
	free(source);
	return err;
}

static struct error *build_and_push(struct push *p)
{
	int64_t bytes;
	bool made;
	struct error *err = build(p, &bytes);
	if (!err)
		return NULL;
	err = repository_make(&p->d, err, bytes, p->o->accept_cost, &made);
	if (!made)
		return err;
	assembly_release(&p->assembly);
	p->assembly = (struct assembly){ 0 };
	return build(p, &bytes);
}

/* -- what was done -------------------------------------------------------------------------------- */

static void add_count(struct buffer *out, size_t nr, const char *what, bool *first)
{
	if (!nr)
		return;
	buffer_addf(out, "%s%zu %s", *first ? "" : ", ", nr, what);
	*first = false;
}

static void say_summary(const struct push *p)
{
	if (p->o->quiet || p->o->json)
		return;
	const struct push_result *r = &p->result;
	struct buffer text = BUFFER_INIT, safe = BUFFER_INIT;
	bool first = true;
	buffer_addf(&text, "%zu layer%s: ", r->layers, r->layers == 1 ? "" : "s");
	add_count(&text, r->there, "there", &first);
	add_count(&text, r->mounted, "mounted", &first);
	add_count(&text, r->copied, "copied", &first);
	add_count(&text, r->sent, "sent", &first);
	buffer_addf(&text, "%s; ", first ? "none" : "");
	text_bytes(&text, r->bytes_sent);
	buffer_addf(&text, " in %.2f s (built in %.2f s)\n", (double)(p->done_ms - p->built_ms) / 1000,
		    (double)(p->built_ms - p->started_ms) / 1000);
	if (!p->taken) {
		buffer_addstr(&text, "tagged ");
		for (size_t i = 0; i < p->nr_tags; i++)
			buffer_addf(&text, "%s%s", i ? ", " : "", p->tags[i]);
	}
	text_for_terminal(&safe, text.data, text.len, true);
	fprintf(stderr, "%s\n", safe.data);
	buffer_release(&text);
	buffer_release(&safe);
}

static void print_json(const struct push *p, const char *name)
{
	const struct push_result *r = &p->result;
	struct buffer out = BUFFER_INIT;
	struct json_writer w;
	json_writer_init(&w, &out, true);
	json_begin_object(&w);
	json_put_string(&w, "image", name);
	json_put_string(&w, "digest", p->assembly.image.digest.text);
	json_put_string(&w, "commit", p->d.commit.hex);
	json_key(&w, "tags");
	json_begin_array(&w);
	for (size_t i = 0; i < p->nr_tags; i++)
		json_string(&w, p->tags[i]);
	json_end_array(&w);
	json_key(&w, "layers");
	json_begin_object(&w);
	json_put_integer(&w, "there", (int64_t)r->there);
	json_put_integer(&w, "mounted", (int64_t)r->mounted);
	json_put_integer(&w, "copied", (int64_t)r->copied);
	json_put_integer(&w, "sent", (int64_t)r->sent);
	json_end_object(&w);
	json_put_bool(&w, "new", r->manifest_new);
	json_put_integer(&w, "bytes", r->bytes_sent);
	json_put_number(&w, "build_seconds", (double)(p->built_ms - p->started_ms) / 1000);
	json_put_number(&w, "push_seconds", (double)(p->done_ms - p->built_ms) / 1000);
	json_end_object(&w);
	buffer_addch(&out, '\n');
	print_buffer(&out);
	buffer_release(&out);
}

static void print_result(const struct push *p)
{
	struct buffer name = BUFFER_INIT;
	struct reference ref = p->target;
	ref.digest = p->assembly.image.digest;
	reference_add(&name, &ref);
	if (p->o->json) {
		print_json(p, name.data);
	} else {
		buffer_addch(&name, '\n');
		print_buffer(&name);
	}
	say_summary(p);
	buffer_release(&name);
}

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv,
			 int *exit_status)
{
	struct push p = { .o = options, .started_ms = clock_ms() };
	if (argc > 1)
		return error_new(ERROR_USAGE, "push takes one revision");
	context_catch_signals(ctx);
	struct error *err = open_target(&p, ctx, argc ? argv[0] : NULL);
	if (!err)
		err = choose_tags(&p);
	if (!err) {
		p.line = p.o->quiet ? NULL : progress_new("push", 0);
		err = build_and_push(&p);
		progress_free(p.line);
	}
	if (!err)
		print_result(&p);
	if (!err && p.taken) {
		say_warning("%s", p.taken->message);
		say_hint(ctx, "the image is in the registry all the same, by its digest");
		*exit_status = EXIT_INCOMPLETE;
	}
	if (!err && p.not_attached) {
		say_warning("%s", p.not_attached);
		say_hint(ctx, "the image is in the registry all the same; --no-documents leaves them away");
		*exit_status = EXIT_INCOMPLETE;
	}
	error_free(p.taken);
	free(p.not_attached);
	assembly_release(&p.assembly);
	deployment_release(&p.d);
	free(p.commit_tag);
	free(p.tags);
	return err;
}

static const char *const usage[] = { "[<options>] [<rev>]", NULL };

static const struct push_options defaults = { .documents = true };

#define AT(member) offsetof(struct push_options, member)
static const struct option options[] = {
	OPTION_ENVIRONMENT(AT(environment)),
	{ OPTION_STRINGS, 't', "tag", AT(tags), "<name>",
	  "put this tag on the image, too; may be given again" },
	{ OPTION_BOOL, 0, "latest", AT(latest), NULL, "put the tag latest on it, too" },
	{ OPTION_STRING, 0, "builder", AT(builder), "<name>",
	  "who makes what has to be run to be made: docker, buildah or podman" },
	{ OPTION_BOOL, 0, "documents", AT(documents), NULL,
	  "attach the list of packages and how the image was made (the default)" },
	{ OPTION_BOOL, 0, "accept-cost", AT(accept_cost), NULL, "make a repository that the registry lacks",
	  "As for `git deploy release`.", NULL, NULL },
	{ OPTION_BOOL, 0, "json", AT(json), NULL, "print JSON" },
	{ OPTION_BOOL, 'q', "quiet", AT(quiet), NULL, "print the image's name only" },
	{ .kind = OPTION_END },
};

static const struct example examples[] = {
	{ "git deploy push", "The image of HEAD, under the tag of the commit's id." },
	{ "git deploy push --latest v1.4", "That of v1.4, and latest is it, too." },
	{ "git deploy push --tag \"$USER-try\"", "To try it before it is released." },
	{ NULL, NULL },
};

const struct command cmd_deploy_push = {
	.name = "push",
	.summary = "push the image of a commit to the registry",
	.usage = usage,
	.description =
		"Builds the image of a commit (HEAD without one) as `git deploy build` does, pushes it to "
		"the registry that .deploy.yml names, under the commit's id as tag, and prints its name "
		"with the digest. Nothing is released: no tag that an environment serves is moved, unless "
		"--tag or --latest says so.\n\n"
		"Layers that the registry has are not sent; those of the base image are mounted from its "
		"repository, or copied from its registry. A push that was interrupted goes on where it "
		"was. Where tags cannot be changed, a tag that is on this image already is fine.\n\n"
		"Logins are those of docker and podman (config.json, auth.json, credential helpers); for "
		"Amazon ECR AWS credentials are enough. git config deploy.insecureRegistry names "
		"registries that speak http.",
	.options = options,
	.options_size = sizeof(struct push_options),
	.defaults = &defaults,
	.examples = examples,
	.run = run,
};
