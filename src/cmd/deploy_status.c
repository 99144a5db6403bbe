/* status: what is in git, in the registry, and on the instance. A part that cannot be asked says why. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/text.h"
#include "cloud/secrets.h"
#include "cmd/deploy_instance.h"
#include "cmd/release_view.h"
#include "deploy/boot.h"
#include "deploy/release.h"

#define STATUS_FORMAT 1
#define COMMAND_TIMEOUT_MS 20000
#define MAX_SAID ((size_t)1 << 20)

struct status_options {
	const char *environment;
	bool json, no_fetch;
};

/* A moving tag of the registry. */
struct tag_state {
	char *name;
	struct digest now;             /* empty: there is none */
	const struct release *wanted;  /* NULL: nothing yet */
};

struct status {
	struct context *ctx;
	struct release_view view;
	struct deployment d;
	char *no_git, *no_registry, *no_instance; /* why that part is not known; NULL: it is */
	const struct release *served, *canary;
	struct oid head;
	bool none_named;               /* no instance is named */
	int64_t ahead, behind;         /* HEAD, compared with what is served; -1: not known */
	struct tag_state tags[RELEASE_MAX_TAGS];
	size_t nr_tags;
	struct deployed deployed;
	struct buffer said;            /* by the instance: see boot_command_status */
	char *no_answer;               /* why it said nothing; NULL: it did, or does not run */
};

/* Takes over ERR. */
static char *reason(struct error *err)
{
	char *text = err ? xstrdup(err->message) : NULL;
	error_free(err);
	return text;
}

/* -- git --------------------------------------------------------------------------------------- */

static struct error *count(struct repo *repo, const struct oid *from, const struct oid *to, int64_t *nr)
{
	char *range = xstrfmt("%s..%s", from->hex, to->hex);
	const char *const argv[] = { "rev-list", "--count", range, "--", NULL };
	struct buffer out = BUFFER_INIT_MAX(4096);
	int status = 0;
	struct process_options options = { .out = &out, .discard_err = true, .exit_status = &status };
	struct error *err = repo_git_read(repo, argv, &options);
	*nr = !err && !status ? strtoll(out.data, NULL, 10) : -1;
	buffer_release(&out);
	free(range);
	return err;
}

static void ask_git(struct status *s)
{
	struct error *err = repo_head(s->view.repo, &s->head);
	s->served = releases_served(&s->view.releases);
	s->canary = releases_canary(&s->view.releases);
	s->ahead = s->behind = -1;
	if (!err && s->head.hex[0] && s->served)
		err = count(s->view.repo, &s->served->commit, &s->head, &s->ahead);
	if (!err && s->head.hex[0] && s->served)
		err = count(s->view.repo, &s->head, &s->served->commit, &s->behind);
	s->no_git = reason(err);
}

/* -- the registry ------------------------------------------------------------------------------ */

static struct error *find_tags(struct status *s)
{
	struct moving_tag tags[RELEASE_MAX_TAGS];
	const struct deploy_environment *env = s->d.environment;
	struct registries *registries;
	struct error *err = deployment_registries(&s->d, &registries);
	if (err)
		return err;
	s->nr_tags = release_moving_tags(&s->d.config, s->view.environment,
					 env && env->strategy == DEPLOY_CANARY, tags);
	for (size_t i = 0; i < s->nr_tags; i++) {
		struct reference ref = {
			.registry = s->d.config.repository.registry,
			.repository = s->d.config.repository.repository,
			.tag = tags[i].name,
		};
		s->tags[i].name = xstrdup(tags[i].name);
		s->tags[i].wanted = tags[i].canary && s->canary ? s->canary : s->served;
		if (!err)
			err = registry_find_manifest(registries, &ref, &s->tags[i].now);
		error_drop_if(&err, ERROR_NOT_FOUND);
	}
	moving_tags_free(tags, s->nr_tags);
	return err;
}

static bool in_place(const struct tag_state *tag)
{
	return tag->wanted ? digest_equals(&tag->now, &tag->wanted->digest) : !tag->now.text[0];
}

/* -- the instance ------------------------------------------------------------------------------ */

