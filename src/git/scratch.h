/*
 * A folder for temporary files of one process, in the git directory: files that are only on their way into a commit lie
 * neither in the work tree nor where anybody else would look. What a process that was killed has left is removed by
 * the next one that makes such a folder.
 */
#ifndef GIT_SCRATCH_H
#define GIT_SCRATCH_H

#include "git/repo.h"

/* In the common git directory. */
#define SCRATCH_FOLDER "scrutiny/tmp"

struct scratch {
	char *path; /* absolute; NULL: closed */
	int lock;   /* held as long as this process, or a git that it started, lives */
};
#define SCRATCH_INIT { NULL, -1 }

struct error *scratch_open(struct scratch *out, struct repo *repo);
/* Removes the folder and all that is in it. */
void scratch_close(struct scratch *s);

#endif
