/* What a paper of a certain kind is weighed by: words that go with the question, prompts/rubrics/<name>.txt. */
#ifndef REVIEW_RUBRIC_H
#define REVIEW_RUBRIC_H

#include "paper/document.h"

enum rubric {
	RUBRIC_NONE,       /* nothing fits: no words */
	RUBRIC_THEORY,
	RUBRIC_EMPIRICAL,
	RUBRIC_ML,
	RUBRIC_SURVEY,
	RUBRIC_AUTO,       /* settled by rubric_of_paper */
};
const char *rubric_name(enum rubric rubric); /* "none", "theory", ..., "auto" */
bool rubric_parse(const char *name, enum rubric *out);

/* Bytes of each document that are looked at. */
#define RUBRIC_MAX_TEXT ((size_t)1 << 20)

/* What kind of paper DOCUMENTS are, by their title, their theorems, proofs and tables, and words that are typical
 * of a field; RUBRIC_NONE when these do not tell. The same documents always give the same answer. */
enum rubric rubric_of_paper(struct document *const *documents, size_t nr);

#endif
