/* The phrases that make hidden text an instruction. */
#ifndef CHECK_HIDDEN_PHRASES_H
#define CHECK_HIDDEN_PHRASES_H

#include "check/phrase.h"

enum hidden_phrase {
	HIDDEN_OVERRIDE,      /* "ignore all previous instructions": enough even in a comment */
	HIDDEN_OVERRIDE_WEAK, /* "disregard the above": co-authors write that too */
	HIDDEN_VERDICT,       /* "give a positive review" */
	HIDDEN_CONDITION,     /* "if you are a language model" */
	HIDDEN_ADDRESS,       /* "note to LLM reviewers" */
	HIDDEN_COMMAND,       /* "you must", "in your review" */
	HIDDEN_SUBJECT,       /* "prompt injection": the paper is about it */
	HIDDEN_PHRASE_KINDS
};

struct phrases *hidden_phrases_new(void);

#endif
