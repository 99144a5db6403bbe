/* compare: what changed in the papers' findings between two revisions. */
#include "cmd/output.h"
#include "cmd/workspace.h"

#include <stddef.h>

#include "base/memory.h"
#include "base/terminal.h"
#include "base/text.h"
#include "review/compare.h"

#define WORK_TREE "the work tree"

struct compare_options {
	const char *format, *fail_on, *output, *color;
};

/* One revision: its files and the papers in them. */
struct revision {
	const char *name;
	struct oid commit;         /* empty: the work tree */
	struct snapshot *snapshot; /* borrowed for the work tree */
	struct policy policy;
	struct paper_list papers;
};

/* Papers of the two sides that are the same paper; -1: there is none. */
struct pair {
	ptrdiff_t before, after;
};

struct compare {
	struct workspace ws;
	struct revision before, after;
	struct pair *pairs;
	size_t nr_pairs;
	struct comparison **items;
	size_t nr, unchanged;
};

/* -- the two revisions ---------------------------------------------------------------------- */

static struct error *open_commit(struct revision *r, struct workspace *ws, const char *name)
{
	r->name = name;
	struct error *err = repo_resolve_commit(ws->repo, name, &r->commit);
	if (!err)
		err = snapshot_new(&r->snapshot, ws->repo, SNAPSHOT_COMMIT, &r->commit);
	if (!err)
		err = policy_read(&r->policy, r->snapshot);
	struct paper_rules rules = { (const char *const *)r->policy.papers };
	if (!err)
		err = paper_discover(&r->papers, r->snapshot, &rules);
	return err;
}

static void close_commit(struct revision *r)
{
	paper_list_release(&r->papers);
	policy_release(&r->policy);
	snapshot_free(r->snapshot);
}

/* The second argument is a revision when git knows it as one and there is no such file. */
static bool is_revision(struct workspace *ws, const char *word)
{
	struct oid commit;
	struct error *err = repo_resolve_commit(ws->repo, word, &commit);
	bool known = !err;
	error_free(err);
	return known && !workspace_path_exists(ws, word);
}

static struct error *open_revisions(struct compare *c, int *argc, const char ***argv)
{
	if (!*argc)
		return error_with_hint(error_new(ERROR_USAGE, "name the revision to compare with"),
				       "`git scrutiny compare HEAD~1`, for instance");
	struct error *err = open_commit(&c->before, &c->ws, (*argv)[0]);
	++*argv;
	--*argc;
	if (err)
		return err;
	if (*argc && is_revision(&c->ws, (*argv)[0])) {
		err = open_commit(&c->after, &c->ws, (*argv)[0]);
		++*argv;
		--*argc;
		return err;
	}
	if (!repo_work_tree(c->ws.repo))
		return open_commit(&c->after, &c->ws, "HEAD");
	c->after = (struct revision){ .name = WORK_TREE,
				      .snapshot = c->ws.snapshot,
				      .papers = c->ws.papers };
	return NULL;
}

static void close_revisions(struct compare *c)
{
	if (*c->after.commit.hex || c->after.snapshot != c->ws.snapshot)
		close_commit(&c->after);
	close_commit(&c->before);
}

/* -- which papers are the same -------------------------------------------------------------- */

struct matching {
	struct compare *c;
	ptrdiff_t *before_of; /* by the place in after.papers */
	bool *taken;          /* by the place in before.papers */
};

static void match(struct matching *m, size_t before, size_t after)
{
	m->before_of[after] = (ptrdiff_t)before;
	m->taken[before] = true;
}

/* Joins those of equal keys, each once, that are not matched yet. KEY may give NULL. */
static void match_by(struct matching *m, const char *(*key)(const struct paper *p))
{
	const struct paper_list *before = &m->c->before.papers, *after = &m->c->after.papers;
	struct strmap map = STRMAP_INIT; /* key -> place + 1 */

	for (size_t i = before->nr; i-- > 0;) {
		const char *k = key(&before->items[i]);
		if (!m->taken[i])
			*strmap_at(&map, k, strlen(k)) = (void *)(uintptr_t)(i + 1);
	}
	for (size_t i = 0; i < after->nr; i++) {
		const char *k = key(&after->items[i]);
		size_t found = m->before_of[i] < 0
				       ? (size_t)(uintptr_t)strmap_get(&map, k, strlen(k))
				       : 0;
		if (found && !m->taken[found - 1])
			match(m, found - 1, i);
	}
	strmap_release(&map, NULL);
}

static const char *path_of(const struct paper *p)
{
	return p->path;
}

static const char *content_of(const struct paper *p)
{
	return p->content_id;
}

static const char *manuscript_of(const struct paper *p)
{
	return p->nr_manuscripts ? p->manuscripts[0].path : "";
}

static ptrdiff_t find_manuscript(const struct paper_list *list, const char *path)
{
	for (size_t i = 0; i < list->nr; i++)
		if (!strcmp(manuscript_of(&list->items[i]), path))
			return (ptrdiff_t)i;
	return -1;
}

