#include "image_testing.h"

#include <utime.h>

#include "base/json.h"
#include "base/text.h"
#include "image/layer_cache.h"

/* -- contents ---------------------------------------------------------------------------------- */

static void test_each_folder_gets_a_layer(void **state)
{
	struct fixture f;
	(void)state;
	fixture_start(&f);
	assert_success(fixture_build(&f));
	assert_layers(&f, "--\n"
			  "40755 app/\n"
			  "100644 app/main.py print('hello')\n"
			  "--\n"
			  "40755 app/\n"
			  "40755 app/lib/\n"
			  "40755 app/lib/deep/\n"
			  "100644 app/lib/deep/two.py 2\n"
			  "100644 app/lib/one.py 1\n"
			  "--\n"
			  "40755 app/\n"
			  "40755 app/static/\n"
			  "100644 app/static/style.css body {}\n");
	fixture_end(&f);
}

static void test_links_and_executables_are_kept(void **state)
{
	struct fixture f;
	(void)state;
	fixture_start(&f);
	put_link(f.top, "lib/link", "../main.py");
	git(f.top, "update-index", "--add", "--chmod=+x", "main.py", NULL);
	git(f.top, "add", "lib/link", NULL);
	git(f.top, "commit", "-q", "-m", "x", NULL);
	assert_success(repo_head(f.repo, &f.settings.commit));
	assert_success(fixture_build(&f));
	char *listed = list_layers(&f.image);
	assert_non_null(strstr(listed, "100755 app/main.py"));
	assert_non_null(strstr(listed, "120777 app/lib/link ../main.py"));
	free(listed);
	fixture_end(&f);
}

static void test_copies_lie_upon_each_other(void **state)
{
	struct fixture f;
	(void)state;
	fixture_start(&f);
	f.copies[0] = (struct image_copy){ .from = (char *)"lib", .to = (char *)"srv" };
	f.copies[1] = (struct image_copy){ .from = (char *)"main.py", .to = (char *)"srv/one.py" };
	f.copies[2] =
	    (struct image_copy){ .from = (char *)"static/style.css", .to = (char *)"srv/deep", .into = true };
	f.spec.nr_copies = 3;
	assert_success(fixture_build(&f));
	assert_layers(&f, "--\n"
			  "40755 srv/\n"
			  "100644 srv/one.py print('hello')\n"
			  "--\n"
			  "40755 srv/\n"
			  "40755 srv/deep/\n"
			  "100644 srv/deep/style.css body {}\n"
			  "100644 srv/deep/two.py 2\n");
	fixture_end(&f);
}

static void test_a_context_is_a_folder_of_the_commit(void **state)
{
	struct fixture f;
	(void)state;
	fixture_start(&f);
	put_file(f.top, "lib/.dockerignore", "deep\n.dockerignore\n");
	fixture_commit(&f);
	f.spec.context = (char *)"lib";
	assert_success(fixture_build(&f));
	assert_layers(&f, "--\n40755 app/\n100644 app/one.py 1\n");
	fixture_end(&f);
}

static void test_what_is_ignored_is_left_out(void **state)
{
	struct fixture f;
	(void)state;
	fixture_start(&f);
	put_file(f.top, ".dockerignore", "**/.*\nlib\n!lib/deep\n");
	put_file(f.top, ".gitattributes", "*.css export-ignore\nkeep.css -export-ignore\n");
	put_file(f.top, "static/keep.css", "a {}\n");
	put_file(f.top, "docs/.gitattributes", "* export-ignore\n");
	put_file(f.top, "docs/page.md", "x\n");
	fixture_commit(&f);
	assert_success(fixture_build(&f));
	assert_layers(&f, "--\n"
			  "40755 app/\n"
			  "100644 app/main.py print('hello')\n"
			  "--\n"
			  "40755 app/\n"
			  "40755 app/lib/\n"
			  "40755 app/lib/deep/\n"
			  "100644 app/lib/deep/two.py 2\n"
			  "--\n"
			  "40755 app/\n"
			  "40755 app/static/\n"
			  "100644 app/static/keep.css a {}\n");
	fixture_end(&f);
}

static void test_an_image_may_have_no_file(void **state)
{
	struct fixture f;
	(void)state;
	fixture_start(&f);
	f.spec.nr_copies = 0;
	assert_success(fixture_build(&f));
	assert_int_equal(f.image.nr_layers, 1);
	fixture_end(&f);
}

