/* git deploy start: money, then the instance, then the app. */
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/date.h"
#include "base/hex.h"
#include "base/memory.h"
#include "base/terminal.h"
#include "base/text.h"
#include "base/trace.h"
#include "cmd/deploy_instance.h"
#include "cmd/release_view.h"
#include "cmd/workspace.h"
#include "deploy/boot.h"
#include "deploy/health.h"
#include "deploy/hours.h"
#include "deploy/ledger.h"
#include "deploy/permissions.h"

/* Until it runs, or has stopped before. */
#define STATE_TIMEOUT_MS 600000
/* Booting and pulling the image come before the app's own time to become healthy. */
#define BOOT_SECONDS 300
/* Of the token of a launch: however often it has to be asked for, it is one. */
#define TOKEN_DIGITS 32

struct start_options {
	const char *environment;
	int64_t timeout; /* 0: as .deploy.yml says */
	bool wait, accept_cost;
	int spot;        /* -1: as .deploy.yml says */
};

struct start {
	const struct start_options *o;
	struct deployment d;
	struct deployed t;
	double hours_left; /* of the budget; below 0: no end is known */
	bool began;        /* AWS was told to start something */
};

/* -- money ---------------------------------------------------------------------------------------- */

static struct error *over_budget(const struct start *s, double spent)
{
	struct buffer text = BUFFER_INIT;
	buffer_addstr(&text, "the budget of this month is used up: ");
	text_dollars(&text, spent);
	buffer_addstr(&text, " of ");
	text_dollars(&text, s->d.config.stop_usd);
	struct error *err = error_new(ERROR_BUDGET, "%s", text.data);
	buffer_release(&text);
	return error_with_hint(err, "`git deploy cost` shows the hours; `budget:` in %s and git config "
			       "deploy.budgetStop set the limit", DEPLOY_CONFIG_FILE);
}

static struct error *price_unknown(const char *type, const char *region)
{
	struct error *err = error_new(ERROR_BUDGET,
				      "what %s costs in %s is not known, so the budget cannot stop "
				      "it",
				      type, region);
	return error_with_hint(err, "git config --add deploy.price \"%s = <dollars an hour>\", or "
			       "--accept-cost", type);
}

static struct error *judge(struct start *s, double spent)
{
	const struct deploy_config *config = &s->d.config;
	const struct instance *own = &s->t.own;
	double usd_hour = deployed_price(&s->t, own->type, false);
	enum hours_verdict verdict = hours_judge(config, spent, usd_hour, &s->hours_left);
	if (verdict == HOURS_STOP)
		return over_budget(s, spent);
	if (usd_hour < 0 && config->stop_usd >= 0 && !s->o->accept_cost)
		return price_unknown(own->type, cloud_region(s->t.cloud));
	if (verdict == HOURS_WARN) {
		struct buffer text = BUFFER_INIT;
		text_dollars(&text, spent);
		buffer_addstr(&text, " are spent of ");
		text_dollars(&text, config->stop_usd);
		if (s->hours_left >= 0)
			buffer_addf(&text, ": %.0f hours are left", s->hours_left);
		say_warning("this month's budget: %s", text.data);
		buffer_release(&text);
	}
	return NULL;
}

static struct error *check_budget(struct start *s)
{
	struct hours hours;
	double run, spent;
	/* A price that cannot be read would be another's, and the budget with it. */
	struct error *err = prices_check(s->d.repo);
	if (!err) {
		deployment_fetch_hours(s->d.repo);
		err = hours_read(s->d.repo, &hours);
	}
	if (err)
		return err;
	hours_month(&hours, NULL, (int64_t)time(NULL), &run, &spent);
	hours_release(&hours);
	return judge(s, spent);
}

/* When the instance is to end by itself, whatever becomes of us; "" when never. Appends. */
static void add_stop_after(struct buffer *out, const struct start *s)
{
	double uptime = s->d.config.uptime_minutes / 60.0, left = s->hours_left;
	if (uptime > 0 && (left < 0 || uptime < left))
		left = uptime;
	if (left >= 0)
		date_add(out, (int64_t)time(NULL) + (int64_t)(left * 3600));
}

static struct error *limit(const struct start *s, const struct instance *i)
{
	struct buffer until = BUFFER_INIT;
	struct error *err = NULL;
	add_stop_after(&until, s);
	if (until.len || instance_tag_value(i, PERMISSION_STOP_AFTER_TAG))
		err = instance_tag(s->t.cloud, i->id, PERMISSION_STOP_AFTER_TAG, until.data);
	buffer_release(&until);
	return err;
}

/* -- what stands in for the instance --------------------------------------------------------------- */

