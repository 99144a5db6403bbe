#include "cmd/hooks.h"

#include "base/memory.h"
#include "base/text.h"

/* A row an action; MOST counts the arguments behind its name (-1: as many as there are). */
static const struct action {
	const char *name;
	int most;
	struct error *(*run)(struct hooks_call *call);
} actions[] = {
	{ "run", -1, hooks_run },
	{ "background", 0, hooks_background },
};

static struct error *find_action(const char *word, const struct action **out)
{
	const char *names[ARRAY_SIZE(actions) + 1] = { NULL };
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		names[i] = actions[i].name;
		if (word && !strcmp(word, names[i])) {
			*out = &actions[i];
			return NULL;
		}
	}
	struct error *err = word ? error_new(ERROR_USAGE, "`%s' is nothing that hooks does", word)
				 : error_new(ERROR_USAGE, "what of the hooks?");
	const char *near = word ? text_nearest(word, names) : NULL;
	return near ? error_with_hint(err, "did you mean `git scrutiny hooks %s'?", near)
		    : error_with_hint(err, "`git scrutiny hooks -h' lists what there is");
}

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv, int *exit_status)
{
	(void)options;
	const struct action *action = NULL;
	struct error *err = find_action(argc ? argv[0] : NULL, &action);
	if (!err && action->most >= 0 && argc - 1 > action->most)
		err = error_new(ERROR_USAGE, "too many arguments for hooks %s", action->name);
	if (err)
		return err;
	struct hooks_call call = { .ctx = ctx, .argc = argc - 1, .argv = argv + 1, .exit_status = exit_status };
	return action->run(&call);
}

static const struct option options[] = {
	{ .kind = OPTION_END },
};

static const char *const usage[] = {
	"run <hook> [--] [<argument>...]",
	"background",
	NULL,
};

const struct command cmd_hooks = {
	.name = "hooks",
	.summary = "check papers at commit and at push",
	.usage = usage,
	.description =
		"`run` does what <hook> is for, with the arguments and the standard input that git gives to that hook. "
		"pre-commit checks what is staged, with the built-in checks only, and writes nothing. "
		"Managers of hooks call it; hooks that git runs itself call git-scrutiny-hook, which is quicker when "
		"there is nothing to do.\n\n"
		"`background` is what post-commit, post-merge and post-rewrite start: it reviews the papers of HEAD that "
		"changed since the last such review, with the built-in checks and with models on this machine, or with those "
		"that git config scrutiny.hooks.backgroundReviewers names (`configured`: those of `git scrutiny run`). It records "
		"the reviews, and writes reports into the work tree only with git config scrutiny.hooks.write=true. One runs "
		"at a time; what is committed meanwhile is reviewed after it, all at once. The next hook says what was "
		"found, or a desktop notification at once with git config scrutiny.hooks.notify=true.",
	.options = options,
	.run = run,
};