static void test_owners_are_as_the_copy_says(void **state)
{
	struct fixture f;
	struct digest roots;
	(void)state;
	fixture_start(&f);
	assert_success(fixture_build(&f));
	roots = f.image.digest;
	f.copies[0].owner = 1000;
	assert_success(fixture_build(&f));
	assert_false(digest_equals(&roots, &f.image.digest));
	fixture_end(&f);
}

/* -- what is refused --------------------------------------------------------------------------- */

static void test_pointers_of_lfs_are_refused(void **state)
{
	struct fixture f;
	(void)state;
	fixture_start(&f);
	put_file(f.top, "static/big.bin",
		 "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n");
	fixture_commit(&f);
	struct error *err = fixture_build(&f);
	assert_non_null(err);
	assert_non_null(strstr(err->message, "'static/big.bin' is a pointer of Git LFS"));
	assert_non_null(strstr(err->hint, "git lfs migrate export"));
	error_free(err);
	fixture_end(&f);
}

static void test_submodules_are_refused_unless_ignored(void **state)
{
	struct fixture f;
	(void)state;
	fixture_start(&f);
	char *head = git_says(f.top, "rev-parse", "HEAD", NULL), *info = xstrfmt("160000,%s,lib/sub", head);
	git(f.top, "update-index", "--add", "--cacheinfo", info, NULL);
	git(f.top, "commit", "-q", "-m", "x", NULL);
	assert_success(repo_head(f.repo, &f.settings.commit));
	assert_fails(fixture_build(&f), ERROR_UNSUPPORTED, "'lib/sub' is a submodule");
	put_file(f.top, ".dockerignore", "lib/sub\n");
	git(f.top, "add", ".dockerignore", NULL);
	git(f.top, "commit", "-q", "-m", "x", NULL);
	assert_success(repo_head(f.repo, &f.settings.commit));
	assert_success(fixture_build(&f));
	free(head);
	free(info);
	fixture_end(&f);
}

static void test_links_out_of_the_image_are_refused(void **state)
{
	static const char *const targets[] = { "/etc/passwd", "../../x", "../lib/../../../x" };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		struct fixture f;
		fixture_start(&f);
		put_link(f.top, "link", targets[i]);
		fixture_commit(&f);
		assert_fails(fixture_build(&f), ERROR_UNSUPPORTED, "'link' is a symbolic link to");
		fixture_end(&f);
	}
}

static void test_names_that_remove_files_are_refused(void **state)
{
	struct fixture f;
	(void)state;
	fixture_start(&f);
	put_file(f.top, "lib/.wh.one.py", "");
	fixture_commit(&f);
	assert_fails(fixture_build(&f), ERROR_UNSUPPORTED, "'lib/.wh.one.py'");
	fixture_end(&f);
}

static void test_paths_that_are_not_there_are_told(void **state)
{
	struct fixture f;
	(void)state;
	fixture_start(&f);
	f.copies[0].from = (char *)"src";
	assert_fails(fixture_build(&f), ERROR_NOT_FOUND, "the commit has no 'src'");
	f.copies[0].from = (char *)"main.py/x";
	assert_fails(fixture_build(&f), ERROR_NOT_FOUND, "the commit has no 'main.py/x'");
	put_file(f.top, ".dockerignore", "lib\n");
	fixture_commit(&f);
	f.copies[0].from = (char *)"lib";
	assert_fails(fixture_build(&f), ERROR_NOT_FOUND, ".dockerignore leaves it out");
	fixture_end(&f);
}

static void test_a_file_cannot_be_where_a_folder_is(void **state)
{
	struct fixture f;
	(void)state;
	fixture_start(&f);
	f.copies[1] = (struct image_copy){ .from = (char *)"main.py", .to = (char *)"app/lib" };
	f.spec.nr_copies = 2;
	assert_fails(fixture_build(&f), ERROR_EXISTS, "'/app/lib'");
	f.copies[1].to = (char *)"";
	assert_fails(fixture_build(&f), ERROR_SYNTAX, "'main.py' is a file and needs a name");
	f.copies[1].to = (char *)"../etc";
	assert_fails(fixture_build(&f), ERROR_SYNTAX, "no path in an image");
	fixture_end(&f);
}

static void test_folders_that_are_links_in_bases_are_refused(void **state)
{
	struct fixture f;
	(void)state;
	fixture_start(&f);
	f.copies[0].to = (char *)"lib";
	struct error *err = fixture_build(&f);
	assert_non_null(err);
	assert_string_equal(err->hint, "copy them to '/usr/lib'");
	error_free(err);
	f.settings.base_manifest = NULL;
	f.settings.base_config = NULL;
	assert_success(fixture_build(&f));
	fixture_end(&f);
}

