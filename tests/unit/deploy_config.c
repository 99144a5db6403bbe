/* .deploy.yml: what it may say, what it may never say, and how people are told. */
#include "git_fixture.h"

#include <cjson/cJSON.h>

#include "base/text.h"
#include "deploy/config.h"
#include "deploy/config_text.h"

static const char whole[] =
	"app: web-demo\n"
	"registry: 108712345678.dkr.ecr.eu-central-1.amazonaws.com/web-demo\n"
	"image:\n"
	"  base: python:3.12-slim\n"
	"  dependencies: requirements.txt\n"
	"  packages: [libgomp1, 'g++=4:12.2.0-3']\n"
	"  files: [app.py, ./pages/]\n"
	"  command: [streamlit, run, app.py, --server.port=8501]\n"
	"  environment: {THEME: dark, WORKERS: 2}\n"
	"  platform: linux/arm64\n"
	"  user: nobody\n"
	"port: 8501\n"
	"health: {path: /_stcore/health, timeout: 2 minutes}\n"
	"secrets:\n"
	"  OPENAI_API_KEY: /web-demo/openai\n"
	"  DB_PASSWORD: secretsmanager:web-demo/db#password\n"
	"data: [/data]\n"
	"memory: 2 GB\n"
	"gpu: true\n"
	"idle: 15 minutes\n"
	"uptime: 8 hours\n"
	"budget: {warn: 5, stop: 7.50}\n"
	"allow: [docs/fake-key.txt]\n"
	"environments:\n"
	"  test:\n"
	"  prod: {region: eu-west-1, instance: web-demo, type: t3.medium, port: 81, spot: true,\n"
	"         hibernate: true, strategy: canary, second_port: 8081, canary_instance: "
	"i-0123456789abcdef0,\n"
	"         url: 'http://demo.example.org/'}\n";

#define MINIMAL "app: a\nport: 80\nimage: {base: nginx}\n"

static struct error *parse(struct deploy_config *c, const char *text)
{
	return deploy_config_parse(c, slice_of_string(text), ".deploy.yml");
}

static void assert_refused(const char *text, const char *message)
{
	struct deploy_config c;
	struct error *err = parse(&c, text);
	assert_non_null(err);
	assert_string_equal(err->message, message);
	assert_int_equal(err->code, ERROR_SYNTAX);
	assert_null(c.app);
	error_free(err);
}

static void test_all_keys_are_read(void **state)
{
	struct deploy_config c;
	(void)state;
	assert_success(parse(&c, whole));
	assert_string_equal(c.app, "web-demo");
	assert_string_equal(c.repository.registry, "108712345678.dkr.ecr.eu-central-1.amazonaws.com");
	assert_string_equal(c.repository.repository, "web-demo");
	assert_string_equal(c.base, "python:3.12-slim");
	assert_string_equal(c.dependencies, "requirements.txt");
	assert_int_equal(c.nr_packages, 2);
	assert_string_equal(c.packages[1], "g++=4:12.2.0-3");
	assert_int_equal(c.nr_files, 2);
	assert_string_equal(c.files[1], "pages");
	assert_null(c.files[2]);
	assert_int_equal(c.nr_command, 4);
	assert_string_equal(c.command[3], "--server.port=8501");
	assert_int_equal(c.nr_environment, 2);
	assert_string_equal(c.environment[1].name, "WORKERS");
	assert_string_equal(c.environment[1].value, "2");
	assert_string_equal(c.platform, "linux/arm64");
	assert_string_equal(c.user, "nobody");
	assert_string_equal(c.context, "");
	assert_null(c.dockerfile);
	assert_int_equal(c.port, 8501);
	assert_string_equal(c.health, "/_stcore/health");
	assert_int_equal(c.health_timeout, 120);
	assert_int_equal(c.nr_secrets, 2);
	assert_string_equal(c.secrets[1].variable, "DB_PASSWORD");
	assert_string_equal(c.secrets[1].source, "secretsmanager:web-demo/db#password");
	assert_string_equal(c.data[0], "/data");
	assert_int_equal(c.memory_megabytes, 2048);
	assert_true(c.gpu);
	assert_int_equal(c.idle_minutes, 15);
	assert_int_equal(c.uptime_minutes, 8 * 60);
	assert_true(c.warn_usd == 5 && c.stop_usd == 7.5);
	assert_string_equal(c.allowed_secrets[0], "docs/fake-key.txt");
	assert_int_equal(c.nr_environments, 2);
	const struct deploy_environment *prod = &c.environments[1];
	assert_string_equal(prod->name, "prod");
	assert_string_equal(prod->region, "eu-west-1");
	assert_string_equal(prod->instance, "web-demo");
	assert_string_equal(prod->type, "t3.medium");
	assert_string_equal(prod->canary_instance, "i-0123456789abcdef0");
	assert_int_equal(prod->port, 81);
	assert_int_equal(prod->second_port, 8081);
	assert_true(prod->spot && prod->hibernate);
	assert_int_equal(prod->strategy, DEPLOY_CANARY);
	assert_string_equal(prod->url, "http://demo.example.org/");
	deploy_config_release(&c);
}

