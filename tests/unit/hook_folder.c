#include "base_testing.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/process.h"
#include "base/shell_quote.h"
#include "hook/folder.h"
#include "hook/shim.h"

/* Each test runs in a folder whose name is no easy one, with hooks/ in it and a program for the shims to call. What
 * is run leaves a line in the file `log`. */
static char *directory;
static char *program;
static struct hook_folder folder;

#define HARD_NAME "it's \"a\"\n$(touch no) `x` \\ *"

static void write_script(const char *path, const char *text)
{
	assert_ok(file_write(path, text, strlen(text)));
	assert_int_equal(chmod(path, 0755), 0);
}

static int enter(void **state)
{
	(void)state;
	directory = make_directory();
	assert_int_equal(chdir(directory), 0);
	assert_int_equal(mkdir(HARD_NAME, 0777), 0);
	assert_int_equal(chdir(HARD_NAME), 0);
	assert_int_equal(mkdir("hooks", 0777), 0);
	write_script("program", "#!/bin/sh\n[ ! -p /dev/stdin ] || set -- \"$@\" \"$(cat)\"\necho ours \"$@\" >>log\n");
	program = realpath("program", NULL);
	hook_folder_init(&folder, "hooks", program);
	return 0;
}

static int leave(void **state)
{
	(void)state;
	hook_folder_release(&folder);
	free(program);
	assert_int_equal(chdir("/"), 0);
	remove_directory(directory);
	return 0;
}

/* An earlier hook that says its name, what it got, and that it found its library. */
#define THEIRS \
	"#!/bin/sh\n[ ! -p /dev/stdin ] || set -- \"$@\" \"$(cat)\"\n. \"${0%/*}/library\"\n" \
	"echo theirs \"${0##*/}\" \"$@\" $library >>log\nexit ${STATUS-0}\n"

static void write_theirs(void)
{
	write_script("hooks/pre-commit", THEIRS);
	write_script("hooks/library", "library=found\n");
}

/* What running the hook, as git does, writes into the log; to be freed. */
static char *run_hook(const char *name, const char *input, int expected_status)
{
	char *path = xstrfmt("hooks/%s", name);
	const char *argv[] = { path, "one two", NULL };
	struct buffer log = BUFFER_INIT;
	int status = 0;
	struct process_options options = { .exit_status = &status, .input = slice_of_string(input) };
	unlink("log");
	assert_ok(process_run(argv, &options));
	assert_int_equal(status, expected_status);
	error_free(file_read("log", &log));
	free(path);
	return buffer_detach(&log, NULL);
}

static void assert_runs(const char *name, const char *input, const char *expected)
{
	char *log = run_hook(name, input, 0);
	assert_string_equal(log, expected);
	free(log);
}

static enum hook_change install(const char *hook)
{
	struct hook_done done;
	assert_ok(hook_folder_install(&folder, hook, false, &done));
	assert_null(done.kept);
	return done.change;
}

static enum hook_change take_out(const char *hook)
{
	struct hook_done done;
	assert_ok(hook_folder_remove(&folder, hook, false, &done));
	assert_null(done.kept);
	return done.change;
}

static bool is_there(const char *path)
{
	struct stat st;
	return !lstat(path, &st);
}

/* -- the shim ------------------------------------------------------------------------------------ */

static void test_a_word_for_a_shell_is_quoted(void **state)
{
	(void)state;
	struct buffer b = BUFFER_INIT;
	shell_quote(&b, "it's $HOME\n");
	assert_string_equal(b.data, "'it'\\''s $HOME\n'");
	buffer_release(&b);
}

static void test_a_shim_is_known_by_its_second_line_and_its_hook(void **state)
{
	(void)state;
	assert_true(shim_is(text_slice("#!/bin/sh\n# git-scrutiny shim 12 pre-push\n"), "pre-push"));
	assert_false(shim_is(text_slice("#!/bin/sh\n# git-scrutiny shim 12 pre-push-x\n"), "pre-push"));
	assert_false(shim_is(text_slice("#!/bin/sh\n# git-scrutiny shim 12 pre-push\n"), "pre-commit"));
	assert_false(shim_is(text_slice("#!/bin/sh\n\n# git-scrutiny shim 1 pre-push\n"), "pre-push"));
	assert_false(shim_is(text_slice("#!/bin/sh\n# git-scrutiny shim"), "pre-push"));
	assert_false(shim_is(text_slice(""), "pre-push"));
}

