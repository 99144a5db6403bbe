/* The parts of scrutiny.md on the paper as a whole: scores, remarks, what was asked; and rulings. */
#include "base/memory.h"
#include "base/text.h"
#include "review/report_parts.h"
#include "review/rubric.h"
#include "review/tasks.h"

#define MAX_REMARK 4000
/* Rulings of one adjudicator that are looked through for a finding. */
#define RULINGS_MAX 1000

static bool was_asked(const struct record *r)
{
	return r->nr_tasks && strcmp(r->reviewer, "builtin") != 0;
}

/* -- scores ----------------------------------------------------------------------------------- */

/* 6, 6.5, 6.33: as many decimals as there are. */
void report_add_score(struct buffer *out, double value)
{
	char *text = xstrfmt("%.2f", value);
	size_t len = strlen(text);
	while (text[len - 1] == '0')
		len--;
	len -= text[len - 1] == '.';
	buffer_add(out, text, len);
	free(text);
}

static void add_score_row(struct buffer *out, const struct record *r)
{
	buffer_addstr(out, "| ");
	markdown_text(out, r->reviewer, 80);
	for (size_t c = 0; c < CRITERION_NR; c++) {
		const struct score *s = assessment_score(&r->assessment, (enum criterion_id)c);
		buffer_addstr(out, " | ");
		if (s)
			report_add_score(out, s->value);
	}
	buffer_addstr(out, " |\n");
}

static void add_mean_row(struct buffer *out, const struct report *report)
{
	buffer_addstr(out, "| **mean**");
	for (size_t c = 0; c < CRITERION_NR; c++) {
		double sum = 0;
		size_t nr = 0;
		for (size_t i = 0; i < report->nr_records; i++) {
			const struct score *s = assessment_score(&report->records[i]->assessment,
								 (enum criterion_id)c);
			sum += s ? s->value : 0;
			nr += s != NULL;
		}
		buffer_addstr(out, " | ");
		if (nr)
			report_add_score(out, sum / (double)nr);
	}
	buffer_addstr(out, " |\n");
}

static const struct score_history *history_of(const struct run *run, const char *reviewer)
{
	for (size_t i = 0; i < run->nr_histories; i++)
		if (!strcmp(run->histories[i].reviewer, reviewer))
			return run->histories[i].deviation > 0 ? &run->histories[i] : NULL;
	return NULL;
}

bool report_overall(const struct report *report, double *value, bool *relative)
{
	double sum = 0, distances = 0;
	size_t nr = 0, nr_known = 0;
	for (size_t i = 0; i < report->nr_records; i++) {
		const struct record *r = report->records[i];
		const struct score *s = assessment_score(&r->assessment, CRITERION_OVERALL);
		if (!s)
			continue;
		const struct score_history *h = history_of(report->run, r->reviewer);
		sum += s->value;
		nr++;
		if (h) {
			distances += (s->value - h->mean) / h->deviation;
			nr_known++;
		}
	}
	*relative = nr && nr_known == nr;
	*value = nr ? (*relative ? distances : sum) / (double)nr : 0;
	return nr > 0;
}

/* NR models scored the paper. The plain mean of one score says nothing new. */
static void add_overall(struct buffer *out, const struct report *report, size_t nr)
{
	double value;
	bool relative;
	if (!report_overall(report, &value, &relative) || (nr == 1 && !relative))
		return;
	if (relative)
		buffer_addf(out, "\nOverall, each model held against its own scores of other papers here: "
				 "%+.2f standard deviations.\n", value);
	else
		buffer_addf(out, "\nOverall: %.2f, a plain mean. Models are held against their own "
				 "scores of other papers once each has scored %d of them here.\n",
			    value, SCORE_HISTORY_MIN_PAPERS);
}

static void add_scores(struct buffer *out, const struct report *report)
{
	size_t nr = 0;
	for (size_t i = 0; i < report->nr_records; i++)
		nr += report->records[i]->assessment.nr_scores > 0;
	if (!nr)
		return;
	buffer_addstr(out, "## Scores\n\n| ");
	for (size_t c = 0; c < CRITERION_NR; c++)
		buffer_addf(out, "| %s (%g–%g) ", criteria[c].name, criteria[c].low,
			    criteria[c].high);
	buffer_addstr(out, "|\n|---|--:|--:|--:|--:|--:|\n");
	for (size_t i = 0; i < report->nr_records; i++)
		if (report->records[i]->assessment.nr_scores)
			add_score_row(out, report->records[i]);
	if (nr > 1)
		add_mean_row(out, report);
	add_overall(out, report, nr);
	buffer_addch(out, '\n');
}

/* -- remarks ---------------------------------------------------------------------------------- */

static const struct remarks *remarks_of(const struct assessment *a, int kind)
{
	return kind == 0 ? &a->strengths : kind == 1 ? &a->weaknesses : &a->questions;
}

static const char *const kinds[] = { "strength", "weakness", "question" };
static const char *const kinds_plural[] = { "strengths", "weaknesses", "questions" };
static const char *const kinds_title[] = { "Strengths", "Weaknesses", "Questions to the authors" };

static size_t count_remarks(const struct report *report, int kind)
{
	size_t nr = 0;
	for (size_t i = 0; i < report->nr_records; i++)
		nr += remarks_of(&report->records[i]->assessment, kind)->nr;
	return nr;
}

static void add_remarks_of_kind(struct buffer *out, const struct report *report, int kind)
{
	if (!count_remarks(report, kind))
		return;
	buffer_addf(out, "**%s**\n\n", kinds_title[kind]);
	for (size_t i = 0; i < report->nr_records; i++) {
		const struct record *r = report->records[i];
		const struct remarks *remarks = remarks_of(&r->assessment, kind);
		for (size_t k = 0; k < remarks->nr; k++) {
			buffer_addstr(out, "- ");
			markdown_text(out, remarks->items[k], MAX_REMARK);
			buffer_addstr(out, " (");
			markdown_text(out, r->reviewer, 80);
			buffer_addstr(out, ")\n");
		}
	}
	buffer_addch(out, '\n');
}

