/* The framework pre-commit gives its hooks no standard input: what is pushed is in the environment. It calls
 * them for one ref of a push, the first that is not deleted. */
#include "cmd/hooks.h"

#include "base/memory.h"

bool hooks_framework_push(struct hooks_call *call, const char **remote, const char **url)
{
	bool calls = context_env("PRE_COMMIT") && context_env("PRE_COMMIT_REMOTE_BRANCH") && !call->argc;
	if (calls) {
		*remote = context_env("PRE_COMMIT_REMOTE_NAME");
		*url = context_env("PRE_COMMIT_REMOTE_URL");
	}
	return calls && *remote && *url;
}

struct error *hooks_framework_input(struct repo *repo, struct buffer *out)
{
	const char *local = context_env("PRE_COMMIT_LOCAL_BRANCH"), *to = context_env("PRE_COMMIT_TO_REF");
	const char *from = context_env("PRE_COMMIT_FROM_REF");
	struct oid id;
	/* Of a history that the remote has nothing of it names no commit. */
	struct error *err = repo_resolve_commit(repo, to ? to : local ? local : "HEAD", &id);
	if (err)
		return err;
	buffer_addf(out, "%s %s %s ", local ? local : "HEAD", id.hex, context_env("PRE_COMMIT_REMOTE_BRANCH"));
	for (size_t i = 0; !from && i < strlen(id.hex); i++)
		buffer_addch(out, '0');
	buffer_addf(out, "%s\n", from ? from : "");
	return NULL;
}
