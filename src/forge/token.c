#include "forge/token.h"

#include <string.h>

#include "base/base64.h"
#include "base/memory.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/trace.h"
#include "git/credential.h"
#include "net/http.h"

void token_release(struct token *t)
{
	secret_free(t->header);
	*t = (struct token){ 0 };
}

/* -- whose it is ---------------------------------------------------------------------------------------- */

static const char *env_of(const struct forge_settings *settings, const char *name)
{
	const char *value = settings->env ? settings->env(settings->env_data, name) : NULL;
	return value && *value ? value : NULL;
}

/* In a job it is the server's that runs it, whoever makes it; elsewhere github.com's. */
static bool is_for_github(const struct site *s, const struct forge_settings *settings)
{
	if (env_of(settings, "GITHUB_SERVER_URL"))
		return s->runner && s->kind != FORGE_GITLAB;
	return !strcmp(s->host, "github.com");
}

static bool is_for_enterprise(const struct site *s, const struct forge_settings *settings)
{
	(void)settings;
	return s->kind == FORGE_GITHUB && strcmp(s->host, "github.com") && (s->named || ends_with(s->host, ".ghe.com"));
}

static bool is_own_kind(const struct site *s, const char *public_host)
{
	return s->named || s->runner || !strcmp(s->host, public_host);
}

static bool is_for_gitea(const struct site *s, const struct forge_settings *settings)
{
	(void)settings;
	return s->kind == FORGE_GITEA && !s->forgejo && is_own_kind(s, "gitea.com");
}

static bool is_for_forgejo(const struct site *s, const struct forge_settings *settings)
{
	(void)settings;
	return s->kind == FORGE_GITEA && s->forgejo && is_own_kind(s, "codeberg.org");
}

static bool is_for_gitlab(const struct site *s, const struct forge_settings *settings)
{
	(void)settings;
	return s->kind == FORGE_GITLAB && is_own_kind(s, "gitlab.com");
}

static bool is_for_job(const struct site *s, const struct forge_settings *settings)
{
	return s->kind == FORGE_GITLAB && s->runner && env_of(settings, "CI_SERVER_URL");
}

/* The first that is set, and for this host, counts. */
static const struct variable {
	const char *name;
	bool (*is_for)(const struct site *s, const struct forge_settings *settings);
	const char *header;
} variables[] = {
	{ "GITEA_TOKEN", is_for_gitea, "Authorization: token " },
	{ "FORGEJO_TOKEN", is_for_forgejo, "Authorization: token " },
	{ "GITHUB_TOKEN", is_for_github, "Authorization: Bearer " },
	{ "GH_TOKEN", is_for_github, "Authorization: Bearer " },
	{ "GH_ENTERPRISE_TOKEN", is_for_enterprise, "Authorization: Bearer " },
	{ "GITLAB_TOKEN", is_for_gitlab, "Authorization: Bearer " },
	{ "CI_JOB_TOKEN", is_for_job, "JOB-TOKEN: " },
};

/* What is no token at all would become another header line. */
static bool is_token(const char *value)
{
	for (const char *p = value; *p; p++)
		if ((unsigned char)*p <= 0x20 || (unsigned char)*p >= 0x7f)
			return false;
	return strlen(value) <= CREDENTIAL_MAX;
}

static struct error *from_environment(struct token *out, const struct site *site,
				      const struct forge_settings *settings)
{
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
		const struct variable *v = &variables[i];
		const char *value = env_of(settings, v->name);
		if (!value)
			continue;
		trace_add_secret(value);
		if (out->header || !v->is_for(site, settings))
			continue;
		if (!is_token(value))
			return error_new(ERROR_USAGE, "%s does not hold a token: it has a space, a line break or "
						      "another byte that none has", v->name);
		out->header = xstrfmt("%s%s", v->header, value);
		out->source = v->name;
		out->job = v->is_for == is_for_job;
	}
	return NULL;
}

/* Gitea's helpers may keep a password, and GitLab's that of a job, which is told by its user's name. */
static char *login_header(const struct site *site, const char *user, const char *secret, bool *job)
{
	if (site->kind == FORGE_GITLAB && !strcmp(user, "gitlab-ci-token")) {
		*job = true;
		return xstrfmt("JOB-TOKEN: %s", secret);
	}
	if (site->kind != FORGE_GITEA || !*user)
		return xstrfmt("Authorization: Bearer %s", secret);
	struct buffer encoded = BUFFER_INIT;
	char *both = xstrfmt("%s:%s", user, secret);
	base64_add(&encoded, slice_of_string(both));
	trace_add_secret(encoded.data);
	char *header = xstrfmt("Authorization: Basic %s", encoded.data);
	secret_free(both);
	secret_release(&encoded);
	return header;
}

static struct error *from_helpers(struct token *out, const struct site *site, struct repo *repo)
{
	char *user = NULL, *secret = NULL;
	if (!credential_has_helper(repo))
		return NULL;
	struct error *err = credential_find(repo, site->login, site->user, &user, &secret);
	if (!err && secret && is_token(secret)) {
		out->header = login_header(site, user, secret, &out->job);
		out->source = "git credential";
	}
	free(user);
	secret_free(secret);
	return err;
}

struct error *token_find(struct token *out, const struct site *site, struct repo *repo,
			 const struct forge_settings *settings, const char **why_not)
{
	*out = (struct token){ 0 };
	*why_not = NULL;
	struct error *err = from_environment(out, site, settings);
	bool safe = !strncmp(site->api, "https:", 6) || http_url_is_loopback(site->api);
	if (!err && !out->header && safe)
		err = from_helpers(out, site, repo);
	if (err || !safe)
		token_release(out);
	if (!safe)
		*why_not = "its API is spoken to over plain http, where anyone on the way could read a token";
	return err;
}

struct error *token_missing(const struct site *site, const char *what, const char *why_not)
{
	const char *variable = site->kind == FORGE_GITHUB	? "GITHUB_TOKEN"
			       : site->kind == FORGE_GITLAB	? "GITLAB_TOKEN"
			       : site->forgejo			? "FORGEJO_TOKEN"
								: "GITEA_TOKEN";
	if (why_not)
		return error_with_hint(error_new(ERROR_NOT_FOUND, "cannot %s: no token is sent to %s, as %s", what,
						 site->host, why_not),
				       "git config scrutiny.forge.%s.api https://...", site->host);
	if (site->kind == FORGE_GITHUB && strcmp(site->host, "github.com") && !site->runner)
		variable = "GH_ENTERPRISE_TOKEN";
	return error_with_hint(error_new(ERROR_NOT_FOUND, "cannot %s: there is no token for %s", what, site->host),
			       "set %s, or keep one for %s with `git credential approve`", variable, site->login);
}
