#include "deploy/assemble.h"

#include "base/hex.h"
#include "base/memory.h"
#include "base/text.h"
#include "deploy/assemble_parts.h"
#include "deploy/leaks.h"
#include "image/dockerfile.h"

#define DOCKER_IGNORE_MAX ((size_t)64 << 10)

char *assemble_commit_tag(const struct oid *commit)
{
	return xstrdup(commit->hex);
}

void assembling_say(const struct assembling *a, const char *what)
{
	if (a->settings->progress)
		a->settings->progress(a->settings->progress_data, what, 0, 0);
}

/* -- the commit ------------------------------------------------------------------------------- */

static struct error *find_context(struct assembling *a)
{
	struct tree_entry e;
	struct error *err = repo_commit_tree(a->settings->repo, &a->settings->commit, &a->tree);
	a->context = a->tree;
	if (err || !*a->config->context)
		return err;
	err = repo_tree_lookup(a->settings->repo, &a->tree, a->config->context, &e);
	if (error_is(err, ERROR_NOT_FOUND) || (!err && e.mode != 040000)) {
		error_free(err);
		return error_new(ERROR_NOT_FOUND, "%s: the context '%s' is no folder of the commit",
				 DEPLOY_CONFIG_FILE, a->config->context);
	}
	if (!err)
		a->context = e.oid;
	return err;
}

static struct error *read_ignore(struct assembling *a)
{
	struct buffer text = BUFFER_INIT_MAX(DOCKER_IGNORE_MAX);
	struct tree_entry e;
	struct error *err = repo_tree_lookup(a->settings->repo, &a->context, ".dockerignore", &e);
	if (error_drop_if(&err, ERROR_NOT_FOUND))
		return NULL;
	if (!err)
		err = repo_read_object(a->settings->repo, &e.oid, OBJECT_BLOB, &text);
	if (!err)
		err = docker_ignore_parse(&a->ignore, slice_of(&text), ".dockerignore");
	buffer_release(&text);
	return err;
}

/* -- .deploy.yml without a Dockerfile --------------------------------------------------------- */

static void add_variable(struct image_spec *spec, const char *name, const char *value)
{
	spec->environment =
	    xreallocarray(spec->environment, spec->nr_environment + 1, sizeof(*spec->environment));
	spec->environment[spec->nr_environment++] = (struct image_variable){ xstrdup(name), xstrdup(value) };
}

static char **copy_strings(char *const *items, size_t nr)
{
	char **out = nr ? xcalloc(nr, sizeof(*out)) : NULL;
	for (size_t i = 0; i < nr; i++)
		out[i] = xstrdup(items[i]);
	return out;
}

static void spec_of_config(struct image_spec *spec, const struct deploy_config *c)
{
	bool all = !c->nr_files;
	bool python = c->dependencies && !ends_with(c->dependencies, "package.json");
	bool buffered = true;
	spec->nr_copies = all ? 1 : c->nr_files;
	spec->copies = xcalloc(spec->nr_copies, sizeof(*spec->copies));
	for (size_t i = 0; i < spec->nr_copies; i++)
		spec->copies[i] =
		    all ? (struct image_copy){ .from = xstrdup(""), .to = xstrdup(ASSEMBLE_FOLDER) }
			: (struct image_copy){ .from = xstrdup(c->files[i]),
					       .to = xstrfmt(ASSEMBLE_FOLDER "/%s", c->files[i]) };
	spec->workdir = xstrdup("/" ASSEMBLE_FOLDER);
	spec->user = c->user ? xstrdup(c->user) : NULL;
	spec->command = copy_strings(c->command, c->nr_command);
	spec->nr_command = c->nr_command;
	for (size_t i = 0; i < c->nr_environment; i++) {
		add_variable(spec, c->environment[i].name, c->environment[i].value);
		buffered &= strcmp(c->environment[i].name, "PYTHONUNBUFFERED") != 0;
	}
	/* Or the journal has what was printed only when there is much of it. */
	if (python && buffered)
		add_variable(spec, "PYTHONUNBUFFERED", "1");
	spec->ports = xmalloc(sizeof(*spec->ports));
	spec->ports[0] = c->port;
	spec->nr_ports = 1;
}