static void test_a_shim_calls_the_program_with_the_arguments(void **state)
{
	(void)state;
	assert_int_equal(install("post-commit"), HOOK_ADDED);
	assert_runs("post-commit", NULL, "ours post-commit one two\n");
	assert_false(is_there("no"));
}

static void test_both_hooks_read_all_of_the_input(void **state)
{
	(void)state;
	write_theirs();
	assert_int_equal(rename("hooks/pre-commit", "hooks/pre-push"), 0);
	assert_int_equal(install("pre-push"), HOOK_CHAINED);
	assert_runs("pre-push", "a b\nc d\n", "theirs pre-push one two a b\nc d found\nours pre-push one two a b\nc d\n");
}

static void test_an_earlier_hook_that_reads_nothing_breaks_no_pipe(void **state)
{
	(void)state;
	struct buffer much = BUFFER_INIT;
	for (int i = 0; i < 20000; i++)
		buffer_addstr(&much, "refs/heads/x 0123 refs/heads/x 4567\n");
	write_script("hooks/pre-push", "#!/bin/sh\nexit 0\n");
	write_script("program", "#!/bin/sh\nwc -l >log\n");
	install("pre-push");
	assert_runs("pre-push", much.data, "20000\n");
	buffer_release(&much);
}

static void test_an_earlier_hook_that_fails_decides(void **state)
{
	(void)state;
	write_theirs();
	install("pre-commit");
	assert_int_equal(setenv("STATUS", "7", 1), 0);
	char *log = run_hook("pre-commit", NULL, 7);
	assert_string_equal(log, "theirs pre-commit one two found\n");
	free(log);
	unsetenv("STATUS");
}

static void test_a_program_that_is_gone_is_said_once_and_stops_nothing(void **state)
{
	(void)state;
	const char *argv[] = { "hooks/pre-commit", NULL };
	struct buffer said = BUFFER_INIT;
	struct process_options options = { .err = &said };
	write_theirs();
	install("pre-commit");
	assert_int_equal(unlink("program"), 0);
	assert_ok(process_run(argv, &options));
	assert_non_null(strstr(said.data, "not installed any more"));
	buffer_reset(&said);
	assert_ok(process_run(argv, &options));
	assert_string_equal(said.data, "");
	assert_runs("pre-commit", NULL, "theirs pre-commit one two found\n");
	take_out("pre-commit");
	assert_false(is_there("hooks/scrutiny-is-missing"));
	buffer_release(&said);
}

static void test_an_earlier_hook_that_calls_ours_again_ends(void **state)
{
	(void)state;
	write_script("hooks/pre-commit", "#!/bin/sh\necho theirs >>log\nhooks/pre-commit\n");
	install("pre-commit");
	char *log = run_hook("pre-commit", NULL, 0);
	assert_string_equal(log, "theirs\ntheirs\nours pre-commit one two\n");
	free(log);
}

/* -- installing -------------------------------------------------------------------------------- */

static void test_installing_twice_changes_nothing(void **state)
{
	(void)state;
	write_theirs();
	assert_int_equal(install("pre-commit"), HOOK_CHAINED);
	assert_int_equal(install("pre-commit"), HOOK_UNCHANGED);
	assert_runs("pre-commit", NULL, "theirs pre-commit one two found\nours pre-commit one two\n");
}

static void test_an_older_shim_is_written_anew(void **state)
{
	(void)state;
	write_theirs();
	install("pre-commit");
	write_script("hooks/pre-commit", "#!/bin/sh\n# git-scrutiny shim 0 pre-commit\nexit 9\n");
	assert_int_equal(install("pre-commit"), HOOK_UPDATED);
	assert_runs("pre-commit", NULL, "theirs pre-commit one two found\nours pre-commit one two\n");
}

