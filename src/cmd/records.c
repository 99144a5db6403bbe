/* records: the record store among clones. */
#include "cmd/cmd.h"

#include <stddef.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/text.h"
#include "git/records_sync.h"

struct records_options {
	bool quiet;
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
	struct buffer text = BUFFER_INIT, safe = BUFFER_INIT;
	va_list ap;
	if (c->options->quiet)
		return;
	va_start(ap, fmt);
	buffer_vaddf(&text, fmt, ap);
	va_end(ap);
	text_for_terminal(&safe, text.data, text.len, true);
	buffer_addch(&safe, '\n');
	print_buffer(&safe);
	buffer_release(&text);
	buffer_release(&safe);
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

/* -- the command ------------------------------------------------------------------------------- */

static const struct action {
	const char *name;
	const char *argument; /* what may follow: "<remote>", or NULL */
	bool needs_argument;
	struct error *(*run)(struct call *c);
} actions[] = {
	{ "push", "<remote>", false, push },
	{ "fetch", "<remote>", false, fetch },
	{ "merge", "<commit>", true, merge },
};

static struct error *find_action(const char *word, const struct action **out)
{
	const char *names[ARRAY_SIZE(actions) + 1] = { NULL };
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		names[i] = actions[i].name;
		if (word && !strcmp(word, names[i])) {
			*out = &actions[i];
			return NULL;
		}
	}
	struct error *err = word ? error_new(ERROR_USAGE, "`%s' is nothing that records does", word)
				 : error_new(ERROR_USAGE, "what of the records?");
	const char *near = word ? text_nearest(word, names) : NULL;
	return near ? error_with_hint(err, "did you mean `git scrutiny records %s'?", near)
		    : error_with_hint(err, "`git scrutiny records -h' lists what there is");
}

static struct error *check_call(const struct action *action, int argc)
{
	if (argc > 1 + (action->argument != NULL))
		return error_new(ERROR_USAGE, "too many arguments for records %s", action->name);
	if (action->needs_argument && argc < 2)
		return error_new(ERROR_USAGE, "records %s needs %s", action->name, action->argument);
	return NULL;
}

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv,
			 int *exit_status)
{
	const struct action *action = NULL;
	struct call c = { .ctx = ctx, .options = options, .exit_status = exit_status,
			  .argument = argc > 1 ? argv[1] : NULL };
	struct error *err = find_action(argc ? argv[0] : NULL, &action);
	if (!err)
		err = check_call(action, argc);
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
	{ OPTION_BOOL, 'q', "quiet", offsetof(struct records_options, quiet), NULL,
	  "print warnings and errors only" },
	{ .kind = OPTION_END },
};

static const char *const usage[] = {
	"push [<options>] [<remote>]",
	"fetch [<options>] [<remote>]",
	"merge [<options>] <commit>",
	NULL,
};

static const struct example examples[] = {
	{ "git scrutiny records fetch", "Take over what others have paid for already." },
	{ "git scrutiny records push", "Give them what was paid for here." },
	{ NULL, NULL },
};

const struct command cmd_records = {
	.name = "records",
	.summary = "share, unite and look after what models answered",
	.usage = usage,
	.description =
		"What was ever answered about a paper is kept in refs/scrutiny/records, by the paper's content, so "
		"that nobody pays for it again. git neither fetches nor pushes that ref by itself.\n\n"
		"`push` sends it to <remote> and `fetch` takes over what <remote> has; both through git, with its "
		"settings, credentials and hooks. When both have something of their own, they are united: nothing "
		"is overwritten and nothing is lost, and it does not matter who begins. Without <remote>: git config "
		"scrutiny.recordsRemote, else the remote of the branch we are on, else origin.\n\n"
		"`merge` unites with the records of another <commit>, such as a ref that was fetched by other means; "
		"the histories need not be related.",
	.options = options,
	.options_size = sizeof(struct records_options),
	.examples = examples,
	.run = run,
};
