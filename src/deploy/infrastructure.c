/* Templates for CloudFormation and Terraform, and what is put into them. */
#include "deploy/infrastructure.h"

#include <stdio.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/text_file.h"
#include "cloud/ecr.h"
#include "deploy/hours.h"

extern const struct text_file infrastructure_templates[];

#define MAX_VALUES 40
#define MAX_ROLE_NAME 64        /* of IAM */
/* CloudWatch looks back a day at most over periods of less than an hour, a week over longer ones. */
#define MAX_IDLE_PERIODS 288
#define MAX_UPTIME_PERIODS 168
#define IDLE_PERIOD_MINUTES 5
/* How much later than the timers on the instance the alarms behind them are. */
#define IDLE_SLACK 2

/* -- values and templates ---------------------------------------------------------------------- */

struct value {
	const char *name;
	struct buffer text;     /* empty: its parts are left out */
};
struct values {
	struct value items[MAX_VALUES];
	size_t nr;
};

static struct buffer *add(struct values *v, const char *name)
{
	struct value *item = &v->items[v->nr++];
	item->name = name;
	buffer_init(&item->text, BUFFER_MAX_INTERNAL);
	return &item->text;
}

static void add_text(struct values *v, const char *name, const char *text)
{
	buffer_addstr(add(v, name), text);
}

static void values_release(struct values *v)
{
	for (size_t i = 0; i < v->nr; i++)
		buffer_release(&v->items[i].text);
}

/* NULL: there is none of that name. */
static const struct buffer *find(const struct values *v, struct slice name)
{
	for (size_t i = 0; i < v->nr; i++)
		if (slice_equals(name, v->items[i].name))
			return &v->items[i].text;
	return NULL;
}

static void put_yaml(struct buffer *out, const struct buffer *value)
{
	buffer_addch(out, '\'');
	for (size_t i = 0; i < value->len; i++)
		buffer_addf(out, value->data[i] == '\'' ? "''" : "%c", value->data[i]);
	buffer_addch(out, '\'');
}

/* Inside of HCL's templates "${" and "%{" begin something. */
static void put_hcl_character(struct buffer *out, const char *at)
{
	if ((*at == '$' || *at == '%') && at[1] == '{')
		buffer_addch(out, *at);
	buffer_addch(out, *at);
}

static void put_hcl(struct buffer *out, const struct buffer *value)
{
	buffer_addch(out, '"');
	for (size_t i = 0; i < value->len; i++) {
		if (strchr("\"\\", value->data[i]))
			buffer_addch(out, '\\');
		put_hcl_character(out, value->data + i);
	}
	buffer_addch(out, '"');
}

static void put_text(struct buffer *out, const struct buffer *value)
{
	buffer_addbuf(out, value);
}

static void put_hcl_text(struct buffer *out, const struct buffer *value)
{
	for (size_t i = 0; i < value->len; i++)
		put_hcl_character(out, value->data + i);
}

static const struct {
	const char *name;
	void (*put)(struct buffer *out, const struct buffer *value);
	bool block; /* lines, each behind the white space that its place stands behind */
} places[] = {
	{ "yaml", put_yaml, false },  { "hcl", put_hcl, false },	  { "text", put_text, false },
	{ "block", put_text, true }, { "hclblock", put_hcl_text, true },
};

static void put_lines(struct buffer *out, const struct buffer *text, struct slice indent)
{
	for (size_t i = 0; i < text->len;) {
		const char *end = memchr(text->data + i, '\n', text->len - i);
		size_t len = end ? (size_t)(end - text->data) - i : text->len - i;
		if (len && i)
			buffer_add(out, indent.data, indent.len);
		buffer_add(out, text->data + i, len);
		i += len + 1;
		if (i < text->len)
			buffer_addch(out, '\n');
	}
}

