#include "git_fixture.h"

#include "base/json.h"
#include "base/text.h"
#include "cloud/actions.h"
#include "deploy/permissions.h"

static const char file[] =
	"app: web-demo\n"
	"registry: 123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/web-demo\n"
	"image:\n  base: python:3.12-slim\n"
	"port: 8501\n"
	"secrets:\n"
	"  OPENAI_API_KEY: /web-demo/openai\n"
	"  DB_PASSWORD: secretsmanager:web-demo/db#password\n"
	"  DB_USER: secretsmanager:web-demo/db#user\n"
	"environments:\n"
	"  prod:\n    instance: web-demo\n    type: t3.medium\n"
	"  test:\n    instance: i-0123456789abcdef0\n"
	"  gpu:\n    instance: web-gpu\n    type: g5.xlarge\n    spot: true\n"
	"  bare: {}\n";

static struct deploy_config config_of(const char *text)
{
	struct deploy_config config;
	assert_success(deploy_config_parse(&config, slice_of_string(text), ".deploy.yml"));
	return config;
}

static cJSON *parse(struct buffer *text)
{
	cJSON *json;
	assert_success(json_parse(&json, slice_of(text), "the policy"));
	buffer_release(text);
	return json;
}

static cJSON *policy(const struct deploy_config *config, const char *environment, enum permission_role role)
{
	struct permission_subject subject = { .config = config };
	struct buffer text = BUFFER_INIT;
	assert_success(deploy_config_environment(config, environment, &subject.env));
	permission_policy(&text, &subject, role, NULL);
	return parse(&text);
}

static const cJSON *statement(const cJSON *policy, const char *sid)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(policy, "Statement"), *each;
	cJSON_ArrayForEach(each, list)
		if (!strcmp(json_string_or(each, "Sid", ""), sid))
			return each;
	return NULL;
}

static bool array_has(const cJSON *array, const char *value)
{
	const cJSON *each;
	cJSON_ArrayForEach(each, array)
		if (!strcmp(cJSON_GetStringValue(each), value))
			return true;
	return false;
}

static bool allows(const cJSON *policy, const char *action)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(policy, "Statement"), *each;
	cJSON_ArrayForEach(each, list)
		if (array_has(cJSON_GetObjectItemCaseSensitive(each, "Action"), action))
			return true;
	return false;
}

static void assert_resources(const cJSON *statement, const char *const *wanted, size_t nr)
{
	const cJSON *resources = cJSON_GetObjectItemCaseSensitive(statement, "Resource");
	assert_int_equal(cJSON_GetArraySize(resources), nr);
	for (size_t i = 0; i < nr; i++)
		assert_true(array_has(resources, wanted[i]));
}

static const cJSON *condition(const cJSON *statement, const char *test, const char *key)
{
	const cJSON *all = cJSON_GetObjectItemCaseSensitive(statement, "Condition");
	return cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(all, test), key);
}

/* -- the tables -------------------------------------------------------------------------------- */

static bool is_permitted(const struct cloud_action *action, unsigned *roles)
{
	char *name = xstrfmt("%s:%s", action->service, action->name);
	bool found = false;
	*roles = 0;
	for (size_t i = 0; i < permissions_nr; i++)
		if (!strcmp(permissions[i].action, name)) {
			found = true;
			*roles |= permissions[i].roles;
		}
	free(name);
	return found;
}

static void every_action_that_is_called_has_a_permission(void **state)
{
	(void)state;
	for (size_t i = 0; i < cloud_actions_nr; i++) {
		const struct cloud_action *a = &cloud_actions[i];
		unsigned roles;
		if (!is_permitted(a, &roles))
			fail_msg("%s:%s has no permission", a->service, a->name);
		if (a->way == ACTION_INSTANCE)
			assert_true(roles & (1u << PERMISSION_INSTANCE));
		else if (a->way == ACTION_CALL)
			assert_true(roles & (1u << PERMISSION_PERSON));
	}
}

