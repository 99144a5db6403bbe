/* What a run shows while models are asked. */
#ifndef CMD_PROGRESS_LINE_H
#define CMD_PROGRESS_LINE_H

#include "review/session.h"

/* "2 papers x 3 models   5/6 done   claude-haiku-5-5 on fixed-points 41 s   $0.007  eta 12 s": the call
 * that has been waited for longest, what was spent, and how long the rest takes at this rate. Appends. */
void progress_line(struct buffer *out, const struct session_progress *p);

#endif
