/* pre-push: the papers of the commits that are pushed. Which those are is said in hook/push.h. */
#include "cmd/hooks.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/trace.h"
#include "cmd/hooks_page.h"
#include "cmd/money.h"
#include "cmd/run.h"
#include "git/object_reader.h"
#include "hook/push.h"
#include "review/report_parts.h"

struct pushing {
	struct hooks_call *call;
	struct repo *repo;
	const char *reviewers;      /* as configured, or NULL */
	struct push push;
	struct push_range range;
	struct strmap seen;         /* of tips before: see paper_key */
	struct hooks_page total;    /* the counts of all tips; its lines stay empty */
	bool stops, incomplete, over_budget;
};

/* -- which papers ------------------------------------------------------------------------------ */

/* Two tips that have a paper in common have one review of it in common, unless their policies differ. */
static void paper_key(struct buffer *out, const struct oid *policy, const struct paper *paper)
{
	buffer_reset(out);
	buffer_addf(out, "%s %s %s", policy->hex, paper->content_id, paper->path);
}

static struct error *policy_of(struct workspace *ws, const struct oid *commit, struct oid *out)
{
	struct oid tree;
	struct tree_entry entry;
	*out = (struct oid){ "" };
	struct error *err = repo_commit_tree(ws->repo, commit, &tree);
	if (!err)
		err = repo_tree_lookup(ws->repo, &tree, POLICY_FILE, &entry);
	if (!err)
		*out = entry.oid;
	error_drop_if(&err, ERROR_NOT_FOUND);
	return err;
}

/* -- partial clones ---------------------------------------------------------------------------- */

/* Figures are not read. */
static bool is_read(const char *path)
{
	static const char *const figures[] = { ".png", ".jpg", ".jpeg", ".gif", ".svg", ".eps", ".tif", ".tiff", ".webp" };
	for (size_t i = 0; i < ARRAY_SIZE(figures); i++)
		if (ends_with(path, figures[i]))
			return false;
	return true;
}

/* Whether all files of a paper are here: what would be said of it without some would be wrong. */
static struct error *is_whole(struct workspace *ws, const struct oid *tree, const struct paper *paper, bool *whole)
{
	char **paths;
	size_t nr, nr_oids = 0;
	struct error *err = paper_inputs(ws->snapshot, &ws->rules, paper, &paths, &nr);
	if (err)
		return err;
	struct oid *oids = xcalloc(nr + 1, sizeof(*oids));
	for (size_t i = 0; i < nr && !err; i++) {
		struct tree_entry entry;
		if (!is_read(paths[i]))
			continue;
		err = repo_tree_lookup(ws->repo, tree, paths[i], &entry);
		if (!err)
			oids[nr_oids++] = entry.oid;
	}
	if (!err)
		err = repo_has_objects(ws->repo, oids, nr_oids, whole);
	free(oids);
	strings_free(paths, nr);
	return err;
}

/* Takes the papers that are not whole here out of PAPERS, and says so. */
static struct error *drop_incomplete(struct pushing *p, struct workspace *ws, const struct push_tip *tip,
				     const struct paper **papers, size_t *nr)
{
	struct oid tree;
	size_t kept = 0;
	bool whole = false;
	struct error *err = repo_commit_tree(ws->repo, &tip->commit, &tree);
	for (size_t i = 0; i < *nr && !err; i++) {
		err = is_whole(ws, &tree, papers[i], &whole);
		if (err)
			break;
		if (whole) {
			papers[kept++] = papers[i];
			continue;
		}
		struct buffer name = BUFFER_INIT;
		add_paper_name(&name, papers[i]);
		err = hooks_give_way(p->call, error_new(ERROR_NOT_FOUND, "%s: some of its files are not in this partial clone",
							name.data));
		buffer_release(&name);
	}
	*nr = kept;
	return err;
}

/* -- all together ------------------------------------------------------------------------------ */

/* Those of the papers, which are the tip's, that were not looked at as another tip's. The caller frees the array. */
static struct error *choose_papers(struct pushing *p, struct workspace *ws, const struct push_tip *tip,
				   const struct paper ***out, size_t *nr)
{
	struct buffer key = BUFFER_INIT;
	struct oid policy;
	struct error *err = policy_of(ws, &tip->commit, &policy);
	*nr = 0;
	*out = xcalloc(ws->papers.nr + 1, sizeof(**out));
	for (size_t i = 0; i < ws->papers.nr && !err; i++) {
		paper_key(&key, &policy, &ws->papers.items[i]);
		if (!strmap_add(&p->seen, key.data, key.len))
			continue;
		(*out)[(*nr)++] = &ws->papers.items[i];
		trace_printf("pushed paper %s %s", tip->commit.hex, ws->papers.items[i].path);
	}
	if (!err && *nr && repo_is_partial(ws->repo))
		err = drop_incomplete(p, ws, tip, *out, nr);
	buffer_release(&key);
	return err;
}

