/* What blame found out, for people and programs. */
#include "cmd/blame.h"

#include "base/memory.h"
#include "base/terminal.h"
#include "base/text.h"
#include "cmd/table.h"
#include "cmd/version_json.h"

#define FORMAT 1
#define AUTHOR_WIDTH 20
#define MESSAGE_LENGTH 300
#define DAY_LENGTH 10

static const enum color severity_colors[] = { COLOR_CYAN, COLOR_YELLOW, COLOR_RED };

static const struct version *version_of(const struct blame_row *row)
{
	return row->item && row->item->outcome == BLAME_COMMIT ? row->item->version : NULL;
}

static bool is_boundary(const struct blame_row *row)
{
	return version_of(row) && row->item->boundary;
}

static const char *reviewer_of(const struct consensus_finding *f)
{
	return f->nr_voices ? f->voices[0].record->reviewer : "";
}

/* S, cut to LENGTH characters, as it may be shown. */
static void add_cut(struct buffer *out, const char *s, size_t length)
{
	size_t at = 0, len = strlen(s), nr = 0;
	uint32_t cp;
	while (at < len && nr++ < length)
		at += utf8_decode(s + at, len - at, &cp);
	text_for_terminal(out, s, at, false);
	if (at < len)
		buffer_addstr(out, "\xe2\x80\xa6");
}

/* -- text --------------------------------------------------------------------------------------- */

static void add_commit(struct table *t, const struct blame_row *row)
{
	const struct version *v = version_of(row);
	struct buffer cell = BUFFER_INIT;
	if (!v) {
		bool absent = !row->item || row->item->outcome == BLAME_NOT_QUOTED;
		table_add(t, absent ? "-" : "not committed yet");
		table_add(t, "");
		table_add(t, "");
		return;
	}
	buffer_addf(&cell, "%s%s%s", is_boundary(row) ? "^" : "", row->item->is_quote ? "~" : "", v->shortened);
	table_add(t, cell.data);
	buffer_reset(&cell);
	add_cut(&cell, v->author, AUTHOR_WIDTH);
	table_add(t, cell.data);
	buffer_reset(&cell);
	buffer_add(&cell, v->date, strnlen(v->date, DAY_LENGTH));
	table_add(t, cell.data);
	buffer_release(&cell);
}

static void add_place(struct table *t, const struct blame_paper *p, const struct finding *lead)
{
	struct buffer cell = BUFFER_INIT;
	if (lead->path && *lead->path) {
		text_for_terminal(&cell, lead->path, strlen(lead->path), false);
		if (lead->line)
			buffer_addf(&cell, ":%zu", lead->line);
	} else {
		add_paper_name(&cell, p->paper);
	}
	table_add(t, cell.data);
	buffer_release(&cell);
}

static void add_row(struct table *t, const struct blame_paper *p, const struct blame_row *row)
{
	const struct consensus_finding *f = row->finding;
	struct buffer cell = BUFFER_INIT;
	add_commit(t, row);
	add_place(t, p, &f->lead);
	table_add(t, severity_name(f->severity));
	const char *who = f->lead.rule ? f->lead.rule : reviewer_of(f);
	text_for_terminal(&cell, who, strlen(who), false);
	table_add(t, cell.data);
	buffer_reset(&cell);
	add_cut(&cell, f->lead.title ? f->lead.title : "", MESSAGE_LENGTH);
	table_add(t, cell.data);
	buffer_release(&cell);
}

/* The severity's word in each line, coloured: columns are counted without escapes. */
static void color_lines(struct buffer *out, const struct buffer *text, const struct blame_paper *papers, size_t nr)
{
	const char *line = text->data;
	for (size_t i = 0; i < nr; i++)
		for (size_t k = 0; k < papers[i].nr; k++) {
			enum severity severity = papers[i].rows[k].finding->severity;
			const char *end = strchr(line, '\n');
			char *word = xstrfmt("  %s ", severity_name(severity));
			const char *at = memmem(line, (size_t)(end - line), word, strlen(word));
			if (at) {
				buffer_add(out, line, (size_t)(at - line));
				word[strlen(word) - 1] = '\0';
				color_add(out, true, severity_colors[severity], word);
				line = at + strlen(word);
			}
			buffer_add(out, line, (size_t)(end - line) + 1);
			line = end + 1;
			free(word);
		}
}

