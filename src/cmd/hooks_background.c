/*
 * The review that post-commit starts: HEAD's papers that changed since the last one, one process at a time, no files
 * in the work tree unless they are asked for, and nobody asked who could send a bill unless he is named.
 */
#include "cmd/hooks.h"

#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "cmd/engine_settings.h"
#include "cmd/hooks_page.h"
#include "cmd/money.h"
#include "hook/background.h"
#include "hook/papers.h"
#include "hook/places.h"
#include "review/report_parts.h"

#define SEQUENCE_WAIT_MS 3000
#define SEQUENCE_STEP_MS 50

/* One review. */
struct background {
	struct hooks_call *call;
	struct workspace ws;
	struct hooks_page page;
	struct oid head, parent;
	bool write, cancelled;
};

static void on_result(void *data, const struct session_result *r)
{
	struct background *b = data;
	if (r->error)
		say_warning("%s", r->error->message);
	if (!r->review)
		return;
	hooks_page_add(&b->page, r->review);
	review_release(r->review);
	free(r->review);
}

static void on_failure(void *data, const struct paper *paper, const char *reviewer, const char *message)
{
	(void)data;
	say_warning("%s%s%s: %s", reviewer, paper ? " on " : "", paper ? paper->path : "", message);
}

static void on_warning(void *data, const char *message)
{
	(void)data;
	say_warning("%s", message);
}

static void on_progress(void *data, const struct session_progress *progress)
{
	(void)data;
	(void)progress;
}

/* -- who is asked ------------------------------------------------------------------------------ */

static struct error *find_models(struct background *b)
{
	struct workspace *ws = &b->ws;
	const char *named = repo_config(ws->repo, "scrutiny.hooks.backgroundreviewers");
	bool as_run = named && !strcmp(named, "configured");
	struct error *err = workspace_find_models(ws, as_run ? NULL : named ? named : "local", false);
	if (!err && as_run)
		err = workspace_find_adjudicator(ws, NULL, false);
	return err ? err : workspace_find_tasks(ws, NULL);
}

/* -- which papers ------------------------------------------------------------------------------ */

/* HEAD's first parent; empty when it has none. */
static struct error *find_parent(struct background *b)
{
	struct error *err = repo_resolve_commit(b->ws.repo, "HEAD^", &b->parent);
	if (error_drop_if(&err, ERROR_NOT_FOUND))
		b->parent = (struct oid){ "" };
	return err;
}

/* The papers that differ from the commit reviewed last; when there is none, or it is gone, from HEAD's parent. */
static struct error *select_papers(struct background *b, const struct paper ***papers, size_t *nr)
{
	struct selection sel = { .all = true };
	struct buffer last = BUFFER_INIT;
	struct oid known = { "" };
	hook_read_reviewed(repo_git_dir(b->ws.repo), &last);
	struct error *err = NULL;
	if (last.len && strspn(last.data, "0123456789abcdef") == last.len) {
		err = repo_resolve_commit(b->ws.repo, last.data, &known);
		error_drop_if(&err, ERROR_NOT_FOUND);
	}
	if (!err && !known.hex[0])
		err = find_parent(b);
	const char *since = known.hex[0] ? known.hex : b->parent.hex;
	if (*since)
		sel = (struct selection){ .since = since };
	if (!err)
		err = workspace_select(&b->ws, &sel, papers, nr);
	buffer_release(&last);
	return err;
}

/* -- what is said ------------------------------------------------------------------------------ */

/* A desktop notification; its text is an argument, without markup. That there is no notify-send is no failure. */
static void notify(struct background *b, const char *line)
{
	const char *const argv[] = { "notify-send", "--app-name=git scrutiny", "--", "git scrutiny", line, NULL };
	struct process_options options = { .timeout_ms = 5000, .discard_err = true };
	if (!text_is_true(repo_config(b->ws.repo, "scrutiny.hooks.notify")))
		return;
	struct error *err = process_run(argv, &options);
	if (err)
		say_warning("%s", err->message);
	error_free(err);
}

