/* Opening a path below a directory without being led out of it. Used by base/file.c. */
#ifndef BASE_FILE_BELOW_H
#define BASE_FILE_BELOW_H

#include <stdbool.h>

/*
 * Opens PATH relative to the directory ROOT_FD with open(2) FLAGS (no O_CREAT). Symbolic links are
 * followed as long as they stay below, or refused with ELOOP unless FOLLOW. -1 and errno
 * otherwise; EXDEV when the path leads out. O_CLOEXEC is added.
 */
int open_below(int root_fd, const char *path, int flags, bool follow);

/* The same where openat2(2) is missing: component by component. */
int open_below_by_walking(int root_fd, const char *path, int flags, bool follow);

#endif
