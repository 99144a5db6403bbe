/* One table says which actions which role needs on what; a policy is that table, read along its places. */
#include "deploy/permissions.h"

#include "base/json.h"
#include "base/memory.h"
#include "base/strmap.h"
#include "base/text.h"

#define POLICY_VERSION "2012-10-17" /* of the language, not of us */
#define SECRETS_MANAGER "secretsmanager:"
#define GITHUB_ISSUER "token.actions.githubusercontent.com"

const char *const permission_roles[] = { "ci", "instance", "person", NULL };

#define CI (1u << PERMISSION_CI)
#define INSTANCE (1u << PERMISSION_INSTANCE)
#define PERSON (1u << PERMISSION_PERSON)
#define WORKERS (CI | PERSON)
#define ALL (CI | PERSON | INSTANCE)

const struct permission permissions[] = {
	{ "ecr:GetAuthorizationToken", ALL, PLACE_EVERYTHING, "build, push, release, status, verify; every start" },
	{ "ec2:DescribeInstances", WORKERS, PLACE_EVERYTHING, "start, stop, hibernate, logs, status, plan, release" },
	{ "ec2:DescribeRegions", WORKERS, PLACE_EVERYTHING, "start, stop, hibernate, logs, status" },
	{ "ec2:DescribeVolumes", WORKERS, PLACE_EVERYTHING, "plan" },
	{ "ssm:DescribeParameters", WORKERS, PLACE_EVERYTHING, "plan" },
	{ "ssm:GetCommandInvocation", WORKERS, PLACE_EVERYTHING, "logs, status, release, promote, abort" },

	{ "ecr:DescribeRepositories", WORKERS, PLACE_REPOSITORY, "push, release, plan" },
	{ "ecr:BatchCheckLayerAvailability", ALL, PLACE_REPOSITORY, "push; every start" },
	{ "ecr:BatchGetImage", ALL, PLACE_REPOSITORY, "build, status, verify; every start" },
	{ "ecr:GetDownloadUrlForLayer", ALL, PLACE_REPOSITORY, "build, verify; every start" },
	{ "ecr:InitiateLayerUpload", WORKERS, PLACE_REPOSITORY, "push" },
	{ "ecr:UploadLayerPart", WORKERS, PLACE_REPOSITORY, "push" },
	{ "ecr:CompleteLayerUpload", WORKERS, PLACE_REPOSITORY, "push" },
	{ "ecr:PutImage", WORKERS, PLACE_REPOSITORY, "push, release, rollback" },
	{ "ecr:CreateRepository", PERSON, PLACE_REPOSITORY, "release" },
	{ "ecr:PutLifecyclePolicy", PERSON, PLACE_REPOSITORY, "release" },

	{ "ec2:StartInstances", WORKERS, PLACE_INSTANCE, "start" },
	{ "ec2:StopInstances", WORKERS, PLACE_INSTANCE, "stop, hibernate" },
	{ "ec2:CreateTags", WORKERS, PLACE_TAGGED, "start" },
	{ "ec2:GetConsoleOutput", WORKERS, PLACE_INSTANCE, "logs" },
	{ "ssm:SendCommand", WORKERS, PLACE_COMMANDED, "logs, status, release, promote, abort" },
	{ "ssm:SendCommand", WORKERS, PLACE_DOCUMENT, "logs, status, release, promote, abort" },

	{ "secretsmanager:DescribeSecret", WORKERS, PLACE_SECRETS, "plan" },
	{ "ssm:GetParameter", INSTANCE, PLACE_PARAMETERS, "every start" },
	{ "secretsmanager:GetSecretValue", INSTANCE, PLACE_SECRETS, "every start" },
	{ "kms:Decrypt", INSTANCE, PLACE_KEYS, "every start" },

	{ "ec2:TerminateInstances", WORKERS, PLACE_STAND_IN, "stop" },
	{ "ec2:GetConsoleOutput", WORKERS, PLACE_STAND_IN, "logs" },
	{ "ssm:SendCommand", WORKERS, PLACE_STAND_IN_COMMANDED, "logs, status, release, promote, abort" },
	{ "ec2:RunInstances", WORKERS, PLACE_LAUNCHED, "start" },
	{ "ec2:RunInstances", WORKERS, PLACE_LAUNCH_PARTS, "start" },
	{ "ec2:CreateTags", WORKERS, PLACE_LAUNCH_TAGS, "start" },
	{ "iam:PassRole", WORKERS, PLACE_LAUNCH_ROLE, "start" },

	/* The agent that commands and logs go through. */
	{ "ssm:UpdateInstanceInformation", INSTANCE, PLACE_EVERYTHING, "logs, status, release" },
	{ "ssmmessages:CreateControlChannel", INSTANCE, PLACE_EVERYTHING, "logs, status, release" },
	{ "ssmmessages:CreateDataChannel", INSTANCE, PLACE_EVERYTHING, "logs, status, release" },
	{ "ssmmessages:OpenControlChannel", INSTANCE, PLACE_EVERYTHING, "logs, status, release" },
	{ "ssmmessages:OpenDataChannel", INSTANCE, PLACE_EVERYTHING, "logs, status, release" },
	{ "ec2messages:AcknowledgeMessage", INSTANCE, PLACE_EVERYTHING, "logs, status, release" },
	{ "ec2messages:DeleteMessage", INSTANCE, PLACE_EVERYTHING, "logs, status, release" },
	{ "ec2messages:FailMessage", INSTANCE, PLACE_EVERYTHING, "logs, status, release" },
	{ "ec2messages:GetEndpoint", INSTANCE, PLACE_EVERYTHING, "logs, status, release" },
	{ "ec2messages:GetMessages", INSTANCE, PLACE_EVERYTHING, "logs, status, release" },
	{ "ec2messages:SendReply", INSTANCE, PLACE_EVERYTHING, "logs, status, release" },
};
const size_t permissions_nr = ARRAY_SIZE(permissions);

