#include "git_fixture.h"

#include "base/text.h"
#include "deploy/infrastructure.h"

static const char app[] = "app: web-demo\n"
			  "registry: 123456789012.dkr.ecr.eu-central-1.amazonaws.com/web-demo\n"
			  "image:\n  base: python:3.12-slim\n"
			  "port: 8501\n";

struct scene {
	struct deploy_config config;
	struct infrastructure i;
	struct buffer out;
};

static void setup(struct scene *s, const char *rest)
{
	char *text = xstrfmt("%s%s", app, rest);
	*s = (struct scene){ .out = BUFFER_INIT };
	assert_success(deploy_config_parse(&s->config, slice_of_string(text), ".deploy.yml"));
	s->i = (struct infrastructure){ .config = &s->config, .env = &s->config.environments[0] };
	free(text);
}

static const char *render(struct scene *s, enum infrastructure_format format)
{
	bool loose;
	buffer_reset(&s->out);
	assert_success(infrastructure_render(&s->out, &s->i, format, &loose));
	return s->out.data;
}

static void teardown(struct scene *s)
{
	buffer_release(&s->out);
	deploy_config_release(&s->config);
}

static void no_place_of_a_template_is_left_open(void **state)
{
	static const char *const rests[] = {
		"environments:\n  prod: {}\n",
		"gpu: true\nidle: never\nuptime: never\nenvironments:\n  prod:\n    hibernate: true\n    spot: true\n"
		"    instance: web\n    type: g5.xlarge\n",
	};
	static const char *const repositories[] = { NULL, "acme/web" };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rests); i++)
		for (size_t j = 0; j < ARRAY_SIZE(repositories); j++) {
			struct scene s;
			setup(&s, rests[i]);
			s.i.repository = repositories[j];
			for (int format = 0; format < 2; format++) {
				const char *text = render(&s, (enum infrastructure_format)format);
				assert_null(strstr(text, "@if"));
				assert_null(strstr(text, "@end"));
				assert_null(strstr(text, "@text:"));
				assert_null(strstr(text, "@yaml:"));
				assert_null(strstr(text, "@hcl"));
				assert_null(strstr(text, "@block:"));
				assert_null(strstr(text, "\t"));
			}
			teardown(&s);
		}
}

static void alarms_are_there_when_there_are_limits(void **state)
{
	struct scene s;
	(void)state;
	setup(&s, "idle: 30 minutes\nuptime: 12 hours\nenvironments:\n  prod: {}\n");
	const char *text = render(&s, INFRASTRUCTURE_CLOUDFORMATION);
	assert_non_null(strstr(text, "IdleAlarm:"));
	assert_non_null(strstr(text, "EvaluationPeriods: 12\n")); /* an hour: behind the timer */
	assert_non_null(strstr(text, "UptimeAlarm:"));
	assert_non_null(strstr(text, "EvaluationPeriods: 13\n"));
	teardown(&s);
	setup(&s, "idle: never\nuptime: never\nenvironments:\n  prod: {}\n");
	assert_null(strstr(render(&s, INFRASTRUCTURE_CLOUDFORMATION), "Alarm:"));
	teardown(&s);
}

static void the_repository_is_made_once_for_all_environments(void **state)
{
	struct scene s;
	(void)state;
	setup(&s, "environments:\n  test: {}\n  prod: {}\n");
	const char *text = render(&s, INFRASTRUCTURE_CLOUDFORMATION);
	assert_non_null(strstr(text, "AWS::ECR::Repository"));
	assert_non_null(strstr(text, "ImageTagMutabilityExclusionFilterValue: 'prod'"));
	assert_non_null(strstr(text, "ImageTagMutabilityExclusionFilterValue: 'test'"));
	assert_non_null(strstr(text, "ImageTagMutabilityExclusionFilterValue: 'latest'"));
	s.i.env = &s.config.environments[1];
	assert_null(strstr(render(&s, INFRASTRUCTURE_CLOUDFORMATION), "AWS::ECR::Repository"));
	teardown(&s);
}

static void more_movable_tags_than_the_registry_tells_apart_make_all_movable(void **state)
{
	struct scene s;
	(void)state;
	setup(&s, "environments:\n  a: {}\n  b: {}\n  c: {}\n  d: {}\n  e: {}\n");
	assert_null(strstr(render(&s, INFRASTRUCTURE_CLOUDFORMATION), "IMMUTABLE"));
	assert_null(strstr(render(&s, INFRASTRUCTURE_TERRAFORM), "IMMUTABLE"));
	teardown(&s);
}