/* Papers whose manuscript git knows as renamed. */
static struct error *match_renames(struct matching *m)
{
	const char *argv[] = { "diff", "--name-status", "-z", "-M", "--diff-filter=R",
			       m->c->before.commit.hex, NULL, "--", NULL, NULL };
	struct buffer out = BUFFER_INIT;
	struct process_options options = { .out = &out };
	size_t n = 6;

	if (*m->c->after.commit.hex)
		argv[n++] = m->c->after.commit.hex;
	argv[n++] = "--";
	argv[n] = NULL;
	struct error *err = repo_git_read(m->c->ws.repo, argv, &options);
	/* "R<score>" NUL old NUL new NUL */
	for (size_t i = 0; !err && i < out.len;) {
		const char *old = out.data + i + strlen(out.data + i) + 1;
		const char *now = old < out.data + out.len ? old + strlen(old) + 1 : old;
		if (now >= out.data + out.len)
			break;
		ptrdiff_t before = find_manuscript(&m->c->before.papers, old);
		ptrdiff_t after = find_manuscript(&m->c->after.papers, now);
		if (before >= 0 && after >= 0 && !m->taken[before] && m->before_of[after] < 0)
			match(m, (size_t)before, (size_t)after);
		i = (size_t)(now - out.data) + strlen(now) + 1;
	}
	buffer_release(&out);
	return err;
}

static bool all_matched(const struct matching *m)
{
	size_t open = 0;

	for (size_t i = 0; i < m->c->after.papers.nr; i++)
		open += m->before_of[i] < 0;
	return !open;
}

/* The papers of the later revision in order of path, then those that are gone. */
static struct error *pair_papers(struct compare *c)
{
	size_t nr_before = c->before.papers.nr, nr_after = c->after.papers.nr;
	struct matching m = { c, xcalloc(nr_after + 1, sizeof(*m.before_of)),
			      xcalloc(nr_before + 1, sizeof(*m.taken)) };
	struct error *err = NULL;

	for (size_t i = 0; i < nr_after; i++)
		m.before_of[i] = -1;
	match_by(&m, path_of);
	match_by(&m, content_of);
	if (!all_matched(&m))
		err = match_renames(&m);
	c->pairs = xcalloc(nr_before + nr_after + 1, sizeof(*c->pairs));
	for (size_t i = 0; i < nr_after; i++)
		c->pairs[c->nr_pairs++] = (struct pair){ m.before_of[i], (ptrdiff_t)i };
	for (size_t i = 0; i < nr_before; i++)
		if (!m.taken[i])
			c->pairs[c->nr_pairs++] = (struct pair){ (ptrdiff_t)i, -1 };
	free(m.before_of);
	free(m.taken);
	return err;
}

/* -- comparing ------------------------------------------------------------------------------ */

static struct error *load_side(struct compare *c, struct compare_side *out, const struct revision *r,
			       const struct paper *paper, const char *place)
{
	char *complaint;
	struct error *err =
		compare_side_load(out, c->ws.records, r->snapshot, paper, place, &complaint);
	if (complaint)
		say_warning("%s: %s", r->name, complaint);
	free(complaint);
	return err;
}

/* Papers that are the same on both sides have the same findings. */
static struct error *compare_pair(struct compare *c, const struct paper *before,
				  const struct paper *after)
{
	if (before && after && !strcmp(before->content_id, after->content_id) &&
	    !strcmp(before->path, after->path)) {
		c->unchanged++;
		return NULL;
	}
	struct comparison *item = xcalloc(1, sizeof(*item));
	struct error *err = NULL;
	c->items[c->nr++] = item;
	item->was = before ? before->path : NULL;
	item->path = after ? after->path : NULL;
	const char *place = after ? after->path : before->path;
	if (before)
		err = load_side(c, &item->before, &c->before, before, place);
	if (!err && after)
		err = load_side(c, &item->after, &c->after, after, place);
	if (!err)
		comparison_make(item);
	return err;
}

static const struct paper *paper_at(const struct revision *r, ptrdiff_t place)
{
	return place < 0 ? NULL : &r->papers.items[place];
}

/* Whether PAPER lies at or below PATH, or PATH in it. */
static bool is_meant(const struct paper *paper, const char *path)
{
	size_t a = paper ? strlen(paper->path) : 0, b = strlen(path), n = a < b ? a : b;

	if (!paper || strncmp(paper->path, path, n) != 0)
		return false;
	return a == b || !n || (a < b ? path[a] : paper->path[b]) == '/';
}

/* Compares the pairs that the paths name; all of them without paths. */
static struct error *compare_all(struct compare *c, int argc, const char **argv)
{
	bool *wanted = xcalloc(c->nr_pairs + 1, sizeof(*wanted));
	struct error *err = NULL;

