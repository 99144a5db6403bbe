/* What is generated from the tables says what the tables say, in forms that its readers take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/command_docs.h"
#include "base/command_docs_text.h"
#include "sample_program.h"

static const struct docs_release release = { "0.1.0", "2026-11-22" };

static void command_man(struct buffer *out, const struct program *program)
{
	docs_command_man(out, program, &sample_run, &release);
}

static void program_man(struct buffer *out, const struct program *program)
{
	docs_program_man(out, program, &release);
}

static void command_help(struct buffer *out, const struct program *program)
{
	docs_command_help(out, program, &sample_run);
}

typedef void writer(struct buffer *out, const struct program *program);

/* Fails unless each of the NULL-terminated TEXTS occurs, in this order. */
static void assert_says(writer *write, const char *const *texts)
{
	struct buffer out = BUFFER_INIT;
	write(&out, &sample_program);
	const char *at = out.data;
	for (; *texts; texts++) {
		const char *found = strstr(at, *texts);
		if (!found)
			fail_msg("missing (or not in this order): %s\nin:\n%s", *texts, out.data);
		at = found + strlen(*texts);
	}
	buffer_release(&out);
}
#define SAYS(write, ...) assert_says(write, (const char *const[]){ __VA_ARGS__, NULL })

static size_t longest_line(const char *text)
{
	size_t longest = 0;
	for (; *text; text += strcspn(text, "\n") + 1)
		if (strcspn(text, "\n") > longest)
			longest = strcspn(text, "\n");
	return longest;
}

static void test_help_of_a_command_is_laid_out_as_gits(void **state)
{
	(void)state;
	SAYS(command_help,
	     "usage: git scrutiny [run] [<options>] [<paper>...]\n"
	     "   or: git scrutiny [run] [<options>] --all\n"
	     "\n"
	     "Review papers that have no up-to-date record.\n"
	     "\n"
	     "Which papers\n"
	     "    --since <rev>         papers changed since a revision\n"
	     "    -a, --all             every paper\n",
	     /* Too long for its column; wrapped to 80; the backticks are gone. */
	     "    -r, --reviewers <list>\n"
	     "                          who reviews: names separated by commas, such as\n"
	     "                          builtin,ollama/llama3.1; may be given again\n",
	     "    --format <format>     how to print findings: text, md or json\n",
	     "    --color[=<when>]      colour the output\n"
	     "    --[no-]write          write reports (the default)\n");
}

static void test_help_of_a_program_lists_its_commands(void **state)
{
	(void)state;
	SAYS(docs_program_help,
	     "usage: git scrutiny [<options>] [<paper>...]\n",
	     "   or: git scrutiny <command> [<options>] [<arguments>]\n",
	     "    run     review papers that have no up-to-date record (the default)\n"
	     "    status  say which papers are new, stale or fresh\n",
	     "    git scrutiny --since main\n        Reviews what changed since main.\n",
	     "Exit status\n    0    done, nothing found\n", "    129  the command line is wrong\n",
	     "git help scrutiny");
}

static void test_help_fits_a_terminal(void **state)
{
	(void)state;
	static writer *const helps[] = { docs_program_help, command_help };
	for (size_t i = 0; i < ARRAY_SIZE(helps); i++) {
		struct buffer out = BUFFER_INIT;
		helps[i](&out, &sample_program);
		assert_true(longest_line(out.data) <= 80);
		buffer_release(&out);
	}
}

static void test_long_usage_breaks_between_brackets(void **state)
{
	(void)state;
	static const char *const usage[] = {
		"[--first-option <value>] [--second-option <value>] "
		"[--third-option <value>] <paper>",
		NULL
	};
	struct command cmd = sample_status;
	struct buffer out = BUFFER_INIT;
	cmd.usage = usage;
	docs_command_help(&out, &sample_program, &cmd);
	assert_non_null(strstr(out.data, "usage: git scrutiny status [--first-option <value>] "
					 "[--second-option <value>]\n"
					 "                           "
					 "[--third-option <value>] <paper>\n"));
	buffer_release(&out);
}