static void images_that_are_served_never_expire(void **state)
{
	static const char *const served[] = { "latest", "prod", "test", "test-canary" };
	struct scene s;
	(void)state;
	setup(&s, "environments:\n  prod: {}\n  test:\n    strategy: canary\n    second_port: 8081\n");
	for (enum infrastructure_format f = INFRASTRUCTURE_CLOUDFORMATION; f <= INFRASTRUCTURE_TERRAFORM; f++) {
		const char *text = render(&s, f), *all = strstr(text, "\"*\"\n"), *own;
		assert_non_null(all);
		for (size_t i = 0; i < ARRAY_SIZE(served); i++) {
			char *pattern = xstrfmt("  \"%s\"\n", served[i]);
			own = strstr(text, pattern);
			assert_true(own && own < all);
			free(pattern);
		}
	}
	teardown(&s);
}

/* A user may have 2048 characters of policies within; where spot instances are launched, CI needs more. */
static void the_policy_of_a_user_is_no_part_of_it(void **state)
{
	struct scene s;
	(void)state;
	setup(&s, "environments:\n  prod:\n    spot: true\n");
	const char *text = render(&s, INFRASTRUCTURE_CLOUDFORMATION);
	const char *user = strstr(text, "AWS::IAM::User\n"), *policy = strstr(text, "AWS::IAM::ManagedPolicy\n");
	assert_true(user && policy && user < policy);
	assert_null(memmem(user, (size_t)(policy - user), "Policies:", strlen("Policies:")));
	text = render(&s, INFRASTRUCTURE_TERRAFORM);
	assert_non_null(strstr(text, "resource \"aws_iam_user_policy_attachment\" \"ci\""));
	assert_null(strstr(text, "resource \"aws_iam_user_policy\""));
	teardown(&s);
}

static void an_instance_that_is_there_already_is_not_made_again_under_its_id(void **state)
{
	struct scene s;
	(void)state;
	setup(&s, "environments:\n  prod:\n    instance: i-0123456789abcdef0\n");
	char *name = infrastructure_instance(&s.i);
	assert_string_equal(name, "web-demo-prod");
	assert_null(strstr(render(&s, INFRASTRUCTURE_CLOUDFORMATION), "i-0123456789abcdef0"));
	free(name);
	teardown(&s);
}

static void the_type_fits_the_platform(void **state)
{
	struct scene s;
	(void)state;
	setup(&s, "environments:\n  prod: {}\n");
	assert_string_equal(infrastructure_type(&s.i), "t3.medium");
	free(s.config.platform);
	s.config.platform = xstrdup("linux/arm64");
	assert_string_equal(infrastructure_type(&s.i), "t4g.medium");
	assert_non_null(strstr(render(&s, INFRASTRUCTURE_TERRAFORM), "al2023-ami-kernel-default-arm64"));
	teardown(&s);
}

static void prices_of_all_that_is_made_are_told(void **state)
{
	struct scene s;
	struct resources r = { 0 };
	double hour, month;
	size_t unknown;
	(void)state;
	setup(&s, "environments:\n  prod:\n    type: t3.medium\n");
	infrastructure_resources(&r, NULL, &s.i);
	resources_sum(&r, true, &hour, &month, &unknown);
	assert_true(hour > 0.052 && hour < 0.054);
	assert_true(month > 1.9 && month < 2.1);
	assert_int_equal(unknown, 0);
	assert_error(resources_check(&r, false), ERROR_BUDGET);
	resources_release(&r);
	teardown(&s);
	setup(&s, "environments:\n  prod:\n    type: x9.huge\n");
	infrastructure_resources(&r, NULL, &s.i);
	resources_sum(&r, true, NULL, NULL, &unknown);
	assert_int_equal(unknown, 1);
	resources_release(&r);
	teardown(&s);
}

int main(void)
{
	fixture_environment();
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_place_of_a_template_is_left_open),
		cmocka_unit_test(alarms_are_there_when_there_are_limits),
		cmocka_unit_test(the_repository_is_made_once_for_all_environments),
		cmocka_unit_test(more_movable_tags_than_the_registry_tells_apart_make_all_movable),
		cmocka_unit_test(images_that_are_served_never_expire),
		cmocka_unit_test(the_policy_of_a_user_is_no_part_of_it),
		cmocka_unit_test(an_instance_that_is_there_already_is_not_made_again_under_its_id),
		cmocka_unit_test(the_type_fits_the_platform),
		cmocka_unit_test(prices_of_all_that_is_made_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