static void test_the_wrong_architecture_is_told(void **state)
{
	struct fixture f;
	(void)state;
	fixture_start(&f);
	platform_release(&f.spec.platform);
	assert_success(platform_parse(&f.spec.platform, "linux/arm64"));
	assert_fails(fixture_build(&f), ERROR_UNSUPPORTED, "for linux/amd64, not for linux/arm64");
	fixture_end(&f);
}

/* -- the same bytes ---------------------------------------------------------------------------- */

static void many_files(const char *top)
{
	for (int i = 0; i < 60; i++) {
		char *path = xstrfmt("data/%d/file%d", i % 7, i);
		struct buffer text = BUFFER_INIT;
		for (int k = 0; k < 3000 * (i % 9); k++)
			buffer_addf(&text, "%d ", k * i);
		put_file(top, path, text.data);
		buffer_release(&text);
		free(path);
	}
}

/* The same on every machine, whatever compiled this. The configuration has the digests of the layers uncompressed,
 * for libdeflate's next version may compress better. */
static void test_the_digest_is_known(void **state)
{
	struct fixture f;
	(void)state;
	fixture_start(&f);
	put_link(f.top, "link", "lib/one.py");
	many_files(f.top);
	fixture_commit(&f);
	assert_success(fixture_build(&f));
	assert_string_equal(f.settings.commit.hex, "dae95202a691df2fe3874c699b5003a497671089");
	assert_string_equal(f.image.config_digest.text,
			    "sha256:06ae26cd6982f25c7886a69e198c54e7c7d7ddc3022011296c9982b608f509fe");
	fixture_end(&f);
}

static void test_threads_do_not_change_the_bytes(void **state)
{
	struct fixture f;
	struct digest one;
	(void)state;
	fixture_start(&f);
	many_files(f.top);
	fixture_commit(&f);
	f.settings.threads = 1;
	assert_success(fixture_build(&f));
	one = f.image.digest;
	for (unsigned threads = 2; threads < 9; threads += 3) {
		fixture_forget(&f);
		f.settings.threads = threads;
		assert_success(fixture_build(&f));
		assert_string_equal(f.image.digest.text, one.text);
	}
	fixture_end(&f);
}

static void test_clones_of_all_kinds_make_the_same_image(void **state)
{
	static const char *const kinds[][2] = { { "--no-hardlinks", "--quiet" }, { "--depth=1", "--bare" },
						{ "--filter=blob:none", "--bare" } };
	struct fixture f;
	struct digest original;
	(void)state;
	fixture_start(&f);
	many_files(f.top);
	fixture_commit(&f);
	git(f.top, "config", "uploadpack.allowFilter", "true", NULL);
	git(f.top, "config", "uploadpack.allowAnySHA1InWant", "true", NULL);
	assert_success(fixture_build(&f));
	original = f.image.digest;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		char *clone = xstrfmt("%s/clone%zu", f.directory, i), *url = xstrfmt("file://%s", f.top);
		git(f.directory, "clone", "-q", kinds[i][0], kinds[i][1], url, clone, NULL);
		git(clone, "repack", "-a", "-d", "-q", NULL);
		fixture_open(&f, clone);
		fixture_forget(&f);
		assert_success(fixture_build(&f));
		assert_string_equal(f.image.digest.text, original.text);
		free(clone);
		free(url);
	}
	fixture_end(&f);
}

static void test_repositories_of_sha256_build_too(void **state)
{
	struct fixture f;
	(void)state;
	fixture_start_with(&f, "sha256");
	assert_success(fixture_build(&f));
	assert_int_equal(f.image.nr_layers, 4);
	char *listed = list_layers(&f.image);
	assert_non_null(strstr(listed, "app/lib/deep/two.py 2"));
	free(listed);
	fixture_end(&f);
}

/* -- layers that are there --------------------------------------------------------------------- */

