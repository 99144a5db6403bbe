/* records: the record store among clones. */
#include "cmd/workspace.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include "base/memory.h"
#include "base/text.h"
#include "cmd/action.h"
#include "git/records_sync.h"
#include "review/verify.h"

#define KEEP_DAYS 90
#define SECONDS_OF_A_DAY 86400
/* Beyond that no clock goes. */
#define KEEP_MAX_DAYS 100000

struct records_options {
	bool quiet, dry_run, reviews, squash;
	int64_t keep;
};

/* What every action gets. */
struct call {
	struct context *ctx;
	const struct records_options *options;
	struct repo *repo;
	struct records *records;
	const char *argument; /* behind the action's name, or NULL */
	int *exit_status;
};

static void say(const struct call *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(const struct call *c, const char *fmt, ...)
{
	va_list ap;
	if (c->options->quiet)
		return;
	va_start(ap, fmt);
	print_words(true, fmt, ap);
	va_end(ap);
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static void say_merged(const struct call *c, const char *what, const char *where, const struct records_merged *m)
{
	struct buffer line = BUFFER_INIT;
	buffer_addf(&line, "%s %s: %zu new paper%s", what, where, m->papers, plural(m->papers));
	if (m->second_answers)
		buffer_addf(&line, ", %zu second answer%s kept beside the first", m->second_answers,
			    plural(m->second_answers));
	say(c, "%s", line.data);
	if (m->left_out)
		say_warning("%zu entr%s there that no git scrutiny writes: left out", m->left_out,
			    m->left_out == 1 ? "y is" : "ies are");
	buffer_release(&line);
}

/* -- the actions ------------------------------------------------------------------------------- */

static struct error *push(struct call *c)
{
	struct records_pushed pushed;
	char *remote = NULL;
	struct error *err = records_remote(&remote, c->repo, c->argument);
	/* What a run that was killed has left was paid for, too. */
	if (!err)
		err = records_commit(c->records, "Record what was left");
	if (!err)
		err = records_push(c->records, remote, &pushed);
	if (err) {
		free(remote);
		return err;
	}
	if (pushed.nothing)
		say(c, "there are no records here yet");
	else if (pushed.up_to_date)
		say(c, "%s has all records", remote);
	else
		say(c, "pushed the records to %s%s", remote,
		    pushed.merged ? "; those that it had are merged" : "");
	free(remote);
	return NULL;
}

static struct error *fetch(struct call *c)
{
	struct records_merged merged;
	bool found;
	char *remote = NULL;
	struct error *err = records_remote(&remote, c->repo, c->argument);
	if (!err)
		err = records_fetch(c->records, remote, &merged, &found);
	if (!err && !found)
		say(c, "%s has no records", remote);
	else if (!err && !merged.moved)
		say(c, "up to date with %s", remote);
	else if (!err)
		say_merged(c, "fetched the records of", remote, &merged);
	free(remote);
	return err;
}

static struct error *merge(struct call *c)
{
	struct records_merged merged;
	struct oid theirs;
	struct error *err = repo_resolve_commit(c->repo, c->argument, &theirs);
	if (!err)
		err = records_merge(c->records, &theirs, &merged);
	if (!err && !merged.moved)
		say(c, "nothing new in %s", c->argument);
	else if (!err)
		say_merged(c, "merged", c->argument, &merged);
	return err;
}

static struct error *squash(const struct call *c)
{
	struct error *err = records_squash(c->records);
	if (err)
		return err;
	say(c, "the history of the records is one commit now");
	say_hint(c->ctx, "`git scrutiny records push` replaces it at a remote that has nothing else; `git gc` frees "
			 "the space here");
	return NULL;
}

static struct error *gc(struct call *c)
{
	const struct records_options *o = c->options;
	struct strmap in_use = STRMAP_INIT;
	struct records_gc_result result;
	struct records_gc_settings settings = {
		.in_use = &in_use,
		.before = (int64_t)time(NULL) - o->keep * SECONDS_OF_A_DAY,
		.reviews = o->reviews,
		.dry_run = o->dry_run,
	};
	struct error *err = verify_in_use(&in_use, c->repo);
	if (!err)
		err = records_gc(c->records, &settings, &result);
	strmap_release(&in_use, NULL);
	if (err)
		return err;
	if (!result.papers)
		say(c, "nothing to drop");
	else
		say(c, "%s %zu repl%s%s of %zu earlier version%s of papers, %.1f MB", o->dry_run ? "would drop" : "dropped",
		    result.replies, result.replies == 1 ? "y" : "ies", o->reviews ? " and the reviews" : "",
		    result.papers, plural(result.papers), (double)result.bytes / 1e6);
	return o->squash && !o->dry_run ? squash(c) : NULL;
}

static void on_problem(void *data, const char *where, const char *message)
{
	(void)data;
	struct buffer line = BUFFER_INIT, safe = BUFFER_INIT;
	buffer_addf(&line, "%s: %s", where, message);
	text_for_terminal(&safe, line.data, line.len, false);
	buffer_addch(&safe, '\n');
	print_buffer(&safe);
	buffer_release(&line);
	buffer_release(&safe);
}

/* The reports as HEAD has them; an unborn HEAD has none. */
static struct error *verify_head(const struct call *c, struct verify *v)
{
	struct oid head;
	struct snapshot *snapshot = NULL;
	struct policy policy = { 0 };
	struct paper_rules rules = { 0 };
	struct paper_list papers = { 0 };
	struct error *err = repo_head(c->repo, &head);
	if (err || !head.hex[0])
		return err;
	err = snapshot_new(&snapshot, c->repo, SNAPSHOT_COMMIT, &head);
	if (!err)
		err = policy_read(&policy, snapshot);
	if (!err) {
		rules.globs = (const char *const *)policy.papers;
		err = paper_discover(&papers, snapshot, &rules);
	}
	if (!err)
		err = verify_reports(v, c->records, snapshot, &papers);
	paper_list_release(&papers);
	policy_release(&policy);
	snapshot_free(snapshot);
	return err;
}

static struct error *verify(struct call *c)
{
	struct verify v = { .on_problem = on_problem };
	struct error *err = verify_records(&v, c->records);
	if (!err)
		err = verify_head(c, &v);
	if (err)
		return err;
	struct buffer line = BUFFER_INIT;
	buffer_addf(&line, "%zu file%s of records, %zu report%s: ", v.files, plural(v.files), v.reports,
		    plural(v.reports));
	if (v.problems)
		buffer_addf(&line, "%zu problem%s", v.problems, plural(v.problems));
	else
		buffer_addstr(&line, "all as they should be");
	if (v.aside)
		buffer_addf(&line, "; %zu damaged one%s kept aside", v.aside, v.aside == 1 ? " is" : "s are");
	if (v.newer_reviews)
		buffer_addf(&line, "; %zu paper%s reviewed again since the reports at HEAD", v.newer_reviews,
			    v.newer_reviews == 1 ? " was" : "s were");
	say(c, "%s", line.data);
	buffer_release(&line);
	if (v.older)
		say_hint(c->ctx, "%zu record%s in an older format, which is read as well; `git scrutiny records migrate` "
				 "rewrites", v.older, v.older == 1 ? " is" : "s are");
	if (v.problems)
		*c->exit_status = EXIT_FINDINGS;
	return NULL;
}

static struct error *migrate(struct call *c)
{
	size_t nr;
	struct error *err = verify_migrate(c->records, &nr);
	if (!err && nr)
		say(c, "rewrote %zu record%s", nr, plural(nr));
	else if (!err)
		say(c, "all records are in today's format");
	return err;
}

/* -- the command ------------------------------------------------------------------------------- */

static const struct action {
	const char *name;
	const char *argument; /* what may follow: "<remote>", or NULL */
	bool needs_argument;
	bool collects;        /* takes the options that say what goes */
	struct error *(*run)(struct call *c);
} actions[] = {
	{ "push", "<remote>", false, false, push },
	{ "fetch", "<remote>", false, false, fetch },
	{ "merge", "<commit>", true, false, merge },
	{ "gc", NULL, false, true, gc },
	{ "verify", NULL, false, false, verify },
	{ "migrate", NULL, false, false, migrate },
};

static struct error *check_call(const struct action *action, const struct records_options *o, int argc)
{
	bool asked = o->dry_run || o->reviews || o->squash || o->keep != KEEP_DAYS;
	if (asked && !action->collects)
		return error_new(ERROR_USAGE, "--dry-run, --keep, --reviews and --squash belong to records gc");
	if (o->keep < 0 || o->keep > KEEP_MAX_DAYS)
		return error_new(ERROR_USAGE, "--keep takes a number of days, up to %d", KEEP_MAX_DAYS);
	if (argc > 1 + (action->argument != NULL))
		return error_new(ERROR_USAGE, "too many arguments for records %s", action->name);
	if (action->needs_argument && argc < 2)
		return error_new(ERROR_USAGE, "records %s needs %s", action->name, action->argument);
	return NULL;
}

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv,
			 int *exit_status)
{
	const void *row = NULL;
	struct call c = { .ctx = ctx, .options = options, .exit_status = exit_status,
			  .argument = argc > 1 ? argv[1] : NULL };
	struct error *err = action_find(&row, "records", argc ? argv[0] : NULL, actions, ARRAY_SIZE(actions),
					sizeof(*actions));
	const struct action *action = row;
	if (!err)
		err = check_call(action, options, argc);
	if (!err)
		err = context_repo(ctx, &c.repo);
	if (!err)
		err = records_open(&c.records, c.repo);
	if (!err)
		err = action->run(&c);
	records_free(c.records);
	return err;
}

static const struct option options[] = {
	{ OPTION_GROUP, 0, NULL, 0, NULL, "What gc drops" },
	{ OPTION_INTEGER, 0, "keep", offsetof(struct records_options, keep), "<days>",
	  "nothing that was reviewed in the last <days> days (default 90)" },
	{ OPTION_BOOL, 0, "reviews", offsetof(struct records_options, reviews), NULL,
	  "whole reviews, not only the replies they are made of",
	  "Drops whole reviews instead of the replies they are made of only. Reports of those versions of the papers "
	  "cannot be rebuilt then, and a version that comes back is paid for again." },
	{ OPTION_BOOL, 0, "squash", offsetof(struct records_options, squash), NULL,
	  "also fold the history of the ref into one commit",
	  "Also folds the history of refs/scrutiny/records into one commit; refused while a run has something that is "
	  "not committed. The next `push` replaces the history at the remote, if nothing was added there meanwhile; "
	  "else both are united again. The same happens with what another clone still has and pushes." },
	{ OPTION_BOOL, 'n', "dry-run", offsetof(struct records_options, dry_run), NULL,
	  "only say what would go" },
	{ OPTION_GROUP, 0, NULL, 0, NULL, "Output" },
	{ OPTION_BOOL, 'q', "quiet", offsetof(struct records_options, quiet), NULL,
	  "print warnings and errors only" },
	{ .kind = OPTION_END },
};

static const char *const usage[] = {
	"push [<options>] [<remote>]",
	"fetch [<options>] [<remote>]",
	"merge [<options>] <commit>",
	"gc [--keep=<days>] [--reviews] [--squash] [--dry-run]",
	"verify [<options>]",
	"migrate [<options>]",
	NULL,
};

static const struct records_options defaults = { .keep = KEEP_DAYS };

static const struct example examples[] = {
	{ "git scrutiny records fetch", "Take over what others have paid for already." },
	{ "git scrutiny records push", "Give them what was paid for here." },
	{ "git scrutiny records gc --dry-run", "What could go." },
	{ NULL, NULL },
};

const struct command cmd_records = {
	.name = "records",
	.summary = "share, unite and look after what models answered",
	.usage = usage,
	.description =
		"What was ever answered about a paper is kept in refs/scrutiny/records, by the paper's content, so "
		"that nobody pays for it again. git neither fetches nor pushes that ref by itself.\n\n"
		"`push` sends it, and what a run that was killed has left, to <remote>, and `fetch` takes over what <remote> "
		"has; both through git, with its settings, credentials and hooks. When both have something of their own, "
		"they are united: nothing is overwritten and nothing is lost, and it does not matter who begins. Without "
		"<remote>: git config scrutiny.recordsRemote, else the remote of the branch we are on, else origin.\n\n"
		"`merge` unites with the records of another <commit>, such as a ref that was fetched by other means; "
		"the histories need not be related.\n\n"
		"`gc` drops what models answered about versions of papers that no work tree, index, branch, tag or stash "
		"has any more and that were last reviewed more than 90 days ago (`--keep`). The reviews made of it stay, "
		"unless `--reviews` is given; what was spent is never dropped. "
		"Records of other clones come back when they are merged.\n\n"
		"`verify` looks at every record: its form, and that its name fits its contents; and at the reports that "
		"are committed at HEAD: they have to be the same bytes as from the records. What is wrong is "
		"listed with its path, and the exit status is 1. A damaged record is made anew by the next "
		"run on its paper, and kept aside.\n\n"
		"`migrate` rewrites records of an older format in today's. Reading them does not need it.",
	.options = options,
	.options_size = sizeof(struct records_options),
	.defaults = &defaults,
	.examples = examples,
	.run = run,
};
