#include "image_testing.h"

#include "image/build_plan.h"
#include "image/tar.h"
#include "image/verify_config.h"
#include "image/verify_layers.h"

#define MAX_LAYERS 8

/* A built image whose layers are compared with what its commit, or another, gives. */
struct checking {
	struct fixture f;
	struct build_plan plan;
	struct verify_layer layers[MAX_LAYERS];
	size_t nr;
	struct verify_result result;
};

static void start(struct checking *c)
{
	*c = (struct checking){ 0 };
	fixture_start(&c->f);
}

static void take_layer(struct checking *c, int fd, const struct digest *diff_id, bool of_commit)
{
	assert_true(fd >= 0);
	c->layers[c->nr++] = (struct verify_layer){ "a layer", of_commit, fd, *diff_id };
}

/* The layers of the image as it is built now. */
static void take_built(struct checking *c)
{
	assert_success(fixture_build(&c->f));
	for (size_t i = 0; i < c->f.image.nr_layers; i++)
		if (c->f.image.layers[i].origin == LAYER_TREE)
			take_layer(c, open(c->f.image.layers[i].file, O_RDONLY | O_CLOEXEC),
				   &c->f.image.layers[i].diff_id, true);
}

static void add_entry(struct buffer *tar, enum tar_kind kind, const char *path, unsigned mode,
		      const char *text)
{
	bool file = kind == TAR_FILE;
	struct tar_entry e = { .kind = kind, .path = path, .mode = mode, .size = file ? strlen(text) : 0,
			       .target = file ? NULL : text };
	tar_add_header(tar, &e);
	if (file) {
		buffer_addstr(tar, text);
		tar_add_padding(tar, strlen(text));
	}
}

/* An archive without compression. */
static void take_bytes(struct checking *c, struct buffer *tar, bool of_commit)
{
	struct digest diff_id;
	char path[] = "/tmp/scrutiny-layer-XXXXXX";
	digest_of(tar->data, tar->len, &diff_id);
	int fd = mkstemp(path);
	assert_int_equal(write(fd, tar->data, tar->len), (ssize_t)tar->len);
	unlink(path);
	take_layer(c, fd, &diff_id, of_commit);
	buffer_release(tar);
}

static void take_tar(struct checking *c, struct buffer *tar, bool of_commit)
{
	tar_add_end(tar);
	take_bytes(c, tar, of_commit);
}

static struct error *verify(struct checking *c)
{
	assert_success(build_plan_make(&c->plan, &c->f.spec, &c->f.settings));
	return verify_layers(&c->result, c->f.repo, &c->plan.layers, c->layers, c->nr);
}

static void expect(struct checking *c, const char *expected)
{
	struct buffer out = BUFFER_INIT;
	assert_success(verify(c));
	for (size_t i = 0; i < c->result.nr_differences; i++)
		buffer_addf(&out, "%s %s\n", c->result.differences[i].path, c->result.differences[i].what);
	assert_string_equal(out.data, expected);
	buffer_release(&out);
}

static void end(struct checking *c)
{
	for (size_t i = 0; i < c->nr; i++)
		close(c->layers[i].fd);
	build_plan_release(&c->plan);
	verify_result_release(&c->result);
	fixture_end(&c->f);
}

static void test_what_was_built_is_the_commit(void **state)
{
	struct checking c;
	(void)state;
	start(&c);
	put_link(c.f.top, "link", "main.py");
	put_file(c.f.top,
		 "a-name-that-is-longer-than-a-header-has-room-for-so-that-a-pax-record-has-to-hold-it-"
		 "\xc3\xa4\xc3\xb6\xc3\xbc-\xe6\x97\xa5\xe6\x9c\xac.txt",
		 "x\n");
	put_file(c.f.top, "\xc3\xa4\xc3\xb6.txt", "x\n");
	fixture_commit(&c.f);
	take_built(&c);
	expect(&c, "");
	assert_int_equal(c.result.files, 7);
	assert_int_equal(c.result.layers, 3);
	end(&c);
}

static void test_another_commit_is_told_file_by_file(void **state)
{
	struct checking c;
	(void)state;
	start(&c);
	put_file(c.f.top, "lib/extra.py", "x\n");
	fixture_commit(&c.f);
	take_built(&c);
	remove_file(c.f.top, "lib/extra.py");
	put_file(c.f.top, "lib/one.py", "another\n");
	put_file(c.f.top, "new.py", "x\n");
	git(c.f.top, "add", "-A", ".", NULL);
	git(c.f.top, "update-index", "--chmod=+x", "main.py", NULL);
	git(c.f.top, "commit", "-q", "-m", "another", NULL);
	assert_success(repo_head(c.f.repo, &c.f.settings.commit));
	expect(&c, "app/lib/extra.py is not in the commit\n"
		   "app/lib/one.py differs\n"
		   "app/main.py has another mode\n"
		   "app/new.py is missing\n");
	end(&c);
}