static struct error *find_instance(struct status *s)
{
	struct error *err = deployed_open(&s->deployed, &s->d);
	const struct instance *i = err ? NULL : deployed_current(&s->deployed);
	if (i && instance_is(i, "running"))
		s->no_answer = reason(instance_command(s->deployed.cloud, i->id, boot_command_status(),
						       COMMAND_TIMEOUT_MS, &s->said, NULL));
	return err;
}

/* What the instance says behind WORD on a line of its own: a digest, and its state. */
static struct slice said(const struct status *s, const char *word)
{
	for (const char *at = s->said.data, *rest; *at;) {
		size_t len = strcspn(at, "\n");
		if (skip_prefix(at, word, &rest) && *rest == ' ')
			return (struct slice){ rest + 1, len - strlen(word) - 1 };
		at += len + (at[len] != '\0');
	}
	return (struct slice){ "", 0 };
}

static bool said_digest(const struct status *s, const char *word, struct digest *out)
{
	struct slice text = said(s, word);
	const char *gap = memchr(text.data, ' ', text.len);
	if (gap)
		text.len = (size_t)(gap - text.data);
	return digest_parse(text, out);
}

/* -- for people -------------------------------------------------------------------------------- */

static const struct release *release_of(const struct status *s, const struct digest *digest)
{
	const struct releases *all = &s->view.releases;
	if (s->served && digest_equals(&s->served->digest, digest))
		return s->served;
	for (size_t i = 0; i < all->nr; i++)
		if (digest_equals(&all->items[i].digest, digest))
			return &all->items[i];
	return NULL;
}

/* "#12", or "an image that is no release (3f2a51c0d9e7)". DIGEST is one. */
static void add_image(struct buffer *out, const struct status *s, const struct digest *digest)
{
	const struct release *r = release_of(s, digest);
	if (r)
		buffer_addf(out, "#%" PRId64, r->number);
	else
		buffer_addf(out, "an image that is no release (%.*s)", RELEASE_DIGEST_DIGITS,
			    digest_hex(digest));
}

static void add_commits(struct buffer *out, int64_t n, const char *where)
{
	buffer_addf(out, "HEAD is %" PRId64 " commit%s %s", n, n == 1 ? "" : "s", where);
}

static void add_git(struct buffer *out, const struct status *s)
{
	const struct release *r = s->served;
	if (s->no_git)
		buffer_addf(out, "not known: %s", s->no_git);
	else if (!r)
		buffer_addstr(out, "no release yet");
	if (s->no_git || !r)
		return;
	buffer_addf(out, "#%" PRId64 " ", r->number);
	release_add_event(out, r);
	buffer_addf(out, ", %.7s ", r->commit.hex);
	release_add_subject(out, s->view.repo, &r->commit);
	buffer_addstr(out, "; ");
	if (s->ahead < 0 || s->behind < 0)
		buffer_addstr(out, "its commit is not in this clone");
	else if (s->ahead)
		add_commits(out, s->ahead, "ahead");
	else if (!s->behind)
		buffer_addstr(out, "HEAD is that");
	if (s->ahead > 0 && s->behind > 0)
		buffer_addf(out, ", %" PRId64 " behind", s->behind);
	else if (s->ahead == 0 && s->behind > 0)
		add_commits(out, s->behind, "behind");
	if (s->canary)
		buffer_addf(out, "; canary #%" PRId64 " waits", s->canary->number);
}

static void add_registry(struct buffer *out, const struct status *s)
{
	if (s->no_registry) {
		buffer_addf(out, "not known: %s", s->no_registry);
		return;
	}
	bool any = false;
	for (size_t i = 0; i < s->nr_tags; i++)
		any |= s->tags[i].now.text[0] || s->tags[i].wanted;
	if (!any)
		buffer_addstr(out, "no image yet");
	for (size_t i = 0; i < s->nr_tags && any; i++) {
		const struct tag_state *tag = &s->tags[i];
		buffer_addf(out, "%s%s is ", i ? ", " : "", tag->name);
		if (tag->now.text[0])
			add_image(out, s, &tag->now);
		else
			buffer_addstr(out, "not there");
		if (!in_place(tag) && tag->wanted)
			buffer_addf(out, ", not #%" PRId64, tag->wanted->number);
	}
}

