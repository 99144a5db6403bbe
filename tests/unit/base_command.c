/* The command line as git parses it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sample_program.h"

/* A command line parsed for the `run` command of the sample program. */
struct parsed {
	struct sample_options options;
	int argc;
	const char *argv[16];
	bool help;
	struct error *err;
};

static void parse_argv(struct parsed *p, const char *const *argv)
{
	*p = (struct parsed){ .options = sample_defaults };
	while (argv[p->argc]) {
		p->argv[p->argc] = argv[p->argc];
		p->argc++;
	}
	p->err = options_parse(&sample_run, &p->options, &p->argc, p->argv, &p->help);
}
#define PARSE(p, ...) parse_argv(p, (const char *const[]){ __VA_ARGS__, NULL })

static void parsed_release(struct parsed *p)
{
	options_release(&sample_run, &p->options);
	error_free(p->err);
}

static void assert_refused(const char *const *argv, const char *message, const char *hint)
{
	struct parsed p;
	parse_argv(&p, argv);
	assert_true(error_is(p.err, ERROR_USAGE));
	assert_string_equal(p.err->message, message);
	if (hint)
		assert_string_equal(p.err->hint, hint);
	parsed_release(&p);
}
#define REFUSED(message, hint, ...) \
	assert_refused((const char *const[]){ __VA_ARGS__, NULL }, message, hint)

static void test_nothing_given_leaves_the_defaults(void **state)
{
	(void)state;
	struct parsed p;
	parse_argv(&p, (const char *const[]){ NULL });
	assert_null(p.err);
	assert_int_equal(p.argc, 0);
	assert_false(p.help);
	assert_memory_equal(&p.options, &sample_defaults, sizeof(sample_defaults));
	parsed_release(&p);
}

static void test_values_are_stuck_or_separate(void **state)
{
	(void)state;
	struct parsed p;
	PARSE(&p, "--since=main", "-j5", "--max-cost", "2.5", "-o", "out", "--format", "json");
	assert_null(p.err);
	assert_string_equal(p.options.since, "main");
	assert_int_equal(p.options.jobs, 5);
	assert_true(p.options.max_cost > 2.49 && p.options.max_cost < 2.51);
	assert_string_equal(p.options.output, "out");
	assert_string_equal(p.options.format, "json");
	parsed_release(&p);
}

static void test_short_options_are_bundled_and_the_last_may_take_a_value(void **state)
{
	(void)state;
	struct parsed p;
	PARSE(&p, "-aqj8", "paper");
	assert_null(p.err);
	assert_true(p.options.all && p.options.quiet);
	assert_int_equal(p.options.jobs, 8);
	assert_int_equal(p.argc, 1);
	parsed_release(&p);
}

static void test_integers_take_units(void **state)
{
	(void)state;
	struct parsed p;
	PARSE(&p, "--jobs=-2k");
	assert_null(p.err);
	assert_int_equal(p.options.jobs, -2048);
	parsed_release(&p);
	PARSE(&p, "--jobs=3G");
	assert_null(p.err);
	assert_true(p.options.jobs == (int64_t)3 << 30);
	parsed_release(&p);
}

static void test_values_of_the_wrong_form_are_refused(void **state)
{
	(void)state;
	static const char *const bad_integers[] = { "", "k", "1x", "1kk", "9223372036854775808",
						    "9007199254740993g", " 1", "--1", "1.5" };
	for (size_t i = 0; i < ARRAY_SIZE(bad_integers); i++) {
		struct parsed p;
		PARSE(&p, "-j", bad_integers[i]);
		assert_true(error_is(p.err, ERROR_USAGE));
		parsed_release(&p);
	}
	static const char *const bad_numbers[] = { "",	   "nan", "inf", "1e999",
						   "0x10", "2,5", " 1",	 "1 " };
	for (size_t i = 0; i < ARRAY_SIZE(bad_numbers); i++) {
		struct parsed p;
		PARSE(&p, "--max-cost", bad_numbers[i]);
		assert_true(error_is(p.err, ERROR_USAGE));
		parsed_release(&p);
	}
	REFUSED("option `--max-cost' expects a number, not `much'", NULL, "--max-cost=much");
	REFUSED("option `-j' expects an integer with an optional k, m or g suffix, not `x'", NULL,
		"-jx");
	REFUSED("option `--format' expects text, md or json, not `jsn'", "did you mean `json'?",
		"--format=jsn");
}