/* -- where it is ------------------------------------------------------------------------------- */

/* The instances of the environments, and what may stand in for them. */
struct instances {
	const char *ids[2 * DEPLOY_MAX_ENVIRONMENTS], *names[2 * DEPLOY_MAX_ENVIRONMENTS];
	const char *types[DEPLOY_MAX_ENVIRONMENTS];
	char *stand_ins[4 * DEPLOY_MAX_ENVIRONMENTS]; /* their names */
	size_t nr_ids, nr_names, nr_types, nr_stand_ins;
	bool spot;
};

struct scene {
	const struct permission_subject *subject;
	const char *partition, *account, *region;  /* "*" where unknown */
	const char *ecr_account, *ecr_region;
	struct instances in;
	bool loose;
};

const char *permission_partition(const char *region)
{
	if (region && starts_with(region, "cn-"))
		return "aws-cn";
	return region && starts_with(region, "us-gov-") ? "aws-us-gov" : "aws";
}

void permission_locate(const struct permission_subject *s, char **account, char **region)
{
	struct slice ecr_account = { 0 }, ecr_region = { 0 };
	bool ecr = s->config->repository.registry &&
		   reference_is_ecr(&s->config->repository, &ecr_account, &ecr_region);
	*account = s->account ? xstrdup(s->account) : ecr ? xmemdupz(ecr_account.data, ecr_account.len) : NULL;
	*region = s->region ? xstrdup(s->region) : s->env ? deploy_config_region(s->config, s->env) : NULL;
	if (!*region && ecr)
		*region = xmemdupz(ecr_region.data, ecr_region.len);
}

/* Calls FN for the environment, or for all. */
static void each_environment(const struct scene *s, void (*fn)(const struct deploy_environment *env, void *data),
			     void *data)
{
	const struct deploy_config *c = s->subject->config;
	if (s->subject->env)
		fn(s->subject->env, data);
	else
		for (size_t i = 0; i < c->nr_environments; i++)
			fn(&c->environments[i], data);
}

static void put_arn(struct json_writer *w, struct scene *s, const char *service, const char *account,
		    const char *resource)
{
	char *arn = xstrfmt("arn:%s:%s:%s:%s:%s", s->partition, service, s->region, account, resource);
	s->loose |= !strcmp(s->region, "*") || !strcmp(account, "*");
	json_string(w, arn);
	free(arn);
}

