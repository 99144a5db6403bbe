#include "git_fixture.h"

#include "deploy/assemble_parts.h"
#include "scripted_server.h"

#define ABC "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static const char base_config[] =
	"{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"Env\":[\"PATH=/bin\"],\"User\":\"app\"},"
	"\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" ABC "\"]}}";

/* A repository, and a registry that has one base and nothing else. */
struct world {
	char *directory, *path, *cache;
	struct repo *repo;
	struct scripted script[4];
	char *answers[4];
	struct scripted_server *server;
	struct registries *registries;
	struct deploy_config config;
	struct assemble_settings settings;
	struct assembly assembly;
};

static char *answer(const char *status, const char *type, const char *body)
{
	return xstrfmt("HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%s", status, type, strlen(body), body);
}

static void serve_base(struct world *w, const char *manifest, const char *type, const char *config)
{
	w->answers[0] = answer("200 OK", type, manifest);
	w->answers[1] = answer("200 OK", "application/octet-stream", config);
	w->answers[2] = answer("404 Not Found", "application/json", "{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\"}]}");
	w->script[0] = (struct scripted){ .needle = "GET /v2/base/manifests/1 ", .bytes = w->answers[0] };
	w->script[1] = (struct scripted){ .needle = "GET /v2/base/blobs/", .bytes = w->answers[1] };
	w->script[2] = (struct scripted){ .needle = "/manifests/", .bytes = w->answers[2] };
	w->answers[3] = answer("200 OK", "application/json", "{}");
	w->script[3] = (struct scripted){ .bytes = w->answers[3] };
	w->server = server_start(w->script, 4);
	struct registry_settings settings = { .retry_first_ms = 1, .temporary = "/tmp" };
	assert_success(registries_new(&w->registries, &settings));
}

static void serve(struct world *w, const char *manifest, const char *type)
{
	serve_base(w, manifest, type, base_config);
}

static void begin(struct world *w)
{
	*w = (struct world){ .directory = fixture_directory() };
	w->path = fixture_repository(w->directory, "app", "sha1");
	w->cache = xstrfmt("%s/cache", w->directory);
	put_file(w->path, "app.py", "print()\n");
	put_file(w->path, "web/package.json", "{}\n");
	put_file(w->path, "web/package-lock.json", "{}\n");
	put_file(w->path, "pyproject.toml", "[project]\n");
	put_file(w->path, "requirements.txt", "streamlit\n-r more/dev.txt\n-c https://example.org/c.txt\n");
	put_file(w->path, "more/dev.txt", "--constraint=../limits.txt\n--requirement base.txt # why\n-r ../requirements.txt\n");
	put_file(w->path, "more/base.txt", "numpy\n");
	put_file(w->path, "limits.txt", "numpy<3\n");
	put_file(w->path, "broken.txt", "a\n-r missing.txt\n");
	put_file(w->path, "climbing.txt", "-r ../../etc/passwd\n");
}

static void commit(struct world *w)
{
	git(w->path, "add", "-A", NULL);
	git(w->path, "commit", "-q", "-m", "x", NULL);
	assert_success(repo_open(&w->repo, w->path));
	w->settings = (struct assemble_settings){ .repo = w->repo, .registries = w->registries, .cache = w->cache,
						  .offline = true, .plan_only = true };
	assert_success(repo_head(w->repo, &w->settings.commit));
}

static void end(struct world *w)
{
	assembly_release(&w->assembly);
	deploy_config_release(&w->config);
	registries_free(w->registries);
	if (w->server)
		server_stop(w->server);
	repo_free(w->repo);
	for (size_t i = 0; i < 4; i++)
		free(w->answers[i]);
	free(w->cache);
	free(w->path);
	fixture_remove(w->directory);
}

/* -- recipes ---------------------------------------------------------------------------------- */

