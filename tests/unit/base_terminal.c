/* Colour, pager and progress, on a pseudo-terminal where they need one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/terminal.h"

struct terminal {
	int keyboard; /* our end */
	int screen;   /* the end that programs write to */
};

static void terminal_open(struct terminal *t, unsigned short columns)
{
	t->keyboard = posix_openpt(O_RDWR | O_NOCTTY);
	assert_true(t->keyboard >= 0);
	assert_int_equal(grantpt(t->keyboard), 0);
	assert_int_equal(unlockpt(t->keyboard), 0);
	t->screen = open(ptsname(t->keyboard), O_RDWR | O_NOCTTY);
	assert_true(t->screen >= 0);
	struct termios raw;
	assert_int_equal(tcgetattr(t->screen, &raw), 0);
	cfmakeraw(&raw);
	assert_int_equal(tcsetattr(t->screen, TCSANOW, &raw), 0);
	struct winsize size = { .ws_row = 24, .ws_col = columns };
	assert_int_equal(ioctl(t->screen, TIOCSWINSZ, &size), 0);
}

static void terminal_close(struct terminal *t)
{
	close(t->keyboard);
	close(t->screen);
}

/* What has been written to the terminal so far. */
static void terminal_read(struct terminal *t, struct buffer *out)
{
	char bytes[4096];
	struct pollfd ready = { .fd = t->keyboard, .events = POLLIN };
	buffer_reset(out);
	while (poll(&ready, 1, 0) == 1 && (ready.revents & POLLIN)) {
		ssize_t n = read(t->keyboard, bytes, sizeof(bytes));
		assert_true(n > 0);
		buffer_add(out, bytes, (size_t)n);
	}
}

static void assert_screen(struct terminal *t, const char *expected)
{
	struct buffer seen = BUFFER_INIT;
	terminal_read(t, &seen);
	assert_string_equal(seen.data, expected);
	buffer_release(&seen);
}

/* -- colour --------------------------------------------------------------------------------- */

static void test_colour_follows_option_then_environment_then_configuration(void **state)
{
	(void)state;
	struct terminal t;
	int null = open("/dev/null", O_WRONLY);
	terminal_open(&t, 80);
	setenv("TERM", "xterm", 1);

	assert_true(color_wanted("always", true, "never", null));
	assert_false(color_wanted("never", false, "always", t.screen));
	assert_false(color_wanted(NULL, true, "always", t.screen));
	assert_false(color_wanted("auto", true, NULL, t.screen));
	assert_true(color_wanted(NULL, false, "always", null));
	assert_false(color_wanted(NULL, false, "false", t.screen));
	assert_true(color_wanted(NULL, false, "true", t.screen));
	assert_false(color_wanted(NULL, false, "true", null));
	assert_true(color_wanted("auto", false, "never", t.screen));
	assert_true(color_wanted(NULL, false, NULL, t.screen));
	assert_false(color_wanted(NULL, false, NULL, null));

	setenv("TERM", "dumb", 1);
	assert_false(color_wanted(NULL, false, NULL, t.screen));
	unsetenv("TERM");
	assert_false(color_wanted(NULL, false, NULL, t.screen));
	close(null);
	terminal_close(&t);
}

static void test_colour_is_reset_after_the_text(void **state)
{
	(void)state;
	struct buffer out = BUFFER_INIT;
	color_add(&out, true, COLOR_RED, "error");
	color_add(&out, true, COLOR_NONE, " ");
	color_add(&out, false, COLOR_BOLD, "plain");
	color_add(&out, true, COLOR_BOLD, "");
	assert_string_equal(out.data, "\033[31merror\033[m plain");
	buffer_release(&out);
}

/* -- pager ---------------------------------------------------------------------------------- */

/* Runs pager_show in a child whose standard output (and error) is FD. */
static void show_on(int fd, const char *pager, const char *text)
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		struct error *err = pager_show(pager, (struct slice){ text, strlen(text) });
		bool failed = err;
		error_free(err);
		_exit(failed);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void test_pager_gets_the_text_on_a_terminal(void **state)
{
	(void)state;
	struct terminal t;
	terminal_open(&t, 80);
	show_on(t.screen, "tr a-z A-Z", "some text\n");
	assert_screen(&t, "SOME TEXT\n");
	terminal_close(&t);
}

static void test_pager_defaults_do_not_replace_the_users(void **state)
{
	(void)state;
	struct terminal t;
	terminal_open(&t, 80);
	unsetenv("LESS");
	setenv("LV", "-a", 1);
	show_on(t.screen, "cat >/dev/null; echo $LESS $LV", "text");
	assert_screen(&t, "FRX -a\n");
	terminal_close(&t);
}

