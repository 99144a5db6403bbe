#include "deploy/boot.h"

#include <libdeflate.h>

#include "base/base64.h"
#include "base/memory.h"
#include "base/shell_quote.h"
#include "base/text.h"
#include "base/text_file.h"
#include "deploy/boot_quote.h"

extern const struct text_file boot_templates[];

#define BINARIES "/usr/local/lib/git-deploy/"
#define UNITS "/etc/systemd/system/git-deploy-"
#define USER_DATA_MAX ((size_t)16 << 10)
/* Beyond the time the app has to become healthy: to fetch secrets and to make the container. */
#define START_SECONDS 120

/* -- values ----------------------------------------------------------------------------------- */

/* What templates name, as it is: quoted where it is put in. */
struct boot_values {
	struct boot_value items[32];
	size_t nr;
	struct buffer owned[4];
	size_t nr_owned;
	char numbers[16][24];
	size_t nr_numbers;
};

static void add(struct boot_values *v, const char *name, const char *value)
{
	v->items[v->nr++] = (struct boot_value){ name, value };
}

/* A buffer that lives as long as V. */
static struct buffer *scratch(struct boot_values *v)
{
	struct buffer *b = &v->owned[v->nr_owned++];
	buffer_init(b, BUFFER_MAX_INTERNAL);
	return b;
}

static void values_release(struct boot_values *v)
{
	for (size_t i = 0; i < v->nr_owned; i++)
		buffer_release(&v->owned[i]);
}

static void add_number(struct boot_values *v, const char *name, uint64_t value)
{
	char *text = v->numbers[v->nr_numbers++];
	snprintf(text, sizeof(v->numbers[0]), "%llu", (unsigned long long)value);
	add(v, name, text);
}

/* -- what is refused -------------------------------------------------------------------------- */

/* The configuration allows less already; here is what would get out of a line, a host's name or a path. */
static struct error *check_word(const char *what, const char *value, const char *allowed)
{
	if (!value || !ascii_alnum(*value) || strlen(value) > 128)
		return error_new(ERROR_USAGE, "%s '%s' cannot be put into a unit: it has to begin with a letter or digit",
				 what, value ? value : "");
	for (const char *c = value; *c; c++)
		if (!ascii_alnum(*c) && !strchr(allowed, *c))
			return error_new(ERROR_USAGE, "%s '%s' cannot be put into a unit: '%c' is not allowed in it", what,
					 value, *c);
	return NULL;
}