static void test_what_is_not_said_has_a_default(void **state)
{
	struct deploy_config c;
	(void)state;
	assert_success(parse(&c, MINIMAL "environments: {prod: {}}\n"));
	assert_null(c.repository.registry);
	assert_string_equal(c.platform, "linux/amd64");
	assert_string_equal(c.health, "/");
	assert_int_equal(c.health_timeout, DEPLOY_DEFAULT_HEALTH_SECONDS);
	assert_int_equal(c.idle_minutes, 30);
	assert_int_equal(c.uptime_minutes, 12 * 60);
	assert_true(c.warn_usd == 15 && c.stop_usd == 20);
	assert_int_equal(c.environments[0].port, 80);
	assert_int_equal(c.environments[0].strategy, DEPLOY_REPLACE);
	assert_null(c.user);
	assert_int_equal(c.nr_command, 0);
	deploy_config_release(&c);
}

static void test_never_is_no_minutes(void **state)
{
	struct deploy_config c;
	(void)state;
	assert_success(parse(&c, MINIMAL "idle: never\nuptime: 0\n"));
	assert_int_equal(c.idle_minutes, 0);
	assert_int_equal(c.uptime_minutes, 0);
	deploy_config_release(&c);
	assert_refused(MINIMAL "idle: 30\n", ".deploy.yml:4:7: 'idle' must be a time such as '30 minutes' or "
					     "'12 hours' (7 days at most), or never");
	assert_refused(MINIMAL "idle: 1 minute\n",
		       ".deploy.yml:4:7: 'idle' must be at least 5 minutes, or never");
}

static void test_unknown_keys_are_told_with_the_nearest(void **state)
{
	(void)state;
	assert_refused("ap: x\n", ".deploy.yml:1:1: unknown key 'ap'; did you mean 'app'?");
	assert_refused(MINIMAL "budget: {wrn: 3}\n",
		       ".deploy.yml:4:10: unknown key 'wrn' in 'budget'; did you mean 'warn'?");
	assert_refused("command: [x]\n", ".deploy.yml:1:1: 'command' belongs below 'image'");
	assert_refused("image: {quux: 1}\n", ".deploy.yml:1:9: unknown key 'quux' in 'image'");
	assert_refused(
		MINIMAL "environments:\n  prod:\n    regoin: x\n",
		".deploy.yml:6:5: unknown key 'regoin' in 'environments.prod'; did you mean 'region'?");
	assert_refused("\"\\e[31m\": 1\n", ".deploy.yml:1:1: unknown key '\\x1b[31m'");
}

static void test_keys_that_no_repository_may_set_say_why(void **state)
{
	(void)state;
	assert_refused(
		MINIMAL "endpoint_url: http://evil.example\n",
		".deploy.yml:4:1: 'endpoint_url' cannot be set by a repository (anyone who can open a pull "
		"request could be sent your credentials)");
	assert_refused(MINIMAL "environments: {prod: {User_Data: '#!/bin/sh'}}\n",
		       ".deploy.yml:4:23: 'user_data' cannot be set by a repository (anyone who can open a "
		       "pull request "
		       "could run it outside of the container)");
	assert_refused("image: {base: x, privileged: true}\n",
		       ".deploy.yml:1:18: 'privileged' cannot be set by a repository (anyone who can open a "
		       "pull request "
		       "could give themselves permissions)");
	assert_refused("password: x\n",
		       ".deploy.yml:1:1: 'password' cannot be set by a repository (credentials do not "
		       "belong into a repository)");
}

