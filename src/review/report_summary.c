/* What a job, or a comment, says of all papers of a run: Markdown with a ceiling. */
#include "base/memory.h"
#include "base/text.h"
#include "review/report.h"
#include "review/report_parts.h"

#define MAX_ROWS 200       /* of the table of papers */
#define MAX_WORST 20
#define MAX_FINDINGS 50    /* of one paper */
#define MAX_NAME 200
#define MAX_TITLE 240
#define MAX_ADVICE 400
/* What is kept free for the last sentence. */
#define MAX_END 300

struct summary {
	struct buffer *out;
	const char *url; /* may be NULL */
	const struct report **reports;
	size_t nr;
};

/* Worst first: what is cut off is what matters least. */
static int compare_reports(const void *x, const void *y)
{
	const struct report *a = *(const struct report *const *)x, *b = *(const struct report *const *)y;

	for (int s = SEVERITY_ERROR; s >= SEVERITY_NOTE; s--) {
		size_t m = a->consensus->counts[s], n = b->consensus->counts[s];
		if (m != n)
			return m < n ? 1 : -1;
	}
	return strcmp(a->run->paper, b->run->paper);
}

static const char *name_of(const struct report *report)
{
	return *report->run->paper ? report->run->paper : ".";
}

static void add_head(const struct summary *s)
{
	size_t counts[3] = { 0 }, unverified = 0, incomplete = 0;
	const char *separator = "";

	for (size_t i = 0; i < s->nr; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(counts); k++)
			counts[k] += s->reports[i]->consensus->counts[k];
		unverified += s->reports[i]->consensus->nr_unverified;
		incomplete += count_incomplete(s->reports[i]->run);
	}
	buffer_addstr(s->out, "## Papers: ");
	for (int k = SEVERITY_ERROR; k >= SEVERITY_NOTE; k--) {
		if (!counts[k])
			continue;
		buffer_addstr(s->out, separator);
		add_count(s->out, counts[k], severity_name((enum severity)k));
		separator = ", ";
	}
	buffer_addstr(s->out, *separator ? " in " : "no problems found in ");
	add_count(s->out, s->nr, "paper");
	buffer_addstr(s->out, "\n\n");
	if (unverified) {
		add_count(s->out, unverified, "claim");
		buffer_addstr(s->out, " could not be verified.\n\n");
	}
	if (incomplete) {
		add_count(s->out, incomplete, "reviewer");
		buffer_addstr(s->out, " did not complete.\n\n");
	}
}

static void add_papers(const struct summary *s)
{
	if (!s->nr)
		return;
	buffer_addstr(s->out, "| paper | verdict | errors | warnings | notes | not verified |\n"
			      "|---|---|--:|--:|--:|--:|\n");
	for (size_t i = 0; i < s->nr && i < MAX_ROWS; i++) {
		const struct consensus *c = s->reports[i]->consensus;
		buffer_addstr(s->out, "| ");
		markdown_text(s->out, name_of(s->reports[i]), MAX_NAME);
		buffer_addf(s->out, " | %s | %zu | %zu | %zu | %zu |\n", report_verdict(s->reports[i]),
			    c->counts[SEVERITY_ERROR], c->counts[SEVERITY_WARNING], c->counts[SEVERITY_NOTE],
			    c->nr_unverified);
	}
	if (s->nr > MAX_ROWS) {
		buffer_addstr(s->out, "\nand ");
		add_count(s->out, s->nr - MAX_ROWS, "more paper");
		buffer_addstr(s->out, ", with fewer findings.\n");
	}
	buffer_addch(s->out, '\n');
}

static void add_place(struct buffer *out, const char *url, const struct finding *f)
{
	buffer_addstr(out, url ? "[" : "");
	markdown_text(out, f->path, MAX_NAME);
	if (f->line)
		buffer_addf(out, ":%zu", f->line);
	if (!url)
		return;
	buffer_addf(out, "](%s", url);
	text_percent(out, (struct slice){ f->path, strlen(f->path) }, "/");
	if (f->line)
		buffer_addf(out, "%s#L%zu", ends_with(f->path, ".md") ? "?plain=1" : "", f->line);
	buffer_addch(out, ')');
}

