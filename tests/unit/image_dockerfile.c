#include "git_fixture.h"

#include "base/json.h"
#include "git/repo.h"
#include "image/dockerfile.h"

/* A base with variables, a folder and a shell of its own. */
static const char base_text[] =
	"{\"config\":{\"Env\":[\"PATH=/usr/bin:/bin\",\"LANG=C.UTF-8\"],\"WorkingDir\":\"/srv\"}}";

static struct dockerfile parse_on(const char *text, const char *base)
{
	struct dockerfile d;
	cJSON *config = NULL;
	if (base)
		assert_success(json_parse(&config, slice_of_string(base), "base"));
	assert_success(dockerfile_parse(&d, slice_of_string(text), "Dockerfile", config));
	cJSON_Delete(config);
	return d;
}

/* Parses something that we can express. */
static struct dockerfile parse(const char *text)
{
	struct dockerfile d = parse_on(text, base_text);
	if (d.beyond)
		fail_msg("%s", d.beyond);
	return d;
}

static void beyond(const char *text, const char *why)
{
	struct dockerfile d = parse_on(text, base_text);
	assert_non_null(d.beyond);
	if (!strstr(d.beyond, why))
		fail_msg("not '%s': %s", why, d.beyond);
	dockerfile_release(&d);
}

static void refused(const char *text, const char *message)
{
	struct dockerfile d;
	struct error *err = dockerfile_parse(&d, slice_of_string(text), "Dockerfile", NULL);
	assert_non_null(err);
	if (!strstr(err->message, message))
		fail_msg("not '%s': %s", message, err->message);
	error_free(err);
	dockerfile_release(&d);
}

static const char *value_of(const struct image_variable *v, size_t nr, const char *name)
{
	for (size_t i = 0; i < nr; i++)
		if (!strcmp(v[i].name, name))
			return v[i].value;
	return NULL;
}

static const char *env(const struct dockerfile *d, const char *name)
{
	return value_of(d->spec.environment, d->spec.nr_environment, name);
}

/* What ENV X=<VALUE> sets. */
static void sets(const char *value, const char *expected)
{
	char *text = xstrfmt("FROM a\nARG EMPTY=\nARG FULL=full\nENV OTHER=other\nENV X=%s\n", value);
	struct dockerfile d = parse(text);
	assert_string_equal(env(&d, "X"), expected);
	dockerfile_release(&d);
	free(text);
}

static void test_a_small_file_says_what_the_image_is(void **state)
{
	(void)state;
	struct dockerfile d = parse("FROM python:3.12-slim\n"
				    "WORKDIR /app\n"
				    "COPY src/ src/\n"
				    "ENV MODE=production DEBUG=\"no way\"\n"
				    "LABEL team=web\n"
				    "EXPOSE 8501 9000/tcp 8501\n"
				    "USER app\n"
				    "STOPSIGNAL SIGINT\n"
				    "ENTRYPOINT [\"python\", \"-m\"]\n"
				    "CMD [\"app\", \"--port=8501\"]\n");
	assert_string_equal(d.spec.base.tag, "3.12-slim");
	assert_string_equal(d.spec.workdir, "/app");
	assert_int_equal(d.nr_copies, 1);
	assert_string_equal(d.copies[0].from[0], "src");
	assert_string_equal(d.copies[0].to, "/app/src");
	assert_true(d.copies[0].into);
	assert_string_equal(env(&d, "MODE"), "production");
	assert_string_equal(env(&d, "DEBUG"), "no way");
	assert_string_equal(value_of(d.spec.labels, d.spec.nr_labels, "team"), "web");
	assert_int_equal(d.spec.nr_ports, 2);
	assert_int_equal(d.spec.ports[1], 9000);
	assert_string_equal(d.spec.user, "app");
	assert_string_equal(d.spec.stop_signal, "SIGINT");
	assert_int_equal(d.spec.nr_entrypoint, 2);
	assert_string_equal(d.spec.command[1], "--port=8501");
	assert_int_equal(d.dependencies.len, 0);
	dockerfile_release(&d);
}

