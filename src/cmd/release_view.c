#include "cmd/release_view.h"

#include <inttypes.h>
#include <time.h>

#include "base/memory.h"
#include "base/text.h"
#include "deploy/config.h"

/* Bytes of a list of refs, and of a commit. */
#define MAX_REFS ((size_t)1 << 20)
#define MAX_COMMIT ((size_t)4 << 20)

const char *release_remote(struct repo *repo)
{
	const char *named = repo_config(repo, "deploy.remote");
	if (named)
		return named;
	return repo_config(repo, "remote.origin.url") ? "origin" : NULL;
}

/* -- which environment ------------------------------------------------------------------------- */

/* *NAME is the environment that HEAD's .deploy.yml has by the name WANTED (NULL: the only one, or prod), malloc'd,
 * or NULL; the error says why. A file that cannot be read decides nothing here: releases are there without it. */
static struct error *configured_environment(struct repo *repo, const char *wanted, char **name)
{
	struct oid head;
	struct deploy_config config = { 0 };
	const struct deploy_environment *env = NULL;
	struct error *unreadable = repo_head(repo, &head), *err = NULL;
	if (!unreadable && head.hex[0]) {
		unreadable = deploy_config_read(&config, repo, &head);
		if (!unreadable)
			err = deploy_config_environment(&config, wanted, &env);
	}
	*name = env ? xstrdup(env->name) : NULL;
	error_free(unreadable);
	deploy_config_release(&config);
	return err;
}

/* The only environment that has a ledger. */
static struct error *released_environment(struct repo *repo, char **out)
{
	static const char *const argv[] = { "for-each-ref", "--format=%(refname:strip=2)", LEDGER_REF_PREFIX,
					   NULL };
	struct buffer names = BUFFER_INIT_MAX(MAX_REFS);
	struct process_options options = { .out = &names };
	struct error *err = repo_git_read(repo, argv, &options);
	const char *only = NULL;
	size_t nr = 0;
	for (char *at = names.data, *end; !err && (end = strchr(at, '\n')); at = end + 1) {
		*end = '\0';
		if (release_is_environment(at)) {
			only = at;
			nr++;
		}
	}
	*out = nr == 1 ? xstrdup(only) : NULL;
	buffer_release(&names);
	return err;
}

static struct error *find_environment(struct release_view *v, const char *named)
{
	struct error *err = NULL;
	if (named && !release_is_environment(named))
		return error_with_hint(error_new(ERROR_USAGE, "'%s' cannot be an environment", named),
				       "their names have lower-case letters, digits and dashes between them");
	if (named)
		v->environment = xstrdup(named);
	else
		error_free(configured_environment(v->repo, NULL, &v->environment));
	if (!v->environment)
		err = released_environment(v->repo, &v->environment);
	if (!err && !v->environment)
		v->environment = xstrdup("prod");
	return err;
}

/* -- the ledger -------------------------------------------------------------------------------- */

static struct error *fetch_ledger(struct release_view *v)
{
	struct error *err = releases_fetch(v->repo, v->remote, v->environment, NULL);
	if (!error_is(err, ERROR_NETWORK)) {
		v->up_to_date = !err;
		return err;
	}
	say_warning("%s; what is shown may not be the newest", err->message);
	error_free(err);
	return NULL;
}

/* Without releases it may be a slip of the pen. */
static struct error *check_name(struct release_view *v, const char *named)
{
	char *name = NULL;
	struct error *err = named && !v->releases.nr ? configured_environment(v->repo, named, &name) : NULL;
	free(name);
	return err;
}

struct error *release_view_open(struct release_view *v, struct context *ctx, const char *environment,
				bool fetch)
{
	*v = (struct release_view){ 0 };
	struct error *err = context_repo(ctx, &v->repo);
	if (!err)
		err = find_environment(v, environment);
	if (!err) {
		v->remote = release_remote(v->repo);
		if (fetch && v->remote)
			err = fetch_ledger(v);
	}
	if (!err)
		err = releases_read(v->repo, v->environment, 0, &v->releases);
	return err ? err : check_name(v, environment);
}

struct error *release_view_named(const char **environment, int argc, const char **argv)
{
	if (argc > 1)
		return error_new(ERROR_USAGE, "one environment at a time");
	if (argc && *environment && strcmp(*environment, argv[0]) != 0)
		return error_new(ERROR_USAGE, "which environment, '%s' or '%s'?", *environment, argv[0]);
	if (argc)
		*environment = argv[0];
	return NULL;
}

void release_view_release(struct release_view *v)
{
	releases_release(&v->releases);
	free(v->environment);
	*v = (struct release_view){ 0 };
}

/* -- words ------------------------------------------------------------------------------------- */

void release_add_subject(struct buffer *out, struct repo *repo, const struct oid *commit)
{
	struct buffer text = BUFFER_INIT_MAX(MAX_COMMIT);
	struct error *err = repo_read_object(repo, commit, OBJECT_COMMIT, &text);
	const char *message = err ? NULL : memmem(text.data, text.len, "\n\n", 2);
	if (message)
		buffer_add(out, message + 2, strcspn(message + 2, "\n"));
	error_free(err);
	buffer_release(&text);
}

void release_add_event(struct buffer *out, const struct release *r)
{
	switch (r->result) {
	case RELEASE_DONE:
		buffer_addstr(out, r->tag ? r->tag : "without a tag");
		break;
	case RELEASE_CANARY:
		buffer_addf(out, "%s as canary", r->tag ? r->tag : "without a tag,");
		break;
	case RELEASE_PROMOTED:
		buffer_addf(out, "canary #%" PRId64 " promoted", r->of);
		break;
	case RELEASE_ROLLED_BACK:
		buffer_addf(out, "back to #%" PRId64, r->of);
		break;
	case RELEASE_FAILED:
		buffer_addf(out, "#%" PRId64 " taken back", r->of);
		break;
	}
}

void release_add_date(struct buffer *out, int64_t date)
{
	time_t t = (time_t)date;
	struct tm tm;
	if (localtime_r(&t, &tm))
		buffer_addf(out, "%04d-%02d-%02d %02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
			    tm.tm_hour,
			    tm.tm_min);
}
