/* git's own http settings, for the servers of models: the same proxy, the same certificates. */
#include <strings.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/trace.h"
#include "cmd/workspace.h"

#define MAX_SETTINGS ((size_t)1 << 20)

/* "~/..." as git reads a path. */
static char *path_value(const char *value)
{
	const char *rest, *home = context_env("HOME");
	if (home && skip_prefix(value, "~/", &rest))
		return xstrfmt("%s/%s", home, rest);
	return xstrdup(value);
}

static void replace(char **string, char *value)
{
	free(*string);
	*string = value;
}

static void apply(struct http_access *out, const char *key, const char *value)
{
	const struct {
		const char *key;
		char **string;
	} paths[] = {
		{ "http.sslcainfo", &out->ca_file }, { "http.sslcapath", &out->ca_path },
		{ "http.sslcert", &out->cert },	     { "http.sslkey", &out->cert_key },
	};
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (!strcmp(key, paths[i].key) && *value)
			replace(paths[i].string, path_value(value));
	if (!strcmp(key, "http.proxy"))
		replace(&out->proxy, xstrdup(value));
	if (!strcmp(key, "http.sslverify"))
		out->insecure = text_is_false(value);
}

static void note_http(const char *key, const char *value, void *data)
{
	(void)key, (void)value;
	*(bool *)data = true;
}

/* URL less "user:password@": arguments can be seen by everybody on this machine. */
static char *without_password(const char *url)
{
	const char *place = strstr(url, "://");
	if (!place)
		return xstrdup(url);
	place += 3;
	const char *end = place + strcspn(place, "/?#"), *at = memrchr(place, '@', (size_t)(end - place));
	return at ? xstrfmt("%.*s%s", (int)(place - url), url, at + 1) : xstrdup(url);
}

/* What git would do at URL: it knows best how http.<url>.* matches. */
static void access_of(void *data, const char *url, struct http_access *out)
{
	char *bare = without_password(url);
	const char *const argv[] = { "config", "-z", "--get-urlmatch", "http", bare, NULL };
	struct repo *repo = data;
	struct buffer settings = BUFFER_INIT_MAX(MAX_SETTINGS);
	int status;
	struct process_options options = { .out = &settings, .discard_err = true, .exit_status = &status };
	bool any = false;
	repo_config_each(repo, "http.", note_http, &any);
	struct error *err = any ? repo_git_read(repo, argv, &options) : NULL;
	if (err)
		trace_printf("http settings: %s", err->message);
	for (size_t i = 0; !err && i < settings.len; i += strlen(settings.data + i) + 1) {
		char *key = settings.data + i, *value = strchr(key, '\n');
		if (value)
			*value = '\0';
		apply(out, key, value ? value + 1 : "true");
		if (value)
			i += strlen(key) + 1;
	}
	if (context_env("GIT_SSL_NO_VERIFY"))
		out->insecure = true;
	if (context_env("GIT_SSL_CAINFO"))
		replace(&out->ca_file, xstrdup(context_env("GIT_SSL_CAINFO")));
	error_free(err);
	buffer_release(&settings);
	free(bare);
}

struct http_settings workspace_http_settings(struct repo *repo)
{
	return (struct http_settings){ .user_agent = "git-scrutiny/" VERSION, .access = access_of,
				       .access_data = repo };
}

void workspace_warn_of_access(const struct workspace *ws)
{
	for (size_t i = 0; i < ws->nr_models; i++) {
		const struct model *m = &ws->models[i];
		struct http_access access = { 0 };
		bool told = m->local || strncasecmp(m->endpoint, "https:", 6);
		for (size_t j = 0; j < i; j++)
			told |= !strcmp(ws->models[j].endpoint, m->endpoint);
		if (told)
			continue;
		access_of(ws->repo, m->endpoint, &access);
		if (access.insecure)
			say_warning("the certificate of %s is not checked: http.sslVerify is false",
				    m->endpoint);
		http_access_release(&access);
	}
}
