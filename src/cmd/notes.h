/* Notes of the commits that commands make. */
#ifndef CMD_NOTES_H
#define CMD_NOTES_H

#include "cmd/workspace.h"

/* Writes the note of HEAD, which was just committed, if git config scrutiny.notes asks for it. */
struct error *notes_after_commit(struct workspace *ws);

#endif
