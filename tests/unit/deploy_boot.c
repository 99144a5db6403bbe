/* What runs on the instance: values that would get out of their place stay in it, and the files fit into user-data. */
#include "base_testing.h"

#include "base/memory.h"
#include "base/process.h"
#include "base/shell_quote.h"
#include "base/text.h"
#include "deploy/boot.h"
#include "deploy/boot_quote.h"

/* -- quoting ---------------------------------------------------------------------------------- */

static const char *const hostile[] = {
	"plain",
	"it's",
	"'; touch /tmp/x; '",
	"$(touch /tmp/x)`touch /tmp/x`",
	"\\",
	"a\nExecStart=/bin/sh",
	"%h %i %%",
	"\"quoted\" $HOME ${HOME}",
	"",
};

static void test_a_shell_reads_back_the_very_value(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		struct buffer script = BUFFER_INIT, out = BUFFER_INIT;
		buffer_addstr(&script, "printf %s ");
		shell_quote(&script, hostile[i]);
		const char *const argv[] = { "sh", "-c", script.data, NULL };
		struct process_options options = { .out = &out };
		assert_ok(process_run(argv, &options));
		assert_string_equal(out.data, hostile[i]);
		buffer_release(&out);
		buffer_release(&script);
	}
}

static void assert_unit(const char *value, const char *expected)
{
	struct buffer out = BUFFER_INIT;
	boot_quote_unit(&out, value);
	assert_string_equal(out.data, expected);
	buffer_release(&out);
}

static void test_a_unit_gets_no_specifier_no_variable_and_no_second_line(void **state)
{
	(void)state;
	assert_unit("web-demo", "web-demo");
	assert_unit("100%h", "100%%h");
	assert_unit("$HOME", "$$HOME");
	assert_unit("a\nExecStart=/bin/sh", "a?ExecStart=/bin/sh");
	assert_unit("ends with \\", "ends with ?");
}

static void test_places_are_filled_each_in_its_way(void **state)
{
	(void)state;
	static const struct boot_value values[] = { { "name", "it's 100%" } };
	struct buffer out = BUFFER_INIT;
	boot_fill(&out, "a=@sh:name@ b=@unit:name@ c=@text:name@ d=x@y @", values, 1);
	assert_string_equal(out.data, "a='it'\\''s 100%' b=it?s 100%% c=it's 100% d=x@y @");
	buffer_release(&out);
}

/* -- files ------------------------------------------------------------------------------------ */

static struct deploy_secret secrets[] = {
	{ (char *)"OPENAI_API_KEY", (char *)"/web-demo/openai" },
	{ (char *)"PASSWORD", (char *)"secretsmanager:web-demo/db#password" },
};
static char *data[] = { (char *)"/data", (char *)"/var/lib/models" };

static struct deploy_environment prod(void)
{
	return (struct deploy_environment){ .name = (char *)"prod", .port = 80, .strategy = DEPLOY_REPLACE };
}

static struct deploy_config web_demo(void)
{
	return (struct deploy_config){
		.app = (char *)"web-demo",
		.repository = { .registry = (char *)"123456789012.dkr.ecr.eu-central-1.amazonaws.com",
				.repository = (char *)"web-demo" },
		.port = 8501,
		.health = (char *)"/_stcore/health",
		.health_timeout = 90,
		.secrets = secrets,
		.nr_secrets = 2,
		.data = data,
		.nr_data = 2,
		.idle_minutes = 30,
		.uptime_minutes = 720,
	};
}

struct rendered {
	struct boot_file *files;
	size_t nr;
};

static struct rendered render(const struct deploy_config *config, const struct deploy_environment *env)
{
	struct rendered r;
	assert_ok(boot_render(&r.files, &r.nr, config, env, "eu-central-1"));
	return r;
}