static void test_all_up_to_the_last_run_is_dependencies(void **state)
{
	(void)state;
	struct dockerfile d = parse("FROM python:3.12-slim AS base\n"
				    "LABEL a=b\n"
				    "ENV PIP_NO_CACHE_DIR=1\n"
				    "WORKDIR /app\n"
				    "RUN apt-get update && \\\n"
				    "    # the compiler\n"
				    "\n"
				    "    apt-get install -y gcc\n"
				    "COPY --link requirements.txt .\n"
				    "RUN pip install -r requirements.txt\n"
				    "COPY . .\n"
				    "USER nobody\n");
	assert_string_equal(d.dependencies.data,
			    "ENV PIP_NO_CACHE_DIR=1\n"
			    "WORKDIR /app\n"
			    "RUN apt-get update &&     apt-get install -y gcc\n"
			    "COPY requirements.txt .\n"
			    "RUN pip install -r requirements.txt\n");
	assert_true(d.copies[0].dependency);
	assert_false(d.copies[1].dependency);
	assert_string_equal(d.copies[1].from[0], "");
	assert_string_equal(d.copies[1].to, "/app");
	dockerfile_release(&d);
}

static void test_arguments_of_before_from_reach_a_builder_with_their_values(void **state)
{
	(void)state;
	struct dockerfile d = parse("ARG VERSION=3.12\n"
				    "ARG NOTE='a \"b\" $c'\n"
				    "FROM python:${VERSION}-slim\n"
				    "ARG VERSION\n"
				    "ARG NOTE\n"
				    "ARG UNSET\n"
				    "RUN echo $VERSION\n");
	assert_string_equal(d.spec.base.tag, "3.12-slim");
	assert_string_equal(d.dependencies.data, "ARG VERSION=\"3.12\"\n"
						 "ARG NOTE=\"a \\\"b\\\" \\$c\"\n"
						 "ARG UNSET\n"
						 "RUN echo $VERSION\n");
	dockerfile_release(&d);
}

static void test_mounted_files_are_inputs_of_a_run(void **state)
{
	(void)state;
	struct dockerfile d = parse("FROM a\n"
				    "RUN --mount=type=cache,target=/root/.cache/pip \\\n"
				    "    --mount=type=bind,source=requirements.txt,target=requirements.txt \\\n"
				    "    pip install -r requirements.txt\n"
				    "COPY . .\n");
	assert_int_equal(d.nr_copies, 2);
	assert_string_equal(d.copies[0].from[0], "requirements.txt");
	assert_true(d.copies[0].dependency);
	assert_null(d.copies[0].to);
	dockerfile_release(&d);
}

static void test_variables_are_replaced_as_a_shell_does(void **state)
{
	(void)state;
	sets("$OTHER", "other");
	sets("${OTHER}s", "others");
	sets("${MISSING}x", "x");
	sets("${MISSING:-else}", "else");
	sets("${EMPTY:-else}", "else");
	sets("${EMPTY-else}", "");
	sets("${FULL:-else}", "full");
	sets("${FULL:+set}", "set");
	sets("${MISSING:+set}", "");
	sets("${MISSING:-${OTHER:-x}}", "other");
	sets("'$OTHER'", "$OTHER");
	sets("\"$OTHER $FULL\"", "other full");
	sets("\\$OTHER", "$OTHER");
	sets("\"\\$OTHER\"", "$OTHER");
	sets("a\\ b", "a b");
	sets("$1", "");
	sets("a$", "a$");
	sets("/opt/bin:$PATH", "/opt/bin:/usr/bin:/bin");
}

static void test_variables_count_from_the_next_instruction_on(void **state)
{
	(void)state;
	struct dockerfile d = parse("FROM a\nENV abc=hello\nENV abc=bye def=$abc\nENV ghi=$abc\n");
	assert_string_equal(env(&d, "def"), "hello");
	assert_string_equal(env(&d, "ghi"), "bye");
	dockerfile_release(&d);
}

static void test_the_old_form_of_env_takes_the_rest_of_the_line(void **state)
{
	(void)state;
	struct dockerfile d = parse("FROM a\nENV X  some words \n");
	assert_string_equal(env(&d, "X"), "some words");
	dockerfile_release(&d);
}

static void test_the_escape_character_can_be_chosen(void **state)
{
	(void)state;
	struct dockerfile d = parse("# escape=`\nFROM a\nENV X=`$PATH `\n  Y=c:\\\nRUN a\n");
	assert_string_equal(env(&d, "X"), "$PATH");
	assert_string_equal(env(&d, "Y"), "c:\\");
	assert_int_equal(strncmp(d.dependencies.data, "# escape=`\n", 11), 0);
	dockerfile_release(&d);
}

static void test_commands_that_are_no_lists_are_for_the_shell(void **state)
{
	(void)state;
	struct dockerfile d = parse("FROM a\nCMD streamlit run \"app.py\"\n");
	assert_int_equal(d.spec.nr_command, 3);
	assert_string_equal(d.spec.command[0], "/bin/sh");
	assert_string_equal(d.spec.command[2], "streamlit run \"app.py\"");
	dockerfile_release(&d);
	d = parse_on("FROM a\nCMD [run, this]\n", "{\"config\":{\"Shell\":[\"/bin/bash\",\"-ec\"]}}");
	assert_string_equal(d.spec.command[1], "-ec");
	assert_string_equal(d.spec.command[2], "[run, this]");
	dockerfile_release(&d);
}

