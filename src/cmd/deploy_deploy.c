/* deploy: a tag for HEAD, and its release. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include "base/memory.h"
#include "base/terminal.h"
#include "base/text.h"
#include "cmd/deploy_instance.h"
#include "cmd/release_ci.h"
#include "cmd/release_run.h"
#include "cmd/release_view.h"
#include "deploy/release_tag.h"

struct deploy_options {
	const char *environment, *note, *builder;
	bool accept_cost, tag_only, dry_run;
	int push_tag;
	int refresh; /* -1: as git config deploy.refresh says */
};

/* -- the tag ----------------------------------------------------------------------------------- */

/* What is deployed, and the tag that asks for it once it is there. */
struct deploying {
	struct release_run *run;
	const struct deploy_options *o;
	struct releases all;
	struct release_tag_made made;
};

/* Of a tag of the commit: whether its release can still be made. */
static bool is_unused(const char *name, void *data)
{
	const struct deploying *d = data;
	const struct release *done;
	struct error *err = release_check(&d->all, d->run->environment, name, &d->run->d.commit, &done);
	bool unused = !err && !done;
	error_free(err);
	return unused;
}

static struct error *make_tag(struct deploying *d)
{
	const struct release_run *run = d->run;
	const struct deploy_options *o = d->o;
	struct release_tag_request request = {
		.environment = run->environment,
		.commit = run->d.commit,
		.note = o->note,
		.remote = run->settings.remote,
		.push = o->push_tag != 0,
		.dry_run = o->dry_run,
		.now = run->settings.now,
	};
	return release_tag_make(run->d.repo, &request, is_unused, d, &d->made);
}

static struct error *make_tag_of_image(void *data, char **name)
{
	struct deploying *d = data;
	struct error *err = make_tag(d);
	*name = err ? NULL : xstrdup(d->made.name);
	return err;
}

static char *tag_line(const struct deploying *d)
{
	return xstrfmt("%s %s%s", d->made.made ? "tagged" : "taking up", d->made.name,
		       d->made.pushed		 ? ", pushed"
		       : d->run->settings.remote ? ", not pushed"
						 : "");
}

/* -- what is said when nothing is done --------------------------------------------------------- */

static void print_line(const struct buffer *line)
{
	struct buffer safe = BUFFER_INIT;
	text_for_terminal(&safe, line->data, line->len, false);
	buffer_addch(&safe, '\n');
	print_buffer(&safe);
	buffer_release(&safe);
}

static void add_layers(struct buffer *line, const struct assembly *a)
{
	size_t reused = 0;
	for (size_t i = 0; i < a->image.nr_layers; i++)
		reused += a->image.layers[i].reused || a->image.layers[i].origin == LAYER_BASE;
	if (a->builder)
		buffer_addf(line, "would have a builder make the image (%s)", a->builder);
	else
		buffer_addf(line, "would build %zu of %zu layers", a->image.nr_layers - reused,
			    a->image.nr_layers);
	if (a->dependencies_stale)
		buffer_addstr(line, ", with new dependencies");
}

static struct error *print_plan(struct deploying *d)
{
	struct release_run *run = d->run;
	const struct deploy_options *o = d->o;
	const struct release_tag_made *made = &d->made;
	struct assembly a = { 0 };
	struct buffer line = BUFFER_INIT;
	struct moving_tag tags[RELEASE_MAX_TAGS];
	struct assemble_settings settings = {
		.repo = run->d.repo,
		.commit = run->d.commit,
		.registries = run->d.registries,
		.builder = o->builder,
		.cache = run->cache,
		.source = run->source,
		.plan_only = true,
		.stop = run->ctx->stop,
	};
	buffer_addf(&line, "would %s %s at %.7s ", made->made ? "tag" : "take up", made->name,
		    run->d.commit.hex);
	release_add_subject(&line, run->d.repo, &run->d.commit);
	print_line(&line);
	if (o->tag_only) {
		buffer_release(&line);
		return NULL;
	}
	struct error *err = assemble(&a, &run->d.config, &settings);
	buffer_reset(&line);
	if (!err) {
		size_t nr = release_moving_tags(&run->d.config, run->environment, run->settings.canary, tags);
		add_layers(&line, &a);
		buffer_addf(&line, ", push to %s/%s and move ", run->d.config.repository.registry,
			    run->d.config.repository.repository);
		for (size_t i = 0; i < nr; i++)
			buffer_addf(&line, "%s%s", i ? ", " : "", tags[i].name);
		moving_tags_free(tags, nr);
		print_line(&line);
	}
	assembly_release(&a);
	buffer_release(&line);
	return err;
}

