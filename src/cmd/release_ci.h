/* Where a release is made: in a shell, or by continuous integration. */
#ifndef CMD_RELEASE_CI_H
#define CMD_RELEASE_CI_H

#include "cmd/cmd.h"

/*
 * The tag that continuous integration runs for: *TAG is NULL outside of one. ERROR_USAGE for a branch's push and a
 * pull request: a release is asked for by a tag. EXPLICIT: the command line says what is released; then a job that a
 * person has started may be on a branch.
 */
struct error *release_ci_tag(bool explicit, const char **tag);
/* "shell", "github-actions run 123"; malloc'd. */
char *release_ci_where(void);
/* "Name <mail>" of who started the job; malloc'd; NULL when nobody says. */
char *release_ci_who(void);

#endif
