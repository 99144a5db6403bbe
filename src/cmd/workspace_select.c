/* Which papers a command is about: those it names, and those whose reviews are out of date. */
#include "cmd/workspace.h"

#include "base/memory.h"
#include "base/text.h"

/* -- freshness -------------------------------------------------------------------------------- */

/* The reviewers of a route whose records a paper must have; those who are asked only if others disagree are told
 * by the run's facts instead. */
static void add_route_reviewers(const struct policy_route *route, const char **out, size_t *nr)
{
	for (size_t i = 0; i < route->nr_reviewers; i++)
		out[(*nr)++] = route->reviewers[i];
	for (size_t i = 0; route->when == ROUTE_ALWAYS && i < route->nr_escalate; i++)
		out[(*nr)++] = route->escalate[i];
}

/* ROUTE NULL: the default reviewers. */
static struct error *load_index(struct workspace *ws, const struct policy_route *route,
				bool local_only, struct records_index **out)
{
	size_t most = ws->nr_models + (route ? route->nr_reviewers + route->nr_escalate : 0);
	const char **reviewers = xcalloc(most + 1, sizeof(*reviewers));
	const char **names = xcalloc(most + 3, sizeof(*names));
	size_t nr_reviewers = 0, nr = 0;
	struct buffer builtin = BUFFER_INIT;
	if (route)
		add_route_reviewers(route, reviewers, &nr_reviewers);
	if (!route || !route->nr_reviewers)
		for (size_t i = 0; i < ws->nr_default; i++)
			reviewers[nr_reviewers++] = ws->models[i].reviewer;
	review_builtin_name(&builtin);
	names[nr++] = builtin.data;
	names[nr++] = REVIEW_RUN_NAME;
	for (size_t i = 0; i < nr_reviewers; i++) {
		const struct model *model = model_of_reviewer(ws->models, ws->nr_models, reviewers[i]);
		if (!model || (local_only && !model->local))
			continue;
		struct buffer name = BUFFER_INIT;
		record_name(&name, reviewers[i], NULL);
		names[nr++] = buffer_detach(&name, NULL);
	}
	struct error *err = records_index_new(out, ws->records, names);
	for (size_t i = 2; i < nr; i++)
		free((char *)names[i]);
	free(names);
	free(reviewers);
	buffer_release(&builtin);
	return err;
}

struct error *workspace_load_index(struct workspace *ws)
{
	struct error *err = NULL;
	if (ws->index)
		return NULL;
	size_t nr_routes = ws->routed ? ws->policy.review.nr_routes : 0;
	ws->nr_index = nr_routes + 1;
	ws->index = xcalloc(ws->nr_index, sizeof(struct records_index *));
	ws->local_index = xcalloc(ws->nr_index, sizeof(struct records_index *));
	for (size_t i = 0; i < ws->nr_index && !err; i++) {
		const struct policy_route *route =
			i < nr_routes ? &ws->policy.review.routes[i] : NULL;
		err = load_index(ws, route, false, &ws->index[i]);
		if (!err && (ws->policy.nr_local_only || ws->policy.foreign))
			err = load_index(ws, route, true, &ws->local_index[i]);
	}
	return err;
}

/* Whether those who are asked when others disagree were asked in vain: nobody's record would tell. */
static bool escalation_failed(const struct workspace *ws, const struct policy_route *route,
			      const struct paper *paper)
{
	struct buffer text = BUFFER_INIT_MAX(RECORD_MAX_SIZE);
	struct run run = { 0 };
	bool failed = false;
	struct error *err = records_read(ws->records, paper->content_id, REVIEW_RUN_NAME, &text);
	if (!err)
		err = run_parse(&run, slice_of(&text), REVIEW_RUN_NAME);
	for (size_t i = 0; i < run.nr_reviewers && !err; i++)
		for (size_t e = 0; e < route->nr_escalate; e++)
			failed |= !strcmp(run.reviewers[i].reviewer, route->escalate[e]) &&
				  strcmp(run.reviewers[i].outcome, "ok") != 0 &&
				  strcmp(run.reviewers[i].outcome, "skipped") != 0;
	error_free(err); /* told when the paper is looked at */
	run_release(&run);
	buffer_release(&text);
	return failed;
}

/* A run that was killed may have left a report unwritten: its facts are journalled still. */
static struct error *load_pending(struct workspace *ws, struct strmap *pending)
{
	struct error *err = workspace_load_index(ws);
	return err ? err : records_pending(ws->records, REVIEW_RUN_NAME, pending);
}

static bool is_pending(const struct strmap *pending, const struct paper *paper)
{
	return strmap_has(pending, paper->content_id, SHA256_HEX_SIZE);
}

