#include "git_fixture.h"

#include "git/repo.h"
#include "image/builder.h"

/*
 * A program that answers as buildah does. It writes down its arguments, shows its context, and what BEHAVIOUR says
 * beside it decides how the build ends.
 */
static const char fake[] =
	"#!/bin/sh\n"
	"here=${0%/*}\n"
	"echo \"$*\" >>$here/log\n"
	"storage=\n"
	"if [ \"$1\" = --storage-driver ]; then storage=$2; shift 2; fi\n"
	"behaviour=$(cat $here/behaviour)\n"
	"case $1 in\n"
	"--version) echo 'buildah version 1.99'; exit 0;;\n"
	"info) [ \"$behaviour\" != needs-vfs ] || [ \"$storage\" = vfs ]; exit;;\n"
	"build)\n"
	"	for context; do :; done\n"
	"	(cd \"$context\" && find . ! -type d | sort) >$here/context\n"
	"	[ ! -f \"$context/run.sh\" ] || ls -l \"$context/run.sh\" | cut -c1-10 >$here/mode\n"
	"	echo STEP 1 of 1; printf 'a\\033[31mbar\\r'\n"
	"	case \"$behaviour $*\" in\n"
	"	fails*) echo 'ERROR: no such package' >&2; echo 'Hint: it is a path' >&2\n"
	"		echo 'exit status 1' >&2; echo 'exit status 1' >&2; exit 1;;\n"
	"	no-runtime*--isolation*chroot*) exit 0;;\n"
	"	no-runtime*) echo 'did not get container create message from subprocess: EOF' >&2; exit 125;;\n"
	"	hangs*) exec sleep 100;;\n"
	"	esac;;\n"
	"push) mkdir layout && echo '{}' >layout/index.json;;\n"
	"esac\n";

struct world {
	char *directory, *path;
	struct repo *repo;
	struct builder builder;
	struct builder_job job;
	struct platform platform;
	char *layout;
	struct buffer said;
};

static void take_line(void *data, const char *line)
{
	buffer_addf(data, "%s\n", line);
}

static char *read_file(const struct world *w, const char *name)
{
	struct buffer out = BUFFER_INIT;
	char *path = xstrfmt("%s/bin/%s", w->directory, name);
	assert_success(file_read(path, &out));
	free(path);
	return buffer_detach(&out, NULL);
}

static void begin(struct world *w, const char *behaviour)
{
	*w = (struct world){ .directory = fixture_directory() };
	buffer_init(&w->said, 1 << 20);
	put_file(w->directory, "bin/buildah", fake);
	put_file(w->directory, "bin/behaviour", behaviour);
	char *program = xstrfmt("%s/bin/buildah", w->directory), *path = xstrfmt("%s/bin:/usr/bin:/bin", w->directory);
	assert_int_equal(chmod(program, 0755), 0);
	setenv("PATH", path, 1);
	free(program);
	free(path);
	w->path = fixture_repository(w->directory, "app", "sha1");
	put_file(w->path, "requirements.txt", "streamlit\n");
	put_file(w->path, "src/main.py", "print()\n");
	put_file(w->path, "run.sh", "#!/bin/sh\n");
	put_file(w->path, "secret", "x\n");
	put_file(w->path, ".dockerignore", "secret\n");
	put_link(w->path, "link", "run.sh");
	char *script = xstrfmt("%s/run.sh", w->path);
	assert_int_equal(chmod(script, 0755), 0);
	free(script);
	git(w->path, "add", "-A", NULL);
	git(w->path, "commit", "-q", "-m", "x", NULL);
	/* What is not committed is nobody's business. */
	put_file(w->path, "src/main.py", "changed\n");
	put_file(w->path, "untracked", "x\n");
	assert_success(repo_open(&w->repo, w->path));
	w->layout = xstrfmt("%s/result", w->directory);
	assert_success(platform_parse(&w->platform, "linux/arm64"));
	w->job = (struct builder_job){
		.repo = w->repo,
		.context = "",
		.dockerfile = slice_of_string("FROM a\n"),
		.platform = &w->platform,
		.layout = w->layout,
		.say = take_line,
		.say_data = &w->said,
	};
	assert_success(repo_head(w->repo, &w->job.commit));
}

