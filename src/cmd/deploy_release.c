/* release: from a tag to an image in the registry, an entry in the ledger, and tags that name it. */
#include <inttypes.h>
#include <stddef.h>

#include "base/memory.h"
#include "base/text.h"
#include "cmd/release_ci.h"
#include "cmd/release_run.h"
#include "cmd/release_summary.h"
#include "cmd/release_view.h"
#include "deploy/release_tag.h"

struct release_options {
	const char *environment, *note, *builder, *summary;
	bool json, accept_cost;
	int refresh; /* -1: as git config deploy.refresh says */
};

/* What is to be released, as it was found. */
struct subject {
	char *tag;                 /* NULL: a commit without one */
	char *rev;                 /* what names the commit */
	char *environment;         /* of the tag; NULL: as --env or .deploy.yml says */
	struct release_tag_object object;
};

static void subject_release(struct subject *s)
{
	free(s->tag);
	free(s->rev);
	free(s->environment);
	release_tag_object_release(&s->object);
}

/* -- what is released -------------------------------------------------------------------------- */

/* A tag that is only at the remote, as in a shallow clone, is fetched. */
static struct error *read_tag(struct subject *s, struct repo *repo)
{
	struct error *err = release_tag_read(repo, s->tag, &s->object);
	const char *remote = release_remote(repo);
	if (!error_is(err, ERROR_NOT_FOUND) || !remote)
		return err;
	struct error *fetched = release_tag_fetch(repo, s->tag, remote);
	if (fetched) {
		error_free(fetched);
		return err;
	}
	error_free(err);
	return release_tag_read(repo, s->tag, &s->object);
}

static struct error *take_tag(struct subject *s, struct repo *repo, const char *name, const char *environment)
{
	struct release_tag tag;
	if (!release_tag_parse(&tag, name))
		return error_with_hint(error_new(ERROR_USAGE, "the tag '%s' asks for no release", name),
				       "such tags are deploy-<environment>-<date>-<n>, as `git deploy` makes "
				       "them");
	if (environment && strcmp(environment, tag.environment) != 0)
		return error_new(ERROR_USAGE, "the tag '%s' is one of '%s', not of '%s'", name,
				 tag.environment,
				 environment);
	s->tag = xstrdup(name);
	s->rev = xstrfmt("refs/tags/%s", name);
	s->environment = xstrdup(tag.environment);
	return read_tag(s, repo);
}

/* The newest tag of HEAD. */
static struct error *take_head(struct subject *s, struct context *ctx, struct repo *repo,
			       const char *environment)
{
	struct release_view view;
	struct oid head;
	char *name = NULL;
	struct error *err = release_view_open(&view, ctx, environment, false);
	if (!err)
		err = repo_head(repo, &head);
	if (!err)
		err = release_tag_find(repo, view.environment, &head, &name);
	if (!err && !name)
		err = error_with_hint(error_new(ERROR_USAGE, "HEAD has no tag deploy-%s-...",
						view.environment),
				      "`git deploy` makes one and releases it; `git deploy release HEAD` "
				      "releases without a tag");
	if (!err)
		err = take_tag(s, repo, name, NULL);
	free(name);
	release_view_release(&view);
	return err;
}

static struct error *find_subject(struct subject *s, struct context *ctx, const char *named,
				  const char *environment)
{
	struct repo *repo;
	struct release_tag tag;
	const char *of_ci = NULL, *plain = named;
	struct error *err = release_ci_tag(named != NULL, &of_ci);
	if (!err)
		err = context_repo(ctx, &repo);
	if (err)
		return err;
	if (named)
		skip_prefix(named, "refs/tags/", &plain);
	if (plain && release_tag_parse(&tag, plain))
		return take_tag(s, repo, plain, environment);
	if (named) {
		s->rev = xstrdup(named);
		return NULL;
	}
	return of_ci ? take_tag(s, repo, of_ci, environment) : take_head(s, ctx, repo, environment);
}

/* -- the command ------------------------------------------------------------------------------- */

static void print_json(const struct release_outcome *o)
{
	struct buffer out = BUFFER_INIT;
	struct json_writer w;
	json_writer_init(&w, &out, true);
	json_begin_object(&w);
	json_put_integer(&w, "format", 1);
	json_key(&w, "release");
	release_write(&w, &o->release);
	json_put_bool(&w, "added", o->added);
	json_put_bool(&w, "built", o->built);
	json_put_integer(&w, "build_ms", (int64_t)o->build_ms);
	json_put_integer(&w, "push_ms", (int64_t)o->push_ms);
	json_put_integer(&w, "layers", (int64_t)o->push.layers);
	json_put_integer(&w, "layers_sent", (int64_t)o->push.sent);
	json_put_integer(&w, "bytes_sent", o->push.bytes_sent);
	json_put_bool(&w, "tags_moved", o->moved);
	json_put_integer(&w, "served", o->served);
	json_end_object(&w);
	buffer_addch(&out, '\n');
	print_buffer(&out);
	buffer_release(&out);
}

