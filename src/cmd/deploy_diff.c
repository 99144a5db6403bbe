/* diff: what is different between two releases. */
#include <inttypes.h>
#include <stddef.h>

#include "base/memory.h"
#include "base/text.h"
#include "cmd/deployment.h"
#include "cmd/release_view.h"

#define DIFF_FORMAT 1
/* Bytes of lists of commits, of files, and of changes of one file. */
#define MAX_LISTING ((size_t)64 << 20)
/* Lines that are shown of each list. */
#define SHOWN_COMMITS 20
#define SHOWN_FILES 10
#define SHOWN_DEPENDENCIES 40

struct diff_options {
	const char *environment;
	bool json, no_fetch;
};

/* The layers of one image that are made of the commit. */
struct image_layers {
	struct manifest manifest;
	bool known;
};

struct diff {
	struct context *ctx;
	struct release_view view;
	struct deployment deployment;
	const struct release *from, *to;
	struct image_layers layers[2];
	char *unknown_layers;      /* why they are not known */
	char *unknown_commits;
	struct buffer commits;     /* "<id> <subject>\n" of those that only TO has */
	size_t nr_commits, nr_lost; /* how many of those, and of those only FROM has */
	struct buffer files;       /* "<status>\0<path>\0" */
	char *dependency_file;
	struct buffer dependencies; /* lines "+name" and "-name" */
};

/* -- git's part -------------------------------------------------------------------------------- */

static struct error *run_git(struct diff *d, const char *const *argv, struct buffer *out)
{
	struct buffer said = BUFFER_INIT_MAX(MAX_LISTING);
	struct process_options options = { .out = out, .err = &said };
	struct error *err = repo_git_read(d->view.repo, argv, &options);
	buffer_release(&said);
	return err;
}

static struct error *count_commits(struct diff *d, const char *range, size_t *nr)
{
	const char *const argv[] = { "rev-list", "--count", range, "--", NULL };
	struct buffer out = BUFFER_INIT_MAX(4096);
	struct error *err = run_git(d, argv, &out);
	*nr = err ? 0 : strtoull(out.data, NULL, 10);
	buffer_release(&out);
	return err;
}

static struct error *read_commits(struct diff *d)
{
	char *gained = xstrfmt("%s..%s", d->from->commit.hex, d->to->commit.hex);
	char *lost = xstrfmt("%s..%s", d->to->commit.hex, d->from->commit.hex);
	char *count = xstrfmt("--max-count=%d", SHOWN_COMMITS);
	const char *const log[] = { "log", "--format=%H %s", count, gained, "--", NULL };
	const char *const files[] = { "diff-tree", "-r", "-z", "--no-renames", "--name-status",
				      d->from->commit.hex, d->to->commit.hex, "--", NULL };
	struct error *err = count_commits(d, gained, &d->nr_commits);
	if (!err)
		err = count_commits(d, lost, &d->nr_lost);
	if (!err)
		err = run_git(d, log, &d->commits);
	if (!err)
		err = run_git(d, files, &d->files);
	free(gained);
	free(lost);
	free(count);
	return err;
}

/* Added and removed lines, without their context. */
static void take_changes(struct buffer *out, const struct buffer *patch)
{
	bool in_hunk = false;
	for (const char *at = patch->data, *end; *at; at = end + 1) {
		end = strchrnul(at, '\n');
		if (starts_with(at, "@@"))
			in_hunk = true;
		else if (in_hunk && end > at + 1 && (*at == '+' || *at == '-')) {
			buffer_add(out, at, (size_t)(end - at));
			buffer_addch(out, '\n');
		}
		if (!*end)
			break;
	}
}

