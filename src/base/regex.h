/* pcre2 with a match limit and a depth limit, compiled once. */
#ifndef BASE_REGEX_H
#define BASE_REGEX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"

#define REGEX_MAX_GROUPS 16
#define REGEX_MATCH_LIMIT 1000000

enum regex_flags { REGEX_CASELESS = 1, REGEX_UTF = 2, REGEX_MULTILINE = 4, REGEX_DOTALL = 8 };

struct regex;
struct regex_match {
	size_t start[REGEX_MAX_GROUPS], end[REGEX_MAX_GROUPS]; /* (size_t)-1: group took no part */
	size_t nr;
};

struct error *regex_new(struct regex **out, const char *pattern, unsigned flags);
void regex_free(struct regex *re);
/* True and fills M at the first match at or after OFFSET. A subject that exhausts the limit
 * counts as no match and sets *GAVE_UP if given. With REGEX_UTF the subject must be valid UTF-8 (it
 * is not checked here: see utf8_valid) and OFFSET must be at a character. */
bool regex_search(const struct regex *re, struct slice subject, size_t offset, struct regex_match *m,
		  bool *gave_up);

#endif
