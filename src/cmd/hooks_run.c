#include "cmd/hooks.h"

#include <stdio.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "hook/after.h"
#include "hook/hook.h"
#include "hook/stamp.h"

/* As git-scrutiny-hook does it, for managers of hooks that call us themselves. */
static struct error *after(struct hooks_call *call)
{
	struct repo *repo = call->ctx->repo;
	struct buffer page = BUFFER_INIT;
	struct hook_places places = { (char *)repo_git_dir(repo), NULL };
	hook_after(call->hook, &places, "/proc/self/exe", &page);
	fwrite(page.data, 1, page.len, stderr);
	buffer_release(&page);
	hooks_say_bypassed(call);
	return NULL;
}

/* What was refused and is committed all the same has not been checked. */
static struct error *pre_commit(struct hooks_call *call)
{
	const char *git_dir = repo_git_dir(call->ctx->repo);
	struct error *err = hooks_pre_commit(call);
	if (!err && *call->exit_status == EXIT_DONE)
		hook_stamp(git_dir, true);
	return err;
}

static const struct hook {
	const char *name;
	struct error *(*run)(struct hooks_call *call);
} hooks[] = {
	{ "pre-commit", pre_commit },
	{ "pre-push", hooks_pre_push },
	{ "post-commit", after },
	{ "post-merge", after },
	{ "post-rewrite", after },
	{ "post-checkout", after },
};

struct error *hooks_give_way(struct hooks_call *call, struct error *err)
{
	const struct repo *repo = call->ctx->repo;
	bool strict = repo && text_is_true(repo_config(call->ctx->repo, "scrutiny.hooks.strict"));
	if (!err || strict || error_is(err, ERROR_CANCELLED))
		return err;
	say_warning("%s: not checked", err->message);
	error_free(err);
	return NULL;
}

bool hooks_are_off(struct repo *repo)
{
	const char *wanted = context_env("SCRUTINY");
	return (wanted && !strcmp(wanted, "0")) || text_is_false(repo_config(repo, "scrutiny.hooks"));
}

/* As git-scrutiny-hook says it, to somebody who looks and has skipped it for once. */
static void say_skipped(const char *hook)
{
	const char *wanted = context_env("SCRUTINY");
	if (wanted && !strcmp(wanted, "0") && starts_with(hook, "pre-") && isatty(STDERR_FILENO))
		fprintf(stderr, "git scrutiny: skipped (SCRUTINY=0): %s checks\n", hook);
}

struct error *hooks_run(struct hooks_call *call)
{
	const char *word = call->argc ? call->argv[0] : NULL;
	const struct hook *hook = NULL;
	struct repo *repo;
	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++)
		if (word && !strcmp(word, hooks[i].name))
			hook = &hooks[i];
	if (!hook) {
		const char *near = word ? text_nearest(word, hook_names) : NULL;
		struct error *err = word ? error_new(ERROR_USAGE, "`%s' is no hook of ours", word)
					 : error_new(ERROR_USAGE, "hooks run needs the name of a hook");
		return near ? error_with_hint(err, "did you mean %s?", near) : err;
	}
	struct error *err = context_repo(call->ctx, &repo);
	if (!err && hooks_are_off(repo))
		say_skipped(hook->name);
	if (err || hooks_are_off(repo))
		return err;
	call->hook = hook->name;
	call->argc--;
	call->argv++;
	return hook->run(call);
}