	for (size_t p = 0; p < c->nr_pairs; p++)
		wanted[p] = !argc;
	for (int i = 0; i < argc && !err; i++) {
		struct buffer path = BUFFER_INIT;
		bool any = false, inside = workspace_path(&c->ws, argv[i], &path);
		for (size_t p = 0; p < c->nr_pairs && inside; p++) {
			bool meant = is_meant(paper_at(&c->after, c->pairs[p].after), path.data) ||
				     is_meant(paper_at(&c->before, c->pairs[p].before), path.data);
			wanted[p] |= meant;
			any |= meant;
		}
		if (!any)
			err = error_with_hint(error_new(ERROR_NOT_FOUND, "'%s' matches no paper",
							argv[i]),
					      "nor is it a revision; neither %s nor %s has it",
					      c->before.name, c->after.name);
		buffer_release(&path);
	}
	c->items = xcalloc(c->nr_pairs + 1, sizeof(struct comparison *));
	for (size_t p = 0; p < c->nr_pairs && !err; p++)
		if (wanted[p])
			err = compare_pair(c, paper_at(&c->before, c->pairs[p].before),
					   paper_at(&c->after, c->pairs[p].after));
	free(wanted);
	return err;
}

static struct error *print_comparison(struct compare *c, const struct compare_options *o)
{
	struct comparison_report report = { c->before.name, c->after.name, c->items, c->nr,
					    c->unchanged };
	struct buffer text = BUFFER_INIT;

	if (!strcmp(o->format, "json"))
		compare_json(&text, &report);
	else if (!strcmp(o->format, "md"))
		compare_markdown(&text, &report);
	else
		compare_text(&text, &report, !o->output && context_color(c->ws.ctx, o->color, 1));
	struct error *err = output_write(o->output, &text);
	buffer_release(&text);
	return err;
}

static void set_exit_status(const struct compare *c, const struct compare_options *o,
			    int *exit_status)
{
	int level = policy_fail_level(&c->ws.policy, o->fail_on);

	for (size_t i = 0; i < c->nr; i++)
		if (level != FAIL_ON_NEVER && comparison_worst(c->items[i]) >= level)
			*exit_status = EXIT_FINDINGS;
}

static struct error *run_compare(struct context *ctx, const void *options, int argc,
				 const char **argv, int *exit_status)
{
	const struct compare_options *o = options;
	struct compare c = { 0 };
	struct error *err = workspace_open(&c.ws, ctx, NULL);

	if (!err)
		err = open_revisions(&c, &argc, &argv);
	if (!err)
		err = pair_papers(&c);
	if (!err)
		err = compare_all(&c, argc, argv);
	if (!err)
		err = print_comparison(&c, o);
	if (!err)
		set_exit_status(&c, o, exit_status);
	for (size_t i = 0; i < c.nr; i++) {
		comparison_release(c.items[i]);
		free(c.items[i]);
	}
	free(c.items);
	free(c.pairs);
	close_revisions(&c);
	workspace_release(&c.ws);
	return err;
}

static const char *const formats[] = { "text", "md", "json", NULL };
static const char *const levels[] = { "error", "warning", "note", "never", NULL };

static const struct option compare_table[] = {
	{ OPTION_CHOICE, 0, "format", offsetof(struct compare_options, format), "<format>",
	  "text (default), md for a pull request, or json", NULL, formats },
	{ OPTION_STRING, 'o', "output", offsetof(struct compare_options, output), "<file>",
	  "print into a file instead of standard output", NULL, NULL, "file" },
	{ OPTION_CHOICE, 0, "fail-on", offsetof(struct compare_options, fail_on), "<severity>",
	  "exit with 1 when a new verified finding is at least this severe",
	  "Exit with 1 when a new verified finding is at least this severe. The default is that of `run`: "
	  "fail_on of .scrutiny.yml, or error.",
	  levels },
	{ OPTION_CHOICE, 0, "color", offsetof(struct compare_options, color), "<when>",
	  "colour the output: always, never or auto", NULL, color_choices },
	{ .kind = OPTION_END },
};

static const struct compare_options compare_defaults = { .format = "text" };
static const char *const compare_usage[] = { "[<options>] <rev> [<rev>] [<paper>...]", NULL };
static const struct example compare_examples[] = {
	{ "git scrutiny compare main", "What the work tree adds to the papers of main, and mends." },
	{ "git scrutiny compare v1 v2 --format=md", "What changed between two tags, for a pull request." },
	{ NULL, NULL },
};

const struct command cmd_compare = {
	.name = "compare",
	.summary = "show what changed in the findings between two revisions",
	.usage = compare_usage,
	.description =
		"Shows, paper by paper, which findings are new, which are fixed, how many persist and which "
		"nobody looked at again, from one revision to another or to the work tree. No model is asked: "
		"findings come from the records of the papers as they were, or from the reports committed "
		"beside them, and the built-in checks are run where they have no record.\n\n"
		"A paper that moved is compared with where it was: its content is the same, or git sees its "
		"manuscript renamed. A paper that was never reviewed at a revision is said to be so. What a "
		"reviewer raises who looked at the later revision only counts as new.",
	.options = compare_table,
	.options_size = sizeof(struct compare_options),
	.defaults = &compare_defaults,
	.examples = compare_examples,
	.run = run_compare,
};
