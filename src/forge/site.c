#include "forge/site.h"

#include <strings.h>

#include "base/memory.h"
#include "base/text.h"
#include "git/ref.h"
#include "net/address.h"

#define MAX_OUTPUT 65536

void site_release(struct site *s)
{
	free(s->host);
	free(s->api);
	free(s->repository);
	free(s->user);
	free(s->login);
	*s = (struct site){ 0 };
}

/* -- the remote --------------------------------------------------------------------------------------- */

static char *pushes_to(struct repo *repo)
{
	static const char *const argv[] = { "symbolic-ref", "--quiet", "--short", "HEAD", NULL };
	struct buffer branch = BUFFER_INIT_MAX(MAX_OUTPUT);
	const char *found = NULL;
	struct error *err = repo_git_line(repo, argv, &branch);
	if (!err) {
		char *push = xstrfmt("branch.%s.pushremote", branch.data);
		char *pull = xstrfmt("branch.%s.remote", branch.data);
		found = repo_config(repo, push);
		if (!found)
			found = repo_config(repo, "remote.pushdefault");
		if (!found)
			found = repo_config(repo, pull);
		free(push);
		free(pull);
	}
	error_free(err); /* no branch: a detached HEAD */
	buffer_release(&branch);
	return xstrdup(found && strcmp(found, ".") ? found : "origin");
}

struct error *site_remote(struct repo *repo, const char *remote, char **name, char **address)
{
	char *which = remote ? xstrdup(remote) : pushes_to(repo);
	const char *const named[] = { "remote", "get-url", "--push", "--", which, NULL };
	/* What insteadOf makes of it. */
	const char *const bare[] = { "ls-remote", "--get-url", "--", which, NULL };
	struct buffer url = BUFFER_INIT_MAX(MAX_OUTPUT), said = BUFFER_INIT_MAX(MAX_OUTPUT);
	struct process_options options = { .out = &url, .err = &said };
	bool is_name = ref_is_remote(repo, which);
	struct error *err = NULL;
	if (!is_name && !strpbrk(which, ":/"))
		err = error_with_hint(error_new(ERROR_NOT_FOUND, "there is no remote '%s'", which),
				      "`git remote` lists those there are, `git remote add` makes one");
	if (!err)
		err = error_context(repo_git_read(repo, is_name ? named : bare, &options),
				    "cannot tell where the remote is"); /* an address may hold a password */
	while (url.len && (url.data[url.len - 1] == '\n' || url.data[url.len - 1] == '\r'))
		buffer_truncate(&url, url.len - 1);
	if (err) {
		free(which);
	} else {
		*name = which;
		*address = buffer_detach(&url, NULL);
	}
	buffer_release(&url);
	buffer_release(&said);
	return err;
}

/* -- which forge -------------------------------------------------------------------------------------- */

static const struct known {
	const char *host;
	enum forge_kind kind;
	bool forgejo;
	const char *api;
	const char *also; /* other names of it: of ssh over the port of https */
} known_sites[] = {
	{ "github.com", FORGE_GITHUB, false, "https://api.github.com", "ssh.github.com www.github.com" },
	{ "gitlab.com", FORGE_GITLAB, false, "https://gitlab.com/api/v4", "altssh.gitlab.com" },
	{ "codeberg.org", FORGE_GITEA, true, "https://codeberg.org/api/v1", "" },
	{ "gitea.com", FORGE_GITEA, false, "https://gitea.com/api/v1", "" },
};

static const struct known *known_site(const char *host)
{
	for (size_t i = 0; i < ARRAY_SIZE(known_sites); i++) {
		const char *also = strstr(known_sites[i].also, host);
		size_t len = strlen(host);
		if (!strcmp(known_sites[i].host, host) ||
		    (also && (also[len] == ' ' || !also[len]) && (also == known_sites[i].also || also[-1] == ' ')))
			return &known_sites[i];
	}
	return NULL;
}

static const char *env_of(const struct forge_settings *settings, const char *name)
{
	const char *value = settings->env ? settings->env(settings->env_data, name) : NULL;
	return value && *value ? value : NULL;
}

/* The value of scrutiny.forge.<host>.<key>: host names have no case, subsections do. */
struct setting {
	const char *host, *key, *value;
};