static void every_permission_is_for_an_action_that_is_called(void **state)
{
	(void)state;
	for (size_t i = 0; i < permissions_nr; i++) {
		bool found = false;
		for (size_t j = 0; j < cloud_actions_nr && !found; j++) {
			char *name = xstrfmt("%s:%s", cloud_actions[j].service, cloud_actions[j].name);
			found = !strcmp(permissions[i].action, name);
			free(name);
		}
		if (!found)
			fail_msg("nobody calls %s", permissions[i].action);
	}
}

static void no_permission_is_a_pattern(void **state)
{
	(void)state;
	for (size_t i = 0; i < permissions_nr; i++)
		assert_null(strpbrk(permissions[i].action, "*?"));
}

static void people_may_what_ci_may(void **state)
{
	(void)state;
	for (size_t i = 0; i < permissions_nr; i++)
		if (permissions[i].roles & (1u << PERMISSION_CI))
			assert_true(permissions[i].roles & (1u << PERMISSION_PERSON));
}

/* -- policies ---------------------------------------------------------------------------------- */

static void ci_may_push_to_the_one_repository(void **state)
{
	static const char *const one[] = { "arn:aws:ecr:eu-central-1:123456789012:repository/team/web-demo" };
	struct deploy_config config = config_of(file);
	cJSON *p = policy(&config, "prod", PERMISSION_CI);
	(void)state;
	assert_resources(statement(p, "Repository"), one, 1);
	assert_true(allows(p, "ecr:PutImage"));
	assert_false(allows(p, "ecr:CreateRepository"));
	assert_false(allows(p, "ssm:GetParameter"));
	assert_false(allows(p, "secretsmanager:GetSecretValue"));
	cJSON_Delete(p);
	deploy_config_release(&config);
}

static void an_instance_known_by_name_is_allowed_by_its_tag(void **state)
{
	static const char *const all[] = { "arn:aws:ec2:eu-central-1:123456789012:instance/*" };
	struct deploy_config config = config_of(file);
	cJSON *p = policy(&config, "prod", PERMISSION_CI);
	const cJSON *s = statement(p, "InstanceByName"), *c = statement(p, "CommandByName");
	(void)state;
	assert_resources(s, all, 1);
	assert_true(array_has(condition(s, "StringEquals", "aws:ResourceTag/Name"), "web-demo"));
	assert_true(array_has(condition(c, "StringEquals", "ssm:resourceTag/Name"), "web-demo"));
	assert_null(statement(p, "InstanceById"));
	cJSON_Delete(p);
	deploy_config_release(&config);
}

static void an_instance_known_by_id_is_allowed_by_it(void **state)
{
	static const char *const one[] = { "arn:aws:ec2:eu-central-1:123456789012:instance/i-0123456789abcdef0" };
	struct deploy_config config = config_of(file);
	cJSON *p = policy(&config, "test", PERMISSION_CI);
	(void)state;
	assert_resources(statement(p, "InstanceById"), one, 1);
	assert_resources(statement(p, "CommandById"), one, 1);
	assert_null(statement(p, "InstanceByName"));
	cJSON_Delete(p);
	deploy_config_release(&config);
}

/* With the name of a stand-in, it could be ended. */
static void instances_get_no_tag_but_the_one_that_ends_them(void **state)
{
	static const char *const environments[] = { "prod", "test" };
	static const char *const sids[] = { "TagByName", "TagById" };
	struct deploy_config config = config_of(file);
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sids); i++) {
		cJSON *p = policy(&config, environments[i], PERMISSION_CI);
		const cJSON *s = statement(p, sids[i]);
		const cJSON *keys = condition(s, "ForAllValues:StringEquals", "aws:TagKeys");
		assert_int_equal(cJSON_GetArraySize(keys), 1);
		assert_true(array_has(keys, PERMISSION_STOP_AFTER_TAG));
		cJSON_Delete(p);
	}
	deploy_config_release(&config);
}

