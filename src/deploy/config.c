#include "deploy/config.h"

#include <stddef.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "deploy/config_parts.h"

/* Below 0: the file says nothing. */
#define UNSET -1.0

/* What the user allows a month; below 0: no limit, which only the user can say. */
struct ceilings {
	double warn, stop;
};

static struct error *read_registry(const struct config_key *key, const struct config_value *v, void *to)
{
	struct deploy_config *config = to;
	char *name = NULL;
	struct error *err = config_text_read(&name, TEXT_IMAGE, v->node, v->file, v->name);
	(void)key;
	if (err)
		return err;
	struct reference *r = &config->repository;
	struct error *why = reference_parse(r, name);
	if (why)
		err = config_fault(v, "'registry': %s", why->message);
	else if (r->tag || *r->digest.text)
		err = config_fault(v, "'registry' must be without tag and digest: every commit has its own");
	else if (starts_with(r->repository, "library/") && !strchr(name, '.'))
		err = config_fault(v, "'registry' must name registry and repository, such as "
				   "108712345678.dkr.ecr.eu-central-1.amazonaws.com/%s", r->repository + 8);
	error_free(why);
	free(name);
	return err;
}

static struct error *read_base(const struct config_key *key, const struct config_value *v, void *to)
{
	struct deploy_config *config = to;
	struct reference base = { 0 };
	struct error *err = config_read_text(key, v, to), *why = NULL;
	if (!err)
		why = reference_parse(&base, config->base);
	if (why)
		err = config_fault(v, "'%s': %s", v->name, why->message);
	error_free(why);
	reference_release(&base);
	return err;
}

static struct error *read_secrets(const struct config_key *key, const struct config_value *v, void *to)
{
	struct deploy_config *config = to;
	(void)key;
	if (v->node->kind != YAML_MAPPING)
		return config_fault(v,
				    "'secrets' must hold variables and where their values are kept, such as "
				    "'OPENAI_API_KEY: /web-demo/openai'");
	if (v->node->nr / 2 > DEPLOY_MAX_SECRETS)
		return config_fault(v, "'secrets' has more than %d", DEPLOY_MAX_SECRETS);
	config->secrets = xcalloc(v->node->nr / 2 + 1, sizeof(*config->secrets));
	for (size_t i = 0; i + 1 < v->node->nr; i += 2) {
		struct deploy_secret *s = &config->secrets[config->nr_secrets++];
		struct error *err = config_text_read(&s->variable, TEXT_VARIABLE, v->node->items[i], v->file,
						     "secrets");
		if (err)
			return err;
		char *name = xstrfmt("secrets.%s", s->variable);
		err = config_text_read(&s->source, TEXT_SECRET_SOURCE, v->node->items[i + 1], v->file, name);
		free(name);
		if (err)
			return err;
	}
	return NULL;
}

static struct error *read_environment(const struct config_key *key, const struct config_value *v, void *to)
{
	struct deploy_config *config = to;
	(void)key;
	if (v->node->kind != YAML_MAPPING)
		return config_fault(v, "'%s' must hold 'NAME: value' lines", v->name);
	if (v->node->nr / 2 > DEPLOY_MAX_VARIABLES)
		return config_fault(v, "'%s' has more than %d", v->name, DEPLOY_MAX_VARIABLES);
	config->environment = xcalloc(v->node->nr / 2 + 1, sizeof(*config->environment));
	for (size_t i = 0; i + 1 < v->node->nr; i += 2) {
		struct deploy_variable *variable = &config->environment[config->nr_environment++];
		struct error *err = config_text_read(&variable->name, TEXT_IMAGE_VARIABLE, v->node->items[i],
						     v->file, v->name);
		if (!err)
			err = config_text_read(&variable->value, TEXT_WORD, v->node->items[i + 1], v->file,
					       v->name);
		if (err)
			return err;
	}
	return NULL;
}

#define AT(member) offsetof(struct deploy_config, member)
#define KEYS(name, keys) { name, keys, ARRAY_SIZE(keys) }

