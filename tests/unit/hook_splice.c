#include "base_testing.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/process.h"
#include "hook/splice.h"

static void fill(struct buffer *b, const char *text)
{
	buffer_reset(b);
	buffer_addstr(b, text);
}

/* -- scripts ----------------------------------------------------------------------------------- */

static void test_a_script_gets_our_lines_behind_its_first(void **state)
{
	(void)state;
	struct buffer text = BUFFER_INIT;
	bool changed;
	fill(&text, "#!/usr/bin/env bash\nexec lint\n");
	assert_ok(splice_script_add(&text, "pre-commit", SPLICE_SCRIPT, &changed));
	assert_true(changed);
	assert_string_equal(text.data, "#!/usr/bin/env bash\n# git scrutiny hooks: begin\n"
				       "! command -v git-scrutiny >/dev/null || git scrutiny hooks run pre-commit -- \"$@\" || exit\n"
				       "# git scrutiny hooks: end\nexec lint\n");
	assert_ok(splice_script_add(&text, "pre-commit", SPLICE_SCRIPT, &changed));
	assert_false(changed);
	splice_script_drop(&text, &changed);
	assert_string_equal(text.data, "#!/usr/bin/env bash\nexec lint\n");
	buffer_release(&text);
}

static void test_a_script_that_is_not_there_is_made_and_goes_again(void **state)
{
	(void)state;
	struct buffer text = BUFFER_INIT;
	bool changed;
	assert_ok(splice_script_add(&text, "post-merge", SPLICE_SCRIPT, &changed));
	assert_true(!strncmp(text.data, "#!/bin/sh\n# git", 15));
	splice_script_drop(&text, &changed);
	assert_true(changed);
	assert_string_equal(text.data, "");
	buffer_release(&text);
}

static void test_a_blank_script_gets_a_first_line(void **state)
{
	(void)state;
	struct buffer text = BUFFER_INIT;
	bool changed;
	fill(&text, "\n");
	assert_ok(splice_script_add(&text, "post-merge", SPLICE_SCRIPT, &changed));
	assert_true(!strncmp(text.data, "#!/bin/sh\n# git", 15));
	buffer_release(&text);
}

static void test_what_is_no_script_for_sh_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"#!/usr/bin/env python3\nprint()\n", "\177ELF\n", "#!/usr/bin/fish\n", "#!/bin/sh\r\nlint\r\n", "lint\n",
	};
	struct buffer text = BUFFER_INIT;
	bool changed;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		fill(&text, texts[i]);
		assert_error(splice_script_add(&text, "pre-commit", SPLICE_SCRIPT, &changed), ERROR_UNSUPPORTED, "script");
		assert_string_equal(text.data, texts[i]);
		assert_false(changed);
	}
	buffer_release(&text);
}

static void test_husky_s_lines_stay_first_where_no_input_is_read(void **state)
{
	(void)state;
	struct buffer text = BUFFER_INIT;
	bool changed;
	fill(&text, "npx lint-staged");
	assert_ok(splice_script_add(&text, "pre-commit", SPLICE_HUSKY, &changed));
	assert_true(!strncmp(text.data, "npx lint-staged\n# git scrutiny hooks: begin\n", 44));
	splice_script_drop(&text, &changed);
	assert_string_equal(text.data, "npx lint-staged\n");
	buffer_release(&text);
}

