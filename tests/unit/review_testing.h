/* What the tests of the review room share: findings, records and documents made by hand. */
#ifndef REVIEW_TESTING_H
#define REVIEW_TESTING_H

#include "base_testing.h"

#include <sys/wait.h>

#include "base/file.h"
#include "base/memory.h"
#include "paper/document.h"
#include "review/record.h"

static inline char *copy(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

/* A claim of a model: grounded at [START, END) of PATH, or not at all when PATH is NULL. */
static inline struct finding *add_claim(struct record *r, enum severity severity, const char *title,
					const char *why, const char *quote, const char *path,
					size_t start, size_t end)
{
	struct finding *f = finding_list_add(&r->findings);
	f->severity = severity;
	f->title = copy(title);
	f->why = copy(why);
	f->quote = copy(quote);
	f->confidence = 0.8;
	f->path = copy(path);
	f->start = start;
	f->end = end;
	if (path) {
		f->grounding = GROUNDING_EXACT;
		f->line = f->end_line = start / 80 + 1;
		f->column = start % 80 + 1;
		f->end_column = f->column + (end - start);
	}
	return f;
}

/* What a built-in rule says about SUBJECT. */
static inline struct finding *add_rule(struct record *r, const char *rule, enum severity severity,
				       const char *title, const char *subject, const char *path,
				       size_t start, size_t end)
{
	struct finding *f = add_claim(r, severity, title, NULL, subject, path, start, end);
	f->rule = copy(rule);
	f->subject = copy(subject);
	f->confidence = 1;
	return f;
}

static inline struct record *make_record(const char *reviewer, const char *family)
{
	struct record *r = xcalloc(1, sizeof(*r));
	r->reviewer = copy(reviewer);
	r->family = copy(family);
	r->content_id = copy("4f2c9e1a7b3d5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8");
	r->date = 1795339800; /* 2026-11-22T09:30:00Z */
	r->input_tokens = r->output_tokens = -1;
	return r;
}

static inline void free_record(struct record *r)
{
	record_release(r);
	free(r);
}

static inline struct run make_run(const char *paper)
{
	struct run run = { 0 };
	run.program_version = copy("0.1.0");
	run.content_id = copy("4f2c9e1a7b3d5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8");
	run.paper = copy(paper);
	run.date = 1795339800;
	return run;
}

/* A document whose text is one file, byte for byte. */
static inline void make_document(struct document *doc, const char *path, const char *text)
{
	memset(doc, 0, sizeof(*doc));
	doc->path = copy(path);
	doc->files = xcalloc(1, sizeof(*doc->files));
	doc->nr_files = doc->alloc_files = 1;
	doc->files[0].path = copy(path);
	buffer_init(&doc->files[0].bytes, DOCUMENT_MAX_FILE);
	buffer_init(&doc->text, DOCUMENT_MAX_TEXT);
	buffer_addstr(&doc->files[0].bytes, text);
	buffer_addstr(&doc->text, text);
	doc->spans = xcalloc(1, sizeof(*doc->spans));
	doc->nr_spans = doc->alloc_spans = 1;
	doc->spans[0].len = strlen(text);
}

/* Compares with the file tests/data/reports/NAME; a difference leaves what was made beside the
 * other test output and says how to see it. */
static inline void assert_golden(const struct buffer *made, const char *name)
{
	struct buffer golden = BUFFER_INIT;
	char *path = xstrfmt("tests/data/reports/%s", name);

	error_free(file_read(path, &golden));
	if (golden.len != made->len || memcmp(golden.data, made->data, made->len)) {
		char *other = xstrfmt("/tmp/%s.made", name);
		char *command = xstrfmt("diff -u '%s' '%s' >&2", path, other);
		assert_ok(file_write(other, made->data, made->len));
		print_error("%s differs from %s:\n", path, other);
		if (system(command) < 0)
			print_error("diff cannot be run\n");
		free(command);
		free(other);
		fail();
	}
	free(path);
	buffer_release(&golden);
}

/* Validates TEXT against the JSON Schema file SCHEMA; says so when that cannot be done here. */
static inline void assert_valid(const struct buffer *text, const char *schema)
{
	char *folder = make_directory(), *path = xstrfmt("%s/file.json", folder);
	char *command = xstrfmt("python3 tests/tools/validate-json.py '%s' '%s'", schema, path);

	assert_ok(file_write(path, text->data, text->len));
	int status = system(command);
	bool missing =
		WIFEXITED(status) && (WEXITSTATUS(status) == 77 || WEXITSTATUS(status) == 127);
	if (missing)
		print_message("not validated against %s\n", schema);
	else
		assert_int_equal(status, 0);
	free(command);
	free(path);
	remove_directory(folder);
}

#endif