/* -- a Dockerfile ----------------------------------------------------------------------------- */

static struct error *read_dockerfile(struct assembling *a, struct buffer *text)
{
	struct tree_entry e;
	struct error *err = repo_tree_lookup(a->settings->repo, &a->tree, a->config->dockerfile, &e);
	if (error_drop_if(&err, ERROR_NOT_FOUND))
		return error_with_hint(
		    error_new(ERROR_NOT_FOUND, "%s: '%s' is not in the commit", DEPLOY_CONFIG_FILE,
			      a->config->dockerfile),
		    "only what is committed is deployed: add it, or change `image.dockerfile`");
	if (!err)
		err = repo_read_object(a->settings->repo, &e.oid, OBJECT_BLOB, text);
	return err;
}

/* Moves what D says into the assembly's specification, which has the base and the platform already. */
static void take_spec(struct assembly *out, struct dockerfile *d)
{
	struct image_spec *spec = &out->spec, old = *spec;
	reference_release(&d->spec.base);
	platform_release(&d->spec.platform);
	*spec = d->spec;
	spec->base = old.base;
	spec->platform = old.platform;
	spec->context = old.context;
	d->spec = (struct image_spec){ 0 };
}

/* The Dockerfile may say for which platform it is. */
static struct error *check_platform(struct assembling *a, const struct dockerfile *d)
{
	const struct platform *p = &a->out->spec.platform, *other = &d->spec.platform;
	if (!other->os || (!strcmp(p->os, other->os) && !strcmp(p->architecture, other->architecture)))
		return NULL;
	struct buffer says = BUFFER_INIT;
	platform_add(&says, other);
	struct error *err =
	    error_with_hint(error_new(ERROR_UNSUPPORTED, "%s is for %s, %s for %s", a->config->dockerfile,
				      says.data, DEPLOY_CONFIG_FILE, a->config->platform),
			    "make `image.platform` the same, or leave --platform out of the Dockerfile");
	buffer_release(&says);
	return err;
}

/* Reads the Dockerfile twice: for its base, and then for what it means on that base. */
static struct error *use_dockerfile(struct assembling *a, struct dockerfile *d, const struct buffer *text)
{
	const char *file = a->config->dockerfile;
	struct error *err = dockerfile_parse(d, slice_of(text), file, NULL);
	if (!err)
		err = check_platform(a, d);
	if (err)
		return err;
	reference_copy(&a->out->spec.base, &d->spec.base);
	if (d->spec.base.registry)
		err = assemble_base(a);
	if (err || d->beyond)
		return err;
	dockerfile_release(d);
	err = dockerfile_parse(d, slice_of(text), file, a->out->base_config);
	if (!err && !d->beyond)
		err = dockerfile_resolve(d, a->settings->repo, &a->context, a->ignore, file);
	return err;
}

/* -- dependencies ----------------------------------------------------------------------------- */

/* "FROM" the base's manifest for the platform, in the words that every builder knows. */
static void add_from(struct assembling *a, struct buffer *out)
{
	const struct reference *base = &a->out->spec.base;
	const char *registry = strcmp(base->registry, "registry-1.docker.io") ? base->registry : "docker.io";
	buffer_addf(out, "FROM %s/%s@%s\n", registry, base->repository, a->out->base_platform.text);
	/* Compilers and archivers put this date into what they write, instead of today's. */
	buffer_addf(out, "ARG SOURCE_DATE_EPOCH=%d\n", BUILD_FILE_TIME);
}

