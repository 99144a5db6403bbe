#include "cmd/release_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/memory.h"
#include "base/terminal.h"
#include "base/text.h"
#include "cloud/secrets.h"
#include "cmd/deploy_instance.h"
#include "cmd/deploy_repository.h"
#include "cmd/release_ci.h"
#include "cmd/release_view.h"
#include "deploy/boot.h"
#include "deploy/infrastructure.h"

/* Pulling an image and starting it come before the app's own time to become healthy. */
#define REFRESH_SECONDS 300
#define STATUS_TIMEOUT_MS 30000
/* What an instance says of a refresh. */
#define MAX_SAID ((size_t)1 << 20)

/* -- opening ----------------------------------------------------------------------------------- */

static void settle(struct release_run *run, const char *note)
{
	struct deployment *d = &run->d;
	run->where = release_ci_where();
	run->cache = deployment_cache(d);
	run->source = deployment_source(d);
	run->progress = progress_new("releasing", 0);
	run->settings = (struct release_settings){
		.repo = d->repo,
		.config = &d->config,
		.environment = run->environment,
		.canary = d->environment && d->environment->strategy == DEPLOY_CANARY,
		.registries = d->registries,
		.remote = release_remote(d->repo),
		.who = run->who,
		.where = run->where,
		.note = note,
		.now = (int64_t)time(NULL),
		.stop = run->ctx->stop,
		.progress = deployment_progress,
		.progress_data = run->progress,
	};
}

static struct error *check_configuration(const struct release_run *run)
{
	if (!release_is_environment(run->environment))
		return error_new(ERROR_USAGE, "'%s' cannot be an environment: images have tags of that name",
				 run->environment);
	if (!run->d.config.repository.registry)
		return error_with_hint(error_new(ERROR_USAGE, "%s names no registry", DEPLOY_CONFIG_FILE),
				       "write `registry: <registry>/<repository>` into it, or set git config "
				       "deploy.registry");
	return NULL;
}

struct error *release_run_open(struct release_run *run, struct context *ctx, const char *rev,
			       const char *environment, const char *who, const char *note)
{
	struct registries *registries;
	*run = (struct release_run){ .ctx = ctx };
	context_catch_signals(ctx);
	struct error *err = deployment_open(&run->d, ctx, rev, environment);
	run->environment = !err && run->d.environment ? run->d.environment->name : "prod";
	run->who = who ? xstrdup(who) : release_ci_who();
	if (!err)
		err = check_configuration(run);
	if (!err)
		err = deployment_registries(&run->d, &registries);
	if (!err)
		err = release_lock(&run->lock, run->d.repo, run->environment);
	if (!err)
		settle(run, note);
	return err;
}

void release_run_release(struct release_run *run)
{
	progress_free(run->progress);
	release_unlock(run->lock);
	free(run->who);
	free(run->where);
	free(run->cache);
	free(run->source);
	deployment_release(&run->d);
	*run = (struct release_run){ 0 };
}

/* -- making ------------------------------------------------------------------------------------ */

/* What else there is to know of how it was made. */
static void say_circumstances(const struct release_run *run, const struct release_outcome *o, int *exit_status)
{
	deployment_warn(o->warnings);
	if (o->builder)
		say_hint(run->ctx, "the whole image was left to a builder: %s", o->builder);
	if (o->was_there)
		say_hint(run->ctx, "the registry had an image of this commit, which cannot be replaced: that one "
				   "is released");
	if (!o->not_attached)
		return;
	say_warning("%s", o->not_attached);
	say_hint(run->ctx, "`git deploy push %.12s` tries it again; the release is made all the same",
		 o->release.commit.hex);
	*exit_status = EXIT_INCOMPLETE;
}

struct error *release_run_make(struct release_run *run, const struct release_source *wanted, bool accept_cost,
			       struct release_outcome *out, int *exit_status)
{
	struct release_source source = *wanted;
	source.commit = run->d.commit;
	source.cache = run->cache;
	source.source = run->source;
	struct error *err = release_make(out, &run->settings, &source);
	if (err && !out->pushed) {
		bool made;
		int64_t bytes = out->built ? out->release.image_bytes : -1;
		err = repository_make(&run->d, err, bytes, accept_cost, &made);
		if (made) {
			release_outcome_release(out);
			err = release_make(out, &run->settings, &source);
		}
	}
	progress_hide(run->progress);
	if (!err)
		say_circumstances(run, out, exit_status);
	return err;
}

/* -- saying ------------------------------------------------------------------------------------ */

static void add_seconds(struct buffer *out, uint64_t ms)
{
	if (ms < 60000)
		buffer_addf(out, "%.1f s", (double)ms / 1e3);
	else
		buffer_addf(out, "%" PRIu64 " min %" PRIu64 " s", ms / 60000, ms / 1000 % 60);
}

static void add_made(struct buffer *out, const struct release_outcome *o)
{
	const struct release *r = &o->release;
	buffer_addf(out, "%s #%" PRId64, r->result == RELEASE_CANARY ? "canary" : "release", r->number);
	if (!o->built) {
		buffer_addf(out, " is there already%s", o->moved ? "; its tags were not in place: they are "
								   "now" : "");
		return;
	}
	buffer_addstr(out, " built in ");
	add_seconds(out, o->build_ms);
	if (o->push.bytes_sent) {
		buffer_addstr(out, ", pushed ");
		text_bytes(out, o->push.bytes_sent);
	} else {
		buffer_addstr(out, ", nothing to push");
	}
	if (!o->added)
		buffer_addstr(out, "; it is in the ledger already");
}