/* -- resources and conditions ------------------------------------------------------------------ */

static bool is_id(const char *instance)
{
	return starts_with(instance, "i-");
}

static void add_once(const char **items, size_t *nr, const char *item)
{
	for (size_t i = 0; i < *nr; i++)
		if (!strcmp(items[i], item))
			return;
	items[(*nr)++] = item;
}

static void add_instances(const struct deploy_environment *env, void *data)
{
	struct instances *out = data;
	const char *wanted[] = { env->instance, env->canary_instance };
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		if (wanted[i] && is_id(wanted[i]))
			add_once(out->ids, &out->nr_ids, wanted[i]);
		else if (wanted[i])
			add_once(out->names, &out->nr_names, wanted[i]);
	if (env->type)
		add_once(out->types, &out->nr_types, env->type);
	out->spot |= env->spot;
}

/* As `start` names them. */
static void add_stand_ins(struct instances *in)
{
	for (size_t i = 0; i < in->nr_names; i++) {
		in->stand_ins[in->nr_stand_ins++] = xstrfmt("%s (spot)", in->names[i]);
		in->stand_ins[in->nr_stand_ins++] = xstrfmt("%s (on demand)", in->names[i]);
	}
}

static void put_strings(struct json_writer *w, const char *const *items, size_t nr)
{
	json_begin_array(w);
	for (size_t i = 0; i < nr; i++)
		json_string(w, items[i]);
	json_end_array(w);
}

/* A key of a request, and the values it may have. */
struct test {
	const char *key;
	const char *const *values;
	size_t nr;
	const char *operator;
};

/* "Condition": { <operator>: { <key>: [...], ... }, ... }; all tests have to hold. Those of one operator stand
 * together. */
static void put_tests(struct json_writer *w, const struct test *tests, size_t nr)
{
	json_key(w, "Condition");
	json_begin_object(w);
	for (size_t i = 0; i < nr; i++) {
		if (!i || strcmp(tests[i].operator, tests[i - 1].operator) != 0) {
			if (i)
				json_end_object(w);
			json_key(w, tests[i].operator);
			json_begin_object(w);
		}
		json_key(w, tests[i].key);
		put_strings(w, tests[i].values, tests[i].nr);
	}
	json_end_object(w);
	json_end_object(w);
}

static void put_test(struct json_writer *w, const char *key, const char *const *values, size_t nr)
{
	put_tests(w, &(struct test){ key, values, nr, "StringEquals" }, 1);
}

static void everything(struct json_writer *w, struct scene *s)
{
	(void)s;
	json_string(w, "*");
}

static void repository(struct json_writer *w, struct scene *s)
{
	const char *name = s->subject->config->repository.repository;
	char *resource = xstrfmt("repository/%s", name ? name : "*"), *arn;
	arn = xstrfmt("arn:%s:ecr:%s:%s:%s", s->partition, s->ecr_region, s->ecr_account, resource);
	s->loose |= !name || !strcmp(s->ecr_region, "*") || !strcmp(s->ecr_account, "*");
	json_string(w, arn);
	free(arn);
	free(resource);
}

/* Instances by id stand for themselves; one that is known by its name has to carry it. */
static void instance_by_id(struct json_writer *w, struct scene *s)
{
	for (size_t i = 0; i < s->in.nr_ids; i++) {
		char *resource = xstrfmt("instance/%s", s->in.ids[i]);
		put_arn(w, s, "ec2", s->account, resource);
		free(resource);
	}
}

static void any_instance(struct json_writer *w, struct scene *s)
{
	put_arn(w, s, "ec2", s->account, "instance/*");
}

static bool has_ids(const struct scene *s)
{
	return s->in.nr_ids > 0;
}

static bool has_names(const struct scene *s)
{
	return s->in.nr_names > 0;
}

static bool has_instances(const struct scene *s)
{
	return has_ids(s) || has_names(s);
}

static void named(struct json_writer *w, struct scene *s)
{
	put_test(w, "aws:ResourceTag/Name", s->in.names, s->in.nr_names);
}

