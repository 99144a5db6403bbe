/* Pull requests from forks: what they change is reviewed on this machine only. */
#include "cmd/workspace.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "review/provenance.h"

static const char *env_of(void *data, const char *name)
{
	(void)data;
	return context_env(name);
}

static bool read_file(void *data, const char *path, struct buffer *out)
{
	(void)data;
	struct error *err = file_read(path, out);
	bool good = !err;
	error_free(err);
	return good;
}

/* A maintainer's word, which no pull request can give. */
static struct error *is_permitted(struct repo *repo, bool *permitted)
{
	const char *word = context_env("SCRUTINY_FORKS"), *name = "SCRUTINY_FORKS";
	if (!word)
		word = repo_config(repo, "scrutiny.forks"), name = "scrutiny.forks";
	*permitted = word && !strcmp(word, "allow");
	if (!word || *permitted || !strcmp(word, "local"))
		return NULL;
	return error_new(ERROR_USAGE, "%s is '%s': it must be allow or local", name, word);
}

/* The revision that the pull request is to go into; false when it is not here (a shallow clone, say). */
static bool find_base(struct workspace *ws, const struct provenance *from, struct snapshot **out)
{
	struct oid commit;
	if (!from->base)
		return false;
	struct error *err = repo_resolve_commit(ws->repo, from->base, &commit);
	if (!err)
		err = snapshot_new(out, ws->repo, SNAPSHOT_COMMIT, &commit);
	bool found = !err;
	error_free(err);
	return found;
}

struct error *workspace_find_fork(struct workspace *ws)
{
	struct provenance from;
	struct provenance_settings settings = { .env = env_of, .read = read_file };
	bool permitted;
	struct error *err = is_permitted(ws->repo, &permitted);
	if (err || permitted)
		return err;
	provenance_find(&from, &settings);
	if (!from.from_fork)
		goto out;
	ws->policy.foreign = from.why;
	from.why = NULL;
	if (!find_base(ws, &from, &ws->base)) {
		ws->policy.all_foreign = true;
		goto out;
	}
	struct policy ours;
	err = policy_read(&ours, ws->base);
	if (!err)
		policy_take_ours(&ws->policy, &ours);
out:
	provenance_release(&from);
	return err;
}

static int by_path(const void *key, const void *item)
{
	return strcmp(key, ((const struct paper *)item)->path);
}

struct error *workspace_mark_foreign(struct workspace *ws)
{
	struct paper_list old = { 0 };
	if (!ws->policy.foreign || ws->policy.all_foreign)
		return NULL;
	struct error *err = paper_discover(&old, ws->base, &ws->rules);
	for (size_t i = 0; !err && i < ws->papers.nr; i++) {
		const struct paper *now = &ws->papers.items[i];
		const struct paper *was = old.nr ? bsearch(now->path, old.items, old.nr, sizeof(*old.items), by_path)
						 : NULL;
		if (!was || strcmp(was->content_id, now->content_id) != 0)
			policy_add_foreign(&ws->policy, now->path);
	}
	paper_list_release(&old);
	return err;
}