static void test_what_is_missing_is_named(void **state)
{
	(void)state;
	assert_refused("port: 80\nimage: {base: nginx}\n", ".deploy.yml:1:1: 'app' is missing");
	assert_refused("app: a\nimage: {base: nginx}\n", ".deploy.yml:1:1: 'port' is missing");
	assert_refused("app: a\nport: 80\nimage: {user: nobody}\n",
		       ".deploy.yml:3:8: 'image' needs 'base' or 'dockerfile'");
	assert_refused("", ".deploy.yml:1:1: the file says nothing");
	assert_refused("app:\n", ".deploy.yml:1:1: 'app' says nothing: write a value, or take it out");
	assert_refused("- app\n", ".deploy.yml:1:1: expected 'key: value' lines");
}

static void test_a_dockerfile_says_what_is_in_the_image(void **state)
{
	struct deploy_config c;
	(void)state;
	assert_success(parse(&c, "app: a\nport: 80\nimage: {dockerfile: web/Dockerfile, context: web}\n"));
	assert_string_equal(c.dockerfile, "web/Dockerfile");
	assert_string_equal(c.context, "web");
	deploy_config_release(&c);
	assert_refused("app: a\nport: 80\nimage: {dockerfile: Dockerfile, base: nginx}\n",
		       ".deploy.yml:3:8: 'image.base' has no effect with 'image.dockerfile': the Dockerfile "
		       "says it");
}

static void test_a_command_is_words(void **state)
{
	struct deploy_config c;
	(void)state;
	struct error *err = parse(&c, "image: {command: streamlit run app.py}\n");
	assert_string_equal(err->message, ".deploy.yml:1:18: 'image.command' must be a list, such as [a, b]");
	assert_string_equal(err->hint, "command: [streamlit, run, app.py]");
	error_free(err);
}

static void test_registries_are_names_without_tag(void **state)
{
	(void)state;
	assert_refused(
		"registry: r.example.org/web:v1\n",
		".deploy.yml:1:11: 'registry' must be without tag and digest: every commit has its own");
	assert_refused("registry: web-demo\n",
		       ".deploy.yml:1:11: 'registry' must name registry and repository, such as "
		       "108712345678.dkr.ecr.eu-central-1.amazonaws.com/web-demo");
	assert_refused(
		"registry: $(id).example.org/x\n",
		".deploy.yml:1:11: 'registry' is '$(id).example.org/x': it must be the name of an image");
}

static void test_variables_that_load_code_are_no_secrets(void **state)
{
	static const char *const names[] = { "LD_PRELOAD",      "LD_LIBRARY_PATH",  "PATH",
					     "PYTHONPATH",      "NODE_OPTIONS",     "BASH_ENV",
					     "GIT_SSH_COMMAND", "JAVA_TOOL_OPTIONS" };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char *why = config_text_fault(TEXT_VARIABLE, names[i]);
		assert_string_equal(
			why, "changes how programs are started or find their code, which no secret may");
		free(why);
	}
	assert_null(config_text_fault(TEXT_VARIABLE, "PATH_TO_MODEL"));
	assert_null(config_text_fault(TEXT_VARIABLE, "PYTHON_API_KEY"));
	assert_refused("secrets: {openai: /x}\n", ".deploy.yml:1:11: 'secrets' is 'openai': it must be "
						  "capital letters, digits and '_', such as "
						  "OPENAI_API_KEY");
}

static void test_a_secret_itself_is_not_shown(void **state)
{
	(void)state;
	assert_refused("secrets: {OPENAI_API_KEY: sk-hunter2}\n",
		       ".deploy.yml:1:27: 'secrets.OPENAI_API_KEY' must be the name of a parameter "
		       "(/web-demo/openai) or "
		       "secretsmanager:<name>[#<key>]: never the secret itself");
}

/* Whatever stands in the file, nothing that a shell, a unit file, a policy or a template reads comes through.
 */