static void add_row(struct buffer *out, const char *url, const struct consensus_finding *f)
{
	const char *advice = report_suggestion(f);

	buffer_addf(out, "| %s%s | ", f->bucket == BUCKET_PLAUSIBLE ? "plausible " : "",
		    severity_name(f->severity));
	if (f->lead.path)
		add_place(out, url, &f->lead);
	buffer_addstr(out, " | ");
	markdown_text(out, f->lead.title, MAX_TITLE);
	if (advice) {
		buffer_addstr(out, "<br>*Suggestion:* ");
		markdown_text(out, advice, MAX_ADVICE);
	}
	buffer_addstr(out, " | ");
	if (f->lead.rule)
		markdown_text(out, f->lead.rule, 80);
	for (size_t i = 0; i < f->nr_families && !f->lead.rule; i++) {
		buffer_addstr(out, i ? ", " : "");
		markdown_text(out, f->families[i], 60);
	}
	buffer_addstr(out, " |\n");
}

static const char table_head[] = "| | where | what | who |\n|---|---|---|---|\n";

static void add_worst(const struct summary *s)
{
	size_t nr, unplaced;
	struct report_result *results = report_results(s->reports, s->nr, &nr, &unplaced);

	if (nr && s->nr > 1) {
		buffer_addf(s->out, "### The worst\n\n%s", table_head);
		for (size_t i = 0; i < nr && i < MAX_WORST; i++)
			add_row(s->out, s->url, results[i].finding);
		buffer_addch(s->out, '\n');
	}
	free(results);
}

static void add_paper(struct buffer *out, const char *url, const struct report *report)
{
	const struct consensus *c = report->consensus;
	size_t rows = 0, all = c->nr - c->nr_unverified;

	buffer_addstr(out, "### ");
	markdown_text(out, name_of(report), MAX_NAME);
	buffer_addstr(out, "\n\n");
	report_verdict_sentence(out, report);
	buffer_addstr(out, "\n\n");
	if (all)
		buffer_addstr(out, table_head);
	for (size_t i = 0; i < c->nr && rows < MAX_FINDINGS; i++) {
		if (c->findings[i].bucket == BUCKET_UNVERIFIED)
			continue;
		add_row(out, url, &c->findings[i]);
		rows++;
	}
	if (rows < all)
		buffer_addf(out, "\n%zu more are in its report.\n", all - rows);
	for (size_t i = 0; i < report->run->nr_reviewers; i++) {
		const struct run_reviewer *r = &report->run->reviewers[i];
		if (!strcmp(r->outcome, "ok"))
			continue;
		buffer_addstr(out, "\n- ");
		markdown_text(out, r->reviewer, 80);
		buffer_addstr(out, ": ");
		markdown_text(out, r->outcome, 80);
		buffer_addstr(out, r->message && *r->message ? ", " : "");
		markdown_text(out, r->message ? r->message : "", MAX_ADVICE);
		buffer_addch(out, '\n');
	}
	buffer_addch(out, '\n');
}

/* A paper of which there is nothing to say is in the table. */
static bool has_section(const struct report *report)
{
	return report->consensus->nr > report->consensus->nr_unverified || count_incomplete(report->run);
}

/* Moves PIECE to the end of OUT if it is not too long for it. */
static bool take(struct buffer *out, size_t end, struct buffer *piece)
{
	bool fits = out->len + piece->len <= end;

	if (fits)
		buffer_addbuf(out, piece);
	buffer_reset(piece);
	return fits;
}

void report_summary(struct buffer *out, const struct report *const *reports, size_t nr, const char *url,
		    size_t max)
{
	static void (*const heads[])(const struct summary *s) = { add_head, add_papers, add_worst };
	struct buffer piece = BUFFER_INIT;
	struct summary s = { &piece, url, xcalloc(nr + 1, sizeof(*s.reports)), nr };
	size_t left = 0, end = out->len + (max > MAX_END ? max - MAX_END : 0);

	for (size_t i = 0; i < nr; i++)
		s.reports[i] = reports[i];
	if (nr)
		qsort(s.reports, nr, sizeof(*s.reports), compare_reports);
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
		heads[i](&s);
		take(out, end, &piece);
	}
	for (size_t i = 0; i < nr; i++) {
		if (!has_section(s.reports[i]))
			continue;
		add_paper(&piece, url, s.reports[i]);
		if (left)
			buffer_reset(&piece);
		if (left || !take(out, end, &piece))
			left++;
	}
	if (left) {
		buffer_addstr(out, "Too long to be shown here whole: what was found in ");
		add_count(out, left, "more paper");
		buffer_addstr(out, " is in the reports.\n");
	}
	free(s.reports);
	buffer_release(&piece);
}
