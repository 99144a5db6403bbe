/* Finding a quote in a document: exactly, ignoring white space, ignoring TeX. */
#ifndef REVIEW_GROUND_H
#define REVIEW_GROUND_H

#include "paper/document.h"
#include "paper/finding.h"

/* Quotes with fewer letters and digits than this match too easily to ground anything loosely. */
#define GROUND_MIN_LOOSE 8

/* An index over the texts of a paper's documents: normalised forms with maps back. Built once a
 * paper; looking a quote up costs time proportional to the quote and the text, no backtracking. */
struct ground_index;
struct ground_index *ground_index_new(struct document *const *documents, size_t nr);
void ground_index_free(struct ground_index *index);

/* Looks f->quote up and sets grounding, path, line, column, start, end. Of several places the first
 * counts, or the one nearest to what f->location means, if it means something (see locate.h). A quote with an ellipsis
 * ("...", \ldots, [...]) grounds when its longest pieces do, in order, near each other. One that is
 * not found stays GROUNDING_NONE; when a paragraph shares most of its words, the line is that
 * paragraph's (without a column), and start and end are those of it with its neighbours. */
void ground_finding(struct ground_index *index, struct finding *f);

/* The quote as it is compared loosely: letters, digits and operators, TeX markup and spacing gone,
 * lower case. For ids and for comparing quotes. */
void ground_normalise(struct buffer *out, struct slice quote);

#endif
