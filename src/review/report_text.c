#include "base/memory.h"
#include "base/terminal.h"
#include "base/text.h"
#include "review/report.h"
#include "review/report_parts.h"

#define INDENT 6
/* Terminal columns of a source line that are shown, and how many of them stand before the place. */
#define WINDOW 92
#define CONTEXT 36
/* Bytes of a source line; longer ones are no prose. */
#define MAX_LINE ((size_t)64 << 10)
#define MAX_NAME_WIDTH 28
#define MAX_TITLE 400

static const enum color severity_colors[] = { COLOR_CYAN, COLOR_YELLOW, COLOR_RED };

static void add_spaces(struct buffer *out, size_t n)
{
	while (n--)
		buffer_addch(out, ' ');
}

/* -- the source line and its caret ---------------------------------------------------------- */

/* One character of the line as it is shown, after COLUMN columns. Returns its bytes in S. */
static size_t show_character(struct buffer *shown, size_t *width, struct slice s, size_t column)
{
	uint32_t cp;
	size_t n = utf8_decode(s.data, s.len, &cp);

	buffer_reset(shown);
	if (*s.data == '\t') {
		*width = 8 - column % 8;
		add_spaces(shown, *width);
		return n;
	}
	text_for_terminal(shown, s.data, n, false);
	*width = 0;
	for (size_t i = 0; i < shown->len;) {
		size_t m = utf8_decode(shown->data + i, shown->len - i, &cp);
		int w = utf8_width(cp);
		*width += w > 0 ? (size_t)w : 0;
		i += m;
	}
	return n;
}

/* Display columns before the characters number FIRST and LAST (from 0) of the line. */
static void measure(struct slice line, size_t first, size_t last, size_t *start, size_t *end)
{
	struct buffer shown = BUFFER_INIT;
	size_t column = 0, width, i = 0;

	*start = *end = (size_t)-1;
	while (line.len) {
		if (i == first)
			*start = column;
		if (i++ == last)
			*end = column;
		size_t n = show_character(&shown, &width, line, column);
		column += width;
		line.data += n;
		line.len -= n;
	}
	if (*start > column)
		*start = column;
	if (*end > column)
		*end = column;
	buffer_release(&shown);
}

/* The columns [LEFT, LEFT+WINDOW) of the line, with marks where something is cut off. Returns the
 * column that the first character shown has there. */
static size_t add_window(struct buffer *out, struct slice line, size_t left, bool *cut_left)
{
	struct buffer shown = BUFFER_INIT;
	size_t column = 0, width, first = (size_t)-1;

	*cut_left = left > 0;
	if (left)
		buffer_addstr(out, "\xe2\x80\xa6");
	while (line.len) {
		size_t n = show_character(&shown, &width, line, column);
		if (column >= left && column + width > left + WINDOW) {
			buffer_addstr(out, "\xe2\x80\xa6");
			break;
		}
		if (column >= left) {
			first = first == (size_t)-1 ? column : first;
			buffer_addbuf(out, &shown);
		}
		column += width;
		line.data += n;
		line.len -= n;
	}
	buffer_release(&shown);
	return first == (size_t)-1 ? left : first;
}

static void add_source(struct buffer *out, const struct finding *f, struct slice line, bool color)
{
	size_t first = f->column - 1, last = (size_t)-1, start, end;
	struct buffer carets = BUFFER_INIT;
	size_t blank = 0;
	bool cut_left;

	while (blank < line.len && blank < first && ascii_space((unsigned char)line.data[blank]))
		blank++;
	line.data += blank;
	line.len -= blank;
	first -= blank;
	if (f->end_line == f->line && f->end_column > f->column)
		last = first + (f->end_column - f->column);
	measure(line, first, last, &start, &end);
	size_t left = start > WINDOW - CONTEXT / 2 ? start - CONTEXT : 0;
	add_spaces(out, INDENT);
	size_t shown_from = add_window(out, line, left, &cut_left);
	buffer_addch(out, '\n');
	size_t stop = end < left + WINDOW ? end : left + WINDOW;
	for (size_t i = start; i < stop || i == start; i++)
		buffer_addch(&carets, '^');
	add_spaces(out, INDENT + cut_left + start - (shown_from < start ? shown_from : start));
	color_add(out, color, COLOR_GREEN, carets.data);
	buffer_addch(out, '\n');
	buffer_release(&carets);
}

/* -- findings ------------------------------------------------------------------------------- */

