/*
 * Small papers in many styles, tests/data/papers/<name>/: main.tex or paper.md, and expected.txt
 * with one line a finding: rule, path:line, and its subject if that is to be compared. Most of
 * them are empty: the rules must be silent on what is right.
 */
#include "check_testing.h"

#include <dirent.h>

#include "base/file.h"

#define PAPERS "tests/data/papers"

static struct error *read_file(void *data, const char *path, struct buffer *out)
{
	return file_read_below(data, path, out);
}

static bool file_exists(void *data, const char *path)
{
	return file_exists_below(data, path);
}

/* What was found, a line each, in the form of expected.txt; SUBJECTS says whether with them. */
static char *lines_of(const struct finding_list *found, const char *expected)
{
	struct buffer out = BUFFER_INIT;
	const char *line = expected;
	for (size_t i = 0; i < found->nr; i++) {
		const struct finding *f = &found->items[i];
		size_t len = strcspn(line, "\n");
		const char *blank = memchr(line, ' ', len);
		bool subject = blank && memchr(blank + 1, ' ', len - (size_t)(blank + 1 - line));
		buffer_addf(&out, "%s %s:%zu%s%s\n", f->rule, f->path, f->line, subject ? " " : "",
			    subject ? f->subject : "");
		line += len + (line[len] == '\n');
	}
	return buffer_detach(&out, NULL);
}

/* Whether NAME is judged as expected. */
static bool look_at_paper(const char *name)
{
	char *folder = xstrfmt(PAPERS "/%s", name), *list = xstrfmt("%s/expected.txt", folder);
	bool is_tex = file_exists_below(folder, "main.tex");
	struct document_source source = { read_file, file_exists, folder };
	struct document doc = { 0 }, *docs = &doc;
	struct finding_list found = { 0 };
	struct buffer expected = BUFFER_INIT;
	assert_ok(file_read(list, &expected));
	assert_ok(document_read_from(&doc, &source, is_tex ? "main.tex" : "paper.md",
				     is_tex ? MANUSCRIPT_TEX : MANUSCRIPT_MARKDOWN));
	check_run(&found, &docs, 1);
	char *got = lines_of(&found, expected.data);
	bool same = !strcmp(got, expected.data);
	if (!same) {
		print_found(&found);
		print_error("%s: expected\n%s\ngot\n%s\n", name, expected.data, got);
	}
	free(got);
	buffer_release(&expected);
	finding_list_release(&found);
	document_release(&doc);
	free(folder);
	free(list);
	return same;
}

static void test_papers_in_many_styles_are_judged_as_expected(void **state)
{
	(void)state;
	struct dirent **names;
	int nr = scandir(PAPERS, &names, NULL, alphasort);
	bool same = true;
	assert_true(nr > 10);
	for (int i = 0; i < nr; i++) {
		if (names[i]->d_name[0] != '.')
			same = look_at_paper(names[i]->d_name) && same;
		free(names[i]);
	}
	free(names);
	assert_true(same);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_papers_in_many_styles_are_judged_as_expected),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