static void test_no_pager_means_the_text_itself(void **state)
{
	(void)state;
	static const char *const none[] = { NULL, "", "cat" };
	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		struct terminal t;
		terminal_open(&t, 80);
		show_on(t.screen, none[i], "text\n");
		assert_screen(&t, "text\n");
		terminal_close(&t);
	}
}

static void test_pager_is_not_started_for_a_pipe(void **state)
{
	(void)state;
	int ends[2];
	char bytes[16] = "";
	assert_int_equal(pipe(ends), 0);
	show_on(ends[1], "tr a-z A-Z", "text\n");
	assert_int_equal(read(ends[0], bytes, sizeof(bytes) - 1), 5);
	assert_string_equal(bytes, "text\n");
	close(ends[0]);
	close(ends[1]);
}

static void test_pager_that_quits_early_is_no_error(void **state)
{
	(void)state;
	struct terminal t;
	size_t size = (size_t)1 << 20; /* more than a pipe holds */
	char *text = xmalloc(size + 1);
	memset(text, 'x', size);
	text[size] = '\0';
	terminal_open(&t, 80);
	show_on(t.screen, "exit 3", text);
	assert_screen(&t, "");
	free(text);
	terminal_close(&t);
}

static void test_missing_pager_leaves_the_text_on_the_terminal(void **state)
{
	(void)state;
	struct terminal t;
	struct buffer seen = BUFFER_INIT;
	terminal_open(&t, 80);
	show_on(t.screen, "no-such-pager-anywhere", "text\n");
	terminal_read(&t, &seen);
	assert_true(seen.len > 5);
	assert_string_equal(seen.data + seen.len - 5, "text\n");
	buffer_release(&seen);
	terminal_close(&t);
}

/* -- progress ------------------------------------------------------------------------------- */

static uint64_t now_ms; /* the hand of the tests' clock; a clock takes no argument */

static uint64_t test_clock(void)
{
	return now_ms;
}

static void test_progress_waits_a_second(void **state)
{
	(void)state;
	struct terminal t;
	terminal_open(&t, 80);
	now_ms = 5000;
	struct progress *p = progress_new_on(t.screen, test_clock, "Reading papers", 200);
	now_ms = 5999;
	progress_update(p, 10, NULL);
	assert_screen(&t, "");
	now_ms = 6000;
	progress_update(p, 50, "theory/tilings");
	assert_screen(&t, "\rReading papers:  25% (50/200), 50/s, 0:03 left  theory/tilings");
	progress_free(p);
	terminal_close(&t);
}

static void test_progress_writes_ten_times_a_second_at_most(void **state)
{
	(void)state;
	struct terminal t;
	struct buffer seen = BUFFER_INIT;
	size_t lines = 0;
	terminal_open(&t, 80);
	now_ms = 0;
	struct progress *p = progress_new_on(t.screen, test_clock, "Reading", 0);
	for (now_ms = 0; now_ms < 2000; now_ms++)
		progress_update(p, now_ms, NULL);
	terminal_read(&t, &seen);
	for (size_t i = 0; i < seen.len; i++)
		lines += seen.data[i] == '\r';
	assert_int_equal(lines, 10);
	progress_free(p);
	buffer_release(&seen);
	terminal_close(&t);
}

static void test_progress_says_slow_rates_by_the_minute(void **state)
{
	(void)state;
	struct terminal t;
	terminal_open(&t, 80);
	now_ms = 0;
	struct progress *p = progress_new_on(t.screen, test_clock, "Reviewing", 1000);
	now_ms = 10000;
	progress_update(p, 2, NULL);
	assert_screen(&t, "\rReviewing:   0% (2/1000), 12.0/min, 1:23:10 left");
	progress_free(p);
	terminal_close(&t);
}

static void test_a_line_of_the_caller_stands_behind_the_title(void **state)
{
	(void)state;
	struct terminal t;
	terminal_open(&t, 80);
	now_ms = 0;
	struct progress *p = progress_new_on(t.screen, test_clock, "reviewing", 2);
	progress_say(p, "too early");
	now_ms = 1000;
	progress_say(p, "2 papers x 3 models\a");
	assert_screen(&t, "\rreviewing  2 papers x 3 models\\x07");
	progress_free(p);
	terminal_close(&t);
}

static void test_shorter_line_covers_the_longer_one_and_the_end_erases_it(void **state)
{
	(void)state;
	struct terminal t;
	terminal_open(&t, 80);
	now_ms = 0;
	struct progress *p = progress_new_on(t.screen, test_clock, "X", 0);
	now_ms = 1000;
	progress_update(p, 0, "abcdef");
	assert_screen(&t, "\rX: 0  abcdef");
	now_ms = 1100;
	progress_update(p, 0, "a");
	assert_screen(&t, "\rX: 0  a     ");
	progress_free(p);
	assert_screen(&t, "\r         \r");
	terminal_close(&t);
}

