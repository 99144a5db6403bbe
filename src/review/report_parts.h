/* What the report writers share. */
#ifndef REVIEW_REPORT_PARTS_H
#define REVIEW_REPORT_PARTS_H

#include "base/json.h"
#include "review/report.h"

void add_count(struct buffer *out, size_t n, const char *noun); /* "1 error", "2 errors" */
size_t count_incomplete(const struct run *run); /* reviewers whose outcome is not "ok" */
void add_relative_path(struct buffer *out, const char *paper, const char *path);
bool cut_text(const char *s, size_t max, size_t *len);
void add_cost(struct buffer *out, double usd);
/* Sections of scrutiny.md (report_assessment.c): scores and remarks; what each model was asked. */
void report_add_assessment(struct buffer *out, const struct report *report);
void report_add_tasks(struct buffer *out, const struct report *report);
/* What adjudicators say of F. */
void report_add_rulings(struct buffer *out, const struct report *report, const struct consensus_finding *f);
void report_add_score(struct buffer *out, double value); /* 6, 6.5, 6.33 */
void report_put_finding(struct json_writer *w, const struct consensus_finding *f); /* as in scrutiny.json */

/* -- what programs get (report_results.c) ----------------------------------------------------- */

#define REPORT_MAX_TITLE 300 /* bytes of its message */
#define REPORT_MAX_WHY 900
/* The rule that claims of models stand under. */
#define REPORT_CLAIM_RULE "claim"

struct report_result {
	const struct report *report;
	const struct consensus_finding *finding;
};
/* The findings of the reports that can be shown beside a line: verified or plausible, and with a place; worst
 * first. *UNPLACED counts the others. The caller frees the list. */
struct report_result *report_results(const struct report *const *reports, size_t nr, size_t *nr_results,
				     size_t *unplaced);
const char *report_rule(const struct consensus_finding *f); /* its rule's id, or REPORT_CLAIM_RULE */
/* What to do about it, as the lead says or whoever does; NULL when nobody does. */
const char *report_suggestion(const struct consensus_finding *f);
/* What is wrong, why it matters and what to do, in sentences; safe for a terminal, lines are kept. */
void report_add_message(struct buffer *out, const struct consensus_finding *f);

/* -- Markdown that nothing in the text can break out of (markdown.c) -------------------------- */

/* S on one line, cut after MAX bytes, as plain text: no markup, HTML, link, image, mention or issue
 * reference of it takes effect. */
void markdown_text(struct buffer *out, const char *s, size_t max);
/* S on one line as a code span; not for tables. */
void markdown_code(struct buffer *out, const char *s);
/* S as a fenced code block, cut after MAX bytes. */
void markdown_block(struct buffer *out, const char *s, const char *language, size_t max);

#endif
