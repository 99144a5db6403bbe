/*
 * Notes: in refs/notes/scrutiny a note of each commit says how the papers are that it changed, one line a paper:
 *
 *     theory/tilings  1 error, 2 warnings  4f2c9e1ab012
 *
 * the paper, what is found in it (in words; "(checks)" behind it when only the built-in checks looked), and the
 * first digits of its content id. Lines are sorted; the notes of two clones are united line by line, so they never conflict.
 * `git log --notes=scrutiny` shows them. git neither pushes nor fetches them by itself.
 */
#ifndef HISTORY_NOTES_H
#define HISTORY_NOTES_H

#include "git/records.h"

#define NOTES_REF "refs/notes/scrutiny"
/* Of one note; what a note of others holds beyond that stays out of a new one. */
#define NOTES_MAX_SIZE ((size_t)4 << 20)
#define NOTES_MAX_COMMITS 100000

/* Writes the notes of COMMITS, in one commit of the notes; *WRITTEN counts those that changed. A new line takes the
 * place of the older one about its paper. */
struct error *notes_write(struct repo *repo, struct records *store, const struct oid *commits, size_t nr,
			  size_t *written);

enum notes_pushed { NOTES_PUSHED, NOTES_UP_TO_DATE, NOTES_NONE };
/* Sends the notes to REMOTE, united with those that it has. */
struct error *notes_push(struct repo *repo, const char *remote, enum notes_pushed *out);
/* Unites the notes here with those of REMOTE. *FOUND is false when it has none; *MOVED: there is something new. */
struct error *notes_fetch(struct repo *repo, const char *remote, bool *found, bool *moved);

#endif