static struct error *read_dependencies(struct diff *d)
{
	const struct deploy_config *config = &d->deployment.config;
	struct buffer patch = BUFFER_INIT_MAX(MAX_LISTING);
	if (!config->dependencies || digest_equals(&d->from->dependencies, &d->to->dependencies))
		return NULL;
	d->dependency_file = *config->context ? xstrfmt("%s/%s", config->context, config->dependencies)
					      : xstrdup(config->dependencies);
	char *literal = xstrfmt(":(literal,top)%s", d->dependency_file);
	const char *const argv[] = { "diff-tree", "-p", "-U0", "--no-ext-diff", "--no-textconv", "--no-color",
				     d->from->commit.hex, d->to->commit.hex, "--", literal, NULL };
	struct error *err = run_git(d, argv, &patch);
	if (!err)
		take_changes(&d->dependencies, &patch);
	buffer_release(&patch);
	free(literal);
	return err;
}

static bool has_commit(struct repo *repo, const struct oid *commit)
{
	struct oid tree;
	struct error *err = repo_commit_tree(repo, commit, &tree);
	bool has = !err;
	error_free(err);
	return has;
}

/* A commit that is not here (of a shallow clone, or pruned) leaves what only the ledger and the registry
 * know. */
static struct error *read_git(struct diff *d)
{
	const struct release *missing = !has_commit(d->view.repo, &d->from->commit)  ? d->from
					: !has_commit(d->view.repo, &d->to->commit) ? d->to
										     : NULL;
	if (missing) {
		d->unknown_commits = xstrfmt("commit %.12s of #%" PRId64 " is not in this clone",
					     missing->commit.hex, missing->number);
		return NULL;
	}
	struct error *err = read_commits(d);
	return err ? err : read_dependencies(d);
}

/* -- the registry's part ----------------------------------------------------------------------- */

static struct error *read_layers(struct diff *d, const struct release *r, struct image_layers *out)
{
	const struct deploy_config *config = &d->deployment.config;
	struct reference ref = { .registry = config->repository.registry,
				 .repository = config->repository.repository, .digest = r->digest };
	struct registries *registries;
	struct buffer bytes = BUFFER_INIT_MAX(OCI_MAX_MANIFEST);
	char *media_type = NULL;
	/* Only the configured registry is asked: the ledger may name any. */
	if (!release_is_here(r, &config->repository))
		return error_new(ERROR_CONFLICT, "#%" PRId64 " is in another repository, %s", r->number,
				 r->repository);
	struct error *err = deployment_registries(&d->deployment, &registries);
	if (!err)
		err = registry_get_manifest(registries, &ref, &bytes, &media_type, NULL);
	if (!err)
		err = manifest_parse(&out->manifest, slice_of(&bytes), r->digest.text);
	out->known = !err;
	free(media_type);
	buffer_release(&bytes);
	return err;
}

static void read_registry(struct diff *d, struct error *err)
{
	if (!err)
		err = read_layers(d, d->from, &d->layers[0]);
	if (!err)
		err = read_layers(d, d->to, &d->layers[1]);
	d->unknown_layers = err ? xstrdup(err->message) : NULL;
	error_free(err);
}

static bool is_tree_layer(const struct descriptor *layer)
{
	const char *kind = descriptor_annotation(layer, ANNOTATION_LAYER);
	return kind && !strcmp(kind, "tree") && descriptor_annotation(layer, ANNOTATION_PATH);
}

static bool has_layer(const struct manifest *m, const struct descriptor *layer)
{
	for (size_t i = 0; i < m->nr_layers; i++)
		if (digest_equals(&m->layers[i].digest, &layer->digest))
			return true;
	return false;
}

/* The layer of M that has PATH: the one with the longest path above it. */
static const struct descriptor *layer_of(const struct manifest *m, const char *path)
{
	const struct descriptor *best = NULL;
	size_t best_len = 0;
	for (size_t i = 0; i < m->nr_layers; i++) {
		const struct descriptor *layer = &m->layers[i];
		if (!is_tree_layer(layer))
			continue;
		const char *top = descriptor_annotation(layer, ANNOTATION_PATH);
		size_t len = strlen(top);
		bool above = !len || (starts_with(path, top) && (path[len] == '/' || !path[len]));
		if (above && (!best || len >= best_len)) {
			best = layer;
			best_len = len;
		}
	}
	return best;
}