static struct error *check_line(const char *what, const char *value)
{
	for (const char *c = value; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			return error_new(ERROR_USAGE, "%s has a control character in it", what);
	return NULL;
}

static bool is_variable(const char *name)
{
	if (ascii_digit(*name) || !*name)
		return false;
	for (; *name; name++)
		if (!ascii_alnum(*name) && *name != '_')
			return false;
	return true;
}

static struct error *check_secret(const struct deploy_secret *secret)
{
	if (!is_variable(secret->variable))
		return error_new(ERROR_USAGE, "'%s' is no name of an environment variable", secret->variable);
	return check_line("the source of a secret", secret->source);
}

/* A folder as it stands between colons in --volume. */
static struct error *check_folder(const char *path)
{
	struct error *err = check_line("a data folder", path);
	bool above = strstr(path, "/../") || ends_with(path, "/..");
	if (!err && (path[0] != '/' || !path[1] || strpbrk(path, ":,") || above))
		err = error_new(ERROR_USAGE, "'%s' cannot be a data folder in the container", path);
	return err;
}

static struct error *check_ports(const struct deploy_config *config, const struct deploy_environment *env)
{
	if (!env->port || env->port > 65535 || !config->port || config->port > 65535 || env->second_port > 65535)
		return error_with_hint(error_new(ERROR_USAGE, "environment '%s' has no port", env->name),
				       "write `port:` into .deploy.yml");
	if (env->strategy == DEPLOY_BLUE_GREEN && !env->second_port)
		return error_with_hint(error_new(ERROR_USAGE, "blue-green needs a second port"),
				       "write `second_port:` into .deploy.yml");
	if (env->strategy == DEPLOY_CANARY && !env->second_port && !env->canary_instance)
		return error_with_hint(error_new(ERROR_USAGE, "a canary needs a second port or an instance of its own"),
				       "write `second_port:` or `canary_instance:` into .deploy.yml");
	return NULL;
}

static struct error *check(const struct deploy_config *config, const struct deploy_environment *env,
			   const char *region)
{
	struct error *err = NULL;
	if (!config->repository.registry)
		err = error_with_hint(error_new(ERROR_USAGE, "it is not known which registry has the images"),
				      "write `registry:` into .deploy.yml, or set git config deploy.registry");
	if (!err)
		err = check_word("the app", config->app, "._-");
	if (!err)
		err = check_word("the environment", env->name, "._-");
	if (!err && !region)
		err = error_with_hint(error_new(ERROR_USAGE, "the region of environment '%s' is not known", env->name),
				      "write `region:` into .deploy.yml");
	if (!err)
		err = check_word("the region", region, "-");
	if (!err)
		err = check_line("the health path", config->health ? config->health : "/");
	for (size_t i = 0; i < config->nr_secrets && !err; i++)
		err = check_secret(&config->secrets[i]);
	for (size_t i = 0; i < config->nr_data && !err; i++)
		err = check_folder(config->data[i]);
	if (!err)
		err = check_ports(config, env);
	return err;
}

/* -- values of a configuration ---------------------------------------------------------------- */

static void add_secrets(struct boot_values *v, const struct deploy_config *config)
{
	struct buffer *lines = scratch(v);
	for (size_t i = 0; i < config->nr_secrets; i++)
		buffer_addf(lines, "%s%s=%s", i ? "\n" : "", config->secrets[i].variable, config->secrets[i].source);
	add(v, "secrets", lines->data);
}

/* "/data/models" of web-demo is kept in the volume "git-deploy-web-demo_data_models"; no two folders share
 * one. */
static void add_data(struct boot_values *v, const struct deploy_config *config)
{
	struct buffer *lines = scratch(v);
	for (size_t i = 0; i < config->nr_data; i++) {
		buffer_addf(lines, "%sgit-deploy-%s", i ? "\n" : "", config->app);
		for (const char *c = config->data[i]; *c; c++) {
			if (*c == '/')
				buffer_addch(lines, '_');
			else if (ascii_alnum(*c) || *c == '-')
				buffer_addch(lines, *c);
			else
				buffer_addf(lines, ".%02x", (unsigned char)*c);
		}
		buffer_addf(lines, ":%s", config->data[i]);
	}
	add(v, "data", lines->data);
}

static struct error *add_image(struct boot_values *v, const struct deploy_config *config)
{
	struct reference name;
	struct slice account, ecr_region;
	struct buffer *image = scratch(v), *region = scratch(v);
	reference_copy(&name, &config->repository);
	free(name.tag);
	name.tag = NULL;
	name.digest = (struct digest){ 0 };
	reference_add(image, &name);
	if (reference_is_ecr(&name, &account, &ecr_region))
		buffer_add(region, ecr_region.data, ecr_region.len);
	reference_release(&name);
	add(v, "image", image->data);
	add(v, "registry", config->repository.registry);
	add(v, "registry_region", region->data);
	struct error *err = check_word("the repository", image->data, "._-/:");
	if (!err && region->len)
		err = check_word("the registry's region", region->data, "-");
	return err;
}

static struct error *collect(struct boot_values *v, const struct deploy_config *config,
			     const struct deploy_environment *env, const char *region)
{
	static const char *const strategies[] = {
		[DEPLOY_REPLACE] = "replace",
		[DEPLOY_BLUE_GREEN] = "blue-green",
		[DEPLOY_CANARY] = "canary",
	};
	/* With an instance of its own, the canary is that one's business. */
	bool alone = env->strategy == DEPLOY_CANARY && !env->second_port;
	add(v, "app", config->app);
	add(v, "environment", env->name);
	add(v, "tag", env->name);
	add(v, "region", region);
	add(v, "strategy", strategies[alone ? DEPLOY_REPLACE : env->strategy]);
	add(v, "health", config->health ? config->health : "/");
	add_number(v, "port", env->port);
	add_number(v, "second_port", env->second_port);
	add_number(v, "container_port", config->port);
	add_number(v, "health_timeout", config->health_timeout);
	add_number(v, "start_timeout", (uint64_t)config->health_timeout + START_SECONDS);
	add_number(v, "memory_megabytes", config->memory_megabytes);
	add_number(v, "gpu", config->gpu);
	add_number(v, "hibernate", env->hibernate);
	add_number(v, "idle_seconds", (uint64_t)config->idle_minutes * 60);
	add_number(v, "uptime_seconds", (uint64_t)config->uptime_minutes * 60);
	add_secrets(v, config);
	add_data(v, config);
	return add_image(v, config);
}

/* -- files ------------------------------------------------------------------------------------ */

/* Which of them there are depends on the configuration. */
enum boot_when { ALWAYS, WITH_PORTS, WITH_UPTIME };
static const struct boot_place {
	const char *template, *folder;
	const char *suffix;     /* of a unit, behind the app's name; NULL: the file is called as its template */
	unsigned mode;
	enum boot_when when;
} places[] = {
	{ "settings", "/etc/git-deploy/", NULL, 0644, ALWAYS },
	{ "boot", BINARIES, NULL, 0755, ALWAYS },
	{ "fetch", BINARIES, NULL, 0755, ALWAYS },
	{ "watch", BINARIES, NULL, 0755, ALWAYS },
	{ "enter", BINARIES, NULL, 0644, ALWAYS },
	{ "service", UNITS, ".service", 0644, ALWAYS },
	{ "slot", UNITS, "@.service", 0644, ALWAYS },
	{ "port.socket", UNITS, "-port@.socket", 0644, WITH_PORTS },
	{ "port.service", UNITS, "-port@.service", 0644, WITH_PORTS },
	{ "watch.service", UNITS, "-watch.service", 0644, ALWAYS },
	{ "watch.timer", UNITS, "-watch.timer", 0644, ALWAYS },
	{ "uptime.service", UNITS, "-uptime.service", 0644, WITH_UPTIME },
	{ "uptime.timer", UNITS, "-uptime.timer", 0644, WITH_UPTIME },
};

static const char *template_text(const char *name)
{
	for (const struct text_file *t = boot_templates; t->name; t++)
		if (!strcmp(t->name, name))
			return t->text;
	return NULL;
}

static bool is_wanted(enum boot_when when, const struct deploy_config *config,
		      const struct deploy_environment *env)
{
	switch (when) {
	case WITH_PORTS:
		return env->strategy != DEPLOY_REPLACE && env->second_port;
	case WITH_UPTIME:
		return config->uptime_minutes != 0;
	case ALWAYS:
		break;
	}
	return true;
}

struct error *boot_render(struct boot_file **files, size_t *nr, const struct deploy_config *config,
			  const struct deploy_environment *env, const char *region)
{
	struct boot_values values = { 0 };
	*files = xcalloc(ARRAY_SIZE(places), sizeof(**files));
	*nr = 0;
	struct error *err = check(config, env, region);
	if (!err)
		err = collect(&values, config, env, region);
	for (size_t i = 0; i < ARRAY_SIZE(places) && !err; i++) {
		const struct boot_place *p = &places[i];
		if (!is_wanted(p->when, config, env))
			continue;
		struct boot_file *f = &(*files)[(*nr)++];
		f->path = p->suffix ? xstrfmt("%s%s%s", p->folder, config->app, p->suffix)
				    : xstrfmt("%s%s", p->folder, p->template);
		f->mode = p->mode;
		buffer_init(&f->text, BUFFER_MAX_INTERNAL);
		boot_fill(&f->text, template_text(p->template), values.items, values.nr);
	}
	values_release(&values);
	return err;
}

void boot_files_free(struct boot_file *files, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		free((char *)files[i].path);
		buffer_release(&files[i].text);
	}
	free(files);
}