/* No other tag: by its name an instance could be made another one's stand-in, which may be ended. */
static const char *const own_tags[] = { PERMISSION_STOP_AFTER_TAG };
#define OWN_TAGS { "aws:TagKeys", own_tags, ARRAY_SIZE(own_tags), "ForAllValues:StringEquals" }

static void tagged(struct json_writer *w, struct scene *s)
{
	(void)s;
	put_tests(w, &(struct test)OWN_TAGS, 1);
}

static void named_and_tagged(struct json_writer *w, struct scene *s)
{
	const struct test tests[] = {
		{ "aws:ResourceTag/Name", s->in.names, s->in.nr_names, "StringEquals" }, OWN_TAGS,
	};
	put_tests(w, tests, ARRAY_SIZE(tests));
}

static void named_to_ssm(struct json_writer *w, struct scene *s)
{
	put_test(w, "ssm:resourceTag/Name", s->in.names, s->in.nr_names);
}

static void document(struct json_writer *w, struct scene *s)
{
	char *arn = xstrfmt("arn:%s:ssm:%s::document/AWS-RunShellScript", s->partition, s->region);
	json_string(w, arn);
	free(arn);
}

/* The part of a secret's source that names it; the "#<key>" behind a secret's name is no part of that. */
static struct slice source_name(const char *source)
{
	const char *name = source;
	if (!skip_prefix(source, SECRETS_MANAGER, &name))
		return slice_of_string(source);
	return (struct slice){ name, strcspn(name, "#") };
}

/* Secrets Manager adds a hyphen and six characters of its own; what is not there is asked for without them, and without
 * leave to that it could not say so. Parameters begin with a slash. */
static void put_source(struct json_writer *w, struct scene *s, bool manager, struct slice name)
{
	char *plain = manager ? xstrfmt("secret:%.*s", (int)name.len, name.data)
			      : xstrfmt("parameter%s%.*s", *name.data == '/' ? "" : "/", (int)name.len, name.data);
	char *full = manager ? xstrfmt("%s-??????", plain) : NULL;
	put_arn(w, s, manager ? "secretsmanager" : "ssm", s->account, plain);
	if (full)
		put_arn(w, s, "secretsmanager", s->account, full);
	free(plain);
	free(full);
}

static void put_sources(struct json_writer *w, struct scene *s, bool manager)
{
	const struct deploy_config *c = s->subject->config;
	struct strmap seen = STRMAP_INIT;
	for (size_t i = 0; i < c->nr_secrets; i++) {
		const char *source = c->secrets[i].source;
		struct slice name = source_name(source);
		if (starts_with(source, SECRETS_MANAGER) != manager || !strmap_add(&seen, name.data, name.len))
			continue;
		put_source(w, s, manager, name);
	}
	strmap_release(&seen, NULL);
}

static bool has_sources(const struct scene *s, bool manager)
{
	const struct deploy_config *c = s->subject->config;
	for (size_t i = 0; i < c->nr_secrets; i++)
		if (starts_with(c->secrets[i].source, SECRETS_MANAGER) == manager)
			return true;
	return false;
}

static void parameters(struct json_writer *w, struct scene *s)
{
	put_sources(w, s, false);
}

static void secrets(struct json_writer *w, struct scene *s)
{
	put_sources(w, s, true);
}

static bool has_parameters(const struct scene *s)
{
	return has_sources(s, false);
}

static bool has_secrets(const struct scene *s)
{
	return has_sources(s, true);
}

static bool has_any_secret(const struct scene *s)
{
	return s->subject->config->nr_secrets > 0;
}

static void keys(struct json_writer *w, struct scene *s)
{
	put_arn(w, s, "kms", s->account, "key/*");
}

static void via_services(struct json_writer *w, struct scene *s)
{
	const char *suffix = !strcmp(s->partition, "aws-cn") ? ".amazonaws.com.cn" : ".amazonaws.com";
	char *ssm = xstrfmt("ssm.%s%s", s->region, suffix), *manager = xstrfmt("secretsmanager.%s%s", s->region, suffix);
	const char *services[2];
	size_t nr = 0;
	if (has_parameters(s))
		services[nr++] = ssm;
	if (has_secrets(s))
		services[nr++] = manager;
	/* Where the region is not known the name has a star in it, which only this test reads as one. */
	put_tests(w, &(struct test){ "kms:ViaService", services, nr,
				     strcmp(s->region, "*") != 0 ? "StringEquals" : "StringLike" }, 1);
	free(ssm);
	free(manager);
}