static void test_layers_of_an_earlier_image_are_used_without_a_file(void **state)
{
	struct fixture f;
	struct manifest earlier;
	const struct manifest *list[] = { &earlier };
	struct reference target;
	struct digest first;
	(void)state;
	fixture_start(&f);
	git(f.top, "config", "uploadpack.allowFilter", "true", NULL);
	assert_success(fixture_build(&f));
	first = f.image.digest;
	assert_success(manifest_parse(&earlier, slice_of(&f.image.manifest), "earlier"));
	assert_success(reference_parse(&target, "localhost:5000/app"));
	f.settings.earlier = list;
	f.settings.nr_earlier = 1;
	f.settings.target = &target;
	/* A clone without blobs, whose origin is gone. */
	char *clone = xstrfmt("%s/clone", f.directory), *url = xstrfmt("file://%s", f.top);
	git(f.directory, "clone", "-q", "--bare", "--filter=blob:none", url, clone, NULL);
	git(clone, "config", "remote.origin.url", "/nonexistent", NULL);
	fixture_open(&f, clone);
	fixture_forget(&f);
	assert_success(fixture_build(&f));
	assert_string_equal(f.image.digest.text, first.text);
	assert_null(f.image.layers[1].file);
	assert_true(f.image.layers[1].reused && f.image.layers[1].from == &target);
	manifest_release(&earlier);
	reference_release(&target);
	free(clone);
	free(url);
	fixture_end(&f);
}

static void test_a_change_makes_only_its_layer_anew(void **state)
{
	struct fixture f;
	struct digest before[4];
	(void)state;
	fixture_start(&f);
	assert_success(fixture_build(&f));
	for (size_t i = 0; i < 4; i++)
		before[i] = f.image.layers[i].descriptor.digest;
	put_file(f.top, "lib/one.py", "3\n");
	fixture_commit(&f);
	assert_success(fixture_build(&f));
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(digest_equals(&before[i], &f.image.layers[i].descriptor.digest), i != 2);
	fixture_end(&f);
}

static void test_layers_are_kept_and_checked(void **state)
{
	struct fixture f;
	struct digest first;
	struct stat st;
	(void)state;
	fixture_start(&f);
	assert_success(fixture_build(&f));
	first = f.image.digest;
	/* One that is sound stays; one that is not is made again. */
	char *sound = xstrdup(f.image.layers[1].file), *damaged = xstrdup(f.image.layers[2].file);
	assert_int_equal(chmod(sound, 0400), 0);
	assert_int_equal(chmod(damaged, 0600), 0);
	int fd = open(damaged, O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, "x", 1, 30), 1);
	close(fd);
	assert_success(fixture_build(&f));
	assert_string_equal(f.image.digest.text, first.text);
	assert_int_equal(stat(sound, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0400);
	assert_int_equal(stat(damaged, &st), 0);
	assert_int_not_equal(st.st_mode & 0777, 0600);
	free(sound);
	free(damaged);
	fixture_end(&f);
}

static void test_the_cache_has_a_ceiling(void **state)
{
	struct fixture f;
	struct utimbuf old = { 1000, 1000 };
	(void)state;
	fixture_start(&f);
	assert_success(fixture_build(&f));
	const char *oldest = f.image.layers[1].file, *kept = f.image.layers[2].file;
	assert_int_equal(utime(oldest, &old), 0);
	layer_cache_prune(f.cache, 0, 2000);
	assert_int_equal(access(oldest, F_OK), -1);
	assert_int_equal(access(kept, F_OK), 0);
	fixture_end(&f);
}

static void test_a_plan_reads_no_file(void **state)
{
	struct fixture f;
	struct image planned;
	(void)state;
	fixture_start(&f);
	assert_success(image_plan(&planned, &f.spec, &f.settings));
	assert_int_equal(planned.nr_layers, 4);
	assert_string_equal(planned.layers[2].descriptor.digest.text, "");
	assert_int_equal(planned.layers[2].files, 2);
	assert_string_equal(descriptor_annotation(&planned.layers[2].descriptor, ANNOTATION_PATH), "lib");
	assert_string_equal(planned.digest.text, "");
	assert_success(fixture_build(&f));
	assert_string_equal(descriptor_annotation(&planned.layers[2].descriptor, ANNOTATION_INPUT),
			    descriptor_annotation(&f.image.layers[2].descriptor, ANNOTATION_INPUT));
	image_release(&planned);
	assert_success(image_plan(&planned, &f.spec, &f.settings));
	assert_string_equal(planned.digest.text, f.image.digest.text);
	image_release(&planned);
	fixture_end(&f);
}

static void test_an_interrupt_leaves_nothing_behind(void **state)
{
	struct fixture f;
	volatile int stop = 1;
	(void)state;
	fixture_start(&f);
	f.settings.stop = &stop;
	assert_fails(fixture_build(&f), ERROR_CANCELLED, "interrupted");
	char *command = xstrfmt("test -z \"$(ls -A '%s')\"", f.cache);
	assert_int_equal(system(command), 0);
	free(command);
	fixture_end(&f);
}

