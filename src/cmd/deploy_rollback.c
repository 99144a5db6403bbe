/* rollback: what an earlier release served is served again, without a build. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/terminal.h"
#include "base/text.h"
#include "cmd/release_ci.h"
#include "cmd/release_run.h"
#include "cmd/release_view.h"

struct rollback_options {
	const char *environment, *note;
	bool dry_run;
	int refresh; /* -1: as git config deploy.refresh says */
};

/* What R stands for: a rollback stands for the release it went back to. */
static const struct release *origin_of(const struct releases *all, const struct release *r)
{
	for (size_t i = 0; i < all->nr && r->result == RELEASE_ROLLED_BACK; i++) {
		const struct release *of = releases_number(all, r->of);
		if (!of)
			break;
		r = of;
	}
	return r;
}

static bool was_taken_back(const struct releases *all, const struct release *r)
{
	for (size_t i = 0; i < all->nr && all->items[i].number > r->number; i++)
		if (all->items[i].result == RELEASE_FAILED && all->items[i].of == r->number)
			return true;
	return false;
}

/* The newest release before what is served that was served itself, and is another image. */
static const struct release *find_before(const struct releases *all, const struct release *served)
{
	const struct release *origin = origin_of(all, served);
	for (int64_t number = origin->number - 1; number > 0; number--) {
		const struct release *r = releases_number(all, number);
		if (!r)
			break;
		bool was_served = r->result == RELEASE_DONE || r->result == RELEASE_PROMOTED;
		if (was_served && !digest_equals(&r->digest, &served->digest) &&
		    !was_taken_back(all, r))
			return r;
	}
	return NULL;
}

static struct error *find_target(const struct releases *all, const char *environment, const char *name,
				 const struct release **out)
{
	const struct release *served = releases_served(all);
	struct error *err = NULL;
	if (!served)
		return error_with_hint(error_new(ERROR_NOT_FOUND, "%s serves no release", environment),
				       "`git deploy` makes one");
	if (name)
		err = releases_find(all, environment, name, out);
	else
		*out = find_before(all, served);
	if (!err && !*out)
		err = error_new(ERROR_NOT_FOUND, "there is no release of %s before #%" PRId64 " that was "
											      "served",
				environment, origin_of(all, served)->number);
	if (!err)
		*out = origin_of(all, *out);
	return err;
}

static void say(const char *prefix, const struct release *r, const struct release_run *run)
{
	struct buffer line = BUFFER_INIT, safe = BUFFER_INIT;
	buffer_addf(&line, "%s #%" PRId64 " (%.7s ", prefix, r->number, r->commit.hex);
	release_add_subject(&line, run->d.repo, &r->commit);
	buffer_addch(&line, ')');
	text_for_terminal(&safe, line.data, line.len, false);
	buffer_addch(&safe, '\n');
	print_buffer(&safe);
	buffer_release(&line);
	buffer_release(&safe);
}

static struct error *roll_back(struct release_run *run, const struct rollback_options *o,
			       const struct release *target,
			       int *exit_status)
{
	struct release_outcome out = { 0 };
	struct error *err = release_roll_back(&out, &run->settings, target);
	progress_hide(run->progress);
	if (!err)
		release_run_say(run, &out, "");
	if (!err)
		err = release_run_instance(run, &out, o->refresh < 0 ? release_run_refreshes(run)
					   : o->refresh > 0,
					   exit_status);
	release_outcome_release(&out);
	return err;
}

/*
 * Without a name, twice in a row goes back two releases. So what was interrupted has to be told from what
 * is done: tags that are not where the ledger says are put there first, and that is all that is done then.
 */
static struct error *finish_first(struct release_run *run, bool *finished)
{
	struct release_outcome out;
	struct error *err = release_serve(&out, &run->settings);
	progress_hide(run->progress);
	*finished = !err && out.moved;
	release_outcome_release(&out);
	return err;
}

/* What is served already has to be so in the registry, too. */
static struct error *stay(struct release_run *run, const struct rollback_options *o,
			  const struct release *target)
{
	bool finished = false;
	struct error *err = o->dry_run ? NULL : finish_first(run, &finished);
	if (!err)
		say(finished ? "the registry's tags were not in place; served is" : "served already:", target,
		    run);
	return err;
}

static struct error *act(struct release_run *run, const struct rollback_options *o, const char *name,
			 int *exit_status)
{
	struct releases all = { 0 };
	const struct release *target = NULL;
	bool finished = false;
	struct error *err = NULL;
	if (run->settings.remote)
		err = releases_fetch(run->d.repo, run->settings.remote, run->environment, NULL);
	run->settings.fetched = true;
	if (!err && !name && !o->dry_run)
		err = finish_first(run, &finished);
	if (!err)
		err = releases_read(run->d.repo, run->environment, 0, &all);
	if (!err && finished)
		say("what was interrupted is finished: served is", releases_served(&all), run);
	else if (!err)
		err = find_target(&all, run->environment, name, &target);
	if (!err && target && digest_equals(&target->digest, &releases_served(&all)->digest) &&
	    !releases_canary(&all))
		err = stay(run, o, target);
	else if (!err && target && o->dry_run)
		say("would serve", target, run);
	else if (!err && target)
		err = roll_back(run, o, target, exit_status);
	releases_release(&all);
	return err;
}

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv,
			 int *exit_status)
{
	const struct rollback_options *o = options;
	struct release_run run = { 0 };
	if (argc > 1)
		return error_new(ERROR_USAGE, "one release at a time");
	struct error *err = release_run_open(&run, ctx, "HEAD", o->environment, NULL, o->note);
	if (!err)
		err = act(&run, o, argc ? argv[0] : NULL, exit_status);
	release_run_release(&run);
	return err;
}

static const char *const usage[] = { "[<options>] [<release>]", NULL };

#define AT(member) offsetof(struct rollback_options, member)
static const struct option options[] = {
	OPTION_ENVIRONMENT(AT(environment)),
	{ OPTION_STRING, 'm', "note", AT(note), "<text>", "why, for the ledger" },
	{ OPTION_SWITCH, 0, "refresh", AT(refresh), NULL, "have a running instance take the image now",
	  "As for `git deploy release`.", NULL, NULL },
	{ OPTION_BOOL, 'n', "dry-run", AT(dry_run), NULL, "say what would be served, and do nothing" },
	{ .kind = OPTION_END },
};

static const struct rollback_options defaults = { .refresh = -1 };

static const struct example examples[] = {
	{ "git deploy rollback", "Serves the release before the one that is served." },
	{ "git deploy rollback 11 --refresh", "Serves release #11, now." },
	{ NULL, NULL },
};

const struct command cmd_deploy_rollback = {
	.name = "rollback",
	.summary = "serve an earlier release again, without a build",
	.usage = usage,
	.description =
		"Puts the registry's tags of the environment back on the image of an earlier release, and "
		"adds that to the ledger. Nothing is built; the commit need not be here any more. The "
		"registry has to have the image still, and to say that it is of the commit the ledger "
		"names.\n\n"
		"Without a name it is the release before the one that is served; again, the one before that. "
		"A rollback that was interrupted is finished first, and that is all that is done then. A "
		"release is named by its number, its tag, or the beginning of its commit or digest.",
	.options = options,
	.options_size = sizeof(struct rollback_options),
	.defaults = &defaults,
	.examples = examples,
	.run = run,
};