void blame_text(struct buffer *out, const struct blame_paper *papers, size_t nr, bool color)
{
	struct table t = TABLE_INIT(7);
	struct buffer plain = BUFFER_INIT;
	t.left = ~(uint64_t)0;
	for (size_t i = 0; i < nr; i++)
		for (size_t k = 0; k < papers[i].nr; k++)
			add_row(&t, &papers[i], &papers[i].rows[k]);
	if (t.nr)
		table_print(&plain, &t);
	if (color)
		color_lines(out, &plain, papers, nr);
	else
		buffer_addbuf(out, &plain);
	table_release(&t);
	buffer_release(&plain);
}

/* -- porcelain ---------------------------------------------------------------------------------- */

/* One line, whatever S holds. */
static void add_value(struct buffer *out, const char *key, const char *s)
{
	buffer_addf(out, "%s ", key);
	text_for_terminal(out, s, strlen(s), false);
	buffer_addch(out, '\n');
}

static void porcelain_row(struct buffer *out, const struct blame_paper *p, const struct blame_row *row,
			  const char *zeros)
{
	const struct consensus_finding *f = row->finding;
	const struct version *v = version_of(row);
	buffer_addf(out, "%s %s %s %s %zu\n", v ? v->commit.hex : zeros, f->id, severity_name(f->severity),
		    f->lead.rule ? f->lead.rule : "claim", f->lead.line);
	if (v) {
		add_value(out, "author", v->author);
		add_value(out, "author-mail", v->mail);
		add_value(out, "author-date", v->date);
		add_value(out, "summary", v->subject);
		if (strcmp(v->folder, p->paper->path))
			add_value(out, "paper-then", v->folder);
	}
	if (is_boundary(row))
		buffer_addstr(out, "boundary\n");
	if (!row->item || row->item->outcome == BLAME_NOT_QUOTED)
		buffer_addstr(out, "not-quoted\n");
	if (!f->lead.rule)
		add_value(out, "reviewer", reviewer_of(f));
	add_value(out, "paper", *p->paper->path ? p->paper->path : ".");
	if (f->lead.path && *f->lead.path)
		add_value(out, "filename", f->lead.path);
	buffer_addch(out, '\t');
	add_cut(out, f->lead.title ? f->lead.title : "", MESSAGE_LENGTH);
	buffer_addch(out, '\n');
}

void blame_porcelain(struct buffer *out, const struct blame_paper *papers, size_t nr, const struct oid *like)
{
	struct oid zeros = *like;
	memset(zeros.hex, '0', strlen(zeros.hex));
	buffer_addstr(out, "# scrutiny-blame v1\n");
	for (size_t i = 0; i < nr; i++)
		for (size_t k = 0; k < papers[i].nr; k++)
			porcelain_row(out, &papers[i], &papers[i].rows[k], zeros.hex);
}

/* -- JSON --------------------------------------------------------------------------------------- */

static void put_row(struct json_writer *w, const struct blame_row *row)
{
	static const char *const outcomes[] = {
		[BLAME_COMMIT] = "committed",
		[BLAME_NOT_COMMITTED] = "not committed",
		[BLAME_NOT_QUOTED] = "not quoted",
	};
	const struct consensus_finding *f = row->finding;
	json_begin_object(w);
	json_put_string(w, "id", f->id);
	json_put_string(w, "rule", f->lead.rule);
	json_put_string(w, "reviewer", reviewer_of(f));
	json_put_string(w, "severity", severity_name(f->severity));
	json_put_string(w, "path", f->lead.path && *f->lead.path ? f->lead.path : NULL);
	json_put_integer(w, "line", (int64_t)f->lead.line);
	json_put_string(w, "title", f->lead.title ? f->lead.title : "");
	json_put_string(w, "since", f->lead.rule ? "finding" : "text");
	json_put_string(w, "outcome", outcomes[row->item ? row->item->outcome : BLAME_NOT_QUOTED]);
	json_put_bool(w, "boundary", is_boundary(row));
	put_version_commit(w, version_of(row));
	json_end_object(w);
}

void blame_json(struct buffer *out, const struct blame_paper *papers, size_t nr)
{
	struct json_writer w;
	json_writer_init(&w, out, true);
	json_begin_object(&w);
	json_put_integer(&w, "format", FORMAT);
	json_key(&w, "papers");
	json_begin_array(&w);
	for (size_t i = 0; i < nr; i++) {
		json_begin_object(&w);
		json_put_string(&w, "paper", *papers[i].paper->path ? papers[i].paper->path : ".");
		json_put_string(&w, "content_id", papers[i].paper->content_id);
		json_key(&w, "findings");
		json_begin_array(&w);
		for (size_t k = 0; k < papers[i].nr; k++)
			put_row(&w, &papers[i].rows[k]);
		json_end_array(&w);
		json_end_object(&w);
	}
	json_end_array(&w);
	json_end_object(&w);
	buffer_addch(out, '\n');
}
