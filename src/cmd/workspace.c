#include "cmd/workspace.h"

#include <time.h>

#include "base/memory.h"
#include "base/text.h"
#include "git/records_sync.h"
#include "meta/meta.h"

static struct error *read_action(enum privacy_action *out, struct repo *repo, const char *key, bool of_keys)
{
	const char *word = repo_config(repo, key);
	if (!word || privacy_action_parse(of_keys, word, out))
		return NULL;
	return error_new(ERROR_USAGE, "%s is '%s': it must be %s", key, word,
			 of_keys ? "block or redact" : "block, redact or allow");
}

static struct error *read_privacy(struct workspace *ws)
{
	struct error *err = read_action(&ws->privacy.keys, ws->repo, "scrutiny.privacy.keys", true);
	return err ? err : read_action(&ws->privacy.personal, ws->repo, "scrutiny.privacy.personal", false);
}

static struct error *open_snapshot(struct workspace *ws, const struct workspace_view *view)
{
	struct oid commit = { "" };
	enum snapshot_kind kind = view->staged ? SNAPSHOT_INDEX : SNAPSHOT_WORK_TREE;
	bool bare = !repo_work_tree(ws->repo);
	struct error *err = NULL;
	if (view->staged && view->at)
		return error_new(ERROR_USAGE, "--staged and --at contradict each other");
	if (view->staged && bare)
		return error_new(ERROR_USAGE, "a bare repository has no index");
	if (view->commit)
		commit = *view->commit;
	else if (view->at)
		err = repo_resolve_commit(ws->repo, view->at, &commit);
	else if (bare)
		err = repo_head(ws->repo, &commit);
	if (!err && bare && !*commit.hex)
		err = error_new(ERROR_NOT_FOUND, "this repository has no commit yet");
	if (*commit.hex)
		kind = SNAPSHOT_COMMIT;
	return err ? err : snapshot_new(&ws->snapshot, ws->repo, kind, &commit);
}

static int by_path(const void *key, const void *item)
{
	return strcmp(key, ((const struct paper *)item)->path);
}

/* Leaves of LIST what is in OTHER, too. */
static void keep_common(struct paper_list *list, const struct paper_list *other)
{
	size_t kept = 0;
	for (size_t i = 0; i < list->nr; i++)
		if (other->nr && bsearch(list->items[i].path, other->items, other->nr, sizeof(*other->items), by_path))
			list->items[kept++] = list->items[i];
	list->nr = kept;
}

static struct error *find_papers_beyond(struct workspace *ws, const struct oid *edge, size_t nr)
{
	struct error *err = NULL;
	for (size_t i = 0; i < nr && !err && (!i || ws->papers.nr); i++) {
		struct snapshot *then = NULL;
		struct paper_list list = { 0 };
		err = snapshot_new(&then, ws->repo, SNAPSHOT_COMMIT, &edge[i]);
		if (!err)
			err = paper_discover_changed(i ? &list : &ws->papers, ws->snapshot, then, &ws->rules);
		if (!err && i)
			keep_common(&ws->papers, &list);
		paper_list_release(&list);
		snapshot_free(then);
	}
	return err;
}

static struct error *find_papers(struct workspace *ws, const struct workspace_view *view)
{
	ws->rules.globs = (const char *const *)ws->policy.papers;
	if (view->nr_edge)
		return find_papers_beyond(ws, view->edge, view->nr_edge);
	if (!view->changed)
		return paper_discover(&ws->papers, ws->snapshot, &ws->rules);
	struct snapshot *head = snapshot_new_base(ws->snapshot);
	struct error *err = paper_discover_changed(&ws->papers, ws->snapshot, head, &ws->rules);
	snapshot_free(head);
	return err;
}

struct error *workspace_open(struct workspace *ws, struct context *ctx, const struct workspace_view *view)
{
	static const struct workspace_view work_tree;
	*ws = (struct workspace){ .ctx = ctx };
	struct error *err = context_repo(ctx, &ws->repo);
	if (!view)
		view = &work_tree;
	if (!err)
		err = open_snapshot(ws, view);
	if (!err)
		err = policy_read(&ws->policy, ws->snapshot);
	if (!err)
		err = read_privacy(ws);
	if (!err)
		err = workspace_find_fork(ws);
	if (!err)
		err = find_papers(ws, view);
	if (!err)
		err = workspace_mark_foreign(ws);
	if (!err)
		err = records_open(&ws->records, ws->repo);
	return err;
}

void workspace_release(struct workspace *ws)
{
	vocabulary_free(ws->vocabulary);
	for (size_t i = 0; i < ws->nr_index; i++) {
		records_index_free(ws->index[i]);
		records_index_free(ws->local_index[i]);
	}
	free(ws->index);
	free(ws->local_index);
	records_free(ws->records);
	for (size_t i = 0; i < ws->nr_models; i++)
		model_release(&ws->models[i]);
	free(ws->models);
	for (size_t i = 0; i < ws->nr_absent; i++) {
		free((char *)ws->absent[i].reviewer);
		free((char *)ws->absent[i].message);
	}
	free(ws->absent);
	prompt_words_free(ws->words);
	free(ws->adjudicator);
	prompt_log_close(ws->prompt_log);
	paper_list_release(&ws->papers);
	policy_release(&ws->policy);
	snapshot_free(ws->base);
	snapshot_free(ws->snapshot);
}

