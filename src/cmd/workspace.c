#include "cmd/workspace.h"

#include "base/memory.h"
#include "base/text.h"
#include "base/trace.h"
#include "git/records_sync.h"
#include "meta/meta.h"
#include "git/credential.h"

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

struct error *workspace_open(struct workspace *ws, struct context *ctx, bool staged)
{
	*ws = (struct workspace){ .ctx = ctx };
	struct oid head = { "" };
	enum snapshot_kind kind = staged ? SNAPSHOT_INDEX : SNAPSHOT_WORK_TREE;
	struct error *err = context_repo(ctx, &ws->repo);
	if (!err && !repo_work_tree(ws->repo)) {
		if (staged)
			return error_new(ERROR_USAGE, "a bare repository has no index");
		kind = SNAPSHOT_COMMIT;
		err = repo_head(ws->repo, &head);
		if (!err && !*head.hex)
			err = error_new(ERROR_NOT_FOUND, "this repository has no commit yet");
	}
	if (!err)
		err = snapshot_new(&ws->snapshot, ws->repo, kind, &head);
	if (!err)
		err = policy_read(&ws->policy, ws->snapshot);
	if (!err)
		err = read_privacy(ws);
	if (!err)
		err = workspace_find_fork(ws);
	if (!err) {
		ws->rules.globs = (const char *const *)ws->policy.papers;
		err = paper_discover(&ws->papers, ws->snapshot, &ws->rules);
	}
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

/* -- reviewers -------------------------------------------------------------------------------- */

static const char *config_of(void *data, const char *key)
{
	return repo_config(data, key);
}

static void config_each_of(void *data, const char *prefix,
			   void (*fn)(const char *key, const char *value, void *fn_data), void *fn_data)
{
	repo_config_each(data, prefix, fn, fn_data);
}

static const char *env_of(void *data, const char *name)
{
	(void)data;
	return context_env(name);
}

/* A helper that fails, or is not there, keeps nothing. */
static char *credential_of(void *data, const char *provider, const char *endpoint)
{
	char *secret = NULL;
	if (!credential_has_helper(data))
		return NULL;
	struct error *err = credential_fill(data, endpoint, provider, &secret);
	if (err)
		say_warning("no key for %s: %s", provider, err->message);
	error_free(err);
	return secret;
}

struct model_settings workspace_model_settings(struct repo *repo)
{
	return (struct model_settings){ .config = config_of, .config_each = config_each_of, .env = env_of,
					.credential = credential_of, .data = repo,
					.http = workspace_http_settings(repo) };
}

static bool already_there(const struct workspace *ws, const char *reviewer)
{
	for (size_t i = 0; i < ws->nr_models; i++)
		if (!strcmp(ws->models[i].reviewer, reviewer))
			return true;
	return false;
}

static void add_absent(struct workspace *ws, const char *spec, struct error *err)
{
	for (size_t i = 0; i < ws->nr_absent; i++) {
		if (!strcmp(ws->absent[i].reviewer, spec)) {
			error_free(err);
			return;
		}
	}
	char *message = err->hint ? xstrfmt("%s (%s)", err->message, err->hint)
				  : xstrdup(err->message);
	ws->absent = xreallocarray(ws->absent, ws->nr_absent + 1, sizeof(*ws->absent));
	ws->absent[ws->nr_absent++] = (struct absent_reviewer){ xstrdup(spec), redact(message) };
	error_free(err);
}

/* A reviewer that the command line NAMED has to be right; one that a file asks for may need a key
 * that this person does not have. *REVIEWER (may be NULL) becomes its whole name, malloc'd, if it can be
 * called. */
static struct error *find_reviewer(struct workspace *ws, const char *spec, bool named,
				   char **reviewer)
{
	struct model_settings settings = workspace_model_settings(ws->repo);
	struct model model;
	if (!strcmp(spec, "builtin"))
		return NULL;
	struct error *err = model_find(&model, spec, &settings);
	if (named && error_is(err, ERROR_USAGE))
		return err;
	if (err) {
		add_absent(ws, spec, err);
		return NULL;
	}
	if (reviewer)
		*reviewer = xstrdup(model.reviewer);
	if (already_there(ws, model.reviewer)) {
		model_release(&model);
		return NULL;
	}
	ws->models = xreallocarray(ws->models, ws->nr_models + 1, sizeof(*ws->models));
	ws->models[ws->nr_models++] = model;
	return NULL;
}

static struct error *add_model(struct workspace *ws, const char *spec, bool named)
{
	return find_reviewer(ws, spec, named, NULL);
}

void workspace_add_reviewer(struct workspace *ws, const char *reviewer)
{
	for (size_t i = 0; i < ws->nr_absent; i++)
		if (!strcmp(ws->absent[i].reviewer, reviewer))
			return;
	if (!already_there(ws, reviewer))
		error_free(add_model(ws, reviewer, false)); /* told as absent */
	for (size_t i = ws->nr_default; i < ws->nr_models; i++) {
		if (strcmp(ws->models[i].reviewer, reviewer) != 0)
			continue;
		struct model first = ws->models[ws->nr_default];
		ws->models[ws->nr_default++] = ws->models[i];
		ws->models[i] = first;
		break;
	}
}

static struct error *add_models(struct workspace *ws, const char *list, bool named)
{
	struct error *err = NULL;
	while (*list && !err) {
		const char *comma = strchr(list, ',');
		size_t len = comma ? (size_t)(comma - list) : strlen(list);
		struct slice word = slice_trim((struct slice){ list, len });
		if (word.len) {
			char *spec = xmemdupz(word.data, word.len);
			err = add_model(ws, spec, named);
			free(spec);
		}
		list += len + (comma ? 1 : 0);
	}
	return err;
}

/* An Ollama on this machine is used by itself when it answers and has a model. */
static void add_local_ollama(struct workspace *ws)
{
	struct model_settings settings = workspace_model_settings(ws->repo);
	struct model model;
	struct error *err = model_find(&model, "ollama", &settings);
	if (err) {
		trace_printf("no local model: %s", err->message);
		error_free(err);
		return;
	}
	if (!model.local) {
		/* OLLAMA_HOST may point elsewhere: that is no "localhost", so it must be named. */
		model_release(&model);
		return;
	}
	ws->models = xcalloc(1, sizeof(*ws->models));
	ws->models[ws->nr_models++] = model;
}

static struct error *find_default_models(struct workspace *ws, const char *spec)
{
	const char *configured = repo_config(ws->repo, "scrutiny.reviewers");
	if (spec)
		return add_models(ws, spec, true);
	if (configured)
		return add_models(ws, configured, false);
	ws->routed = true;
	if (!ws->policy.reviewers_set) {
		add_local_ollama(ws);
		return NULL;
	}
	struct error *err = NULL;
	for (size_t i = 0; i < ws->policy.nr_reviewers && !err; i++)
		err = add_model(ws, ws->policy.reviewers[i], false);
	return err;
}

/* The models that LIST names, whose items become the names these are recorded by. */
static struct error *add_routed(struct workspace *ws, char **list, size_t nr)
{
	struct error *err = NULL;
	for (size_t i = 0; i < nr && !err; i++) {
		char *reviewer = NULL;
		err = find_reviewer(ws, list[i], false, &reviewer);
		if (reviewer) {
			free(list[i]);
			list[i] = reviewer;
		}
	}
	return err;
}

/* Who cannot be called cannot step in for anybody: that is told if it comes to it, by the failure. */
static void add_fall_backs(struct workspace *ws, struct policy_chain *chain)
{
	size_t absent = ws->nr_absent;
	error_free(add_routed(ws, &chain->reviewer, 1));
	error_free(add_routed(ws, chain->then, chain->nr_then));
	while (ws->nr_absent > absent) {
		struct absent_reviewer *a = &ws->absent[--ws->nr_absent];
		trace_printf("%s cannot step in for %s: %s", a->reviewer, chain->reviewer, a->message);
		free((char *)a->reviewer);
		free((char *)a->message);
	}
}

struct error *workspace_find_models(struct workspace *ws, const char *spec, bool checks_only)
{
	struct policy_review *review = &ws->policy.review;
	if (checks_only)
		return NULL;
	struct error *err = find_default_models(ws, spec);
	ws->nr_default = ws->nr_models;
	for (size_t i = 0; i < review->nr_routes && ws->routed && !err; i++) {
		err = add_routed(ws, review->routes[i].reviewers, review->routes[i].nr_reviewers);
		if (!err && review->routes[i].when != ROUTE_NEVER)
			err = add_routed(ws, review->routes[i].escalate,
					 review->routes[i].nr_escalate);
	}
	for (size_t i = 0; i < review->nr_chains && ws->routed && !err; i++)
		add_fall_backs(ws, &review->chains[i]);
	return err;
}

struct error *workspace_find_adjudicator(struct workspace *ws, const char *spec, bool checks_only)
{
	const char *configured = repo_config(ws->repo, "scrutiny.adjudicate");
	const char *name = spec ? spec : configured;
	if (!name && ws->routed)
		name = ws->policy.review.adjudicate;
	if (!name || checks_only || !strcmp(name, "none"))
		return NULL;
	return find_reviewer(ws, name, spec != NULL, &ws->adjudicator);
}

const struct model *workspace_adjudicator(const struct workspace *ws)
{
	for (size_t i = 0; ws->adjudicator && i < ws->nr_models; i++)
		if (!strcmp(ws->models[i].reviewer, ws->adjudicator))
			return &ws->models[i];
	return NULL;
}

const struct policy_review *workspace_routes(const struct workspace *ws)
{
	return ws->routed ? &ws->policy.review : NULL;
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

static const struct model *model_of(const struct workspace *ws, const char *reviewer)
{
	for (size_t i = 0; i < ws->nr_models; i++)
		if (!strcmp(ws->models[i].reviewer, reviewer))
			return &ws->models[i];
	return NULL;
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
		const struct model *model = model_of(ws, reviewers[i]);
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

static struct error *mark_typed(struct workspace *ws, const char *typed, bool *marked)
{
	struct buffer path = BUFFER_INIT;
	bool any = workspace_path(ws, typed, &path) && mark_path(ws, path.data, marked);
	buffer_release(&path);
	struct error *err = NULL;
	if (!any && repo_work_tree(ws->repo) && strpbrk(typed, "*?[:"))
		err = mark_pathspec(ws, typed, marked, &any);
	if (!err && !any)
		err = error_with_hint(error_new(ERROR_NOT_FOUND, "'%s' matches no paper", typed),
				      "`git scrutiny status --all` lists the papers and what is "
				      "ignored");
	return err;
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
		bool done = only_stale && workspace_is_fresh(ws, p) && !is_pending(&pending, p);
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

void add_paper_name(struct buffer *out, const struct paper *paper)
{
	if (*paper->path)
		text_for_terminal(out, paper->path, strlen(paper->path), false);
	else
		buffer_addch(out, '.');
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