static void write_dependency_file(struct assembling *a, struct slice instructions, struct buffer *out)
{
	const char *newline = instructions.len ? memchr(instructions.data, '\n', instructions.len) : NULL;
	/* "# escape=" has to stay the first line. */
	if (newline && *instructions.data == '#') {
		size_t len = (size_t)(newline + 1 - instructions.data);
		buffer_add(out, instructions.data, len);
		instructions = (struct slice){ instructions.data + len, instructions.len - len };
	}
	add_from(a, out);
	buffer_add(out, instructions.data, instructions.len);
}

/* -- earlier images --------------------------------------------------------------------------- */

/* Asks at once for the dependencies' manifest (the first request, if there are any) and those of earlier
 * images. */
static struct error *ask_for_earlier(struct assembling *a, struct manifest *dependencies)
{
	struct assembly *out = a->out;
	const struct assemble_settings *s = a->settings;
	struct manifest_request requests[ASSEMBLE_MAX_EARLIER + 3];
	struct reference refs[ASSEMBLE_MAX_EARLIER + 3];
	bool wanted = out->dependencies_input.text[0];
	char *deps = wanted ? assemble_dependencies_tag(&out->dependencies_input) : NULL;
	char *own = assemble_commit_tag(&s->commit);
	const char *tags[ASSEMBLE_MAX_EARLIER + 3];
	size_t nr = 0;
	if (wanted)
		tags[nr++] = deps;
	tags[nr++] = own;
	tags[nr++] = "latest";
	for (size_t i = 0; i < s->nr_earlier && i < ASSEMBLE_MAX_EARLIER; i++)
		tags[nr++] = s->earlier[i];
	for (size_t i = 0; i < nr; i++) {
		refs[i] = a->config->repository;
		refs[i].tag = (char *)tags[i];
		requests[i].ref = &refs[i];
	}
	assembling_say(a, "asking for earlier images");
	struct error *err = registry_get_manifests(s->registries, requests, nr);
	out->earlier = xcalloc(nr, sizeof(*out->earlier));
	out->earlier_list = xcalloc(nr, sizeof(*out->earlier_list));
	for (size_t i = 0; i < nr; i++) {
		struct manifest *m = wanted && !i ? dependencies : &out->earlier[out->nr_earlier];
		struct error *bad = !err && requests[i].found
					? manifest_parse(m, slice_of(&requests[i].bytes), tags[i])
					: error_new(ERROR_NOT_FOUND, "not there");
		if (bad)
			*m = (struct manifest){ 0 };
		else if (m != dependencies)
			out->earlier_list[out->nr_earlier++] = m;
		error_free(bad);
		buffer_release(&requests[i].bytes);
	}
	free(deps);
	free(own);
	return err;
}

/* -- all of it -------------------------------------------------------------------------------- */

static void tell_files(void *data, size_t done, size_t total)
{
	const struct assembling *a = data;
	if (a->settings->progress)
		a->settings->progress(a->settings->progress_data, "files", done, total);
}

#define REVISION "org.opencontainers.image.revision"

/* The commit of the newest of the earlier images, as far as they tell; else empty. */
static struct oid earlier_commit(const struct assembly *out)
{
	struct oid commit = { "" };
	for (size_t i = 0; i < out->nr_earlier && !*commit.hex; i++) {
		const struct manifest *m = out->earlier_list[i];
		for (size_t k = 0; k < m->nr_annotations; k++) {
			const char *value = m->annotations[k].value;
			size_t len = strlen(value);
			if (!strcmp(m->annotations[k].key, REVISION) && (len == 40 || len == 64) &&
			    hex_is(value, len))
				memcpy(commit.hex, value, len + 1);
		}
	}
	return commit;
}

/* What no layer of ours shows: files that the image is made by, the whole context when it goes to a builder;
 * and (afterwards, when what is in layers need not be read again) what the repository's HISTORY, to which the
 * image's label leads, gives away. */