static void test_paths_are_relative_to_the_folder_we_are_in(void **state)
{
	(void)state;
	struct dockerfile d = parse("FROM a\nCOPY a b/\nWORKDIR app\nWORKDIR ../x\nCOPY c .\nCOPY d /y/../z\n");
	assert_string_equal(d.copies[0].to, "/srv/b");
	assert_string_equal(d.copies[1].to, "/srv/x");
	assert_true(d.copies[1].into);
	assert_string_equal(d.copies[2].to, "/z");
	assert_false(d.copies[2].into);
	dockerfile_release(&d);
}

static void test_folders_that_are_known_take_files_without_a_slash(void **state)
{
	(void)state;
	struct dockerfile d = parse("FROM a\nWORKDIR /app/src\nCOPY a /app\nCOPY b /usr/local/bin\nCOPY c /opt/c\n");
	assert_true(d.copies[0].into);
	assert_true(d.copies[1].into);
	assert_false(d.copies[2].into);
	dockerfile_release(&d);
}

static void test_a_health_check_is_dockers_json(void **state)
{
	(void)state;
	struct dockerfile d = parse("FROM a\nHEALTHCHECK --interval=1m30s --retries=3 CMD curl -f http://localhost/\n");
	assert_string_equal(d.spec.healthcheck, "{\"Interval\":90000000000,\"Retries\":3,"
						"\"Test\":[\"CMD-SHELL\",\"curl -f http://localhost/\"]}");
	dockerfile_release(&d);
	d = parse("FROM a\nHEALTHCHECK NONE\n");
	assert_string_equal(d.spec.healthcheck, "{\"Test\":[\"NONE\"]}");
	dockerfile_release(&d);
	refused("FROM a\nHEALTHCHECK --interval=soon CMD x\n", "Dockerfile:2: 'soon' is no duration");
}

static void test_what_is_beyond_us_goes_to_a_builder_with_the_reason(void **state)
{
	(void)state;
	beyond("FROM a\nFROM b\n", "Dockerfile:2: a second FROM");
	beyond("FROM scratch\n", "no base");
	beyond("FROM a\nCOPY --from=b /x /y\n", "Dockerfile:2: COPY --from");
	beyond("FROM a\nCOPY --chown=app x y\n", "COPY --chown");
	beyond("FROM a\nCOPY . .\nRUN make\n", "Dockerfile:3: RUN after all files were copied at line 2");
	beyond("FROM a\nRUN <<EOF\nmake\nEOF\n", "here-document");
	beyond("FROM a\nCOPY <<EOF /x\nmake\nEOF\n", "here-document");
	beyond("FROM a\nADD https://example.org/x /x\n", "ADD may");
	beyond("FROM a\nADD x.tar.gz /x\n", "ADD may");
	beyond("FROM a\nSHELL [\"/bin/bash\"]\n", "SHELL needs a builder");
	beyond("FROM a\nVOLUME /data\n", "VOLUME needs a builder");
	beyond("FROM a\nEXPOSE 53/udp\n", "EXPOSE 53/udp");
	beyond("FROM a\nRUN --mount=type=secret,id=x cat\n", "type=secret");
	beyond("FROM a\nRUN --mount=type=bind,target=/x cat\n", "whole context");
	beyond("FROM a\nARG TARGETARCH\nENV A=$TARGETARCH\n", "TARGETARCH");
	beyond("FROM a\nENV A=${PATH%x}\n", "${PATH");
	beyond("FROM a\nCMD []\n", "an empty CMD");
	beyond("# syntax=example/frontend\nFROM a\n", "syntax=example/frontend");
}

static void test_onbuild_of_the_base_is_beyond_us(void **state)
{
	(void)state;
	struct dockerfile d = parse_on("FROM a\n", "{\"config\":{\"OnBuild\":[\"COPY . /app\"]}}");
	assert_non_null(strstr(d.beyond, "ONBUILD"));
	dockerfile_release(&d);
}

static void test_a_folder_can_be_added(void **state)
{
	(void)state;
	struct dockerfile d = parse("FROM a\nADD . /app\n");
	assert_int_equal(d.nr_copies, 1);
	dockerfile_release(&d);
}