/* A path of the user's own: "/..." or "~/..."; NULL in *OUT when KEY is not set. */
static struct error *find_path(struct workspace *ws, const char *key, const char *shown, char **out)
{
	const char *configured = repo_config(ws->repo, key), *rest;
	const char *home = context_env("HOME");
	*out = NULL;
	if (!configured || !*configured)
		return NULL;
	if (home && skip_prefix(configured, "~/", &rest))
		*out = xstrfmt("%s/%s", home, rest);
	else if (*configured == '/')
		*out = xstrdup(configured);
	else
		return error_with_hint(error_new(ERROR_USAGE, "%s '%s' is not an absolute path", shown, configured),
				       "write it as /... or ~/...");
	return NULL;
}

struct error *workspace_open_prompt_log(struct workspace *ws)
{
	char *path;
	struct error *err = find_path(ws, "scrutiny.promptlog", "scrutiny.promptLog", &path);
	if (!err && path)
		err = prompt_log_open(&ws->prompt_log, path, PROMPT_LOG_MAX);
	free(path);
	return err;
}

struct error *workspace_find_tasks(struct workspace *ws, const char *spec)
{
	const char *configured = repo_config(ws->repo, "scrutiny.tasks");
	char *folder = NULL;
	struct error *err = NULL;
	if (spec || configured)
		err = task_set_parse(&ws->tasks, spec ? spec : configured);
	else
		ws->tasks = ws->policy.review.tasks;
	if (!err)
		err = find_path(ws, "scrutiny.promptdir", "scrutiny.promptDir", &folder);
	if (!err)
		err = prompt_words_new(&ws->words, folder, ws->policy.foreign ? ws->base : ws->snapshot);
	free(folder);
	return err;
}

const struct vocabulary *workspace_vocabulary(struct workspace *ws)
{
	size_t nr = ws->papers.nr, step = nr / WORKSPACE_VOCABULARY_PAPERS + 1;
	if (ws->vocabulary || !ws->nr_models || ws->policy.metadata == POLICY_METADATA_NO)
		return ws->vocabulary;
	ws->vocabulary = vocabulary_new();
	for (size_t i = 0; i < nr; i += step) {
		const char *folder = ws->papers.items[i].path;
		if (policy_keeps_here(&ws->policy, folder))
			continue; /* other papers' questions may go elsewhere */
		struct buffer path = BUFFER_INIT, text = BUFFER_INIT_MAX(RECORD_MAX_SIZE);
		buffer_addf(&path, "%s%s" META_FILE, folder, *folder ? "/" : "");
		struct error *err = snapshot_read(ws->snapshot, path.data, &text);
		if (!err)
			vocabulary_add(ws->vocabulary, slice_of(&text));
		error_free(err);
		buffer_release(&path);
		buffer_release(&text);
	}
	return ws->vocabulary;
}

void add_paper_name(struct buffer *out, const struct paper *paper)
{
	size_t start = out->len;
	if (*paper->path)
		text_for_terminal(out, paper->path, strlen(paper->path), false);
	else
		buffer_addch(out, '.');
	job_log_defuse(out, start);
}

struct session_settings workspace_session(struct workspace *ws)
{
	return (struct session_settings){
		.snapshot = ws->snapshot,
		.records = ws->records,
		.policy = &ws->policy,
		.privacy = ws->privacy,
		.models = ws->models,
		.nr_models = ws->nr_models,
		.nr_default = ws->nr_default,
		.routes = workspace_routes(ws),
		.tasks = ws->tasks,
		.words = ws->words,
		.vocabulary = workspace_vocabulary(ws),
		.absent = ws->absent,
		.nr_absent = ws->nr_absent,
		.now = (int64_t)time(NULL),
	};
}

void workspace_say_absent(const struct workspace *ws)
{
	for (size_t i = 0; i < ws->nr_absent; i++)
		say_warning("%s: %s", ws->absent[i].reviewer, ws->absent[i].message);
}

/* No server is asked: reports of the papers as they are show that somebody has the records. */
void workspace_hint_at_records(struct workspace *ws)
{
	struct oid tip;
	char *remote = NULL;
	struct error *err = repo_ref(ws->repo, RECORDS_REF, &tip);
	size_t reported = 0;
	for (size_t i = 0; i < ws->papers.nr && !err && !tip.hex[0]; i++)
		reported += *ws->papers.items[i].reported && paper_report_is_current(&ws->papers.items[i]);
	if (!err && reported)
		err = records_remote(&remote, ws->repo, NULL);
	if (!err && remote)
		say_hint(ws->ctx, "%zu paper%s a report, but the records it was made of are not here: `git scrutiny records "
				  "fetch` takes them from %s if it has them, so that nothing is paid for twice",
			 reported, reported == 1 ? " has" : "s have", remote);
	error_free(err); /* without a remote there is nothing to fetch from */
	free(remote);
}