/* Commits, and writes the recipe for a list of dependencies and one package (or none). */
static struct error *recipe(struct world *w, const char *dependencies, const char *package, struct buffer *text,
			    char ***inputs, size_t *nr)
{
	char *packages[] = { (char *)package };
	struct deploy_config config = { .dependencies = (char *)dependencies, .context = (char *)"",
					.packages = packages, .nr_packages = package ? 1 : 0 };
	struct assembling a = { .out = &w->assembly, .config = &config, .settings = &w->settings };
	commit(w);
	assert_success(repo_commit_tree(w->repo, &w->settings.commit, &a.context));
	return assemble_recipe(&a, text, inputs, nr);
}

static void test_requirements_bring_the_files_they_name(void **state)
{
	static const char *const expected[] = { "requirements.txt", "more/dev.txt", "limits.txt", "more/base.txt" };
	struct buffer text = BUFFER_INIT;
	struct world w;
	char **inputs;
	size_t nr;
	(void)state;
	begin(&w);
	assert_success(recipe(&w, "requirements.txt", NULL, &text, &inputs, &nr));
	assert_int_equal(nr, ARRAY_SIZE(expected));
	for (size_t i = 0; i < nr; i++)
		assert_string_equal(inputs[i], expected[i]);
	assert_non_null(strstr(text.data, "COPY [\"more/base.txt\", \"/usr/local/share/git-deploy/more/base.txt\"]\n"));
	assert_non_null(strstr(text.data, "--requirement /usr/local/share/git-deploy/requirements.txt\n"));
	strings_free(inputs, nr);
	buffer_release(&text);
	end(&w);
}

static void recipe_fails(const char *dependencies, enum error_code code, const char *message)
{
	struct buffer text = BUFFER_INIT;
	struct world w;
	char **inputs;
	size_t nr;
	begin(&w);
	struct error *err = recipe(&w, dependencies, NULL, &text, &inputs, &nr);
	assert_non_null(err);
	if (!strstr(err->message, message))
		fail_msg("not '%s': %s", message, err->message);
	assert_error(err, code);
	strings_free(inputs, nr);
	buffer_release(&text);
	end(&w);
}

static void test_lists_that_cannot_be_used_are_named(void **state)
{
	(void)state;
	recipe_fails("broken.txt", ERROR_NOT_FOUND, "broken.txt:2: 'missing.txt' is not in the commit");
	recipe_fails("climbing.txt", ERROR_UNSUPPORTED, "climbing.txt:1: '../../etc/passwd' is not a file");
	recipe_fails("nowhere.txt", ERROR_NOT_FOUND, ".deploy.yml: 'nowhere.txt' is not in the commit");
	recipe_fails("app.py", ERROR_UNSUPPORTED, "nobody knows how to install 'app.py'");
}

static void test_a_locked_node_project_is_installed_as_it_is_locked(void **state)
{
	struct buffer text = BUFFER_INIT;
	struct world w;
	char **inputs;
	size_t nr;
	(void)state;
	begin(&w);
	assert_success(recipe(&w, "web/package.json", NULL, &text, &inputs, &nr));
	assert_int_equal(nr, 2);
	assert_non_null(strstr(text.data, "COPY [\"web/package-lock.json\", \"/app/web/\"]\nWORKDIR /app/web/\nRUN npm ci "
					  "--omit=dev"));
	strings_free(inputs, nr);
	buffer_release(&text);
	end(&w);
}

static void test_packages_come_before_dependencies_and_are_roots_to_install(void **state)
{
	struct buffer text = BUFFER_INIT;
	struct world w;
	char **inputs;
	size_t nr;
	(void)state;
	begin(&w);
	w.assembly.base_config = cJSON_Parse(base_config);
	assert_success(recipe(&w, "pyproject.toml", "libpq5", &text, &inputs, &nr));
	const char *user = strstr(text.data, "USER root\n"), *apt = strstr(text.data, "--no-install-recommends libpq5 &&");
	const char *apk = strstr(text.data, "apk add --no-cache libpq5"), *pip = strstr(text.data, "tomllib");
	assert_true(user && apt && apk && pip && user < apt && apt < pip);
	/* The app runs as whoever the base has. */
	assert_string_equal(w.assembly.spec.user, "app");
	strings_free(inputs, nr);
	buffer_release(&text);
	end(&w);
}