static void test_mistakes_are_named_with_their_line(void **state)
{
	(void)state;
	refused("", "Dockerfile has no FROM");
	refused("RUN x\n", "Dockerfile:1: RUN stands before the first FROM");
	refused("FROM a\n\nFORM b\n", "Dockerfile:3: there is no instruction 'FORM'");
	refused("FROM\n", "Dockerfile:1: FROM needs an image");
	refused("FROM a b\n", "FROM needs an image");
	refused("FROM $NONE\n", "'$NONE' is empty");
	refused("FROM a\nENV X=\"a\n", "Dockerfile:2: a double quote is not closed");
	refused("FROM a\nENV X='a\n", "a single quote is not closed");
	refused("FROM a\nENV X=${a\n", "'${a' is not closed");
	refused("FROM a\nENV X=${}\n", "no name");
	refused("FROM a\nENV X=${Y:?please}\n", "'Y' has to be set: please");
	refused("FROM a\nENV X=1 Y\n", "'Y' of ENV has no '='");
	refused("FROM a\nARG a:b=c\n", "Dockerfile:2: 'a:b' is no name for an ARG");
	refused("FROM a\nEXPOSE http\n", "'http' is no port");
	refused("FROM a\nEXPOSE 70000\n", "'70000' is no port");
	refused("FROM a\nCOPY x\n", "COPY needs a source and a destination");
	refused("FROM a\nCOPY ../x /x\n", "'../x' has '..' in it");
	refused("FROM a\nWORKDIR\n", "WORKDIR needs a folder");
	refused("# escape=x\nFROM a\n", "escape character");
}

static void test_values_do_not_grow_without_end(void **state)
{
	struct buffer text = BUFFER_INIT;
	(void)state;
	buffer_addstr(&text, "FROM a\nENV X=0123456789\n");
	for (int i = 0; i < 40; i++)
		buffer_addstr(&text, "ENV X=$X$X$X$X\n");
	refused(text.data, "a value is larger than");
	buffer_reset(&text);
	buffer_addstr(&text, "FROM a\nENV X=");
	for (int i = 0; i < 100000; i++)
		buffer_addstr(&text, "${A:-");
	refused(text.data, "nested more than");
	buffer_release(&text);
}

/* -- with a commit ---------------------------------------------------------------------------- */

struct project {
	char *directory, *path;
	struct repo *repo;
	struct oid tree;
};

static void make_project(struct project *p)
{
	p->directory = fixture_directory();
	p->path = fixture_repository(p->directory, "app", "sha1");
	put_file(p->path, "package.json", "{}");
	put_file(p->path, "package-lock.json", "{}");
	put_file(p->path, "a/requirements.txt", "x");
	put_file(p->path, "b/requirements.txt", "x");
	put_file(p->path, "src/main.py", "x");
	put_link(p->path, "link", "package.json");
	git(p->path, "add", "-A", NULL);
	git(p->path, "commit", "-q", "-m", "x", NULL);
	assert_success(repo_open(&p->repo, p->path));
	struct oid head;
	assert_success(repo_head(p->repo, &head));
	assert_success(repo_commit_tree(p->repo, &head, &p->tree));
}

static void remove_project(struct project *p)
{
	repo_free(p->repo);
	free(p->path);
	fixture_remove(p->directory);
}

static struct error *resolve(struct project *p, struct dockerfile *d, const char *text, const char *ignored)
{
	struct docker_ignore *ignore;
	*d = parse(text);
	assert_success(docker_ignore_parse(&ignore, slice_of_string(ignored), ".dockerignore"));
	struct error *err = dockerfile_resolve(d, p->repo, &p->tree, ignore, "Dockerfile");
	docker_ignore_free(ignore);
	return err;
}

static void test_patterns_become_the_files_they_match(void **state)
{
	struct project p;
	struct dockerfile d;
	(void)state;
	make_project(&p);
	assert_success(resolve(&p, &d, "FROM a\nCOPY package*.json ./\nRUN npm ci\nCOPY */requirements.txt /r/\n", ""));
	assert_int_equal(d.nr_inputs, 2);
	assert_string_equal(d.inputs[0], "package-lock.json");
	assert_string_equal(d.inputs[1], "package.json");
	assert_int_equal(d.spec.nr_copies, 2);
	assert_string_equal(d.spec.copies[0].from, "a/requirements.txt");
	assert_string_equal(d.spec.copies[1].from, "b/requirements.txt");
	assert_string_equal(d.spec.copies[1].to, "r");
	assert_true(d.spec.copies[1].into);
	dockerfile_release(&d);
	assert_success(resolve(&p, &d, "FROM a\nCOPY package*.json ./\nRUN npm ci\n", "package-lock.json\n"));
	assert_int_equal(d.nr_inputs, 1);
	dockerfile_release(&d);
	remove_project(&p);
}

