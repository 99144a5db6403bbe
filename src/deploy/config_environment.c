/* `environments:` of .deploy.yml. */
#include <stddef.h>

#include "base/memory.h"
#include "base/text.h"
#include "deploy/config_parts.h"

static const struct {
	const char *name;
	enum deploy_strategy strategy;
} strategies[] = {
	{ "replace", DEPLOY_REPLACE },
	{ "blue-green", DEPLOY_BLUE_GREEN },
	{ "canary", DEPLOY_CANARY },
};

static struct error *read_strategy(const struct config_key *key, const struct config_value *v, void *to)
{
	struct deploy_environment *env = to;
	const char *s;
	struct error *err = yaml_string(v->node, v->file, v->name, &s);
	(void)key;
	if (err)
		return err;
	for (size_t i = 0; i < ARRAY_SIZE(strategies); i++)
		if (!strcmp(strategies[i].name, s)) {
			env->strategy = strategies[i].strategy;
			return NULL;
		}
	struct buffer shown = BUFFER_INIT;
	config_text_show(&shown, s, v->node->value_len);
	err = config_fault(v, "'%s' is replace, blue-green or canary, not '%s'", v->name, shown.data);
	buffer_release(&shown);
	return err;
}

#define ENV(member) offsetof(struct deploy_environment, member)
static const struct config_key environment_keys[] = {
	{ "canary_instance", config_read_text, ENV(canary_instance), 0, TEXT_INSTANCE },
	{ "hibernate", config_read_flag, ENV(hibernate) },
	{ "instance", config_read_text, ENV(instance), 0, TEXT_INSTANCE },
	{ "port", config_read_number, ENV(port), .min = 1, .max = 65535 },
	{ "region", config_read_text, ENV(region), 0, TEXT_REGION },
	{ "second_port", config_read_number, ENV(second_port), .min = 1, .max = 65535 },
	{ "spot", config_read_flag, ENV(spot) },
	{ "strategy", read_strategy },
	{ "type", config_read_text, ENV(type), 0, TEXT_INSTANCE_TYPE },
	{ "url", config_read_text, ENV(url), 0, TEXT_URL },
};
#undef ENV

/* What one key alone does not tell. */
static struct error *check(const struct deploy_environment *env, const struct config_value *v)
{
	if (env->second_port && env->second_port == env->port)
		return config_fault(v, "'%s': second_port is the port itself (%u)", v->name, env->port);
	if (env->strategy == DEPLOY_BLUE_GREEN && !env->second_port)
		return config_fault(
		    v,
		    "'%s': blue-green needs a second_port, where the new release becomes healthy "
		    "before the old one stops",
		    v->name);
	if (env->strategy == DEPLOY_CANARY && !env->second_port && !env->canary_instance)
		return config_fault(
		    v,
		    "'%s': canary needs a second_port or a canary_instance, where the new release "
		    "runs beside the old one",
		    v->name);
	if (env->canary_instance && env->strategy != DEPLOY_CANARY)
		return config_fault(v, "'%s': canary_instance has no effect without 'strategy: canary'",
				    v->name);
	if (env->canary_instance && env->instance && !strcmp(env->canary_instance, env->instance))
		return config_fault(v, "'%s': canary_instance is the instance itself", v->name);
	return NULL;
}

static struct error *read_environment(struct deploy_environment *env, const struct yaml_node *name,
				      const struct yaml_node *value, const char *file)
{
	struct error *err = config_text_read(&env->name, TEXT_ENVIRONMENT, name, file, "environments");
	if (err)
		return err;
	char *in = xstrfmt("environments.%s", env->name);
	const struct config_keys keys = { in, environment_keys, ARRAY_SIZE(environment_keys) };
	struct config_value v = { file, in, value };
	env->port = 80;
	if (!yaml_is_null(value)) /* all as it is by default */
		err = config_read_keys(&keys, &v, env);
	if (!err)
		err = check(env, &v);
	free(in);
	return err;
}

struct error *config_read_environments(const struct config_key *key, const struct config_value *v, void *to)
{
	struct deploy_config *config = to;
	struct error *err = NULL;
	(void)key;
	if (v->node->kind != YAML_MAPPING || !v->node->nr)
		return config_fault(v, "'environments' must hold names, such as 'prod:', with keys below");
	if (v->node->nr / 2 > DEPLOY_MAX_ENVIRONMENTS)
		return config_fault(v, "'environments' has more than %d", DEPLOY_MAX_ENVIRONMENTS);
	config->environments = xcalloc(v->node->nr / 2, sizeof(*config->environments));
	for (size_t i = 0; i + 1 < v->node->nr && !err; i += 2)
		err = read_environment(&config->environments[config->nr_environments++], v->node->items[i],
				       v->node->items[i + 1], v->file);
	return err;
}

void config_environment_release(struct deploy_environment *env)
{
	free(env->name);
	free(env->region);
	free(env->instance);
	free(env->type);
	free(env->canary_instance);
	free(env->url);
	*env = (struct deploy_environment){ 0 };
}

struct error *deploy_config_environment(const struct deploy_config *c, const char *name,
					const struct deploy_environment **out)
{
	const char *wanted = name ? name : "prod";
	struct buffer known = BUFFER_INIT;
	struct error *err = NULL;
	*out = !name && c->nr_environments == 1 ? &c->environments[0] : NULL;
	for (size_t i = 0; i < c->nr_environments && !*out; i++) {
		buffer_addf(&known, "%s%s", i ? ", " : "", c->environments[i].name);
		if (!strcmp(c->environments[i].name, wanted))
			*out = &c->environments[i];
	}
	/* Without environments, all of it is prod. */
	if (*out || (!c->nr_environments && !strcmp(wanted, "prod")))
		goto out;
	struct buffer shown = BUFFER_INIT;
	config_text_show(&shown, wanted, strlen(wanted));
	if (!name)
		err = error_new(ERROR_USAGE, "which environment? " DEPLOY_CONFIG_FILE " has %s", known.data);
	else if (c->nr_environments)
		err = error_new(ERROR_USAGE, "there is no environment '%s'; " DEPLOY_CONFIG_FILE " has %s",
				shown.data, known.data);
	else
		err = error_with_hint(
		    error_new(ERROR_USAGE, "there is no environment '%s': " DEPLOY_CONFIG_FILE " has none",
			      shown.data),
		    "add 'environments:' with '  %s: {}' below it", shown.data);
	buffer_release(&shown);
out:
	buffer_release(&known);
	return err;
}

char *deploy_config_region(const struct deploy_config *c, const struct deploy_environment *env)
{
	struct slice account, region;
	if (env && env->region)
		return xstrdup(env->region);
	if (c->repository.registry && reference_is_ecr(&c->repository, &account, &region))
		return xmemdupz(region.data, region.len);
	return NULL;
}
