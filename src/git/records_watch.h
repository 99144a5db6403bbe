/*
 * Has a ref been moved? To ask git costs a process, and who looks for a thousand replies that are not there yet
 * would ask a thousand times. So the files are looked at that git writes when it moves one: by rename, so that
 * they are other files then. False alarms are fine.
 */
#ifndef GIT_RECORDS_WATCH_H
#define GIT_RECORDS_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The ref's own file, packed-refs, and the list of a reftable. */
#define RECORDS_WATCHED 3

struct records_watch {
	struct {
		ino_t inode; /* 0: it is not there */
		off_t size;
		int64_t seconds, nanoseconds;
	} files[RECORDS_WATCHED];
};

/* How things stand for REFNAME in the git directory COMMON_DIR. */
void records_watch_look(struct records_watch *out, const char *common_dir, const char *refname);
bool records_watch_same(const struct records_watch *a, const struct records_watch *b);

#endif