static const struct config_key image_keys[] = {
	{ "base", read_base, AT(base), 0, TEXT_IMAGE },
	{ "command", config_read_list, AT(command), AT(nr_command), TEXT_WORD, 1, 64 },
	{ "context", config_read_text, AT(context), 0, TEXT_REPOSITORY_PATH },
	{ "dependencies", config_read_text, AT(dependencies), 0, TEXT_REPOSITORY_FILE },
	{ "dockerfile", config_read_text, AT(dockerfile), 0, TEXT_REPOSITORY_FILE },
	{ "environment", read_environment },
	{ "files", config_read_list, AT(files), AT(nr_files), TEXT_REPOSITORY_PATH, 1, CONFIG_MAX_LIST },
	{ "packages", config_read_list, AT(packages), AT(nr_packages), TEXT_PACKAGE, 0, CONFIG_MAX_LIST },
	{ "platform", config_read_text, AT(platform), 0, TEXT_PLATFORM },
	{ "user", config_read_text, AT(user), 0, TEXT_USER },
};
static const struct config_keys image_section = KEYS("image", image_keys);

static const struct config_key health_keys[] = {
	{ "path", config_read_text, AT(health), 0, TEXT_HEALTH },
	{ "timeout", config_read_seconds, AT(health_timeout), .min = 1, .max = 3600 },
};
static const struct config_keys health_section = KEYS("health", health_keys);

static const struct config_key budget_keys[] = {
	{ "stop", config_read_dollars, AT(stop_usd) },
	{ "warn", config_read_dollars, AT(warn_usd) },
};
static const struct config_keys budget_section = KEYS("budget", budget_keys);

static struct error *read_health(const struct config_key *key, const struct config_value *v, void *to)
{
	return v->node->kind == YAML_MAPPING ? config_read_section(key, v, to) : config_read_text(key, v, to);
}

static const struct config_key top_keys[] = {
	{ "allow", config_read_list, AT(allowed_secrets), AT(nr_allowed_secrets), TEXT_REPOSITORY_PATH, 0,
	  CONFIG_MAX_LIST },
	{ "app", config_read_text, AT(app), 0, TEXT_APP },
	{ "budget", config_read_section, .section = &budget_section },
	{ "data", config_read_list, AT(data), AT(nr_data), TEXT_CONTAINER_FOLDER, 0, 16 },
	{ "environments", config_read_environments },
	{ "gpu", config_read_flag, AT(gpu) },
	{ "health", read_health, AT(health), 0, TEXT_HEALTH, .section = &health_section },
	{ "idle", config_read_minutes, AT(idle_minutes), .min = 5, .max = 7 * 1440 },
	{ "image", config_read_section, .section = &image_section },
	{ "memory", config_read_megabytes, AT(memory_megabytes), .min = 16, .max = 32 << 20 },
	{ "port", config_read_number, AT(port), .min = 1, .max = 65535 },
	{ "registry", read_registry },
	{ "secrets", read_secrets },
	{ "uptime", config_read_minutes, AT(uptime_minutes), .min = 10, .max = 31 * 1440 },
};
static const struct config_keys top = KEYS("", top_keys);
#undef AT

/* -- what one key alone does not tell ------------------------------------------------------------------ */

/* The Dockerfile says these. */
static const struct {
	const char *key;
	size_t at;
} without_dockerfile[] = {
	{ "base", offsetof(struct deploy_config, base) },
	{ "command", offsetof(struct deploy_config, command) },
	{ "dependencies", offsetof(struct deploy_config, dependencies) },
	{ "environment", offsetof(struct deploy_config, environment) },
	{ "files", offsetof(struct deploy_config, files) },
	{ "packages", offsetof(struct deploy_config, packages) },
	{ "user", offsetof(struct deploy_config, user) },
};

static struct error *check_image(const struct deploy_config *c, const struct config_value *image)
{
	for (size_t i = 0; c->dockerfile && i < ARRAY_SIZE(without_dockerfile); i++) {
		const void *const *value = (const void *const *)((const char *)c + without_dockerfile[i].at);
		if (*value)
			return config_fault(image, "'image.%s' has no effect with 'image.dockerfile': the "
					    "Dockerfile says it", without_dockerfile[i].key);
	}
	if (!c->dockerfile && !c->base)
		return error_with_hint(config_fault(image, "'image' needs 'base' or 'dockerfile'"),
				       "`git deploy init --print` shows what would fit");
	return NULL;
}