static struct error *put_result(struct background *b)
{
	struct buffer text = BUFFER_INIT, line = BUFFER_INIT;
	struct error *err = NULL;
	if (!b->page.counts[SEVERITY_ERROR] && !b->page.counts[SEVERITY_WARNING])
		goto out;
	hooks_page_count(&b->page, &line);
	buffer_addstr(&line, " in ");
	add_count(&line, b->page.papers, "paper");
	buffer_addf(&line, " of commit %.10s", b->head.hex);
	buffer_addf(&text, "git scrutiny: the background review found %s\n", line.data);
	hooks_page_write(&b->page, SEVERITY_WARNING, &text);
	err = hook_put_result(repo_git_dir(b->ws.repo), slice_of(&text));
	notify(b, line.data);
out:
	buffer_release(&text);
	buffer_release(&line);
	return err;
}

/* -- one review -------------------------------------------------------------------------------- */

static struct error *review(struct background *b, const struct paper *const *papers, size_t nr)
{
	struct session_totals totals;
	struct budget_limits limits;
	struct session_settings settings = workspace_session(&b->ws);
	struct error *err = money_limits(&limits, &b->ws, NULL);
	settings.adjudicator = workspace_adjudicator(&b->ws);
	settings.neighbours = &b->ws.papers;
	settings.engine.http = workspace_http_settings(b->ws.repo);
	settings.limits = &limits;
	settings.program_version = VERSION;
	settings.write = b->write;
	settings.on_result = on_result;
	settings.on_progress = on_progress;
	settings.on_failure = on_failure;
	settings.on_warning = on_warning;
	settings.data = b;
	if (!err)
		err = engine_settings_read(&settings.engine, b->ws.repo, NULL);
	if (!err)
		err = workspace_open_prompt_log(&b->ws);
	if (err)
		return err;
	settings.prompt_log = b->ws.prompt_log;
	context_catch_signals(b->call->ctx);
	settings.stop = b->call->ctx->stop;
	err = session_run(&settings, papers, nr, &totals);
	if (!err)
		err = records_commit(b->ws.records, "Review in the background");
	if (!err)
		money_say_stopped(&totals);
	b->cancelled = totals.cancelled;
	session_totals_release(&totals);
	return err;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct paper *)a)->path, ((const struct paper *)b)->path);
}

/* Reports go into the work tree only where it has the papers as HEAD has them. */
static bool may_write(struct background *b, const struct paper *const *papers, size_t nr)
{
	struct snapshot *now = NULL;
	struct paper_list list = { 0 };
	if (!text_is_true(repo_config(b->ws.repo, "scrutiny.hooks.write")) || !repo_work_tree(b->ws.repo))
		return false;
	struct error *err = snapshot_new(&now, b->ws.repo, SNAPSHOT_WORK_TREE, NULL);
	if (!err)
		err = paper_discover(&list, now, &b->ws.rules);
	bool same = !err && list.nr;
	for (size_t i = 0; i < nr && same; i++) {
		const struct paper *p = bsearch(papers[i], list.items, list.nr, sizeof(*p), by_path);
		same = p && !strcmp(p->content_id, papers[i]->content_id);
	}
	error_free(err);
	paper_list_release(&list);
	snapshot_free(now);
	return same;
}

/* For the next pre-commit, if the index is as HEAD is. */
static struct error *list_papers(struct background *b)
{
	const struct paper_list *list = &b->ws.papers;
	const char *git_dir = repo_git_dir(b->ws.repo);
	struct oid tree;
	struct error *err = repo_commit_tree(b->ws.repo, &b->head, &tree);
	if (err)
		return err;
	const char **papers = xcalloc(list->nr + 1, sizeof(*papers));
	for (size_t i = 0; i < list->nr; i++)
		papers[i] = list->items[i].path;
	char *index = xstrfmt("%s/index", git_dir);
	hook_papers_write(git_dir, index, &tree, &b->head, strlen(tree.hex) / 2, papers, list->nr,
			  (const char *const *)list->outside, list->nr_outside);
	free(index);
	free(papers);
	return NULL;
}

