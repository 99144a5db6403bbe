/* A forge that says what a test tells it to. */
#ifndef TESTS_FORGE_TESTING_H
#define TESTS_FORGE_TESTING_H

#include "git_fixture.h"
#include "scripted_server.h"

#include "forge/forge.h"
#include "git/repo.h"

#define SECRET "ghp_0123456789abcdefghijABCDEFGHIJ012345"
#define ANSWER(status, body) "HTTP/1.1 " status "\r\nConnection: close\r\n\r\n" body
#define JSON(body) ANSWER("200 OK", body)
#define COMMIT "0123456789012345678901234567890123456789"

struct forge_world {
	char *directory;
	struct repo *repo;
	struct forge *forge;
	struct scripted_server *server;
	const char *variable; /* that holds the token */
	char waited[200];
};

static inline const char *forge_world_env(void *data, const char *name)
{
	const struct forge_world *w = data;
	return w->variable && !strcmp(name, w->variable) ? SECRET : NULL;
}

static inline void forge_world_wait(void *data, const char *line)
{
	struct forge_world *w = data;
	snprintf(w->waited, sizeof(w->waited), "%s", line);
}

/* A repository whose remote is of TYPE at the server with SCRIPT; VARIABLE (or NULL) has the token. */
static inline void forge_world_open(struct forge_world *w, const char *type, const char *variable,
				    struct scripted *script, size_t nr)
{
	*w = (struct forge_world){ .variable = variable };
	fixture_environment();
	w->server = server_start(script, nr);
	w->directory = fixture_directory();
	char *address = xstrfmt("%s/o/n.git", w->server->url), *api = xstrfmt("%s/api", w->server->url);
	git(w->directory, "init", "-q", NULL);
	git(w->directory, "remote", "add", "origin", address, NULL);
	git(w->directory, "config", "scrutiny.forge.127.0.0.1.type", type, NULL);
	git(w->directory, "config", "scrutiny.forge.127.0.0.1.api", api, NULL);
	struct forge_settings settings = { .env = forge_world_env, .env_data = w, .on_wait = forge_world_wait,
					   .data = w, .retry_ms = 1 };
	assert_success(repo_open(&w->repo, w->directory));
	assert_success(forge_open(&w->forge, w->repo, NULL, &settings));
	free(address);
	free(api);
}

static inline void forge_world_close(struct forge_world *w)
{
	forge_free(w->forge);
	repo_free(w->repo);
	fixture_remove(w->directory);
	server_stop(w->server);
}

static inline struct error *forge_world_ensure(struct forge_world *w, struct pull *out, enum pull_outcome *outcome)
{
	struct buffer warnings = BUFFER_INIT;
	const struct pull_wish wish = { .branch = "b", .base = "main", .title = "Title", .body = "Body" };
	struct error *err = forge_pull_ensure(w->forge, &wish, out, outcome, &warnings);
	assert_string_equal(warnings.data, "");
	buffer_release(&warnings);
	return err;
}

#endif