/* -- assemblies ------------------------------------------------------------------------------- */

static struct error *assemble_with(struct world *w, const char *image)
{
	char *host = w->server->url + strlen("http://");
	char *text = xstrfmt("app: demo\nregistry: %s/demo\nport: 8501\nimage:\n  %s\n", host, image);
	char *place = strstr(text, "BASE"), *whole = place ? xstrfmt("%.*s%s/base:1%s", (int)(place - text), text, host,
								     place + 4) : xstrdup(text);
	assert_success(deploy_config_parse(&w->config, slice_of_string(whole), ".deploy.yml"));
	free(text);
	free(whole);
	return assemble(&w->assembly, &w->config, &w->settings);
}

static char *manifest_of(const char *config_text)
{
	struct digest config;
	digest_of(config_text, strlen(config_text), &config);
	return xstrfmt("{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"config\":{\"mediaType\":\""
		       MEDIA_OCI_CONFIG "\",\"size\":%zu,\"digest\":\"%s\"},\"layers\":[{\"mediaType\":\"" MEDIA_OCI_LAYER
		       "\",\"size\":12,\"digest\":\"" ABC "\"}]}", strlen(config_text), config.text);
}

static void begin_with_base(struct world *w)
{
	char *manifest = manifest_of(base_config);
	begin(w);
	serve(w, manifest, MEDIA_OCI_MANIFEST);
	free(manifest);
}

static void test_without_a_dockerfile_files_go_to_app(void **state)
{
	struct world w;
	(void)state;
	begin_with_base(&w);
	commit(&w);
	assert_success(assemble_with(&w, "{base: \"BASE\", command: [python3, app.py], files: [app.py, web]}"));
	const struct image_spec *spec = &w.assembly.spec;
	assert_int_equal(spec->nr_copies, 2);
	assert_string_equal(spec->copies[1].to, "app/web");
	assert_string_equal(spec->workdir, "/app");
	assert_int_equal(spec->ports[0], 8501);
	assert_string_equal(spec->command[1], "app.py");
	assert_int_equal(w.assembly.base_manifest.nr_layers, 1);
	assert_true(w.assembly.base_digest.text[0]);
	assert_false(w.assembly.dependencies_stale);
	assert_null(w.assembly.builder);
	end(&w);
}

static void test_a_plan_tells_that_a_builder_is_needed_and_starts_none(void **state)
{
	struct world w;
	(void)state;
	begin_with_base(&w);
	commit(&w);
	assert_success(assemble_with(&w, "{base: \"BASE\", dependencies: requirements.txt}"));
	assert_true(w.assembly.dependencies_stale);
	assert_true(w.assembly.dependencies_input.text[0]);
	assert_null(w.assembly.made_by);
	char *tag = assemble_dependencies_tag(&w.assembly.dependencies_input);
	assert_int_equal(strlen(tag), strlen("deps-") + 16);
	assert_int_equal(strncmp(tag + 5, digest_hex(&w.assembly.dependencies_input), 16), 0);
	free(tag);
	end(&w);
}

static void test_a_dockerfile_beyond_us_is_left_to_a_builder_whole(void **state)
{
	struct world w;
	(void)state;
	begin_with_base(&w);
	char *text = xstrfmt("FROM %s/base:1\nCOPY . /app\nRUN make\n", w.server->url + strlen("http://"));
	put_file(w.path, "Dockerfile", text);
	commit(&w);
	assert_success(assemble_with(&w, "{dockerfile: Dockerfile}"));
	assert_non_null(strstr(w.assembly.builder, "Dockerfile:3: RUN after all files"));
	assert_true(w.assembly.dependencies_stale);
	free(text);
	end(&w);
}