/* -- manifest and configuration ---------------------------------------------------------------- */

static void test_the_manifest_begins_with_the_base(void **state)
{
	struct fixture f;
	struct manifest m;
	(void)state;
	fixture_start(&f);
	assert_success(fixture_build(&f));
	assert_success(manifest_parse(&m, slice_of(&f.image.manifest), "built"));
	assert_string_equal(m.media_type, MEDIA_OCI_MANIFEST);
	assert_string_equal(m.layers[0].media_type, MEDIA_OCI_LAYER);
	assert_string_equal(m.layers[0].digest.text, EMPTY);
	assert_string_equal(descriptor_annotation(&m.layers[0], "kept"), "yes");
	assert_null(descriptor_annotation(&m.layers[0], ANNOTATION_LAYER));
	char *tree = git_says(f.top, "rev-parse", "HEAD:lib", NULL);
	assert_string_equal(descriptor_annotation(&m.layers[2], ANNOTATION_TREE), tree);
	assert_string_equal(descriptor_annotation(&m.layers[2], ANNOTATION_DIFF_ID),
			    f.image.layers[2].diff_id.text);
	assert_null(descriptor_annotation(&m.layers[1], ANNOTATION_TREE));
	assert_string_equal(m.config.digest.text, f.image.config_digest.text);
	free(tree);
	manifest_release(&m);
	fixture_end(&f);
}

static const cJSON *at(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
	if (!item)
		fail_msg("there is no %s", key);
	return item;
}

static void test_the_configuration_is_the_bases_and_more(void **state)
{
	struct fixture f;
	cJSON *config;
	struct image_variable environment[] = { { (char *)"A", (char *)"2" }, { (char *)"B", (char *)"3" } };
	char *command[] = { (char *)"streamlit", (char *)"run" };
	unsigned port = 8501;
	(void)state;
	fixture_start(&f);
	f.spec.environment = environment;
	f.spec.nr_environment = 2;
	f.spec.entrypoint = command;
	f.spec.nr_entrypoint = 2;
	f.spec.ports = &port;
	f.spec.nr_ports = 1;
	f.spec.workdir = (char *)"/app";
	assert_success(fixture_build(&f));
	assert_success(config_parse(&config, slice_of(&f.image.config), "built"));
	const cJSON *inner = at(config, "config"), *labels = at(inner, "Labels");
	char *text = cJSON_PrintUnformatted(inner);
	assert_non_null(strstr(text, "\"Env\":[\"PATH=/bin\",\"A=2\",\"B=3\"]"));
	assert_non_null(strstr(text, "\"Entrypoint\":[\"streamlit\",\"run\"]"));
	assert_null(strstr(text, "\"Cmd\""));
	assert_non_null(strstr(text, "\"ExposedPorts\":{\"8501/tcp\":{}}"));
	assert_int_equal(cJSON_GetArraySize(at(at(config, "rootfs"), "diff_ids")), 4);
	assert_int_equal(cJSON_GetArraySize(at(config, "history")), 5);
	assert_non_null(at(at(config, "future"), "key"));
	assert_string_equal(at(config, "created")->valuestring, "2024-05-01T12:00:00Z");
	assert_string_equal(json_string_or(labels, "maintainer", ""), "x");
	assert_string_equal(json_string_or(labels, "org.opencontainers.image.revision", ""),
			    f.settings.commit.hex);
	assert_string_equal(json_string_or(labels, "org.opencontainers.image.base.name", ""), "python:3.12");
	assert_string_equal(json_string_or(labels, "org.opencontainers.image.version", "none"), "none");
	cJSON_free(text);
	cJSON_Delete(config);
	fixture_end(&f);
}

static void test_where_a_clone_is_from_does_not_change_its_image(void **state)
{
	struct fixture f;
	struct digest first;
	(void)state;
	fixture_start(&f);
	f.settings.source = "https://example.org/repo";
	assert_success(fixture_build(&f));
	first = f.image.digest;
	image_release(&f.image);
	f.settings.source = "ssh://git@mirror.example.org/repo.git";
	assert_success(fixture_build(&f));
	assert_string_equal(f.image.digest.text, first.text);
	fixture_end(&f);
}

static void test_labels_of_the_repository_do_not_say_which_commit_it_is(void **state)
{
	struct fixture f;
	struct image_variable label = { (char *)"org.opencontainers.image.revision", (char *)"another" };
	(void)state;
	fixture_start(&f);
	f.spec.labels = &label;
	f.spec.nr_labels = 1;
	assert_success(fixture_build(&f));
	assert_null(strstr(f.image.config.data, "another"));
	fixture_end(&f);
}

