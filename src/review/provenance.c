#include "review/provenance.h"

#include <strings.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

void provenance_release(struct provenance *p)
{
	free(p->why);
	free(p->base);
	*p = (struct provenance){ 0 };
}

static const char *env(const struct provenance_settings *s, const char *name)
{
	const char *value = s->env(s->data, name);
	return value && *value ? value : NULL;
}

static void set_fork(struct provenance *p, const char *whose)
{
	p->from_fork = true;
	p->why = whose ? xstrfmt("a pull request from %.200s", whose)
		       : xstrdup("a pull request that may be from a fork");
}

static const cJSON *member(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* -- GitHub and those that do as it does ------------------------------------------------------------ */

/* Two repositories of one name are one, fork of a third or not. One that is gone, or has no name, is somebody
 * else's. */
static void compare_repositories(struct provenance *p, const cJSON *head, const cJSON *base)
{
	const char *ours = json_string_or(base, "full_name", NULL);
	const char *theirs = json_string_or(head, "full_name", NULL);
	if (!ours || !theirs || !*ours || strcasecmp(ours, theirs) != 0)
		set_fork(p, theirs);
}

static void take_base(struct provenance *p, const char *base)
{
	if (base && !p->base)
		p->base = xstrdup(base);
}

static void read_pull_request(struct provenance *p, const cJSON *event)
{
	const cJSON *request = member(event, "pull_request");
	const cJSON *head = member(request, "head"), *base = member(request, "base");
	take_base(p, json_string_or(base, "sha", NULL));
	compare_repositories(p, member(head, "repo"), member(base, "repo"));
}

/* A run that another run has started, perhaps one for a pull request. */
static void read_workflow_run(struct provenance *p, const cJSON *event)
{
	const cJSON *run = member(event, "workflow_run"), *requests = member(run, "pull_requests");
	const cJSON *first = cJSON_IsArray(requests) ? cJSON_GetArrayItem(requests, 0) : NULL;
	take_base(p, json_string_or(member(first, "base"), "sha", NULL));
	compare_repositories(p, member(run, "head_repository"), member(event, "repository"));
}

/* A comment does not tell where the pull request that it is on comes from. */
static void read_comment(struct provenance *p, const cJSON *event)
{
	const cJSON *issue = member(event, "issue");
	if (!issue || member(issue, "pull_request"))
		set_fork(p, NULL);
}

static const struct event_kind {
	const char *name;
	void (*read)(struct provenance *p, const cJSON *event);
} event_kinds[] = {
	{ "pull_request", read_pull_request },
	{ "pull_request_target", read_pull_request },
	{ "pull_request_review", read_pull_request },
	{ "pull_request_review_comment", read_pull_request },
	{ "workflow_run", read_workflow_run },
	{ "issue_comment", read_comment },
	{ "pull_request_comment", read_comment }, /* Gitea */
};

static void find_github(struct provenance *p, const struct provenance_settings *s)
{
	const char *name = env(s, "GITHUB_EVENT_NAME"), *path = env(s, "GITHUB_EVENT_PATH");
	const struct event_kind *kind = NULL;
	for (size_t i = 0; name && i < ARRAY_SIZE(event_kinds); i++)
		if (!strcmp(name, event_kinds[i].name))
			kind = &event_kinds[i];
	/* One that is not known here, and is about a pull request by its name. */
	if (name && !kind && (strstr(name, "pull_request") || strstr(name, "merge_request")))
		set_fork(p, NULL);
	if (!kind)
		return;
	struct buffer text = BUFFER_INIT_MAX(PROVENANCE_MAX_EVENT);
	cJSON *event = NULL;
	bool readable = path && s->read(s->data, path, &text);
	struct error *err = readable ? json_parse(&event, slice_of(&text), "the event") : NULL;
	if (!readable || err || !cJSON_IsObject(event))
		set_fork(p, NULL);
	else
		kind->read(p, event);
	error_free(err);
	cJSON_Delete(event);
	buffer_release(&text);
}

/* -- others: all in variables ----------------------------------------------------------------------- */

static void find_gitlab(struct provenance *p, const struct provenance_settings *s)
{
	if (!env(s, "CI_MERGE_REQUEST_IID") && !env(s, "CI_MERGE_REQUEST_ID"))
		return;
	const char *source = env(s, "CI_MERGE_REQUEST_SOURCE_PROJECT_ID");
	const char *target = env(s, "CI_MERGE_REQUEST_PROJECT_ID");
	take_base(p, env(s, "CI_MERGE_REQUEST_DIFF_BASE_SHA"));
	if (!source || !target || strcmp(source, target) != 0)
		set_fork(p, env(s, "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH"));
}

/* VARIABLE says by being there that it is a pull request; it is from a fork unless OURS and THEIRS, or
 * where there is no OURS the words in THEIRS, say otherwise. */
static const struct {
	const char *variable, *theirs, *ours;
	const char *not_a_request; /* what VARIABLE is otherwise */
} others[] = {
	{ "SYSTEM_PULLREQUEST_PULLREQUESTID", "SYSTEM_PULLREQUEST_ISFORK", NULL, NULL },          /* Azure */
	{ "CIRCLE_PR_NUMBER", NULL, NULL, NULL },                                  /* set for forks only */
	{ "TRAVIS_PULL_REQUEST", "TRAVIS_PULL_REQUEST_SLUG", "TRAVIS_REPO_SLUG", "false" },
	{ "CHANGE_FORK", NULL, NULL, NULL },                                            /* Jenkins, likewise */
	{ "BUILDKITE_PULL_REQUEST", "BUILDKITE_PULL_REQUEST_REPO", "BUILDKITE_REPO", "false" },
	{ "CI_COMMIT_PULL_REQUEST", "CI_COMMIT_SOURCE_REPO", "CI_REPO", NULL },         /* Woodpecker */
};

static void find_others(struct provenance *p, const struct provenance_settings *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(others) && !p->from_fork; i++) {
		const char *request = env(s, others[i].variable);
		if (!request || (others[i].not_a_request && !strcmp(request, others[i].not_a_request)))
			continue;
		const char *theirs = others[i].theirs ? env(s, others[i].theirs) : NULL;
		const char *ours = others[i].ours ? env(s, others[i].ours) : "False";
		if (!theirs || !ours || strcasecmp(theirs, ours) != 0)
			set_fork(p, others[i].ours ? theirs : NULL);
	}
}

void provenance_find(struct provenance *out, const struct provenance_settings *settings)
{
	*out = (struct provenance){ 0 };
	find_github(out, settings);
	if (!out->from_fork)
		find_gitlab(out, settings);
	if (!out->from_fork)
		find_others(out, settings);
}