static void only_roles_of_instances_are_passed_on(void **state)
{
	static const char *const roles[] = { "arn:aws:iam::123456789012:role/web-demo-instance",
					     "arn:aws:iam::123456789012:role/web-demo-gpu-instance" };
	struct deploy_config config = config_of(file);
	cJSON *p = policy(&config, "gpu", PERMISSION_CI);
	(void)state;
	assert_resources(statement(p, "LaunchRole"), roles, ARRAY_SIZE(roles));
	cJSON_Delete(p);
	deploy_config_release(&config);
}

static void without_an_instance_nothing_about_instances_is_allowed(void **state)
{
	struct deploy_config config = config_of(file);
	cJSON *p = policy(&config, "bare", PERMISSION_PERSON);
	(void)state;
	assert_false(allows(p, "ec2:StartInstances"));
	assert_false(allows(p, "ssm:SendCommand"));
	cJSON_Delete(p);
	deploy_config_release(&config);
}

static void commands_are_limited_to_one_document(void **state)
{
	static const char *const one[] = { "arn:aws:ssm:eu-central-1::document/AWS-RunShellScript" };
	struct deploy_config config = config_of(file);
	cJSON *p = policy(&config, "prod", PERMISSION_CI);
	(void)state;
	assert_resources(statement(p, "CommandDocument"), one, 1);
	cJSON_Delete(p);
	deploy_config_release(&config);
}

static void the_instance_reads_its_own_secrets_one_by_one(void **state)
{
	static const char *const parameter[] = { "arn:aws:ssm:eu-central-1:123456789012:parameter/web-demo/openai" };
	static const char *const secret[] = {
		"arn:aws:secretsmanager:eu-central-1:123456789012:secret:web-demo/db",
		"arn:aws:secretsmanager:eu-central-1:123456789012:secret:web-demo/db-??????",
	};
	struct deploy_config config = config_of(file);
	cJSON *p = policy(&config, "prod", PERMISSION_INSTANCE);
	const cJSON *services = condition(statement(p, "KeysOfSecrets"), "StringEquals", "kms:ViaService");
	(void)state;
	assert_resources(statement(p, "Parameters"), parameter, 1);
	assert_resources(statement(p, "Secrets"), secret, 2);
	assert_true(array_has(services, "ssm.eu-central-1.amazonaws.com"));
	assert_true(array_has(services, "secretsmanager.eu-central-1.amazonaws.com"));
	assert_false(allows(p, "ecr:PutImage"));
	assert_false(allows(p, "ec2:StartInstances"));
	cJSON_Delete(p);
	deploy_config_release(&config);
}

static void new_instances_are_allowed_only_where_spot_ones_are_asked_for(void **state)
{
	struct deploy_config config = config_of(file);
	cJSON *prod = policy(&config, "prod", PERMISSION_CI), *gpu = policy(&config, "gpu", PERMISSION_CI);
	const cJSON *launch = statement(gpu, "LaunchForName");
	(void)state;
	assert_false(allows(prod, "ec2:RunInstances"));
	assert_false(allows(prod, "iam:PassRole"));
	assert_false(allows(prod, "ec2:TerminateInstances"));
	assert_true(array_has(condition(launch, "StringEquals", "aws:RequestTag/Name"), "web-gpu (spot)"));
	assert_false(array_has(condition(statement(gpu, "StandInOfName"), "StringEquals", "aws:ResourceTag/Name"),
			       "web-gpu"));
	assert_true(array_has(condition(launch, "StringEquals", "ec2:InstanceType"), "g5.xlarge"));
	assert_true(array_has(condition(statement(gpu, "LaunchRole"), "StringEquals", "iam:PassedToService"),
			      "ec2.amazonaws.com"));
	cJSON_Delete(prod);
	cJSON_Delete(gpu);
	deploy_config_release(&config);
}