static void test_a_folder_is_copied_under_the_new_name(void **state)
{
	struct project p;
	struct dockerfile d;
	(void)state;
	make_project(&p);
	assert_success(resolve(&p, &d, "FROM a\nCOPY src /app/\n", ""));
	assert_int_equal(d.spec.nr_copies, 1);
	assert_string_equal(d.spec.copies[0].to, "app");
	assert_false(d.spec.copies[0].into);
	assert_null(d.beyond);
	dockerfile_release(&d);
	remove_project(&p);
}

static void test_a_run_that_needs_a_folder_is_beyond_us(void **state)
{
	struct project p;
	struct dockerfile d;
	(void)state;
	make_project(&p);
	assert_success(resolve(&p, &d, "FROM a\nCOPY src /src\nRUN make\n", ""));
	assert_non_null(strstr(d.beyond, "Dockerfile:2: a RUN comes after the folder 'src'"));
	dockerfile_release(&d);
	assert_success(resolve(&p, &d, "FROM a\nCOPY link /app/\n", ""));
	assert_non_null(strstr(d.beyond, "'link' is a symbolic link"));
	dockerfile_release(&d);
	remove_project(&p);
}

static void test_a_file_is_never_put_in_the_place_of_a_folder_of_the_base(void **state)
{
	struct project p;
	struct dockerfile d;
	(void)state;
	make_project(&p);
	assert_success(resolve(&p, &d, "FROM a\nCOPY package.json /srv/conf.d\n", ""));
	assert_non_null(strstr(d.beyond, "only the base tells whether '/srv/conf.d' is a folder"));
	dockerfile_release(&d);
	assert_success(resolve(&p, &d, "FROM a\nCOPY package.json /srv/new.json\n", ""));
	assert_null(d.beyond);
	dockerfile_release(&d);
	remove_project(&p);
}

static void test_sources_that_are_not_there_are_named(void **state)
{
	struct project p;
	struct dockerfile d;
	(void)state;
	make_project(&p);
	struct error *err = resolve(&p, &d, "FROM a\n\nCOPY missing /app/\n", "");
	assert_non_null(strstr(err->message, "Dockerfile:3: 'missing' is not in the commit"));
	assert_error(err, ERROR_NOT_FOUND);
	dockerfile_release(&d);
	err = resolve(&p, &d, "FROM a\nCOPY package.json /app/\n", "*.json\n");
	assert_non_null(strstr(err->message, "left out by .dockerignore"));
	assert_error(err, ERROR_NOT_FOUND);
	dockerfile_release(&d);
	assert_error(resolve(&p, &d, "FROM a\nCOPY package.json package-lock.json /srv/x\n", ""), ERROR_SYNTAX);
	dockerfile_release(&d);
	remove_project(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_small_file_says_what_the_image_is),
		cmocka_unit_test(test_all_up_to_the_last_run_is_dependencies),
		cmocka_unit_test(test_arguments_of_before_from_reach_a_builder_with_their_values),
		cmocka_unit_test(test_mounted_files_are_inputs_of_a_run),
		cmocka_unit_test(test_variables_are_replaced_as_a_shell_does),
		cmocka_unit_test(test_variables_count_from_the_next_instruction_on),
		cmocka_unit_test(test_the_old_form_of_env_takes_the_rest_of_the_line),
		cmocka_unit_test(test_the_escape_character_can_be_chosen),
		cmocka_unit_test(test_commands_that_are_no_lists_are_for_the_shell),
		cmocka_unit_test(test_paths_are_relative_to_the_folder_we_are_in),
		cmocka_unit_test(test_folders_that_are_known_take_files_without_a_slash),
		cmocka_unit_test(test_a_health_check_is_dockers_json),
		cmocka_unit_test(test_what_is_beyond_us_goes_to_a_builder_with_the_reason),
		cmocka_unit_test(test_onbuild_of_the_base_is_beyond_us),
		cmocka_unit_test(test_a_folder_can_be_added),
		cmocka_unit_test(test_mistakes_are_named_with_their_line),
		cmocka_unit_test(test_values_do_not_grow_without_end),
		cmocka_unit_test(test_patterns_become_the_files_they_match),
		cmocka_unit_test(test_a_folder_is_copied_under_the_new_name),
		cmocka_unit_test(test_a_run_that_needs_a_folder_is_beyond_us),
		cmocka_unit_test(test_a_file_is_never_put_in_the_place_of_a_folder_of_the_base),
		cmocka_unit_test(test_sources_that_are_not_there_are_named),
	};
	fixture_environment();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
