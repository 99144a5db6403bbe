#include "cmd/deploy_github.h"

#include "base/memory.h"
#include "base/text.h"

#define GITHUB "github.com"

static bool is_part(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!ascii_alnum((unsigned char)s[i]) && !strchr("-._", s[i]))
			return false;
	return len && len <= 100;
}

/* "owner/name" and nothing that a pattern of IAM's would read otherwise. */
static bool is_repository(const char *s)
{
	const char *slash = strchr(s, '/');
	return slash && is_part(s, (size_t)(slash - s)) && is_part(slash + 1, strlen(slash + 1));
}

/* Of "https://github.com/owner/name.git" and "git@github.com:owner/name.git"; malloc'd; NULL. */
char *github_of_origin(const struct deployment *d)
{
	char *url = deployment_source(d);
	const char *host = url ? strstr(url, GITHUB) : NULL;
	char *name = NULL;
	if (host && (host == url || strchr("/@", host[-1])) && host[strlen(GITHUB)] &&
	    strchr(":/", host[strlen(GITHUB)])) {
		const char *path = host + strlen(GITHUB) + 1;
		size_t len = strlen(path);
		len -= len && path[len - 1] == '/' ? 1 : 0;
		if (len > 4 && !strncmp(path + len - 4, ".git", 4))
			len -= 4;
		name = xmemdupz(path, len);
	}
	if (name && !is_repository(name)) {
		free(name);
		name = NULL;
	}
	free(url);
	return name;
}

struct error *github_find(const struct deployment *d, const char *named, char **out)
{
	*out = named ? xstrdup(named) : github_of_origin(d);
	if (!*out)
		return error_with_hint(error_new(ERROR_USAGE, "origin is no repository of GitHub's: whose workflows are "
						 "to be trusted?"),
				       "--repository=<owner>/<name>");
	if (!is_repository(*out))
		return error_with_hint(error_new(ERROR_USAGE, "'%s' is no name of a repository", *out),
				       "--repository=<owner>/<name>");
	return NULL;
}
