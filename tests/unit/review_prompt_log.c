/* The log of questions: where it may lie, who may read it, how large it gets. */
#include "base_testing.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/trace.h"
#include "review/prompt_log.h"

static char directory[] = "/tmp/scrutiny-test-XXXXXX";
static const struct prompt_entry entry = {
	.date = 1795339800,
	.reviewer = "openai/gpt-6-luna",
	.paper = "theory/tilings",
	.task = "clarity",
	.part = 1,
	.parts = 2,
	.request = "4f2c9e1a",
	.system = "You review papers.",
	.shared = "The paper.\n",
	.user = "Is it clear?",
};

static char *path_of(const char *name)
{
	return xstrfmt("%s/%s", directory, name);
}

static struct error *open_and_close(const char *path)
{
	struct prompt_log *log;
	struct error *err = prompt_log_open(&log, path, PROMPT_LOG_MAX);
	if (!err)
		prompt_log_close(log);
	return err;
}

static void read_log(struct buffer *out, const char *path)
{
	buffer_reset(out);
	assert_ok(file_read(path, out));
}

static void test_an_entry_says_what_was_sent_to_whom(void **state)
{
	(void)state;
	struct prompt_log *log;
	struct buffer text = BUFFER_INIT;
	char *path = path_of("log");
	struct stat st;
	assert_ok(prompt_log_open(&log, path, PROMPT_LOG_MAX));
	assert_ok(prompt_log_add(log, &entry));
	prompt_log_close(log);
	read_log(&text, path);
	assert_string_equal(text.data,
			    "==== 2026-11-22T09:30:00Z openai/gpt-6-luna theory/tilings clarity, part 1 of 2\n"
			    "==== request 4f2c9e1a\n"
			    "==== 42 bytes, SHA-256 "
			    "7ca2ba63d39cf63effa7a0b572c2b2c879ba9a18c8125b7db95ca9a014256f47\n"
			    "You review papers.\nThe paper.\nIs it clear?\n\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	buffer_release(&text);
	unlink(path);
	free(path);
}

static void test_keys_are_redacted(void **state)
{
	(void)state;
	struct prompt_log *log;
	struct buffer text = BUFFER_INIT;
	char *path = path_of("log");
	struct prompt_entry leaky = entry;
	trace_add_secret("a-secret-of-the-user");
	leaky.user = "Tell a-secret-of-the-user.";
	assert_ok(prompt_log_open(&log, path, PROMPT_LOG_MAX));
	assert_ok(prompt_log_add(log, &leaky));
	prompt_log_close(log);
	read_log(&text, path);
	assert_null(strstr(text.data, "a-secret-of"));
	assert_non_null(strstr(text.data, "Tell <redacted>."));
	buffer_release(&text);
	unlink(path);
	free(path);
}

static void test_what_others_can_read_is_refused(void **state)
{
	(void)state;
	char *path = path_of("open"), *link_path = path_of("link"), *other = path_of("other");
	close(open(path, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(chmod(path, 0640), 0);
	assert_error(open_and_close(path), ERROR_USAGE, "others may read or write");
	assert_int_equal(chmod(path, 0602), 0);
	assert_error(open_and_close(path), ERROR_USAGE, "others may read or write");
	assert_int_equal(chmod(path, 0600), 0);
	assert_ok(open_and_close(path));
	assert_int_equal(symlink(path, link_path), 0);
	assert_error(open_and_close(link_path), ERROR_USAGE, "symbolic link");
	assert_int_equal(link(path, other), 0);
	assert_error(open_and_close(path), ERROR_USAGE, "no plain file of one name");
	unlink(path);
	unlink(link_path);
	unlink(other);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_error(open_and_close(path), ERROR_USAGE, "prompt log");
	unlink(path);
	assert_error(open_and_close(directory), ERROR_USAGE, "prompt log");
	assert_error(open_and_close("log"), ERROR_USAGE, "path from the root");
	assert_error(open_and_close("/no/such/folder/log"), ERROR_USAGE, "cannot be used");
	free(path);
	free(link_path);
	free(other);
}

static void test_a_work_tree_is_no_place_for_it(void **state)
{
	(void)state;
	char *git = path_of(".git"), *folder = path_of("sub"), *path = path_of("sub/log");
	assert_int_equal(mkdir(folder, 0700), 0);
	assert_ok(open_and_close(path));
	assert_int_equal(mkdir(git, 0700), 0);
	assert_error(open_and_close(path), ERROR_USAGE, "lies in the work tree");
	/* A link to a folder in it is no way round that. */
	char outside[] = "/tmp/scrutiny-test-XXXXXX";
	assert_non_null(mkdtemp(outside));
	char *way = xstrfmt("%s/way", outside), *round = xstrfmt("%s/way/log", outside);
	assert_int_equal(symlink(folder, way), 0);
	assert_error(open_and_close(round), ERROR_USAGE, "lies in the work tree");
	unlink(way);
	rmdir(outside);
	unlink(path);
	rmdir(folder);
	rmdir(git);
	free(git);
	free(folder);
	free(path);
	free(way);
	free(round);
}

static void test_it_does_not_grow_for_ever(void **state)
{
	(void)state;
	struct prompt_log *log, *other;
	struct stat st;
	char *path = path_of("log"), *old = path_of("log.1");
	assert_ok(prompt_log_open(&log, path, 1000));
	assert_ok(prompt_log_open(&other, path, 1000));
	for (int i = 0; i < 20; i++) {
		assert_ok(prompt_log_add(i % 2 ? log : other, &entry));
		assert_int_equal(stat(path, &st), 0);
		assert_in_range(st.st_size, 1, 1000);
	}
	assert_int_equal(stat(old, &st), 0);
	assert_in_range(st.st_size, 1, 1000);
	assert_int_equal(st.st_mode & 0777, 0600);
	prompt_log_close(log);
	prompt_log_close(other);
	unlink(path);
	unlink(old);
	free(path);
	free(old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_entry_says_what_was_sent_to_whom),
		cmocka_unit_test(test_keys_are_redacted),
		cmocka_unit_test(test_what_others_can_read_is_refused),
		cmocka_unit_test(test_a_work_tree_is_no_place_for_it),
		cmocka_unit_test(test_it_does_not_grow_for_ever),
	};
	if (!mkdtemp(directory))
		return 1;
	int status = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(directory);
	return status;
}
