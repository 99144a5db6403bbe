#include "daemon/git_activity.h"

#include <sys/stat.h>
#include <time.h>

#include "base/memory.h"

/* Between two steps of a rebase there is no lock for a moment. */
#define STEP_S 2

/* Seconds since NAME in the git directory was changed; -1: it is not there. */
static int64_t age_of(const struct repo *repo, const char *name)
{
	struct stat st;
	char *path = xstrfmt("%s/%s", repo_git_dir(repo), name);
	int found = stat(path, &st);
	free(path);
	if (found < 0)
		return -1;
	int64_t age = (int64_t)time(NULL) - st.st_mtim.tv_sec;
	return age < 0 ? 0 : age;
}

enum git_activity git_activity(const struct repo *repo)
{
	static const char *const under_way[] = { "rebase-merge", "rebase-apply", "sequencer", "MERGE_HEAD",
						 "CHERRY_PICK_HEAD", "REVERT_HEAD" };
	enum git_activity found = GIT_IDLE;
	int64_t lock = age_of(repo, "index.lock");
	if (lock >= 0 && lock < GIT_ACTIVITY_STALE_S)
		return GIT_WORKING;
	for (size_t i = 0; i < ARRAY_SIZE(under_way); i++) {
		int64_t age = age_of(repo, under_way[i]);
		if (age >= 0 && age < STEP_S)
			return GIT_WORKING;
		if (age >= 0)
			found = GIT_STOPPED;
	}
	return found;
}