/* -- what is launched in an instance's place ------------------------------------------------- */

static bool stands_in_by_id(const struct scene *s)
{
	return s->in.spot && s->in.nr_ids;
}

static bool stands_in_by_name(const struct scene *s)
{
	return s->in.spot && s->in.nr_names;
}

static bool launches(const struct scene *s)
{
	return s->in.spot && has_instances(s);
}

static void for_id(struct json_writer *w, struct scene *s)
{
	put_test(w, "aws:ResourceTag/" PERMISSION_STANDS_IN_TAG, s->in.ids, s->in.nr_ids);
}

static void for_id_to_ssm(struct json_writer *w, struct scene *s)
{
	put_test(w, "ssm:resourceTag/" PERMISSION_STANDS_IN_TAG, s->in.ids, s->in.nr_ids);
}

static void for_name(struct json_writer *w, struct scene *s)
{
	put_test(w, "aws:ResourceTag/Name", (const char *const *)s->in.stand_ins, s->in.nr_stand_ins);
}

static void for_name_to_ssm(struct json_writer *w, struct scene *s)
{
	put_test(w, "ssm:resourceTag/Name", (const char *const *)s->in.stand_ins, s->in.nr_stand_ins);
}

static void put_launch(struct json_writer *w, const struct scene *s, struct test who)
{
	struct test tests[] = { who, { "ec2:InstanceType", s->in.types, s->in.nr_types, who.operator } };
	put_tests(w, tests, s->in.nr_types ? 2 : 1);
}

static void launch_for_id(struct json_writer *w, struct scene *s)
{
	put_launch(w, s, (struct test){ "aws:RequestTag/" PERMISSION_STANDS_IN_TAG, s->in.ids, s->in.nr_ids,
					"StringEquals" });
}

static void launch_for_name(struct json_writer *w, struct scene *s)
{
	put_launch(w, s, (struct test){ "aws:RequestTag/Name", (const char *const *)s->in.stand_ins,
					s->in.nr_stand_ins, "StringEquals" });
}

static void launch_parts(struct json_writer *w, struct scene *s)
{
	static const char *const own[] = { "volume/*", "network-interface/*", "subnet/*", "security-group/*",
					    "key-pair/*" };
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		put_arn(w, s, "ec2", s->account, own[i]);
	/* Images have no account in their names. */
	char *images = xstrfmt("arn:%s:ec2:%s::image/*", s->partition, s->region);
	json_string(w, images);
	free(images);
}

static void launch_tags(struct json_writer *w, struct scene *s)
{
	put_arn(w, s, "ec2", s->account, "instance/*");
	put_arn(w, s, "ec2", s->account, "volume/*");
}

static void while_launching(struct json_writer *w, struct scene *s)
{
	static const char *const actions[] = { "RunInstances" };
	(void)s;
	put_test(w, "ec2:CreateAction", actions, 1);
}

struct roles {
	struct json_writer *w;
	const struct scene *s;
};

static void put_role(struct json_writer *w, const struct scene *s, const char *environment)
{
	char *arn = xstrfmt("arn:%s:iam::%s:role/%s%s%s-instance", s->partition, s->account,
			    s->subject->config->app, environment ? "-" : "", environment ? environment : "");
	json_string(w, arn);
	free(arn);
}

static void put_own_role(const struct deploy_environment *env, void *data)
{
	struct roles *r = data;
	put_role(r->w, r->s, env->name);
}

/* As `git deploy infra` calls it, and without the environment; any other of the app's may be allowed more. */
static void launch_role(struct json_writer *w, struct scene *s)
{
	struct roles roles = { w, s };
	put_role(w, s, NULL);
	each_environment(s, put_own_role, &roles);
	s->loose |= !strcmp(s->account, "*");
}

