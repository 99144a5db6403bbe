/* Which commit and which pull request are spoken about: said, or told by the CI job we are, or found at the forge. */
#include "cmd/publish.h"

#include <inttypes.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "cmd/forge_access.h"
#include "git/ref.h"
#include "review/provenance.h"

static void set_id(struct oid *out, const char *hex)
{
	size_t len = hex ? strlen(hex) : 0;
	if ((len == 40 || len == 64) && strspn(hex, "0123456789abcdef") == len)
		memcpy(out->hex, hex, len + 1);
}

static bool read_number(const char *text, int64_t *out)
{
	size_t len = text ? strspn(text, "0123456789") : 0;
	if (!len || len > 15 || text[len])
		return false;
	*out = strtoll(text, NULL, 10);
	return *out > 0;
}

/* -- the CI job -------------------------------------------------------------------------------- */

/* The event of a pull request: HEAD is a merge that only its job has. */
static void read_event(struct publish_target *t, const char *path)
{
	struct buffer text = BUFFER_INIT_MAX(PROVENANCE_MAX_EVENT);
	cJSON *json = NULL;
	struct error *err = file_read(path, &text);
	if (!err)
		err = json_parse(&json, slice_of(&text), "the event of the job");
	const cJSON *pull = json ? cJSON_GetObjectItemCaseSensitive(json, "pull_request") : NULL;
	if (cJSON_IsObject(pull)) {
		const cJSON *head = cJSON_GetObjectItemCaseSensitive(pull, "head");
		const cJSON *base = cJSON_GetObjectItemCaseSensitive(pull, "base");
		int64_t number = json_integer_or(pull, "number", 0);
		t->number = number > 0 ? number : t->number;
		set_id(&t->commit, json_string_or(head, "sha", NULL));
		set_id(&t->base, json_string_or(base, "sha", NULL));
		const char *branch = json_string_or(base, "ref", NULL);
		if (branch && !t->base_branch)
			t->base_branch = xstrdup(branch);
	}
	error_free(err); /* a job of another kind */
	cJSON_Delete(json);
	buffer_release(&text);
}

static void read_github(struct publish_target *t)
{
	const char *ref = context_env("GITHUB_REF"), *event = context_env("GITHUB_EVENT_PATH"), *rest;
	const char *server = context_env("GITHUB_SERVER_URL"), *repository = context_env("GITHUB_REPOSITORY");
	const char *run = context_env("GITHUB_RUN_ID");
	if (ref && skip_prefix(ref, "refs/pull/", &rest)) {
		char *number = xmemdupz(rest, strcspn(rest, "/"));
		read_number(number, &t->number);
		free(number);
		if (event)
			read_event(t, event);
	}
	if (server && repository && run)
		t->job_url = xstrfmt("%s/%s/actions/runs/%s", server, repository, run);
}

static void read_gitlab(struct publish_target *t)
{
	const char *url = context_env("CI_JOB_URL"), *base = context_env("CI_MERGE_REQUEST_TARGET_BRANCH_NAME");
	if (!read_number(context_env("CI_MERGE_REQUEST_IID"), &t->number))
		return;
	/* Of a pipeline for merged results CI_COMMIT_SHA is the merge. */
	set_id(&t->commit, context_env("CI_COMMIT_SHA"));
	set_id(&t->commit, context_env("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"));
	set_id(&t->base, context_env("CI_MERGE_REQUEST_DIFF_BASE_SHA"));
	if (base && !t->base_branch)
		t->base_branch = xstrdup(base);
	if (url && !t->job_url)
		t->job_url = xstrdup(url);
}

/* -- the forge --------------------------------------------------------------------------------- */

