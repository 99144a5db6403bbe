/* Which papers anybody may still look at: see verify.h. */
#include "base/memory.h"
#include "review/policy.h"
#include "review/verify.h"

static struct error *add_snapshot(struct strmap *out, struct repo *repo, enum snapshot_kind kind,
				  const struct oid *commit)
{
	struct snapshot *snapshot = NULL;
	struct policy policy = { 0 };
	struct paper_rules rules = { 0 };
	struct paper_list papers = { 0 };
	struct error *err = snapshot_new(&snapshot, repo, kind, commit);
	if (!err)
		err = policy_read(&policy, snapshot);
	if (!err) {
		rules.globs = (const char *const *)policy.papers;
		err = paper_discover(&papers, snapshot, &rules);
	}
	for (size_t i = 0; i < papers.nr && !err; i++)
		strmap_add(out, papers.items[i].content_id, SHA256_HEX_SIZE);
	paper_list_release(&papers);
	policy_release(&policy);
	snapshot_free(snapshot);
	return err;
}

/* Commits behind refs and checkouts, each once. */
static struct error *list_tips(struct repo *repo, struct strmap *tips)
{
	static const char *const refs[] = {
		"for-each-ref", "--format=%(if)%(*objectname)%(then)%(*objecttype) %(*objectname)%(else)"
				"%(objecttype) %(objectname)%(end)",
		"refs/heads", "refs/remotes", "refs/tags", "refs/stash", NULL,
	};
	static const char *const trees[] = { "worktree", "list", "--porcelain", NULL };
	static const struct {
		const char *const *argv;
		const char *mark;
	} sources[] = { { refs, "commit " }, { trees, "HEAD " } };
	struct error *err = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(sources) && !err; i++) {
		struct buffer out = BUFFER_INIT;
		struct process_options options = { .out = &out };
		err = repo_git_read(repo, sources[i].argv, &options);
		size_t mark = strlen(sources[i].mark);
		for (char *line = out.data, *end; !err && (end = strchr(line, '\n')); line = end + 1)
			if (!strncmp(line, sources[i].mark, mark) && line[mark] != '0')
				strmap_add(tips, line + mark, (size_t)(end - line) - mark);
		buffer_release(&out);
	}
	return err;
}

struct error *verify_in_use(struct strmap *out, struct repo *repo)
{
	struct strmap tips = STRMAP_INIT;
	struct oid none = { "" };
	struct error *err = list_tips(repo, &tips);
	if (!err && repo_work_tree(repo))
		err = add_snapshot(out, repo, SNAPSHOT_WORK_TREE, &none);
	if (!err && repo_work_tree(repo))
		err = add_snapshot(out, repo, SNAPSHOT_INDEX, &none);
	for (size_t i = 0; i < tips.nr && !err; i++) {
		struct oid tip = { "" };
		if (tips.entries[i].key_len >= sizeof(tip.hex))
			continue;
		memcpy(tip.hex, tips.entries[i].key, tips.entries[i].key_len + 1);
		err = error_context(add_snapshot(out, repo, SNAPSHOT_COMMIT, &tip),
				    "cannot tell which papers commit %.12s has", tip.hex);
	}
	strmap_release(&tips, NULL);
	return err;
}
