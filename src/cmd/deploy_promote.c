/* promote and abort: what becomes of a canary. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/terminal.h"
#include "base/text.h"
#include "cloud/secrets.h"
#include "cmd/deploy_instance.h"
#include "cmd/release_run.h"
#include "cmd/workspace.h"
#include "deploy/boot.h"
#include "deploy/health.h"

/* The instance has only to switch from one container to the other. */
#define SWITCH_TIMEOUT_MS 120000
#define MAX_SAID ((size_t)1 << 20)

struct promote_options {
	const char *environment, *note;
	bool no_health;
};

/* The canary that waits, and where it runs. */
struct canary {
	struct release_run run;
	struct releases all;
	const struct release *release;
	struct deployed deployed;      /* the environment's instance; cloud NULL: it names none */
	struct instance own;           /* the canary's, if it has one of its own */
};

static void canary_release(struct canary *c)
{
	instance_release(&c->own);
	deployed_release(&c->deployed);
	releases_release(&c->all);
	release_run_release(&c->run);
}

static struct error *find_canary(struct canary *c)
{
	struct release_run *run = &c->run;
	struct error *err = NULL;
	if (run->settings.remote)
		err = releases_fetch(run->d.repo, run->settings.remote, run->environment, NULL);
	if (!err)
		err = releases_read(run->d.repo, run->environment, 0, &c->all);
	c->release = err ? NULL : releases_canary(&c->all);
	if (err || c->release)
		return err;
	err = error_new(ERROR_NOT_FOUND, "no canary of %s waits", run->environment);
	return run->settings.canary ? error_with_hint(err, "`git deploy` makes one")
				    : error_with_hint(err, "write `strategy: canary` into the environment in "
							   "%s",
						      DEPLOY_CONFIG_FILE);
}

static struct error *find_instances(struct canary *c)
{
	const struct deploy_environment *env = c->run.d.environment;
	struct error *err = NULL;
	if (env && env->instance)
		err = deployed_open(&c->deployed, &c->run.d);
	if (!err && env && env->canary_instance) {
		struct cloud *cloud;
		err = deployment_cloud(&c->run.d, &cloud);
		if (!err)
			err = instance_find(cloud, env->canary_instance, &c->own);
	}
	return err;
}

static struct error *canary_open(struct canary *c, struct context *ctx, const struct promote_options *o)
{
	struct error *err = release_run_open(&c->run, ctx, "HEAD", o->environment, NULL, o->note);
	if (!err)
		err = find_canary(c);
	return err ? err : find_instances(c);
}

/* -- health ------------------------------------------------------------------------------------ */

/* Where the canary answers: on its own instance, or on the second port of the environment's; malloc'd;
 * NULL: nowhere. */