/* "@<place>:<name>@" at AT; how many bytes it takes, 0 when it is none. */
static size_t fill_place(struct buffer *out, struct slice at, struct slice indent, const struct values *v)
{
	const char *colon = memchr(at.data, ':', at.len), *end = colon ? memchr(colon, '@', at.len - (size_t)(colon - at.data))
								       : NULL;
	struct slice kind = { at.data + 1, colon ? (size_t)(colon - at.data) - 1 : 0 };
	for (size_t i = 0; end && i < ARRAY_SIZE(places); i++) {
		if (!slice_equals(kind, places[i].name))
			continue;
		struct buffer text = BUFFER_INIT;
		places[i].put(&text, find(v, (struct slice){ colon + 1, (size_t)(end - colon) - 1 }));
		if (places[i].block)
			put_lines(out, &text, indent);
		else
			buffer_addbuf(out, &text);
		buffer_release(&text);
		return (size_t)(end - at.data) + 1;
	}
	return 0;
}

static void fill_line(struct buffer *out, struct slice line, const struct values *v)
{
	size_t blanks = 0;
	while (blanks < line.len && line.data[blanks] == ' ')
		blanks++;
	for (size_t i = 0; i < line.len;) {
		size_t taken = line.data[i] == '@' ? fill_place(out, (struct slice){ line.data + i, line.len - i },
								(struct slice){ line.data, blanks }, v)
						   : 0;
		if (!taken)
			buffer_addch(out, line.data[i++]);
		i += taken;
	}
	buffer_addch(out, '\n');
}

static bool holds(const char *condition, const struct values *v)
{
	bool without = *condition == '!';
	condition += without;
	return (find(v, (struct slice){ condition, strcspn(condition, "\n") })->len > 0) != without;
}

/* Lines "@if <name>" or "@if !<name>", and "@end", stand around what is there only with, or without, a value; also
 * within each other. */
static void fill(struct buffer *out, const char *template, const struct values *v)
{
	unsigned depth = 0, hidden = 0; /* the depth from which on nothing is wanted; 0: all is */
	for (const char *at = template; *at;) {
		size_t len = strcspn(at, "\n");
		struct slice line = { at, len };
		const char *condition;
		at += len + (at[len] == '\n');
		if (slice_equals(line, "@end")) {
			hidden = hidden == depth ? 0 : hidden;
			depth--;
		} else if (skip_prefix(line.data, "@if ", &condition)) {
			depth++;
			if (!hidden && !holds(condition, v))
				hidden = depth;
		} else if (!hidden) {
			fill_line(out, line, v);
		}
	}
}

static const char *template_text(const char *name)
{
	const struct text_file *t = infrastructure_templates;
	while (strcmp(t->name, name))
		t++;
	return t->text;
}

/* -- what is asked for ------------------------------------------------------------------------- */

char *infrastructure_instance(const struct infrastructure *i)
{
	/* An id is one that is there already: it is none of ours to give. */
	if (i->env->instance && !starts_with(i->env->instance, "i-"))
		return xstrdup(i->env->instance);
	return xstrfmt("%s-%s", i->config->app, i->env->name);
}

static bool is_arm(const struct deploy_config *c)
{
	return c->platform && starts_with(c->platform, "linux/arm64");
}

const char *infrastructure_type(const struct infrastructure *i)
{
	if (i->env->type)
		return i->env->type;
	if (i->config->gpu)
		return "g4dn.xlarge";
	return is_arm(i->config) ? "t4g.medium" : "t3.medium";
}

static bool is_burstable(const char *type)
{
	return starts_with(type, "t3.") || starts_with(type, "t3a.") || starts_with(type, "t4g.");
}

static unsigned disk_of(const struct infrastructure *i)
{
	/* Hibernation writes the memory to the disk. */
	return (i->config->gpu ? INFRASTRUCTURE_GPU_DISK : INFRASTRUCTURE_DISK) + (i->env->hibernate ? 16 : 0);
}

