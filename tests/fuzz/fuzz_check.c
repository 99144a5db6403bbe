/* The built-in reviewer on any bytes: what it says must stand where it says. The first byte tells
 * TeX (even) from Markdown. */
#include "check/check.h"
#include "fuzz_document.h"

static void check_finding(const struct document *doc, const struct finding *f)
{
	check(check_rule_find(f->rule) != NULL && f->title && f->path);
	if (!*f->path)
		return;
	size_t i = 0;
	while (i < doc->nr_files && strcmp(doc->files[i].path, f->path) != 0)
		i++;
	check(i < doc->nr_files);
	const struct buffer *bytes = &doc->files[i].bytes;
	check(f->start <= f->end && f->end <= bytes->len);
	check(f->line && f->column && f->end_line >= f->line);
	check(memmem(bytes->data, bytes->len, f->quote, strlen(f->quote)) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool markdown = size && data[0] % 2;
	const char *path = markdown ? "paper.md" : "paper.tex";
	struct fuzz_input input = { size ? data + 1 : data, size ? size - 1 : 0, path };
	struct document_source source = { fuzz_read, fuzz_exists, &input };
	struct document doc, *docs = &doc;
	struct finding_list found = { 0 };
	struct error *err = document_read_from(&doc, &source, path,
					       markdown ? MANUSCRIPT_MARKDOWN : MANUSCRIPT_TEX);
	if (err) {
		error_free(err);
		return 0;
	}
	check_run(&found, &docs, 1);
	for (size_t i = 0; i < found.nr; i++)
		check_finding(&doc, &found.items[i]);
	finding_list_release(&found);
	document_release(&doc);
	return 0;
}
