/* publish: what is known about papers, put where people look at their commits and pull requests. */
#include "cmd/publish.h"

#include <inttypes.h>
#include <stddef.h>

#include "base/memory.h"
#include "base/text.h"
#include "cmd/forge_access.h"

/* The name of the status and of the check run. */
#define CONTEXT "scrutiny"
#define COMMENT_MARKER "<!-- git-scrutiny: summary -->"
/* Inline comments of one review; more of them nobody reads. */
#define MAX_INLINE 20
/* Annotations of a check run: ten requests. */
#define MAX_ANNOTATIONS 500

struct publication {
	struct context *ctx;
	const struct publish_options *options;
	struct publish_target target;
	struct workspace ws;
	struct oid fork;         /* where the pull request left its base; empty: not known */
	const struct paper **papers;
	struct review **reviews; /* by the papers' places; NULL: not reviewed */
	struct review **exact;   /* those of them that are of the commit itself: its lines are theirs */
	size_t nr, unreviewed;
	int worst;               /* severity of the worst verified finding, -1: none */
};

static void say(const struct publication *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(const struct publication *p, const char *fmt, ...)
{
	va_list ap;
	if (p->options->quiet)
		return;
	va_start(ap, fmt);
	print_words(true, fmt, ap);
	va_end(ap);
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

/* -- what is known ----------------------------------------------------------------------------- */

static void note_worst(struct publication *p, const struct review *review)
{
	for (size_t i = 0; i < review->consensus.nr; i++) {
		const struct consensus_finding *f = &review->consensus.findings[i];
		if (f->bucket == BUCKET_VERIFIED && (int)f->severity > p->worst)
			p->worst = (int)f->severity;
	}
}

/* A run that wrote no report has left no facts of its own: what the records say has to do. */
static struct error *load_without_run(struct publication *p, const struct paper *paper, struct review *out)
{
	struct run run = {
		.program_version = xstrdup(VERSION),
		.content_id = xstrdup(paper->content_id),
		.paper = xstrdup(paper->path),
	};
	struct error *err = review_make(out, p->ws.records, &run);
	if (err || out->nr)
		return err;
	review_release(out);
	return error_new(ERROR_NOT_FOUND, "the paper was not reviewed");
}

static struct error *load_review(struct publication *p, const struct paper *paper, struct review *out)
{
	struct error *err = review_load(out, p->ws.records, paper->content_id, paper->path);
	return error_drop_if(&err, ERROR_NOT_FOUND) ? load_without_run(p, paper, out) : err;
}

/* The review of PAPER at PLACE; when there is none, *MISSING counts it. */
static struct error *take_review(struct publication *p, const struct paper *paper, size_t place, size_t *missing)
{
	struct review *review = xcalloc(1, sizeof(*review));
	struct error *err = load_review(p, paper, review);
	if (!err) {
		p->reviews[place] = review;
		note_worst(p, review);
		return NULL;
	}
	free(review);
	(*missing)++;
	error_drop_if(&err, ERROR_NOT_FOUND);
	return err;
}

static int paper_by_path(const void *key, const void *item)
{
	return strcmp(key, ((const struct paper *)item)->path);
}

/* In the job of a pull request what is checked out, and was reviewed, is its merge: a paper that both sides have changed
 * is known as it is there. */
static struct error *load_of_merge(struct publication *p)
{
	struct oid head;
	struct snapshot *snapshot = NULL;
	struct paper_list merged = { 0 };
	size_t missing = 0;
	struct error *err = repo_head(p->ws.repo, &head);
	if (err || !head.hex[0] || !strcmp(head.hex, p->target.commit.hex))
		return err;
	err = snapshot_new(&snapshot, p->ws.repo, SNAPSHOT_COMMIT, &head);
	if (!err)
		err = paper_discover(&merged, snapshot, &p->ws.rules);
	for (size_t i = 0; i < p->nr && !err && merged.nr; i++) {
		const struct paper *paper = p->reviews[i] ? NULL : bsearch(p->papers[i]->path, merged.items, merged.nr,
									   sizeof(*paper), paper_by_path);
		if (paper)
			err = take_review(p, paper, i, &missing);
		p->unreviewed -= paper && p->reviews[i];
	}
	paper_list_release(&merged);
	snapshot_free(snapshot);
	return err;
}

static struct error *load_reviews(struct publication *p)
{
	struct error *err = NULL;
	p->reviews = xcalloc(p->nr + 1, sizeof(*p->reviews));
	p->exact = xcalloc(p->nr + 1, sizeof(*p->exact));
	for (size_t i = 0; i < p->nr && !err; i++) {
		err = take_review(p, p->papers[i], i, &p->unreviewed);
		p->exact[i] = p->target.here ? p->reviews[i] : NULL;
	}
	return err || !p->unreviewed || p->options->commit ? err : load_of_merge(p);
}

static struct error *nothing_known(const struct publication *p)
{
	struct error *err = error_new(ERROR_NOT_FOUND, "nothing is known about the %zu paper%s of %.10s", p->nr, plural(p->nr),
				      p->target.commit.hex);
	return error_with_hint(err, "`git scrutiny run` reviews them; `git scrutiny records fetch` gets what other clones know");
}

/* The papers that the pull request changes; of a commit alone all of them. */
static struct error *select_papers(struct publication *p, int argc, const char **argv)
{
	const struct publish_options *o = p->options;
	struct selection sel = { .since = o->since, .all = true, .paths = argv, .nr_paths = argc };
	struct error *err = NULL;
	if (p->target.number && p->target.here)
		err = publish_target_fork(&p->target, &p->fork);
	if (err && (o->review || error_is(err, ERROR_CANCELLED)))
		return err;
	if (err) {
		say_warning("%s: all papers are summed up", err->message);
		error_free(err);
	}
	if (!sel.since && !argc && !o->all && p->fork.hex[0])
		sel.since = p->fork.hex;
	err = workspace_select(&p->ws, &sel, &p->papers, &p->nr);
	if (!err)
		err = load_reviews(p);
	if (!err && p->nr && p->unreviewed == p->nr)
		err = nothing_known(p);
	if (!err && !p->target.here)
		say_warning("the commit %.10s is not here: its papers are taken as they are at HEAD (`fetch-depth: 0` of "
			    "actions/checkout gets it)", p->target.commit.hex);
	if (!err && p->unreviewed)
		say_warning("%zu of %zu papers were not reviewed as they are at %.10s", p->unreviewed, p->nr,
			    p->target.commit.hex);
	return err;
}

/* -- in words ---------------------------------------------------------------------------------- */

static enum status_state state_of(const struct publication *p)
{
	int level = policy_fail_level(&p->ws.policy, p->options->fail_on);
	if (level != FAIL_ON_NEVER && p->worst >= level)
		return STATUS_FAILURE;
	return p->unreviewed ? STATUS_ERROR : STATUS_SUCCESS;
}

static void add_description(struct buffer *out, const struct publication *p)
{
	pull_text_summary(out, p->reviews, p->nr);
	if (p->unreviewed)
		buffer_addf(out, "; %zu not reviewed", p->unreviewed);
}

static void add_body(struct buffer *out, const struct publication *p)
{
	struct pull_text text = { .reviews = p->reviews, .nr = p->nr, .forge = p->target.forge,
				  .commit = p->target.commit.hex };
	struct buffer closing = BUFFER_INIT;
	if (p->unreviewed)
		buffer_addf(&closing, "%zu paper%s of this commit %s not reviewed.", p->unreviewed, plural(p->unreviewed),
			    p->unreviewed == 1 ? "was" : "were");
	text.closing = closing.len ? closing.data : NULL;
	pull_text_body(out, &text);
	buffer_release(&closing);
}

static void show_annotations(const struct publication *p, const struct publish_annotations *a)
{
	for (size_t i = 0; i < a->nr; i++)
		say(p, "  %s:%zu: %s: %s", a->items[i].path, a->items[i].line, a->items[i].level, a->items[i].title);
}

/* -- the four places --------------------------------------------------------------------------- */

static struct error *set_status(struct publication *p)
{
	static const char *const names[] = { [STATUS_PENDING] = "pending", [STATUS_SUCCESS] = "success",
					     [STATUS_FAILURE] = "failure", [STATUS_ERROR] = "error" };
	struct buffer description = BUFFER_INIT;
	enum status_state state = state_of(p);
	const char *commit = p->target.commit.hex;
	add_description(&description, p);
	struct error *err = NULL;
	if (!p->options->dry_run)
		err = forge_set_status(p->target.forge, commit, CONTEXT, state, description.data, p->target.job_url);
	if (!err)
		say(p, "status " CONTEXT " of %.10s: %s, %s", commit, names[state], description.data);
	buffer_release(&description);
	return err;
}

static struct error *set_check(struct publication *p)
{
	struct buffer title = BUFFER_INIT, body = BUFFER_INIT;
	struct publish_annotations a;
	size_t left;
	struct error *err = NULL;
	publish_annotations_make(&a, p->exact, p->nr, NULL, MAX_ANNOTATIONS, &left);
	add_description(&title, p);
	add_body(&body, p);
	if (!p->options->dry_run)
		err = forge_set_check(p->target.forge, p->target.commit.hex, CONTEXT, state_of(p), title.data, body.data,
				      a.items, a.nr);
	if (!err)
		say(p, "check run " CONTEXT " of %.10s: %s; %zu annotation%s", p->target.commit.hex, title.data, a.nr,
		    plural(a.nr));
	if (!err && left)
		say(p, "%zu more finding%s found no place there", left, plural(left));
	if (!err && p->options->dry_run)
		show_annotations(p, &a);
	publish_annotations_release(&a);
	buffer_release(&title);
	buffer_release(&body);
	return err;
}

static struct error *set_comment(struct publication *p)
{
	static const char *const words[] = { [COMMENT_WRITTEN] = "written", [COMMENT_UPDATED] = "updated",
					     [COMMENT_UNCHANGED] = "is so already" };
	struct buffer body = BUFFER_INIT, name = BUFFER_INIT;
	enum comment_outcome outcome = COMMENT_WRITTEN;
	struct error *err = NULL;
	buffer_addstr(&body, COMMENT_MARKER "\n");
	add_body(&body, p);
	add_pull_name(&name, p->target.forge, p->target.number);
	if (!p->options->dry_run)
		err = forge_set_comment(p->target.forge, p->target.number, COMMENT_MARKER, body.data, &outcome);
	if (!err)
		say(p, "comment on %s: %s", name.data, p->options->dry_run ? "" : words[outcome]);
	if (!err && p->options->dry_run)
		say(p, "%s", body.data);
	buffer_release(&body);
	buffer_release(&name);
	return err;
}

static void add_review_body(struct buffer *out, const struct publication *p, size_t shown, size_t left)
{
	struct buffer summary = BUFFER_INIT;
	pull_text_summary(&summary, p->reviews, p->nr);
	buffer_addf(out, "%s. Below: %zu comment%s on lines that are changed here", summary.data, shown, plural(shown));
	if (left)
		buffer_addf(out, ", the worst; %zu more finding%s in the papers", left, left == 1 ? " is" : "s are");
	buffer_addstr(out, ".\n");
	buffer_release(&summary);
}

/* The lines are those of the pull request's head: of another commit they would stand beside the wrong words. */
static struct error *check_head(struct publication *p)
{
	struct pull pull = { 0 };
	struct error *err = forge_pull_get(p->target.forge, p->target.number, &pull);
	if (!err && pull.head_commit && *pull.head_commit && strcmp(pull.head_commit, p->target.commit.hex) != 0)
		err = error_with_hint(error_new(ERROR_CONFLICT, "the pull request is at %.10s, and this is %.10s", pull.head_commit,
						p->target.commit.hex), "its comments belong to the lines of that commit: "
				      "publish there, or name it with --commit");
	pull_release(&pull);
	return err;
}

static struct error *add_review(struct publication *p)
{
	struct publish_annotations a = { 0 };
	struct buffer body = BUFFER_INIT, name = BUFFER_INIT;
	struct diff_lines *lines = NULL;
	size_t left = 0, posted = 0;
	struct error *err = NULL;
	if (!p->target.here)
		err = error_with_hint(error_new(ERROR_NOT_FOUND, "the commit %.10s is not here, and comments belong to its lines",
						p->target.commit.hex), "`fetch-depth: 0` of actions/checkout gets it");
	if (!err && !p->options->dry_run)
		err = check_head(p);
	if (!err)
		err = diff_lines_new(&lines, p->ws.repo, &p->fork, &p->target.commit);
	if (!err) {
		publish_annotations_make(&a, p->exact, p->nr, lines, MAX_INLINE, &left);
		add_review_body(&body, p, a.nr, left);
		add_pull_name(&name, p->target.forge, p->target.number);
	}
	if (!err && a.nr && !p->options->dry_run)
		err = forge_add_review(p->target.forge, p->target.number, p->target.commit.hex, body.data, a.items, a.nr,
				       &posted);
	if (!err && !a.nr)
		say(p, "review of %s: nothing was found on its lines", name.data);
	else if (!err && p->options->dry_run)
		say(p, "review of %s: %s", name.data, body.data);
	else if (!err)
		say(p, "review of %s: %zu comment%s, %zu said before; %zu more findings elsewhere", name.data, posted,
		    plural(posted), a.nr - posted, left);
	if (!err && p->options->dry_run)
		show_annotations(p, &a);
	publish_annotations_release(&a);
	diff_lines_free(lines);
	buffer_release(&body);
	buffer_release(&name);
	return err;
}

/* -- the command ------------------------------------------------------------------------------- */

/* One that may not, or cannot, is no reason to leave the others out. */
static struct error *publish(struct publication *p, const struct publish_options *wanted)
{
	const struct {
		const char *name;
		bool wanted;
		struct error *(*run)(struct publication *p);
	} places[] = {
		{ "status", wanted->status, set_status },
		{ "check run", wanted->check, set_check },
		{ "comment", wanted->comment, set_comment },
		{ "review", wanted->review, add_review },
	};
	size_t done = 0;
	struct error *last = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (!places[i].wanted)
			continue;
		struct error *err = places[i].run(p);
		if (error_is(err, ERROR_CANCELLED)) {
			error_free(last);
			return err;
		}
		done += !err;
		if (last)
			say_warning("%s%s%s", last->message, last->hint ? "\n" : "", last->hint ? last->hint : "");
		error_free(last);
		last = err ? error_context(err, "%s", places[i].name) : NULL;
	}
	if (!last || !done)
		return last;
	say_warning("%s%s%s", last->message, last->hint ? "\n" : "", last->hint ? last->hint : "");
	error_free(last);
	return NULL;
}

static struct error *no_pull(const struct publication *p)
{
	bool gitlab = forge_kind(p->target.forge) == FORGE_GITLAB;
	return error_with_hint(error_new(ERROR_NOT_FOUND, "no open %s request of this branch is known",
					 gitlab ? "merge" : "pull"), "--pull=<number> names one");
}

static void release(struct publication *p)
{
	for (size_t i = 0; p->reviews && i < p->nr; i++) {
		if (p->reviews[i])
			review_release(p->reviews[i]);
		free(p->reviews[i]);
	}
	free(p->reviews);
	free(p->exact);
	free(p->papers);
	workspace_release(&p->ws);
	publish_target_release(&p->target);
}

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv, int *exit_status)
{
	const struct publish_options *o = options;
	struct publish_options wanted = *o;
	struct publication p = { .ctx = ctx, .options = o, .worst = -1 };
	bool any = o->status || o->check || o->comment || o->review;
	context_catch_signals(ctx);
	if (o->pull < 0)
		return error_new(ERROR_USAGE, "--pull takes the number of a pull request");
	if (o->pull && o->branch)
		return error_new(ERROR_USAGE, "--pull and --branch contradict each other");
	struct error *err = publish_target_find(&p.target, ctx, o, o->comment || o->review || !any);
	if (!err && (o->comment || o->review) && !p.target.number)
		err = no_pull(&p);
	if (!err)
		err = workspace_open(&p.ws, ctx, &(struct workspace_view){ .at = p.target.here ? p.target.commit.hex : "HEAD" });
	if (!err)
		err = select_papers(&p, argc, argv);
	wanted.status |= !any;
	wanted.comment |= !any && p.target.number;
	if (!err)
		err = publish(&p, &wanted);
	if (!err && o->fail_on && state_of(&p) == STATUS_FAILURE)
		*exit_status = EXIT_FINDINGS;
	release(&p);
	return err;
}

