#include "forge/forge.h"

#include "base/memory.h"

struct forge {
	char *host, *repository, *remote;
	enum forge_kind kind;
};

static struct error *not_yet(void)
{
	return error_new(ERROR_UNSUPPORTED, "pull requests are not supported yet");
}

struct error *forge_open(struct forge **out, struct repo *repo, const char *remote,
			 const struct forge_settings *settings)
{
	(void)repo, (void)remote, (void)settings;
	*out = NULL;
	return not_yet();
}

void forge_free(struct forge *forge)
{
	if (!forge)
		return;
	free(forge->host);
	free(forge->repository);
	free(forge->remote);
	free(forge);
}

enum forge_kind forge_kind(const struct forge *forge)
{
	return forge->kind;
}

const char *forge_name(const struct forge *forge)
{
	static const char *const names[] = { "GitHub", "Gitea", "GitLab" };
	return names[forge->kind];
}

const char *forge_host(const struct forge *forge)
{
	return forge->host;
}

const char *forge_repository(const struct forge *forge)
{
	return forge->repository;
}

const char *forge_remote(const struct forge *forge)
{
	return forge->remote;
}

void pull_release(struct pull *pull)
{
	free(pull->url);
	free(pull->head_commit);
	free(pull->base);
	free(pull->title);
	free(pull->body);
	*pull = (struct pull){ 0 };
}

struct error *forge_pull_find(struct forge *forge, const char *branch, const char *base, struct pull *out,
			      bool *found)
{
	(void)forge, (void)branch, (void)base;
	*out = (struct pull){ 0 };
	*found = false;
	return not_yet();
}

struct error *forge_pull_get(struct forge *forge, int64_t number, struct pull *out)
{
	(void)forge, (void)number;
	*out = (struct pull){ 0 };
	return not_yet();
}

struct error *forge_pull_ensure(struct forge *forge, const struct pull_wish *wish, struct pull *out,
				enum pull_outcome *outcome, struct buffer *warnings)
{
	(void)forge, (void)wish, (void)warnings;
	*out = (struct pull){ 0 };
	*outcome = PULL_UNCHANGED;
	return not_yet();
}

struct error *forge_set_status(struct forge *forge, const char *commit, const char *context,
			       enum status_state state, const char *description, const char *url)
{
	(void)forge, (void)commit, (void)context, (void)state, (void)description, (void)url;
	return not_yet();
}

struct error *forge_set_check(struct forge *forge, const char *commit, const char *name, enum status_state state,
			      const char *title, const char *summary, const struct annotation *annotations, size_t nr)
{
	(void)forge, (void)commit, (void)name, (void)state, (void)title, (void)summary, (void)annotations, (void)nr;
	return not_yet();
}

struct error *forge_set_comment(struct forge *forge, int64_t number, const char *marker, const char *body,
				enum comment_outcome *outcome)
{
	(void)forge, (void)number, (void)marker, (void)body;
	*outcome = COMMENT_UNCHANGED;
	return not_yet();
}

struct error *forge_add_review(struct forge *forge, int64_t number, const char *commit, const char *body,
			       const struct annotation *annotations, size_t nr, size_t *posted)
{
	(void)forge, (void)number, (void)commit, (void)body, (void)annotations, (void)nr;
	*posted = 0;
	return not_yet();
}