static void add_reasons(struct buffer *out, const struct report *report)
{
	bool any = false;
	for (size_t i = 0; i < report->nr_records; i++) {
		const struct record *r = report->records[i];
		for (size_t k = 0; k < r->assessment.nr_scores; k++) {
			const struct score *s = &r->assessment.scores[k];
			if (!s->reason)
				continue;
			buffer_addstr(out, any ? "" : "**Reasons for the scores**\n\n");
			any = true;
			buffer_addf(out, "- %s ", criteria[s->criterion].name);
			report_add_score(out, s->value);
			buffer_addstr(out, " (");
			markdown_text(out, r->reviewer, 80);
			buffer_addstr(out, "): ");
			markdown_text(out, s->reason, MAX_REMARK);
			buffer_addch(out, '\n');
		}
	}
	if (any)
		buffer_addch(out, '\n');
}

/* Folded: the findings are what a person acts on. */
static void add_remarks(struct buffer *out, const struct report *report)
{
	struct buffer counts = BUFFER_INIT, body = BUFFER_INIT;
	for (int kind = 0; kind < 3; kind++) {
		size_t nr = count_remarks(report, kind);
		if (nr)
			buffer_addf(&counts, "%s%zu %s", counts.len ? ", " : "", nr,
				    nr == 1 ? kinds[kind] : kinds_plural[kind]);
		add_remarks_of_kind(&body, report, kind);
	}
	add_reasons(&body, report);
	if (body.len)
		buffer_addf(out, "<details><summary>%s</summary>\n\n%s</details>\n\n",
			    counts.len ? counts.data : "Reasons for the scores", body.data);
	buffer_release(&counts);
	buffer_release(&body);
}

void report_add_assessment(struct buffer *out, const struct report *report)
{
	add_scores(out, report);
	add_remarks(out, report);
}

/* -- what was asked --------------------------------------------------------------------------- */

static bool has_versions(const struct record *r)
{
	for (size_t i = 0; i < r->nr_tasks; i++)
		if (r->tasks[i].version)
			return true;
	return false;
}

static void add_record_tasks(struct buffer *out, const struct record *r)
{
	buffer_addstr(out, "- ");
	markdown_text(out, r->reviewer, 80);
	buffer_addstr(out, ": ");
	for (size_t i = 0; i < r->nr_tasks; i++) {
		const struct record_task *t = &r->tasks[i];
		buffer_addstr(out, i ? ", " : "");
		markdown_text(out, t->name, 40);
		if (t->version) {
			buffer_addstr(out, " ");
			markdown_code(out, t->version);
		}
		if (t->words && strcmp(t->words, "program") != 0)
			buffer_addf(out, " (in the words of the %s)",
				    !strcmp(t->words, "user") ? "user" : "repository");
	}
	if (r->rubric) {
		buffer_addstr(out, "; weighed as ");
		markdown_text(out, r->rubric, 40);
	}
}

/* One pass over everything leaves nothing out. */
static void add_unasked(struct buffer *out, const struct record *r)
{
	bool any = false;
	for (size_t i = 0; i < TASK_NR && !record_has_task(r, "review"); i++) {
		if (!(TASK_SET_FULL & TASK_BIT(i)) || record_has_task(r, tasks[i].name))
			continue;
		buffer_addf(out, "%s%s", any ? ", " : "; not asked: ", tasks[i].name);
		any = true;
	}
}

void report_add_tasks(struct buffer *out, const struct report *report)
{
	bool any = false;
	for (size_t i = 0; i < report->nr_records; i++) {
		const struct record *r = report->records[i];
		if (!was_asked(r) || !has_versions(r))
			continue;
		buffer_addstr(out, any ? "" : "Asked, with the version of the words:\n\n");
		any = true;
		add_record_tasks(out, r);
		add_unasked(out, r);
		buffer_addch(out, '\n');
	}
	if (any)
		buffer_addch(out, '\n');
}

/* -- rulings ---------------------------------------------------------------------------------- */

static void add_ruling(struct buffer *out, const struct record *r, const struct finding *f)
{
	buffer_addstr(out, "> *Adjudication by ");
	markdown_text(out, r->reviewer, 80);
	buffer_addstr(out, ":* ");
	markdown_text(out, f->title, MAX_REMARK);
	buffer_addstr(out, ". ");
	if (f->why) {
		markdown_text(out, f->why, MAX_REMARK);
		buffer_addch(out, ' ');
	}
	if (f->quote && f->grounding == GROUNDING_NONE)
		buffer_addstr(out, "(What it quotes is not in the paper.) ");
	buffer_addf(out, "It would call this %s; holds with %.0f %%.\n\n",
		    f->severity == SEVERITY_ERROR ? "an error"
		    : f->severity == SEVERITY_WARNING ? "a warning"
						      : "a note",
		    f->confidence * 100);
}

/* Models write ids with brackets or a word around them. */
static bool is_about(const struct finding *ruling, const struct consensus_finding *f)
{
	return ruling->subject && strstr(ruling->subject, f->id);
}

void report_add_rulings(struct buffer *out, const struct report *report, const struct consensus_finding *f)
{
	for (size_t i = 0; i < report->nr_adjudications; i++) {
		const struct record *r = &report->adjudications[i];
		for (size_t k = 0; k < r->findings.nr && k < RULINGS_MAX; k++)
			if (is_about(&r->findings.items[k], f))
				add_ruling(out, r, &r->findings.items[k]);
	}
}
