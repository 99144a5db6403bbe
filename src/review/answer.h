/* The answer schema that every model is asked to fill, and findings made from it. */
#ifndef REVIEW_ANSWER_H
#define REVIEW_ANSWER_H

#include "base/buffer.h"
#include "base/error.h"
#include "paper/finding.h"

/* Findings taken from one answer; the rest is counted and said. */
#define ANSWER_MAX_FINDINGS 500
/* Bytes of one string of an answer. */
#define ANSWER_MAX_STRING 8000

/* JSON Schema, shallow, every key required, additionalProperties false:
 * {"summary": string, "findings": [{"quote","title","why","suggestion": string, "severity":
 * "error"|"warning"|"note", "confidence": 0..1}]} */
extern const char answer_schema[];

/* Parses an answer of the schema. Quotes are not yet grounded. *SUMMARY is malloc'd. */
struct error *answer_parse(struct finding_list *out, char **summary, struct slice answer,
			   const char *what);

#endif