/* -- for people -------------------------------------------------------------------------------- */

static void add_safe(struct buffer *out, const char *text, size_t len)
{
	text_for_terminal(out, text, len, false);
}

static void add_more(struct buffer *out, size_t all, size_t shown, const char *indent)
{
	if (all > shown)
		buffer_addf(out, "%sand %zu more\n", indent, all - shown);
}

static void print_commits(struct buffer *out, const struct diff *d)
{
	size_t shown = 0;
	if (d->unknown_commits) {
		buffer_addf(out, "commits  not known: %s\n", d->unknown_commits);
		return;
	}
	buffer_addf(out, "commits  %zu new", d->nr_commits);
	if (d->nr_lost)
		buffer_addf(out, ", %zu that only #%" PRId64 " has", d->nr_lost, d->from->number);
	buffer_addch(out, '\n');
	for (const char *at = d->commits.data, *end; (end = strchr(at, '\n')); at = end + 1, shown++) {
		const char *subject = memchr(at, ' ', (size_t)(end - at));
		if (!subject)
			continue;
		buffer_addf(out, "  %.7s ", at);
		add_safe(out, subject + 1, (size_t)(end - subject - 1));
		buffer_addch(out, '\n');
	}
	add_more(out, d->nr_commits, shown, "  ");
}

/* The files of one layer (NULL: all that are in none). */
static size_t print_files(struct buffer *out, const struct diff *d, const struct descriptor *layer)
{
	const char *end = d->files.data + d->files.len;
	size_t nr = 0;
	for (const char *at = d->files.data; at < end;) {
		const char *path = at + strlen(at) + 1;
		if (path >= end)
			break;
		if (!d->layers[1].known || layer_of(&d->layers[1].manifest, path) == layer) {
			if (nr++ < SHOWN_FILES) {
				buffer_addf(out, "    %c ", *at);
				add_safe(out, path, strlen(path));
				buffer_addch(out, '\n');
			}
		}
		at = path + strlen(path) + 1;
	}
	add_more(out, nr, SHOWN_FILES, "    ");
	return nr;
}

static void print_layer(struct buffer *out, const struct diff *d, const struct descriptor *layer)
{
	struct buffer files = BUFFER_INIT;
	const char *path = layer ? descriptor_annotation(layer, ANNOTATION_PATH) : NULL;
	size_t nr = print_files(&files, d, layer);
	if (nr || layer) {
		buffer_addstr(out, "  ");
		if (path && *path)
			add_safe(out, path, strlen(path));
		else
			buffer_addstr(out, layer ? "the top" : "in no layer");
		buffer_addf(out, ": %zu file%s", nr, nr == 1 ? "" : "s");
		if (layer) {
			buffer_addstr(out, ", ");
			text_bytes(out, layer->size);
		}
		buffer_addch(out, '\n');
		buffer_addbuf(out, &files);
	}
	buffer_release(&files);
}

static void print_layers(struct buffer *out, const struct diff *d)
{
	const struct manifest *to = &d->layers[1].manifest;
	size_t changed = 0;
	if (d->unknown_layers) {
		struct buffer safe = BUFFER_INIT;
		add_safe(&safe, d->unknown_layers, strlen(d->unknown_layers));
		buffer_addf(out, "layers   not known: %s\n", safe.data);
		buffer_release(&safe);
		if (d->files.len) {
			buffer_addstr(out, "files\n");
			print_files(out, d, NULL);
		}
		return;
	}
	for (size_t i = 0; i < to->nr_layers; i++)
		changed += !has_layer(&d->layers[0].manifest, &to->layers[i]);
	buffer_addf(out, "layers   %zu of %zu changed\n", changed, to->nr_layers);
	for (size_t i = 0; i < to->nr_layers; i++)
		if (is_tree_layer(&to->layers[i]) && !has_layer(&d->layers[0].manifest, &to->layers[i]))
			print_layer(out, d, &to->layers[i]);
	print_layer(out, d, NULL);
}

