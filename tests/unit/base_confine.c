#include "base_testing.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/confine.h"

static const struct confine_limits limits = { (size_t)256 << 20, 10 };

/* What the child running FN answers; its status in *STATUS. */
static void ask(void (*fn)(int out, void *data), void *data, char *answer, size_t size, int *status)
{
	struct process p;
	size_t len = 0;
	ssize_t n;
	assert_ok(confine_start(&p, NULL, fn, data, &limits));
	while ((n = read(p.out, answer + len, size - 1 - len)) > 0)
		len += (size_t)n;
	answer[len] = '\0';
	assert_ok(process_finish(&p, status));
}

static void answer(int out, const char *text)
{
	if (write(out, text, strlen(text)) < 0)
		_exit(1);
}

static void read_given(int out, void *data)
{
	char text[16] = { 0 };
	int *fd = data;
	if (read(*fd, text, sizeof(text) - 1) < 0)
		_exit(1);
	answer(out, text);
}

static void test_what_is_open_can_be_read(void **state)
{
	int fds[2], status;
	char text[64];
	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "given", 5), 5);
	ask(read_given, &fds[0], text, sizeof(text), &status);
	assert_string_equal(text, "given");
	assert_int_equal(status, 0);
	close(fds[0]);
	close(fds[1]);
}

static void open_more(int out, void *data)
{
	(void)data;
	answer(out, open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 ? "no file, " : "a file, ");
	answer(out, socket(AF_UNIX, SOCK_STREAM, 0) < 0 ? "no socket" : "a socket");
}

static void test_nothing_else_can_be_opened(void **state)
{
	char text[64];
	int status;
	(void)state;
	ask(open_more, NULL, text, sizeof(text), &status);
	assert_string_equal(text, "no file, no socket");
}

static void crash(int out, void *data)
{
	(void)out;
	(void)data;
	raise(SIGKILL);
}

static void test_one_that_dies_takes_nobody_with_it(void **state)
{
	char text[64];
	int status;
	(void)state;
	ask(crash, NULL, text, sizeof(text), &status);
	assert_string_equal(text, "");
	assert_int_equal(status, 128 + SIGKILL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_open_can_be_read),
		cmocka_unit_test(test_nothing_else_can_be_opened),
		cmocka_unit_test(test_one_that_dies_takes_nobody_with_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
