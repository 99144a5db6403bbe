/* The shapes of keys and personal data; used by privacy.c and its tests only. */
#ifndef REVIEW_PRIVACY_PATTERNS_H
#define REVIEW_PRIVACY_PATTERNS_H

#include "review/privacy.h"

struct privacy_pattern {
	enum privacy_kind kind;
	const char *what;     /* for people */
	const char *literal;  /* some text that every match holds, whatever its case; NULL: none */
	const char *regex;    /* group 1, if it takes part, is what must not leave; else all of it */
	bool caseless;
	/* Whether a match is one after all; NULL: always. */
	bool (*accept)(struct slice text, size_t start, size_t end);
};

extern const struct privacy_pattern privacy_patterns[];
extern const size_t privacy_pattern_nr;

/* Adds the matches in TEXT to SCAN, unsorted and without numbers. */
void privacy_find(const struct privacy_pattern *pattern, struct slice text, struct privacy_scan *scan);

#endif
