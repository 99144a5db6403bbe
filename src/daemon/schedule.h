/* What a schedule is written as: a service and a timer of systemd, or a block of lines in a crontab. */
#ifndef DAEMON_SCHEDULE_H
#define DAEMON_SCHEDULE_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"

/* A name of a unit that stands for one path, without its ending: "git-scrutiny-" and what can be read of the path and a
 * hash of it. */
#define SCHEDULE_NAME_SIZE 80
void schedule_name(char out[SCHEDULE_NAME_SIZE], const char *path);

struct schedule {
	const char *name;
	const char *path;        /* the repository's */
	const char *const *argv; /* what is to be run, its program absolute; NULL-terminated */
	const char *search_path; /* PATH of that */
	const char *calendar;    /* systemd.time(7), such as "weekly" */
	const char *spread;      /* RandomizedDelaySec= */
};
void schedule_service(struct buffer *out, const struct schedule *s);
void schedule_timer(struct buffer *out, const struct schedule *s);

/* cron's own limit. */
#define CRON_MAX_COMMAND 990
/* Appends the crontab TEXT with the block of S at its end, in place of one it has already. Every other line stays as it is.
 * EVERY_DAY, or every Sunday; at a time of the night that depends on the name. ERROR_USAGE when a crontab cannot hold it. */
struct error *schedule_add_to_crontab(struct buffer *out, struct slice text, const struct schedule *s, bool every_day);
/* Appends TEXT without the block called NAME; false when it has none. */
bool schedule_take_from_crontab(struct buffer *out, struct slice text, const char *name);
/* Appends "at 04:17 every Sunday"; false when TEXT has no block called NAME. */
bool schedule_read_crontab(struct buffer *out, struct slice text, const char *name);

#endif
