/* The answer schema that every model is asked to fill, whatever the task, and what is taken from an answer. */
#ifndef REVIEW_ANSWER_H
#define REVIEW_ANSWER_H

#include "base/buffer.h"
#include "base/error.h"
#include "paper/finding.h"
#include "review/assessment.h"

/* Findings taken from one answer; the rest is counted and said. */
#define ANSWER_MAX_FINDINGS 500
/* Bytes of one string of an answer. */
#define ANSWER_MAX_STRING 8000

/* JSON Schema, shallow, every key required, additionalProperties false. One for all tasks, because it is part of
 * what providers cache in front of the paper; a task that does not need a key says so.
 * {"summary": string, "strengths", "weaknesses", "questions": [string], "scores": [{"criterion": one of
 * assessment.h, "score": number, "reason": string}], "findings": [{"quote", "location", "title", "why",
 * "suggestion": string, "severity": "error"|"warning"|"note", "confidence": 0..1}]} */
extern const char answer_schema[];
/* Keys in it that an answer may leave out. NULL-terminated. */
extern const char *const answer_may_lack[];

struct answer {
	char *summary;      /* followed by what was not taken; NULL: nothing to say */
	struct assessment assessment;
	struct finding_list findings; /* not grounded yet */
};
void answer_release(struct answer *a);

/* Parses an answer of the schema; one without the keys that came later is understood too. */
struct error *answer_parse(struct answer *out, struct slice answer, const char *what);

#endif
