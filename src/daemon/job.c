#include "daemon/job.h"

#include "base/hex.h"
#include "base/memory.h"
#include "base/text.h"

/* Those of `git rev-parse --local-env-vars` that would lead to another repository; and nobody is asked for anything. */
static const char *const own_environment[] = {
	"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
	"GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_PREFIX", "SCRUTINY_WEBHOOK_SECRET", "GIT_TERMINAL_PROMPT=0", NULL,
};
/* As for a job of a forge that is about a pull request from a fork: see review/provenance.h. */
static const char *const foreign_environment[] = {
	"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
	"GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_PREFIX", "SCRUTINY_WEBHOOK_SECRET", "GIT_TERMINAL_PROMPT=0",
	"GITHUB_EVENT_NAME=pull_request", "GITHUB_EVENT_PATH=/dev/null", NULL,
};

static bool is_foreign(const char *item)
{
	return !starts_with(item, "heads/");
}

static bool failed(const struct job_settings *s, struct error *err)
{
	if (!err)
		return false;
	s->say(s->data, true, err->message);
	error_free(err);
	return true;
}

/* -- fetching --------------------------------------------------------------------------------------- */

static struct error *fetch(const struct job_settings *s, const char *refspec)
{
	const char *argv[] = { "fetch", "--quiet", "--prune", "--no-tags", "--no-write-fetch-head", "--end-of-options",
			       s->remote, refspec, NULL };
	struct buffer said = BUFFER_INIT_MAX(JOB_MAX_ANSWER);
	struct process_options options = { .env = own_environment, .err = &said, .timeout_ms = JOB_FETCH_MS };
	struct error *err = repo_git(s->repo, argv, &options);
	buffer_release(&said);
	return err;
}

/* One by one: of a pull request that is gone git fetches nothing else either. */
static bool fetch_pulls(const struct job_settings *s, const struct strmap *items, struct strmap *missing)
{
	for (size_t i = 0; i < items->nr; i++) {
		/* A word of ours and a number. */
		const struct strmap_entry *e = &items->entries[i];
		if (!is_foreign(e->key))
			continue;
		char *refspec = xstrfmt("+refs/%s/head:" JOB_REFS "%s", e->key, e->key);
		if (failed(s, fetch(s, refspec)))
			strmap_add(missing, e->key, e->key_len);
		free(refspec);
	}
	return !missing->nr;
}

/* What was fetched: from "heads/main" to an object id, malloc'd. */
static struct error *list_fetched(const struct job_settings *s, struct strmap *out)
{
	struct buffer answer = BUFFER_INIT_MAX(JOB_MAX_ANSWER);
	struct process_options options = { .out = &answer };
	const char *argv[] = { "for-each-ref", "--format=%(objectname) %(refname)", JOB_REFS, NULL };
	struct error *err = repo_git_read(s->repo, argv, &options);
	for (char *line = answer.data; !err && *line;) {
		char *end = strchr(line, '\n'), *space = strchr(line, ' ');
		const char *name;
		if (!end || !space || space > end)
			break;
		*end = *space = '\0';
		if (skip_prefix(space + 1, JOB_REFS, &name) && hex_is(line, strlen(line))) {
			void **slot = strmap_at(out, name, strlen(name));
			free(*slot);
			*slot = xstrdup(line);
		}
		line = end + 1;
	}
	buffer_release(&answer);
	return err;
}

/* -- reviewing -------------------------------------------------------------------------------------- */

static bool run(const struct job_settings *s, const char *const *argv, bool foreign)
{
	int status = 0;
	const char *top = repo_work_tree(s->repo) ? repo_work_tree(s->repo) : repo_git_dir(s->repo);
	struct process_options options = { .directory = top, .exit_status = &status,
					   .env = foreign ? foreign_environment : own_environment };
	if (failed(s, process_run(argv, &options)))
		return false;
	if (!status)
		return true;
	char *text = xstrfmt("git scrutiny %s ended with exit status %d", argv[1], status);
	s->say(s->data, true, text);
	free(text);
	return false;
}