static void test_hostile_values_of_every_key_are_refused(void **state)
{
	static const char *const hostile[] = { "$(reboot)", "`reboot`", "${PATH}", "a'b",    "a\\\"b",
					       "a\\nb",     "a\\rb",    "a;b",     "a|b",    "a&b",
					       "a<b",       "a>b",      "%h/x",    "a\\\\b", "#{x}",
					       "a\\0b",     "\\u202ea", "*",       "../x",   "-x y",
					       "!x",        "{{x}}",    "\\e[2J" };
	static const char *const places[] = {
		"app: \"%s\"",
		"registry: \"%s\"",
		"registry: \"r.example.org/%s\"",
		"image: {base: \"%s\"}",
		"image: {dependencies: \"%s\"}",
		"image: {packages: [\"%s\"]}",
		"image: {files: [\"%s\"]}",
		"image: {platform: \"linux/%s\"}", "image: {environment: {\"%s\": 1}}",
		"image: {user: \"%s\"}",
		"image: {dockerfile: \"%s\"}",
		"image: {context: \"%s\"}",
		"port: \"%s\"",
		"health: \"/%s\"",
		"health: {timeout: \"%s\"}",
		"secrets: {\"%s\": /x}",
		"secrets: {X: \"/%s\"}",
		"secrets: {X: \"secretsmanager:%s\"}",
		"data: [\"/d/%s\"]",
		"memory: \"%s\"",
		"gpu: \"%s\"",
		"idle: \"%s\"",
		"uptime: \"%s\"",
		"budget: {warn: \"%s\"}",
		"allow: [\"%s\"]",
		"environments: {\"%s\": {}}",
		"environments: {p: {region: \"%s\"}}",
		"environments: {p: {instance: \"%s\"}}",
		"environments: {p: {type: \"%s\"}}",
		"environments: {p: {port: \"%s\"}}",
		"environments: {p: {strategy: \"%s\"}}",
		"environments: {p: {url: \"http://x/%s\"}}",
		"environments: {p: {url: \"http://%s/\"}}",
		"\"%s\": 1",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		for (size_t j = 0; j < ARRAY_SIZE(hostile); j++) {
			struct deploy_config c;
			const char *mark = strstr(places[i], "%s");
			char *text = xstrfmt("%.*s%s%s\n", (int)(mark - places[i]), places[i], hostile[j],
					     mark + 2);
			struct error *err = parse(&c, text);
			if (!err || strstr(err->message, "is missing"))
				fail_msg("not refused: %s", text);
			for (const char *p = err->message; *p; p++)
				assert_true((unsigned char)*p >= ' ' && *p != 0x7f);
			error_free(err);
			free(text);
		}
}

/* Commands run in the container, as words: only what could not be a word on a line is refused. */
static void test_words_of_a_command_have_no_control_bytes(void **state)
{
	struct deploy_config c;
	(void)state;
	assert_success(parse(
		&c, "app: a\nport: 80\nimage: {base: x, command: [sh, -c, 'echo \"$PORT\" %h ${X}']}\n"));
	assert_string_equal(c.command[2], "echo \"$PORT\" %h ${X}");
	deploy_config_release(&c);
	assert_refused("image: {command: [\"a\\nb\"]}\n",
		       ".deploy.yml:1:19: 'image.command' is 'a\\x0ab': it must be text on one line");
}

static void test_paths_stay_inside(void **state)
{
	static const struct {
		enum config_text kind;
		const char *path, *why;
	} paths[] = {
		{ TEXT_REPOSITORY_PATH, "a/../../b", "leads out of the repository" },
		{ TEXT_REPOSITORY_PATH, "..", "leads out of the repository" },
		{ TEXT_REPOSITORY_PATH, "a//b", "must be a path without empty parts and '.'" },
		{ TEXT_REPOSITORY_PATH, ".git/config", "is git's own folder, which is in no commit" },
		{ TEXT_REPOSITORY_FILE, "/etc/passwd",
		  "must be a path in the repository, written from its top: without '/', '~' or '-' before "
		  "it" },
		{ TEXT_CONTAINER_FOLDER, "/usr",
		  "is a folder of the system in the container: name one below it, such as /data" },
		{ TEXT_CONTAINER_FOLDER, "/proc/1",
		  "belongs to the system in the container: name another, such as /data" },
		{ TEXT_CONTAINER_FOLDER, "/a/../proc",
		  "must be an absolute path without '.', '..' and empty parts" },
		{ TEXT_HEALTH, "//evil.example/",
		  "must be a path on the app's own server, such as /healthz" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		char *why = config_text_fault(paths[i].kind, paths[i].path);
		assert_non_null(why);
		assert_string_equal(why, paths[i].why);
		free(why);
	}
	assert_null(config_text_fault(TEXT_REPOSITORY_PATH, "\xc3\xbc" "bung/..a/b c"));
	assert_null(config_text_fault(TEXT_CONTAINER_FOLDER, "/var/lib/app"));
}

static void test_long_values_are_refused(void **state)
{
	struct buffer text = BUFFER_INIT;
	(void)state;
	buffer_addstr(&text, "app: ");
	for (int i = 0; i < 64; i++)
		buffer_addch(&text, 'a');
	assert_refused(
		text.data,
		".deploy.yml:1:6: 'app' is 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"...': it must have at most 63 characters");
	buffer_release(&text);
}

static void test_strategies_have_what_they_need(void **state)
{
	(void)state;
	assert_refused(MINIMAL "environments: {p: {strategy: blue-green}}\n",
		       ".deploy.yml:4:19: 'environments.p': blue-green needs a second_port, where the new "
		       "release becomes "
		       "healthy before the old one stops");
	assert_refused(MINIMAL "environments: {p: {strategy: canary}}\n",
		       ".deploy.yml:4:19: 'environments.p': canary needs a second_port or a canary_instance, "
		       "where the "
		       "new release runs beside the old one");
	assert_refused(MINIMAL "environments: {p: {second_port: 80}}\n",
		       ".deploy.yml:4:19: 'environments.p': second_port is the port itself (80)");
	assert_refused(MINIMAL "environments: {p: {strategy: rolling}}\n",
		       ".deploy.yml:4:30: 'environments.p.strategy' is replace, blue-green or canary, not "
		       "'rolling'");
}

static void test_an_environment_is_found_by_name_or_alone(void **state)
{
	const struct deploy_environment *env;
	struct deploy_config c;
	(void)state;
	assert_success(parse(&c, MINIMAL "environments: {test: {}}\n"));
	assert_success(deploy_config_environment(&c, NULL, &env));
	assert_string_equal(env->name, "test");
	assert_error(deploy_config_environment(&c, "prod", &env), ERROR_USAGE);
	deploy_config_release(&c);
	assert_success(parse(&c, MINIMAL "environments: {test: {}, prod: {}}\n"));
	assert_success(deploy_config_environment(&c, NULL, &env));
	assert_string_equal(env->name, "prod");
	deploy_config_release(&c);
	assert_success(parse(&c, MINIMAL "environments: {test: {}, live: {}}\n"));
	struct error *err = deploy_config_environment(&c, NULL, &env);
	assert_string_equal(err->message, "which environment? .deploy.yml has test, live");
	error_free(err);
	err = deploy_config_environment(&c, "prod", &env);
	assert_string_equal(err->message, "there is no environment 'prod'; .deploy.yml has test, live");
	error_free(err);
	deploy_config_release(&c);
	assert_success(parse(&c, MINIMAL));
	assert_success(deploy_config_environment(&c, NULL, &env));
	assert_null(env);
	assert_success(deploy_config_environment(&c, "prod", &env)); /* all of it is prod */
	assert_null(env);
	assert_error(deploy_config_environment(&c, "test", &env), ERROR_USAGE);
	deploy_config_release(&c);
}

static void test_the_region_is_the_environments_or_the_registrys(void **state)
{
	struct deploy_config c;
	(void)state;
	assert_success(parse(&c, whole));
	char *own = deploy_config_region(&c, &c.environments[1]),
	     *of_registry = deploy_config_region(&c, &c.environments[0]);
	assert_string_equal(own, "eu-west-1");
	assert_string_equal(of_registry, "eu-central-1");
	free(own);
	free(of_registry);
	deploy_config_release(&c);
	assert_success(parse(&c, MINIMAL));
	assert_null(deploy_config_region(&c, NULL));
	deploy_config_release(&c);
}

/* -- the schema ---------------------------------------------------------------------------------------- */

/* The keys that the reader knows in the section that TEXT makes it read, as it tells them itself. */
static char *known_keys(const char *text)
{
	struct deploy_config c;
	struct error *err = parse(&c, text);
	const char *keys;
	assert_non_null(err);
	assert_non_null(err->hint);
	assert_true(skip_prefix(err->hint, "known keys: ", &keys));
	char *copy = xstrdup(keys);
	error_free(err);
	return copy;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void assert_properties(const cJSON *schema, const char *text)
{
	const cJSON *properties = cJSON_GetObjectItemCaseSensitive(schema, "properties"), *p;
	const char *names[32];
	size_t nr = 0;
	struct buffer all = BUFFER_INIT;
	cJSON_ArrayForEach(p, properties) {
		assert_true(nr < ARRAY_SIZE(names));
		assert_non_null(cJSON_GetObjectItemCaseSensitive(p, "description"));
		names[nr++] = p->string;
	}
	qsort(names, nr, sizeof(*names), by_name);
	for (size_t i = 0; i < nr; i++)
		buffer_addf(&all, "%s%s", i ? ", " : "", names[i]);
	char *known = known_keys(text);
	assert_string_equal(all.data, known);
	buffer_release(&all);
	free(known);
}

static void test_the_schema_has_the_keys_that_are_read(void **state)
{
	struct buffer text = BUFFER_INIT;
	(void)state;
	assert_success(file_read("docs/formats/deploy-yml.schema.json", &text));
	cJSON *schema = cJSON_Parse(text.data);
	const cJSON *top = cJSON_GetObjectItemCaseSensitive(schema, "properties");
	const cJSON *health =
		cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(top, "health"), "oneOf");
	const cJSON *environments = cJSON_GetObjectItemCaseSensitive(top, "environments");
	assert_properties(schema, "zzzzzzzz: 1\n");
	assert_properties(cJSON_GetObjectItemCaseSensitive(top, "image"), "image: {zzzzzzzz: 1}\n");
	assert_properties(cJSON_GetObjectItemCaseSensitive(top, "budget"), "budget: {zzzzzzzz: 1}\n");
	assert_properties(cJSON_GetArrayItem(health, 1), "health: {zzzzzzzz: 1}\n");
	assert_properties(cJSON_GetObjectItemCaseSensitive(environments, "additionalProperties"),
			  "environments: {p: {zzzzzzzz: 1}}\n");
	cJSON_Delete(schema);
	buffer_release(&text);
}

/* -- of a commit --------------------------------------------------------------------------------------- */

static char *directory, *path;

static int make_repository(void **state)
{
	(void)state;
	fixture_environment();
	directory = fixture_directory();
	path = fixture_repository(directory, "r", "sha1");
	return 0;
}

static int remove_repository(void **state)
{
	(void)state;
	free(path);
	fixture_remove(directory);
	return 0;
}

static struct error *read_head(struct deploy_config *c)
{
	struct repo *repo;
	struct oid head;
	assert_success(repo_open(&repo, path));
	assert_success(repo_head(repo, &head));
	struct error *err = deploy_config_read(c, repo, &head);
	repo_free(repo);
	return err;
}

static void commit(const char *text)
{
	put_file(path, ".deploy.yml", text);
	git(path, "add", ".", NULL);
	git(path, "commit", "-q", "-m", "c", NULL);
}

static void test_only_what_is_committed_counts(void **state)
{
	struct deploy_config c;
	(void)state;
	put_file(path, "README", "x");
	git(path, "add", ".", NULL);
	git(path, "commit", "-q", "-m", "c", NULL);
	struct error *err = read_head(&c);
	assert_true(starts_with(err->message, "commit ") && ends_with(err->message, " has no .deploy.yml"));
	assert_string_equal(err->hint, "`git deploy init` writes one; commit it");
	assert_int_equal(err->code, ERROR_NOT_FOUND);
	error_free(err);
	put_file(path, ".deploy.yml", MINIMAL);
	err = read_head(&c);
	assert_string_equal(err->hint,
			    "there is one in the work tree: commit it, only what is committed is deployed");
	error_free(err);
	commit(MINIMAL);
	put_file(path, ".deploy.yml", "app: other\n");
	assert_success(read_head(&c));
	assert_string_equal(c.app, "a");
	deploy_config_release(&c);
}

static void test_a_link_is_not_followed(void **state)
{
	struct deploy_config c;
	(void)state;
	put_link(path, ".deploy.yml", "/etc/passwd");
	git(path, "add", ".", NULL);
	git(path, "commit", "-q", "-m", "c", NULL);
	assert_error(read_head(&c), ERROR_SYNTAX);
}

static void test_budgets_only_go_down(void **state)
{
	struct deploy_config c;
	(void)state;
	commit(MINIMAL "budget: {warn: 500, stop: 1000}\n");
	assert_success(read_head(&c));
	assert_true(c.warn_usd == 15 && c.stop_usd == 20);
	deploy_config_release(&c);
	git(path, "config", "deploy.budgetWarn", "300", NULL);
	git(path, "config", "deploy.budgetStop", "400", NULL);
	assert_success(read_head(&c));
	assert_true(c.warn_usd == 300 && c.stop_usd == 400);
	deploy_config_release(&c);
	commit(MINIMAL "budget: {stop: 9}\n");
	assert_success(read_head(&c));
	assert_true(c.warn_usd == 9 && c.stop_usd == 9);
	deploy_config_release(&c);
	git(path, "config", "deploy.budgetStop", "none", NULL);
	commit(MINIMAL);
	assert_success(read_head(&c));
	assert_true(c.warn_usd == 300 && c.stop_usd < 0);
	deploy_config_release(&c);
	git(path, "config", "deploy.budgetStop", "lots", NULL);
	struct error *err = read_head(&c);
	assert_string_equal(err->message,
				"deploy.budgetStop is 'lots': it must be an amount in US dollars a month, or "
				"none");
	error_free(err);
}

static void test_the_registry_may_be_the_users(void **state)
{
	struct deploy_config c;
	(void)state;
	git(path, "config", "deploy.registry", "r.example.org/ada/web", NULL);
	commit(MINIMAL);
	assert_success(read_head(&c));
	assert_string_equal(c.repository.registry, "r.example.org");
	assert_string_equal(c.repository.repository, "ada/web");
	deploy_config_release(&c);
	commit(MINIMAL "registry: own.example.org/web\n");
	assert_success(read_head(&c));
	assert_string_equal(c.repository.registry, "own.example.org");
	deploy_config_release(&c);
}

#define WITH_REPOSITORY(test) cmocka_unit_test_setup_teardown(test, make_repository, remove_repository)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_keys_are_read),
		cmocka_unit_test(test_what_is_not_said_has_a_default),
		cmocka_unit_test(test_never_is_no_minutes),
		cmocka_unit_test(test_unknown_keys_are_told_with_the_nearest),
		cmocka_unit_test(test_keys_that_no_repository_may_set_say_why),
		cmocka_unit_test(test_what_is_missing_is_named),
		cmocka_unit_test(test_a_dockerfile_says_what_is_in_the_image),
		cmocka_unit_test(test_a_command_is_words),
		cmocka_unit_test(test_registries_are_names_without_tag),
		cmocka_unit_test(test_variables_that_load_code_are_no_secrets),
		cmocka_unit_test(test_a_secret_itself_is_not_shown),
		cmocka_unit_test(test_hostile_values_of_every_key_are_refused),
		cmocka_unit_test(test_words_of_a_command_have_no_control_bytes),
		cmocka_unit_test(test_paths_stay_inside),
		cmocka_unit_test(test_long_values_are_refused),
		cmocka_unit_test(test_strategies_have_what_they_need),
		cmocka_unit_test(test_an_environment_is_found_by_name_or_alone),
		cmocka_unit_test(test_the_region_is_the_environments_or_the_registrys),
		cmocka_unit_test(test_the_schema_has_the_keys_that_are_read),
		WITH_REPOSITORY(test_only_what_is_committed_counts),
		WITH_REPOSITORY(test_a_link_is_not_followed),
		WITH_REPOSITORY(test_budgets_only_go_down),
		WITH_REPOSITORY(test_the_registry_may_be_the_users),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
