#include "base/memory.h"
#include "base/secret.h"
#include "base/text.h"
#include "forge/internal.h"

static const struct forge_operations *const kinds[] = { &github_operations, &gitea_operations, &gitlab_operations };

static char *root_of(const struct site *s)
{
	char *name = forge_escape(s->repository);
	char *root;
	if (s->kind == FORGE_GITLAB) {
		root = xstrfmt("/projects/%s", name);
	} else {
		const char *slash = strchr(s->repository, '/');
		char *owner = xmemdupz(s->repository, (size_t)(slash - s->repository));
		char *escaped_owner = forge_escape(owner), *escaped_name = forge_escape(slash + 1);
		root = xstrfmt("/repos/%s/%s", escaped_owner, escaped_name);
		free(owner);
		free(escaped_owner);
		free(escaped_name);
	}
	free(name);
	return root;
}

struct error *forge_open(struct forge **out, struct repo *repo, const char *remote,
			 const struct forge_settings *settings)
{
	struct forge *f = xcalloc(1, sizeof(*f));
	char *address = NULL;
	struct error *err = site_remote(repo, remote, &f->remote, &address);
	*out = NULL;
	if (!err)
		err = site_find(&f->site, repo, address, settings);
	if (!err)
		err = http_new(&f->http, &settings->http);
	if (err) {
		forge_free(f);
	} else {
		f->operations = kinds[f->site.kind];
		f->settings = *settings;
		f->repo = repo;
		f->root = root_of(&f->site);
		*out = f;
	}
	free(address);
	return err;
}

void forge_free(struct forge *f)
{
	if (!f)
		return;
	http_free(f->http);
	token_release(&f->token);
	site_release(&f->site);
	free(f->remote);
	free(f->root);
	free(f->user);
	free(f);
}

enum forge_kind forge_kind(const struct forge *f)
{
	return f->site.kind;
}

const char *forge_name(const struct forge *f)
{
	return f->site.forgejo ? "Forgejo" : f->operations->name;
}

const char *forge_host(const struct forge *f)
{
	return f->site.host;
}

const char *forge_repository(const struct forge *f)
{
	return f->site.repository;
}

const char *forge_remote(const struct forge *f)
{
	return f->remote;
}
