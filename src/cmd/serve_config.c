#include "cmd/serve_config.h"

#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/trace.h"
#include "cmd/forge_access.h"
#include "daemon/delivery.h"
#include "git/credential.h"
#include "review/limits.h"

#define SECTION "scrutiny.webhook."
/* As what a secret is known to git's credential helpers; no such host can be there. */
#define CREDENTIAL_URL "https://scrutiny-webhook.invalid"

/* One repository as it is written down. */
struct entry {
	char *name;
	const char *path, *remote, *secret_file, *branches, *forks, *reviewers, *max_cost, *pr, *push_records, *publish;
};

static const struct key {
	const char *name;
	size_t offset;
} keys[] = {
	{ "path", offsetof(struct entry, path) },
	{ "remote", offsetof(struct entry, remote) },
	{ "secretfile", offsetof(struct entry, secret_file) },
	{ "branches", offsetof(struct entry, branches) },
	{ "forks", offsetof(struct entry, forks) },
	{ "reviewers", offsetof(struct entry, reviewers) },
	{ "maxcost", offsetof(struct entry, max_cost) },
	{ "pr", offsetof(struct entry, pr) },
	{ "pushrecords", offsetof(struct entry, push_records) },
	{ "publish", offsetof(struct entry, publish) },
};

struct entries {
	struct entry *items;
	size_t nr, alloc;
};

/* -- what is written down ---------------------------------------------------------------------------- */

static bool is_name(const char *name)
{
	size_t len = strlen(name);
	for (size_t i = 0; i < len; i++)
		if (!ascii_alnum((unsigned char)name[i]) && !strchr("._-", name[i]))
			return false;
	return len > 0 && len <= SERVE_MAX_NAME && name[0] != '.' && strcmp(name, "health") != 0;
}

static struct entry *entry_of(struct entries *all, const char *name, size_t len)
{
	for (size_t i = 0; i < all->nr; i++)
		if (strlen(all->items[i].name) == len && !memcmp(all->items[i].name, name, len))
			return &all->items[i];
	ALLOC_GROW(all->items, all->nr, all->alloc);
	all->items[all->nr] = (struct entry){ .name = xmemdupz(name, len), .remote = "origin", .forks = "ignore" };
	return &all->items[all->nr++];
}

static struct error *take_setting(struct entries *all, const char *name, const char *value)
{
	const char *dot = strrchr(name, '.');
	if (!dot || dot == name)
		return error_new(ERROR_USAGE, SECTION "%s names no repository: write " SECTION "<name>.path", name);
	struct entry *entry = entry_of(all, name, (size_t)(dot - name));
	if (!is_name(entry->name))
		return error_new(ERROR_USAGE, "'%s' cannot be the name of a repository: letters, digits, '.', '_' and '-', "
					      "%d at most, and not 'health'", entry->name, SERVE_MAX_NAME);
	if (all->nr > SERVE_MAX_REPOSITORIES)
		return error_new(ERROR_LIMIT, "more than %d repositories are configured", SERVE_MAX_REPOSITORIES);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strcmp(dot + 1, keys[i].name) != 0)
			continue;
		*(const char **)((char *)entry + keys[i].offset) = value;
		return NULL;
	}
	return error_new(ERROR_USAGE, "there is no setting " SECTION "%s", name);
}

/* git prints "key\nvalue\0"; a key without a value has no newline, and is true. */
static struct error *read_entries(struct entries *all, struct buffer *text)
{
	struct error *err = NULL;
	for (char *at = text->data, *end = text->data + text->len; !err && at < end;) {
		char *next = at + strlen(at) + 1, *newline = strchr(at, '\n');
		const char *name;
		if (newline)
			*newline = '\0';
		if (skip_prefix(at, SECTION, &name))
			err = take_setting(all, name, newline ? newline + 1 : "true");
		at = next;
	}
	return err;
}

static struct error *ask_git(const char *file, struct buffer *out)
{
	const char *argv[9] = { "git", "config", "-z", "--includes" };
	size_t nr = 4;
	int status = 0;
	struct process_options options = { .out = out, .exit_status = &status };
	if (file) {
		argv[nr++] = "--file";
		argv[nr++] = file;
	}
	argv[nr++] = "--list";
	struct error *err = process_run(argv, &options);
	if (!err && status)
		err = error_new(ERROR_GENERIC, "git cannot read %s%s", file ? "" : "its configuration", file ? file : "");
	return err;
}

/* -- secrets ---------------------------------------------------------------------------------------- */

static struct error *read_secret_file(const char *path, bool ours, char **out)
{
	struct buffer text = BUFFER_INIT_MAX(CREDENTIAL_MAX);
	struct stat st;
	if (ours && !stat(path, &st) && st.st_mode & (S_IRWXG | S_IRWXO))
		return error_with_hint(error_new(ERROR_GENERIC, "others may read the secret in '%s'", path),
				       "chmod 600 '%s'", path);
	struct error *err = file_read(path, &text);
	struct slice secret = slice_trim(slice_of(&text));
	if (!err)
		*out = xmemdupz(secret.data, secret.len);
	explicit_bzero(text.data, text.len);
	buffer_release(&text);
	return err;
}