static void test_no_clears_or_restores_the_default(void **state)
{
	(void)state;
	struct parsed p;
	PARSE(&p, "--all", "--no-all", "--since=x", "--no-since", "--jobs=9", "--no-jobs",
	      "--format=md", "--no-format", "--no-write");
	assert_null(p.err);
	assert_false(p.options.all);
	assert_false(p.options.write);
	assert_null(p.options.since);
	assert_int_equal(p.options.jobs, 4);
	assert_string_equal(p.options.format, "text");
	parsed_release(&p);
}

static void test_option_named_no_is_undone_by_the_plain_name(void **state)
{
	(void)state;
	struct parsed p;
	PARSE(&p, "--no-pager");
	assert_true(p.options.no_pager);
	parsed_release(&p);
	PARSE(&p, "--no-pager", "--pager");
	assert_false(p.options.no_pager);
	parsed_release(&p);
	REFUSED("unknown option `--no-no-pager'", NULL, "--no-no-pager");
}

static void test_lists_grow_and_are_emptied(void **state)
{
	(void)state;
	struct parsed p;
	PARSE(&p, "-ra", "--reviewers=b", "--reviewers", "c");
	assert_int_equal(p.options.reviewers.nr, 3);
	assert_string_equal(p.options.reviewers.items[2], "c");
	parsed_release(&p);
	assert_null(p.options.reviewers.items);
	PARSE(&p, "-ra", "--no-reviewers", "-rb");
	assert_int_equal(p.options.reviewers.nr, 1);
	assert_string_equal(p.options.reviewers.items[0], "b");
	parsed_release(&p);
}

static void test_optional_value_is_only_taken_when_stuck(void **state)
{
	(void)state;
	struct parsed p;
	PARSE(&p, "--color", "always");
	assert_string_equal(p.options.color, "");
	assert_int_equal(p.argc, 1);
	assert_string_equal(p.argv[0], "always");
	parsed_release(&p);
	PARSE(&p, "--color=always");
	assert_string_equal(p.options.color, "always");
	assert_int_equal(p.argc, 0);
	parsed_release(&p);
}

static void test_unique_abbreviations_are_accepted(void **state)
{
	(void)state;
	struct parsed p;
	PARSE(&p, "--si", "main", "--no-wr", "--m=3", "--rev", "x");
	/* --m is max-cost or model. */
	assert_true(error_is(p.err, ERROR_USAGE));
	parsed_release(&p);
	PARSE(&p, "--si", "main", "--no-wr", "--ma=3", "--rev", "x");
	assert_null(p.err);
	assert_string_equal(p.options.since, "main");
	assert_false(p.options.write);
	assert_int_equal(p.options.reviewers.nr, 1);
	parsed_release(&p);
}

static void test_exact_name_wins_over_longer_ones(void **state)
{
	(void)state;
	static const struct option table[] = {
		{ OPTION_BOOL, 0, "write-all", 0 }, { OPTION_BOOL, 0, "write", 1 }, { OPTION_END }
	};
	static const struct command cmd = { .name = "x", .options = table, .options_size = 2 };
	bool options[2] = { false, false }, help;
	int argc = 1;
	const char *argv[] = { "--write", NULL };
	assert_null(options_parse(&cmd, options, &argc, argv, &help));
	assert_false(options[0]);
	assert_true(options[1]);
}

static void test_ambiguous_abbreviation_names_the_candidates(void **state)
{
	(void)state;
	REFUSED("ambiguous option `--m' (could be --model or --max-cost)", NULL, "--m=3");
	REFUSED("ambiguous option `--no-p' (could be --no-paper or --no-pager)", NULL, "--no-p");
	struct parsed p;
	PARSE(&p, "--no");
	assert_non_null(strstr(p.err->message, ", ...)"));
	parsed_release(&p);
}

static void test_unknown_options_are_refused_with_the_nearest(void **state)
{
	(void)state;
	REFUSED("unknown option `--foo'", "`-h' lists the options", "--foo");
	REFUSED("unknown option `--sicne'", "did you mean `--since'?", "--sicne=main");
	REFUSED("unknown option `--hlep'", "did you mean `--help'?", "--hlep");
	REFUSED("unknown option `-x'", "`-h' lists the options", "-x");
	REFUSED("unknown option `-x' in `-ax'", NULL, "-ax");
	REFUSED("unknown option `-since=main'", "did you mean `--since' (with two dashes)?",
		"-since=main");
	REFUSED("unknown option `-\xc3\xa9'", NULL, "-\xc3\xa9");
}