static void what_is_not_known_is_a_star_and_told(void **state)
{
	struct deploy_config config = config_of("app: a\nregistry: ghcr.io/acme/a\nimage:\n  base: alpine\nport: 80\n"
						"environments:\n  prod:\n    instance: a\n");
	struct permission_subject subject = { .config = &config, .env = &config.environments[0] };
	struct buffer text = BUFFER_INIT;
	bool loose = false;
	(void)state;
	permission_policy(&text, &subject, PERMISSION_CI, &loose);
	assert_true(loose);
	assert_non_null(strstr(text.data, "arn:aws:ec2:*:*:instance/*"));
	buffer_reset(&text);
	subject.account = "210987654321";
	subject.region = "us-gov-west-1";
	permission_policy(&text, &subject, PERMISSION_CI, &loose);
	assert_false(loose);
	assert_non_null(strstr(text.data, "arn:aws-us-gov:ec2:us-gov-west-1:210987654321:instance/*"));
	buffer_release(&text);
	deploy_config_release(&config);
}

/* -- trust ------------------------------------------------------------------------------------- */

static cJSON *trust(const struct deploy_config *config, enum permission_role role)
{
	struct permission_subject subject = { .config = config, .env = &config->environments[0] };
	struct buffer text = BUFFER_INIT;
	permission_trust(&text, &subject, role, "acme/web");
	return parse(&text);
}

static void github_is_trusted_for_the_environment_and_its_tags(void **state)
{
	struct deploy_config config = config_of(file);
	cJSON *p = trust(&config, PERMISSION_CI);
	const cJSON *s = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(p, "Statement"), 0);
	const cJSON *subjects = condition(s, "StringLike", "token.actions.githubusercontent.com:sub");
	(void)state;
	assert_int_equal(cJSON_GetArraySize(subjects), 2);
	assert_true(array_has(subjects, "repo:acme/web:environment:prod"));
	assert_true(array_has(subjects, "repo:acme/web:ref:refs/tags/deploy-prod-*"));
	assert_non_null(condition(s, "StringEquals", "token.actions.githubusercontent.com:aud"));
	cJSON_Delete(p);
	deploy_config_release(&config);
}

static void the_instance_role_is_for_ec2(void **state)
{
	struct deploy_config config = config_of(file);
	cJSON *p = trust(&config, PERMISSION_INSTANCE);
	const cJSON *s = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(p, "Statement"), 0);
	(void)state;
	assert_string_equal(json_string_or(cJSON_GetObjectItemCaseSensitive(s, "Principal"), "Service", ""),
			    "ec2.amazonaws.com");
	cJSON_Delete(p);
	deploy_config_release(&config);
}

int main(void)
{
	fixture_environment();
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_action_that_is_called_has_a_permission),
		cmocka_unit_test(every_permission_is_for_an_action_that_is_called),
		cmocka_unit_test(no_permission_is_a_pattern),
		cmocka_unit_test(people_may_what_ci_may),
		cmocka_unit_test(ci_may_push_to_the_one_repository),
		cmocka_unit_test(an_instance_known_by_name_is_allowed_by_its_tag),
		cmocka_unit_test(an_instance_known_by_id_is_allowed_by_it),
		cmocka_unit_test(instances_get_no_tag_but_the_one_that_ends_them),
		cmocka_unit_test(only_roles_of_instances_are_passed_on),
		cmocka_unit_test(without_an_instance_nothing_about_instances_is_allowed),
		cmocka_unit_test(commands_are_limited_to_one_document),
		cmocka_unit_test(the_instance_reads_its_own_secrets_one_by_one),
		cmocka_unit_test(new_instances_are_allowed_only_where_spot_ones_are_asked_for),
		cmocka_unit_test(what_is_not_known_is_a_star_and_told),
		cmocka_unit_test(github_is_trusted_for_the_environment_and_its_tags),
		cmocka_unit_test(the_instance_role_is_for_ec2),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