static struct error *find_secret(const struct entry *e, struct repo *repo, char **out)
{
	const char *credentials = context_env("CREDENTIALS_DIRECTORY"), *variable = context_env("SCRUTINY_WEBHOOK_SECRET");
	struct error *err = NULL;
	*out = NULL;
	if (e->secret_file)
		return read_secret_file(e->secret_file, true, out);
	if (credentials) {
		char *path = xstrfmt("%s/scrutiny-webhook-%s", credentials, e->name);
		err = read_secret_file(path, false, out);
		error_drop_if(&err, ERROR_NOT_FOUND);
		free(path);
	}
	if (!err && !*out && variable)
		*out = xstrdup(variable);
	if (!err && !*out && credential_has_helper(repo))
		err = credential_fill(repo, CREDENTIAL_URL, e->name, out);
	if (!err && !*out)
		err = error_with_hint(error_new(ERROR_USAGE, "the webhook '%s' has no secret", e->name),
				      "git config --global " SECTION "%s.secretFile <path>, with what "
				      "`openssl rand -hex 32` prints in it", e->name);
	return err;
}

static struct error *set_secret(struct webhook_repository *r, const struct entry *e)
{
	char *secret;
	struct error *err = find_secret(e, r->job.repo, &secret);
	if (err)
		return err;
	trace_add_secret(secret);
	r->secret = secret;
	if (strlen(secret) < DELIVERY_MIN_SECRET)
		return error_with_hint(error_new(ERROR_USAGE, "the secret of the webhook '%s' is shorter than %d characters",
						 e->name, DELIVERY_MIN_SECRET), "`openssl rand -hex 32` makes one");
	return NULL;
}

/* -- repositories ------------------------------------------------------------------------------------ */

/* `run --pr` and `publish` speak to the forge of the clone's own remote. */
static struct error *check_forge(const struct entry *e, struct repo *repo)
{
	char *own = NULL;
	struct error *err = find_remote(repo, &own);
	if (!err && strcmp(own, e->remote) != 0)
		err = error_new(ERROR_USAGE, SECTION "%s: pr and publish go to '%s', the remote of the branch of '%s', and not "
				"to '%s'", e->name, own, e->path, e->remote);
	free(own);
	return err;
}

static struct error *check_entry(const struct entry *e, const struct webhook_repository *r)
{
	const char *argv[] = { "remote", "get-url", "--", e->remote, NULL };
	struct buffer url = BUFFER_INIT;
	double most;
	if (e->max_cost && !limits_parse_dollars(e->max_cost, &most))
		return error_new(ERROR_USAGE, SECTION "%s.maxCost is '%s': it must be an amount in US dollars, such as 0.50",
				 e->name, e->max_cost);
	if (strcmp(e->forks, "ignore") != 0 && strcmp(e->forks, "checks") != 0)
		return error_new(ERROR_USAGE, SECTION "%s.forks is '%s': it must be ignore or checks", e->name, e->forks);
	if (r->job.pull_request && repo_work_tree(r->job.repo))
		return error_with_hint(error_new(ERROR_USAGE, SECTION "%s.pr needs a bare clone: its branch is moved to what was "
							      "pushed, and '%s' has files checked out", e->name, e->path),
				       "git clone --bare");
	struct error *err = repo_git_line(r->job.repo, argv, &url);
	buffer_release(&url);
	if (err)
		return error_context(err, "'%s' has no remote '%s'", e->path, e->remote);
	return r->job.pull_request || r->job.publish ? check_forge(e, r->job.repo) : NULL;
}

static struct error *open_entry(struct webhook_repository *r, struct entry *e, const char *program, bool without_secrets)
{
	if (!e->path)
		return error_with_hint(error_new(ERROR_USAGE, "the webhook '%s' has no repository", e->name),
				       "git config --global " SECTION "%s.path <clone>", e->name);
	if (e->path[0] != '/')
		return error_new(ERROR_USAGE, SECTION "%s.path is '%s': it must be absolute", e->name, e->path);
	struct error *err = repo_open(&r->job.repo, e->path);
	if (err)
		return error_context(err, "the webhook '%s'", e->name);
	r->name = e->name;
	e->name = NULL;
	struct entry named = *e;
	named.name = (char *)r->name;
	r->branches = e->branches;
	r->forks = !strcmp(e->forks, "checks");
	r->job.program = program;
	r->job.remote = e->remote;
	r->job.reviewers = e->reviewers;
	r->job.max_cost = e->max_cost;
	r->job.pull_request = text_is_true(e->pr);
	r->job.push_records = text_is_true(e->push_records);
	r->job.publish = text_is_true(e->publish);
	err = check_entry(&named, r);
	if (!err && !without_secrets)
		err = set_secret(r, &named);
	return err;
}

struct error *serve_config_read(struct serve_config *c, const char *file, const char *program, bool without_secrets)
{
	struct entries all = { 0 };
	*c = (struct serve_config){ .text = BUFFER_INIT_MAX(SERVE_MAX_CONFIG) };
	struct error *err = ask_git(file, &c->text);
	if (!err)
		err = read_entries(&all, &c->text);
	c->repositories = xcalloc(all.nr + 1, sizeof(*c->repositories));
	for (size_t i = 0; !err && i < all.nr; i++) {
		c->nr = i + 1;
		err = open_entry(&c->repositories[i], &all.items[i], program, without_secrets);
	}
	if (!err && !c->nr)
		err = error_with_hint(error_new(ERROR_USAGE, "no repository is configured for webhooks"),
				      "git config --global " SECTION "<name>.path <clone>");
	for (size_t i = 0; i < all.nr; i++)
		free(all.items[i].name);
	free(all.items);
	return err;
}

void serve_config_release(struct serve_config *c)
{
	for (size_t i = 0; i < c->nr; i++) {
		struct webhook_repository *r = &c->repositories[i];
		if (r->secret)
			explicit_bzero((char *)r->secret, strlen(r->secret));
		free((char *)r->secret);
		free((char *)r->name);
		repo_free(r->job.repo);
	}
	free(c->repositories);
	buffer_release(&c->text);
}