static struct error *look_for_secrets(struct assembling *a, bool history)
{
	struct assembly *out = a->out;
	const struct assemble_settings *s = a->settings;
	struct oid earlier = earlier_commit(out);
	struct buffer lines = BUFFER_INIT;
	struct leak *leaks;
	size_t nr;
	if (s->plan_only)
		return NULL;
	assembling_say(a, "looking for secrets");
	struct error *err = leaks_find(&leaks, &nr, s->repo, &s->commit, out->builder ? &out->spec : NULL,
				       a->config, history, &earlier);
	if (err)
		return err;
	err = leaks_error(leaks, nr);
	leaks_warn(&lines, leaks, nr);
	if (history && lines.len)
		out->warnings = buffer_detach(&lines, NULL);
	leaks_free(leaks, nr);
	buffer_release(&lines);
	return err;
}

static struct error *build(struct assembling *a)
{
	struct assembly *out = a->out;
	const struct assemble_settings *s = a->settings;
	out->build = (struct build_settings){
		.repo = s->repo,
		.commit = s->commit,
		.source = s->source,
		.base_manifest = out->builder ? NULL : &out->base_manifest,
		.base_config = out->builder ? NULL : out->base_config,
		.base_digest = out->base_digest,
		.dependencies = out->dependencies,
		.nr_dependencies = out->nr_dependencies,
		.dependencies_config = out->dependencies_config,
		.earlier = out->earlier_list,
		.nr_earlier = out->nr_earlier,
		.target = a->config->repository.registry ? &a->config->repository : NULL,
		.cache = s->cache,
		.stop = s->stop,
		.progress = tell_files,
		.progress_data = a,
	};
	struct leaks_watch *watch = s->plan_only ? NULL : leaks_watch_new(s->repo, a->config);
	if (watch) {
		out->build.inspect = leaks_watch_inspect;
		out->build.judge = leaks_watch_judge;
		out->build.inspect_data = watch;
	}
	struct error *err = s->plan_only ? image_plan(&out->image, &out->spec, &out->build)
					 : image_build(&out->image, &out->spec, &out->build);
	leaks_watch_free(watch);
	out->build.progress = NULL;
	out->build.inspect = NULL;
	out->build.judge = NULL;
	out->build.progress_data = out->build.inspect_data = NULL;
	return err;
}

/* All that a builder may be asked for. */
struct plan {
	struct dockerfile d;
	struct buffer file; /* the Dockerfile that it gets */
	char **inputs;
	size_t nr_inputs;
};

static void base_is_unknown(struct assembly *out)
{
	manifest_release(&out->base_manifest);
	cJSON_Delete(out->base_config);
	out->base_manifest = (struct manifest){ 0 };
	out->base_config = NULL;
}

/* What is to be made by whom, as far as that can be said without a registry but the base's. */
static struct error *decide(struct assembling *a, struct plan *p)
{
	struct assembly *out = a->out;
	struct buffer text = BUFFER_INIT_MAX(DOCKERFILE_MAX_SIZE), recipe = BUFFER_INIT;
	struct error *err;
	if (a->config->dockerfile) {
		err = read_dockerfile(a, &text);
		if (!err)
			err = use_dockerfile(a, &p->d, &text);
		if (!err && p->d.beyond) {
			out->builder = xstrdup(p->d.beyond);
			base_is_unknown(out);
			buffer_addbuf(&p->file, &text);
		} else if (!err) {
			take_spec(out, &p->d);
			if (p->d.dependencies.len)
				write_dependency_file(a, slice_of(&p->d.dependencies), &p->file);
		}
	} else {
		err = reference_parse(&out->spec.base, a->config->base);
		if (!err)
			err = assemble_base(a);
		if (!err)
			spec_of_config(&out->spec, a->config);
		if (!err)
			err = assemble_recipe(a, &recipe, &p->inputs, &p->nr_inputs);
		if (!err && recipe.len)
			write_dependency_file(a, slice_of(&recipe), &p->file);
	}
	buffer_release(&text);
	buffer_release(&recipe);
	return err;
}

