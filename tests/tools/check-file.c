/*
 * check-file <manuscript>...: what the built-in reviewer finds in each, one line a finding:
 * rule, severity ("uncertain" when it could not verify), place, subject and title, with tabs
 * between. Files are looked for from the current directory on.
 */
#include <stdio.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "check/check.h"

static struct error *read_file(void *data, const char *path, struct buffer *out)
{
	(void)data;
	return file_read_below(".", path, out);
}

static bool file_exists(void *data, const char *path)
{
	(void)data;
	return file_exists_below(".", path);
}

static void print_field(const char *s)
{
	struct buffer shown = BUFFER_INIT;
	text_for_terminal(&shown, s ? s : "", s ? strlen(s) : 0, false);
	printf("\t%s", shown.data);
	buffer_release(&shown);
}

static void print_findings(const struct finding_list *found)
{
	for (size_t i = 0; i < found->nr; i++) {
		const struct finding *f = &found->items[i];
		printf("%s\t%s\t%s:%zu:%zu", f->rule,
		       f->uncertain ? "uncertain" : severity_name(f->severity), f->path, f->line,
		       f->column);
		print_field(f->subject);
		print_field(f->title);
		putchar('\n');
	}
}

int main(int argc, char **argv)
{
	struct document_source source = { read_file, file_exists, NULL };
	int status = 0;
	for (int i = 1; i < argc; i++) {
		enum manuscript_kind kind =
			ends_with(argv[i], ".md") ? MANUSCRIPT_MARKDOWN : MANUSCRIPT_TEX;
		struct document doc = { 0 }, *docs = &doc;
		struct error *err = document_read_from(&doc, &source, argv[i], kind);
		if (err) {
			fprintf(stderr, "%s\n", err->message);
			error_free(err);
			status = 1;
			continue;
		}
		struct finding_list found = { 0 };
		check_run(&found, &docs, 1);
		print_findings(&found);
		finding_list_release(&found);
		document_release(&doc);
	}
	return status;
}