/* -- their review ------------------------------------------------------------------------------ */

/* Of one tip. */
struct outcome {
	struct hooks_page page;
	bool incomplete, over_budget;
};

static void collect(void *data, const struct run_results *results)
{
	struct outcome *outcome = data;
	for (size_t i = 0; i < results->nr; i++)
		if (results->reviews[i])
			hooks_page_add(&outcome->page, results->reviews[i]);
	outcome->over_budget = results->totals->over_budget;
	outcome->incomplete = results->totals->incomplete;
}

/* "main" for a branch, else the whole name; only where it is not plain which is meant. */
static void add_heading(struct buffer *out, const struct pushing *p, const char *ref)
{
	if (p->range.nr_tips < 2)
		return;
	skip_prefix(ref, "refs/heads/", &ref);
	text_for_terminal(out, ref, strlen(ref), false);
	buffer_addstr(out, ":\n");
}

static void show(struct pushing *p, const struct push_tip *tip, const struct hooks_page *page, int level)
{
	enum severity least = level == SEVERITY_NOTE ? SEVERITY_NOTE : SEVERITY_WARNING;
	struct buffer out = BUFFER_INIT;
	hooks_page_write(page, least, &out);
	if (out.len) {
		struct buffer heading = BUFFER_INIT;
		add_heading(&heading, p, tip->ref);
		fwrite(heading.data, 1, heading.len, stderr);
		fwrite(out.data, 1, out.len, stderr);
		buffer_release(&heading);
	}
	buffer_release(&out);
	p->stops |= level != FAIL_ON_NEVER && page->worst >= level;
	p->total.papers += page->papers;
	for (size_t i = 0; i < ARRAY_SIZE(page->counts); i++)
		p->total.counts[i] += page->counts[i];
}

static struct error *review(struct pushing *p, struct workspace *ws, const struct push_tip *tip,
			    const struct paper *const *papers, size_t nr)
{
	struct outcome outcome = { .incomplete = false };
	struct run_options o = { .format = "text", .batch = -1, .checks_only = !p->reviewers,
				 .present = collect, .present_data = &outcome };
	struct budget_limits limits;
	int unused, level; /* what decides is the hook's level */
	const char *spec = p->reviewers && strcmp(p->reviewers, "configured") != 0 ? p->reviewers : NULL;
	hooks_page_init(&outcome.page);
	struct error *err = hooks_fail_level(ws, &level);
	if (!err)
		err = money_limits(&limits, ws, NULL);
	if (!err)
		err = workspace_find_models(ws, spec, o.checks_only);
	if (!err)
		err = workspace_find_adjudicator(ws, NULL, o.checks_only);
	if (!err)
		err = workspace_find_tasks(ws, NULL);
	if (!err) {
		workspace_say_absent(ws);
		err = run_review(ws, &o, &limits, papers, nr, &unused);
	}
	if (!err)
		show(p, tip, &outcome.page, level);
	p->incomplete |= outcome.incomplete || ws->nr_absent;
	p->over_budget |= outcome.over_budget;
	hooks_page_release(&outcome.page);
	return err;
}

/* Models are told of the repository's other papers (their tags, their scores): then PAPERS become those of WHOLE. */
static struct error *open_whole(struct workspace *whole, struct pushing *p, const struct push_tip *tip,
				const struct paper **papers, size_t nr)
{
	struct error *err = workspace_open(whole, p->call->ctx, &(struct workspace_view){ .commit = &tip->commit });
	size_t at = 0;
	for (size_t i = 0; i < nr && !err; i++) {
		while (at < whole->papers.nr && strcmp(whole->papers.items[at].path, papers[i]->path) != 0)
			at++;
		if (at == whole->papers.nr)
			err = error_new(ERROR_CONFLICT, "'%s' is no paper any more", papers[i]->path);
		else
			papers[i] = &whole->papers.items[at];
	}
	return err;
}

static struct error *look_at_tip(struct pushing *p, const struct push_tip *tip)
{
	struct workspace ws, whole = { 0 };
	const struct paper **papers = NULL;
	size_t nr = 0;
	struct workspace_view view = { .commit = &tip->commit, .edge = p->range.edge, .nr_edge = p->range.nr_edge };
	struct error *err = workspace_open(&ws, p->call->ctx, &view);
	if (!err)
		err = choose_papers(p, &ws, tip, &papers, &nr);
	if (!err && nr && p->reviewers)
		err = open_whole(&whole, p, tip, papers, nr);
	if (!err && nr)
		err = review(p, p->reviewers ? &whole : &ws, tip, papers, nr);
	free(papers);
	workspace_release(&whole);
	workspace_release(&ws);
	return err;
}

