/* What the tests of the built-in reviewer share: documents from strings, and what is found. */
#ifndef CHECK_TESTING_H
#define CHECK_TESTING_H

#include "base_testing.h"

#include "base/memory.h"
#include "base/text.h"
#include "check/check.h"

/* The files that exist beside the manuscript, ended by path == NULL. */
struct test_file {
	const char *path, *content;
};

static inline const struct test_file *find_test_file(void *data, const char *path)
{
	for (const struct test_file *f = data; f && f->path; f++) {
		if (!strcmp(f->path, path))
			return f;
	}
	return NULL;
}

static inline struct error *read_test_file(void *data, const char *path, struct buffer *out)
{
	const struct test_file *f = find_test_file(data, path);
	if (!f)
		return error_new(ERROR_NOT_FOUND, "%s is not there", path);
	buffer_addstr(out, f->content);
	return NULL;
}

static inline bool test_file_exists(void *data, const char *path)
{
	return find_test_file(data, path) != NULL;
}

static inline void check_test_files(struct finding_list *found, const struct test_file *files)
{
	enum manuscript_kind kind =
		ends_with(files[0].path, ".md") ? MANUSCRIPT_MARKDOWN : MANUSCRIPT_TEX;
	struct document_source source = { read_test_file, test_file_exists, (void *)files };
	struct document doc = { 0 }, *docs = &doc;
	assert_ok(document_read_from(&doc, &source, files[0].path, kind));
	check_run(found, &docs, 1);
	for (size_t i = 0; i < found->nr; i++) {
		const struct finding *f = &found->items[i];
		const struct test_file *in = find_test_file((void *)files, f->path);
		assert_non_null(f->title);
		if (!in)
			continue;
		/* the quote is there byte for byte, around the place */
		assert_true(f->start <= f->end && f->end <= strlen(in->content));
		assert_true(f->line && f->column && f->end_line >= f->line);
		assert_non_null(strstr(in->content, f->quote));
		assert_int_equal(f->grounding, GROUNDING_EXACT);
	}
	document_release(&doc);
}

static inline void check_test_text(struct finding_list *found, const char *path, const char *text)
{
	struct test_file files[] = { { path, text }, { NULL, NULL } };
	check_test_files(found, files);
}

static inline size_t count_rule(const struct finding_list *found, const char *rule)
{
	size_t nr = 0;
	for (size_t i = 0; i < found->nr; i++)
		nr += !strcmp(found->items[i].rule, rule);
	return nr;
}

static inline const struct finding *first_of(const struct finding_list *found, const char *rule)
{
	for (size_t i = 0; i < found->nr; i++) {
		if (!strcmp(found->items[i].rule, rule))
			return &found->items[i];
	}
	return NULL;
}

/* What RULE says about a TeX document with BODY; -1 if it says it is uncertain. */
static inline int tex_count(const char *rule, const char *body)
{
	char *text = xstrfmt("\\documentclass{article}\n\\begin{document}\n%s\n\\end{document}\n",
			     body);
	struct finding_list found = { 0 };
	check_test_text(&found, "paper.tex", text);
	int nr = (int)count_rule(&found, rule);
	if (nr == 1 && first_of(&found, rule)->uncertain)
		nr = -1;
	finding_list_release(&found);
	free(text);
	return nr;
}

static inline void print_found(const struct finding_list *found)
{
	for (size_t i = 0; i < found->nr; i++) {
		const struct finding *f = &found->items[i];
		print_error("%s %s:%zu:%zu [%s] %s%s\n", f->rule, f->path, f->line, f->column,
			    f->subject ? f->subject : "", f->title,
			    f->uncertain ? " (uncertain)" : "");
	}
}

#endif
