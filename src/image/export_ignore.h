/* The attribute export-ignore of .gitattributes: what `git archive` leaves out, images leave out too.
 * https://git-scm.com/docs/gitattributes#_export_ignore */
#ifndef IMAGE_EXPORT_IGNORE_H
#define IMAGE_EXPORT_IGNORE_H

#include "base/buffer.h"

/* Appends the lines of a .gitattributes that concern export-ignore, as git/ignore.h reads patterns: "docs/", or
 * "!docs/keep" where the attribute is taken back. Macros count in the file that defines them. */
void export_ignore_patterns(struct buffer *out, struct slice attributes);

#endif