static void print_dependencies(struct buffer *out, const struct diff *d)
{
	size_t nr = 0;
	bool equal = digest_equals(&d->from->dependencies, &d->to->dependencies);
	if (equal && !d->to->dependencies.text[0])
		return;
	buffer_addf(out, "dependencies  %s\n", equal ? "unchanged" : "changed");
	for (const char *at = d->dependencies.data, *end; (end = strchr(at, '\n')); at = end + 1) {
		if (nr++ >= SHOWN_DEPENDENCIES)
			continue;
		buffer_addf(out, "  %c ", *at);
		add_safe(out, at + 1, (size_t)(end - at - 1));
		buffer_addch(out, '\n');
	}
	add_more(out, nr, SHOWN_DEPENDENCIES, "  ");
}

static void print_size(struct buffer *out, const struct diff *d)
{
	int64_t from = d->from->image_bytes, to = d->to->image_bytes;
	if (!from || !to)
		return;
	buffer_addstr(out, "size     ");
	text_bytes(out, from);
	if (from != to) {
		buffer_addstr(out, " to ");
		text_bytes(out, to);
	}
	buffer_addch(out, '\n');
}

static void print_diff(const struct diff *d)
{
	struct buffer out = BUFFER_INIT;
	const struct release *both[] = { d->from, d->to };
	for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
		buffer_addf(&out, "%s #%" PRId64 "  ", i ? "to  " : "from", both[i]->number);
		release_add_event(&out, both[i]);
		buffer_addf(&out, "  %.7s  ", both[i]->commit.hex);
		release_add_date(&out, both[i]->date);
		buffer_addch(&out, '\n');
	}
	if (digest_equals(&d->from->digest, &d->to->digest)) {
		buffer_addstr(&out, "the same image\n");
	} else {
		print_commits(&out, d);
		print_layers(&out, d);
		print_dependencies(&out, d);
		print_size(&out, d);
	}
	print_buffer(&out);
	buffer_release(&out);
}

/* -- for programs ------------------------------------------------------------------------------ */

static void write_files(struct json_writer *w, const struct diff *d)
{
	const char *end = d->files.data + d->files.len;
	json_key(w, "files");
	json_begin_array(w);
	for (const char *at = d->files.data; at < end;) {
		const char *path = at + strlen(at) + 1;
		const struct descriptor *layer = d->layers[1].known ? layer_of(&d->layers[1].manifest, path)
			: NULL;
		char status[2] = { *at, '\0' };
		json_begin_object(w);
		json_put_string(w, "status", status);
		json_put_string(w, "path", path);
		json_put_string(w, "layer", layer ? layer->digest.text : NULL);
		json_end_object(w);
		at = path + strlen(path) + 1;
	}
	json_end_array(w);
}

static void write_commits(struct json_writer *w, const struct diff *d)
{
	json_key(w, "commits");
	if (d->unknown_commits) {
		json_null(w);
		return;
	}
	json_begin_object(w);
	json_put_integer(w, "new", (int64_t)d->nr_commits);
	json_put_integer(w, "lost", (int64_t)d->nr_lost);
	json_end_object(w);
}

static void print_json(const struct diff *d)
{
	struct buffer out = BUFFER_INIT;
	struct json_writer w;
	json_writer_init(&w, &out, true);
	json_begin_object(&w);
	json_put_integer(&w, "format", DIFF_FORMAT);
	json_key(&w, "from");
	release_write(&w, d->from);
	json_key(&w, "to");
	release_write(&w, d->to);
	write_commits(&w, d);
	write_files(&w, d);
	json_put_bool(&w, "dependencies_changed", !digest_equals(&d->from->dependencies,
								 &d->to->dependencies));
	json_put_string(&w, "layers_unknown", d->unknown_layers);
	json_end_object(&w);
	buffer_addch(&out, '\n');
	print_buffer(&out);
	buffer_release(&out);
}