/* The open pull request of the branch called NAMED (NULL: the one that is checked out). */
static struct error *find_pull(struct publish_target *t, const char *named)
{
	struct pull pull = { 0 };
	char *branch = NULL, *there = named ? xstrdup(named) : NULL;
	bool found = false;
	struct error *err = named ? NULL : current_branch(t->repo, &branch);
	if (!err && branch)
		there = branch_there(t->repo, t->remote, branch);
	if (!err && there)
		err = forge_pull_find(t->forge, there, NULL, &pull, &found);
	if (!err && found && pull.state == PULL_OPEN) {
		t->number = pull.number;
		t->base_branch = pull.base ? xstrdup(pull.base) : NULL;
	}
	pull_release(&pull);
	free(branch);
	free(there);
	return err;
}

static struct error *find_base_branch(struct publish_target *t)
{
	struct pull pull = { 0 };
	struct error *err = forge_pull_get(t->forge, t->number, &pull);
	if (!err && pull.base && *pull.base)
		t->base_branch = xstrdup(pull.base);
	pull_release(&pull);
	return err;
}

static struct error *is_here(struct publish_target *t)
{
	struct oid found;
	struct error *err = repo_resolve_commit(t->repo, t->commit.hex, &found);
	t->here = !err;
	error_drop_if(&err, ERROR_NOT_FOUND);
	return err;
}

struct error *publish_target_find(struct publish_target *out, struct context *ctx, const struct publish_options *o,
				  bool needs_pull)
{
	*out = (struct publish_target){ 0 };
	struct error *err = context_repo(ctx, &out->repo);
	if (!err)
		err = find_remote(out->repo, &out->remote);
	if (!err)
		err = open_forge(&out->forge, ctx, out->remote);
	if (err)
		return err;
	read_github(out);
	read_gitlab(out);
	if (o->branch || (o->pull && o->pull != out->number)) {
		/* Another one than the job is about. */
		free(out->base_branch);
		*out = (struct publish_target){ .repo = out->repo, .forge = out->forge, .remote = out->remote,
						.job_url = out->job_url, .number = o->pull };
	}
	if (o->commit)
		err = repo_resolve_commit(out->repo, o->commit, &out->commit);
	else if (!out->commit.hex[0])
		err = repo_resolve_commit(out->repo, "HEAD", &out->commit);
	if (!err && !out->number && needs_pull)
		err = find_pull(out, o->branch);
	return err ? err : is_here(out);
}

void publish_target_release(struct publish_target *t)
{
	forge_free(t->forge);
	free(t->remote);
	free(t->base_branch);
	free(t->job_url);
}

/* The branch as the last fetch left it, else as it is now. */
static struct error *find_base(struct publish_target *t)
{
	bool found = false;
	char *ref = xstrfmt("refs/remotes/%s/%s", t->remote, t->base_branch);
	struct error *err = repo_ref(t->repo, ref, &t->base);
	if (!err && !t->base.hex[0]) {
		char *tracking = ref_tracking(t->repo, t->remote, "base");
		char *refspec = xstrfmt("+refs/heads/%s:%s", t->base_branch, tracking);
		char *what = xstrfmt("the branch '%s'", t->base_branch);
		err = ref_fetch(t->repo, t->remote, refspec, what, &found);
		if (!err && found)
			err = repo_ref(t->repo, tracking, &t->base);
		free(tracking);
		free(refspec);
		free(what);
	}
	free(ref);
	if (!err && !t->base.hex[0])
		err = error_new(ERROR_NOT_FOUND, "'%s' has no branch '%s', which the pull request is to go into", t->remote,
				t->base_branch);
	return err;
}

struct error *publish_target_fork(struct publish_target *t, struct oid *out)
{
	struct oid unused;
	struct error *err = NULL;
	if (t->base.hex[0]) {
		err = repo_resolve_commit(t->repo, t->base.hex, &unused);
		if (error_drop_if(&err, ERROR_NOT_FOUND))
			t->base.hex[0] = '\0'; /* a shallow clone may not have it */
	}
	if (!err && !t->base.hex[0] && !t->base_branch)
		err = find_base_branch(t);
	if (!err && !t->base.hex[0])
		err = find_base(t);
	return err ? err : diff_merge_base(t->repo, &t->base, &t->commit, out);
}