static void test_dependencies_lie_between(void **state)
{
	struct fixture f;
	struct layer layer = { .origin = LAYER_DEPENDENCIES, .descriptor = { .size = 5 } };
	cJSON *config;
	(void)state;
	fixture_start(&f);
	layer.descriptor.media_type = (char *)MEDIA_DOCKER_LAYER;
	digest_of("blob", 4, &layer.descriptor.digest);
	digest_of("diff", 4, &layer.diff_id);
	f.settings.dependencies = &layer;
	f.settings.nr_dependencies = 1;
	assert_success(fixture_build(&f));
	assert_int_equal(f.image.layers[1].origin, LAYER_DEPENDENCIES);
	/* Left behind by a builder: the base's configuration with one more diff id. */
	assert_success(config_parse(&config, slice_of_string(base_config_text), "dependencies"));
	cJSON_AddItemToArray(cJSON_GetObjectItem(cJSON_GetObjectItem(config, "rootfs"), "diff_ids"),
			     cJSON_CreateString(layer.diff_id.text));
	f.settings.dependencies_config = config;
	assert_success(fixture_build(&f));
	f.settings.nr_dependencies = 0;
	assert_fails(fixture_build(&f), ERROR_SYNTAX, "layers");
	cJSON_Delete(config);
	fixture_end(&f);
}

static void test_a_base_that_contradicts_itself_is_refused(void **state)
{
	struct fixture f;
	(void)state;
	fixture_start(&f);
	cJSON *ids = cJSON_GetObjectItem(cJSON_GetObjectItem(f.config, "rootfs"), "diff_ids");
	cJSON_AddItemToArray(ids, cJSON_CreateString(EMPTY));
	assert_fails(fixture_build(&f), ERROR_SYNTAX, "the base image has 1 layers");
	cJSON_DeleteItemFromArray(ids, 0);
	cJSON_DeleteItemFromArray(ids, 0);
	assert_fails(fixture_build(&f), ERROR_SYNTAX, "the base image has 1 layers");
	fixture_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_folder_gets_a_layer),
		cmocka_unit_test(test_links_and_executables_are_kept),
		cmocka_unit_test(test_copies_lie_upon_each_other),
		cmocka_unit_test(test_a_context_is_a_folder_of_the_commit),
		cmocka_unit_test(test_what_is_ignored_is_left_out),
		cmocka_unit_test(test_an_image_may_have_no_file),
		cmocka_unit_test(test_owners_are_as_the_copy_says),
		cmocka_unit_test(test_pointers_of_lfs_are_refused),
		cmocka_unit_test(test_submodules_are_refused_unless_ignored),
		cmocka_unit_test(test_links_out_of_the_image_are_refused),
		cmocka_unit_test(test_names_that_remove_files_are_refused),
		cmocka_unit_test(test_paths_that_are_not_there_are_told),
		cmocka_unit_test(test_a_file_cannot_be_where_a_folder_is),
		cmocka_unit_test(test_folders_that_are_links_in_bases_are_refused),
		cmocka_unit_test(test_the_wrong_architecture_is_told),
		cmocka_unit_test(test_the_digest_is_known),
		cmocka_unit_test(test_threads_do_not_change_the_bytes),
		cmocka_unit_test(test_clones_of_all_kinds_make_the_same_image),
		cmocka_unit_test(test_repositories_of_sha256_build_too),
		cmocka_unit_test(test_layers_of_an_earlier_image_are_used_without_a_file),
		cmocka_unit_test(test_a_change_makes_only_its_layer_anew),
		cmocka_unit_test(test_layers_are_kept_and_checked),
		cmocka_unit_test(test_the_cache_has_a_ceiling),
		cmocka_unit_test(test_a_plan_reads_no_file),
		cmocka_unit_test(test_an_interrupt_leaves_nothing_behind),
		cmocka_unit_test(test_the_manifest_begins_with_the_base),
		cmocka_unit_test(test_the_configuration_is_the_bases_and_more),
		cmocka_unit_test(test_where_a_clone_is_from_does_not_change_its_image),
		cmocka_unit_test(test_labels_of_the_repository_do_not_say_which_commit_it_is),
		cmocka_unit_test(test_dependencies_lie_between),
		cmocka_unit_test(test_a_base_that_contradicts_itself_is_refused),
	};
	fixture_environment();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
