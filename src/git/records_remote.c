/* Fetching and pushing records. */
#include "base/memory.h"
#include "base/text.h"
#include "git/records_internal.h"
#include "git/records_sync.h"

/* -- which remote ------------------------------------------------------------------------------ */

/* An address or a path: what git takes besides names. */
static bool is_address(const char *remote)
{
	return strpbrk(remote, ":/") || !strcmp(remote, ".");
}

static char *branch_remote(struct repo *repo)
{
	static const char *const argv[] = { "symbolic-ref", "--quiet", "--short", "HEAD", NULL };
	struct buffer branch = BUFFER_INIT_MAX(65536);
	char *found = NULL;
	struct error *err = repo_git_line(repo, argv, &branch);
	if (!err) {
		char *key = xstrfmt("branch.%s.remote", branch.data);
		const char *remote = repo_config(repo, key);
		found = remote && strcmp(remote, ".") ? xstrdup(remote) : NULL;
		free(key);
	}
	error_free(err); /* no branch: a detached HEAD */
	buffer_release(&branch);
	return found;
}

struct error *records_remote(char **out, struct repo *repo, const char *named)
{
	const char *configured = repo_config(repo, "scrutiny.recordsremote");
	char *remote = named ? xstrdup(named) : configured ? xstrdup(configured) : branch_remote(repo);
	if (!remote)
		remote = xstrdup("origin");
	if (*remote && *remote != '-' && (ref_is_remote(repo, remote) || is_address(remote))) {
		*out = remote;
		return NULL;
	}
	struct error *err = error_new(ERROR_NOT_FOUND, "there is no remote '%s'", remote);
	free(remote);
	return error_with_hint(err, named ? "`git remote` lists those there are"
					  : "`git remote add` makes one; or name it behind `push` or `fetch`");
}

/* -- fetching ---------------------------------------------------------------------------------- */

struct error *records_fetch(struct records *r, const char *remote, struct records_merged *out, bool *found)
{
	struct oid theirs;
	char *tracking = ref_tracking(r->repo, remote, "records");
	char *refspec = xstrfmt("+%s:%s", RECORDS_REF, tracking);
	*out = (struct records_merged){ 0 };
	struct error *err = ref_fetch(r->repo, remote, refspec, RECORDS_SPOKEN, found);
	if (!err && *found)
		err = repo_ref(r->repo, tracking, &theirs);
	if (!err && *found)
		err = records_merge(r, &theirs, out);
	free(tracking);
	free(refspec);
	return err;
}

/* -- pushing ----------------------------------------------------------------------------------- */

/* Takes in what the remote has. It is overwritten only where everything it had is here, but not its history: that
 * was folded. */
static struct error *catch_up(struct records *r, const char *remote, struct oid *lease, bool *merged)
{
	struct records_merged result;
	bool found, ancestor = true;
	struct oid theirs = { "" };
	lease->hex[0] = '\0';
	struct error *err = records_fetch(r, remote, &result, &found);
	if (err || !found)
		return err;
	*merged |= result.moved;
	char *tracking = ref_tracking(r->repo, remote, "records");
	err = repo_ref(r->repo, tracking, &theirs);
	if (!err)
		err = records_is_ancestor(r, theirs.hex, r->tip.hex, &ancestor);
	if (!err && !ancestor)
		*lease = theirs;
	free(tracking);
	return err;
}

/* As `git push` does for branches; that it fails changes nothing. */
static void remember_pushed(struct records *r, const char *remote)
{
	char *tracking = ref_tracking(r->repo, remote, "records");
	const char *const argv[] = { "update-ref", tracking, r->tip.hex, NULL };
	int status = 0;
	struct process_options options = { .env = ref_environment, .discard_err = true, .exit_status = &status };
	error_free(repo_git(r->repo, argv, &options));
	free(tracking);
}

struct error *records_push(struct records *r, const char *remote, struct records_pushed *out)
{
	struct oid lease = { "" };
	*out = (struct records_pushed){ 0 };
	for (unsigned attempt = 0; attempt < RECORDS_MAX_ATTEMPTS; attempt++) {
		struct error *err = records_refresh(r, NULL);
		struct push_try try = { .remote = remote, .ref = RECORDS_REF, .object = r->tip.hex,
					.lease = lease.hex[0] ? lease.hex : NULL };
		if (!err && !r->tip.hex[0])
			out->nothing = true;
		if (err || out->nothing)
			return err;
		err = ref_push(r->repo, &try, RECORDS_SPOKEN);
		if (err)
			return err;
		if (try.outcome != PUSH_BEHIND) {
			out->up_to_date = try.outcome == PUSH_UP_TO_DATE;
			remember_pushed(r, remote);
			return NULL;
		}
		if (attempt)
			ref_pause(attempt);
		err = catch_up(r, remote, &lease, &out->merged);
		if (err)
			return err;
	}
	return error_with_hint(error_new(ERROR_CONFLICT, "cannot push the records to '%s': they keep changing there",
					 remote),
			       "try again later; nothing is lost");
}