/* -- the command ------------------------------------------------------------------------------- */

/* HEAD is what is served already. */
static const struct release *find_served(const struct release_run *run, const struct releases *all)
{
	const struct release *served = releases_served(all), *canary = releases_canary(all);
	const struct release *newest = canary ? canary : served;
	return newest && !strcmp(newest->commit.hex, run->d.commit.hex) ? newest : NULL;
}

static void print_tag(const struct deploying *d)
{
	struct buffer line = BUFFER_INIT;
	char *tagged = tag_line(d);
	buffer_addstr(&line, tagged);
	print_line(&line);
	if (!d->made.pushed)
		say_hint(d->run->ctx, "`git deploy release %s` releases it", d->made.name);
	buffer_release(&line);
	free(tagged);
}

static struct error *release(struct deploying *d, int *exit_status)
{
	struct release_run *run = d->run;
	const struct deploy_options *o = d->o;
	struct release_outcome out = { 0 };
	const struct release_source source = { .make_tag = make_tag_of_image, .make_tag_data = d,
					       .builder = o->builder };
	struct error *err = release_run_make(run, &source, o->accept_cost, &out, exit_status);
	char *tagged = d->made.name ? tag_line(d) : NULL;
	char *prefix = xstrfmt("%s%s", tagged ? tagged : "", tagged ? "; " : "");
	if (err && tagged)
		deployed_say("%s", tagged);
	if (!err)
		release_run_say(run, &out, prefix);
	if (!err)
		err = release_run_instance(run, &out, o->refresh < 0 ? release_run_refreshes(run)
					   : o->refresh > 0,
					   exit_status);
	release_outcome_release(&out);
	free(prefix);
	free(tagged);
	return err;
}

/* A release that is there may have been interrupted before the registry's tags were moved. When the registry
 * does not have its image any more, or has it of something else, it is to be deployed anew: *GONE. */
static struct error *finish(struct release_run *run, const struct release *served, bool dry_run, bool *gone)
{
	struct release_outcome out = { 0 };
	struct buffer line = BUFFER_INIT;
	struct error *err = dry_run ? NULL : release_serve(&out, &run->settings);
	progress_hide(run->progress);
	*gone = error_is(err, ERROR_NOT_FOUND) || error_is(err, ERROR_CONFLICT);
	if (*gone) {
		say_warning("%s: it is deployed anew", err->message);
		error_free(err);
		err = NULL;
	} else if (!err) {
		buffer_addf(&line, "HEAD is release #%" PRId64 " of %s already%s", served->number,
			    run->environment,
			    out.moved ? "; the registry's tags were not in place: they are now" : "");
		print_line(&line);
	}
	buffer_release(&line);
	release_outcome_release(&out);
	return err;
}

static struct error *deploy_anew(struct deploying *d, int *exit_status)
{
	struct error *err;
	if (!d->o->tag_only && !d->o->dry_run)
		return release(d, exit_status);
	err = make_tag(d);
	if (!err && d->o->dry_run)
		err = print_plan(d);
	else if (!err)
		print_tag(d);
	return err;
}

