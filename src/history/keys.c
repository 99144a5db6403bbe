/* When two versions are the same to the checks. */
#include "base/hex.h"
#include "base/memory.h"
#include "base/text.h"
#include "git/object_reader.h"
#include "history/internal.h"

#define MODE_FOLDER 0040000u
#define MODE_LINK 0120000u
/* Folders in folders that are looked into; deeper ones count as a whole. */
#define MAX_DEPTH 200

struct error *version_trees(struct paper_history *h, struct version *v, struct oid *folder)
{
	struct error *err = NULL;
	struct tree_entry entry;
	*folder = (struct oid){ "" };
	if (!v->inside->tree.hex[0])
		err = repo_commit_tree(h->settings.repo, &v->commit, &v->inside->tree);
	if (err)
		return err;
	if (!*v->folder) {
		*folder = v->inside->tree;
		return NULL;
	}
	err = repo_tree_lookup(h->settings.repo, &v->inside->tree, v->folder, &entry);
	if (!err && entry.mode == MODE_FOLDER)
		*folder = entry.oid;
	error_drop_if(&err, ERROR_NOT_FOUND);
	return err;
}

static bool slice_ends_with(struct slice s, const char *suffix)
{
	size_t len = strlen(suffix);
	return s.len >= len && !memcmp(s.data + s.len - len, suffix, len);
}

/* Files of which only the name counts. */
static bool is_picture(struct slice name)
{
	static const char *const suffixes[] = { ".png", ".jpg", ".jpeg", ".pdf", ".eps", ".svg", ".gif" };
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
		if (slice_ends_with(name, suffixes[i]))
			return true;
	return false;
}

/* What we write ourselves changes no paper. */
static bool is_ours(struct slice name)
{
	static const char *const names[] = { "scrutiny.md", "scrutiny.json", "meta.yaml" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (slice_equals(name, names[i]))
			return true;
	return false;
}

/* -- keys --------------------------------------------------------------------------------------- */

struct key_walk {
	struct paper_history *h;
	struct sha256 hash;
	unsigned depth;
};

static struct error *key_of(struct paper_history *h, const struct oid *tree, unsigned depth, const char **out);

static struct error *add_to_key(const struct tree_entry *e, void *data)
{
	struct key_walk *walk = data;
	const char *content = e->oid.hex;
	if (is_ours(e->name))
		return NULL;
	if (e->mode == MODE_FOLDER && walk->depth < MAX_DEPTH) {
		struct error *err = key_of(walk->h, &e->oid, walk->depth + 1, &content);
		if (err)
			return err;
	} else if (e->mode != MODE_LINK && is_picture(e->name)) {
		content = "";
	}
	char *head = xstrfmt("%o %s ", e->mode, content);
	sha256_update(&walk->hash, head, strlen(head));
	sha256_update(&walk->hash, e->name.data, e->name.len);
	sha256_update(&walk->hash, "", 1);
	free(head);
	return NULL;
}

static struct error *key_of(struct paper_history *h, const struct oid *tree, unsigned depth, const char **out)
{
	const char *known = strmap_get(&h->tree_keys, tree->hex, strlen(tree->hex));
	struct key_walk walk = { .h = h, .depth = depth };
	unsigned char digest[SHA256_SIZE];
	char *hex = xmalloc(SHA256_HEX_SIZE + 1);
	struct error *err = NULL;
	if (!known) {
		sha256_init(&walk.hash);
		err = repo_tree_each(h->settings.repo, tree, add_to_key, &walk);
		sha256_final(&walk.hash, digest);
		hex_encode(digest, SHA256_SIZE, hex);
		if (!err) {
			*strmap_at(&h->tree_keys, tree->hex, strlen(tree->hex)) = hex;
			known = hex;
			hex = NULL;
		}
	}
	free(hex);
	*out = known;
	return err;
}

struct error *tree_key(struct paper_history *h, const struct oid *tree, const char **out)
{
	return key_of(h, tree, 0, out);
}

/* -- what a partial clone has ------------------------------------------------------------------- */

struct oid_list {
	struct paper_history *h;
	struct oid *items;
	size_t nr, alloc;
	unsigned depth;
};

static struct error *add_blobs(const struct tree_entry *e, void *data)
{
	struct oid_list *list = data;
	struct error *err = NULL;
	if (e->mode == MODE_FOLDER && list->depth < MAX_DEPTH) {
		list->depth++;
		err = repo_tree_each(list->h->settings.repo, &e->oid, add_blobs, list);
		list->depth--;
	} else if ((e->mode & 0170000) == 0100000 && !is_ours(e->name) && !is_picture(e->name)) {
		ALLOC_GROW(list->items, list->nr, list->alloc);
		list->items[list->nr++] = e->oid;
	}
	return err;
}

struct error *tree_is_here(struct paper_history *h, const struct oid *tree, bool *here)
{
	struct oid_list list = { .h = h };
	const char *known = strmap_get(&h->here, tree->hex, strlen(tree->hex));
	struct error *err = NULL;
	*here = !h->is_partial || (known && *known == 'y');
	if (!h->is_partial || known)
		return NULL;
	err = repo_tree_each(h->settings.repo, tree, add_blobs, &list);
	if (!err)
		err = repo_has_objects(h->settings.repo, list.items, list.nr, here);
	if (!err)
		*strmap_at(&h->here, tree->hex, strlen(tree->hex)) = xstrdup(*here ? "y" : "n");
	free(list.items);
	return err;
}

/* -- outside ------------------------------------------------------------------------------------ */

/* Whether a folder on the way to PATH is a symbolic link. */
static struct error *find_link(struct paper_history *h, const struct oid *tree, const char *path, bool *link)
{
	struct error *err = NULL;
	*link = false;
	for (const char *slash = strchr(path, '/'); slash && !*link && !err; slash = strchr(slash + 1, '/')) {
		struct tree_entry entry = { 0 };
		char *folder = xmemdupz(path, (size_t)(slash - path));
		err = repo_tree_lookup(h->settings.repo, tree, folder, &entry);
		*link = !err && entry.mode == MODE_LINK;
		free(folder);
	}
	error_drop_if(&err, ERROR_NOT_FOUND);
	return err;
}

struct error *outside_find(struct paper_history *h, const struct oid *tree, struct outside *outside)
{
	struct tree_entry entry = { 0 };
	struct error *err = repo_tree_lookup(h->settings.repo, tree, outside->path, &entry);
	bool none = error_drop_if(&err, ERROR_NOT_FOUND);
	outside->oid = none || err ? (struct oid){ "" } : entry.oid;
	outside->mode = none || err ? 0 : entry.mode;
	outside->opaque = outside->mode == MODE_LINK;
	return none && !err ? find_link(h, tree, outside->path, &outside->opaque) : err;
}

bool outside_equal(const struct outside *a, const struct outside *b)
{
	return !a->opaque && !b->opaque && a->mode == b->mode && !strcmp(a->oid.hex, b->oid.hex);
}
