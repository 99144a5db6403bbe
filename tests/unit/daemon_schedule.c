/* Schedules as systemd and cron read them, and crontabs that belong to others, too. */
#include "git_fixture.h"

#include "daemon/schedule.h"
#include "daemon/unit_text.h"

static const char *const argv[] = { "/usr/bin/git-scrutiny", "schedule", "run", "--", "/srv/my papers", NULL };

static struct schedule sample(void)
{
	return (struct schedule){ "git-scrutiny-x", "/srv/my papers", argv, "/usr/bin:/bin", "weekly", "4h" };
}

static void expect(struct buffer *got, const char *wanted)
{
	assert_string_equal(got->data, wanted);
	buffer_release(got);
}

static void an_argument_of_a_unit_keeps_quotes_and_percents(void **state)
{
	(void)state;
	struct buffer out = BUFFER_INIT;
	unit_add_argument(&out, "a \"b\" \\ 100% $HOME\nc\x01");
	expect(&out, "\"a \\\"b\\\" \\\\ 100%% $$HOME\\x0ac\\x01\"");
}

static void a_word_of_a_unit_has_no_variables_to_escape(void **state)
{
	(void)state;
	struct buffer out = BUFFER_INIT;
	unit_add_word(&out, "$x %y");
	expect(&out, "\"$x %%y\"");
}

static void a_description_stays_on_its_line(void **state)
{
	(void)state;
	struct buffer out = BUFFER_INIT;
	unit_add_description(&out, "a\nExecStart=evil\\ 1%");
	expect(&out, "a?ExecStart=evil? 1%%");
}

static void a_word_of_a_crontab_is_quoted_for_sh_and_cron(void **state)
{
	(void)state;
	struct buffer out = BUFFER_INIT;
	assert_true(cron_add_word(&out, "it's 100% $HOME `x`"));
	expect(&out, "'it'\\''s 100\\% $HOME `x`'");
	assert_false(cron_add_word(&out, "two\nlines"));
	buffer_release(&out);
}

static void names_differ_for_folders_of_one_name(void **state)
{
	(void)state;
	char a[SCHEDULE_NAME_SIZE], b[SCHEDULE_NAME_SIZE];
	schedule_name(a, "/srv/a/my papers%");
	schedule_name(b, "/srv/b/my papers%");
	assert_string_not_equal(a, b);
	assert_memory_equal(a, "git-scrutiny-my_papers_-", 24);
	schedule_name(a, "/");
	assert_memory_equal(a, "git-scrutiny-", 13);
}

static void a_block_goes_to_the_end_of_a_crontab(void **state)
{
	(void)state;
	struct buffer out = BUFFER_INIT;
	struct schedule s = sample();
	assert_success(schedule_add_to_crontab(&out, slice_of_string("MAILTO=me\n1 2 * * * x"), &s, false));
	assert_memory_equal(out.data, "MAILTO=me\n1 2 * * * x\n# BEGIN git-scrutiny-x\n", 45);
	assert_non_null(strstr(out.data, " * * 0 PATH='/usr/bin:/bin' '/usr/bin/git-scrutiny' 'schedule' 'run' '--' "
					 "'/srv/my papers'\n# END git-scrutiny-x\n"));
	buffer_release(&out);
}

static void what_was_put_in_comes_out_again(void **state)
{
	(void)state;
	static const char before[] = "# a\n\n\t5 5 * * *\ty  \n# BEGIN git-scrutiny-xy\nz\n# END git-scrutiny-xy\n";
	struct buffer with = BUFFER_INIT, twice = BUFFER_INIT, without = BUFFER_INIT;
	struct schedule s = sample();
	assert_success(schedule_add_to_crontab(&with, slice_of_string(before), &s, true));
	assert_success(schedule_add_to_crontab(&twice, slice_of(&with), &s, true));
	assert_string_equal(with.data, twice.data);
	assert_true(schedule_take_from_crontab(&without, slice_of(&twice), s.name));
	expect(&without, before);
	buffer_release(&with);
	buffer_release(&twice);
}

static void a_block_whose_end_was_lost_takes_no_line_of_others(void **state)
{
	(void)state;
	struct buffer out = BUFFER_INIT;
	assert_true(schedule_take_from_crontab(&out, slice_of_string("a\n# BEGIN git-scrutiny-x\n1 2 * * 0 x\nb\n"),
					       "git-scrutiny-x"));
	expect(&out, "a\nb\n");
	assert_true(schedule_take_from_crontab(&out, slice_of_string("# BEGIN git-scrutiny-x\n"), "git-scrutiny-x"));
	expect(&out, "");
}

static void a_crontab_without_the_block_stays(void **state)
{
	(void)state;
	struct buffer out = BUFFER_INIT;
	assert_false(schedule_take_from_crontab(&out, slice_of_string("a\n# BEGIN git-scrutiny-x"), "git-scrutiny-x"));
	expect(&out, "a\n# BEGIN git-scrutiny-x");
}

static void the_time_is_read_back(void **state)
{
	(void)state;
	struct buffer out = BUFFER_INIT;
	assert_true(schedule_read_crontab(&out, slice_of_string("# BEGIN n\n7 4 * * 0 x\n# END n\n"), "n"));
	expect(&out, "at 04:07 every Sunday");
	assert_true(schedule_read_crontab(&out, slice_of_string("# BEGIN n\n*/5 4 * * 0 x\n# END n\n"), "n"));
	expect(&out, "when the crontab says");
}

static void a_command_that_cron_would_cut_is_refused(void **state)
{
	(void)state;
	char path[2000];
	struct buffer out = BUFFER_INIT;
	struct schedule s = sample();
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	s.search_path = path;
	assert_error(schedule_add_to_crontab(&out, slice_of_string(""), &s, true), ERROR_USAGE);
	assert_int_equal(out.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_argument_of_a_unit_keeps_quotes_and_percents),
		cmocka_unit_test(a_word_of_a_unit_has_no_variables_to_escape),
		cmocka_unit_test(a_description_stays_on_its_line),
		cmocka_unit_test(a_word_of_a_crontab_is_quoted_for_sh_and_cron),
		cmocka_unit_test(names_differ_for_folders_of_one_name),
		cmocka_unit_test(a_block_goes_to_the_end_of_a_crontab),
		cmocka_unit_test(what_was_put_in_comes_out_again),
		cmocka_unit_test(a_block_whose_end_was_lost_takes_no_line_of_others),
		cmocka_unit_test(a_crontab_without_the_block_stays),
		cmocka_unit_test(the_time_is_read_back),
		cmocka_unit_test(a_command_that_cron_would_cut_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
