/* The repository that images go to, where it has to be made before anything is pushed to it: in ECR. */
#ifndef CMD_DEPLOY_REPOSITORY_H
#define CMD_DEPLOY_REPOSITORY_H

#include "cmd/deployment.h"

/* What a push came to: ERR, which is taken over. If the reason is that ECR lacks the repository, makes it, and
 * *MADE says that the push is to be tried again. That costs by what is stored: BYTES (below 0: not known); unless
 * ACCEPTED it is refused with ERROR_BUDGET. Any other error comes back. */
struct error *repository_make(struct deployment *d, struct error *err, int64_t bytes, bool accepted,
			      bool *made);

#endif