static const char *ec2_service(const struct scene *s)
{
	return !strcmp(s->partition, "aws-cn") ? "ec2.amazonaws.com.cn" : "ec2.amazonaws.com";
}

static void to_ec2(struct json_writer *w, struct scene *s)
{
	const char *service = ec2_service(s);
	put_test(w, "iam:PassedToService", &service, 1);
}

/* -- statements -------------------------------------------------------------------------------- */

static const struct statement {
	enum permission_place place;
	const char *sid;
	bool (*applies)(const struct scene *s); /* NULL: always */
	void (*resources)(struct json_writer *w, struct scene *s);
	void (*condition)(struct json_writer *w, struct scene *s);
} statements[] = {
	{ PLACE_EVERYTHING, "Everywhere", NULL, everything, NULL },
	{ PLACE_REPOSITORY, "Repository", NULL, repository, NULL },
	{ PLACE_INSTANCE, "InstanceById", has_ids, instance_by_id, NULL },
	{ PLACE_INSTANCE, "InstanceByName", has_names, any_instance, named },
	{ PLACE_TAGGED, "TagById", has_ids, instance_by_id, tagged },
	{ PLACE_TAGGED, "TagByName", has_names, any_instance, named_and_tagged },
	{ PLACE_COMMANDED, "CommandById", has_ids, instance_by_id, NULL },
	{ PLACE_COMMANDED, "CommandByName", has_names, any_instance, named_to_ssm },
	{ PLACE_DOCUMENT, "CommandDocument", has_instances, document, NULL },
	{ PLACE_PARAMETERS, "Parameters", has_parameters, parameters, NULL },
	{ PLACE_SECRETS, "Secrets", has_secrets, secrets, NULL },
	{ PLACE_KEYS, "KeysOfSecrets", has_any_secret, keys, via_services },
	{ PLACE_STAND_IN, "StandInOfId", stands_in_by_id, any_instance, for_id },
	{ PLACE_STAND_IN, "StandInOfName", stands_in_by_name, any_instance, for_name },
	{ PLACE_STAND_IN_COMMANDED, "CommandStandInOfId", stands_in_by_id, any_instance, for_id_to_ssm },
	{ PLACE_STAND_IN_COMMANDED, "CommandStandInOfName", stands_in_by_name, any_instance, for_name_to_ssm },
	{ PLACE_LAUNCHED, "LaunchForId", stands_in_by_id, any_instance, launch_for_id },
	{ PLACE_LAUNCHED, "LaunchForName", stands_in_by_name, any_instance, launch_for_name },
	{ PLACE_LAUNCH_PARTS, "LaunchParts", launches, launch_parts, NULL },
	{ PLACE_LAUNCH_TAGS, "LaunchTags", launches, launch_tags, while_launching },
	{ PLACE_LAUNCH_ROLE, "LaunchRole", launches, launch_role, to_ec2 },
};

static bool is_wanted(const struct permission *p, enum permission_role role, enum permission_place place)
{
	return p->place == place && (p->roles & (1u << role));
}

/* Left out where what it is about is not configured. */
static void put_statement(struct json_writer *w, struct scene *s, const struct statement *st, enum permission_role role)
{
	bool any = false;
	for (size_t i = 0; i < permissions_nr; i++)
		any |= is_wanted(&permissions[i], role, st->place);
	if (!any || (st->applies && !st->applies(s)))
		return;
	json_begin_object(w);
	json_put_string(w, "Sid", st->sid);
	json_put_string(w, "Effect", "Allow");
	json_key(w, "Action");
	json_begin_array(w);
	for (size_t i = 0; i < permissions_nr; i++)
		if (is_wanted(&permissions[i], role, st->place))
			json_string(w, permissions[i].action);
	json_end_array(w);
	json_key(w, "Resource");
	json_begin_array(w);
	st->resources(w, s);
	json_end_array(w);
	if (st->condition)
		st->condition(w, s);
	json_end_object(w);
}