static struct error *review_head(struct background *b)
{
	const struct paper **papers = NULL;
	size_t nr = 0;
	struct error *err = repo_head(b->ws.repo, &b->head);
	if (err || !b->head.hex[0])
		return err;
	err = workspace_open(&b->ws, b->call->ctx, &(struct workspace_view){ .at = b->head.hex });
	if (!err)
		err = list_papers(b);
	if (!err)
		err = find_models(b);
	if (!err)
		err = select_papers(b, &papers, &nr);
	b->write = !err && nr && may_write(b, papers, nr);
	printf("commit %s: %zu paper%s to review\n", b->head.hex, nr, nr == 1 ? "" : "s");
	print_flush();
	if (!err && nr)
		err = review(b, papers, nr);
	if (!err)
		err = put_result(b);
	if (!err && !b->cancelled)
		err = hook_put_reviewed(repo_git_dir(b->ws.repo), b->head.hex);
	free(papers);
	return err;
}

/* -- the queue --------------------------------------------------------------------------------- */

/* From here on what is said goes into the log, but at a terminal, where somebody wants to see it. */
static void open_log(const char *git_dir)
{
	char *path = hook_file(git_dir, "log");
	int fd = isatty(STDERR_FILENO) ? -1 : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
	if (fd >= 0) {
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		close(fd);
	}
	free(path);
}

static void bound_log(const char *git_dir)
{
	char *path = hook_file(git_dir, "log");
	fflush(NULL);
	if (!isatty(STDERR_FILENO) && lseek(STDERR_FILENO, 0, SEEK_END) > (off_t)HOOK_MAX_LOG &&
	    truncate(path, (off_t)HOOK_MAX_LOG) < 0)
		say_warning("cannot shorten '%s'", path);
	free(path);
}

/* post-rewrite runs a moment before git clears a rebase away. One that goes on has another post-rewrite to come. */
static bool is_in_sequence(const char *git_dir)
{
	static const struct timespec moment = { 0, SEQUENCE_STEP_MS * 1000000L };
	for (int waited = 0; waited < SEQUENCE_WAIT_MS && hook_in_sequence(git_dir); waited += SEQUENCE_STEP_MS)
		nanosleep(&moment, NULL);
	return hook_in_sequence(git_dir);
}

/* Nobody reads a log that he does not know of: what a setting or a policy keeps from being reviewed is told. */
static void tell_failure(const char *git_dir, const struct error *err)
{
	struct buffer text = BUFFER_INIT;
	buffer_addstr(&text, "git scrutiny: the background review failed: ");
	text_for_terminal(&text, err->message, strlen(err->message), false);
	buffer_addch(&text, '\n');
	error_free(hook_put_result(git_dir, slice_of(&text)));
	buffer_release(&text);
}

/* What is committed later is seen as it is then: nothing of the repository is kept between two. */
static struct error *review_once(struct hooks_call *call)
{
	struct background b = { .call = call };
	hooks_page_init(&b.page);
	struct error *err = context_repo(call->ctx, &b.ws.repo);
	if (!err && !is_in_sequence(repo_git_dir(b.ws.repo)))
		err = review_head(&b);
	if (err && b.ws.repo && !error_is(err, ERROR_CANCELLED))
		tell_failure(repo_git_dir(b.ws.repo), err);
	hooks_page_release(&b.page);
	workspace_release(&b.ws);
	return err;
}

/* Reviews while that is wanted, when it is this work tree's turn. */
static struct error *review_wanted(struct hooks_call *call, const char *git_dir, const char *common_dir)
{
	int turn;
	struct error *err = hook_take_turn(common_dir, &turn);
	if (err)
		return err;
	open_log(git_dir);
	while (!err && hook_take_wanted(git_dir))
		err = review_once(call);
	bound_log(git_dir);
	hook_end(turn);
	return err;
}

struct error *hooks_background(struct hooks_call *call)
{
	struct repo *repo;
	int lock = -1;
	struct error *err = context_repo(call->ctx, &repo);
	if (err || hooks_are_off(repo))
		return err;
	char *git_dir = xstrdup(repo_git_dir(repo)), *common_dir = xstrdup(repo_common_dir(repo));
	err = hook_want(git_dir);
	while (!err && hook_is_wanted(git_dir)) {
		err = hook_begin(git_dir, &lock);
		if (err || lock < 0)
			break;
		err = review_wanted(call, git_dir, common_dir);
		hook_end(lock);
	}
	free(git_dir);
	free(common_dir);
	return err;
}
