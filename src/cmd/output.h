/* Reviews in the formats that commands offer. */
#ifndef CMD_OUTPUT_H
#define CMD_OUTPUT_H

#include "base/buffer.h"
#include "cmd/lines.h"
#include "review/review.h"

/* text, md, json, sarif, rdjsonl, github, summary; NULL-terminated. */
extern const char *const output_formats[];

/* Appends the reviews (NULL entries are left out) in FORMAT, one of output_formats. */
void output_format(struct buffer *out, const char *format, struct review *const *reviews, size_t nr,
		   bool color, struct line_source *lines);

/* Appends everything that was said about the papers: see report_all. */
void output_all(struct buffer *out, struct review *const *reviews, size_t nr, bool color);

/* "<format>:<file>", as --save takes it; false when it is not. *FORMAT is one of output_formats. */
bool output_parse_save(const char *word, const char **format, const char **path);

/* Writes TEXT to the file PATH, or to standard output when PATH is NULL or "-". */
struct error *output_write(const char *path, const struct buffer *text);

/* Shows TEXT in git's pager, unless we run in one already. */
struct error *output_paged(struct repo *repo, const struct buffer *text);

#endif
