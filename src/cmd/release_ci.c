/* Where a release is made: in a shell, or by continuous integration. */
#include "cmd/release_ci.h"

#include "base/memory.h"
#include "base/text.h"

static struct error *refuse(const char *what)
{
	return error_with_hint(error_new(ERROR_USAGE, "this job runs for %s: a release is asked for by a tag "
						      "deploy-*, "
					 "never by a push to a branch", what),
			       "run it on tags deploy-* only; `git deploy` makes and pushes one");
}

/* A family of services: the variables in which they say what a job is about. */
struct ci {
	const char *ref;           /* "refs/tags/..." or "refs/heads/..."; or NULL */
	const char *tag, *branch;  /* names alone; or NULL */
	const char *event, *person; /* why the job runs, and what that is when a person has started it */
};
static const struct ci services[] = {
	/* GitHub, and Gitea and Forgejo, which imitate it. */
	{ .ref = "GITHUB_REF", .event = "GITHUB_EVENT_NAME", .person = "workflow_dispatch" },
	/* GitLab. */
	{ .tag = "CI_COMMIT_TAG", .branch = "CI_COMMIT_BRANCH", .event = "CI_PIPELINE_SOURCE", .person =
	  "web" },
};

static const char *variable(const char *name)
{
	return name ? context_env(name) : NULL;
}

/* "the branch 'main'", "'refs/pull/1/merge'"; malloc'd; NULL: the job is about nothing, or about *TAG. */
static char *subject_of(const struct ci *ci, const char **tag)
{
	const char *ref = variable(ci->ref), *branch = variable(ci->branch);
	*tag = variable(ci->tag);
	if (*tag || (ref && skip_prefix(ref, "refs/tags/", tag)))
		return NULL;
	if (ref && !skip_prefix(ref, "refs/heads/", &branch))
		return xstrfmt("'%s'", ref);
	return branch ? xstrfmt("the branch '%s'", branch) : NULL;
}

struct error *release_ci_tag(bool explicit, const char **tag)
{
	struct error *err = NULL;
	char *subject = NULL;
	size_t i = 0;
	*tag = NULL;
	while (i < ARRAY_SIZE(services) && !*tag && !subject)
		subject = subject_of(&services[i++], tag);
	if (!subject)
		return NULL;
	const char *event = variable(services[i - 1].event);
	bool by_a_person = event && !strcmp(event, services[i - 1].person);
	if (!by_a_person)
		err = refuse(subject);
	else if (!explicit)
		err = error_with_hint(error_new(ERROR_USAGE, "which tag? this job was started for %s",
						subject),
				      "name it: `git deploy release <tag>`");
	free(subject);
	return err;
}

char *release_ci_where(void)
{
	static const struct {
		const char *variable, *name;
	} runs[] = {
		{ "GITHUB_RUN_ID", "github-actions run" },
		{ "CI_JOB_ID", "gitlab-ci job" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(runs); i++) {
		const char *id = context_env(runs[i].variable);
		if (id)
			return xstrfmt("%s %s", runs[i].name, id);
	}
	return xstrdup(context_env("CI") ? "ci" : "shell");
}

char *release_ci_who(void)
{
	const char *actor = context_env("GITHUB_ACTOR"), *name = context_env("GITLAB_USER_NAME");
	const char *mail = context_env("GITLAB_USER_EMAIL");
	if (actor)
		return xstrfmt("%s <%s@users.noreply.github.com>", actor, actor);
	return name && mail ? xstrfmt("%s <%s>", name, mail) : NULL;
}