static struct error *user_data(const struct start *s, struct buffer *out)
{
	struct boot_file *files;
	size_t nr;
	struct error *err =
		boot_render(&files, &nr, &s->d.config, s->d.environment, cloud_region(s->t.cloud));
	if (err)
		return err;
	err = boot_user_data(out, files, nr);
	boot_files_free(files, nr);
	return err;
}

static cJSON *stand_in_tags(const struct start *s)
{
	struct buffer until = BUFFER_INIT;
	cJSON *tags = cJSON_Duplicate(s->t.own.tags, true);
	static const char *const ours[] = { PERMISSION_STANDS_IN_TAG, PERMISSION_STOP_AFTER_TAG };
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		cJSON_DeleteItemFromObjectCaseSensitive(tags, ours[i]);
	add_stop_after(&until, s);
	cJSON_AddStringToObject(tags, PERMISSION_STANDS_IN_TAG, s->t.own.id);
	if (until.len)
		cJSON_AddStringToObject(tags, PERMISSION_STOP_AFTER_TAG, until.data);
	buffer_release(&until);
	return tags;
}

static void say_launched(const struct start *s, bool spot)
{
	struct buffer price = BUFFER_INIT;
	deployed_add_price(&price, &s->t, s->t.own.type, spot);
	deployed_say("%s is launched in place of %s (%s%s%s)", s->t.stand_in.id, s->t.own.id, s->t.own.type,
		     spot ? ", spot" : "", price.data);
	buffer_release(&price);
	if (s->d.config.nr_data)
		say_warning("the data on the disk of %s is not on that of %s, which is lost when it ends",
			    s->t.own.id, s->t.stand_in.id);
}

static struct error *launch(struct start *s, bool spot)
{
	struct instance *own = &s->t.own;
	struct buffer data = BUFFER_INIT;
	cJSON *tags = stand_in_tags(s);
	char *name = xstrfmt("%s (%s)", own->name ? own->name : own->id, spot ? "spot" : "on demand");
	char token[TOKEN_DIGITS + 1] = "";
	struct error *err = user_data(s, &data);
	if (!err)
		err = hex_random(token, TOKEN_DIGITS);
	if (!err && own->volume_gigabytes < 0)
		err = instance_volumes(s->t.cloud, own);
	if (!err)
		err = instance_launch(s->t.cloud, &(struct instance_launch){
			.like = own, .name = name, .user_data = slice_of(&data), .spot = spot, .tags = tags,
			.token = token,
		}, &s->t.stand_in);
	if (!err)
		say_launched(s, spot);
	buffer_release(&data);
	cJSON_Delete(tags);
	free(name);
	return err;
}

/* -- the instance --------------------------------------------------------------------------------- */

static struct error *start_own(struct start *s)
{
	struct instance *own = &s->t.own;
	struct buffer price = BUFFER_INIT;
	deployed_add_price(&price, &s->t, own->type, own->spot);
	deployed_say("%s is stopped: starting it (%s%s)", own->id, own->type, price.data);
	buffer_release(&price);
	struct error *err = limit(s, own);
	return err ? err : instance_start(s->t.cloud, own->id);
}

static void say_fall_back(const struct start *s, const struct error *why)
{
	struct buffer price = BUFFER_INIT;
	deployed_add_price(&price, &s->t, s->t.own.type, false);
	say_warning("there is no %s as spot now, so it is bought on demand%s (%s)", s->t.own.type, price.data,
		    why->message);
	buffer_release(&price);
}

/* Spot first where that is wanted, then on demand; of the two, the instance itself is one and what stands in
 * for it the other. */
static struct error *start_something(struct start *s)
{
	bool own_is_spot = s->t.own.spot;
	bool spot = s->o->spot < 0 ? s->d.environment->spot || own_is_spot : s->o->spot;
	struct error *err = own_is_spot == spot ? start_own(s) : launch(s, spot);
	if (spot && error_is(err, ERROR_UNSUPPORTED)) {
		say_fall_back(s, err);
		error_free(err);
		err = own_is_spot ? launch(s, false) : start_own(s);
	}
	s->began = !err;
	return err;
}

static struct error *wait_for(struct start *s, const char *state)
{
	struct instance *i = deployed_current(&s->t), seen;
	struct error *err = deployed_wait(&s->t, i->id, state, STATE_TIMEOUT_MS, &seen);
	if (seen.id) {
		instance_release(i);
		*i = seen;
	}
	return err;
}

/* Its time was over before this start: it was started by other means than ours, and ends itself soon. */
static bool is_overdue(const struct instance *i)
{
	const char *until = instance_tag_value(i, PERMISSION_STOP_AFTER_TAG);
	double end;
	return until && date_parse(slice_of_string(until), &end) && end < (double)i->launched;
}