/* The branch that HEAD is, "heads/main"; empty: none. */
static void own_branch(const struct job_settings *s, struct buffer *out)
{
	const char *name, *argv[] = { "symbolic-ref", "--quiet", "HEAD", NULL };
	struct buffer ref = BUFFER_INIT;
	struct error *err = repo_git_line(s->repo, argv, &ref);
	if (!err && skip_prefix(ref.data, "refs/", &name))
		buffer_addstr(out, name);
	error_free(err);
	buffer_release(&ref);
}

static struct error *move_branch(const struct job_settings *s, const char *branch, const char *commit)
{
	char *ref = xstrfmt("refs/%s", branch);
	const char *argv[] = { "update-ref", "-m", "webhook", ref, commit, NULL };
	struct error *err = repo_git(s->repo, argv, &(struct process_options){ .env = own_environment });
	free(ref);
	return err;
}

/* Tells the forge what is known of COMMIT: its status, and a comment on its pull request if one is open. The review is
 * good without. A fork's commit gets no status: its own policy would settle which. */
static void publish(const struct job_settings *s, const char *item, const char *commit)
{
	const char *argv[8] = { s->program, "publish", "--quiet" }, *name = strchr(item, '/') + 1;
	bool foreign = is_foreign(item);
	char *at = xstrfmt("--commit=%s", commit), *where = xstrfmt(foreign ? "--pull=%s" : "--branch=%s", name);
	size_t nr = 3;
	argv[nr++] = at;
	argv[nr++] = where;
	if (foreign)
		argv[nr++] = "--comment";
	run(s, argv, foreign);
	free(at);
	free(where);
}

static bool review(const struct job_settings *s, const char *item, const char *commit)
{
	const char *argv[12] = { s->program, "run", "--fail-on=never" };
	size_t nr = 3;
	struct buffer own = BUFFER_INIT;
	char *at = xstrfmt("--at=%s", commit), *cost = NULL, *reviewers = NULL;
	bool foreign = is_foreign(item), good = true;
	if (s->pull_request && !foreign)
		own_branch(s, &own);
	if (own.len && !strcmp(own.data, item)) {
		good = !failed(s, move_branch(s, own.data, commit));
		argv[nr++] = "--pr";
	} else {
		argv[nr++] = at;
		argv[nr++] = "--no-write";
	}
	if (foreign) {
		argv[nr++] = "--checks-only";
	} else if (!s->reviewers || strcmp(s->reviewers, "configured") != 0) {
		reviewers = xstrfmt("--reviewers=%s", s->reviewers ? s->reviewers : "local");
		argv[nr++] = reviewers;
	}
	if (!s->reviewers || foreign)
		argv[nr++] = "--adjudicate=none";
	if (s->max_cost)
		argv[nr++] = cost = xstrfmt("--max-cost=%s", s->max_cost);
	good = good && run(s, argv, foreign);
	if (good && s->publish)
		publish(s, item, commit);
	buffer_release(&own);
	free(at);
	free(cost);
	free(reviewers);
	return good;
}

bool job_run(const struct job_settings *s, const struct strmap *items)
{
	struct strmap fetched = STRMAP_INIT, missing = STRMAP_INIT;
	bool fetching = !failed(s, fetch(s, "+refs/heads/*:" JOB_REFS "heads/*"));
	bool good = fetching && fetch_pulls(s, items, &missing);
	if (fetching && failed(s, list_fetched(s, &fetched)))
		fetching = good = false;
	for (size_t i = 0; fetching && i < items->nr; i++) {
		const struct strmap_entry *e = &items->entries[i];
		if (strmap_has(&missing, e->key, e->key_len))
			continue;
		const char *commit = strmap_get(&fetched, e->key, e->key_len);
		/* Deleted since, or never there. */
		char *text = commit ? xstrfmt("reviewing %s at %.12s", e->key, commit)
				    : xstrfmt("%s is not at the remote: nothing to review", e->key);
		s->say(s->data, false, text);
		free(text);
		if (commit)
			good = review(s, e->key, commit) && good;
	}
	if (fetching && s->push_records) {
		const char *argv[] = { s->program, "records", "push", "--quiet", s->remote, NULL };
		good = run(s, argv, false) && good;
	}
	strmap_release(&fetched, free);
	strmap_release(&missing, NULL);
	return good;
}