static void test_command_without_options_or_usage_has_help_and_pages(void **state)
{
	(void)state;
	struct buffer out = BUFFER_INIT;
	const struct command bare = { .name = "bare", .summary = "do nothing" };
	docs_command_help(&out, &sample_program, &bare);
	assert_non_null(strstr(out.data, "usage: git scrutiny bare\n\nDo nothing.\n"));
	docs_command_man(&out, &sample_program, &bare, &release);
	assert_non_null(strstr(out.data, ".SH DESCRIPTION\ndo nothing\n"));
	buffer_release(&out);
}

static void test_man_page_has_the_sections_in_order(void **state)
{
	(void)state;
	SAYS(command_man,
	     ".TH \"GIT\\-SCRUTINY\\-RUN\" \"1\" \"2026-11-22\" \"git\\-scrutiny 0.1.0\"",
	     ".SH NAME\ngit\\-scrutiny\\-run \\- review papers", ".SH SYNOPSIS\n",
	     ".SH DESCRIPTION\n", ".SH OPTIONS\n.SS \"Which papers\"\n", ".SH EXAMPLES\n",
	     ".SH EXIT STATUS\n\\fB0\\fR\n",
	     ".SH SEE ALSO\n.BR git\\-scrutiny (1),\n.BR git (1)\n");
	SAYS(program_man, ".SH COMMANDS\n\\fBrun\\fR\n",
	     "This is what runs when no\ncommand is named.",
	     ".BR git\\-scrutiny\\-run (1),\n.BR git\\-scrutiny\\-status (1),\n");
}

static void test_man_page_escapes_what_troff_would_take(void **state)
{
	(void)state;
	SAYS(command_man, "\\(aqQuoted\\(aq lines and back\\eslashes stay",
	     "\\fB\\-\\-since\\fR=\\fI<rev>\\fR", "\n\\&.Not a macro",
	     "\\fB\\-\\-since=HEAD\\(ti1\\fR");
	struct buffer out = BUFFER_INIT;
	command_man(&out, &sample_program);
	for (const char *line = out.data; *line; line += strcspn(line, "\n") + 1) {
		assert_int_not_equal(*line, '\'');
		assert_int_not_equal(*line, '\n');
		if (*line == '.')
			assert_non_null(strchr("BPRSTabfns\\", line[1]));
	}
	buffer_release(&out);
}

static void test_man_page_keeps_literal_paragraphs_and_other_scripts(void **state)
{
	(void)state;
	struct command cmd = sample_status;
	struct buffer out = BUFFER_INIT;
	cmd.description = "Caf\xc3\xa9:\n\n    papers:\n      - .hidden\n\nThen more.";
	docs_command_man(&out, &sample_program, &cmd, &release);
	assert_non_null(strstr(out.data, "Caf\\[u00E9]:\n.PP\n.RS 4\n.nf\n"
					 "papers:\n  \\- .hidden\n.fi\n.RE\n"
					 ".PP\nThen more.\n"));
	buffer_release(&out);
}

static void test_choices_and_defaults_are_told_unless_the_text_does(void **state)
{
	(void)state;
	SAYS(command_man, "Calls in flight at once. The default is 4.",
	     "One of \\fBtext\\fR, \\fBmd\\fR or \\fBjson\\fR. The default\nis \\fBtext\\fR.",
	     "Write reports (the default).\n.RE");
}

static void test_markdown_escapes_running_text_but_not_code(void **state)
{
	(void)state;
	SAYS(docs_program_markdown, "# git scrutiny\n", "| [`run`](#git-scrutiny-run) | ",
	     "## git scrutiny run\n\n```\ngit scrutiny [run] [<options>] [<paper>...]\n",
	     "back\\\\slashes",
	     "- `--since=<rev>`: Reviews the papers that changed between `<rev>` and",
	     "\n\n  .Not a macro", "- `--[no-]write`: ", "```sh\ngit scrutiny --since main\n```\n",
	     "| 129 | the command line is wrong |\n");
}