/* NULL when there is no such file. */
static const char *text_of(const struct rendered *r, const char *path)
{
	for (size_t i = 0; i < r->nr; i++)
		if (!strcmp(r->files[i].path, path))
			return r->files[i].text.data;
	return NULL;
}

#define UNIT "/etc/systemd/system/git-deploy-web-demo"

static void test_the_settings_say_what_the_configuration_says(void **state)
{
	(void)state;
	struct deploy_config config = web_demo();
	struct deploy_environment env = prod();
	struct rendered r = render(&config, &env);
	const char *settings = text_of(&r, "/etc/git-deploy/settings");
	assert_non_null(settings);
	assert_non_null(strstr(settings, "\napp='web-demo'\n"));
	assert_non_null(strstr(settings, "\nimage='123456789012.dkr.ecr.eu-central-1.amazonaws.com/web-demo'\n"));
	assert_non_null(strstr(settings, "\nregistry_region='eu-central-1'\n"));
	assert_non_null(strstr(settings, "\nport='80'\n"));
	assert_non_null(strstr(settings, "\ncontainer_port='8501'\n"));
	assert_non_null(strstr(settings, "\nidle_seconds='1800'\n"));
	assert_non_null(strstr(settings, "\nsecrets='OPENAI_API_KEY=/web-demo/openai\n"
					 "PASSWORD=secretsmanager:web-demo/db#password'\n"));
	assert_non_null(strstr(settings, "\ndata='git-deploy-web-demo_data:/data\n"
					 "git-deploy-web-demo_var_lib_models:/var/lib/models'\n"));
	boot_files_free(r.files, r.nr);
}

static void test_units_are_named_for_the_app(void **state)
{
	(void)state;
	struct deploy_config config = web_demo();
	struct deploy_environment env = prod();
	struct rendered r = render(&config, &env);
	assert_non_null(strstr(text_of(&r, UNIT ".service"), "\nDescription=web-demo of git deploy (prod)\n"));
	assert_non_null(strstr(text_of(&r, UNIT "@.service"), "\nSyslogIdentifier=web-demo\n"));
	assert_non_null(strstr(text_of(&r, UNIT "-uptime.timer"), "\nOnBootSec=43200\n"));
	assert_non_null(text_of(&r, UNIT "-watch.timer"));
	boot_files_free(r.files, r.nr);
}

static void test_no_place_stays_open(void **state)
{
	(void)state;
	struct deploy_config config = web_demo();
	struct deploy_environment env = prod();
	env.strategy = DEPLOY_CANARY;
	env.second_port = 8081;
	struct rendered r = render(&config, &env);
	for (size_t i = 0; i < r.nr; i++) {
		assert_null(strstr(r.files[i].text.data, "@sh:"));
		assert_null(strstr(r.files[i].text.data, "@unit:"));
		assert_null(strstr(r.files[i].text.data, "@text:"));
	}
	boot_files_free(r.files, r.nr);
}

static void test_a_second_port_brings_the_units_that_hold_ports(void **state)
{
	(void)state;
	struct deploy_config config = web_demo();
	struct deploy_environment env = prod();
	struct rendered r = render(&config, &env);
	assert_null(text_of(&r, UNIT "-port@.socket"));
	boot_files_free(r.files, r.nr);
	env.strategy = DEPLOY_BLUE_GREEN;
	env.second_port = 8081;
	r = render(&config, &env);
	assert_non_null(text_of(&r, UNIT "-port@.socket"));
	assert_non_null(text_of(&r, UNIT "-port@.service"));
	boot_files_free(r.files, r.nr);
}

static void test_without_a_longest_time_nothing_ends_it(void **state)
{
	(void)state;
	struct deploy_config config = web_demo();
	struct deploy_environment env = prod();
	config.uptime_minutes = 0;
	struct rendered r = render(&config, &env);
	assert_null(text_of(&r, UNIT "-uptime.timer"));
	assert_null(text_of(&r, UNIT "-uptime.service"));
	boot_files_free(r.files, r.nr);
}

