/*
 * The words of the questions. They are files, prompts/<name>.txt, compiled into the program: "system", one for
 * each task, and "rubrics/<name>". A user may put others in their place (all of them, in a folder of git config
 * scrutiny.promptDir), and so may a repository (those of tasks only, in .scrutiny/prompts): the user's come
 * first. A repository's words are attacker text. They stand behind the fenced paper like any task's; the rules,
 * the fence and the schema stay ours.
 */
#ifndef REVIEW_PROMPT_WORDS_H
#define REVIEW_PROMPT_WORDS_H

#include "base/text_file.h"
#include "git/snapshot.h"
#include "review/tasks.h"

#define PROMPT_REPOSITORY_FOLDER ".scrutiny/prompts"
#define PROMPT_MAX_WORDS ((size_t)16 << 10)

/* Those of the program, made from the files when it is built; ends with a NULL name. */
extern const struct text_file prompt_files[];

enum prompt_source { PROMPT_OF_PROGRAM, PROMPT_OF_REPOSITORY, PROMPT_OF_USER };
const char *prompt_source_name(enum prompt_source source); /* "program", "repository", "user" */

struct prompt_words;
/* FOLDER and SNAPSHOT may be NULL. ERROR_LIMIT or ERROR_SYNTAX when a file is too large, empty or no UTF-8. */
struct error *prompt_words_new(struct prompt_words **out, const char *folder, struct snapshot *snapshot);
void prompt_words_free(struct prompt_words *words);

/* The words called NAME, which the program must have. WORDS NULL: the program's own. */
const char *prompt_words_get(const struct prompt_words *words, const char *name);
enum prompt_source prompt_words_source(const struct prompt_words *words, const char *name);

/* Which words those are: the first PROMPT_VERSION_DIGITS digits of their SHA-256. */
#define PROMPT_VERSION_DIGITS 12
void prompt_version(char out[PROMPT_VERSION_DIGITS + 1], const char *words);

#endif
