#include "history/history.h"

#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "git/object_reader.h"
#include "history/internal.h"

#define MAX_SHALLOW ((size_t)64 << 20)

struct paper_history *history_new(const struct history_settings *settings)
{
	struct paper_history *h = xcalloc(1, sizeof(*h));
	h->settings = *settings;
	if (!h->settings.threads) {
		long processors = sysconf(_SC_NPROCESSORS_ONLN);
		h->settings.threads = processors > 0 ? (unsigned)processors : 1;
	}
	if (h->settings.threads > HISTORY_MAX_THREADS)
		h->settings.threads = HISTORY_MAX_THREADS;
	h->lookup = paper_lookup_new(settings->rules);
	h->is_partial = repo_is_partial(settings->repo);
	h->window = 1;
	return h;
}

/* The commits, not what was seen in them. */
static void forget_versions(struct paper_history *h)
{
	strmap_release(&h->versions, version_free);
	strmap_release(&h->segments, NULL);
	version_free(h->present);
	h->present = NULL;
}

void history_free(struct paper_history *h)
{
	if (!h)
		return;
	forget_versions(h);
	paper_lookup_free(h->lookup);
	strmap_release(&h->shallow, NULL);
	strmap_release(&h->outside, NULL);
	strmap_release(&h->tree_keys, free);
	strmap_release(&h->here, free);
	strmap_release(&h->looks, kept_look_free);
	kept_look_free(h->present_look);
	free(h);
}

/* The commits whose parents a shallow clone does not have. */
static struct error *read_shallow(struct paper_history *h)
{
	char *path = xstrfmt("%s/shallow", repo_common_dir(h->settings.repo));
	struct buffer text = BUFFER_INIT_MAX(MAX_SHALLOW);
	struct error *err = file_read(path, &text);
	error_drop_if(&err, ERROR_NOT_FOUND);
	for (const char *line = text.data; !err && line && *line;) {
		size_t len = strcspn(line, "\n");
		strmap_add(&h->shallow, line, len);
		line += len + (line[len] == '\n');
	}
	buffer_release(&text);
	free(path);
	return err;
}

struct error *history_present(struct paper_history *h, const struct look **out)
{
	struct error *err = h->present_look ? NULL : look_at_present(h);
	*out = err ? NULL : &h->present_look->look;
	return err;
}

static struct version *new_present(const char *folder)
{
	struct version *v = version_new(folder);
	v->shortened = xstrdup("");
	v->author = xstrdup("");
	v->mail = xstrdup("");
	v->date = xstrdup("");
	v->subject = xstrdup("");
	v->inside->is_present = v->inside->has_parents = true;
	return v;
}

/* What the commit has of the paper, though it may be in another folder there: *HEAD is NULL when it has none. */
static struct error *find_head(struct paper_history *h, struct version **head)
{
	const struct oid *commit = &h->settings.commit;
	char *folder = NULL;
	struct error *err = graph_find(h, commit, h->settings.folder, head);
	if (!err && *head)
		err = history_look(h, *head);
	bool is_there = !err && *head && ((*head)->missing || (*head)->look->is_paper);
	if (err || is_there || !commit->hex[0] || snapshot_kind(h->settings.snapshot) == SNAPSHOT_COMMIT)
		return err;
	err = rename_find_staged(h, commit, h->settings.folder, &folder);
	if (!err && folder)
		err = graph_find(h, commit, folder, head);
	free(folder);
	return err;
}

struct error *history_begin(struct paper_history *h, struct version **out)
{
	struct version *head = NULL;
	forget_versions(h);
	h->present = *out = new_present(h->settings.folder);
	struct error *err = h->shallow.nr ? NULL : read_shallow(h);
	if (!err)
		err = history_present(h, &h->present->look);
	h->nr_asked = h->outside.nr;
	if (!err)
		err = find_head(h, &head);
	if (!err && head) {
		h->present->parents = xcalloc(1, sizeof(struct version *));
		h->present->parents[h->present->nr_parents++] = head;
	}
	return err;
}