static void add_running(struct buffer *out, const struct status *s)
{
	struct digest digest;
	if (s->no_answer) {
		buffer_addf(out, "; what it serves is not known: %s", s->no_answer);
		return;
	}
	if (said_digest(s, "serving", &digest)) {
		buffer_addstr(out, ", serves ");
		add_image(out, s, &digest);
	} else {
		buffer_addstr(out, ", serves nothing");
	}
	if (said_digest(s, "canary", &digest)) {
		buffer_addstr(out, ", and beside it ");
		add_image(out, s, &digest);
	}
	if (said_digest(s, "bad", &digest)) {
		buffer_addstr(out, "; not healthy there: ");
		add_image(out, s, &digest);
	}
}

static void add_instance(struct buffer *out, struct status *s)
{
	if (s->no_instance) {
		buffer_addf(out, "%s: %s", s->none_named ? "none yet" : "not known", s->no_instance);
		return;
	}
	const struct instance *i = deployed_current(&s->deployed);
	char *url = deployed_url(&s->deployed, i);
	buffer_addf(out, "%s (%s) is %s", i->id, i->type, i->state);
	if (instance_is(i, "running"))
		add_running(out, s);
	else if (instance_is(i, "stopped") && s->served)
		buffer_addf(out, ": it will serve #%" PRId64 " when it starts", s->served->number);
	if (url)
		buffer_addf(out, "  %s", url);
	free(url);
}

static void print_text(struct status *s)
{
	struct buffer line = BUFFER_INIT, out = BUFFER_INIT;
	static const char *const heads[] = { "git       ", "registry  ", "instance  " };
	bool misplaced = false;
	buffer_addf(&out, "environment %s\n", s->view.environment);
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
		buffer_reset(&line);
		if (i == 0)
			add_git(&line, s);
		else if (i == 1)
			add_registry(&line, s);
		else
			add_instance(&line, s);
		buffer_addstr(&out, heads[i]);
		text_for_terminal(&out, line.data, line.len, false);
		buffer_addch(&out, '\n');
	}
	print_buffer(&out);
	for (size_t i = 0; i < s->nr_tags && !s->no_registry; i++)
		misplaced |= !in_place(&s->tags[i]);
	if (misplaced && s->served)
		say_hint(s->ctx, "`git deploy rollback %" PRId64 "` puts the registry's tags on #%" PRId64,
			 s->served->number, s->served->number);
	buffer_release(&line);
	buffer_release(&out);
}

/* -- for programs ------------------------------------------------------------------------------ */

static void put_count(struct json_writer *w, const char *key, int64_t n)
{
	json_key(w, key);
	if (n < 0)
		json_null(w);
	else
		json_integer(w, n);
}

static void put_release(struct json_writer *w, const char *key, const struct release *r)
{
	json_key(w, key);
	if (r)
		release_write(w, r);
	else
		json_null(w);
}

static void put_said(struct json_writer *w, const char *key, const struct status *s, const char *word)
{
	struct digest digest;
	json_put_string(w, key, said_digest(s, word, &digest) ? digest.text : NULL);
}

static void write_registry(struct json_writer *w, const struct status *s)
{
	json_key(w, "registry");
	json_begin_object(w);
	json_put_string(w, "not_known", s->no_registry);
	json_key(w, "tags");
	json_begin_array(w);
	for (size_t i = 0; i < s->nr_tags && !s->no_registry; i++) {
		const struct tag_state *tag = &s->tags[i];
		json_begin_object(w);
		json_put_string(w, "name", tag->name);
		json_put_string(w, "digest", tag->now.text[0] ? tag->now.text : NULL);
		json_put_bool(w, "in_place", in_place(tag));
		json_end_object(w);
	}
	json_end_array(w);
	json_end_object(w);
}

static void write_instance(struct json_writer *w, struct status *s)
{
	const struct instance *i = s->no_instance ? NULL : deployed_current(&s->deployed);
	char *url = i ? deployed_url(&s->deployed, i) : NULL;
	json_key(w, "instance");
	json_begin_object(w);
	json_put_string(w, "not_known", s->no_instance);
	json_put_string(w, "id", i ? i->id : NULL);
	json_put_string(w, "state", i ? i->state : NULL);
	json_put_string(w, "url", url);
	json_put_string(w, "no_answer", s->no_answer);
	put_said(w, "serving", s, "serving");
	put_said(w, "canary", s, "canary");
	put_said(w, "bad", s, "bad");
	json_end_object(w);
	free(url);
}