static struct error *prolong(struct start *s, const struct instance *i)
{
	struct error *err = check_budget(s);
	if (!err)
		err = limit(s, i);
	if (!err)
		deployed_say("%s was started by other means and about to end itself: it has the time of a start", i->id);
	return err;
}

/* Until AWS has it on its way, or it runs already. */
static struct error *set_going(struct start *s)
{
	struct instance *i = deployed_current(&s->t);
	if (instance_is(i, "running") || instance_is(i, "pending")) {
		deployed_say("%s %s already", i->id, instance_is(i, "running") ? "runs" : "is starting");
		return is_overdue(i) ? prolong(s, i) : NULL;
	}
	struct error *err = check_budget(s);
	if (!err && instance_is(i, "stopping") && !s->o->wait)
		err = error_with_hint(error_new(ERROR_CONFLICT, "%s is being stopped", i->id),
				      "without --no-wait it is started as soon as it has");
	if (!err && instance_is(i, "stopping")) {
		deployed_say("%s is being stopped: waiting until it has", i->id);
		err = wait_for(s, "stopped");
	}
	return err ? err : start_something(s);
}

/* -- the app -------------------------------------------------------------------------------------- */

static void say_release(const struct start *s)
{
	const char *env = s->d.environment->name, *remote = release_remote(s->d.repo);
	struct releases releases = { 0 };
	struct error *err = remote ? releases_fetch(s->d.repo, remote, env, NULL) : NULL;
	if (err)
		trace_printf("the ledger of %s: %s", remote, err->message);
	error_free(err);
	err = releases_read(s->d.repo, env, 0, &releases);
	const struct release *r = err ? NULL : releases_served(&releases);
	if (r)
		deployed_say("serves release #%lld%s%s, unless it had to go back to the one before: "
			     "`git deploy status` tells", (long long)r->number, r->tag ? ", " : "",
			     r->tag ? r->tag : "");
	else if (!err)
		deployed_say("no release of %s is recorded", env);
	else
		say_warning("which release it serves is not known: %s", err->message);
	releases_release(&releases);
	error_free(err);
}

static struct error *not_healthy(const struct start *s, struct error *why, long status, int *exit_status)
{
	const struct instance *i = deployed_current((struct deployed *)&s->t);
	if (!error_is(why, ERROR_TIMEOUT))
		return why;
	say_warning("%s runs, but the app is not healthy: %s", i->id, why->message);
	if (status && why->hint)
		say_hint(s->d.ctx, "%s", why->hint);
	else
		say_hint(s->d.ctx, "`git deploy logs` shows whether it has started; if it has, the security "
			 "group has to let port %u in", s->d.environment->port);
	error_free(why);
	*exit_status = EXIT_INCOMPLETE;
	return NULL;
}

struct watched {
	struct progress *progress;
	uint64_t since;
};

static void on_watch(void *data, long status, const char *fault)
{
	struct watched *w = data;
	unsigned long long seconds = (clock_ms() - w->since) / 1000;
	char *line = status ? xstrfmt("%llu s; it answers %ld", seconds, status)
			    : xstrfmt("%llu s%s%s", seconds, fault ? "; " : "", fault ? fault : "");
	progress_say(w->progress, line);
	free(line);
}

static struct error *wait_for_answer(const struct start *s, const char *url, long *status)
{
	struct http_settings http = workspace_http_settings(s->d.repo);
	int64_t seconds = s->o->timeout ? s->o->timeout : (int64_t)s->d.config.health_timeout + BOOT_SECONDS;
	struct watched watched = { progress_new("waiting for the app", 0), clock_ms() };
	struct health_watch watch = { on_watch, &watched };
	struct error *err = health_wait_watched(&http, url, (uint64_t)seconds * 1000, s->d.ctx->stop, &watch,
						status);
	progress_free(watched.progress);
	return err;
}

static struct error *wait_until_healthy(struct start *s, int *exit_status)
{
	const struct instance *i = deployed_current(&s->t);
	char *base = deployed_url(&s->t, i);
	if (!base)
		return error_with_hint(error_new(ERROR_NOT_FOUND, "%s runs, but has no public name or "
						 "address", i->id),
				       "write `url:` into the environment if it is reached another way");
	char *url = xstrfmt("%s%s", base, s->d.config.health);
	long status = 0;
	if (s->began)
		deployed_say("%s runs; waiting for %s", i->id, url);
	else
		deployed_say("waiting for %s", url);
	struct error *err = wait_for_answer(s, url, &status);
	if (err) {
		err = not_healthy(s, err, status, exit_status);
	} else {
		printf("%s/\n", base);
		say_release(s);
	}
	free(url);
	free(base);
	return err;
}