/* Amazon Linux 2023, with the drivers of GPUs where they are wanted. */
static const char *image_of(const struct infrastructure *i)
{
	const bool arm = is_arm(i->config);
	if (i->config->gpu)
		return arm ? "/aws/service/deeplearning/ami/arm64/base-oss-nvidia-driver-gpu-amazon-linux-2023/latest/ami-id"
			   : "/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-amazon-linux-2023/latest/ami-id";
	return arm ? "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
		   : "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64";
}

static bool is_ecr(const struct infrastructure *i)
{
	struct slice account, region;
	return i->config->repository.registry && reference_is_ecr(&i->config->repository, &account, &region);
}

/* The environments of an app share its repository, so only the first one's stack makes it. */
static bool makes_repository(const struct infrastructure *i)
{
	return is_ecr(i) && i->env == &i->config->environments[0];
}

void movable_tags_list(struct movable_tags *out, const struct deploy_config *config, const char *environment)
{
	*out = (struct movable_tags){ .nr = 0 };
	out->names[out->nr++] = xstrdup("latest");
	if (!config->nr_environments)
		out->names[out->nr++] = xstrdup(environment);
	for (size_t i = 0; i < config->nr_environments; i++) {
		const struct deploy_environment *env = &config->environments[i];
		out->names[out->nr++] = xstrdup(env->name);
		if (env->strategy == DEPLOY_CANARY)
			out->names[out->nr++] = xstrfmt("%s-canary", env->name);
	}
}

void movable_tags_release(struct movable_tags *t)
{
	for (size_t i = 0; i < t->nr; i++)
		free(t->names[i]);
	*t = (struct movable_tags){ .nr = 0 };
}

/* More of them than the registry can tell apart: none is named, and all tags are movable. */
static void add_movable(struct values *v, const struct infrastructure *in)
{
	struct movable_tags tags;
	movable_tags_list(&tags, in->config, in->env->name);
	struct buffer *yaml = add(v, "movable"), *hcl = add(v, "movable_hcl");
	for (size_t i = 0; tags.nr <= ECR_MAX_EXCLUSIONS && i < tags.nr; i++) {
		buffer_addf(yaml, "        - ImageTagMutabilityExclusionFilterType: WILDCARD\n"
			    "          ImageTagMutabilityExclusionFilterValue: '%s'\n", tags.names[i]);
		buffer_addf(hcl, "%s  image_tag_mutability_exclusion_filter {\n    filter      = \"%s\"\n"
			    "    filter_type = \"WILDCARD\"\n  }\n", i ? "\n" : "", tags.names[i]);
	}
	ecr_add_lifecycle(add(v, "lifecycle"), (const char *const *)tags.names, INFRASTRUCTURE_KEEP, true);
	movable_tags_release(&tags);
}

void infrastructure_secret(struct buffer *out, const char *source, const char *region)
{
	const char *name, *in = region ? " --region " : "";
	region = region ? region : "";
	if (skip_prefix(source, "secretsmanager:", &name))
		buffer_addf(out, "aws secretsmanager create-secret%s%s --name %.*s --secret-string file:///dev/stdin", in,
			    region, (int)strcspn(name, "#"), name);
	else
		buffer_addf(out, "aws ssm put-parameter%s%s --type SecureString --name %s --value file:///dev/stdin", in,
			    region, source);
}

static void add_secrets(struct values *v, const struct deploy_config *c, const char *region)
{
	struct buffer *out = add(v, "secrets");
	for (size_t i = 0; i < c->nr_secrets; i++) {
		buffer_addstr(out, "#   ");
		infrastructure_secret(out, c->secrets[i].source, region);
		buffer_addch(out, '\n');
	}
}

static void add_alarms(struct values *v, const struct deploy_config *c)
{
	unsigned idle = (c->idle_minutes * IDLE_SLACK + IDLE_PERIOD_MINUTES - 1) / IDLE_PERIOD_MINUTES;
	unsigned uptime = (c->uptime_minutes + 59) / 60 + 1;
	struct buffer *out = add(v, "idle_periods");
	if (c->idle_minutes)
		buffer_addf(out, "%u", idle < MAX_IDLE_PERIODS ? idle : MAX_IDLE_PERIODS);
	out = add(v, "uptime_periods");
	if (c->uptime_minutes && uptime <= MAX_UPTIME_PERIODS)
		buffer_addf(out, "%u", uptime);
}