static void test_bases_of_other_platforms_are_refused_with_what_there_is(void **state)
{
	static const char index[] =
		"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX "\",\"manifests\":["
		"{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"size\":9,\"digest\":\"" ABC "\",\"platform\":{\"os\":\"linux\","
		"\"architecture\":\"arm64\"}},"
		"{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"size\":9,\"digest\":\"" ABC "\",\"platform\":{\"os\":\"unknown\","
		"\"architecture\":\"unknown\"}},"
		"{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"size\":9,\"digest\":\"" ABC "\",\"platform\":{\"os\":\"linux\","
		"\"architecture\":\"s390x\"}}]}";
	struct world w;
	(void)state;
	begin(&w);
	serve(&w, index, MEDIA_OCI_INDEX);
	commit(&w);
	struct error *err = assemble_with(&w, "{base: \"BASE\"}");
	assert_non_null(strstr(err->message, "is there for linux/arm64, linux/s390x, not for linux/amd64"));
	assert_error(err, ERROR_UNSUPPORTED);
	end(&w);
	begin_with_base(&w);
	commit(&w);
	err = assemble_with(&w, "{base: \"BASE\", platform: linux/arm64}");
	assert_non_null(strstr(err->message, "is there for linux/amd64, not for linux/arm64"));
	assert_error(err, ERROR_UNSUPPORTED);
	end(&w);
}

static void test_a_base_that_does_not_tell_its_platform_is_refused(void **state)
{
	static const char config[] = "{\"architecture\":\"\",\"os\":\"\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" ABC "\"]}}";
	struct world w;
	char *manifest = manifest_of(config);
	(void)state;
	begin(&w);
	serve_base(&w, manifest, MEDIA_OCI_MANIFEST, config);
	commit(&w);
	struct error *err = assemble_with(&w, "{base: \"BASE\"}");
	assert_non_null(strstr(err->message, "does not tell its platform; linux/amd64 is wanted"));
	assert_error(err, ERROR_UNSUPPORTED);
	end(&w);
	free(manifest);
}

static void test_a_base_that_is_not_there_is_named_with_where_it_stands(void **state)
{
	struct world w;
	(void)state;
	begin(&w);
	serve(&w, "{}", MEDIA_OCI_MANIFEST);
	w.script[0] = w.script[2];
	commit(&w);
	struct error *err = assemble_with(&w, "{base: \"BASE\"}");
	assert_non_null(strstr(err->message, "there is no such base"));
	assert_non_null(strstr(err->hint, ".deploy.yml"));
	assert_error(err, ERROR_NOT_FOUND);
	end(&w);
}

static void test_a_context_has_to_be_a_folder(void **state)
{
	struct world w;
	(void)state;
	begin_with_base(&w);
	commit(&w);
	struct error *err = assemble_with(&w, "{base: \"BASE\", context: app.py}");
	assert_non_null(strstr(err->message, "the context 'app.py' is no folder"));
	assert_error(err, ERROR_NOT_FOUND);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requirements_bring_the_files_they_name),
		cmocka_unit_test(test_lists_that_cannot_be_used_are_named),
		cmocka_unit_test(test_a_locked_node_project_is_installed_as_it_is_locked),
		cmocka_unit_test(test_packages_come_before_dependencies_and_are_roots_to_install),
		cmocka_unit_test(test_without_a_dockerfile_files_go_to_app),
		cmocka_unit_test(test_a_plan_tells_that_a_builder_is_needed_and_starts_none),
		cmocka_unit_test(test_a_dockerfile_beyond_us_is_left_to_a_builder_whole),
		cmocka_unit_test(test_bases_of_other_platforms_are_refused_with_what_there_is),
		cmocka_unit_test(test_a_base_that_does_not_tell_its_platform_is_refused),
		cmocka_unit_test(test_a_base_that_is_not_there_is_named_with_where_it_stands),
		cmocka_unit_test(test_a_context_has_to_be_a_folder),
	};
	fixture_environment();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
