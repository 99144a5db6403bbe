/* What a round of `watch` found, next to what the one before found. */
#ifndef CMD_WATCH_PRINT_H
#define CMD_WATCH_PRINT_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/strmap.h"

/* New findings that are listed of one round; the rest is counted. */
#define WATCH_PRINT_MAX_FINDINGS 20

struct watch_print {
	bool color;
	struct strmap papers; /* what was found in each paper that a round has looked at */
};
void watch_print_release(struct watch_print *p);

/* Appends a line for each paper of the round whose findings changed, or that was reviewed for the first time, and what
 * is new or fixed there. JSON is what `run --format=json` prints; TIME ("14:02:31") stands in front. */
struct error *watch_print_round(struct watch_print *p, struct buffer *out, struct slice json, const char *time);

#endif