static struct error *add_name(struct values *v, const char *key, const char *stack, const char *suffix)
{
	struct buffer *out = add(v, key);
	buffer_addf(out, "%s-%s", stack, suffix);
	if (out->len <= MAX_ROLE_NAME)
		return NULL;
	return error_with_hint(error_new(ERROR_USAGE, "'%s' is longer than the %d characters that a role may have", out->data,
					 MAX_ROLE_NAME),
			       "a shorter `app:` in " DEPLOY_CONFIG_FILE " helps");
}

static void add_machine(struct values *v, const struct infrastructure *i)
{
	const char *type = infrastructure_type(i);
	add_text(v, "type", type);
	add_text(v, "burstable", is_burstable(type) ? "yes" : "");
	add_text(v, "hibernate", i->env->hibernate ? "yes" : "");
	buffer_addf(add(v, "disk"), "%u", disk_of(i));
	buffer_addf(add(v, "image"), "resolve:ssm:%s", image_of(i));
	add_text(v, "image_parameter", image_of(i));
	buffer_addf(add(v, "port"), "%u", i->env->port);
}

static void add_budget(struct values *v, const struct deploy_config *c)
{
	double warn = c->warn_usd >= 0 ? c->warn_usd : c->stop_usd;
	add_text(v, "budget", c->stop_usd > 0 ? "yes" : "");
	buffer_addf(add(v, "stop_usd"), "%g", c->stop_usd);
	buffer_addf(add(v, "warn_usd"), "%g", warn);
}

/* The policies are about the instance that is made here, by its name and type. */
static void add_policies(struct values *v, const struct infrastructure *i, const char *name, const char *region,
			 bool *loose)
{
	struct deploy_environment env = *i->env;
	struct permission_subject subject = { .config = i->config, .env = &env, .account = i->account,
					      .region = region };
	bool own = false;
	env.instance = (char *)name;
	env.type = (char *)infrastructure_type(i);
	permission_policy(add(v, "ci_policy"), &subject, PERMISSION_CI, loose);
	permission_policy(add(v, "instance_policy"), &subject, PERMISSION_INSTANCE, &own);
	permission_trust(add(v, "instance_trust"), &subject, PERMISSION_INSTANCE, NULL);
	struct buffer *trust = add(v, "ci_trust");
	if (i->repository)
		permission_trust(trust, &subject, PERMISSION_CI, i->repository);
	*loose |= own;
}

static struct error *add_user_data(struct values *v, const struct infrastructure *i, const char *region)
{
	struct boot_file *files;
	size_t nr;
	struct error *err = boot_render(&files, &nr, i->config, i->env, region);
	if (!err)
		err = boot_user_data(add(v, "user_data"), files, nr);
	boot_files_free(files, nr);
	return err;
}

static struct error *collect(struct values *v, const struct infrastructure *i, const char *name, const char *region,
			     bool *loose)
{
	char *stack = xstrfmt("%s-%s", i->config->app, i->env->name);
	add_text(v, "app", i->config->app);
	add_text(v, "environment", i->env->name);
	add_text(v, "stack", stack);
	add_text(v, "name", name);
	add_text(v, "region", region);
	add_text(v, "github", i->repository ? i->repository : "");
	add_text(v, "ecr", makes_repository(i) ? "yes" : "");
	add_text(v, "repository", i->config->repository.repository ? i->config->repository.repository : "");
	buffer_addf(add(v, "description"), "%s, environment %s, by git deploy", i->config->app, i->env->name);
	buffer_addf(add(v, "group_prefix"), "%s-", stack);
	buffer_addf(add(v, "idle_name"), "%s-idle", stack);
	buffer_addf(add(v, "uptime_name"), "%s-uptime", stack);
	add_movable(v, i);
	add_secrets(v, i->config, region);
	add_alarms(v, i->config);
	add_machine(v, i);
	add_budget(v, i->config);
	add_policies(v, i, name, region, loose);
	struct error *err = add_name(v, "ci_name", stack, "ci");
	if (!err)
		err = add_name(v, "role_name", stack, "instance");
	if (!err)
		err = add_user_data(v, i, region);
	free(stack);
	return err;
}