static struct error *check(const struct deploy_config *c, const struct yaml_node *root, const char *file)
{
	static const char *const needed[] = { "app", "image", "port" };
	struct config_value at_root = { file, "", root };
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (!yaml_get(root, needed[i]))
			return error_with_hint(config_fault(&at_root, "'%s' is missing", needed[i]),
					       "`git deploy init --print` shows what would fit");
	if (c->warn_usd >= 0 && c->stop_usd >= 0 && c->warn_usd > c->stop_usd) {
		struct config_value budget = { file, "budget", yaml_get(root, "budget") };
		return config_fault(&budget, "'budget' warns above the amount at which it stops");
	}
	for (size_t i = 0; i < c->nr_data; i++)
		for (size_t j = 0; j < i; j++)
			if (!strcmp(c->data[i], c->data[j])) {
				struct config_value data = { file, "data", yaml_get(root, "data") };
				return config_fault(&data, "'data' names '%s' twice", c->data[i]);
			}
	struct config_value image = { file, "image", yaml_get(root, "image") };
	return check_image(c, &image);
}

/* -- the whole ------------------------------------------------------------------------------------------ */

static void set_default(char **member, const char *value)
{
	if (!*member)
		*member = xstrdup(value);
}

/* A repository can only ask for less. */
static void lower(double *amount, double ceiling)
{
	if (*amount < 0 || (ceiling >= 0 && *amount > ceiling))
		*amount = ceiling;
}

static void complete(struct deploy_config *c, const struct ceilings *ceilings)
{
	set_default(&c->context, "");
	set_default(&c->platform, "linux/amd64");
	set_default(&c->health, "/");
	lower(&c->stop_usd, ceilings->stop);
	lower(&c->warn_usd, ceilings->warn);
	if (c->stop_usd >= 0)
		lower(&c->warn_usd, c->stop_usd);
}

static struct error *parse(struct deploy_config *out, struct slice text, const char *file,
			   const struct ceilings *ceilings)
{
	struct yaml_document doc;
	*out = (struct deploy_config){ .health_timeout = DEPLOY_DEFAULT_HEALTH_SECONDS,
				       .idle_minutes = DEPLOY_DEFAULT_IDLE_MINUTES,
				       .uptime_minutes = DEPLOY_DEFAULT_UPTIME_MINUTES,
				       .warn_usd = UNSET, .stop_usd = UNSET };
	if (text.len > DEPLOY_CONFIG_MAX_SIZE)
		return error_new(ERROR_LIMIT, "%s is larger than %zu bytes", file, DEPLOY_CONFIG_MAX_SIZE);
	struct error *err = yaml_parse(&doc, text, file);
	if (err)
		return err;
	if (!doc.root || yaml_is_null(doc.root))
		err = error_with_hint(error_at(ERROR_SYNTAX, file, 1, 1, "the file says nothing"),
				      "`git deploy init --print` shows what would fit");
	struct config_value root = { file, "", doc.root };
	if (!err)
		err = config_read_keys(&top, &root, out);
	if (!err)
		err = check(out, doc.root, file);
	if (!err)
		complete(out, ceilings);
	yaml_document_release(&doc);
	if (err)
		deploy_config_release(out);
	return err;
}

struct error *deploy_config_parse(struct deploy_config *out, struct slice text, const char *file)
{
	return parse(out, text, file, &(struct ceilings){ DEPLOY_DEFAULT_WARN, DEPLOY_DEFAULT_STOP });
}

/* -- of a commit ------------------------------------------------------------------------------------------
 */

static struct error *read_ceiling(double *out, struct repo *repo, const char *key, const char *shown)
{
	const char *text = repo_config(repo, key);
	struct yaml_node node = { .kind = YAML_SCALAR, .plain = true, .value = (char *)(uintptr_t)text };
	double dollars;
	if (!text)
		return NULL;
	if (!strcmp(text, "none")) {
		*out = UNSET;
		return NULL;
	}
	struct error *err = yaml_number(&node, NULL, shown, &dollars);
	if (!err && dollars >= 0) {
		*out = dollars;
		return NULL;
	}
	error_free(err);
	return error_with_hint(error_new(ERROR_USAGE,
					 "%s is '%s': it must be an amount in US dollars a month, or none",
					 shown, text),
			       "git config --show-origin --get-all %s tells where it is set", shown);
}

