#include "cmd/deploy_instance.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "base/memory.h"
#include "base/terminal.h"
#include "base/text.h"
#include "cmd/release_view.h"
#include "deploy/hours.h"
#include "deploy/permissions.h"

void deployed_say(const char *fmt, ...)
{
	struct buffer text = BUFFER_INIT, safe = BUFFER_INIT;
	va_list ap;
	va_start(ap, fmt);
	buffer_vaddf(&text, fmt, ap);
	va_end(ap);
	text_for_terminal(&safe, text.data, text.len, false);
	print_flush();
	fprintf(stderr, "%s\n", safe.data);
	buffer_release(&text);
	buffer_release(&safe);
}

/* -- finding -------------------------------------------------------------------------------------- */

static struct error *check_environment(const struct deploy_environment *env)
{
	struct error *err;
	if (!env)
		err = error_new(ERROR_USAGE, "%s has no environments", DEPLOY_CONFIG_FILE);
	else if (!env->instance)
		err = error_new(ERROR_USAGE, "the environment %s of %s names no instance", env->name,
				DEPLOY_CONFIG_FILE);
	else
		return NULL;
	return error_with_hint(err,
			       "write `instance: <id or name>` into it; `git deploy infra` prints one for "
			       "CloudFormation and Terraform");
}

static bool runs(const struct instance *i)
{
	return instance_is(i, "running") || instance_is(i, "pending");
}

/* The newest that runs. Those that AWS has ended, or that powered themselves off, are booked, too: nobody else
 * sees that. */
static struct error *find_stand_in(struct deployed *t)
{
	struct instance *items;
	size_t nr;
	struct error *err = instance_find_tagged(t->cloud, PERMISSION_STANDS_IN_TAG, t->own.id, &items, &nr);
	for (size_t i = 0; i < nr; i++) {
		deployed_book(t, &items[i]);
		if (runs(&items[i]) && (!t->stand_in.id || items[i].launched > t->stand_in.launched)) {
			instance_release(&t->stand_in);
			t->stand_in = items[i];
		} else {
			instance_release(&items[i]);
		}
	}
	free(items);
	return err;
}

struct error *deployed_open(struct deployed *t, struct deployment *d)
{
	const struct deploy_environment *env = d->environment;
	*t = (struct deployed){ .d = d };
	struct error *err = check_environment(env);
	if (!err)
		err = deployment_cloud(d, &t->cloud);
	if (!err)
		err = instance_find(t->cloud, env->instance, &t->own);
	if (err)
		return err;
	deployed_book(t, &t->own);
	return find_stand_in(t);
}

void deployed_release(struct deployed *t)
{
	instance_release(&t->own);
	instance_release(&t->stand_in);
}

struct instance *deployed_current(struct deployed *t)
{
	return t->stand_in.id && !runs(&t->own) ? &t->stand_in : &t->own;
}

/* -- money ---------------------------------------------------------------------------------------- */

void deployed_book(const struct deployed *t, const struct instance *i)
{
	struct error *err = hours_see_instance(t->d->repo, release_remote(t->d->repo), &t->d->config,
					       t->d->environment, cloud_region(t->cloud), i,
					       (int64_t)time(NULL));
	if (err)
		say_warning("the hours of %s are not booked everywhere: %s", i->id, err->message);
	error_free(err);
}

double deployed_price(const struct deployed *t, const char *type, bool spot)
{
	double usd = price_hour(t->d->repo, type, cloud_region(t->cloud), spot, NULL);
	return usd < 0 ? usd : usd + price_address_hour();
}

void deployed_add_price(struct buffer *out, const struct deployed *t, const char *type, bool spot)
{
	bool guess = false;
	double usd = price_hour(t->d->repo, type, cloud_region(t->cloud), spot, &guess);
	if (usd < 0)
		return;
	buffer_addf(out, ", %s", guess ? "about " : "");
	text_dollars(out, usd + price_address_hour());
	buffer_addstr(out, " an hour");
}

/* -- the address ---------------------------------------------------------------------------------- */

char *deployed_url(const struct deployed *t, const struct instance *i)
{
	const struct deploy_environment *env = t->d->environment;
	const char *host = i->public_name ? i->public_name : i->public_address;
	if (env->url) {
		size_t len = strlen(env->url);
		while (len && env->url[len - 1] == '/')
			len--;
		return xmemdupz(env->url, len);
	}
	/* It becomes part of an address. */
	for (const char *p = host; p && *p; p++)
		if (!ascii_alnum((unsigned char)*p) && *p != '.' && *p != '-')
			return NULL;
	if (!host)
		return NULL;
	return env->port == 80 ? xstrfmt("http://%s", host) : xstrfmt("http://%s:%u", host, env->port);
}

