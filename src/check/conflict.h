/* The markers that git leaves in a file when a merge could not be made. */
#ifndef CHECK_CONFLICT_H
#define CHECK_CONFLICT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

struct conflict {
	size_t start, end; /* from the first marker to behind the last one's line */
};

/* The first conflict at or after POS, the start of a line: all three markers, in order. */
bool conflict_find(struct slice bytes, size_t pos, struct conflict *out);

#endif