static struct error *missing(struct repo *repo, const struct oid *commit)
{
	const char *top_folder = repo_work_tree(repo);
	char *path = top_folder ? xstrfmt("%s/" DEPLOY_CONFIG_FILE, top_folder) : NULL;
	bool there = path && !access(path, F_OK);
	free(path);
	struct error *err = error_new(ERROR_NOT_FOUND, "commit %.7s has no " DEPLOY_CONFIG_FILE, commit->hex);
	const char *folder = repo_prefix(repo);
	if (!there && *folder && !access(DEPLOY_CONFIG_FILE, F_OK))
		return error_with_hint(err, "it is read from the top of the repository, not from %s: move it there, and "
				       "change the paths in it", folder);
	if (there)
		return error_with_hint(
		    err, "there is one in the work tree: commit it, only what is committed is deployed");
	return error_with_hint(err, "`git deploy init` writes one; commit it");
}

/* For a file that names no registry, so that one can be deployed by people with registries of their own. */
static struct error *take_registry(struct deploy_config *c, struct repo *repo)
{
	const char *name = repo_config(repo, "deploy.registry");
	if (c->repository.registry || !name)
		return NULL;
	struct error *err = reference_parse(&c->repository, name);
	if (!err && (c->repository.tag || *c->repository.digest.text))
		err = error_new(ERROR_USAGE, "it must be without tag and digest");
	return error_context(err, "git config deploy.registry");
}

struct error *deploy_config_read(struct deploy_config *out, struct repo *repo, const struct oid *commit)
{
	struct buffer text = BUFFER_INIT_MAX(DEPLOY_CONFIG_MAX_SIZE);
	struct ceilings ceilings = { DEPLOY_DEFAULT_WARN, DEPLOY_DEFAULT_STOP };
	struct tree_entry entry;
	struct oid tree;
	*out = (struct deploy_config){ 0 };
	struct error *err = repo_commit_tree(repo, commit, &tree);
	if (!err)
		err = repo_tree_lookup(repo, &tree, DEPLOY_CONFIG_FILE, &entry);
	if (error_drop_if(&err, ERROR_NOT_FOUND))
		err = missing(repo, commit);
	if (!err && (entry.mode & 0170000) != 0100000)
		err = error_new(ERROR_SYNTAX,
				DEPLOY_CONFIG_FILE " of commit %.7s is no file (a link is not followed)",
				commit->hex);
	if (!err)
		err = repo_read_object(repo, &entry.oid, OBJECT_BLOB, &text);
	if (!err)
		err = read_ceiling(&ceilings.warn, repo, "deploy.budgetwarn", "deploy.budgetWarn");
	if (!err)
		err = read_ceiling(&ceilings.stop, repo, "deploy.budgetstop", "deploy.budgetStop");
	if (!err)
		err = parse(out, slice_of(&text), DEPLOY_CONFIG_FILE, &ceilings);
	if (!err)
		err = take_registry(out, repo);
	buffer_release(&text);
	if (err)
		deploy_config_release(out);
	return err;
}

void deploy_config_release(struct deploy_config *c)
{
	free(c->app);
	reference_release(&c->repository);
	free(c->dockerfile);
	free(c->context);
	free(c->base);
	free(c->platform);
	free(c->dependencies);
	strings_free(c->packages, c->nr_packages);
	strings_free(c->files, c->nr_files);
	strings_free(c->command, c->nr_command);
	for (size_t i = 0; i < c->nr_environment; i++) {
		free(c->environment[i].name);
		free(c->environment[i].value);
	}
	free(c->environment);
	free(c->user);
	free(c->health);
	for (size_t i = 0; i < c->nr_secrets; i++) {
		free(c->secrets[i].variable);
		free(c->secrets[i].source);
	}
	free(c->secrets);
	strings_free(c->data, c->nr_data);
	strings_free(c->allowed_secrets, c->nr_allowed_secrets);
	for (size_t i = 0; i < c->nr_environments; i++)
		config_environment_release(&c->environments[i]);
	free(c->environments);
	*c = (struct deploy_config){ 0 };
}