static void assert_refused(const struct deploy_config *config, const struct deploy_environment *env, const char *region,
			   const char *says)
{
	struct boot_file *files;
	size_t nr;
	assert_error(boot_render(&files, &nr, config, env, region), ERROR_USAGE, says);
	boot_files_free(files, nr);
}

static void test_names_that_are_part_of_a_path_or_a_host_are_refused(void **state)
{
	(void)state;
	struct deploy_config config = web_demo();
	struct deploy_environment env = prod();
	config.app = (char *)"../../etc/cron.d/x";
	assert_refused(&config, &env, "eu-central-1", "the app");
	config.app = (char *)"x\ny";
	assert_refused(&config, &env, "eu-central-1", "the app");
	config = web_demo();
	assert_refused(&config, &env, "evil.example/?", "the region");
	assert_refused(&config, &env, NULL, "region of environment 'prod' is not known");
	env.name = (char *)"--volume=/:/host";
	assert_refused(&config, &env, "eu-central-1", "the environment");
	env = prod();
	config.repository.repository = (char *)"web demo";
	assert_refused(&config, &env, "eu-central-1", "the repository");
}

static void test_secrets_and_folders_that_would_be_more_than_one_are_refused(void **state)
{
	(void)state;
	struct deploy_environment env = prod();
	struct deploy_config config = web_demo();
	struct deploy_secret bad_name = { (char *)"../../x", (char *)"/a" };
	struct deploy_secret bad_source = { (char *)"A", (char *)"/a\nB=/b" };
	char *bad_folders[] = { (char *)"/data:/etc:rw", (char *)"/data\n/:/host", (char *)"data", (char *)"/a/../..", (char *)"/" };
	config.nr_secrets = 1;
	config.secrets = &bad_name;
	assert_refused(&config, &env, "eu-central-1", "is no name of an environment variable");
	config.secrets = &bad_source;
	assert_refused(&config, &env, "eu-central-1", "control character");
	config = web_demo();
	config.nr_data = 1;
	for (size_t i = 0; i < ARRAY_SIZE(bad_folders); i++) {
		config.data = &bad_folders[i];
		assert_refused(&config, &env, "eu-central-1", "data folder");
	}
}

static void test_folders_never_share_a_volume(void **state)
{
	(void)state;
	struct deploy_environment env = prod();
	struct deploy_config config = web_demo();
	char *alike[] = { (char *)"/a/b", (char *)"/a_b", (char *)"/a.b" };
	config.data = alike;
	config.nr_data = 3;
	struct rendered r = render(&config, &env);
	assert_non_null(strstr(text_of(&r, "/etc/git-deploy/settings"),
			       "\ndata='git-deploy-web-demo_a_b:/a/b\ngit-deploy-web-demo_a.5fb:/a_b\n"
			       "git-deploy-web-demo_a.2eb:/a.b'\n"));
	boot_files_free(r.files, r.nr);
}

/* -- user-data -------------------------------------------------------------------------------- */

static void test_user_data_fits_and_does_not_change_by_itself(void **state)
{
	(void)state;
	struct deploy_environment env = prod();
	struct deploy_config config = web_demo();
	struct buffer once = BUFFER_INIT, again = BUFFER_INIT;
	env.strategy = DEPLOY_CANARY;
	env.second_port = 8081;
	struct rendered r = render(&config, &env);
	assert_ok(boot_user_data(&once, r.files, r.nr));
	assert_ok(boot_user_data(&again, r.files, r.nr));
	assert_true(once.len <= 16384);
	assert_string_equal(once.data, again.data);
	assert_true(starts_with(once.data, "#!/bin/sh\n"));
	assert_null(strstr(once.data, "${")); /* CloudFormation and Terraform would fill that in */
	buffer_release(&once);
	buffer_release(&again);
	boot_files_free(r.files, r.nr);
}