static void end(struct world *w)
{
	builder_release(&w->builder);
	platform_release(&w->platform);
	buffer_release(&w->said);
	repo_free(w->repo);
	free(w->layout);
	free(w->path);
	fixture_remove(w->directory);
	setenv("PATH", "/usr/bin:/bin", 1);
}

static bool left_over(const struct world *w)
{
	const char *argv[] = { "sh", "-c", "ls -d \"$0\".*", w->layout, NULL };
	struct buffer out = BUFFER_INIT;
	int status = 1;
	assert_success(process_run(argv, &(struct process_options){ .out = &out, .discard_err = true,
								     .exit_status = &status }));
	bool left = out.len > 0;
	buffer_release(&out);
	return left;
}

static void test_the_builder_that_works_is_found(void **state)
{
	struct world w;
	(void)state;
	begin(&w, "works");
	assert_success(builder_find(&w.builder, "buildah"));
	assert_string_equal(w.builder.name, "buildah");
	assert_string_equal(w.builder.version, "buildah version 1.99");
	assert_null(w.builder.storage);
	end(&w);
}

static void test_storage_is_what_works(void **state)
{
	struct world w;
	(void)state;
	begin(&w, "needs-vfs");
	assert_success(builder_find(&w.builder, "buildah"));
	assert_string_equal(w.builder.storage, "vfs");
	assert_success(builder_run(&w.builder, &w.job));
	char *log = read_file(&w, "log");
	assert_non_null(strstr(log, "--storage-driver vfs build"));
	assert_non_null(strstr(log, "--storage-driver vfs push"));
	free(log);
	end(&w);
}

static void test_a_builder_that_is_not_there_is_named_with_the_way_out(void **state)
{
	struct builder b;
	(void)state;
	setenv("PATH", "/nonexistent", 1);
	struct error *err = builder_find(&b, NULL);
	setenv("PATH", "/usr/bin:/bin", 1);
	assert_non_null(strstr(err->message, "docker buildx: not installed; buildah: not installed; podman: not"));
	assert_non_null(strstr(err->hint, "install buildah"));
	assert_error(err, ERROR_NOT_FOUND);
	assert_error(builder_find(&b, "kaniko"), ERROR_USAGE);
}

static void test_the_context_is_the_commit_less_what_dockerignore_names(void **state)
{
	struct world w;
	(void)state;
	begin(&w, "works");
	assert_success(builder_find(&w.builder, "buildah"));
	assert_success(builder_run(&w.builder, &w.job));
	char *context = read_file(&w, "context"), *mode = read_file(&w, "mode");
	assert_string_equal(context, "./.dockerignore\n./link\n./requirements.txt\n./run.sh\n./src/main.py\n");
	assert_string_equal(mode, "-rwxr-xr-x\n");
	assert_string_equal(w.said.data, "STEP 1 of 1\na\\x1b[31mbar\n");
	free(context);
	free(mode);
	assert_false(left_over(&w));
	end(&w);
}

static void test_only_the_inputs_are_written(void **state)
{
	static const char *const inputs[] = { "requirements.txt" };
	struct world w;
	(void)state;
	begin(&w, "works");
	w.job.inputs = inputs;
	w.job.nr_inputs = 1;
	w.job.insecure = "127.0.0.1:5000";
	assert_success(builder_find(&w.builder, "buildah"));
	assert_success(builder_run(&w.builder, &w.job));
	char *context = read_file(&w, "context"), *log = read_file(&w, "log");
	assert_string_equal(context, "./requirements.txt\n");
	assert_non_null(strstr(log, "--platform linux/arm64 --timestamp 315532800 --tls-verify=false --file "));
	assert_non_null(strstr(log, "rmi localhost/git-deploy-"));
	free(context);
	free(log);
	end(&w);
}

