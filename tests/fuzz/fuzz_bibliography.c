#include "fuzz_document.h"

static struct error *read_bib(void *data, const char *path, struct buffer *out)
{
	const struct fuzz_input *input = data;
	static const char manuscript[] = "\\cite{a}\\bibliography{b}";
	if (!strcmp(path, input->manuscript))
		buffer_add(out, manuscript, sizeof(manuscript) - 1);
	else
		buffer_add(out, input->data, input->size);
	return NULL;
}

static bool bib_exists(void *data, const char *path)
{
	(void)data;
	return !strcmp(path, "b.bib");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {data, size, "paper.tex"};
	struct document_source source = {read_bib, bib_exists, &input};
	struct document doc;
	struct error *err = document_read_from(&doc, &source, "paper.tex", MANUSCRIPT_TEX);
	check(!err);
	for (size_t i = 0; i < doc.nr_items; i++) {
		const struct item *item = &doc.items[i];
		check(item->where.end <= doc.files[item->where.file].bytes.len);
		check(item->kind != ITEM_BIB_ENTRY || *item->key);
	}
	document_release(&doc);
	return 0;
}