static void test_later_layers_may_not_touch_the_commits_files(void **state)
{
	struct checking c;
	struct buffer tar = BUFFER_INIT;
	(void)state;
	start(&c);
	take_built(&c);
	add_entry(&tar, TAR_FILE, "etc/motd", 0644, "hello");
	add_entry(&tar, TAR_FOLDER, "app", 0700, NULL);
	add_entry(&tar, TAR_FILE, "app/main.py", 0644, "evil");
	add_entry(&tar, TAR_FILE, "app/lib/one.py", 0644, "1\n");
	add_entry(&tar, TAR_FILE, "app/static/.wh.style.css", 0644, "");
	add_entry(&tar, TAR_FILE, "app/lib/deep/.wh..wh..opq", 0644, "");
	add_entry(&tar, TAR_FILE, "app/lib/new/thing.py", 0644, "x");
	take_tar(&c, &tar, false);
	expect(&c, "app/lib/deep is removed by a later layer\n"
		   "app/lib/new/thing.py is put there by a later layer\n"
		   "app/main.py is changed by a later layer\n"
		   "app/static/style.css is removed by a later layer\n");
	end(&c);
}

static void test_files_of_other_kinds_are_told(void **state)
{
	struct checking c;
	struct buffer tar = BUFFER_INIT;
	(void)state;
	start(&c);
	add_entry(&tar, TAR_FOLDER, "./app//", 0755, NULL);
	add_entry(&tar, TAR_FILE, "/app/main.py", 04644, "print('hello')\n");
	add_entry(&tar, TAR_LINK, "app/lib", 0777, "../etc");
	add_entry(&tar, (enum tar_kind)'6', "app/static", 0644, NULL);
	add_entry(&tar, TAR_FILE, "../escaped", 0644, "");
	add_entry(&tar, TAR_FILE, "app/.wh.x", 0644, "");
	take_tar(&c, &tar, true);
	expect(&c, "../escaped is no path in an image\n"
		   "app/lib is of another kind\n"
		   "app/lib/deep is missing\n"
		   "app/lib/deep/two.py is missing\n"
		   "app/lib/one.py is missing\n"
		   "app/main.py has another mode\n"
		   "app/static is of another kind\n"
		   "app/static/style.css is missing\n"
		   "app/x is removed by a layer\n");
	end(&c);
}

static void test_bytes_that_are_not_those_of_the_configuration_are_told(void **state)
{
	struct checking c;
	(void)state;
	start(&c);
	take_built(&c);
	digest_of("x", 1, &c.layers[1].diff_id);
	expect(&c, "a layer has other bytes than the configuration says\n");
	end(&c);
}

static void test_bytes_behind_the_end_are_refused(void **state)
{
	struct checking c;
	struct buffer tar = BUFFER_INIT;
	(void)state;
	start(&c);
	add_entry(&tar, TAR_FILE, "app/main.py", 0644, "x");
	tar_add_end(&tar);
	add_entry(&tar, TAR_FILE, "app/hidden", 0644, "x");
	take_tar(&c, &tar, true);
	assert_fails(verify(&c), ERROR_SYNTAX, "bytes behind its end");
	end(&c);
}

/* As umoci makes them. */
static void test_an_archive_may_lack_its_end(void **state)
{
	struct checking c;
	struct buffer tar = BUFFER_INIT;
	(void)state;
	start(&c);
	take_built(&c);
	add_entry(&tar, TAR_FILE, "app/main.py", 0644, "evil");
	buffer_truncate(&tar, TAR_BLOCK + 4);
	take_bytes(&c, &tar, false);
	expect(&c, "app/main.py is changed by a later layer\n");
	end(&c);
}

static void test_an_archive_that_breaks_off_is_refused(void **state)
{
	struct checking c;
	struct buffer tar = BUFFER_INIT;
	(void)state;
	start(&c);
	struct tar_entry e = { .kind = TAR_FILE, .path = "app/main.py", .mode = 0644, .size = 100000 };
	tar_add_header(&tar, &e);
	buffer_addstr(&tar, "not all of it");
	take_bytes(&c, &tar, true);
	assert_fails(verify(&c), ERROR_SYNTAX, "runcated");
	end(&c);
}

static void test_what_is_no_archive_is_refused(void **state)
{
	static const char *const texts[] = { "this is no archive at all", "\x1f\x8b\x08",
					       ("\x28\xb5\x2f\xfd" "rubbish") };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct checking c;
		struct buffer tar = BUFFER_INIT;
		start(&c);
		buffer_addstr(&tar, texts[i]);
		while (tar.len < 2048)
			buffer_addch(&tar, 'x');
		take_tar(&c, &tar, true);
		assert_fails(verify(&c), ERROR_SYNTAX, "a layer is no layer that can be read");
		end(&c);
	}
}

static void test_differences_have_a_ceiling(void **state)
{
	struct checking c;
	struct buffer tar = BUFFER_INIT;
	(void)state;
	start(&c);
	for (int i = 0; i < VERIFY_MAX_DIFFERENCES + 10; i++) {
		char path[32];
		snprintf(path, sizeof(path), "extra/%d", i);
		add_entry(&tar, TAR_FILE, path, 0644, "");
	}
	take_tar(&c, &tar, true);
	assert_success(verify(&c));
	assert_int_equal(c.result.nr_differences, VERIFY_MAX_DIFFERENCES);
	assert_string_equal(c.result.differences[VERIFY_MAX_DIFFERENCES - 1].what,
			    "there are more differences");
	end(&c);
}

