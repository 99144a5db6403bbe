/* git deploy stop and git deploy hibernate. */
#include <stddef.h>

#include "cmd/deploy_instance.h"

#define DEFAULT_TIMEOUT 600

struct stop_options {
	const char *environment;
	int64_t timeout;
	bool wait;
};

static struct error *end(struct context *ctx, const struct stop_options *o, int argc, const char **argv,
			 bool hibernate)
{
	struct deployment d = { 0 };
	struct deployed t = { 0 };
	if (argc)
		return error_new(ERROR_USAGE, "there is no argument such as '%s': environments are named by "
				 "--env", argv[0]);
	if (o->timeout < 1)
		return error_new(ERROR_USAGE, "--timeout is a number of seconds");
	context_catch_signals(ctx);
	struct error *err = deployment_open(&d, ctx, "HEAD", o->environment);
	if (!err)
		err = deployed_open(&t, &d);
	if (!err)
		err = deployed_end(&t, hibernate, o->wait, (uint64_t)o->timeout * 1000);
	deployed_release(&t);
	deployment_release(&d);
	return err;
}

static struct error *stop(struct context *ctx, const void *options, int argc, const char **argv,
			  int *exit_status)
{
	(void)exit_status;
	return end(ctx, options, argc, argv, false);
}

static struct error *hibernate(struct context *ctx, const void *options, int argc, const char **argv,
			       int *exit_status)
{
	(void)exit_status;
	return end(ctx, options, argc, argv, true);
}

static const struct option options[] = {
	OPTION_ENVIRONMENT(offsetof(struct stop_options, environment)),
	{ OPTION_INTEGER, 0, "timeout", offsetof(struct stop_options, timeout), "<seconds>",
	  "how long to wait (600)" },
	{ OPTION_BOOL, 0, "wait", offsetof(struct stop_options, wait), NULL,
	  "wait until it has stopped (default)",
	  "Waits until the instance has stopped, which is the default; with --no-wait the command ends as soon "
	  "as AWS has accepted the wish." },
	{ .kind = OPTION_END },
};

static const struct stop_options defaults = { .timeout = DEFAULT_TIMEOUT, .wait = true };
static const char *const usage[] = { "[<options>]", NULL };

static const struct example stop_examples[] = {
	{ "git deploy stop", "Stops the instance and waits until it has." },
	{ "git deploy stop --env=demo --no-wait", "Has that of the environment demo stopped." },
	{ NULL, NULL },
};

const struct command cmd_deploy_stop = {
	.name = "stop",
	.summary = "stop the instance",
	.usage = usage,
	.description =
		"Stops the instance of the environment and waits until it has. A stopped instance costs its "
		"disks only. What stands in for it (see `git deploy start`) is ended for ever, with its disk.\n\n"
		"The hours that it ran, as far as they were not known, are booked in the ledger of hours (see "
		"`git deploy cost`). After an interrupt the instance goes on stopping.",
	.options = options,
	.options_size = sizeof(struct stop_options),
	.defaults = &defaults,
	.examples = stop_examples,
	.run = stop,
};

static const struct example hibernate_examples[] = {
	{ "git deploy hibernate", "Stops the instance so that it goes on where it was." },
	{ NULL, NULL },
};

const struct command cmd_deploy_hibernate = {
	.name = "hibernate",
	.summary = "stop the instance so that it goes on where it was",
	.usage = usage,
	.description =
		"Hibernates the instance of the environment: its memory is written to its encrypted disk, and "
		"`git deploy start` brings back all that ran, such as models that are loaded. Meanwhile it costs "
		"what a stopped one does.\n\n"
		"Only an instance that was launched for it can be hibernated: `hibernate: true` in the "
		"environment, then `git deploy infra`. A newer release is pulled by the next boot, not by waking "
		"up: `git deploy` sends it to an instance that runs.",
	.options = options,
	.options_size = sizeof(struct stop_options),
	.defaults = &defaults,
	.examples = hibernate_examples,
	.run = hibernate,
};
