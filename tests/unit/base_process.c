#include "base_testing.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/process.h"

static struct buffer out = BUFFER_INIT, errors = BUFFER_INIT;

static int reset(void **state)
{
	(void)state;
	buffer_release(&out);
	buffer_release(&errors);
	return 0;
}

static void test_output_and_errors_are_captured_apart(void **state)
{
	const char *argv[] = { "sh", "-c", "echo out; echo err >&2", NULL };
	(void)state;
	assert_ok(process_run(argv, &(struct process_options){ .out = &out, .err = &errors }));
	assert_string_equal(out.data, "out\n");
	assert_string_equal(errors.data, "err\n");
}

static void test_large_input_and_output_do_not_dead_lock(void **state)
{
	const char *argv[] = { "sh", "-c", "cat; cat /dev/zero | head -c 300000 >&2", NULL };
	size_t size = (size_t)3 << 20;
	char *input = xcalloc(1, size);
	(void)state;
	assert_ok(process_run(argv, &(struct process_options){
					    .input = { input, size }, .out = &out, .err = &errors }));
	assert_int_equal(out.len, size);
	assert_int_equal(errors.len, 300000);
	free(input);
}

static void test_a_child_that_reads_nothing_is_no_error(void **state)
{
	const char *argv[] = { "true", NULL };
	size_t size = (size_t)1 << 20;
	char *input = xcalloc(1, size);
	sigset_t pending;
	(void)state;
	signal(SIGPIPE, SIG_DFL);
	assert_ok(process_run(argv, &(struct process_options){ .input = { input, size } }));
	sigpending(&pending);
	assert_false(sigismember(&pending, SIGPIPE));
	free(input);
}

static void test_a_missing_program_is_not_found(void **state)
{
	const char *argv[] = { "no-such-program-anywhere", NULL };
	const char *path[] = { "/no/such/program", NULL };
	(void)state;
	assert_error(process_run(argv, NULL), ERROR_NOT_FOUND, "no-such-program-anywhere");
	assert_error(process_run(path, NULL), ERROR_NOT_FOUND, "/no/such/program");
}

static void test_what_cannot_be_executed_is_told(void **state)
{
	const char *argv[] = { "/dev/null", NULL };
	(void)state;
	assert_error(process_run(argv, NULL), ERROR_IO, "Permission denied");
}

static void test_a_missing_directory_is_not_a_missing_program(void **state)
{
	const char *argv[] = { "true", NULL };
	(void)state;
	assert_error(process_run(argv, &(struct process_options){ .directory = "/no/such" }), ERROR_IO,
		     "in '/no/such'");
}

static void test_failure_tells_the_last_line(void **state)
{
	const char *argv[] = { "sh", "-c", "echo first >&2; printf 'la\\033st\\n\\n' >&2; exit 3", NULL };
	int status;
	(void)state;
	assert_error(process_run(argv, &(struct process_options){ .err = &errors }), ERROR_GENERIC,
		     "'sh' failed with exit status 3: la\\x1bst");
	assert_ok(process_run(argv, &(struct process_options){ .discard_err = true,
							       .exit_status = &status }));
	assert_int_equal(status, 3);
}

static void test_a_program_that_does_not_end_is_given_up(void **state)
{
	const char *argv[] = { "sh", "-c", "echo begun; exec sleep 100", NULL };
	(void)state;
	assert_error(process_run(argv, &(struct process_options){ .out = &out, .timeout_ms = 50 }),
		     ERROR_TIMEOUT, "'sh' did not end within 0.05 s");
	assert_ok(process_run((const char *[]){ "true", NULL },
			      &(struct process_options){ .out = &out, .timeout_ms = 60000 }));
}

static void test_a_signal_gives_128_more(void **state)
{
	const char *argv[] = { "sh", "-c", "kill -TERM $$", NULL };
	int status = 0;
	(void)state;
	assert_ok(process_run(argv, &(struct process_options){ .exit_status = &status }));
	assert_int_equal(status, 128 + SIGTERM);
	assert_error(process_run(argv, NULL), ERROR_GENERIC, "signal 15");
}

static void test_a_ceiling_ends_the_child(void **state)
{
	const char *argv[] = { "yes", NULL };
	struct buffer small = BUFFER_INIT_MAX(100000);
	(void)state;
	assert_error(process_run(argv, &(struct process_options){ .out = &small }), ERROR_LIMIT,
		     "larger than 100000 bytes");
	buffer_release(&small);
}

static void test_environment_is_set_and_unset(void **state)
{
	const char *argv[] = { "sh", "-c", "echo \"$A,$B,${C-unset},${HOME:+home}\"", NULL };
	const char *env[] = { "A=old", "B=2", "C", "A=1", NULL };
	(void)state;
	setenv("B", "inherited", 1);
	setenv("C", "inherited", 1);
	setenv("HOME", "/", 1);
	assert_ok(process_run(argv, &(struct process_options){ .env = env, .out = &out }));
	assert_string_equal(out.data, "1,2,unset,home\n");
}

static void test_runs_in_the_directory(void **state)
{
	const char *argv[] = { "pwd", NULL };
	(void)state;
	assert_ok(process_run(argv, &(struct process_options){ .directory = "/", .out = &out }));
	assert_string_equal(out.data, "/\n");
}

