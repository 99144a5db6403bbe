/* What the files of `schedule` share. */
#ifndef CMD_SCHEDULE_H
#define CMD_SCHEDULE_H

#include "cmd/cmd.h"

struct schedule_options {
	bool daily, weekly, cron, pr, write, quiet;
	const char *calendar, *reviewers, *max_cost;
};

/* In the common git directory: what the last audit printed, and how it ended ("<seconds since the epoch> <status>"). */
#define SCHEDULE_FOLDER "scrutiny/schedule"
#define SCHEDULE_LOG SCHEDULE_FOLDER "/log"
#define SCHEDULE_LAST SCHEDULE_FOLDER "/last"
#define SCHEDULE_MAX_OUTPUT ((size_t)64 << 20)
/* The end of it that is kept. */
#define SCHEDULE_MAX_LOG ((size_t)256 << 10)

/* An audit, now: what the timer calls. */
struct error *schedule_audit(struct context *ctx, const struct schedule_options *o, const char *path, int *exit_status);

#endif