static void test_removing_puts_the_same_file_back(void **state)
{
	(void)state;
	struct stat before, after;
	struct timespec times[2] = { { .tv_sec = 1000 }, { .tv_sec = 2000, .tv_nsec = 3 } };
	write_theirs();
	assert_int_equal(chmod("hooks/pre-commit", 0750), 0);
	assert_int_equal(utimensat(AT_FDCWD, "hooks/pre-commit", times, 0), 0);
	assert_int_equal(lstat("hooks/pre-commit", &before), 0);
	install("pre-commit");
	assert_int_equal(take_out("pre-commit"), HOOK_RESTORED);
	assert_int_equal(lstat("hooks/pre-commit", &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(before.st_mode, after.st_mode);
	assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	assert_false(is_there("hooks.before-scrutiny"));
	assert_int_equal(take_out("pre-commit"), HOOK_NOT_OURS);
}

static void test_a_link_goes_and_comes_back_as_a_link(void **state)
{
	(void)state;
	char target[64];
	assert_int_equal(mkdir("tools", 0777), 0);
	write_theirs();
	assert_int_equal(rename("hooks/pre-commit", "tools/check"), 0);
	assert_int_equal(symlink("../tools/check", "hooks/pre-commit"), 0);
	install("pre-commit");
	assert_runs("pre-commit", NULL, "theirs pre-commit one two found\nours pre-commit one two\n");
	take_out("pre-commit");
	ssize_t n = readlink("hooks/pre-commit", target, sizeof(target));
	assert_int_equal(n, strlen("../tools/check"));
	assert_memory_equal(target, "../tools/check", (size_t)n);
}

static void test_a_hook_that_is_a_link_to_the_one_moved_runs_that(void **state)
{
	(void)state;
	write_theirs();
	assert_int_equal(symlink("pre-commit", "hooks/commit-msg"), 0);
	assert_int_equal(symlink("pre-commit", "hooks/post-merge"), 0);
	install("pre-commit");
	assert_runs("commit-msg", NULL, "theirs commit-msg one two found\n");
	assert_runs("post-merge", NULL, "theirs post-merge one two found\n");
	assert_int_equal(install("post-merge"), HOOK_CHAINED);
	assert_runs("post-merge", NULL, "theirs post-merge one two found\nours post-merge one two\n");
	assert_int_equal(take_out("post-merge"), HOOK_RESTORED);
	assert_int_equal(take_out("pre-commit"), HOOK_RESTORED);
	assert_runs("commit-msg", NULL, "theirs commit-msg one two found\n");
	assert_false(is_there("hooks.before-scrutiny"));
}

static void test_what_git_would_not_run_is_kept_and_not_run(void **state)
{
	(void)state;
	struct stat st;
	write_theirs();
	assert_int_equal(chmod("hooks/pre-commit", 0644), 0);
	assert_int_equal(mkdir("hooks/post-merge", 0700), 0);
	assert_int_equal(install("pre-commit"), HOOK_CHAINED);
	assert_int_equal(install("post-merge"), HOOK_CHAINED);
	assert_runs("pre-commit", NULL, "ours pre-commit one two\n");
	assert_runs("post-merge", NULL, "ours post-merge one two\n");
	take_out("pre-commit");
	take_out("post-merge");
	assert_int_equal(lstat("hooks/pre-commit", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	assert_int_equal(lstat("hooks/post-merge", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_true(S_ISDIR(st.st_mode));
}

static void test_a_dangling_link_comes_back(void **state)
{
	(void)state;
	assert_int_equal(symlink("/nowhere/at all", "hooks/pre-commit"), 0);
	assert_int_equal(install("pre-commit"), HOOK_CHAINED);
	assert_runs("pre-commit", NULL, "ours pre-commit one two\n");
	assert_int_equal(take_out("pre-commit"), HOOK_RESTORED);
	assert_true(is_there("hooks/pre-commit"));
}

static void test_a_hook_that_replaced_ours_is_chained_and_the_older_one_kept(void **state)
{
	(void)state;
	struct hook_done done;
	write_theirs();
	install("pre-commit");
	unlink("hooks/pre-commit");
	write_script("hooks/pre-commit", "#!/bin/sh\necho later >>log\n");
	assert_ok(hook_folder_remove(&folder, "pre-commit", false, &done));
	assert_int_equal(done.change, HOOK_NOT_OURS);
	assert_non_null(done.kept);
	free(done.kept);
	assert_ok(hook_folder_install(&folder, "pre-commit", false, &done));
	assert_int_equal(done.change, HOOK_CHAINED);
	assert_non_null(strstr(done.kept, "hooks.before-scrutiny/pre-commit.1"));
	assert_true(is_there(done.kept));
	assert_runs("pre-commit", NULL, "later\nours pre-commit one two\n");
	assert_int_equal(take_out("pre-commit"), HOOK_RESTORED);
	assert_runs("pre-commit", NULL, "later\n");
	assert_true(is_there(done.kept));
	free(done.kept);
}

static void test_a_hook_that_moved_ours_and_calls_it_is_left_alone(void **state)
{
	(void)state;
	struct hook_seen seen;
	write_theirs();
	install("pre-commit");
	assert_int_equal(rename("hooks/pre-commit", "hooks/pre-commit.old"), 0);
	write_script("hooks/pre-commit", "#!/bin/sh\necho later >>log\nhooks/pre-commit.old \"$@\"\n");
	assert_int_equal(install("pre-commit"), HOOK_UNCHANGED);
	hook_folder_look(&folder, "pre-commit", &seen);
	assert_int_equal(seen.state, HOOK_CALLED);
	assert_string_equal(seen.moved_to, "pre-commit.old");
	hook_seen_release(&seen);
	assert_runs("pre-commit", NULL, "later\ntheirs pre-commit one two found\nours pre-commit one two\n");
	assert_int_equal(take_out("pre-commit"), HOOK_RESTORED);
	assert_runs("pre-commit", NULL, "later\ntheirs pre-commit.old one two found\n");
}

static void test_ours_that_somebody_deleted_gives_the_earlier_one_back(void **state)
{
	(void)state;
	write_theirs();
	install("pre-commit");
	unlink("hooks/pre-commit");
	assert_int_equal(take_out("pre-commit"), HOOK_RESTORED);
	assert_runs("pre-commit", NULL, "theirs pre-commit one two found\n");
}

static void test_a_dry_run_changes_nothing(void **state)
{
	(void)state;
	struct hook_done done;
	write_theirs();
	assert_ok(hook_folder_install(&folder, "pre-commit", true, &done));
	assert_int_equal(done.change, HOOK_CHAINED);
	assert_runs("pre-commit", NULL, "theirs pre-commit one two found\n");
	install("pre-commit");
	assert_ok(hook_folder_remove(&folder, "pre-commit", true, &done));
	assert_int_equal(done.change, HOOK_RESTORED);
	assert_runs("pre-commit", NULL, "theirs pre-commit one two found\nours pre-commit one two\n");
}

static void test_a_folder_that_is_missing_is_made(void **state)
{
	(void)state;
	hook_folder_release(&folder);
	hook_folder_init(&folder, "deeper/hooks", program);
	assert_int_equal(install("pre-commit"), HOOK_ADDED);
	assert_true(is_there("deeper/hooks/pre-commit"));
}

static void test_a_folder_that_is_a_link_keeps_the_earlier_beside_what_it_leads_to(void **state)
{
	(void)state;
	write_theirs();
	assert_int_equal(mkdir("git", 0777), 0);
	assert_int_equal(symlink("../hooks", "git/hooks"), 0);
	hook_folder_release(&folder);
	hook_folder_init(&folder, "git/hooks", program);
	assert_int_equal(install("pre-commit"), HOOK_CHAINED);
	assert_true(is_there("hooks.before-scrutiny/pre-commit"));
	const char *argv[] = { "git/hooks/pre-commit", NULL };
	assert_ok(process_run(argv, &(struct process_options){ 0 }));
	struct buffer log = BUFFER_INIT;
	assert_ok(file_read("log", &log));
	assert_string_equal(log.data, "theirs pre-commit found\nours pre-commit\n");
	buffer_release(&log);
}

/* -- killed ------------------------------------------------------------------------------------ */

static void die_at(void *data)
{
	int *steps = data;
	if (!--*steps)
		_exit(1);
}

typedef struct error *operation(const struct hook_folder *f, const char *hook, bool dry_run, struct hook_done *out);

/* Does it in a process that ends after so many changes; whether it got to its end before. */
static bool survives(operation *operate, int steps)
{
	int status;
	pid_t pid = fork();
	if (!pid) {
		struct hook_done done;
		struct hook_folder f = folder;
		f.after_step = die_at;
		f.data = &steps;
		error_free(operate(&f, "pre-commit", false, &done));
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

/* The hook that was there runs, whether ours does or not. */
static void assert_theirs_runs(void)
{
	const char theirs[] = "theirs pre-commit one two found\n";
	char *log = run_hook("pre-commit", NULL, 0);
	assert_true(!strncmp(log, theirs, strlen(theirs)));
	free(log);
}

static void kill_and_repair(operation *operate, bool installed)
{
	struct stat before, after;
	bool whole = false;
	int steps;
	assert_int_equal(lstat("hooks/pre-commit", &before), 0);
	for (steps = 1; !whole; steps++) {
		if (installed)
			install("pre-commit");
		whole = survives(operate, steps);
		assert_theirs_runs();
		if (steps % 2) {
			install("pre-commit");
			assert_runs("pre-commit", NULL, "theirs pre-commit one two found\nours pre-commit one two\n");
		}
		take_out("pre-commit");
		assert_runs("pre-commit", NULL, "theirs pre-commit one two found\n");
		assert_int_equal(lstat("hooks/pre-commit", &after), 0);
		assert_int_equal(before.st_ino, after.st_ino);
		assert_false(is_there("hooks.before-scrutiny"));
		assert_false(is_there("hooks/.pre-commit.scrutiny-new"));
	}
	assert_true(steps > 2);
}

static void test_a_kill_while_installing_leaves_hooks_that_run_and_is_repaired(void **state)
{
	(void)state;
	write_theirs();
	kill_and_repair(hook_folder_install, false);
}

static void test_a_kill_while_removing_leaves_hooks_that_run_and_is_repaired(void **state)
{
	(void)state;
	write_theirs();
	kill_and_repair(hook_folder_remove, true);
}

#define in_directory(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_directory(test_a_word_for_a_shell_is_quoted),
		in_directory(test_a_shim_is_known_by_its_second_line_and_its_hook),
		in_directory(test_a_shim_calls_the_program_with_the_arguments),
		in_directory(test_both_hooks_read_all_of_the_input),
		in_directory(test_an_earlier_hook_that_reads_nothing_breaks_no_pipe),
		in_directory(test_an_earlier_hook_that_fails_decides),
		in_directory(test_a_program_that_is_gone_is_said_once_and_stops_nothing),
		in_directory(test_an_earlier_hook_that_calls_ours_again_ends),
		in_directory(test_installing_twice_changes_nothing),
		in_directory(test_an_older_shim_is_written_anew),
		in_directory(test_removing_puts_the_same_file_back),
		in_directory(test_a_link_goes_and_comes_back_as_a_link),
		in_directory(test_a_hook_that_is_a_link_to_the_one_moved_runs_that),
		in_directory(test_what_git_would_not_run_is_kept_and_not_run),
		in_directory(test_a_dangling_link_comes_back),
		in_directory(test_a_hook_that_replaced_ours_is_chained_and_the_older_one_kept),
		in_directory(test_a_hook_that_moved_ours_and_calls_it_is_left_alone),
		in_directory(test_ours_that_somebody_deleted_gives_the_earlier_one_back),
		in_directory(test_a_dry_run_changes_nothing),
		in_directory(test_a_folder_that_is_missing_is_made),
		in_directory(test_a_folder_that_is_a_link_keeps_the_earlier_beside_what_it_leads_to),
		in_directory(test_a_kill_while_installing_leaves_hooks_that_run_and_is_repaired),
		in_directory(test_a_kill_while_removing_leaves_hooks_that_run_and_is_repaired),
	};
	return cmocka_run_group_tests_name("hook/folder", tests, NULL, NULL);
}
