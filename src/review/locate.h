/* What a model calls the place of a quote ("Section 3.2", "Related Work", "Table \ref{tab:rates}"). */
#ifndef REVIEW_LOCATE_H
#define REVIEW_LOCATE_H

#include "paper/document.h"

/* Bytes of such a name that are looked at. */
#define LOCATE_MAX_NAME 400

/*
 * The range of doc->text that NAME means: the section whose title is in it, or whose number (as headings count,
 * without those of figures and theorems), or where a label stands that is in it. A hint, for choosing among places
 * where a quote was found: a starred section makes the numbers wrong. False when it means nothing here.
 */
bool locate_name(const struct document *doc, const char *name, size_t *start, size_t *end);

#endif