bool history_must_begin_again(struct paper_history *h)
{
	return h->outside.nr != h->nr_asked;
}

/* -- parents ------------------------------------------------------------------------------------ */

/* Whether the paper is there in one of the simplified parents. */
static struct error *any_has_it(struct paper_history *h, const struct version *v, bool *any)
{
	struct error *err = NULL;
	*any = false;
	for (size_t i = 0; i < v->nr_parents && !err && !*any; i++) {
		err = history_look(h, v->parents[i]);
		*any = v->parents[i]->missing || (v->parents[i]->look && v->parents[i]->look->is_paper);
	}
	return err;
}

static void add_parent(struct version *v, struct version *parent)
{
	for (size_t i = 0; i < v->nr_parents; i++)
		if (v->parents[i] == parent)
			return;
	v->parents = xreallocarray(v->parents, v->nr_parents + 1, sizeof(*v->parents));
	v->parents[v->nr_parents++] = parent;
}

static struct error *follow_renames(struct paper_history *h, struct version *v)
{
	struct oid *commits = NULL;
	size_t nr = 0;
	struct error *err = commit_parents(h->settings.repo, &v->commit, &commits, &nr);
	if (h->settings.first_parent && nr > 1)
		nr = 1;
	for (size_t i = 0; i < nr && !err; i++) {
		char *folder;
		struct version *before = NULL;
		err = rename_find(h, v, &commits[i], &folder);
		if (!err && folder)
			err = graph_find(h, &commits[i], folder, &before);
		if (!err && before)
			add_parent(v, before);
		free(folder);
	}
	free(commits);
	return err;
}

struct error *history_parents(struct paper_history *h, struct version *v)
{
	bool any = true;
	struct error *err = NULL;
	if (v->inside->has_parents)
		return NULL;
	v->inside->has_parents = true;
	if (v->look && v->look->is_paper && !v->boundary)
		err = any_has_it(h, v, &any);
	return err || any ? err : follow_renames(h, v);
}

/* -- what is asked of versions ------------------------------------------------------------------ */

struct error *history_content_id(struct paper_history *h, struct version *v, const char **out)
{
	struct snapshot *snapshot = v->inside->is_present ? h->settings.snapshot : NULL;
	struct paper_inside inside;
	struct error *err = NULL;
	*out = v->inside->content_id;
	if (v->inside->has_content_id)
		return NULL;
	if (!snapshot)
		err = snapshot_new(&snapshot, h->settings.repo, SNAPSHOT_COMMIT, &v->commit);
	if (err)
		return err;
	err = paper_lookup_at(h->lookup, snapshot, v->folder, &inside);
	if (!err && inside.list.nr) {
		const struct paper *paper = &inside.list.items[0];
		memcpy(v->inside->content_id, paper->content_id, SHA256_HEX_SIZE + 1);
		v->inside->reported = !strcmp(paper->reported, paper->content_id);
	}
	v->inside->has_content_id = !err;
	paper_inside_release(&inside);
	if (!v->inside->is_present)
		snapshot_free(snapshot);
	return err;
}

static const struct kept_look *kept_of(const struct version *v)
{
	/* the look is the first member of what is kept */
	return (const struct kept_look *)(const void *)v->look;
}

const size_t *history_match(struct paper_history *h, struct version *v, size_t k)
{
	const struct kept_look *newer = kept_of(v), *older = kept_of(v->parents[k]);
	(void)h;
	if (!v->inside->maps)
		v->inside->maps = xcalloc(v->nr_parents, sizeof(*v->inside->maps));
	if (!v->inside->maps[k]) {
		v->inside->maps[k] = xcalloc(newer->look.findings.nr + 1, sizeof(**v->inside->maps));
		findings_match(v->inside->maps[k], newer->keys, newer->look.findings.nr, older->keys,
			       older->look.findings.nr);
	}
	return v->inside->maps[k];
}
