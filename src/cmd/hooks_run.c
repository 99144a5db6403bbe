#include "cmd/hooks.h"

#include "base/memory.h"
#include "base/text.h"
#include "cmd/run.h"
#include "hook/hook.h"

static struct error *pre_commit(struct hooks_call *call)
{
	struct run_options o = { .format = "text", .staged = true, .checks_only = true, .batch = -1, .quiet = true };
	o.fail_on = repo_config(call->ctx->repo, "scrutiny.hooks.failon");
	return cmd_run.run(call->ctx, &o, 0, NULL, call->exit_status);
}

static struct error *nothing(struct hooks_call *call)
{
	(void)call;
	return NULL;
}

static const struct hook {
	const char *name;
	struct error *(*run)(struct hooks_call *call);
} hooks[] = {
	{ "pre-commit", pre_commit },
	{ "post-commit", nothing },
	{ "pre-push", nothing },
	{ "post-merge", nothing },
	{ "post-rewrite", nothing },
	{ "post-checkout", nothing },
};

static bool is_off(struct repo *repo)
{
	const char *wanted = context_env("SCRUTINY"), *configured = repo_config(repo, "scrutiny.hooks");
	return (wanted && !strcmp(wanted, "0")) || (configured && !strcmp(configured, "false"));
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
	if (err || is_off(repo))
		return err;
	call->argc--;
	call->argv++;
	return hook->run(call);
}