void release_run_say(const struct release_run *run, const struct release_outcome *o, const char *prefix)
{
	struct buffer line = BUFFER_INIT, safe = BUFFER_INIT;
	const struct release *r = &o->release;
	if (r->result == RELEASE_DONE || r->result == RELEASE_CANARY || (!o->added && !o->built)) {
		buffer_addstr(&line, prefix);
		add_made(&line, o);
	} else {
		buffer_addf(&line, "%srelease #%" PRId64 ": ", prefix, r->number);
		release_add_event(&line, r);
		if (r->result != RELEASE_FAILED)
			buffer_addf(&line, "; %s is %.7s now", run->environment, r->commit.hex);
	}
	if (run->json) {
		deployed_say("%s", line.data);
	} else {
		text_for_terminal(&safe, line.data, line.len, false);
		buffer_addch(&safe, '\n');
		print_buffer(&safe);
	}
	if (r->result != RELEASE_CANARY && r->result != RELEASE_FAILED && o->served && o->served != r->number)
		say_warning("release #%" PRId64 " came after #%" PRId64 ": that one is served", o->served,
			    r->number);
	buffer_release(&line);
	buffer_release(&safe);
}

/* -- the instance ------------------------------------------------------------------------------ */

bool release_run_refreshes(const struct release_run *run)
{
	const char *value = repo_config(run->d.repo, "deploy.refresh");
	return value && text_is_true(value);
}

/* Whether the instance says that DIGEST did not become healthy there. */
static struct error *is_bad_there(struct cloud *cloud, const char *id, const struct digest *digest, bool *bad)
{
	struct buffer said = BUFFER_INIT_MAX(MAX_SAID);
	struct error *err = instance_command(cloud, id, boot_command_status(), STATUS_TIMEOUT_MS, &said,
					     NULL);
	char *line = xstrfmt("bad %s\n", digest->text);
	*bad = !err && strstr(said.data, line);
	free(line);
	buffer_release(&said);
	return err;
}

static struct error *take_back(struct release_run *run, const struct release_outcome *o, struct error *why)
{
	struct release_outcome back;
	say_warning("%s", why->message);
	error_free(why);
	struct error *err = release_take_back(&back, &run->settings, &o->release);
	if (!err)
		release_run_say(run, &back, "");
	release_outcome_release(&back);
	return err;
}

static struct error *refresh(struct release_run *run, struct cloud *cloud, const char *id,
			     const struct release_outcome *o, int *exit_status)
{
	struct buffer said = BUFFER_INIT_MAX(MAX_SAID);
	uint64_t timeout = (run->d.config.health_timeout + REFRESH_SECONDS) * UINT64_C(1000);
	bool bad = false;
	progress_say(run->progress, "waiting until the instance serves it");
	struct error *err = instance_command(cloud, id, boot_command_refresh(), timeout, &said, NULL);
	progress_hide(run->progress);
	buffer_release(&said);
	if (!err) {
		deployed_say("%s serves release #%" PRId64, id, o->release.number);
		return NULL;
	}
	*exit_status = EXIT_INCOMPLETE;
	struct error *asked = is_bad_there(cloud, id, &o->release.digest, &bad);
	error_free(asked);
	err = error_context(err, "%s did not take release #%" PRId64, id, o->release.number);
	return bad ? take_back(run, o, err) : err;
}

static struct error *tell_of_instance(struct release_run *run, const struct release_outcome *o,
				      const struct instance *i, struct cloud *cloud, bool wanted,
					      int *exit_status)
{
	int64_t number = o->release.number;
	if (instance_is(i, "running") && wanted)
		return refresh(run, cloud, i->id, o, exit_status);
	if (instance_is(i, "running"))
		deployed_say("%s is running: it will serve release #%" PRId64 " after its next start (`git "
									      "deploy release "
			     "--refresh` does it now)", i->id, number);
	else if (instance_is(i, "pending"))
		deployed_say("%s is starting: it will serve release #%" PRId64, i->id, number);
	else if (instance_is(i, "stopped") || instance_is(i, "stopping"))
		deployed_say("%s is %s: it will serve release #%" PRId64 " when it starts (`git deploy "
									 "start`)", i->id,
			     i->state, number);
	else
		say_warning("%s is %s: it will not serve release #%" PRId64, i->id, i->state, number);
	return NULL;
}

struct error *release_run_instance(struct release_run *run, const struct release_outcome *o, bool wanted,
				   int *exit_status)
{
	struct deployed t = { 0 };
	const struct deploy_environment *env = run->d.environment;
	if (!env || !env->instance)
		return NULL;
	struct error *err = deployed_open(&t, &run->d);
	if (!err) {
		err = tell_of_instance(run, o, deployed_current(&t), t.cloud, wanted, exit_status);
	} else if (!wanted) {
		/* The release is made; what the instance does with it is another matter. */
		say_hint(run->ctx, "%s was not asked (%s): it will serve release #%" PRId64 " when it starts",
			 env->instance, err->message, o->release.number);
		error_free(err);
		err = NULL;
	}
	deployed_release(&t);
	return err;
}
