/* A badge: a label and a message on a coloured ground. The same words give the same bytes. */
#ifndef HISTORY_BADGE_H
#define HISTORY_BADGE_H

#include "base/buffer.h"

/* Characters of either; what is longer is cut. */
#define BADGE_MAX_TEXT 64

enum badge_color { BADGE_CLEAN, BADGE_NOTES, BADGE_WARNINGS, BADGE_ERRORS, BADGE_UNKNOWN };

/* An SVG picture without scripts, links and fonts of its own. */
void badge_svg(struct buffer *out, const char *label, const char *message, enum badge_color color);
/* What shields.io takes from an endpoint. */
void badge_json(struct buffer *out, const char *label, const char *message, enum badge_color color);

#endif
