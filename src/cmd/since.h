/* The option --since of the commands that show what was spent. */
#ifndef CMD_SINCE_H
#define CMD_SINCE_H

#include <stdint.h>

#include "git/repo.h"

/* A day (2026-11-01), a month (2026-11), today, or a date as git reads them, in seconds since the epoch. ERROR_USAGE
 * when it is none, or not in the past. */
struct error *since_parse(struct repo *repo, const char *text, int64_t now, int64_t *out);

#endif
