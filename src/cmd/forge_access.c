#include "cmd/forge_access.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/text.h"
#include "cmd/workspace.h"

struct error *current_branch(struct repo *repo, char **out)
{
	static const char *const argv[] = { "symbolic-ref", "--quiet", "HEAD", NULL };
	struct buffer said = BUFFER_INIT;
	const char *name;
	int status = 0;
	struct process_options options = { .out = &said, .exit_status = &status };
	struct error *err = repo_git_read(repo, argv, &options);
	*out = NULL;
	if (!err && !status && skip_prefix(said.data, "refs/heads/", &name))
		*out = xmemdupz(name, strcspn(name, "\n"));
	buffer_release(&said);
	return err;
}

char *branch_there(struct repo *repo, const char *remote, const char *branch)
{
	char *remote_key = xstrfmt("branch.%s.remote", branch), *merge_key = xstrfmt("branch.%s.merge", branch);
	const char *its_remote = repo_config(repo, remote_key), *merge = repo_config(repo, merge_key), *name;
	bool there = its_remote && merge && !strcmp(its_remote, remote) && skip_prefix(merge, "refs/heads/", &name);
	char *found = xstrdup(there ? name : branch);
	free(remote_key);
	free(merge_key);
	return found;
}

struct error *find_remote(struct repo *repo, char **out)
{
	static const char *const argv[] = { "remote", NULL };
	struct buffer names = BUFFER_INIT;
	char *branch = NULL;
	*out = NULL;
	struct error *err = current_branch(repo, &branch);
	if (!err && branch) {
		char *key = xstrfmt("branch.%s.remote", branch);
		const char *remote = repo_config(repo, key);
		if (remote && strcmp(remote, ".") != 0)
			*out = xstrdup(remote);
		free(key);
	}
	if (!err && !*out && repo_config(repo, "remote.origin.url"))
		*out = xstrdup("origin");
	if (!err && !*out)
		err = repo_git_line(repo, argv, &names);
	if (!err && !*out && names.len && !strchr(names.data, '\n'))
		*out = xstrdup(names.data);
	if (!err && !*out)
		err = error_with_hint(error_new(ERROR_NOT_FOUND, "there is no remote to push to"),
				      "`git remote add origin <address>` names one");
	buffer_release(&names);
	free(branch);
	return err;
}

static const char *env_of(void *data, const char *name)
{
	(void)data;
	return context_env(name);
}

static void on_wait(void *data, const char *line)
{
	struct buffer safe = BUFFER_INIT;
	(void)data;
	text_for_terminal(&safe, line, strlen(line), false);
	print_flush();
	fprintf(stderr, "%s\n", safe.data);
	buffer_release(&safe);
}

struct error *open_forge(struct forge **out, struct context *ctx, const char *remote)
{
	struct repo *repo;
	*out = NULL;
	struct error *err = context_repo(ctx, &repo);
	if (err)
		return err;
	struct forge_settings settings = {
		.http = workspace_http_settings(repo),
		.env = env_of,
		.stop = ctx->stop,
		.on_wait = on_wait,
	};
	return forge_open(out, repo, remote, &settings);
}

void add_pull_name(struct buffer *out, const struct forge *forge, int64_t number)
{
	bool gitlab = forge_kind(forge) == FORGE_GITLAB;
	buffer_addf(out, "%s request %c%" PRId64, gitlab ? "merge" : "pull", gitlab ? '!' : '#', number);
}