static const char *const fail_on_choices[] = { "error", "warning", "note", "never", NULL };

static const struct option options[] = {
	{ OPTION_GROUP, 0, NULL, 0, NULL, "Where to" },
	{ OPTION_BOOL, 0, "status", offsetof(struct publish_options, status), NULL,
	  "set the commit's status \"scrutiny\"",
	  "Sets the status \"scrutiny\" of the commit: failed when there is a verified finding at or above the level of "
	  "`--fail-on`." },
	{ OPTION_BOOL, 0, "check", offsetof(struct publish_options, check), NULL,
	  "make a check run with annotations (GitHub, as an app or in Actions)",
	  "Makes a check run \"scrutiny\" of the commit, with findings as annotations, worst first. GitHub only, and only with the "
	  "token of an app, such as that of Actions." },
	{ OPTION_BOOL, 0, "comment", offsetof(struct publish_options, comment), NULL,
	  "keep one comment on the pull request that sums up",
	  "Writes one comment on the pull request that sums up what was found; later ones take its place." },
	{ OPTION_BOOL, 0, "review", offsetof(struct publish_options, review), NULL,
	  "write a review with comments beside the lines",
	  "Writes a review with a comment beside each of the worst findings on lines that the pull request changes, at most 20, "
	  "and says how many more there are. What was said before is not said again." },
	{ OPTION_GROUP, 0, NULL, 0, NULL, "About what" },
	{ OPTION_INTEGER, 0, "pull", offsetof(struct publish_options, pull), "<number>",
	  "this pull request (GitLab: merge request)",
	  "This pull request, of GitLab merge request. Without it the one that the CI job is about (GitHub, Gitea, Forgejo, "
	  "GitLab), else the open one of the branch that is checked out." },
	{ OPTION_STRING, 0, "branch", offsetof(struct publish_options, branch), "<name>",
	  "the open pull request of this branch, instead of the one that is checked out" },
	{ OPTION_STRING, 0, "commit", offsetof(struct publish_options, commit), "<rev>",
	  "this commit instead of HEAD, or of the pull request's head in a CI job",
	  "The commit whose papers are spoken about. Without it that of the CI job's pull request - where HEAD is a merge "
	  "that only the job has -, else HEAD.", NULL, "rev" },
	{ OPTION_STRING, 0, "since", offsetof(struct publish_options, since), "<rev>",
	  "papers that differ from what stands at <rev>",
	  "Papers that differ from what stands at <rev>. Of a pull request: from where it left the branch it is to go into; "
	  "else all papers.", NULL, "rev" },
	{ OPTION_BOOL, 'a', "all", offsetof(struct publish_options, all), NULL,
	  "all papers, also those that the pull request leaves as they are" },
	{ OPTION_GROUP, 0, NULL, 0, NULL, "How" },
	{ OPTION_CHOICE, 0, "fail-on", offsetof(struct publish_options, fail_on), "<level>",
	  "exit with 1, and let status and check fail, at findings of this level",
	  "Status and check run fail at a verified finding at or above this level: error, warning, note or never; the "
	  "default is that of `git scrutiny run`. When it is given, the exit status is 1 then, too.", fail_on_choices },
	{ OPTION_BOOL, 'n', "dry-run", offsetof(struct publish_options, dry_run), NULL,
	  "print what would be published" },
	{ OPTION_BOOL, 'q', "quiet", offsetof(struct publish_options, quiet), NULL, "print warnings only" },
	{ .kind = OPTION_END },
};

static const char *const usage[] = { "[<options>] [<paper>...]", NULL };

static const struct example examples[] = {
	{ "git scrutiny publish --dry-run", "What would be said, and where." },
	{ "git scrutiny publish --status --comment --review", "In the job of a pull request, after `git scrutiny run`." },
	{ NULL, NULL },
};

const struct command cmd_publish = {
	.name = "publish",
	.summary = "put what was found on the forge: status, check, comments",
	.usage = usage,
	.description =
		"Takes what the records know about the papers of a commit and puts it where people look: on the commit, or on its "
		"pull request (GitHub, Gitea, Forgejo, GitLab; of GitLab merge requests). No model is asked. Only verified and "
		"plausible findings are shown beside lines, as the report has them.\n\n"
		"Without any of `--status`, `--check`, `--comment` and `--review` the status is set and, when there is a pull "
		"request, the comment written. What the token may not do is a warning as long as something else could be "
		"done. Running it again changes nothing but what has changed.",
	.options = options,
	.options_size = sizeof(struct publish_options),
	.examples = examples,
	.run = run,
};