bool workspace_is_fresh(const struct workspace *ws, const struct paper *paper)
{
	bool local_only = policy_keeps_here(&ws->policy, paper->path);
	const struct policy_review *review = workspace_routes(ws);
	const struct policy_route *route = review ? policy_route_of(review, paper->path) : NULL;
	size_t i = route ? (size_t)(route - review->routes) : ws->nr_index - 1;
	struct records_index *index = local_only && ws->local_index[i] ? ws->local_index[i] : ws->index[i];
	if (!paper_report_is_current(paper) || !records_index_has(index, paper->content_id))
		return false;
	return !route || route->when != ROUTE_DISAGREE || !route->nr_escalate ||
	       !escalation_failed(ws, route, paper);
}

/* -- selection -------------------------------------------------------------------------------- */

static struct error *not_bare(const struct workspace *ws, const char *what)
{
	if (repo_work_tree(ws->repo))
		return NULL;
	return error_new(ERROR_USAGE, "%s needs a work tree, and this repository is bare", what);
}

static bool path_below(const char *path, const char *folder)
{
	size_t len = strlen(folder);
	return !len || (!strncmp(path, folder, len) && (!path[len] || path[len] == '/'));
}

/* Joins where we stand and what was typed, and takes "." and ".." out. False when that leads
 * out of the repository. */
static bool normalise(struct buffer *out, const char *prefix, const char *typed)
{
	char *whole = *typed == '/' ? NULL : xstrfmt("%s%s", prefix, typed);
	bool inside = whole != NULL;
	for (char *p = whole; inside && *p;) {
		size_t len = strcspn(p, "/");
		if (len == 2 && p[0] == '.' && p[1] == '.') {
			inside = out->len > 0;
			char *slash = out->len ? strrchr(out->data, '/') : NULL;
			buffer_truncate(out, slash ? (size_t)(slash - out->data) : 0);
		} else if (len && !(len == 1 && *p == '.')) {
			if (out->len)
				buffer_addch(out, '/');
			buffer_add(out, p, len);
		}
		p += len;
		p += *p == '/';
	}
	free(whole);
	return inside;
}

/* Marks papers that PATH is in, or that are at or below PATH. */
static bool mark_path(const struct workspace *ws, const char *path, bool *marked)
{
	const struct paper *holder = NULL;
	bool any = false;
	for (size_t i = 0; i < ws->papers.nr; i++) {
		const struct paper *p = &ws->papers.items[i];
		if (path_below(p->path, path))
			any = marked[i] = true;
		else if (path_below(path, p->path) &&
			 (!holder || strlen(p->path) > strlen(holder->path)))
			holder = p; /* the innermost paper that holds PATH */
	}
	if (!any && holder && (!*path || snapshot_exists(ws->snapshot, path)))
		any = marked[holder - ws->papers.items] = true;
	return any;
}

static int paper_by_path(const void *key, const void *item)
{
	return strcmp(key, ((const struct paper *)item)->path);
}

/* Marks the innermost paper that the file PATH is in. A pathspec may match every file there is, so
 * the papers are not gone through for each. */
static bool mark_file(const struct workspace *ws, const char *path, bool *marked)
{
	if (!ws->papers.nr || !snapshot_exists(ws->snapshot, path))
		return false;
	char *folder = xstrdup(path);
	const struct paper *holder = NULL;
	while (!holder && *folder) {
		char *slash = strrchr(folder, '/');
		*(slash ? slash : folder) = '\0';
		holder = bsearch(folder, ws->papers.items, ws->papers.nr, sizeof(*holder),
				 paper_by_path);
	}
	free(folder);
	if (holder)
		marked[holder - ws->papers.items] = true;
	return holder != NULL;
}

/* Pathspec magic and globs are git's business: it names the files, we mark their papers. */
static struct error *mark_pathspec(struct workspace *ws, const char *typed, bool *marked, bool *any)
{
	const char *const argv[] = { "ls-files", "-z", "-c", "-o", "--exclude-standard",
				     "--full-name", "--", typed, NULL };
	struct buffer out = BUFFER_INIT, complaint = BUFFER_INIT;
	struct process_options options = { .out = &out, .err = &complaint };
	struct error *err = repo_git(ws->repo, argv, &options);
	for (size_t i = 0; !err && i < out.len; i += strlen(out.data + i) + 1)
		*any |= mark_file(ws, out.data + i, marked);
	buffer_release(&out);
	buffer_release(&complaint);
	return err;
}

/* An absolute path below the work tree, as seen from its top; sets *PREFIX to where TYPED starts. */
static const char *from_where_we_stand(const struct workspace *ws, const char *typed,
				       const char **prefix)
{
	const char *top = repo_work_tree(ws->repo), *rest;
	*prefix = repo_prefix(ws->repo);
	if (*typed != '/' || !top || !skip_prefix(typed, top, &rest) || (*rest && *rest != '/'))
		return typed;
	*prefix = "";
	return *rest ? rest + 1 : ".";
}

