/* Source lines for listings: files of a snapshot, read once and cut into lines. */
#ifndef CMD_LINES_H
#define CMD_LINES_H

#include "base/strmap.h"
#include "git/snapshot.h"
#include "paper/finding.h"

struct line_source {
	struct snapshot *snapshot;
	struct strmap files; /* path -> struct buffer * */
};

void line_source_init(struct line_source *source, struct snapshot *snapshot);
void line_source_release(struct line_source *source);
/* The line F starts on, without its end; empty when it cannot be had. For report_text. */
struct slice line_source_get(void *source, const struct finding *f);

#endif