static char *canary_url(struct canary *c)
{
	const struct deploy_environment *env = c->run.d.environment;
	const struct instance *i = c->own.id ? &c->own : deployed_current(&c->deployed);
	const char *host = i->public_name ? i->public_name : i->public_address;
	const char *path = c->run.d.config.health ? c->run.d.config.health : "/";
	if (!host || !host[strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-")])
		return host ? xstrfmt("http://%s:%u%s", host, c->own.id ? env->port : env->second_port, path)
			: NULL;
	return NULL;
}

static struct error *check_health(struct canary *c)
{
	struct http_settings http = workspace_http_settings(c->run.d.repo);
	char *url = canary_url(c);
	long status;
	struct error *err;
	if (!url) {
		err = error_new(ERROR_NOT_FOUND, "the canary #%" PRId64 " has no address: nobody can see "
									"whether it is "
				"healthy", c->release->number);
	} else {
		progress_say(c->run.progress, "looking whether the canary is healthy");
		err = health_wait(&http, url, c->run.d.config.health_timeout * UINT64_C(1000),
				  c->run.settings.stop,
				  &status);
		progress_hide(c->run.progress);
		err = error_context(err, "the canary #%" PRId64 " is not promoted", c->release->number);
	}
	free(url);
	return error_with_hint(err, "`git deploy abort` gives it up; --no-health promotes it unseen");
}

/* -- on the instances -------------------------------------------------------------------------- */

static struct error *tell(struct canary *c, const struct instance *i, const char *const *lines)
{
	struct buffer said = BUFFER_INIT_MAX(MAX_SAID);
	if (!instance_is(i, "running")) {
		deployed_say("%s is %s: it will see that when it starts", i->id, i->state);
		return NULL;
	}
	struct error *err = instance_command(c->run.d.cloud, i->id, lines, SWITCH_TIMEOUT_MS, &said, NULL);
	buffer_release(&said);
	return error_context(err, "the registry's tags are moved, but %s did not follow", i->id);
}

/* BESIDE is for an instance on which the canary runs beside the other; one that has its own takes its tag's
 * image anew. */
static struct error *tell_instances(struct canary *c, const char *const *beside, bool main_changes)
{
	struct error *err = NULL;
	bool alone = c->own.id != NULL;
	if (c->deployed.cloud && (!alone || main_changes))
		err = tell(c, deployed_current(&c->deployed), alone ? boot_command_refresh() : beside);
	if (!err && alone)
		err = tell(c, &c->own, boot_command_refresh());
	return err;
}

/* -- the commands ------------------------------------------------------------------------------ */

static struct error *finish(struct canary *c, struct error *err, const struct release_outcome *out,
			    const char *const *beside, bool main_changes, int *exit_status)
{
	progress_hide(c->run.progress);
	if (err)
		return err;
	release_run_say(&c->run, out, "");
	err = tell_instances(c, beside, main_changes);
	if (err)
		*exit_status = EXIT_INCOMPLETE;
	return err;
}

static struct error *run_promote(struct context *ctx, const void *options, int argc, const char **argv,
				 int *exit_status)
{
	const struct promote_options *o = options;
	struct canary c = { .release = NULL };
	struct release_outcome out = { 0 };
	if (argc)
		return error_new(ERROR_USAGE, "promote takes no argument, such as '%s': the canary that "
					      "waits is promoted",
				 argv[0]);
	struct error *err = canary_open(&c, ctx, o);
	if (!err && !o->no_health)
		err = check_health(&c);
	if (!err) {
		err = release_promote(&out, &c.run.settings, c.release);
		err = finish(&c, err, &out, boot_command_promote(), true, exit_status);
	}
	release_outcome_release(&out);
	canary_release(&c);
	return err;
}

static struct error *run_abort(struct context *ctx, const void *options, int argc, const char **argv,
			       int *exit_status)
{
	struct canary c = { .release = NULL };
	struct release_outcome out = { 0 };
	if (argc)
		return error_new(ERROR_USAGE, "abort takes no argument, such as '%s': the canary that waits "
					      "is given up",
				 argv[0]);
	struct error *err = canary_open(&c, ctx, options);
	if (!err) {
		err = release_take_back(&out, &c.run.settings, c.release);
		err = finish(&c, err, &out, boot_command_abort(), false, exit_status);
	}
	release_outcome_release(&out);
	canary_release(&c);
	return err;
}

#define AT(member) offsetof(struct promote_options, member)
static const struct option promote_options[] = {
	OPTION_ENVIRONMENT(AT(environment)),
	{ OPTION_STRING, 'm', "note", AT(note), "<text>", "why, for the ledger" },
	{ OPTION_BOOL, 0, "no-health", AT(no_health), NULL, "do not look whether the canary is healthy" },
	{ .kind = OPTION_END },
};

static const struct option abort_options[] = {
	OPTION_ENVIRONMENT(AT(environment)),
	{ OPTION_STRING, 'm', "note", AT(note), "<text>", "why, for the ledger" },
	{ .kind = OPTION_END },
};

static const char *const usage[] = { "[<options>]", NULL };

const struct command cmd_deploy_promote = {
	.name = "promote",
	.summary = "serve the canary to everybody",
	.usage = usage,
	.description =
		"Asks the canary for its health path, adds to the ledger that it is promoted, moves the "
		"environment's tag to its image, and has the instance switch. A canary that does not answer "
		"is not promoted.\n\n"
		"With `strategy: canary`, `git deploy` serves a release beside the one before, on the second "
		"port or on an instance of its own, under the tag <environment>-canary.",
	.options = promote_options,
	.options_size = sizeof(struct promote_options),
	.run = run_promote,
};

const struct command cmd_deploy_abort = {
	.name = "abort",
	.summary = "give the canary up",
	.usage = usage,
	.description =
		"Adds to the ledger that the canary is taken back, puts the tag <environment>-canary on what "
		"is served, and has the instance drop it.",
	.options = abort_options,
	.options_size = sizeof(struct promote_options),
	.run = run_abort,
};
