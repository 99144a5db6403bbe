/* Findings for hooks: a line each that an editor can jump to, the worst first, and no more than fit on a page. */
#ifndef CMD_HOOKS_PAGE_H
#define CMD_HOOKS_PAGE_H

#include "cmd/workspace.h"
#include "review/review.h"

#define HOOKS_PAGE_LINES 25

struct hooks_page {
	struct buffer lines[3]; /* by severity */
	size_t nr_lines[3];     /* that are in them */
	size_t counts[3];       /* findings, verified and plausible */
	size_t papers;          /* that were looked at */
	int worst;              /* severity of what is verified; -1: nothing is */
};

void hooks_page_init(struct hooks_page *page);
void hooks_page_release(struct hooks_page *page);
void hooks_page_add(struct hooks_page *page, const struct review *review);
/* Appends the findings from severity LEAST on, and how many more there are. */
void hooks_page_write(const struct hooks_page *page, enum severity least, struct buffer *out);
/* "2 errors, 1 warning". */
void hooks_page_count(const struct hooks_page *page, struct buffer *out);

/* From which severity on findings stop a commit or a push: git config scrutiny.hooks.failOn, else as --fail-on.
 * ERROR_USAGE when that is set to something else. */
struct error *hooks_fail_level(const struct workspace *ws, int *level);

#endif
