#include "git/commit.h"

#include <errno.h>
#include <time.h>

#include "base/memory.h"

/* Another git, such as that of a run beside this one, holds the index or HEAD only for a moment. */
#define LOCK_MAX_ATTEMPTS 40
#define LOCK_PAUSE_MS 100

/* Runs `git <argv> --pathspec-from-file=- --pathspec-file-nul` with the paths on standard input;
 * with GIT_LITERAL_PATHSPECS a name such as ":x" or "a*" means itself. */
static struct error *try_with_paths(struct repo *repo, const char *const *argv, struct slice paths,
				    struct buffer *out, bool *locked)
{
	static const char *const literal[] = { "GIT_LITERAL_PATHSPECS=1", NULL };
	struct buffer err_text = BUFFER_INIT;
	struct process_options options = {
		.directory = repo_work_tree(repo),
		.env = literal,
		.input = paths,
		.out = out,
		.err = &err_text,
	};
	struct error *err = repo_git(repo, argv, &options);
	/* In every language: "Unable to create '.../index.lock': ...", "cannot lock ref 'HEAD': ...". */
	*locked = err && (strstr(err_text.data, ".lock'") || strstr(err_text.data, "cannot lock ref"));
	if (err && err_text.len) {
		/* git's and the hooks' own words say more than its last line does. */
		while (err_text.len && err_text.data[err_text.len - 1] == '\n')
			buffer_truncate(&err_text, err_text.len - 1);
		err = error_with_hint(err, "%s", err_text.data);
	}
	buffer_release(&err_text);
	return err;
}

static struct error *git_with_paths(struct repo *repo, const char *const *argv, struct slice paths,
				    struct buffer *out)
{
	for (unsigned attempt = 1;; attempt++) {
		bool locked;
		struct error *err = try_with_paths(repo, argv, paths, out, &locked);
		if (!err || !locked || attempt == LOCK_MAX_ATTEMPTS)
			return err;
		error_free(err);
		struct timespec pause = { 0, LOCK_PAUSE_MS * 1000000L };
		while (nanosleep(&pause, &pause) < 0 && errno == EINTR)
			;
	}
}

static struct error *differ_from_head(struct repo *repo, struct slice paths, bool *differ)
{
	/* `git status` takes pathspecs only as arguments; adding with --dry-run would stage nothing
	 * but also say nothing of files staged before: so intent-to-add, then ask. */
	static const char *const add[] = { "add", "--force", "--intent-to-add",
					   "--pathspec-from-file=-", "--pathspec-file-nul", NULL };
	static const char *const dry[] = { "commit", "--dry-run", "--short", "--only", "--quiet",
					   "--pathspec-from-file=-", "--pathspec-file-nul", NULL };
	struct buffer out = BUFFER_INIT;
	struct error *err = git_with_paths(repo, add, paths, &out);
	int status = 0;
	if (!err) {
		static const char *const literal[] = { "GIT_LITERAL_PATHSPECS=1", NULL };
		struct process_options options = {
			.directory = repo_work_tree(repo),
			.env = literal,
			.input = paths,
			.out = &out,
			.discard_err = true,
			.exit_status = &status,
		};
		err = repo_git(repo, dry, &options);
	}
	*differ = status != 1; /* anything else is for the commit itself to explain */
	buffer_release(&out);
	return err;
}

/* `git commit --only` reads a file twice, for the index and for the commit; a run beside this one may have written its
 * report in between. What stands in the work tree is what the index should have. */
static struct error *refresh_index(struct repo *repo, struct slice paths)
{
	static const char *const add[] = { "add", "--force", "--pathspec-from-file=-",
					   "--pathspec-file-nul", NULL };
	struct buffer out = BUFFER_INIT;
	struct error *err = git_with_paths(repo, add, paths, &out);
	buffer_release(&out);
	return err;
}

struct error *commit_paths(struct repo *repo, struct slice paths, const char *message, bool *made)
{
	*made = false;
	if (!paths.len)
		return NULL;
	bool differ;
	struct error *err = differ_from_head(repo, paths, &differ);
	if (!err && !differ)
		err = refresh_index(repo, paths);
	if (err || !differ)
		return error_context(err, "cannot stage the reports");
	const char *const commit[] = { "commit", "--quiet", "--only", "-m", message,
				       "--pathspec-from-file=-", "--pathspec-file-nul", NULL };
	struct buffer out = BUFFER_INIT;
	err = git_with_paths(repo, commit, paths, &out);
	buffer_release(&out);
	*made = !err;
	if (!err)
		return refresh_index(repo, paths);
	/* A run beside this one may have committed the same meanwhile. */
	struct error *asked = differ_from_head(repo, paths, &differ);
	if (!asked && !differ) {
		error_free(err);
		return NULL;
	}
	error_free(asked);
	return error_context(err, "cannot commit the reports (they are written)");
}
