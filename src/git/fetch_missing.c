/*
 * Partial clones lack objects that git fetches when they are asked for, one by one, each with a connection of
 * its own. Who needs many has them fetched at once, the way git itself does where it can foresee what it
 * needs.
 */
#include "base/memory.h"
#include "base/strmap.h"
#include "base/text.h"
#include "git/object_reader.h"
#include "git/repo_internal.h"

/* The remote that has promised what is missing; NULL: the clone is not partial. */
static void note_promisor(const char *key, const char *value, void *data)
{
	char **remote = data;
	const char *name = key + strlen("remote.");
	if (*remote || !ends_with(key, ".promisor") || !text_is_true(value))
		return;
	*remote = xmemdupz(name, strlen(name) - strlen(".promisor"));
}

static char *promisor(struct repo *repo)
{
	const char *of_old = repo_config(repo, "extensions.partialclone");
	char *remote = of_old ? xstrdup(of_old) : NULL;
	repo_config_each(repo, "remote.", note_promisor, &remote);
	return remote;
}

bool repo_is_partial(struct repo *repo)
{
	char *remote = promisor(repo);
	free(remote);
	return remote != NULL;
}

static void add_line(struct buffer *out, const struct oid *oid)
{
	buffer_addf(out, "%s\n", oid->hex);
}

static void find_with_libgit2(git_odb *odb, const struct oid *oids, size_t nr, struct buffer *missing)
{
	git_oid id;
	for (size_t i = 0; i < nr; i++)
		if (!git_oid_fromstr(&id, oids[i].hex) &&
		    !git_odb_exists_ext(odb, &id, GIT_ODB_LOOKUP_NO_REFRESH))
			add_line(missing, &oids[i]);
}

/* Asked about one object, git would fetch it; so it is asked for all that it has. */
static struct error *find_with_git(struct repo *repo, const struct oid *oids, size_t nr,
				   struct buffer *missing)
{
	static const char *const argv[] = { "cat-file", "--batch-all-objects", "--unordered",
					    "--batch-check=%(objectname)", NULL };
	struct buffer out = BUFFER_INIT;
	struct strmap there = STRMAP_INIT;
	struct process_options options = { .out = &out };
	struct error *err = repo_git_read(repo, argv, &options);
	for (const char *line = out.data; !err && *line;) {
		size_t len = strcspn(line, "\n");
		strmap_add(&there, line, len);
		line += len + (line[len] == '\n');
	}
	for (size_t i = 0; i < nr && !err; i++)
		if (!strmap_has(&there, oids[i].hex, strlen(oids[i].hex)))
			add_line(missing, &oids[i]);
	strmap_release(&there, NULL);
	buffer_release(&out);
	return err;
}

static struct error *fetch(struct repo *repo, const char *remote, const struct buffer *missing)
{
	const char *const argv[] = { "-c", "fetch.negotiationAlgorithm=noop", "fetch", "--quiet", "--no-tags",
				     "--no-write-fetch-head", "--recurse-submodules=no", "--filter=blob:none",
				     "--stdin", "--", remote, NULL };
	struct buffer said = BUFFER_INIT_MAX(REPO_MAX_PATHS);
	struct process_options options = { .input = slice_of(missing), .err = &said };
	struct error *err = repo_git(repo, argv, &options);
	buffer_release(&said);
	err = error_context(err, "cannot fetch what this partial clone lacks");
	return error_with_hint(err, "the remote '%s' must be reachable, or make a full clone", remote);
}

/* Lists those that are not here. */
static struct error *find_missing(struct repo *repo, const struct oid *oids, size_t nr, struct buffer *missing)
{
	if (!repo_uses_libgit2(repo))
		return find_with_git(repo, oids, nr, missing);
	find_with_libgit2(repo->odb, oids, nr, missing);
	return NULL;
}

struct error *repo_has_objects(struct repo *repo, const struct oid *oids, size_t nr, bool *all)
{
	struct buffer missing = BUFFER_INIT;
	struct error *err = find_missing(repo, oids, nr, &missing);
	*all = !missing.len;
	buffer_release(&missing);
	return err;
}

struct error *repo_fetch_missing(struct repo *repo, const struct oid *oids, size_t nr)
{
	char *remote = nr ? promisor(repo) : NULL;
	struct buffer missing = BUFFER_INIT;
	if (!remote)
		return NULL;
	struct error *err = find_missing(repo, oids, nr, &missing);
	if (!err && missing.len)
		err = fetch(repo, remote, &missing);
	buffer_release(&missing);
	free(remote);
	return err;
}