static void note_setting(const char *key, const char *value, void *data)
{
	struct setting *s = data;
	const char *host;
	if (!skip_prefix(key, "scrutiny.forge.", &host))
		return;
	const char *dot = strrchr(host, '.');
	if (dot && !strcmp(dot + 1, s->key) && (size_t)(dot - host) == strlen(s->host) &&
	    !strncasecmp(host, s->host, (size_t)(dot - host)))
		s->value = value;
}

static const char *setting_of(struct repo *repo, const struct remote_address *a, const char *key)
{
	char *with_port = a->port ? xstrfmt("%s:%s", a->host, a->port) : NULL;
	struct setting s = { with_port ? with_port : a->host, key, NULL };
	repo_config_each(repo, "scrutiny.forge.", note_setting, &s);
	free(with_port);
	s.host = a->host;
	if (!s.value)
		repo_config_each(repo, "scrutiny.forge.", note_setting, &s);
	return s.value;
}

/* The prefix that the API is below, unless it is told. */
static char *usual_api(const struct site *s, const struct remote_address *a, const char *below)
{
	const struct known *known = known_site(a->host);
	static const char *const versions[] = { "/api/v3", "/api/v1", "/api/v4" };
	const char *scheme = !strcmp(a->scheme, "http") ? "http" : "https";
	bool web = !strncmp(a->scheme, "http", 4);
	if (known)
		return xstrdup(known->api);
	if (s->kind == FORGE_GITHUB && ends_with(a->host, ".ghe.com"))
		return xstrfmt("https://api.%s", a->host);
	return xstrfmt("%s://%s%s%s%s%s%s", scheme, a->host, web && a->port ? ":" : "", web && a->port ? a->port : "",
		       *below ? "/" : "", below, versions[s->kind]);
}

/* A host's own name behind the API that the settings name for an alias of ssh's. */
static const struct known *known_by_api(const char *api)
{
	for (size_t i = 0; i < ARRAY_SIZE(known_sites); i++)
		if (!strcmp(known_sites[i].api, api))
			return &known_sites[i];
	return NULL;
}

/* Whether URL (GITHUB_SERVER_URL) is of the server that A names: the port counts where both speak http. */
static bool is_server(const char *url, const struct remote_address *a)
{
	struct address server = { 0 };
	struct error *err = url ? address_parse(&server, url) : NULL;
	bool same = url && !err && !strcasecmp(server.host, a->host);
	if (same && !strncmp(a->scheme, "http", 4)) {
		const char *port = a->port ? a->port : !strcmp(a->scheme, "https") ? "443" : "80";
		same = !strcmp(server.port, port);
	}
	error_free(err);
	if (url)
		address_release(&server);
	return same;
}

/* The CI job that we may be, on the server that is asked about. */
static bool is_runner(struct site *s, const struct remote_address *a, const struct forge_settings *settings,
		      const char **api)
{
	bool gitea = env_of(settings, "GITEA_ACTIONS") || env_of(settings, "FORGEJO_ACTIONS");
	const struct {
		const char *server, *api;
		enum forge_kind kind;
	} runners[] = {
		{ "GITHUB_SERVER_URL", "GITHUB_API_URL", gitea ? FORGE_GITEA : FORGE_GITHUB },
		{ "CI_SERVER_URL", "CI_API_V4_URL", FORGE_GITLAB },
	};
	for (size_t i = 0; i < ARRAY_SIZE(runners); i++) {
		if (!is_server(env_of(settings, runners[i].server), a))
			continue;
		s->kind = runners[i].kind;
		s->forgejo = s->kind == FORGE_GITEA && env_of(settings, "FORGEJO_ACTIONS");
		*api = env_of(settings, runners[i].api);
		return true;
	}
	return false;
}

static struct error *set_type(struct site *s, const char *type, const char *host)
{
	static const struct {
		const char *name;
		enum forge_kind kind;
	} types[] = {
		{ "github", FORGE_GITHUB }, { "gitea", FORGE_GITEA },
		{ "forgejo", FORGE_GITEA }, { "gitlab", FORGE_GITLAB },
	};
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcasecmp(types[i].name, type)) {
			s->kind = types[i].kind;
			s->forgejo = !strcmp(types[i].name, "forgejo");
			s->named = true;
			return NULL;
		}
	return error_with_hint(error_new(ERROR_USAGE, "scrutiny.forge.%s.type is '%s'", host, type),
			       "it can be github, gitea, forgejo or gitlab");
}