/* -- user-data -------------------------------------------------------------------------------- */

/* TEXT without lines that are comments (which `git deploy boot` prints): EC2 takes little. */
static void add_without_comments(struct buffer *out, const char *text)
{
	while (*text) {
		size_t blank = strspn(text, " \t"), len = strcspn(text, "\n");
		len += text[len] == '\n';
		if (text[blank] != '#' || text[blank + 1] == '!')
			buffer_add(out, text, len);
		text += len;
	}
}

/* A here-document ends at a line of this word: one that is no line of TEXT. */
static void add_end_word(struct buffer *out, const struct buffer *text)
{
	buffer_addstr(out, "END");
	while (strstr(text->data, out->data))
		buffer_addch(out, '_');
}

static void add_installer(struct buffer *out, const struct boot_file *files, size_t nr)
{
	struct buffer word = BUFFER_INIT, text = BUFFER_INIT;
	add_without_comments(out, template_text("install.begin"));
	for (size_t i = 0; i < nr; i++) {
		buffer_reset(&word);
		buffer_reset(&text);
		add_without_comments(&text, files[i].text.data);
		add_end_word(&word, &text);
		buffer_addf(out, "install_file %04o ", files[i].mode);
		shell_quote(out, files[i].path);
		buffer_addf(out, " <<'%s'\n%s%s\n", word.data, text.data, word.data);
	}
	add_without_comments(out, template_text("install.end"));
	buffer_release(&text);
	buffer_release(&word);
}

