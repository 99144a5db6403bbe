/* Changing refs of ours, through the git program: what users configure for it counts. */
#include "git/ref.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>

#include "base/memory.h"
#include "base/sha256.h"
#include "base/text.h"

/* The longest pause between two attempts. */
#define MAX_PAUSE_MS 500
/* What git says of a fetch or push that is looked at. */
#define MAX_SAID ((size_t)1 << 20)
/* As many as an id of any format has digits. */
#define REF_ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

/* Inside a hook git's variables describe the operation that is going on. Our refs are none of
 * its business: objects in its quarantine would vanish with a refused push. */
const char *const ref_environment[] = {
	"GIT_INDEX_FILE", "GIT_QUARANTINE_PATH", "GIT_OBJECT_DIRECTORY",
	"GIT_ALTERNATE_OBJECT_DIRECTORIES", "LC_ALL=C", "SCRUTINY=0", NULL,
};

void ref_identity(struct buffer *out, struct repo *repo)
{
	static const char *const argv[] = { "var", "GIT_COMMITTER_IDENT", NULL };
	struct buffer identity = BUFFER_INIT_MAX(4096);
	int status = 0;
	struct process_options options = { .out = &identity, .discard_err = true,
					   .exit_status = &status };
	error_free(repo_git(repo, argv, &options));
	const char *end = strchr(identity.data, '>');
	if (!status && end)
		buffer_add(out, identity.data, (size_t)(end - identity.data) + 1);
	else
		buffer_addstr(out, REF_IDENTITY);
	buffer_release(&identity);
}

void ref_pause(unsigned attempt)
{
	uint32_t random = 0;
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = (uint32_t)clock();
	unsigned limit = attempt < 8 ? 4u << attempt : MAX_PAUSE_MS;
	if (limit > MAX_PAUSE_MS)
		limit = MAX_PAUSE_MS;
	unsigned ms = limit / 2 + random % (limit / 2 + 1);
	struct timespec pause = { ms / 1000, (long)(ms % 1000) * 1000000 };
	while (nanosleep(&pause, &pause) < 0 && errno == EINTR)
		;
}

/* What stands behind the first MARK that has something behind it: servers frame their words with empty ones. */
static const char *find_marked(struct slice text, const char *mark)
{
	const char *at = text.data, *end = text.data + text.len;
	while ((at = memmem(at, (size_t)(end - at), mark, strlen(mark)))) {
		at += strlen(mark);
		while (at < end && *at == ' ')
			at++;
		if (at < end && *at != '\n')
			return at;
	}
	return NULL;
}

struct error *ref_git_failed(const struct buffer *said, const char *what)
{
	struct slice text = slice_trim(slice_of(said));
	const char *line = text.data;
	for (const char *at = text.data; at < text.data + text.len; at++)
		if (at == text.data || at[-1] == '\n')
			line = at;
	static const char *const marks[] = { "fatal: ", "error: " };
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
		const char *found = find_marked(text, marks[i]);
		if (found) {
			line = found;
			break;
		}
	}
	size_t len = 0;
	while (line + len < text.data + text.len && line[len] != '\n')
		len++;
	struct buffer shown = BUFFER_INIT;
	text_for_terminal(&shown, line, len, false);
	struct error *err = error_new(ERROR_IO, "%s: %s", what,
				      shown.len ? shown.data : "git failed without a word");
	buffer_release(&shown);
	return err;
}

/* -- commits ----------------------------------------------------------------------------------- */

/* Runs git, which reads INPUT and says one object id. */
static struct error *git_makes(struct repo *repo, const char *const *argv, struct slice input, struct oid *out)
{
	struct buffer said = BUFFER_INIT_MAX(4096);
	struct process_options options = { .env = ref_environment, .out = &said, .input = input };
	struct error *err = repo_git(repo, argv, &options);
	struct slice id = slice_trim(slice_of(&said));
	if (!err && (!id.len || id.len > OID_MAX_HEX))
		err = error_new(ERROR_GENERIC, "git said no object id");
	if (!err) {
		memcpy(out->hex, id.data, id.len);
		out->hex[id.len] = '\0';
	}
	buffer_release(&said);
	return err;
}

