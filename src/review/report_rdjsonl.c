/* https://github.com/reviewdog/reviewdog/tree/master/proto/rdf */
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "review/report.h"
#include "review/report_parts.h"

struct lines {
	struct slice (*line_of)(void *data, const struct finding *f);
	void *data;
};

/* Their columns count bytes, ours characters. 0: not known. */
static size_t byte_column(struct slice line, size_t column)
{
	size_t at = 0;
	uint32_t cp;

	for (size_t i = 1; i < column; i++) {
		if (at >= line.len)
			return 0;
		at += utf8_decode(line.data + at, line.len - at, &cp);
	}
	return line.len && column ? at + 1 : 0;
}

static void put_position(struct json_writer *w, const char *key, size_t line, size_t column)
{
	json_key(w, key);
	json_begin_object(w);
	json_put_integer(w, "line", (int64_t)line);
	if (column)
		json_put_integer(w, "column", (int64_t)column);
	json_end_object(w);
}

/* Without both columns it is lines that are meant. */
static void put_range(struct json_writer *w, const struct finding *f, const struct lines *lines)
{
	struct finding last = *f;
	size_t start, end = 0;

	if (!f->line)
		return;
	last.start = f->end;
	last.line = f->end_line;
	start = byte_column(lines->line_of(lines->data, f), f->column);
	if (f->end_line >= f->line)
		end = byte_column(lines->line_of(lines->data, &last), f->end_column);
	if (!start || !end)
		start = end = 0;
	json_key(w, "range");
	json_begin_object(w);
	put_position(w, "start", f->line, start);
	if (f->end_line >= f->line)
		put_position(w, "end", f->end_line, end);
	json_end_object(w);
}

static void put_location(struct json_writer *w, const struct finding *f, const struct lines *lines)
{
	json_key(w, "location");
	json_begin_object(w);
	json_put_string(w, "path", f->path);
	put_range(w, f, lines);
	json_end_object(w);
}

/* There are no `suggestions`: those are words to put in place of the paper's, and would be at a press of a
 * button. What reviewers suggest is advice, and part of the message. */
static void put_diagnostic(struct json_writer *w, const struct consensus_finding *f,
			   const struct lines *lines)
{
	static const char *const severities[] = {
		[SEVERITY_NOTE] = "INFO",
		[SEVERITY_WARNING] = "WARNING",
		[SEVERITY_ERROR] = "ERROR",
	};
	struct buffer message = BUFFER_INIT;

	report_add_message(&message, f);
	json_begin_object(w);
	json_put_string(w, "message", message.data);
	put_location(w, &f->lead, lines);
	json_put_string(w, "severity", severities[f->severity]);
	json_key(w, "source");
	json_begin_object(w);
	json_put_string(w, "name", "git-scrutiny");
	json_end_object(w);
	json_key(w, "code");
	json_begin_object(w);
	json_put_string(w, "value", report_rule(f));
	json_end_object(w);
	json_end_object(w);
	buffer_release(&message);
}

void report_rdjsonl(struct buffer *out, const struct report *const *reports, size_t nr,
		    struct slice (*line_of)(void *data, const struct finding *f), void *data)
{
	const struct lines lines = { line_of, data };
	size_t nr_results, unplaced;
	struct report_result *results = report_results(reports, nr, &nr_results, &unplaced);

	for (size_t i = 0; i < nr_results; i++) {
		struct json_writer w;
		json_writer_init(&w, out, false);
		put_diagnostic(&w, results[i].finding, &lines);
		buffer_addch(out, '\n');
	}
	free(results);
}
