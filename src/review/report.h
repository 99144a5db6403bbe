/* Writing a consensus down. Pure functions of their arguments: the same input, the same bytes. */
#ifndef REVIEW_REPORT_H
#define REVIEW_REPORT_H

#include "review/consensus.h"

/* Of scrutiny.json. Keys may be added without raising it. */
#define REPORT_FORMAT 1

struct report {
	const struct run *run;
	const struct record *const *records; /* sorted by reviewer */
	size_t nr_records;
	const struct consensus *consensus;
	const struct record *adjudications; /* rulings upon its findings; may be NULL */
	size_t nr_adjudications;
};

/* "clean", "notes", "warnings", "errors", or "incomplete" when no reviewer completed. */
const char *report_verdict(const struct report *report);
/* The verdict in a sentence, for the head of the report and meta.yaml. */
void report_verdict_sentence(struct buffer *out, const struct report *report);
/* Reads previous, previous_date and past of RUN from the scrutiny.json of the run before. */
struct error *report_read_past(struct run *run, struct slice json, const char *what);

/* The overall score of all models that gave one. When each of them has a history (run->histories), *RELATIVE is
 * true and it is the mean of their distances from their own means, in their own standard deviations; else it is
 * the plain mean. False when nobody scored. */
bool report_overall(const struct report *report, double *value, bool *relative);

void report_markdown(struct buffer *out, const struct report *report); /* scrutiny.md */
void report_json(struct buffer *out, const struct report *report);     /* scrutiny.json */
/* A listing as compilers print it: `line: severity rule  message`, the source line and a caret.
 * LINE_OF gives the source line of a finding (may return an empty slice). COLOR as color_wanted
 * said. */
void report_text(struct buffer *out, const struct report *report, bool color,
		 struct slice (*line_of)(void *data, const struct finding *f), void *data);
/* Everything, for a terminal: of every finding each voice in full, who was silent, every summary. */
void report_all(struct buffer *out, const struct report *report, bool color);
/* SARIF 2.1.0 over several papers. Only verified and plausible findings that have a place, worst
 * first, at most what GitHub shows; the rest is counted in properties. */
void report_sarif(struct buffer *out, const struct report *const *reports, size_t nr,
		  const char *program_version);
/* The same findings as commands to the runner of GitHub Actions, one a line (`::error file=...,line=...::message`):
 * at most as many of a severity as it shows of one step; then a line with the counts and with what was left out.
 * Nothing in a paper or in a model's answer can begin another command. */
void report_github(struct buffer *out, const struct report *const *reports, size_t nr);
/* The same findings in reviewdog's diagnostic format, one JSON object a line. LINE_OF as for report_text: columns
 * are bytes there. */
void report_rdjsonl(struct buffer *out, const struct report *const *reports, size_t nr,
		    struct slice (*line_of)(void *data, const struct finding *f), void *data);
/* Markdown about all of them, at most MAX bytes: the counts, a table of the papers, the worst findings, then
 * paper by paper, worst first, what was found; it is cut at a paper and says so. URL is what paths become links
 * with ("https://github.com/owner/name/blob/4f2c9e1/"), or NULL. As harmless as scrutiny.md. */
void report_summary(struct buffer *out, const struct report *const *reports, size_t nr, const char *url,
		    size_t max);

#endif
