/*
 * Numbers that a model cites: a precise one that is nowhere in the paper may be made up, or computed. Which
 * of the two, only a person can tell; so what rests on it could not be verified.
 *
 * Numbers are compared by value: 1,000 is 1000, .5 is 0.5, 50 % is 0.5, and a number of the paper may be
 * cited rounded. Not looked at: whole numbers below 100, years, numbers with one significant digit
 * (thresholds, counts, powers of ten), numbers of sections, equations, tables and the like, those that are
 * part of a name, and those behind an "approximately equal", which are worked out for all to see.
 */
#ifndef REVIEW_NUMBERS_H
#define REVIEW_NUMBERS_H

#include "paper/document.h"
#include "paper/finding.h"

struct number_index;
struct number_index *number_index_new(struct document *const *documents, size_t nr);
void number_index_free(struct number_index *index); /* NULL is fine */

/* The first number in the title or the reasons of F that is not in the paper, as F writes it, malloc'd; NULL when
 * there is none. */
char *number_unsupported(const struct number_index *index, const struct finding *f);

#endif
