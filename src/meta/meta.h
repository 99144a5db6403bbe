/*
 * meta.yaml: one file a paper, edited by splicing bytes so that comments, order, quoting and line
 * ends a person wrote stay as they are.
 */
#ifndef META_META_H
#define META_META_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

#define META_FILE "meta.yaml"

/* What the `scrutiny:` section says. */
struct meta_scrutiny {
	const char *content_id;
	const char *date;      /* RFC 3339, UTC */
	const char *verdict;   /* report_verdict */
	int64_t errors, warnings, notes, unverified;
	const char *report;    /* path of scrutiny.md relative to meta.yaml */
};

/* What a new meta.yaml is filled with; NULL members are left out. */
struct meta_initial {
	const char *title;
	const char *const *authors;
	size_t nr_authors;
	const char *abstract;
};

/* The errors of TEXT that meta_set_scrutiny would stop at: see there. */
struct error *meta_check(struct slice text, const char *file);

/*
 * OUT becomes TEXT with its `scrutiny` section set to S: inserted at the end if there is none,
 * otherwise only the values that differ are replaced, in place; keys of that section a person
 * added stay. An empty TEXT gives a new file from INITIAL. Line ends (LF or CRLF), a BOM and a
 * missing final newline are kept. Errors are FILE:line:column for broken YAML, a root that is not
 * a mapping, or a `scrutiny` key that is not a mapping. The result is parsed again and compared:
 * anything but the section changing is an internal error, and nothing is returned.
 */
struct error *meta_set_scrutiny(struct buffer *out, struct slice text, const char *file,
				const struct meta_scrutiny *s, const struct meta_initial *initial);

/* What models say about a paper; of what is NULL or empty they say nothing. */
struct meta_generated {
	const char *description;
	const char *const *tags;
	size_t nr_tags;
	const char *semantic_scope;
};

/* Whether TEXT has room for it: a key is missing or empty, or still as we wrote it. False when TEXT
 * cannot be edited. */
bool meta_wants_generated(struct slice text);

/*
 * OUT becomes TEXT, which has a `scrutiny` section, with the keys description, tags and
 * semantic_scope as G has them, merged three ways: what we wrote last (the section remembers it by
 * short hashes, wrote_description and so on), what stands there now, and what G says. A text is set
 * when it is missing or empty, and replaced when it is still what we wrote. A list of tags that we
 * wrote loses those of ours that G lacks and gets those that are new in G; what a person added to it
 * stays, and what a person took out is not put back. A key that a person wrote, or removed after we
 * had written it, is left alone; so is one that cannot be edited without changing other things.
 */
struct error *meta_set_generated(struct buffer *out, struct slice text, const char *file,
				 const struct meta_generated *g);

#endif
