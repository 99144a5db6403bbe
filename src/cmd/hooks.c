#include "cmd/hooks.h"

#include <stddef.h>

#include "base/memory.h"
#include "cmd/action.h"

/* Which options an action takes. */
enum takes { TAKES_NONE = 0, TAKES_ONLY = 1, TAKES_GLOBAL = 2, TAKES_DRY_RUN = 4, TAKES_WRITE = 8, TAKES_FORM = 16 };

/* A row an action; MOST counts the arguments behind its name (-1: as many as there are). */
static const struct action {
	const char *name;
	int most;
	unsigned takes;
	struct error *(*run)(struct hooks_call *call);
} actions[] = {
	{ "run", -1, TAKES_NONE, hooks_run },
	{ "install", 0, TAKES_ONLY | TAKES_GLOBAL | TAKES_DRY_RUN | TAKES_WRITE, hooks_install },
	{ "remove", 0, TAKES_ONLY | TAKES_GLOBAL | TAKES_DRY_RUN | TAKES_WRITE, hooks_remove },
	{ "status", 0, TAKES_FORM, hooks_status },
	{ "background", 0, TAKES_NONE, hooks_background },
};

static struct error *check_options(const struct action *action, const struct hooks_options *o)
{
	const struct action_option given[] = {
		{ o->only != NULL, TAKES_ONLY, "only" },         { o->global != NULL, TAKES_GLOBAL, "global" },
		{ o->dry_run, TAKES_DRY_RUN, "dry-run" },        { o->write, TAKES_WRITE, "write" },
		{ o->quiet, TAKES_DRY_RUN, "quiet" },            { o->porcelain, TAKES_FORM, "porcelain" },
		{ o->nul, TAKES_FORM, "null" },                  { o->color != NULL, TAKES_FORM, "color" },
	};
	struct error *err = action_check("hooks", action->name, action->takes, given, ARRAY_SIZE(given));
	if (!err && o->nul && !o->porcelain)
		return error_new(ERROR_USAGE, "-z belongs to --porcelain");
	return err;
}

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv, int *exit_status)
{
	const void *row = NULL;
	struct error *err = action_find(&row, "hooks", argc ? argv[0] : NULL, actions, ARRAY_SIZE(actions),
					sizeof(*actions));
	const struct action *action = row;
	if (!err)
		err = check_options(action, options);
	if (!err && action->most >= 0 && argc - 1 > action->most)
		err = error_new(ERROR_USAGE, "too many arguments for hooks %s", action->name);
	if (err)
		return err;
	struct hooks_call call = { .ctx = ctx, .options = options, .argc = argc - 1, .argv = argv + 1,
				   .exit_status = exit_status };
	return action->run(&call);
}

static const struct option options[] = {
	{ OPTION_GROUP, 0, NULL, 0, NULL, "Installing and removing" },
	{ OPTION_STRING, 0, "only", offsetof(struct hooks_options, only), "<hook>,...",
	  "these hooks only (default: all of ours)" },
	{ OPTION_OPTIONAL_STRING, 0, "global", offsetof(struct hooks_options, global), "<way>",
	  "not for this repository: template (the default) or hooks-path",
	  "For other repositories than this one. `template` puts the hooks into the folder of init.templateDir, from which "
	  "repositories that are cloned or made later get them; it hides nothing. `hooks-path` sets core.hooksPath for all "
	  "repositories of yours, which hides their own hooks from git: ours run those, of every name that git knows, which "
	  "takes about a millisecond each time that git looks for a hook. "
	  "Where the setting is there already it stays, and the hooks go into the folder that it names." },
	{ OPTION_BOOL, 0, "write", offsetof(struct hooks_options, write), NULL,
	  "may change files of the work tree that a manager of hooks reads",
	  "May change files of the work tree: `.husky/*`, `.pre-commit-config.yaml`, or a folder of hooks that is "
	  "committed. They are named, and never committed by us. Without it, what would be written is printed." },
	{ OPTION_BOOL, 'n', "dry-run", offsetof(struct hooks_options, dry_run), NULL,
	  "only say what would be done" },
	{ OPTION_BOOL, 'q', "quiet", offsetof(struct hooks_options, quiet), NULL, "print warnings and errors only" },
	{ OPTION_GROUP, 0, NULL, 0, NULL, "Output of status" },
	{ OPTION_BOOL, 0, "porcelain", offsetof(struct hooks_options, porcelain), NULL,
	  "a line a hook, in a format that does not change",
	  "Prints `# scrutiny-hooks v1`; then, where it is so, `# off environment` or `# off config`, `# reviewed <commit> "
	  "<time>` of the last background review (in seconds since 1970) and `# running`; then for each hook a line of its "
	  "name, its state, who runs it and the file, separated by tabs. The states: `installed`; `outdated`, of another version "
	  "or program; `managed`, in the file of a manager; `called`, by a hook that has taken its place; `hidden`, by "
	  "core.hooksPath; `foreign`, somebody else's hook alone; `none`." },
	{ OPTION_BOOL, 'z', "null", offsetof(struct hooks_options, nul), NULL,
	  "with --porcelain: NUL at the end of every field" },
	{ OPTION_CHOICE, 0, "color", offsetof(struct hooks_options, color), "<when>", "always, never or auto", NULL,
	  color_choices },
	{ .kind = OPTION_END },
};

static const char *const usage[] = {
	"install [--global[=<way>]] [--only=<hook>,...] [--write] [--dry-run]",
	"remove [--global[=<way>]] [--only=<hook>,...] [--write] [--dry-run]",
	"status [--porcelain [-z]]",
	"run <hook> [--] [<argument>...]",
	"background",
	NULL,
};

static const struct example examples[] = {
	{ "git scrutiny hooks install", "Check papers at every commit and push." },
	{ "git scrutiny hooks install --only=pre-push", "Only at pushes." },
	{ "git scrutiny hooks status", "What is there." },
	{ "SCRUTINY=0 git commit", "Not this time." },
	{ NULL, NULL },
};

const struct command cmd_hooks = {
	.name = "hooks",
	.summary = "check papers at commit and at push",
	.usage = usage,
	.description =
		"`install` puts our hooks into this repository: pre-commit and pre-push check papers, the others start reviews "
		"in the background and say what those found. A hook that is there is moved to the folder "
		"`hooks.before-scrutiny` and runs first, with the same arguments and standard input; where it "
		"fails, ours are not reached. "
		"`remove` puts everything back as it was. `status` tells what is there, and what runs. The exit status "
		"of `install` and `remove` is 2 when a hook is left that has to be done with --write, or by hand.\n\n"
		"`SCRUTINY=0` in the environment skips our hooks once and `git config scrutiny.hooks false` for good; "
		"those of others run all the same.\n\n"
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
	.options_size = sizeof(struct hooks_options),
	.examples = examples,
	.run = run,
};