/* Runs TEXT as pre-push with INPUT, where `git` and `git-scrutiny` write what they get. */
static char *run_pre_push(const struct buffer *text, const char *input, bool installed, int *status)
{
	struct buffer out = BUFFER_INIT;
	char *directory = make_directory();
	char *script = xstrfmt("%s/hook", directory), *program = xstrfmt("%s/git", directory);
	char *other = xstrfmt("%s/git-scrutiny", directory), *path = xstrfmt("PATH=%s:/usr/bin:/bin", directory);
	const char fake[] = "#!/bin/sh\necho ours \"$@\"\ncat\n";
	assert_ok(file_write(script, text->data, text->len));
	assert_ok(file_write(program, fake, strlen(fake)));
	if (installed)
		assert_ok(file_write(other, fake, strlen(fake)));
	chmod(program, 0755);
	chmod(other, 0755);
	const char *argv[] = { "sh", "-e", script, "origin", "a url", NULL }, *env[] = { path, NULL };
	struct process_options options = { .out = &out, .input = slice_of_string(input), .env = env, .exit_status = status };
	assert_ok(process_run(argv, &options));
	free(script);
	free(program);
	free(other);
	free(path);
	remove_directory(directory);
	return buffer_detach(&out, NULL);
}

static void test_pre_push_of_others_reads_what_ours_has_read(void **state)
{
	(void)state;
	struct buffer text = BUFFER_INIT;
	bool changed;
	int status;
	fill(&text, "echo theirs \"$2\"\ncat\n");
	assert_ok(splice_script_add(&text, "pre-push", SPLICE_HUSKY, &changed));
	char *out = run_pre_push(&text, "$(a) b `c`\nd\\n 'e\n", true, &status);
	assert_int_equal(status, 0);
	assert_string_equal(out, "ours scrutiny hooks run pre-push -- origin a url\n$(a) b `c`\nd\\n 'e"
				 "theirs a url\n$(a) b `c`\nd\\n 'e\n");
	free(out);
	out = run_pre_push(&text, "", true, &status);
	assert_string_equal(out, "ours scrutiny hooks run pre-push -- origin a url\ntheirs a url\n");
	free(out);
	out = run_pre_push(&text, "a\n", false, &status);
	assert_int_equal(status, 0);
	assert_string_equal(out, "theirs a url\na\n");
	free(out);
	buffer_release(&text);
}

/* -- lefthook ---------------------------------------------------------------------------------- */

static void test_lefthook_goes_round(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		"# mine\n",
		"colors: false\n",
		"pre-commit:\n  parallel: true # why\n  commands:\n    lint:\n      run: lint\n",
		"pre-commit:\n    jobs:\n        - run: x\n\n# end\n",
		("pre-commit:\n  commands:\n      a:\n          run: |\n              one\n              two\n\npost-merge:\n"
		 "  commands:\n    b:\n      run: b\n"),
		"pre-commit:\r\n  commands:\r\n    lint:\r\n      run: lint\r\n",
	};
	struct buffer text = BUFFER_INIT;
	bool changed;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		fill(&text, texts[i]);
		assert_false(splice_lefthook_has(slice_of(&text), "pre-commit"));
		assert_ok(splice_lefthook_add(&text, "pre-commit", "l.yml", &changed));
		assert_true(changed && splice_lefthook_has(slice_of(&text), "pre-commit"));
		assert_ok(splice_lefthook_add(&text, "pre-commit", "l.yml", &changed));
		assert_false(changed);
		assert_ok(splice_lefthook_add(&text, "pre-push", "l.yml", &changed));
		assert_ok(splice_lefthook_drop(&text, "pre-push", "l.yml", &changed));
		assert_ok(splice_lefthook_drop(&text, "pre-commit", "l.yml", &changed));
		assert_true(changed);
		assert_string_equal(text.data, texts[i]);
	}
	buffer_release(&text);
}

static void test_lefthook_gets_a_command_beside_others(void **state)
{
	(void)state;
	struct buffer text = BUFFER_INIT;
	bool changed;
	fill(&text, "pre-commit:\n  commands:\n   lint:\n    run: lint\n");
	assert_ok(splice_lefthook_add(&text, "pre-commit", "l.yml", &changed));
	assert_string_equal(text.data, "pre-commit:\n  commands:\n   scrutiny:\n     run: git scrutiny hooks run pre-commit -- {0}\n"
				       "   lint:\n    run: lint\n");
	buffer_release(&text);
}