static void print_json(struct status *s)
{
	struct buffer out = BUFFER_INIT;
	struct json_writer w;
	json_writer_init(&w, &out, true);
	json_begin_object(&w);
	json_put_integer(&w, "format", STATUS_FORMAT);
	json_put_string(&w, "environment", s->view.environment);
	json_key(&w, "git");
	json_begin_object(&w);
	json_put_string(&w, "not_known", s->no_git);
	put_release(&w, "served", s->served);
	put_release(&w, "canary", s->canary);
	json_put_string(&w, "head", s->head.hex[0] ? s->head.hex : NULL);
	put_count(&w, "ahead", s->ahead);
	put_count(&w, "behind", s->behind);
	json_end_object(&w);
	write_registry(&w, s);
	write_instance(&w, s);
	json_end_object(&w);
	buffer_addch(&out, '\n');
	print_buffer(&out);
	buffer_release(&out);
}

/* -- the command ------------------------------------------------------------------------------- */

static void status_release(struct status *s)
{
	for (size_t i = 0; i < s->nr_tags; i++)
		free(s->tags[i].name);
	free(s->no_git);
	free(s->no_registry);
	free(s->no_instance);
	free(s->no_answer);
	buffer_release(&s->said);
	deployed_release(&s->deployed);
	deployment_release(&s->d);
	release_view_release(&s->view);
}

/* .deploy.yml names the registry and the instance. */
static void ask_others(struct status *s)
{
	struct error *err = deployment_open(&s->d, s->ctx, "HEAD", s->view.environment);
	if (!err && !s->d.config.repository.registry)
		s->no_registry = xstrdup(DEPLOY_CONFIG_FILE " names none");
	if (err) {
		s->no_registry = reason(err);
		s->no_instance = xstrdup(s->no_registry);
		return;
	}
	if (!s->no_registry)
		s->no_registry = reason(find_tags(s));
	s->none_named = !s->d.environment || !s->d.environment->instance;
	if (!s->none_named)
		s->no_instance = reason(find_instance(s));
	else
		s->no_instance = xstrdup(DEPLOY_CONFIG_FILE " names none");
}

static struct error *run(struct context *ctx, const void *options, int argc, const char **argv,
			 int *exit_status)
{
	const struct status_options *o = options;
	struct status s = { .ctx = ctx, .said = BUFFER_INIT_MAX(MAX_SAID) };
	(void)exit_status;
	const char *environment = o->environment;
	struct error *err = release_view_named(&environment, argc, argv);
	context_catch_signals(ctx);
	if (!err)
		err = release_view_open(&s.view, ctx, environment, !o->no_fetch);
	if (err && s.view.environment && !error_is(err, ERROR_USAGE))
		s.no_git = reason(err);
	else if (err) {
		release_view_release(&s.view);
		return err;
	} else {
		ask_git(&s);
	}
	ask_others(&s);
	if (o->json)
		print_json(&s);
	else
		print_text(&s);
	status_release(&s);
	return NULL;
}

static const char *const usage[] = { "[<options>] [<environment>]", NULL };

#define AT(member) offsetof(struct status_options, member)
static const struct option options[] = {
	OPTION_ENVIRONMENT(AT(environment)),
	{ OPTION_BOOL, 0, "no-fetch", AT(no_fetch), NULL, "do not ask the remote: what this clone knows" },
	{ OPTION_BOOL, 0, "json", AT(json), NULL, "print JSON" },
	{ .kind = OPTION_END },
};

static const struct example examples[] = {
	{ "git deploy status", "Whether git, registry and instance agree." },
	{ "git deploy status test --json", "The same of another environment, for a program." },
	{ NULL, NULL },
};

const struct command cmd_deploy_status = {
	.name = "status",
	.summary = "show what is in git, in the registry, and on the instance",
	.usage = usage,
	.description =
		"Shows the release that the ledger says is served and how far HEAD is from it; which "
		"releases the registry's tags of the environment are on; and whether the instance runs, and "
		"what it serves, which it is asked through AWS Systems Manager. A part that cannot be asked "
		"says why, and is no failure.",
	.options = options,
	.options_size = sizeof(struct status_options),
	.examples = examples,
	.run = run,
};
