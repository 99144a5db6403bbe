#include "hook/hook.h"

#include <string.h>

const char *const hook_names[] = {
	"pre-commit", "post-commit", "pre-push", "post-merge", "post-rewrite", "post-checkout", NULL,
};

/* githooks(5), and reference-transaction. What core.fsmonitor names is found without the folder of hooks. */
const char *const hook_names_of_git[] = {
	"applypatch-msg", "pre-applypatch", "post-applypatch", "pre-commit", "pre-merge-commit", "prepare-commit-msg",
	"commit-msg", "post-commit", "pre-rebase", "post-checkout", "post-merge", "pre-push", "pre-receive", "update",
	"proc-receive", "post-receive", "post-update", "reference-transaction", "push-to-checkout", "pre-auto-gc",
	"post-rewrite", "sendemail-validate", "post-index-change", "p4-changelist", "p4-prepare-changelist",
	"p4-post-changelist", "p4-pre-submit", NULL,
};

static bool is_among(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (!strcmp(*names, name))
			return true;
	return false;
}

bool hook_is_known(const char *name)
{
	return is_among(hook_names, name);
}

bool hook_is_of_git(const char *name)
{
	return is_among(hook_names_of_git, name);
}