static char *region_of(const struct infrastructure *i)
{
	return i->region ? xstrdup(i->region) : deploy_config_region(i->config, i->env);
}

struct error *infrastructure_render(struct buffer *out, const struct infrastructure *i,
				    enum infrastructure_format format, bool *loose)
{
	static const char *const names[] = { "cloudformation.yaml", "terraform.tf" };
	struct values values = { .nr = 0 };
	char *region = region_of(i), *name = infrastructure_instance(i);
	struct error *err = NULL;
	*loose = false;
	if (!region)
		err = error_with_hint(error_new(ERROR_USAGE, "the region of environment '%s' is not known", i->env->name),
				      "write `region:` into the environment in " DEPLOY_CONFIG_FILE);
	if (!err)
		err = collect(&values, i, name, region, loose);
	if (!err)
		fill(out, template_text(names[format]), &values);
	values_release(&values);
	free(region);
	free(name);
	return err;
}

/* -- prices ------------------------------------------------------------------------------------ */

static void add_new(struct resources *out, const char *kind, char *name, double usd_hour, double usd_month,
		    const char *note)
{
	resources_add(out, &(struct resource){ .kind = kind, .name = name, .state = RESOURCE_NEW, .usd_hour = usd_hour,
					       .usd_month = usd_month, .note = note });
}

double infrastructure_machine(struct resources *out, struct repo *repo, const struct infrastructure *i)
{
	const struct deploy_config *c = i->config;
	const char *type = infrastructure_type(i);
	char *region = region_of(i), *name = infrastructure_instance(i);
	double gigabyte = price_gigabyte_month(region), hour = price_hour(repo, type, region, false, NULL);
	add_new(out, "instance", xstrfmt("%s (%s)", name, type), hour, 0, "while it runs");
	add_new(out, "public address", xstrdup(name), price_address_hour(), 0, "while it runs");
	add_new(out, "volume", xstrfmt("%u GB gp3", disk_of(i)), 0, gigabyte < 0 ? gigabyte : gigabyte * disk_of(i),
		"also while it is stopped");
	add_new(out, "roles", xstrfmt("%s-%s-*", c->app, i->env->name), 0, 0, NULL);
	if (c->idle_minutes || c->uptime_minutes)
		add_new(out, "alarms", xstrfmt("%s-%s-*", c->app, i->env->name), 0, 0, "among the ten that are free");
	if (c->stop_usd > 0)
		add_new(out, "budget", xstrdup(name), 0, 0, NULL);
	free(region);
	free(name);
	return hour < 0 ? hour : hour + price_address_hour();
}

void infrastructure_resources(struct resources *out, struct repo *repo, const struct infrastructure *i)
{
	const struct deploy_config *c = i->config;
	unsigned secrets = 0;
	for (size_t j = 0; j < c->nr_secrets; j++)
		secrets += starts_with(c->secrets[j].source, "secretsmanager:");
	infrastructure_machine(out, repo, i);
	if (makes_repository(i))
		resources_add(out, &(struct resource){
			.kind = "registry storage", .name = xstrdup(c->repository.repository), .state = RESOURCE_NEW,
			.usd_month = price_registry_gigabyte_month(), .by_use = true });
	if (secrets)
		add_new(out, "secrets", xstrfmt("%u in Secrets Manager", secrets), 0, secrets * price_secret_month(),
			"made by hand");
}