static struct error *write_object(struct repo *repo, const char *type, struct slice data, struct oid *out)
{
	const char *const argv[] = { "-c", "core.fsync=committed,reference", "hash-object", "-w", "-t", type,
				     "--stdin", NULL };
	return git_makes(repo, argv, data, out);
}

/* A tree in the making, as `git mktree` reads it. */
struct listing {
	struct buffer text;
	const struct ref_file *files;
	size_t nr_files;
};

static struct error *keep_entry(const struct tree_entry *e, void *data)
{
	struct listing *list = data;
	const char *type = e->mode == 040000 ? "tree" : e->mode == 0160000 ? "commit" : "blob";
	for (size_t i = 0; i < list->nr_files; i++)
		if (slice_equals(e->name, list->files[i].name))
			return NULL;
	buffer_addf(&list->text, "%06o %s %s\t", e->mode, type, e->oid.hex);
	buffer_add(&list->text, e->name.data, e->name.len);
	buffer_addch(&list->text, '\0');
	return NULL;
}

static struct error *make_tree(struct repo *repo, const struct oid *base, const struct ref_file *files, size_t nr,
			       struct oid *out)
{
	static const char *const argv[] = { "mktree", "-z", NULL };
	struct listing list = { BUFFER_INIT, files, nr };
	struct oid tree, blob;
	struct error *err = NULL;
	if (base->hex[0])
		err = repo_commit_tree(repo, base, &tree);
	if (!err && base->hex[0])
		err = repo_tree_each(repo, &tree, keep_entry, &list);
	for (size_t i = 0; i < nr && !err; i++) {
		err = write_object(repo, "blob", files[i].data, &blob);
		if (!err)
			buffer_addf(&list.text, "100644 blob %s\t%s%c", blob.hex, files[i].name, '\0');
	}
	if (!err)
		err = git_makes(repo, argv, slice_of(&list.text), out);
	buffer_release(&list.text);
	return err;
}

struct error *ref_commit(struct repo *repo, const struct ref_commit *commit, struct oid *out)
{
	static const struct oid none = { "" };
	struct buffer text = BUFFER_INIT, who = BUFFER_INIT;
	struct oid tree;
	bool kept = commit->nr_parents && !commit->alone;
	struct error *err = make_tree(repo, kept ? &commit->parents[0] : &none, commit->files, commit->nr_files,
				      &tree);
	if (!err) {
		long long date = (long long)(commit->date ? commit->date : (int64_t)time(NULL));
		if (commit->identity)
			buffer_addstr(&who, commit->identity);
		else
			ref_identity(&who, repo);
		buffer_addf(&text, "tree %s\n", tree.hex);
		for (size_t i = 0; i < commit->nr_parents; i++)
			buffer_addf(&text, "parent %s\n", commit->parents[i].hex);
		buffer_addf(&text, "author %s %lld +0000\ncommitter %s %lld +0000\n\n%s\n", who.data, date,
			    who.data, date, commit->message);
		err = write_object(repo, "commit", slice_of(&text), out);
	}
	buffer_release(&text);
	buffer_release(&who);
	return err;
}

struct error *ref_update(struct repo *repo, const char *ref, const struct oid *from, const struct oid *to,
			 const char *why, bool *lost)
{
	/* git takes as many zeros as an id has digits for "is not there". */
	char *old = from->hex[0] ? xstrdup(from->hex) : xmemdupz(REF_ZEROS, strlen(to->hex));
	const char *const argv[] = { "-c", "core.fsync=committed,reference", "update-ref", "--no-deref", "-m", why,
				     ref, to->hex, old, NULL };
	struct buffer said = BUFFER_INIT_MAX(MAX_SAID);
	struct oid now = { "" };
	int status = 0;
	struct process_options options = { .env = ref_environment, .err = &said, .exit_status = &status };
	struct error *err = repo_git(repo, argv, &options);
	*lost = false;
	if (!err && status)
		err = repo_ref(repo, ref, &now);
	if (!err && status) {
		*lost = strcmp(now.hex, from->hex) != 0 || strstr(said.data, ".lock");
		char *failed = xstrfmt("cannot update %s", ref);
		err = *lost ? NULL : ref_git_failed(&said, failed);
		free(failed);
	}
	buffer_release(&said);
	free(old);
	return err;
}