static void test_repositories_of_sha256_are_verified_too(void **state)
{
	struct checking c = { 0 };
	(void)state;
	fixture_start_with(&c.f, "sha256");
	take_built(&c);
	expect(&c, "");
	end(&c);
}

/* -- the configuration ------------------------------------------------------------------------- */

static void expect_config(const char *found, const char *expected, const char *differences)
{
	struct verify_result result = { 0 };
	struct buffer out = BUFFER_INIT;
	cJSON *has = cJSON_Parse(found), *wants = cJSON_Parse(expected);
	assert_true(has && wants);
	verify_config(&result, has, wants);
	for (size_t i = 0; i < result.nr_differences; i++)
		buffer_addf(&out, "%s %s\n", result.differences[i].path, result.differences[i].what);
	assert_string_equal(out.data, differences);
	verify_result_release(&result);
	buffer_release(&out);
	cJSON_Delete(has);
	cJSON_Delete(wants);
}

static const char our_config[] =
    "{\"architecture\":\"amd64\",\"os\":\"linux\",\"created\":\"2026-01-01T00:00:00Z\",\"config\":{"
    "\"Env\":[\"A=1\",\"B=2\"],\"Entrypoint\":[\"/bin/run\"],\"Cmd\":[\"a\",\"b\"],\"User\":\"app\","
    "\"Labels\":{\"a\":\"b\"},\"Healthcheck\":{\"Test\":[\"CMD\",\"true\"]}}}";

static void test_a_configuration_that_says_the_same_in_other_words_is_none_of_another_image(void **state)
{
	(void)state;
	expect_config(our_config, our_config, "");
	expect_config(
	    "{\"os\":\"linux\",\"architecture\":\"amd64\",\"config\":{\"Cmd\":[\"a\",\"b\"],\"User\":\"app\","
	    "\"Env\":[\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\",\"B=2\",\"A=1\"],"
	    "\"WorkingDir\":\"/\",\"Entrypoint\":[\"/bin/run\"],\"OnBuild\":null,\"Labels\":null,"
	    "\"StopSignal\":\"\"}}",
	    our_config, "");
	expect_config("{\"architecture\":\"amd64\",\"os\":\"linux\"}",
		      "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"Cmd\":[]}}", "");
}

static void test_a_configuration_that_runs_something_else_is_told(void **state)
{
	(void)state;
	expect_config("{\"architecture\":\"arm64\",\"os\":\"linux\",\"config\":{\"Env\":[\"A=1\",\"B=2\","
		      "\"LD_PRELOAD=/x.so\",\"A=3\"],\"entrypoint\":[\"/bin/sh\"],\"User\":\"root\",\"Cmd\":null,"
		      "\"WorkingDir\":\"/tmp\",\"StopSignal\":\"SIGKILL\",\"Shell\":[\"/evil\"],"
		      "\"OnBuild\":[\"RUN evil\"],\"Healthcheck\":{\"Test\":[\"CMD\",\"evil\"]}}}",
		      our_config,
		      "architecture is another in the configuration\n"
		      "Entrypoint is another in the configuration\n"
		      "Cmd is another in the configuration\n"
		      "User is another in the configuration\n"
		      "WorkingDir is another in the configuration\n"
		      "StopSignal is another in the configuration\n"
		      "Healthcheck is another in the configuration\n"
		      "Shell is another in the configuration\n"
		      "OnBuild is another in the configuration\n"
		      "Env A is another in the configuration\n"
		      "Env LD_PRELOAD is another in the configuration\n");
	expect_config("{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"Env\":[\"PATH=/evil\"]}}",
		      "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"Env\":[\"C=1\"]}}",
		      "Env PATH is another in the configuration\n"
		      "Env C is another in the configuration\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_built_is_the_commit),
		cmocka_unit_test(test_another_commit_is_told_file_by_file),
		cmocka_unit_test(test_later_layers_may_not_touch_the_commits_files),
		cmocka_unit_test(test_files_of_other_kinds_are_told),
		cmocka_unit_test(test_bytes_that_are_not_those_of_the_configuration_are_told),
		cmocka_unit_test(test_bytes_behind_the_end_are_refused),
		cmocka_unit_test(test_an_archive_may_lack_its_end),
		cmocka_unit_test(test_an_archive_that_breaks_off_is_refused),
		cmocka_unit_test(test_what_is_no_archive_is_refused),
		cmocka_unit_test(test_differences_have_a_ceiling),
		cmocka_unit_test(test_repositories_of_sha256_are_verified_too),
		cmocka_unit_test(
		    test_a_configuration_that_says_the_same_in_other_words_is_none_of_another_image),
		cmocka_unit_test(test_a_configuration_that_runs_something_else_is_told),
	};
	fixture_environment();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