static struct error *deploy(struct release_run *run, const struct deploy_options *o, int *exit_status)
{
	struct deploying d = { .run = run, .o = o };
	const struct release *served = NULL;
	struct error *err = NULL;
	bool to_do = true;
	if (run->settings.remote)
		err = releases_fetch(run->d.repo, run->settings.remote, run->environment, NULL);
	run->settings.fetched = true;
	if (!err)
		err = releases_read(run->d.repo, run->environment, 0, &d.all);
	if (!err)
		served = find_served(run, &d.all);
	if (served && !o->tag_only)
		err = finish(run, served, o->dry_run, &to_do);
	if (!err && to_do)
		err = deploy_anew(&d, exit_status);
	free(d.made.name);
	releases_release(&d.all);
	return err;
}

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv,
			 int *exit_status)
{
	const struct deploy_options *o = options;
	struct release_run run = { 0 };
	const char *tag;
	if (argc)
		return error_with_hint(error_new(ERROR_USAGE, "'%s' is no command of git deploy", argv[0]),
				       "`git deploy` deploys HEAD; `git deploy release %s` releases what has "
				       "a name",
				       argv[0]);
	/* A job runs for a tag or not at all; it makes none. */
	struct error *err = release_ci_tag(true, &tag);
	if (!err)
		err = release_run_open(&run, ctx, NULL, o->environment, NULL, o->note);
	if (!err)
		err = deploy(&run, o, exit_status);
	release_run_release(&run);
	return err;
}

static const char *const usage[] = { "[<options>]", NULL };

#define AT(member) offsetof(struct deploy_options, member)
static const struct option options[] = {
	OPTION_ENVIRONMENT(AT(environment)),
	{ OPTION_STRING, 'm', "note", AT(note), "<text>", "why, for the tag and the ledger" },
	{ OPTION_BOOL, 0, "tag-only", AT(tag_only), NULL, "make and push the tag; the rest is CI's" },
	{ OPTION_SWITCH, 0, "push-tag", AT(push_tag), NULL, "push the tag to the remote (the default)",
	  "Pushes the tag to the remote, which is the default: git config deploy.remote, or origin. "
	  "--no-push-tag keeps it here; the ledger is pushed all the same.", NULL, NULL },
	{ OPTION_STRING, 0, "builder", AT(builder), "<name>", "docker, buildah or podman, for dependencies" },
	{ OPTION_SWITCH, 0, "refresh", AT(refresh), NULL, "have a running instance take the image now",
	  "As for `git deploy release`.", NULL, NULL },
	{ OPTION_BOOL, 0, "accept-cost", AT(accept_cost), NULL, "make a repository that the registry lacks",
	  "As for `git deploy release`.", NULL, NULL },
	{ OPTION_BOOL, 'n', "dry-run", AT(dry_run), NULL, "say what would be done, and do nothing" },
	{ .kind = OPTION_END },
};

static const struct deploy_options defaults = { .push_tag = 1, .refresh = -1 };

static const struct example examples[] = {
	{ "git deploy", "Builds and pushes the image of HEAD, tags HEAD, records the release." },
	{ "git deploy --env test -m 'try the new model'", "The same for another environment, with a "
							  "reason." },
	{ "git deploy --tag-only", "Leaves the release to the job that runs on tags deploy-*." },
	{ NULL, NULL },
};

const struct command cmd_deploy_deploy = {
	.name = "deploy",
	.summary = "build and push the image of HEAD, tag it, record the release",
	.usage = usage,
	.description =
		"Builds the image of HEAD and pushes it under the commit's id; then makes the annotated tag "
		"deploy-<environment>-<UTC date>-<n> at HEAD, with the next number of the day that neither "
		"this repository nor the remote has, pushes that, and records and serves the release as "
		"`git deploy release` does. What cannot be built or pushed gets no tag. What is not "
		"committed is not deployed.\n\n"
		"A tag that HEAD has already and that is not released yet is taken up: so a deployment that "
		"was interrupted goes on with the same command. If HEAD is what is served, nothing is done.",
	.options = options,
	.options_size = sizeof(struct deploy_options),
	.defaults = &defaults,
	.examples = examples,
	.run = run,
};