/* -- over remotes ------------------------------------------------------------------------------ */

bool ref_is_remote(struct repo *repo, const char *remote)
{
	char *key = xstrfmt("remote.%s.url", remote);
	bool is = repo_config(repo, key) != NULL;
	free(key);
	return is;
}

/* An address has no name: its hash stands for it. */
char *ref_tracking(struct repo *repo, const char *remote, const char *what)
{
	char hash[SHA256_HEX_SIZE + 1];
	if (ref_is_remote(repo, remote))
		return xstrfmt("refs/scrutiny/remotes/%s/%s", remote, what);
	sha256_hex(remote, strlen(remote), hash);
	return xstrfmt("refs/scrutiny/remotes/address-%.16s/%s", hash, what);
}

/* git's own words, with what to do about the usual reasons. STATUS is git's: an interrupt reaches it, too. */
struct error *ref_remote_failed(const struct buffer *said, int status, const char *verb, const char *preposition,
				const char *what, const char *remote)
{
	if (status == 128 + SIGINT || status == 128 + SIGTERM)
		return error_new(ERROR_CANCELLED, "interrupted while git was to %s %s %s '%s'", verb, what,
				 preposition, remote);
	static const struct {
		const char *says, *hint;
	} reasons[] = {
		{ "ermission", "your account may lack the right to do that there" },
		{ "denied", "your account may lack the right to do that there" },
		{ "403", "your account may lack the right to do that there" },
		{ "uthentication", "check the credentials: `git ls-remote` asks for the same" },
		{ "terminal prompts disabled", "check the credentials: `git ls-remote` asks for the same" },
		{ "hook declined", "a hook or rule of the server refuses that ref" },
		{ "protected", "a hook or rule of the server refuses that ref" },
		{ "not appear to be a git repository", "check its address: `git remote -v`" },
		{ "resolve host", "check the network, and its address: `git remote -v`" },
		{ "onnect to", "check the network, and its address: `git remote -v`" },
	};
	char *failed = xstrfmt("cannot %s %s %s '%s'", verb, what, preposition, remote);
	struct error *err = ref_git_failed(said, failed);
	err->code = ERROR_NETWORK;
	free(failed);
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (strstr(said->data, reasons[i].says))
			return error_with_hint(err, "%s", reasons[i].hint);
	return err;
}

struct error *ref_fetch(struct repo *repo, const char *remote, const char *refspec, const char *what, bool *found)
{
	/* No refspec of the user's is to move a ref of ours: a mirror's would overwrite it. */
	const char *const argv[] = {
		"fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head",
		"--no-filter", "--no-auto-maintenance", "--no-prune", "--refmap=", "--", remote, refspec, NULL,
	};
	struct buffer said = BUFFER_INIT_MAX(MAX_SAID), out = BUFFER_INIT_MAX(MAX_SAID);
	int status = 0;
	struct process_options options = { .env = ref_environment, .out = &out, .err = &said,
					   .exit_status = &status };
	struct error *err = repo_git(repo, argv, &options);
	*found = !err && !status;
	if (!err && status && !strstr(said.data, "couldn't find remote ref"))
		err = ref_remote_failed(&said, status, "fetch", "of", what, remote);
	buffer_release(&said);
	buffer_release(&out);
	return err;
}

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

struct error *ref_push(struct repo *repo, struct push_try *try, const char *what)
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
	struct process_options options = { .env = ref_environment, .out = &out, .err = &said,
					   .exit_status = &status };
	struct error *err = repo_git(repo, argv, &options);
	if (!err) {
		try->outcome = judge_push(&out, &said, status);
		if (try->said)
			buffer_addbuf(try->said, &said);
		buffer_addbuf(&said, &out);
		if (try->outcome == PUSH_FAILED)
			err = ref_remote_failed(&said, status, "push", "to", what, try->remote);
	}
	buffer_release(&said);
	buffer_release(&out);
	free(refspec);
	free(lease);
	return err;
}
