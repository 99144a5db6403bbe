/* Fetching and pushing records. */
#include "base/memory.h"
#include "base/sha256.h"
#include "base/text.h"
#include "git/records_internal.h"
#include "git/records_sync.h"

/* What git says of a fetch or push that is looked at. */
#define MAX_SAID ((size_t)1 << 20)

/* -- which remote ------------------------------------------------------------------------------ */

static bool is_configured(struct repo *repo, const char *remote)
{
	char *key = xstrfmt("remote.%s.url", remote);
	bool is = repo_config(repo, key) != NULL;
	free(key);
	return is;
}

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
	if (*remote && *remote != '-' && (is_configured(repo, remote) || is_address(remote))) {
		*out = remote;
		return NULL;
	}
	struct error *err = error_new(ERROR_NOT_FOUND, "there is no remote '%s'", remote);
	free(remote);
	return error_with_hint(err, named ? "`git remote` lists those there are"
					  : "`git remote add` makes one; or name it: `git scrutiny records "
					    "fetch <remote>`");
}

/* An address has no name: its hash stands for it. */
char *records_tracking_ref(struct repo *repo, const char *remote, const char *what)
{
	char hash[SHA256_HEX_SIZE + 1];
	if (is_configured(repo, remote))
		return xstrfmt("refs/scrutiny/remotes/%s/%s", remote, what);
	sha256_hex(remote, strlen(remote), hash);
	return xstrfmt("refs/scrutiny/remotes/address-%.16s/%s", hash, what);
}

/* -- fetching ---------------------------------------------------------------------------------- */

/* git's own words, with what to do about the usual reasons. */
static struct error *remote_failed(const struct buffer *said, const char *verb, const char *remote)
{
	static const struct {
		const char *says, *hint;
	} reasons[] = {
		{ "ermission", "your account may lack the right to do that there" },
		{ "denied", "your account may lack the right to do that there" },
		{ "403", "your account may lack the right to do that there" },
		{ "uthentication", "check the credentials: `git ls-remote` asks for the same" },
		{ "terminal prompts disabled", "check the credentials: `git ls-remote` asks for the same" },
		{ "hook declined", "a hook or rule of the server refuses refs/scrutiny/records" },
		{ "protected", "a hook or rule of the server refuses refs/scrutiny/records" },
		{ "not appear to be a git repository", "check its address: `git remote -v`" },
		{ "resolve host", "check the network, and its address: `git remote -v`" },
	};
	char *what = xstrfmt("cannot %s '%s'", verb, remote);
	struct error *err = records_git_failed(said, what);
	err->code = ERROR_NETWORK;
	free(what);
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (strstr(said->data, reasons[i].says))
			return error_with_hint(err, "%s", reasons[i].hint);
	return err;
}

struct error *records_fetch_refs(struct records *r, const char *remote, const char *refspec, bool *found)
{
	/* No refspec of the user's is to move a ref of ours: a mirror's would overwrite it. */
	const char *const argv[] = {
		"fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head",
		"--no-auto-maintenance", "--no-prune", "--refmap=", "--", remote, refspec, NULL,
	};
	struct buffer said = BUFFER_INIT_MAX(MAX_SAID), out = BUFFER_INIT_MAX(MAX_SAID);
	int status = 0;
	struct process_options options = { .env = records_environment, .out = &out, .err = &said,
					   .exit_status = &status };
	struct error *err = repo_git(r->repo, argv, &options);
	*found = !err && !status;
	if (!err && status && !strstr(said.data, "couldn't find remote ref"))
		err = remote_failed(&said, "fetch the records of", remote);
	buffer_release(&said);
	buffer_release(&out);
	return err;
}

struct error *records_fetch(struct records *r, const char *remote, struct records_merged *out, bool *found)
{
	struct oid theirs;
	char *tracking = records_tracking_ref(r->repo, remote, "records");
	char *refspec = xstrfmt("+%s:%s", RECORDS_REF, tracking);
	*out = (struct records_merged){ 0 };
	struct error *err = records_fetch_refs(r, remote, refspec, found);
	if (!err && *found)
		err = repo_ref(r->repo, tracking, &theirs);
	if (!err && *found)
		err = records_merge(r, &theirs, out);
	free(tracking);
	free(refspec);
	return err;
}

/* -- pushing ----------------------------------------------------------------------------------- */

/* What `git push --porcelain` says of the one ref, with LC_ALL=C. */
static enum push_outcome judge_push(const struct buffer *out, const struct buffer *said, int status)
{
	static const char *const moved[] = {
		"(fetch first)", "(non-fast-forward)", "(stale info)", "(failed to update ref)", "cannot lock ref",
		"(incorrect old value provided)", "(reference already exists)", "(needs force)", "(already exists)",
	};
	if (!status)
		return starts_with(out->data, "=") || strstr(out->data, "\n=") ? PUSH_UP_TO_DATE : PUSH_DONE;
	for (size_t i = 0; i < ARRAY_SIZE(moved); i++)
		if (strstr(out->data, moved[i]) || strstr(said->data, moved[i]))
			return PUSH_BEHIND;
	return PUSH_FAILED;
}

struct error *records_push_ref(struct records *r, struct push_try *try)
{
	char *refspec = xstrfmt("%s:%s", try->object, try->ref);
	char *lease = xstrfmt("--force-with-lease=%s:%s", try->ref, try->lease ? try->lease : "");
	const char *argv[12] = { "push", "--porcelain", "--no-follow-tags", "--recurse-submodules=no" };
	size_t n = 4;
	if (try->lease)
		argv[n++] = lease;
	argv[n++] = "--";
	argv[n++] = try->remote;
	argv[n++] = refspec;
	struct buffer said = BUFFER_INIT_MAX(MAX_SAID), out = BUFFER_INIT_MAX(MAX_SAID);
	int status = 0;
	struct process_options options = { .env = records_environment, .out = &out, .err = &said,
					   .exit_status = &status };
	struct error *err = repo_git(r->repo, argv, &options);
	if (!err) {
		try->outcome = judge_push(&out, &said, status);
		buffer_addbuf(&said, &out);
		if (try->outcome == PUSH_FAILED)
			err = remote_failed(&said, "push the records to", try->remote);
	}
	buffer_release(&said);
	buffer_release(&out);
	free(refspec);
	free(lease);
	return err;
}

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
	char *tracking = records_tracking_ref(r->repo, remote, "records");
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
	char *tracking = records_tracking_ref(r->repo, remote, "records");
	const char *const argv[] = { "update-ref", tracking, r->tip.hex, NULL };
	int status = 0;
	struct process_options options = { .env = records_environment, .discard_err = true, .exit_status = &status };
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
		err = records_push_ref(r, &try);
		if (err)
			return err;
		if (try.outcome != PUSH_BEHIND) {
			out->up_to_date = try.outcome == PUSH_UP_TO_DATE;
			remember_pushed(r, remote);
			return NULL;
		}
		if (attempt)
			records_pause(attempt);
		err = catch_up(r, remote, &lease, &out->merged);
		if (err)
			return err;
	}
	return error_with_hint(error_new(ERROR_CONFLICT, "cannot push the records to '%s': they keep changing there",
					 remote),
			       "try again later; nothing is lost");
}