static void test_completions_know_every_option(void **state)
{
	(void)state;
	static writer *const writers[] = { docs_bash_completion, docs_zsh_completion,
					   docs_fish_completion };
	static const char *const before[] = { "--", "--", "-l " };
	for (size_t i = 0; i < ARRAY_SIZE(writers); i++) {
		struct buffer out = BUFFER_INIT;
		writers[i](&out, &sample_program);
		for (const struct option *o = NULL; option_next(&sample_run, &o);) {
			char *spelled = xstrfmt("%s%s", before[i], o->long_name);
			if (!strstr(out.data, spelled))
				fail_msg("%s is missing in:\n%s", spelled, out.data);
			free(spelled);
		}
		buffer_release(&out);
	}
}

static void test_completions_offer_values(void **state)
{
	(void)state;
	SAYS(docs_bash_completion, "\"run --since\") echo \"rev\" ;;",
	     "\"run --model\" | \"run -m\") echo \"model\" ;;",
	     "\"run --format\") echo \"choice text md json\" ;;", "\"run --color=\") echo",
	     "run) echo paper ;;", "complete -o", " git-scrutiny\n");
	SAYS(docs_zsh_completion, "#compdef git-scrutiny\n", ":rev:__git_scrutiny_revs'",
	     ":format:(text md json)'", "'--color=-[");
	SAYS(docs_fish_completion, "-l format -x -a 'text md json'", "-s o -l output -r -F");
}

static void test_completion_texts_are_quoted(void **state)
{
	(void)state;
	static const struct option options[] = {
		{ OPTION_BOOL, 0, "odd", 0, NULL, "it's [odd]: a\\b" },
		{ OPTION_END },
	};
	struct command cmd = sample_status;
	cmd.options = options;
	const struct command *const commands[] = { &cmd, NULL };
	struct program program = sample_program;
	struct buffer out = BUFFER_INIT;
	program.commands = commands;
	program.default_command = NULL;
	docs_zsh_completion(&out, &program);
	assert_non_null(strstr(out.data, "'--odd[it'\\''s \\[odd\\]\\: a\\\\b]'"));
	buffer_reset(&out);
	docs_fish_completion(&out, &program);
	assert_non_null(strstr(out.data, "-d 'it\\'s [odd]: a\\\\b'"));
	buffer_release(&out);
}

static void test_first_words_come_from_the_usage(void **state)
{
	(void)state;
	static const char *const usage[] = { "push|fetch [<remote>]", "[<options>] (merge|gc) <x>",
					     "[<options>] <paper>", "[--all]", NULL };
	const struct command cmd = { .name = "records", .usage = usage };
	struct buffer out = BUFFER_INIT;
	docs_argument_words(&out, &cmd);
	assert_string_equal(out.data, " push fetch merge gc");
	assert_string_equal(docs_argument_completion(&cmd), "paper");
	buffer_release(&out);
}

static void test_markup_is_found_only_where_it_is_whole(void **state)
{
	(void)state;
	static const struct {
		const char *text, *plain;
	} cases[] = {
		{ "`a` and `b`", "a and b" },   { "one ` alone", "one ` alone" },
		{ "a <b> c", "a <b> c" },	{ "1 < 2 > 0", "1 < 2 > 0" },
		{ "", "" },			{ "``", "" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buffer out = BUFFER_INIT;
		docs_plain(&out, cases[i].text);
		assert_string_equal(out.data, cases[i].plain);
		buffer_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_help_of_a_command_is_laid_out_as_gits),
		cmocka_unit_test(test_help_of_a_program_lists_its_commands),
		cmocka_unit_test(test_help_fits_a_terminal),
		cmocka_unit_test(test_long_usage_breaks_between_brackets),
		cmocka_unit_test(test_command_without_options_or_usage_has_help_and_pages),
		cmocka_unit_test(test_man_page_has_the_sections_in_order),
		cmocka_unit_test(test_man_page_escapes_what_troff_would_take),
		cmocka_unit_test(test_man_page_keeps_literal_paragraphs_and_other_scripts),
		cmocka_unit_test(test_choices_and_defaults_are_told_unless_the_text_does),
		cmocka_unit_test(test_markdown_escapes_running_text_but_not_code),
		cmocka_unit_test(test_completions_know_every_option),
		cmocka_unit_test(test_completions_offer_values),
		cmocka_unit_test(test_completion_texts_are_quoted),
		cmocka_unit_test(test_first_words_come_from_the_usage),
		cmocka_unit_test(test_markup_is_found_only_where_it_is_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