static struct error *unknown_host(const struct remote_address *a)
{
	struct error *err = error_new(ERROR_NOT_FOUND, "no forge is known at %s", a->host);
	if (!strcmp(a->scheme, "ssh") && !strchr(a->host, '.'))
		return error_with_hint(err, "git config scrutiny.forge.%s.type github|gitea|forgejo|gitlab says what it "
					    "is, and, as it seems to be an alias of ssh's, "
					    "git config scrutiny.forge.%s.api https://... where its API is",
				       a->host, a->host);
	return error_with_hint(err, "git config scrutiny.forge.%s.type github|gitea|forgejo|gitlab says what it is",
			       a->host);
}

static struct error *check_api(const struct site *s, const char *host)
{
	struct error *err = http_check_url(s->api);
	if (!err && strpbrk(s->api, "?#@"))
		err = error_new(ERROR_USAGE, "it has more than scheme, host and path");
	return error_context(err, "the address of the API at %s", host);
}

/* Of a server that is not at the top of its host the folders before: "git/owner/name" is "owner/name" below "git". */
static const char *repository_of(const struct site *s, const char *path, char **below)
{
	const char *name = path, *slash = strrchr(path, '/');
	if (s->kind != FORGE_GITLAB) {
		for (name = slash; name > path && name[-1] != '/'; name--)
			;
	} else if (s->api) {
		const char *host = strstr(s->api, "://"), *root = host ? strchr(host + 3, '/') : NULL;
		size_t len = root && ends_with(root, "/api/v4") ? strlen(root) - strlen("/api/v4") : 0;
		if (len && !strncmp(path, root + 1, len - 1) && path[len - 1] == '/')
			name = path + len;
	}
	*below = name > path ? xmemdupz(path, (size_t)(name - path) - 1) : xstrdup("");
	return name;
}

static void set_names(struct site *s, const struct remote_address *a)
{
	const struct known *known = known_site(a->host);
	bool web = !strncmp(a->scheme, "http", 4);
	const char *port = web && a->port && strcmp(a->port, !strcmp(a->scheme, "https") ? "443" : "80") ? a->port : NULL;
	if (!known && s->api)
		known = known_by_api(s->api);
	if (known)
		s->host = xstrdup(known->host);
	else
		s->host = port ? xstrfmt("%s:%s", a->host, port) : xstrdup(a->host);
	s->user = web && a->user ? xstrdup(a->user) : NULL;
	s->login = xstrfmt("%s://%s/%s.git", !strcmp(a->scheme, "http") ? "http" : "https", s->host, a->path);
}

struct error *site_find(struct site *out, struct repo *repo, const char *address,
			const struct forge_settings *settings)
{
	struct remote_address a;
	char *below = NULL;
	const char *api = NULL;
	struct error *err = NULL;
	*out = (struct site){ 0 };
	if (!remote_address_parse(&a, address))
		return error_with_hint(error_new(ERROR_NOT_FOUND, "the remote is a path, or of a kind that no forge has"),
				       "it has to be a repository on GitHub, Gitea, Forgejo or GitLab: `git remote -v`");
	const struct known *known = known_site(a.host);
	const char *type = setting_of(repo, &a, "type"), *named_api = setting_of(repo, &a, "api");
	out->runner = is_runner(out, &a, settings, &api);
	if (type)
		err = set_type(out, type, a.host);
	else if (known) {
		out->kind = known->kind;
		out->forgejo = known->forgejo;
	} else if (!out->runner && !ends_with(a.host, ".ghe.com"))
		err = unknown_host(&a);
	if (named_api)
		api = named_api;
	if (!err && api) {
		size_t len = strlen(api);
		while (len && api[len - 1] == '/')
			len--;
		out->api = xmemdupz(api, len);
	}
	if (!err) {
		const char *repository = repository_of(out, a.path, &below);
		bool web = !strncmp(a.scheme, "http", 4);
		if (*below && (out->kind == FORGE_GITHUB || !web))
			err = error_new(ERROR_NOT_FOUND, "'%s' at %s is no owner and repository", a.path, a.host);
		out->repository = xstrdup(repository);
	}
	if (!err) {
		set_names(out, &a);
		if (!out->api)
			out->api = usual_api(out, &a, below);
		err = check_api(out, a.host);
	}
	if (err)
		site_release(out);
	free(below);
	remote_address_release(&a);
	return err;
}