static void test_a_form_that_cannot_be_spliced_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"pre-commit: {commands: {a: {run: x}}}\n", "{pre-commit: {}}\n", "- a\n", "pre-commit:\n",
		"pre-commit:\n  commands: {}\n", "word\n",
	};
	struct buffer text = BUFFER_INIT;
	bool changed;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		fill(&text, texts[i]);
		assert_error(splice_lefthook_add(&text, "pre-commit", "l.yml", &changed), ERROR_UNSUPPORTED, "l.yml");
		assert_string_equal(text.data, texts[i]);
	}
	buffer_release(&text);
}

/* -- pre-commit -------------------------------------------------------------------------------- */

static void test_the_framework_s_configuration_goes_round(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"repos:\n- repo: https://example.org/x\n  rev: v1\n  hooks:\n  - id: x\n",
		("default_stages: [pre-commit]\nrepos:\n  -   repo: local\n      hooks:\n      -   id: x # y\n          args: [a,\n"
		 "            b]\n\n# the end\nci:\n  autofix_prs: false\n"),
		"repos:\r\n- repo: local\r\n  hooks: []\r\n",
	};
	struct buffer text = BUFFER_INIT;
	bool changed;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		fill(&text, texts[i]);
		assert_ok(splice_framework_add(&text, "c.yaml", &changed));
		assert_true(changed && splice_framework_has(slice_of(&text)));
		assert_ok(splice_framework_add(&text, "c.yaml", &changed));
		assert_false(changed);
		assert_ok(splice_framework_drop(&text, "c.yaml", &changed));
		assert_true(changed);
		assert_string_equal(text.data, texts[i]);
	}
	buffer_release(&text);
}

static void test_an_entry_for_a_clone_of_ours_counts_and_stays(void **state)
{
	(void)state;
	const char own[] = "repos:\n- repo: https://example.org/git-scrutiny\n  rev: v1\n  hooks:\n  - id: scrutiny\n";
	struct buffer text = BUFFER_INIT;
	bool changed;
	fill(&text, own);
	assert_true(splice_framework_has(slice_of(&text)));
	assert_ok(splice_framework_drop(&text, "c.yaml", &changed));
	assert_false(changed);
	assert_string_equal(text.data, own);
	buffer_release(&text);
}

static void test_a_configuration_without_a_list_of_entries_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = { "", "repos: []\n", "repos: [{repo: local, hooks: []}]\n", "a: b\n", "repos:\n" };
	struct buffer text = BUFFER_INIT;
	bool changed;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		fill(&text, texts[i]);
		assert_error(splice_framework_add(&text, "c.yaml", &changed), ERROR_UNSUPPORTED, "c.yaml");
		assert_string_equal(text.data, texts[i]);
	}
	buffer_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_script_gets_our_lines_behind_its_first),
		cmocka_unit_test(test_a_script_that_is_not_there_is_made_and_goes_again),
		cmocka_unit_test(test_a_blank_script_gets_a_first_line),
		cmocka_unit_test(test_what_is_no_script_for_sh_is_refused),
		cmocka_unit_test(test_husky_s_lines_stay_first_where_no_input_is_read),
		cmocka_unit_test(test_pre_push_of_others_reads_what_ours_has_read),
		cmocka_unit_test(test_lefthook_goes_round),
		cmocka_unit_test(test_lefthook_gets_a_command_beside_others),
		cmocka_unit_test(test_a_form_that_cannot_be_spliced_is_refused),
		cmocka_unit_test(test_the_framework_s_configuration_goes_round),
		cmocka_unit_test(test_an_entry_for_a_clone_of_ours_counts_and_stays),
		cmocka_unit_test(test_a_configuration_without_a_list_of_entries_is_refused),
	};
	return cmocka_run_group_tests_name("hook/splice", tests, NULL, NULL);
}