static void add_plain(struct buffer *out, const char *s)
{
	size_t len;
	bool cut = cut_text(s, MAX_TITLE, &len);

	text_for_terminal(out, s, len, false);
	if (cut)
		buffer_addstr(out, " [\xe2\x80\xa6]");
}

/* The rule, or for claims the families that make it. */
static void add_name(struct buffer *out, const struct consensus_finding *f)
{
	if (f->lead.rule)
		add_plain(out, f->lead.rule);
	for (size_t i = 0; i < f->nr_families && !f->lead.rule; i++) {
		buffer_addstr(out, i ? "+" : "");
		add_plain(out, f->families[i]);
	}
}

/* Columns for the names of a report, so that what is wrong stands in one column. */
static size_t name_width(const struct consensus *c)
{
	struct buffer name = BUFFER_INIT;
	size_t width = 0;

	for (size_t i = 0; i < c->nr; i++) {
		buffer_reset(&name);
		add_name(&name, &c->findings[i]);
		if (name.len > width && name.len <= MAX_NAME_WIDTH)
			width = name.len;
	}
	buffer_release(&name);
	return width;
}

static void add_finding(struct buffer *out, const struct consensus_finding *f, bool color,
			size_t width, struct slice (*line_of)(void *data, const struct finding *f),
			void *data)
{
	const char *severity = severity_name(f->severity);

	if (f->lead.line)
		buffer_addf(out, "%4zu: ", f->lead.line);
	else
		add_spaces(out, INDENT);
	color_add(out, color, severity_colors[f->severity], severity);
	add_spaces(out, 8 - strlen(severity));
	size_t start = out->len;
	add_name(out, f);
	size_t len = out->len - start;
	add_spaces(out, len < width ? width - len + 2 : 2);
	add_plain(out, f->lead.title);
	buffer_addch(out, '\n');
	if (!f->lead.line || !f->lead.column || !line_of)
		return;
	struct slice line = line_of(data, &f->lead);
	if (line.len && line.len <= MAX_LINE)
		add_source(out, &f->lead, line, color);
}

/* Files in order of name, the paper as a whole first, then lines; what is unverified last. */
static int compare_places(const void *x, const void *y)
{
	const struct consensus_finding *a = *(const struct consensus_finding *const *)x;
	const struct consensus_finding *b = *(const struct consensus_finding *const *)y;
	int order = (int)(a->bucket == BUCKET_UNVERIFIED) - (int)(b->bucket == BUCKET_UNVERIFIED);

	if (!order)
		order = strcmp(a->lead.path ? a->lead.path : "", b->lead.path ? b->lead.path : "");
	if (!order)
		order = a->lead.line < b->lead.line ? -1 : a->lead.line > b->lead.line;
	if (!order)
		order = a->lead.start < b->lead.start ? -1 : a->lead.start > b->lead.start;
	return order ? order : strcmp(a->id, b->id);
}

static bool same_group(const struct consensus_finding *a, const struct consensus_finding *b)
{
	const char *x = a->lead.path ? a->lead.path : "", *y = b->lead.path ? b->lead.path : "";

	return !strcmp(x, y) &&
	       (a->bucket == BUCKET_UNVERIFIED) == (b->bucket == BUCKET_UNVERIFIED);
}

/* The file, and whether what follows could not be verified. */
static void add_heading(struct buffer *out, const struct run *run,
			const struct consensus_finding *f, bool color)
{
	struct buffer heading = BUFFER_INIT;
	const char *path = f->lead.path ? f->lead.path : *run->paper ? run->paper : "this paper";

	add_plain(&heading, path);
	if (f->bucket == BUCKET_UNVERIFIED)
		buffer_addstr(&heading, " (could not verify)");
	color_add(out, color, COLOR_BOLD, heading.data);
	buffer_addch(out, '\n');
	buffer_release(&heading);
}

void report_text(struct buffer *out, const struct report *report, bool color,
		 struct slice (*line_of)(void *data, const struct finding *f), void *data)
{
	const struct consensus *c = report->consensus;
	const struct consensus_finding **order = xcalloc(c->nr + 1, sizeof(*order));
	size_t width = name_width(c);

	for (size_t i = 0; i < c->nr; i++)
		order[i] = &c->findings[i];
	if (c->nr)
		qsort(order, c->nr, sizeof(*order), compare_places);
	for (size_t i = 0; i < c->nr; i++) {
		if (!i || !same_group(order[i - 1], order[i]))
			add_heading(out, report->run, order[i], color);
		add_finding(out, order[i], color, width, line_of, data);
	}
	free(order);
}
