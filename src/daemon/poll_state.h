/* What a work tree is like, as git status and the files it names tell: for where no events come from. */
#ifndef DAEMON_POLL_STATE_H
#define DAEMON_POLL_STATE_H

#include "base/sha256.h"
#include "git/repo.h"

/* *STATE is another one when HEAD, what differs from it, or the size or time of such a file is. */
struct error *poll_state_read(struct repo *repo, char state[SHA256_HEX_SIZE + 1]);

#endif