static struct error *run(struct assembling *a, struct plan *p)
{
	struct assembly *out = a->out;
	const struct reference *base = &out->spec.base;
	struct manifest found = { 0 };
	const char *const none[] = { NULL };
	char **inputs = p->inputs ? p->inputs : p->d.inputs;
	struct builder_job job = {
		.repo = a->settings->repo,
		.commit = a->settings->commit,
		.context = a->config->context,
		.inputs = out->builder ? NULL
			  : inputs     ? (const char *const *)inputs
				       : none,
		.nr_inputs = p->inputs ? p->nr_inputs : p->d.nr_inputs,
		.dockerfile = slice_of(&p->file),
		.platform = &out->spec.platform,
		.insecure = base->registry && registries_use_http(a->settings->registries, base->registry)
				? base->registry
				: NULL,
	};
	struct error *err =
	    p->file.len ? builder_input_hash(&job, &out->base_platform, &out->dependencies_input) : NULL;
	if (!err && !a->settings->offline && a->config->repository.registry)
		err = ask_for_earlier(a, &found);
	if (!err)
		err = look_for_secrets(a, false);
	if (!err && p->file.len)
		err = assemble_dependencies(a, &job, found.media_type ? &found : NULL);
	if (!err && !(out->dependencies_stale && out->builder))
		err = build(a);
	if (!err)
		err = look_for_secrets(a, true);
	manifest_release(&found);
	return err;
}

struct error *assemble(struct assembly *out, const struct deploy_config *config,
		       const struct assemble_settings *settings)
{
	struct assembling a = { .out = out, .config = config, .settings = settings };
	struct plan p = { .file = BUFFER_INIT };
	*out = (struct assembly){ .image = { .config = BUFFER_INIT, .manifest = BUFFER_INIT } };
	out->spec.context = xstrdup(config->context);
	struct error *err = platform_parse(&out->spec.platform, config->platform);
	if (!err)
		err = find_context(&a);
	if (!err)
		err = read_ignore(&a);
	if (!err)
		err = decide(&a, &p);
	if (!err)
		err = run(&a, &p);
	docker_ignore_free(a.ignore);
	if (config->dockerfile)
		dockerfile_release(&p.d);
	strings_free(p.inputs, p.nr_inputs);
	buffer_release(&p.file);
	return err;
}

struct error *assembly_push(struct assembly *out, const struct deploy_config *config,
			    const struct assemble_settings *settings, const struct reference *target,
			    const char *const *tags, size_t nr_tags, struct push_result *result)
{
	struct registries *r = settings->registries;
	struct assemble_settings again = *settings;
	struct error *err = image_push(r, &out->image, target, tags, nr_tags, result);
	if (!err || !result->layers_gone)
		return err;
	error_free(err);
	if (settings->progress)
		settings->progress(settings->progress_data, "the registry lost a layer: making it again", 0, 0);
	assembly_release(out);
	again.offline = true;
	err = assemble(out, config, &again);
	return err ? err : image_push(r, &out->image, target, tags, nr_tags, result);
}

void assembly_release(struct assembly *a)
{
	image_release(&a->image);
	image_spec_release(&a->spec);
	manifest_release(&a->base_manifest);
	cJSON_Delete(a->base_config);
	for (size_t i = 0; i < a->nr_dependencies; i++)
		layer_release(&a->dependencies[i]);
	free(a->dependencies);
	cJSON_Delete(a->dependencies_config);
	sbom_packages_free(a->packages, a->nr_packages);
	for (size_t i = 0; i < a->nr_earlier; i++)
		manifest_release(&a->earlier[i]);
	free(a->earlier);
	free(a->earlier_list);
	free(a->builder);
	free(a->warnings);
	*a = (struct assembly){ 0 };
}