static void test_hidden_progress_comes_back_with_the_next_update(void **state)
{
	(void)state;
	struct terminal t;
	terminal_open(&t, 80);
	now_ms = 0;
	struct progress *p = progress_new_on(t.screen, test_clock, "X", 0);
	now_ms = 1000;
	progress_update(p, 0, NULL);
	progress_hide(p);
	assert_screen(&t, "\rX: 0\r      \r"); /* "X: 0^C" */
	progress_hide(p);
	assert_screen(&t, "");
	progress_update(p, 0, NULL);
	assert_screen(&t, "\rX: 0");
	progress_free(p);
	terminal_close(&t);
}

static void test_line_is_cut_to_the_width_by_columns_not_bytes(void **state)
{
	(void)state;
	struct terminal t;
	terminal_open(&t, 12);
	now_ms = 0;
	struct progress *p = progress_new_on(t.screen, test_clock, "X", 0);
	now_ms = 1000;
	/* "X: 0  " takes 6 of 11 columns, each of these characters 2. */
	progress_update(p, 0, "\xe8\xab\x96\xe6\x96\x87\xe9\x9b\x86");
	assert_screen(&t, "\rX: 0  \xe8\xab\x96\xe6\x96\x87");
	progress_free(p);
	terminal_close(&t);
}

static void test_hostile_detail_cannot_drive_the_terminal(void **state)
{
	(void)state;
	struct terminal t;
	struct buffer seen = BUFFER_INIT;
	terminal_open(&t, 80);
	now_ms = 0;
	struct progress *p = progress_new_on(t.screen, test_clock, "X", 0);
	now_ms = 1000;
	progress_update(p, 0, "a\033[2Jb\nc\r");
	terminal_read(&t, &seen);
	assert_int_equal(seen.data[0], '\r');
	for (size_t i = 1; i < seen.len; i++)
		assert_true((unsigned char)seen.data[i] >= ' ');
	progress_free(p);
	buffer_release(&seen);
	terminal_close(&t);
}

static void test_no_terminal_no_progress(void **state)
{
	(void)state;
	int ends[2];
	char byte;
	assert_int_equal(pipe(ends), 0);
	now_ms = 0;
	struct progress *p = progress_new_on(ends[1], test_clock, "X", 10);
	now_ms = 9000;
	progress_update(p, 5, "detail");
	progress_free(p);
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 0);
	close(ends[0]);
	progress_update(NULL, 1, NULL);
	progress_hide(NULL);
	progress_free(NULL);
}

/* In a session of its own, the terminal's foreground group is given to somebody else. */
static int updates_in_background(struct terminal *t)
{
	if (setsid() < 0 || ioctl(t->screen, TIOCSCTTY, 0) < 0)
		return 1;
	pid_t other = fork();
	if (!other) {
		pause();
		_exit(0);
	}
	setpgid(other, other);
	signal(SIGTTOU, SIG_IGN);
	if (tcsetpgrp(t->screen, other) < 0)
		return 2;
	now_ms = 0;
	struct progress *p = progress_new_on(t->screen, test_clock, "X", 10);
	now_ms = 2000;
	progress_update(p, 5, NULL);
	progress_free(p);
	tcsetpgrp(t->screen, getpgrp());
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	return 0;
}

static void test_background_job_keeps_silent(void **state)
{
	(void)state;
	struct terminal t;
	int status;
	terminal_open(&t, 80);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		signal(SIGHUP, SIG_IGN);
		_exit(updates_in_background(&t));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_screen(&t, "");
	terminal_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_colour_follows_option_then_environment_then_configuration),
		cmocka_unit_test(test_colour_is_reset_after_the_text),
		cmocka_unit_test(test_pager_gets_the_text_on_a_terminal),
		cmocka_unit_test(test_pager_defaults_do_not_replace_the_users),
		cmocka_unit_test(test_no_pager_means_the_text_itself),
		cmocka_unit_test(test_pager_is_not_started_for_a_pipe),
		cmocka_unit_test(test_pager_that_quits_early_is_no_error),
		cmocka_unit_test(test_missing_pager_leaves_the_text_on_the_terminal),
		cmocka_unit_test(test_progress_waits_a_second),
		cmocka_unit_test(test_progress_writes_ten_times_a_second_at_most),
		cmocka_unit_test(test_progress_says_slow_rates_by_the_minute),
		cmocka_unit_test(test_a_line_of_the_caller_stands_behind_the_title),
		cmocka_unit_test(test_shorter_line_covers_the_longer_one_and_the_end_erases_it),
		cmocka_unit_test(test_hidden_progress_comes_back_with_the_next_update),
		cmocka_unit_test(test_line_is_cut_to_the_width_by_columns_not_bytes),
		cmocka_unit_test(test_hostile_detail_cannot_drive_the_terminal),
		cmocka_unit_test(test_no_terminal_no_progress),
		cmocka_unit_test(test_background_job_keeps_silent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