static void test_no_descriptor_leaks_into_the_child(void **state)
{
	const char *argv[] = { "sh", "-c", "ls /proc/self/fd | wc -l", NULL };
	(void)state;
	close_range(3, ~0U, 0); /* what this test inherited is not ours */
	int kept = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_ok(process_run(argv, &(struct process_options){ .out = &out, .err = &errors }));
	/* 0, 1, 2 and the directory being listed */
	assert_int_equal(atoi(out.data), 4);
	close(kept);
}

static void test_closed_standard_descriptors_do_no_harm(void **state)
{
	const char *argv[] = { "sh", "-c", "cat; echo err >&2", NULL };
	int saved = dup(STDIN_FILENO);
	(void)state;
	close(STDIN_FILENO);
	struct error *err = process_run(argv, &(struct process_options){ .input = text_slice("in\n"),
									 .out = &out, .err = &errors });
	dup2(saved, STDIN_FILENO);
	close(saved);
	assert_ok(err);
	assert_string_equal(out.data, "in\n");
	assert_string_equal(errors.data, "err\n");
}

static void test_the_child_gets_the_default_sigpipe(void **state)
{
	const char *argv[] = { "sh", "-c", "kill -PIPE $$; echo ignored", NULL };
	int status = 0;
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_ok(process_run(argv, &(struct process_options){ .out = &out, .exit_status = &status }));
	signal(SIGPIPE, SIG_DFL);
	assert_int_equal(status, 128 + SIGPIPE);
	assert_string_equal(out.data, "");
}

static void test_a_conversation(void **state)
{
	const char *argv[] = { "cat", NULL };
	struct process p;
	char line[6] = { 0 };
	int status = -1;
	(void)state;
	assert_ok(process_start(&p, argv, true, true, NULL));
	for (int i = 0; i < 3; i++) {
		assert_ok(process_write(&p, "ping\n", 5));
		assert_int_equal(read(p.out, line, 5), 5);
		assert_string_equal(line, "ping\n");
	}
	assert_ok(process_finish(&p, &status));
	assert_int_equal(status, 0);
	assert_int_equal(p.in, -1);
}

static void test_standard_error_can_join_the_output(void **state)
{
	const char *argv[] = { "sh", "-c", "echo out; echo err >&2", NULL };
	struct process_options options = { .join_err = true };
	struct process p;
	char said[9] = "";
	(void)state;
	assert_ok(process_start(&p, argv, false, true, &options));
	for (size_t n = 0, got = 1; got && n < 8; n += got)
		got = (size_t)read(p.out, said + n, 8 - n);
	assert_string_equal(said, "out\nerr\n");
	assert_ok(process_finish(&p, NULL));
}

static void test_writing_to_a_child_that_is_gone_is_an_error(void **state)
{
	const char *argv[] = { "true", NULL };
	struct process p;
	siginfo_t gone;
	(void)state;
	assert_ok(process_start(&p, argv, true, true, NULL));
	/* Its end of the pipe is surely closed only once it has ended. */
	assert_int_equal(waitid(P_PID, (id_t)p.pid, &gone, WEXITED | WNOWAIT), 0);
	signal(SIGPIPE, SIG_DFL);
	assert_error(process_write(&p, "x", 1), ERROR_IO, "Broken pipe");
	assert_ok(process_finish(&p, NULL));
}

static void test_starting_a_missing_program_leaves_nothing_open(void **state)
{
	const char *argv[] = { "no-such-program-anywhere", NULL };
	struct process p;
	(void)state;
	assert_error(process_start(&p, argv, true, true, NULL), ERROR_NOT_FOUND, "no program");
	assert_int_equal(p.pid, -1);
	assert_int_equal(p.in, -1);
	assert_int_equal(p.out, -1);
	assert_error(process_finish(&p, NULL), ERROR_GENERIC, "not started");
}

#define with_reset(f) cmocka_unit_test_teardown(f, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_reset(test_output_and_errors_are_captured_apart),
		with_reset(test_large_input_and_output_do_not_dead_lock),
		with_reset(test_a_child_that_reads_nothing_is_no_error),
		with_reset(test_a_missing_program_is_not_found),
		with_reset(test_what_cannot_be_executed_is_told),
		with_reset(test_a_missing_directory_is_not_a_missing_program),
		with_reset(test_failure_tells_the_last_line),
		with_reset(test_a_program_that_does_not_end_is_given_up),
		with_reset(test_a_signal_gives_128_more),
		with_reset(test_a_ceiling_ends_the_child),
		with_reset(test_environment_is_set_and_unset),
		with_reset(test_runs_in_the_directory),
		with_reset(test_no_descriptor_leaks_into_the_child),
		with_reset(test_closed_standard_descriptors_do_no_harm),
		with_reset(test_the_child_gets_the_default_sigpipe),
		with_reset(test_a_conversation),
		with_reset(test_standard_error_can_join_the_output),
		with_reset(test_writing_to_a_child_that_is_gone_is_an_error),
		with_reset(test_starting_a_missing_program_leaves_nothing_open),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
