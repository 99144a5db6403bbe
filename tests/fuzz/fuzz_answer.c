/* A model's answer, parsed, grounded in a small document, folded and reported; and taken for one to the question
 * for metadata. */
#include "base/memory.h"
#include "paper/document.h"
#include "review/answer.h"
#include "review/ground.h"
#include "review/metadata.h"
#include "review/report.h"

static const char paper[] = "\\section{Methods}\nWe \\emph{trained} 12 networks~\\cite{a99} for "
			    "$10^{-3} \\leq \\alpha$ seconds; the "
			    "accuracy was 0.35 \\pm 0.02 (p < .05)---see Erd\\H{o}s--R\\'enyi "
			    "graphs, \\ldots and so on.\n\n"
			    "A second paragraph says 1{,}000 items were \xe2\x80\x9cnot "
			    "significant\xe2\x80\x9d at 5\\%.\n";

static void make_document(struct document *doc, struct source_file *file, struct span *span)
{
	memset(doc, 0, sizeof(*doc));
	memset(file, 0, sizeof(*file));
	file->path = xstrdup("paper.tex");
	buffer_init(&file->bytes, DOCUMENT_MAX_FILE);
	buffer_addstr(&file->bytes, paper);
	buffer_init(&doc->text, DOCUMENT_MAX_TEXT);
	buffer_addstr(&doc->text, paper);
	*span = (struct span){ 0, doc->text.len, 0, 0 };
	doc->files = file;
	doc->spans = span;
	doc->nr_files = doc->nr_spans = 1;
}

static void release_document(struct document *doc)
{
	free(doc->files[0].path);
	free(doc->files[0].lines);
	buffer_release(&doc->files[0].bytes);
	buffer_release(&doc->text);
}

static struct slice line_of(void *data, const struct finding *f)
{
	(void)data;
	(void)f;
	return (struct slice){ paper, strcspn(paper, "\n") };
}

static void write_reports(const struct record *record)
{
	struct run run = { .program_version = (char *)"0",
			   .content_id = (char *)"0",
			   .paper = (char *)"" };
	struct consensus consensus;
	struct report report = { &run, &record, 1, &consensus }, *reports = &report;
	struct buffer out = BUFFER_INIT;

	consensus_make(&consensus, &record, 1, &run);
	report_markdown(&out, &report);
	report_text(&out, &report, false, line_of, NULL);
	report_all(&out, &report, true);
	report_sarif(&out, (const struct report *const *)&reports, 1, "0");
	buffer_release(&out);
	consensus_release(&consensus);
}

/* What was written must read back as what it was. */
static void round_trip(const struct record *record)
{
	struct buffer first = BUFFER_INIT, second = BUFFER_INIT;
	struct record back;
	struct error *err;

	record_write(&first, record);
	err = record_parse(&back, (struct slice){ first.data, first.len }, "record");
	if (err)
		abort();
	record_write(&second, &back);
	if (first.len != second.len || memcmp(first.data, second.data, first.len))
		abort();
	record_release(&back);
	buffer_release(&first);
	buffer_release(&second);
}

static void put(struct buffer *out, const struct metadata *m)
{
	struct json_writer w;

	json_writer_init(&w, out, false);
	json_begin_object(&w);
	metadata_put(&w, m);
	json_end_object(&w);
}

/* What was taken from an answer stays as it is when it is stored and read. */
static void take_metadata(struct slice answer)
{
	struct metadata m, merged, *back = NULL;
	struct metadata_voice voice = { "a/b", "b", &m };
	struct buffer first = BUFFER_INIT, second = BUFFER_INIT;
	cJSON *root = NULL;
	struct error *err = metadata_parse(&m, answer, "answer", NULL);

	if (!err) {
		put(&first, &m);
		if (json_parse(&root, slice_of(&first), "record") || metadata_get(root, "record", &back))
			abort();
		put(&second, back);
		if (first.len != second.len || memcmp(first.data, second.data, first.len))
			abort();
		metadata_merge(&merged, &voice, 1);
		if (metadata_is_empty(&merged) != metadata_is_empty(&m))
			abort();
		metadata_release(&merged);
	}
	error_free(err);
	metadata_free(back);
	metadata_release(&m);
	cJSON_Delete(root);
	buffer_release(&first);
	buffer_release(&second);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct record record = { .reviewer = (char *)"a/b",
				 .family = (char *)"b",
				 .content_id = (char *)"0" };
	struct document doc, *docs = &doc;
	struct source_file file;
	struct span span;
	struct answer answer;
	take_metadata((struct slice){ (const char *)data, size });
	struct error *err = answer_parse(&answer, (struct slice){ (const char *)data, size },
					 "answer");

	if (err) {
		error_free(err);
		return 0;
	}
	assessment_settle(&answer.assessment);
	record.findings = answer.findings;
	record.assessment = answer.assessment;
	record.summary = answer.summary;
	make_document(&doc, &file, &span);
	struct ground_index *index = ground_index_new(&docs, 1);
	for (size_t i = 0; i < record.findings.nr; i++)
		ground_finding(index, &record.findings.items[i]);
	round_trip(&record);
	write_reports(&record);
	ground_index_free(index);
	release_document(&doc);
	answer_release(&answer);
	return 0;
}
