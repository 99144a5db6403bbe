/* What the commands that release have in common: which tag and commit, who asks from where, and what is
 * said of it. */
#ifndef CMD_RELEASE_RUN_H
#define CMD_RELEASE_RUN_H

#include "cmd/deployment.h"
#include "deploy/release.h"

struct release_run {
	struct context *ctx;
	struct deployment d;
	const char *environment;   /* its name; "prod" when .deploy.yml has none */
	struct release_settings settings;
	struct release_lock *lock;
	struct progress *progress;
	bool json;                 /* standard output is for that: what is said goes to standard error */
	char *who, *where, *cache, *source;
};

/* Opens the deployment of REV (NULL: HEAD, and a warning if the work tree is dirty) and takes the
 * environment's lock. WHO (NULL: as continuous integration or git has it) asks for it. */
struct error *release_run_open(struct release_run *run, struct context *ctx, const char *rev,
			       const char *environment,
			       const char *who, const char *note);
void release_run_release(struct release_run *run);

/* Makes the release of the deployment's commit; of SOURCE its tag, or how to make one, and the builder count.
 * ACCEPT_COST: a repository that ECR lacks is made. Warns of what is to be known about how it was made; what
 * is not whole sets the exit status. */
struct error *release_run_make(struct release_run *run, const struct release_source *source, bool accept_cost,
			       struct release_outcome *out, int *exit_status);
/* "release #12 built in 0.2 s, pushed 0.4 MB" and what else there is to know, to standard output. PREFIX
 * stands before. */
void release_run_say(const struct release_run *run, const struct release_outcome *out, const char *prefix);
/* What the instance makes of it. REFRESH: it is told to take the image now; a release that it cannot run is
 * taken back. */
struct error *release_run_instance(struct release_run *run, const struct release_outcome *out, bool refresh,
				   int *exit_status);
/* Whether git config deploy.refresh is on. */
bool release_run_refreshes(const struct release_run *run);

#endif
