/*
 * The words of the questions. They are files, prompts/<name>.txt, compiled into the program: "system", one for
 * each task, and "rubrics/<name>".
 */
#ifndef REVIEW_PROMPT_WORDS_H
#define REVIEW_PROMPT_WORDS_H

#include "base/error.h"

struct prompt_file {
	const char *name;  /* less the ".txt" */
	const char *words;
};
/* Those of the program, made from the files when it is built; ends with a NULL name. */
extern const struct prompt_file prompt_files[];

/* The words of the program's file NAME; there must be one. */
const char *prompt_words(const char *name);
/* Which words those are: the first PROMPT_VERSION_DIGITS digits of their SHA-256. */
#define PROMPT_VERSION_DIGITS 12
void prompt_version(char out[PROMPT_VERSION_DIGITS + 1], const char *words);

#endif
