/* Writing a consensus down. Pure functions of their arguments: the same input, the same bytes. */
#ifndef REVIEW_REPORT_H
#define REVIEW_REPORT_H

#include "review/consensus.h"

struct report {
	const struct run *run;
	const struct record *const *records; /* sorted by reviewer */
	size_t nr_records;
	const struct consensus *consensus;
};

/* "clean", "notes", "warnings", "errors", or "incomplete" when no reviewer completed. */
const char *report_verdict(const struct report *report);
/* The verdict in a sentence, for the head of the report and meta.yaml. */
void report_verdict_sentence(struct buffer *out, const struct report *report);

void report_markdown(struct buffer *out, const struct report *report); /* scrutiny.md */
void report_json(struct buffer *out, const struct report *report);     /* scrutiny.json */
/* The compiler-like listing of EXPERIENCE: `line: severity rule  message`, the source line and a caret.
 * LINES gives the source line of a finding (may return an empty slice). COLOR as color_wanted said. */
void report_text(struct buffer *out, const struct report *report, bool color,
		 struct slice (*line_of)(void *data, const struct finding *f), void *data);
/* SARIF 2.1.0 over several papers. Only grounded findings; the rest is counted in properties. */
void report_sarif(struct buffer *out, const struct report *const *reports, size_t nr,
		  const char *program_version);

#endif