/* -- the command ------------------------------------------------------------------------------- */

/* Without names: what is served, and the release before it. */
static struct error *find_releases(struct diff *d, int argc, const char **argv)
{
	const struct releases *all = &d->view.releases;
	const char *environment = d->view.environment;
	struct error *err = NULL;
	if (argc > 1)
		err = releases_find(all, environment, argv[1], &d->to);
	else
		d->to = releases_served(all);
	if (!err && !d->to)
		err = releases_find(all, environment, "", &d->to);
	if (!err && argc)
		err = releases_find(all, environment, argv[0], &d->from);
	else if (!err)
		d->from = releases_number(all, d->to->number - 1);
	if (!err && !d->from)
		err = error_new(ERROR_NOT_FOUND, "#%" PRId64 " is the first release of %s: there is none "
							     "before it",
				d->to->number, environment);
	return err;
}

static void diff_release(struct diff *d)
{
	manifest_release(&d->layers[0].manifest);
	manifest_release(&d->layers[1].manifest);
	buffer_release(&d->commits);
	buffer_release(&d->files);
	buffer_release(&d->dependencies);
	free(d->unknown_layers);
	free(d->unknown_commits);
	free(d->dependency_file);
	deployment_release(&d->deployment);
	release_view_release(&d->view);
}

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv,
			 int *exit_status)
{
	const struct diff_options *o = options;
	struct diff d = { .ctx = ctx, .commits = BUFFER_INIT_MAX(MAX_LISTING),
			  .files = BUFFER_INIT_MAX(MAX_LISTING), .dependencies = BUFFER_INIT };
	(void)exit_status;
	if (argc > 2)
		return error_new(ERROR_USAGE, "diff compares two releases");
	struct error *err = release_view_open(&d.view, ctx, o->environment, !o->no_fetch);
	if (!err)
		err = find_releases(&d, argc, argv);
	if (!err) {
		/* The layers and dependencies are told with the configuration only; the rest is not. */
		struct error *opened = deployment_open(&d.deployment, ctx, "HEAD", NULL);
		bool same = digest_equals(&d.from->digest, &d.to->digest);
		if (!same)
			read_registry(&d, opened);
		else
			error_free(opened);
		err = same ? NULL : read_git(&d);
	}
	if (!err && o->json)
		print_json(&d);
	else if (!err)
		print_diff(&d);
	if (!err && d.unknown_commits)
		say_hint(ctx, "`git fetch --unshallow`, or `git fetch --tags`, brings commits that are "
			      "missing");
	diff_release(&d);
	return err;
}

static const char *const usage[] = { "[<options>] [<release> [<release>]]", NULL };

#define AT(member) offsetof(struct diff_options, member)
static const struct option options[] = {
	OPTION_ENVIRONMENT(AT(environment)),
	{ OPTION_BOOL, 0, "no-fetch", AT(no_fetch), NULL, "do not ask the remote: what this clone knows" },
	{ OPTION_BOOL, 0, "json", AT(json), NULL, "print JSON" },
	{ .kind = OPTION_END },
};

static const struct example examples[] = {
	{ "git deploy diff", "What the release that is served changed." },
	{ "git deploy diff 11 12", "From release #11 to #12." },
	{ "git deploy diff 11", "From release #11 to the one that is served." },
	{ NULL, NULL },
};

const struct command cmd_deploy_diff = {
	.name = "diff",
	.summary = "show what is different between two releases",
	.usage = usage,
	.description =
		"Shows the commits between two releases, the files that changed under the layer each is in, "
		"what changed in the list of dependencies, and the images' sizes. A release is named by its "
		"number, its tag, or the beginning of its commit or digest. Without a second name it is the "
		"one that is served; without any, that one and the one before it.\n\n"
		"Layers are asked of the registry; without it the files are listed all the same.",
	.options = options,
	.options_size = sizeof(struct diff_options),
	.examples = examples,
	.run = run,
};