static void test_user_data_holds_as_many_secrets_as_there_may_be(void **state)
{
	(void)state;
	struct deploy_environment env = prod();
	struct deploy_config config = web_demo();
	struct deploy_secret many[DEPLOY_MAX_SECRETS];
	struct buffer out = BUFFER_INIT;
	for (unsigned i = 0; i < ARRAY_SIZE(many); i++) {
		many[i].variable = xstrfmt("SERVICE_%u_TOKEN", i * 2654435761u);
		many[i].source = xstrfmt("/web-demo/services/%u/token", i * 2246822519u);
	}
	config.secrets = many;
	config.nr_secrets = ARRAY_SIZE(many);
	env.strategy = DEPLOY_CANARY;
	env.second_port = 8081;
	struct rendered r = render(&config, &env);
	assert_ok(boot_user_data(&out, r.files, r.nr));
	for (size_t i = 0; i < ARRAY_SIZE(many); i++) {
		free(many[i].variable);
		free(many[i].source);
	}
	buffer_release(&out);
	boot_files_free(r.files, r.nr);
}

static void test_user_data_beyond_the_ceiling_of_ec2_is_refused(void **state)
{
	(void)state;
	struct boot_file file = { "/etc/git-deploy/noise", 0644, BUFFER_INIT };
	struct buffer out = BUFFER_INIT;
	unsigned x = 1;
	for (size_t i = 0; i < 20000; i++) {
		x = x * 1103515245 + 12345;
		buffer_addch(&file.text, (char)('!' + (x >> 16) % 90));
	}
	buffer_addch(&file.text, '\n');
	assert_error(boot_user_data(&out, &file, 1), ERROR_LIMIT, "EC2 takes 16384");
	buffer_release(&out);
	buffer_release(&file.text);
}

static void test_no_text_ends_its_own_here_document(void **state)
{
	(void)state;
	struct boot_file file = { "/etc/git-deploy/text", 0644, BUFFER_INIT };
	struct buffer out = BUFFER_INIT, script = BUFFER_INIT;
	buffer_addstr(&file.text, "END\ntouch /tmp/x\nEND_\n");
	assert_ok(boot_user_data(&out, &file, 1));
	/* What is packed in it, as a shell would unpack it. */
	const char *const argv[] = { "sh", "-c", "sed '1,/base64/d;/^END$/,$d' | base64 -d | gzip -dc", NULL };
	struct process_options options = { .input = slice_of(&out), .out = &script };
	assert_ok(process_run(argv, &options));
	assert_non_null(strstr(script.data, "<<'END__'\nEND\ntouch /tmp/x\nEND_\nEND__\n"));
	buffer_release(&script);
	buffer_release(&out);
	buffer_release(&file.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_shell_reads_back_the_very_value),
		cmocka_unit_test(test_a_unit_gets_no_specifier_no_variable_and_no_second_line),
		cmocka_unit_test(test_places_are_filled_each_in_its_way),
		cmocka_unit_test(test_the_settings_say_what_the_configuration_says),
		cmocka_unit_test(test_units_are_named_for_the_app),
		cmocka_unit_test(test_no_place_stays_open),
		cmocka_unit_test(test_a_second_port_brings_the_units_that_hold_ports),
		cmocka_unit_test(test_without_a_longest_time_nothing_ends_it),
		cmocka_unit_test(test_names_that_are_part_of_a_path_or_a_host_are_refused),
		cmocka_unit_test(test_secrets_and_folders_that_would_be_more_than_one_are_refused),
		cmocka_unit_test(test_folders_never_share_a_volume),
		cmocka_unit_test(test_user_data_fits_and_does_not_change_by_itself),
		cmocka_unit_test(test_user_data_holds_as_many_secrets_as_there_may_be),
		cmocka_unit_test(test_user_data_beyond_the_ceiling_of_ec2_is_refused),
		cmocka_unit_test(test_no_text_ends_its_own_here_document),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