static struct error *release(struct context *ctx, const struct release_options *o, const struct subject *s,
			     int *exit_status)
{
	struct release_run run;
	struct release_outcome out = { 0 };
	const struct release_source source = { .tag = s->tag, .builder = o->builder };
	const char *note = o->note ? o->note : s->object.note;
	struct error *err = release_run_open(&run, ctx, s->rev, s->environment ? s->environment
					     : o->environment,
					     s->object.who, note);
	run.json = o->json;
	if (!err)
		err = release_run_make(&run, &source, o->accept_cost, &out, exit_status);
	if (!err && o->json)
		print_json(&out);
	else if (!err)
		release_run_say(&run, &out, "");
	if (!err)
		err = release_run_instance(&run, &out, o->refresh < 0 ? release_run_refreshes(&run)
					   : o->refresh > 0,
					   exit_status);
	if (!err && o->summary)
		err = release_summary(&run, &out, o->summary);
	release_outcome_release(&out);
	release_run_release(&run);
	return err;
}

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv,
			 int *exit_status)
{
	const struct release_options *o = options;
	struct subject s = { 0 };
	if (argc > 1)
		return error_new(ERROR_USAGE, "one release at a time: a tag, or a commit");
	struct error *err = find_subject(&s, ctx, argc ? argv[0] : NULL, o->environment);
	if (!err)
		err = release(ctx, o, &s, exit_status);
	subject_release(&s);
	return err;
}

static const char *const usage[] = { "[<options>] [<tag> | <commit>]", NULL };

#define AT(member) offsetof(struct release_options, member)
static const struct option options[] = {
	{ OPTION_STRING, 'e', "env", AT(environment), "<name>", "the environment, where no tag says it" },
	{ OPTION_STRING, 'm', "note", AT(note), "<text>", "why, for the ledger; without it the tag's "
							  "message" },
	{ OPTION_STRING, 0, "builder", AT(builder), "<name>", "docker, buildah or podman, for dependencies" },
	{ OPTION_SWITCH, 0, "refresh", AT(refresh), NULL, "have a running instance take the image now",
	  "Has an instance that is running take the image now, and waits until it is healthy. If it does not "
	  "become so, the instance goes on with the image before, the ledger says that the release failed, "
	  "and the registry's tags go back. git config deploy.refresh makes this the default.", NULL, NULL },
	{ OPTION_BOOL, 0, "accept-cost", AT(accept_cost), NULL, "make a repository that the registry lacks",
	  "Makes the repository of an Amazon registry (ECR) if it is not there, which costs by what is "
	  "stored in it.",
	  NULL, NULL },
	{ OPTION_BOOL, 0, "json", AT(json), NULL, "print JSON" },
	{ OPTION_STRING, 0, "summary", AT(summary), "<file>", "append what was done, as Markdown",
	  "Appends what was done to this file, as Markdown: digest, size, time, price and URL. For the summary "
	  "of a job: --summary=\"$GITHUB_STEP_SUMMARY\".", NULL, "file" },
	{ .kind = OPTION_END },
};

static const struct release_options defaults = { .refresh = -1 };

static const struct example examples[] = {
	{ "git deploy release", "In a job of continuous integration that runs for a tag deploy-*." },
	{ "git deploy release deploy-prod-20261122-1", "What that tag asks for; again, if it was "
						       "interrupted." },
	{ "git deploy release --env test HEAD", "A commit without a tag." },
	{ NULL, NULL },
};

const struct command cmd_deploy_release = {
	.name = "release",
	.summary = "build, push and record the release that a tag asks for",
	.usage = usage,
	.description =
		"Builds the image of the tag's commit, pushes it under the commit's id, attaches what is in "
		"it and how it was made, adds the release to the ledger of the environment the tag names "
		"(refs/deploy/<environment>, here and at the remote), and last moves the registry's tags: "
		"the environment's name, and `latest` for prod or the only environment.\n\n"
		"Without a name it is the tag that continuous integration runs for ($GITHUB_REF, "
		"$CI_COMMIT_TAG), else the newest tag deploy-* of HEAD. A job that runs for a push to a "
		"branch, or for a pull request, is refused.\n\n"
		"Interrupted or killed at any time, registry, ledger and tags are each as they were or as "
		"they are to be; the same command goes on, and adds no second entry. A tag that came too "
		"late, because a newer one is released, is refused.",
	.options = options,
	.options_size = sizeof(struct release_options),
	.defaults = &defaults,
	.examples = examples,
	.run = run,
};