/* -- the push ---------------------------------------------------------------------------------- */

static struct error *read_input(struct buffer *out)
{
	char bytes[65536];
	ssize_t n;
	if (isatty(STDIN_FILENO))
		return error_with_hint(error_new(ERROR_USAGE, "hooks run pre-push reads what is pushed from standard "
							      "input, and that is a terminal"),
				       "git calls it; see githooks(5)");
	while ((n = read(STDIN_FILENO, bytes, sizeof(bytes))) != 0) {
		if (n < 0 && errno != EINTR)
			return error_errno(ERROR_IO, "cannot read standard input");
		if (n > 0)
			buffer_add(out, bytes, (size_t)n);
	}
	return buffer_check(out, "standard input");
}

static bool is_interrupted(const struct pushing *p)
{
	return p->call->ctx->stop && *p->call->ctx->stop;
}

/* Findings stop git, and so does an interrupt; what could not be completed only where that was asked for. */
static int status_of(const struct pushing *p)
{
	bool strict = text_is_true(repo_config(p->repo, "scrutiny.hooks.strict"));
	if (p->stops)
		return EXIT_FINDINGS;
	if (is_interrupted(p) || (strict && p->incomplete))
		return EXIT_INCOMPLETE;
	return strict && p->over_budget ? EXIT_BUDGET : EXIT_DONE;
}

/* "2 errors in 3 pushed papers; the review is not complete"; empty when no paper was pushed. */
static void add_outcome(struct buffer *out, const struct pushing *p)
{
	if (!p->total.papers) {
		buffer_addstr(out, p->incomplete ? "no pushed paper could be reviewed" : "");
		return;
	}
	hooks_page_count(&p->total, out);
	buffer_addstr(out, " in ");
	add_count(out, p->total.papers, "pushed paper");
	if (p->incomplete || p->over_budget)
		buffer_addstr(out, "; the review is not complete");
}

static void conclude(struct pushing *p)
{
	int status = status_of(p);
	struct buffer line = BUFFER_INIT;
	add_outcome(&line, p);
	if (line.len)
		fprintf(stderr, "git scrutiny: %s%s\n", line.data, status ? ": not pushed" : "");
	if (status && !is_interrupted(p))
		say_hint(p->call->ctx, "`git push --no-verify` pushes all the same, SCRUTINY=0 git push skips only git "
				       "scrutiny");
	buffer_release(&line);
	*p->call->exit_status = status;
}

static struct error *look_at_tips(struct pushing *p)
{
	struct error *err = NULL;
	for (size_t i = 0; i < p->range.nr_tips && !err && !is_interrupted(p); i++) {
		const char *ref = p->range.tips[i].ref;
		err = hooks_give_way(p->call, error_context(look_at_tip(p, &p->range.tips[i]), "%s", ref));
	}
	for (size_t i = 0; i < p->range.nr_missing && !err; i++)
		err = hooks_give_way(p->call, error_new(ERROR_NOT_FOUND, "%s: what is pushed there is not in this "
								 "repository", p->range.missing[i]));
	if (!err)
		conclude(p);
	return err;
}

static struct error *start(struct pushing *p, struct hooks_call *call)
{
	*p = (struct pushing){ .call = call, .seen = STRMAP_INIT };
	struct error *err = context_repo(call->ctx, &p->repo);
	if (err)
		return err;
	/* A push is not the moment to fetch what a partial clone lacks, and its remote waits for us. */
	repo_stay_local(p->repo);
	hooks_page_init(&p->total);
	p->reviewers = repo_config(p->repo, "scrutiny.hooks.prepushreviewers");
	return NULL;
}

struct error *hooks_pre_push(struct hooks_call *call)
{
	struct pushing p;
	struct buffer input = BUFFER_INIT_MAX(PUSH_MAX_INPUT);
	const char *remote = call->argc ? call->argv[0] : NULL, *url = call->argc > 1 ? call->argv[1] : remote;
	struct error *err = start(&p, call);
	bool framework = hooks_framework_push(call, &remote, &url);
	if (!err && !remote)
		err = error_new(ERROR_USAGE, "hooks run pre-push needs the name of the remote and its address");
	if (!err)
		err = framework ? hooks_framework_input(p.repo, &input) : read_input(&input);
	if (!err)
		err = push_parse(&p.push, slice_of(&input));
	if (err)
		goto out;
	err = hooks_give_way(call, push_find_range(&p.range, p.repo, &p.push, remote, url));
	if (!err)
		err = look_at_tips(&p);
out:
	buffer_release(&input);
	push_range_release(&p.range);
	push_release(&p.push);
	strmap_release(&p.seen, NULL);
	hooks_page_release(&p.total);
	return err;
}