static void test_missing_and_superfluous_values_are_refused(void **state)
{
	(void)state;
	REFUSED("option `--since' requires a value", NULL, "--since");
	REFUSED("option `-j' requires a value", NULL, "-aj");
	REFUSED("option `--all' takes no value", NULL, "--all=yes");
	REFUSED("option `--no-since' takes no value", NULL, "--no-since=x");
}

static void test_options_and_arguments_mix_until_two_dashes(void **state)
{
	(void)state;
	static const char *const ends[] = { "--", "--end-of-options" };
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		struct parsed p;
		PARSE(&p, "one", "--all", "-", "-q", ends[i], "--since", "--", "-h");
		assert_null(p.err);
		assert_true(p.options.all && p.options.quiet);
		assert_false(p.help);
		assert_int_equal(p.argc, 5);
		assert_string_equal(p.argv[0], "one");
		assert_string_equal(p.argv[1], "-");
		assert_string_equal(p.argv[2], "--since");
		assert_string_equal(p.argv[3], "--");
		assert_string_equal(p.argv[4], "-h");
		assert_null(p.argv[5]);
		parsed_release(&p);
	}
}

static void test_help_is_seen_anywhere_before_two_dashes(void **state)
{
	(void)state;
	struct parsed p;
	PARSE(&p, "paper", "-ah");
	assert_null(p.err);
	assert_true(p.help);
	parsed_release(&p);
	PARSE(&p, "--help", "--nonsense");
	assert_null(p.err);
	assert_true(p.help);
	parsed_release(&p);
}

static void test_command_is_found_by_its_whole_name(void **state)
{
	(void)state;
	const char *line[] = { "status", "-h", NULL };
	const char **argv = line;
	int argc = 2;
	const struct command *cmd;
	assert_null(program_find_command(&sample_program, &argc, &argv, &cmd));
	assert_ptr_equal(cmd, &sample_status);
	assert_int_equal(argc, 1);
	assert_string_equal(argv[0], "-h");
}

static void test_anything_else_is_for_the_default_command(void **state)
{
	(void)state;
	const char *line[] = { "stat", NULL };
	const char **argv = line;
	int argc = 1;
	const struct command *cmd;
	assert_null(program_find_command(&sample_program, &argc, &argv, &cmd));
	assert_ptr_equal(cmd, &sample_run);
	assert_int_equal(argc, 1);
	argc = 0;
	assert_null(program_find_command(&sample_program, &argc, &argv, &cmd));
	assert_ptr_equal(cmd, &sample_run);
}

static void test_unknown_command_is_refused_with_the_nearest(void **state)
{
	(void)state;
	struct program program = sample_program;
	program.default_command = NULL;
	const char *line[] = { "stauts", NULL };
	const char **argv = line;
	int argc = 1;
	const struct command *cmd;
	struct error *err = program_find_command(&program, &argc, &argv, &cmd);
	assert_true(error_is(err, ERROR_USAGE));
	assert_string_equal(err->message, "`stauts' is not a command of git scrutiny");
	assert_string_equal(err->hint, "did you mean `git scrutiny status'?");
	error_free(err);
	argc = 0;
	err = program_find_command(&program, &argc, &argv, &cmd);
	assert_true(error_is(err, ERROR_USAGE));
	error_free(err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_given_leaves_the_defaults),
		cmocka_unit_test(test_values_are_stuck_or_separate),
		cmocka_unit_test(test_short_options_are_bundled_and_the_last_may_take_a_value),
		cmocka_unit_test(test_integers_take_units),
		cmocka_unit_test(test_values_of_the_wrong_form_are_refused),
		cmocka_unit_test(test_no_clears_or_restores_the_default),
		cmocka_unit_test(test_option_named_no_is_undone_by_the_plain_name),
		cmocka_unit_test(test_lists_grow_and_are_emptied),
		cmocka_unit_test(test_optional_value_is_only_taken_when_stuck),
		cmocka_unit_test(test_unique_abbreviations_are_accepted),
		cmocka_unit_test(test_exact_name_wins_over_longer_ones),
		cmocka_unit_test(test_ambiguous_abbreviation_names_the_candidates),
		cmocka_unit_test(test_unknown_options_are_refused_with_the_nearest),
		cmocka_unit_test(test_missing_and_superfluous_values_are_refused),
		cmocka_unit_test(test_options_and_arguments_mix_until_two_dashes),
		cmocka_unit_test(test_help_is_seen_anywhere_before_two_dashes),
		cmocka_unit_test(test_command_is_found_by_its_whole_name),
		cmocka_unit_test(test_anything_else_is_for_the_default_command),
		cmocka_unit_test(test_unknown_command_is_refused_with_the_nearest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