/* In lines, as mail and YAML like them. */
static struct error *add_packed(struct buffer *out, const struct buffer *script)
{
	struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(12);
	size_t bound = libdeflate_gzip_compress_bound(compressor, script->len);
	char *packed = xmalloc(bound);
	size_t len = libdeflate_gzip_compress(compressor, script->data, script->len, packed, bound);
	struct buffer text = BUFFER_INIT;
	libdeflate_free_compressor(compressor);
	base64_add(&text, (struct slice){ packed, len });
	for (size_t i = 0; i < text.len; i += 76)
		buffer_addf(out, "%s%.76s", i ? "\n" : "", text.data + i);
	buffer_release(&text);
	free(packed);
	return len ? NULL : error_new(ERROR_GENERIC, "the user-data could not be compressed");
}

struct error *boot_user_data(struct buffer *out, const struct boot_file *files, size_t nr)
{
	struct buffer script = BUFFER_INIT, packed = BUFFER_INIT;
	size_t start = out->len;
	add_installer(&script, files, nr);
	struct error *err = add_packed(&packed, &script);
	struct boot_value value = { "packed", packed.data };
	boot_fill(out, template_text("user-data"), &value, 1);
	if (!err && out->len - start > USER_DATA_MAX)
		err = error_with_hint(error_new(ERROR_LIMIT, "the user-data has %zu bytes; EC2 takes %zu", out->len - start,
						USER_DATA_MAX),
				      "name fewer secrets in .deploy.yml: one of Secrets Manager can hold many values");
	buffer_release(&packed);
	buffer_release(&script);
	return err;
}

/* -- commands --------------------------------------------------------------------------------- */

const char *const *boot_command_refresh(void)
{
	static const char *const lines[] = { BINARIES "boot refresh", NULL };
	return lines;
}

const char *const *boot_command_promote(void)
{
	static const char *const lines[] = { BINARIES "boot promote", NULL };
	return lines;
}

const char *const *boot_command_abort(void)
{
	static const char *const lines[] = { BINARIES "boot abort", NULL };
	return lines;
}

const char *const *boot_command_status(void)
{
	static const char *const lines[] = { BINARIES "boot status", NULL };
	return lines;
}