static void test_a_failure_is_told_in_the_builders_last_words(void **state)
{
	struct world w;
	(void)state;
	begin(&w, "fails");
	assert_success(builder_find(&w.builder, "buildah"));
	struct error *err = builder_run(&w.builder, &w.job);
	assert_non_null(err);
	assert_string_equal(err->message, "buildah could not build it: ERROR: no such package");
	assert_non_null(strstr(err->hint, "\n  ERROR: no such package\n  Hint: it is a path\n  exit status 1"));
	assert_null(strstr(err->hint, "exit status 1\n"));
	error_free(err);
	assert_false(left_over(&w));
	assert_int_equal(access(w.layout, F_OK), -1);
	end(&w);
}

static void test_where_no_container_can_be_started_chroot_is_tried(void **state)
{
	struct world w;
	(void)state;
	begin(&w, "no-runtime");
	assert_success(builder_find(&w.builder, "buildah"));
	assert_success(builder_run(&w.builder, &w.job));
	char *log = read_file(&w, "log");
	assert_non_null(strstr(log, "--isolation chroot"));
	free(log);
	end(&w);
}

static void stop_at_first_line(void *stop, const char *line)
{
	(void)line;
	*(volatile int *)stop = 1;
}

static void test_a_builder_is_stopped_when_asked_to(void **state)
{
	volatile int stop = 0;
	struct world w;
	(void)state;
	begin(&w, "hangs");
	assert_success(builder_find(&w.builder, "buildah"));
	w.job.stop = &stop;
	w.job.say = stop_at_first_line;
	w.job.say_data = (void *)&stop;
	assert_error(builder_run(&w.builder, &w.job), ERROR_CANCELLED);
	assert_false(left_over(&w));
	end(&w);
}

/* The hash of the job after CHANGE, which is to be another. */
static struct digest hash_of(const struct builder_job *job, const char *base)
{
	struct digest digest, out;
	digest_of(base, strlen(base), &digest);
	assert_success(builder_input_hash(job, &digest, &out));
	return out;
}

static void test_the_input_hash_changes_with_what_is_built_only(void **state)
{
	static const char *const inputs[] = { "requirements.txt" };
	struct world w;
	struct platform other;
	(void)state;
	begin(&w, "works");
	w.job.inputs = inputs;
	w.job.nr_inputs = 1;
	struct digest before = hash_of(&w.job, "base"), after;
	struct builder_job changed = w.job;
	changed.dockerfile = slice_of_string("FROM a\nRUN x\n");
	after = hash_of(&changed, "base");
	assert_false(digest_equals(&before, &after));
	assert_success(platform_parse(&other, "linux/amd64"));
	changed = w.job;
	changed.platform = &other;
	after = hash_of(&changed, "base");
	assert_false(digest_equals(&before, &after));
	after = hash_of(&w.job, "another base");
	assert_false(digest_equals(&before, &after));
	/* Of the files, only the inputs count. */
	git(w.path, "commit", "-q", "-a", "-m", "changes main.py", NULL);
	assert_success(repo_head(w.repo, &w.job.commit));
	after = hash_of(&w.job, "base");
	assert_true(digest_equals(&before, &after));
	put_file(w.path, "requirements.txt", "flask\n");
	git(w.path, "commit", "-q", "-a", "-m", "changes requirements.txt", NULL);
	assert_success(repo_head(w.repo, &w.job.commit));
	after = hash_of(&w.job, "base");
	assert_false(digest_equals(&before, &after));
	platform_release(&other);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_builder_that_works_is_found),
		cmocka_unit_test(test_storage_is_what_works),
		cmocka_unit_test(test_a_builder_that_is_not_there_is_named_with_the_way_out),
		cmocka_unit_test(test_the_context_is_the_commit_less_what_dockerignore_names),
		cmocka_unit_test(test_only_the_inputs_are_written),
		cmocka_unit_test(test_a_failure_is_told_in_the_builders_last_words),
		cmocka_unit_test(test_where_no_container_can_be_started_chroot_is_tried),
		cmocka_unit_test(test_a_builder_is_stopped_when_asked_to),
		cmocka_unit_test(test_the_input_hash_changes_with_what_is_built_only),
	};
	fixture_environment();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