bool workspace_path(const struct workspace *ws, const char *typed, struct buffer *out)
{
	const char *prefix, *from_there = from_where_we_stand(ws, typed, &prefix);
	return normalise(out, prefix, from_there);
}

bool workspace_path_exists(const struct workspace *ws, const char *typed)
{
	struct buffer path = BUFFER_INIT;
	struct snapshot_entry *entries = NULL;
	size_t nr;
	bool exists = workspace_path(ws, typed, &path) && snapshot_exists(ws->snapshot, path.data);
	if (!exists && path.len) {
		struct error *err = snapshot_list(ws->snapshot, path.data, &entries, &nr, NULL);
		exists = !err;
		error_free(err);
		free(entries);
	}
	buffer_release(&path);
	return exists;
}

/* A word that is no paper may be a command, mistyped. */
static struct error *no_such_paper(const struct program *program, const char *typed)
{
	struct error *err = error_new(ERROR_NOT_FOUND, "'%s' matches no paper", typed);
	const char *nearest = NULL;
	for (size_t i = 0; program->commands[i] && !nearest; i++) {
		const char *const names[] = { program->commands[i]->name, NULL };
		nearest = text_nearest(typed, names);
	}
	if (nearest)
		return error_with_hint(err, "did you mean `git scrutiny %s`?", nearest);
	return error_with_hint(err, "`git scrutiny status --all` lists the papers and what is ignored");
}

static struct error *mark_typed(struct workspace *ws, const char *typed, bool *marked)
{
	struct buffer path = BUFFER_INIT;
	bool any = workspace_path(ws, typed, &path) && mark_path(ws, path.data, marked);
	buffer_release(&path);
	struct error *err = NULL;
	if (!any && repo_work_tree(ws->repo) && strpbrk(typed, "*?[:"))
		err = mark_pathspec(ws, typed, marked, &any);
	return err || any ? err : no_such_paper(ws->ctx->program, typed);
}

/* The commit to compare with; an unborn HEAD, to which nothing compares, gives an empty one. */
static struct error *resolve_base(struct workspace *ws, const char *since, struct oid *out)
{
	return since ? repo_resolve_commit(ws->repo, since, out) : repo_head(ws->repo, out);
}

/* Papers whose content differs from what stands at SINCE (NULL: HEAD), or that were not there. */
static struct error *unmark_unchanged(struct workspace *ws, const char *since, bool *marked)
{
	struct oid commit;
	struct snapshot *then = NULL;
	struct paper_list old = { 0 };
	struct error *err = resolve_base(ws, since, &commit);
	if (err || !*commit.hex)
		return err;
	err = snapshot_new(&then, ws->repo, SNAPSHOT_COMMIT, &commit);
	if (!err)
		err = paper_discover(&old, then, &ws->rules);
	for (size_t i = 0; !err && i < ws->papers.nr; i++) {
		const struct paper *now = &ws->papers.items[i];
		const struct paper *was = old.nr ? bsearch(now->path, old.items, old.nr,
							   sizeof(*old.items), paper_by_path)
						 : NULL;
		if (was && !strcmp(was->content_id, now->content_id))
			marked[i] = false;
	}
	paper_list_release(&old);
	snapshot_free(then);
	return err;
}

struct error *workspace_select(struct workspace *ws, const struct selection *sel,
			       const struct paper ***out, size_t *nr)
{
	size_t n = ws->papers.nr;
	bool *marked = xcalloc(n + 1, sizeof(*marked));
	struct error *err = sel->staged ? not_bare(ws, "--staged") : NULL;
	for (int i = 0; i < sel->nr_paths && !err; i++)
		err = mark_typed(ws, sel->paths[i], marked);
	for (size_t i = 0; i < n && !sel->nr_paths; i++)
		marked[i] = true;
	if (!err && (sel->since || sel->staged))
		err = unmark_unchanged(ws, sel->since, marked);
	bool only_stale = !sel->since && !sel->staged && !sel->all && !sel->nr_paths;
	struct strmap pending = STRMAP_INIT;
	if (!err && only_stale)
		err = load_pending(ws, &pending);
	*out = xcalloc(n + 1, sizeof(**out));
	*nr = 0;
	for (size_t i = 0; i < n && !err; i++) {
		const struct paper *p = &ws->papers.items[i];
		bool missing = sel->unreported && !*p->reported;
		bool done = only_stale && workspace_is_fresh(ws, p) && !is_pending(&pending, p) && !missing;
		if (marked[i] && !done)
			(*out)[(*nr)++] = p;
	}
	strmap_release(&pending, NULL);
	free(marked);
	if (err) {
		free(*out);
		*out = NULL;
	}
	return err;
}
