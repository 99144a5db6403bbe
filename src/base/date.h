/* Dates as RFC 3339 has them. */
#ifndef BASE_DATE_H
#define BASE_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

/* Reads "2026-11-22T06:30:00Z", with a fraction or an offset like +01:00, into seconds since the epoch; false
 * when TEXT is none. */
bool date_parse(struct slice text, double *seconds);

/* Appends "2026-11-22T06:30:00Z", or the day only: of UTC. Nothing for what no calendar has. */
void date_add(struct buffer *out, int64_t seconds);
void date_add_day(struct buffer *out, int64_t seconds);
/* The user's day. */
void date_add_local_day(struct buffer *out, int64_t seconds);

#endif