void permission_policy(struct buffer *out, const struct permission_subject *subject, enum permission_role role,
		       bool *loose)
{
	struct slice ecr_account, ecr_region;
	struct json_writer w;
	char *account, *region, *own_account = NULL, *own_region = NULL;
	permission_locate(subject, &account, &region);
	if (subject->config->repository.registry &&
	    reference_is_ecr(&subject->config->repository, &ecr_account, &ecr_region)) {
		own_account = xmemdupz(ecr_account.data, ecr_account.len);
		own_region = xmemdupz(ecr_region.data, ecr_region.len);
	}
	struct scene s = {
		.subject = subject, .partition = permission_partition(region),
		.account = account ? account : "*", .region = region ? region : "*",
	};
	s.ecr_account = own_account ? own_account : s.account;
	s.ecr_region = own_region ? own_region : s.region;
	each_environment(&s, add_instances, &s.in);
	add_stand_ins(&s.in);
	json_writer_init(&w, out, true);
	json_begin_object(&w);
	json_put_string(&w, "Version", POLICY_VERSION);
	json_key(&w, "Statement");
	json_begin_array(&w);
	for (size_t i = 0; i < ARRAY_SIZE(statements); i++)
		put_statement(&w, &s, &statements[i], role);
	json_end_array(&w);
	json_end_object(&w);
	buffer_addch(out, '\n');
	if (loose)
		*loose = s.loose;
	free(account);
	free(region);
	for (size_t i = 0; i < s.in.nr_stand_ins; i++)
		free(s.in.stand_ins[i]);
	free(own_account);
	free(own_region);
}

/* -- trust ------------------------------------------------------------------------------------- */

struct subjects {
	struct json_writer *w;
	const char *repository;
};

static void put_subjects(const struct deploy_environment *env, void *data)
{
	struct subjects *s = data;
	char *environment = xstrfmt("repo:%s:environment:%s", s->repository, env->name);
	char *tags = xstrfmt("repo:%s:ref:refs/tags/deploy-%s-*", s->repository, env->name);
	json_string(s->w, environment);
	json_string(s->w, tags);
	free(environment);
	free(tags);
}

static void trust_github(struct json_writer *w, const struct scene *s, const char *repository)
{
	struct subjects subjects = { w, repository };
	char *provider = xstrfmt("arn:%s:iam::%s:oidc-provider/" GITHUB_ISSUER, s->partition, s->account);
	json_key(w, "Principal");
	json_begin_object(w);
	json_put_string(w, "Federated", provider);
	json_end_object(w);
	json_put_string(w, "Action", "sts:AssumeRoleWithWebIdentity");
	json_key(w, "Condition");
	json_begin_object(w);
	json_key(w, "StringEquals");
	json_begin_object(w);
	json_put_string(w, GITHUB_ISSUER ":aud", "sts.amazonaws.com");
	json_end_object(w);
	json_key(w, "StringLike");
	json_begin_object(w);
	json_key(w, GITHUB_ISSUER ":sub");
	json_begin_array(w);
	each_environment(s, put_subjects, &subjects);
	json_end_array(w);
	json_end_object(w);
	json_end_object(w);
	free(provider);
}

void permission_trust(struct buffer *out, const struct permission_subject *subject, enum permission_role role,
		      const char *repository)
{
	struct json_writer w;
	char *account, *region;
	permission_locate(subject, &account, &region);
	struct scene s = { .subject = subject, .partition = permission_partition(region),
			   .account = account ? account : "*", .region = region ? region : "*" };
	json_writer_init(&w, out, true);
	json_begin_object(&w);
	json_put_string(&w, "Version", POLICY_VERSION);
	json_key(&w, "Statement");
	json_begin_array(&w);
	json_begin_object(&w);
	json_put_string(&w, "Effect", "Allow");
	if (role == PERMISSION_INSTANCE) {
		json_key(&w, "Principal");
		json_begin_object(&w);
		json_put_string(&w, "Service", ec2_service(&s));
		json_end_object(&w);
		json_put_string(&w, "Action", "sts:AssumeRole");
	} else {
		trust_github(&w, &s, repository);
	}
	json_end_object(&w);
	json_end_array(&w);
	json_end_object(&w);
	buffer_addch(out, '\n');
	free(account);
	free(region);
}