/* -- the command ---------------------------------------------------------------------------------- */

static struct error *interrupted(struct start *s, struct error *err)
{
	const struct instance *i = deployed_current(&s->t);
	if (!error_is(err, ERROR_CANCELLED) || !s->began)
		return err;
	struct buffer price = BUFFER_INIT;
	deployed_add_price(&price, &s->t, i->type, i->spot);
	error_free(err);
	err = error_new(ERROR_CANCELLED, "interrupted: %s goes on starting%s", i->id, price.data);
	err = error_with_hint(err, "`git deploy start` waits for it again, `git deploy stop` stops it");
	buffer_release(&price);
	return err;
}

static struct error *start(struct start *s, int *exit_status)
{
	struct error *err = set_going(s);
	if (err || !s->o->wait) {
		if (!err && s->began)
			deployed_say("%s is starting", deployed_current(&s->t)->id);
		return err;
	}
	if (!instance_is(deployed_current(&s->t), "running"))
		err = wait_for(s, "running");
	if (!err)
		deployed_book(&s->t, deployed_current(&s->t));
	return err ? err : wait_until_healthy(s, exit_status);
}

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv,
			 int *exit_status)
{
	struct start s = { .o = options, .hours_left = -1 };
	if (argc)
		return error_new(ERROR_USAGE, "start takes no argument, such as '%s': environments are named "
				 "by --env", argv[0]);
	if (s.o->timeout < 0)
		return error_new(ERROR_USAGE, "--timeout is a number of seconds");
	context_catch_signals(ctx);
	struct error *err = deployment_open(&s.d, ctx, "HEAD", s.o->environment);
	if (!err)
		err = deployed_open(&s.t, &s.d);
	if (!err)
		err = interrupted(&s, start(&s, exit_status));
	deployed_release(&s.t);
	deployment_release(&s.d);
	return err;
}

static const struct option options[] = {
	OPTION_ENVIRONMENT(offsetof(struct start_options, environment)),
	{ OPTION_INTEGER, 0, "timeout", offsetof(struct start_options, timeout), "<seconds>",
	  "how long to wait for the app once the instance runs",
	  "How long to wait for the app once the instance runs; without it the health timeout of .deploy.yml "
	  "and five minutes for booting and pulling." },
	{ OPTION_BOOL, 0, "wait", offsetof(struct start_options, wait), NULL,
	  "wait until the app is healthy (default)",
	  "Waits until the app is healthy, which is the default; with --no-wait the command ends as soon as "
	  "AWS has accepted the wish." },
	{ OPTION_SWITCH, 0, "spot", offsetof(struct start_options, spot), NULL,
	  "buy spot capacity, or with --no-spot do not, whatever .deploy.yml says" },
	{ OPTION_BOOL, 0, "accept-cost", offsetof(struct start_options, accept_cost), NULL,
	  "start it although its price is not known" },
	{ .kind = OPTION_END },
};

static const struct start_options defaults = { .wait = true, .spot = -1 };
static const char *const usage[] = { "[<options>]", NULL };

static const struct example examples[] = {
	{ "git deploy start", "Starts the instance and prints the URL when the app answers." },
	{ "git deploy start --spot", "The same on spot capacity, if there is any." },
	{ "git deploy start --env=demo --no-wait", "Has the instance of the environment demo started." },
	{ NULL, NULL },
};

const struct command cmd_deploy_start = {
	.name = "start",
	.summary = "start the instance and wait until the app is healthy",
	.usage = usage,
	.description =
		"Starts the instance of the environment, which pulls the newest release as it boots, waits until "
		"the health path answers, and prints the URL. One that was hibernated goes on where it was.\n\n"
		"Before that the month's budget is looked at: from `warn` on there is a warning, and when `stop` "
		"is reached nothing is started (exit status 3). The instance gets a tag that says when what is "
		"left is used up, or the longest time it may run, and powers itself off then.\n\n"
		"With --spot, or `spot: true` in the environment, an instance like the one that is named is "
		"launched on spot capacity in its place: the same image, type, network and role, and what "
		"`git deploy boot` renders. It has the tag " PERMISSION_STANDS_IN_TAG
		", is gone with its disk "
		"when it stops, and is what `stop`, `logs` and `status` mean while it runs. When there is no spot "
		"capacity, the named instance is started on demand, with a warning that tells its price. If the "
		"named instance was itself bought as spot, by a persistent request, it is started, and what "
		"stands in for it is bought on demand.\n\n"
		"After an interrupt the instance goes on starting; that is said.",
	.options = options,
	.options_size = sizeof(struct start_options),
	.defaults = &defaults,
	.examples = examples,
	.run = run,
};
