/* log: the releases of an environment, from its ledger. */
#include <inttypes.h>
#include <stddef.h>

#include "base/memory.h"
#include "base/terminal.h"
#include "base/text.h"
#include "cmd/deployment.h"
#include "cmd/release_view.h"
#include "cmd/table.h"

#define LOG_FORMAT 1
/* Columns: number, date, what, commit and its subject, image, who, what it is now. */
#define LOG_COLUMNS 7

struct log_options {
	const char *environment;
	int64_t count;
	bool json, no_fetch;
};

/* -- for people -------------------------------------------------------------------------------- */

/* The name without the address. */
static void add_name(struct table *t, const char *who)
{
	size_t len = strcspn(who, "<");
	while (len && who[len - 1] == ' ')
		len--;
	char *name = xmemdupz(who, len);
	table_add(t, len ? name : who);
	free(name);
}

static const char *state_of(const struct releases *all, const struct release *r)
{
	if (r == releases_served(all))
		return "served";
	return r == releases_canary(all) ? "canary" : "";
}

static void add_row(struct table *t, const struct release_view *v, const struct release *r)
{
	struct buffer cell = BUFFER_INIT;
	buffer_addf(&cell, "#%" PRId64, r->number);
	table_add(t, cell.data);
	buffer_reset(&cell);
	release_add_date(&cell, r->date);
	table_add(t, cell.data);
	buffer_reset(&cell);
	release_add_event(&cell, r);
	table_add(t, cell.data);
	buffer_reset(&cell);
	buffer_addf(&cell, "%.7s ", r->commit.hex);
	release_add_subject(&cell, v->repo, &r->commit);
	table_add(t, cell.data);
	buffer_reset(&cell);
	buffer_addf(&cell, "%.*s", RELEASE_DIGEST_DIGITS, digest_hex(&r->digest));
	table_add(t, cell.data);
	add_name(t, r->who);
	table_add(t, state_of(&v->releases, r));
	buffer_release(&cell);
}

static struct error *print_table(struct release_view *v, size_t count)
{
	struct table t = TABLE_INIT(LOG_COLUMNS);
	struct buffer out = BUFFER_INIT, pager = BUFFER_INIT;
	static const char *const argv[] = { "var", "GIT_PAGER", NULL };
	t.left = ~(uint64_t)0;
	for (size_t i = 0; i < count; i++)
		add_row(&t, v, &v->releases.items[i]);
	table_print(&out, &t);
	if (count == v->releases.nr && v->releases.cut_off)
		buffer_addstr(&out, "(older releases are not in this shallow clone)\n");
	struct error *err = context_env("GIT_PAGER_IN_USE") ? NULL : repo_git_line(v->repo, argv, &pager);
	if (!err)
		err = pager_show(pager.data, slice_of(&out));
	table_release(&t);
	buffer_release(&out);
	buffer_release(&pager);
	return err;
}

/* -- for programs ------------------------------------------------------------------------------ */

static void put_number(struct json_writer *w, const char *key, const struct release *r)
{
	json_key(w, key);
	if (r)
		json_integer(w, r->number);
	else
		json_null(w);
}

static void print_json(const struct release_view *v, size_t count)
{
	struct buffer out = BUFFER_INIT;
	struct json_writer w;
	json_writer_init(&w, &out, true);
	json_begin_object(&w);
	json_put_integer(&w, "format", LOG_FORMAT);
	json_put_string(&w, "environment", v->environment);
	put_number(&w, "served", releases_served(&v->releases));
	put_number(&w, "canary", releases_canary(&v->releases));
	json_key(&w, "releases");
	json_begin_array(&w);
	for (size_t i = 0; i < count; i++)
		release_write(&w, &v->releases.items[i]);
	json_end_array(&w);
	json_end_object(&w);
	buffer_addch(&out, '\n');
	print_buffer(&out);
	buffer_release(&out);
}

/* -- the command ------------------------------------------------------------------------------- */

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv,
			 int *exit_status)
{
	const struct log_options *o = options;
	struct release_view v = { 0 };
	(void)exit_status;
	if (o->count < 0)
		return error_new(ERROR_USAGE, "-n takes a number of releases");
	const char *environment = o->environment;
	struct error *err = release_view_named(&environment, argc, argv);
	if (!err)
		err = release_view_open(&v, ctx, environment, !o->no_fetch);
	size_t count = v.releases.nr;
	if (o->count && (uint64_t)o->count < count)
		count = (size_t)o->count;
	if (!err && o->json)
		print_json(&v, count);
	else if (!err && !count)
		say_hint(ctx, "%s has no release yet; `git deploy` makes one", v.environment);
	else if (!err)
		err = print_table(&v, count);
	release_view_release(&v);
	return err;
}

static const char *const usage[] = { "[<options>] [<environment>]", NULL };

#define AT(member) offsetof(struct log_options, member)
static const struct option options[] = {
	{ OPTION_INTEGER, 'n', "max-count", AT(count), "<count>", "only the newest <count> releases", NULL,
	  NULL, NULL },
	OPTION_ENVIRONMENT(AT(environment)),
	{ OPTION_BOOL, 0, "no-fetch", AT(no_fetch), NULL, "do not ask the remote: what this clone knows",
	  "Shows what this clone knows. By default the ledger is fetched from the remote first, as others, "
	  "or CI, may have released since; a remote that cannot be reached is a warning.", NULL, NULL },
	{ OPTION_BOOL, 0, "json", AT(json), NULL, "print JSON",
	  "Prints one JSON object: environment, the numbers of the releases that are served and that wait as "
	  "canary, and the releases as docs/formats/release.schema.json has them, newest "
	  "first.", NULL, NULL },
	{ OPTION_END, 0, NULL, 0, NULL, NULL, NULL, NULL, NULL },
};

static const struct example examples[] = {
	{ "git deploy log", "Every release: number, time, tag, commit, image, who." },
	{ "git deploy log -n 5 test", "The newest five of another environment." },
	{ "git log refs/deploy/prod", "The same ledger, as git shows it." },
	{ NULL, NULL },
};

const struct command cmd_deploy_log = {
	.name = "log",
	.summary = "list the releases of an environment",
	.usage = usage,
	.description =
		"Lists the releases of an environment, newest first: its number, when, the tag or what else "
		"it was (a rollback, a canary that was promoted, a release that was taken back), the commit, "
		"the image's digest and who asked for it. Without a name, the environment is the one of "
		"HEAD's .deploy.yml, or the only one with a ledger, or prod.\n\n"
		"The ledger is the ref refs/deploy/<environment>: one commit a release.",
	.options = options,
	.options_size = sizeof(struct log_options),
	.examples = examples,
	.run = run,
};