/* -- waiting -------------------------------------------------------------------------------------- */

static void on_poll(void *progress, const struct instance *i)
{
	progress_say(progress, i->state);
}

struct error *deployed_wait(const struct deployed *t, const char *id, const char *state, uint64_t timeout_ms,
			    struct instance *out)
{
	struct progress *progress = progress_new(id, 0);
	struct error *err = instance_wait(t->cloud, id, state, timeout_ms, on_poll, progress, out);
	progress_free(progress);
	return err;
}

/* -- ending --------------------------------------------------------------------------------------- */

static struct error *check_hibernation(const struct deployed *t, const struct instance *i)
{
	if (i->hibernation)
		return NULL;
	struct error *err = error_new(ERROR_UNSUPPORTED,
				      "%s cannot be hibernated: it was not launched for it", i->id);
	if (t->d->environment->hibernate)
		return error_with_hint(err, "it has to be made anew, as `git deploy infra` prints it; "
				       "`git deploy stop` stops it");
	return error_with_hint(err, "write `hibernate: true` into the environment and make it anew, as "
			       "`git deploy infra` prints it; `git deploy stop` stops it");
}

static void say_month(const struct deployed *t)
{
	struct hours hours;
	struct buffer usd = BUFFER_INIT;
	double spent, run;
	struct error *err = hours_read(t->d->repo, &hours);
	if (!err) {
		hours_month(&hours, NULL, (int64_t)time(NULL), &run, &spent);
		text_dollars(&usd, spent);
		deployed_say("%.1f hours and %s this month; disks cost on while it is stopped", run,
			     usd.data);
		hours_release(&hours);
	}
	error_free(err);
	buffer_release(&usd);
}

static struct error *end_stand_in(struct deployed *t)
{
	char *id = xstrdup(t->stand_in.id);
	struct error *err = instance_terminate(t->cloud, id);
	if (!err) {
		/* What ends cannot be asked for any more. */
		free(t->stand_in.state);
		t->stand_in.state = xstrdup("shutting-down");
		deployed_book(t, &t->stand_in);
		deployed_say("%s, which stood in for %s, has ended", id, t->own.id);
	}
	free(id);
	return err;
}

static struct error *wait_for_end(struct deployed *t, bool hibernate, uint64_t timeout_ms)
{
	struct instance seen;
	char *id = xstrdup(t->own.id);
	struct error *err = deployed_wait(t, id, "stopped", timeout_ms, &seen);
	if (seen.id) {
		instance_release(&t->own);
		t->own = seen;
	}
	if (!err) {
		deployed_book(t, &t->own);
		deployed_say("%s %s", id, hibernate ? "is hibernated" : "is stopped");
		say_month(t);
	} else if (error_is(err, ERROR_CANCELLED)) {
		error_free(err);
		err = error_with_hint(error_new(ERROR_CANCELLED, "interrupted: %s goes on stopping", id),
				      "`git deploy status` tells when it has");
	}
	free(id);
	return err;
}

static struct error *end_own(struct deployed *t, bool hibernate, bool wait, uint64_t timeout_ms)
{
	struct instance *i = &t->own;
	struct error *err = NULL;
	if (instance_is(i, "pending")) { /* it has to arrive first */
		struct instance seen;
		deployed_say("%s is starting: waiting until it runs, to stop it", i->id);
		err = deployed_wait(t, i->id, "running", timeout_ms, &seen);
		instance_release(&seen);
	}
	if (!err && !instance_is(i, "stopping"))
		err = instance_stop(t->cloud, i->id, hibernate);
	if (err)
		return err;
	if (wait)
		return wait_for_end(t, hibernate, timeout_ms);
	deployed_say("%s is %s", i->id, hibernate ? "being hibernated" : "stopping");
	return NULL;
}

struct error *deployed_end(struct deployed *t, bool hibernate, bool wait, uint64_t timeout_ms)
{
	struct error *err = hibernate ? check_hibernation(t, deployed_current(t)) : NULL;
	if (!err && t->stand_in.id)
		err = end_stand_in(t);
	if (err || !instance_is(&t->own, "stopped"))
		return err ? err : end_own(t, hibernate, wait, timeout_ms);
	if (!t->stand_in.id)
		deployed_say("%s is stopped already", t->own.id);
	return NULL;
}
