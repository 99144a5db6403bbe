/* A .deploy.yml: what is taken from it holds nothing that a script, a unit or a policy could be harmed by. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int ok)
{
	if (!ok)
		abort();
}

/* As it may stand between the quotes of any shell, unit or template. */
static void require_tame(const char *s)
{
	for (; s && *s; s++)
		require((unsigned char)*s >= ' ' && *s != 0x7f && !strchr("'\"`$\\{}<>|&;*?!%#()", *s));
}

static void require_tame_list(char *const *items, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		require(items[i] != NULL);
		require_tame(items[i]);
	}
}

static void check_environment(const struct deploy_environment *env)
{
	require(env->name && env->port);
	require_tame(env->name);
	require_tame(env->region);
	require_tame(env->instance);
	require_tame(env->type);
	require_tame(env->canary_instance);
	require_tame(env->url);
	require(env->strategy != DEPLOY_BLUE_GREEN || env->second_port);
}

static void check(const struct deploy_config *c)
{
	require(c->app && c->port && c->health && c->platform && c->context && (c->base || c->dockerfile));
	require_tame(c->app);
	require_tame(c->repository.registry);
	require_tame(c->repository.repository);
	require_tame(c->dockerfile);
	require_tame(c->context);
	require_tame(c->base);
	require_tame(c->platform);
	require_tame(c->dependencies);
	require_tame(c->user);
	require_tame(c->health);
	require_tame_list(c->packages, c->nr_packages);
	require_tame_list(c->files, c->nr_files);
	require_tame_list(c->data, c->nr_data);
	require_tame_list(c->allowed_secrets, c->nr_allowed_secrets);
	for (size_t i = 0; i < c->nr_secrets; i++) {
		require_tame(c->secrets[i].variable);
		require_tame(strchr(c->secrets[i].source, '#') ? "" : c->secrets[i].source);
	}
	for (size_t i = 0; i < c->nr_environments; i++)
		check_environment(&c->environments[i]);
	require(c->stop_usd >= 0 && c->stop_usd <= DEPLOY_DEFAULT_STOP && c->warn_usd <= DEPLOY_DEFAULT_WARN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct deploy_config c;
	struct error *err = deploy_config_parse(&c, (struct slice){ (const char *)data, size }, "f.yml");
	if (!err)
		check(&c);
	for (const char *p = err ? err->message : ""; *p; p++)
		require((unsigned char)*p >= ' ' && *p != 0x7f);
	error_free(err);
	deploy_config_release(&c);
	return 0;
}
