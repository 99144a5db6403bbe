/* What git is in the middle of in a work tree. */
#ifndef DAEMON_GIT_ACTIVITY_H
#define DAEMON_GIT_ACTIVITY_H

#include "git/repo.h"

enum git_activity {
	GIT_IDLE,
	GIT_STOPPED, /* a rebase, merge or the like waits for the user: what is there may be looked at, but a file
	              * written now could be in its way */
	GIT_WORKING, /* files come and go: look again soon */
};
/* A lock that nobody has touched for this long is of a git that died. */
#define GIT_ACTIVITY_STALE_S 600
enum git_activity git_activity(const struct repo *repo);

#endif
