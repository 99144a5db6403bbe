#include "git/snapshot.h"

#include <stdint.h>

#include "base/memory.h"
#include "base/text.h"
#include "git/snapshot_internal.h"

/* Folders below each other that are looked into for a file that is left. */
#define SURVIVOR_MAX_DEPTH 2048

struct error *snapshot_new(struct snapshot **out, struct repo *repo, enum snapshot_kind kind,
			   const struct oid *commit)
{
	struct error *err;
	if (kind != SNAPSHOT_COMMIT && !repo_work_tree(repo))
		return error_with_hint(error_new(ERROR_UNSUPPORTED,
						 "this repository has no work tree"),
				       "name a commit, such as HEAD");
	struct snapshot *s = xcalloc(1, sizeof(*s));
	const char *file_mode = repo_config(repo, "core.filemode");
	s->repo = repo;
	s->kind = kind;
	s->trust_executable_bit = !file_mode || strcmp(file_mode, "false");
	buffer_init(&s->changed_text, SNAPSHOT_MAX_SCAN);
	buffer_init(&s->untracked_text, SNAPSHOT_MAX_SCAN);
	if (kind == SNAPSHOT_COMMIT)
		err = repo_commit_tree(repo, commit, &s->base);
	else
		err = snapshot_scan(s);
	if (err) {
		snapshot_free(s);
		return err;
	}
	*out = s;
	return NULL;
}

struct snapshot *snapshot_new_base(const struct snapshot *s)
{
	struct snapshot *base = xcalloc(1, sizeof(*base));
	base->repo = s->repo;
	base->kind = SNAPSHOT_COMMIT;
	base->base = s->base;
	base->trust_executable_bit = s->trust_executable_bit;
	buffer_init(&base->changed_text, SNAPSHOT_MAX_SCAN);
	buffer_init(&base->untracked_text, SNAPSHOT_MAX_SCAN);
	return base;
}

void snapshot_free(struct snapshot *s)
{
	if (!s)
		return;
	coprocess_stop(&s->hasher);
	buffer_release(&s->changed_text);
	buffer_release(&s->untracked_text);
	free(s->changes);
	free(s);
}

enum snapshot_kind snapshot_kind(const struct snapshot *s)
{
	return s->kind;
}

struct repo *snapshot_repo(const struct snapshot *s)
{
	return s->repo;
}

/* -- the changes ------------------------------------------------------------------------------- */

/* Compares PATH with FOLDER and the NAME behind it, as if they were one string. With PREFIX, what
 * lies below that counts as equal. */
static int compare_path(const char *path, const char *folder, struct slice name, bool prefix)
{
	size_t len = strlen(folder);
	int order = strncmp(path, folder, len);
	if (order)
		return order;
	path += len;
	order = strncmp(path, name.data, name.len);
	if (order || prefix)
		return order;
	return path[name.len] != '\0';
}

/* The first change that is not before FOLDER + NAME or, if AFTER, the first one behind all that
 * begins with it. */
static size_t bound(const struct snapshot *s, const char *folder, struct slice name, bool after)
{
	size_t from = 0, to = s->nr;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		int order = compare_path(s->changes[middle].path, folder, name, true);
		if (order < 0 || (after && !order))
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* FOLDER is "" or ends with '/'. */
static struct change *find_in(const struct snapshot *s, const char *folder, struct slice name)
{
	size_t at = bound(s, folder, name, false);
	if (at < s->nr && !compare_path(s->changes[at].path, folder, name, false))
		return &s->changes[at];
	return NULL;
}

struct change *snapshot_find_change(const struct snapshot *s, const char *path)
{
	return find_in(s, "", (struct slice){ path, strlen(path) });
}

/* FOLDER with a '/' behind it unless it is the top, to be freed. */
static char *with_slash(const char *folder)
{
	return *folder ? xstrfmt("%s/", folder) : xstrdup("");
}

void snapshot_range(const struct snapshot *s, const char *folder, size_t *from, size_t *to)
{
	char *prefix = with_slash(folder);
	struct slice all = { prefix, strlen(prefix) };
	*from = bound(s, "", all, false);
	*to = bound(s, "", all, true);
	free(prefix);
}

static bool any_left(const struct snapshot *s, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (s->changes[i].mode)
			return true;
	return false;
}

/* -- folders of the base of which something is left -------------------------------------------- */

struct survivor {
	struct snapshot *s;
	const char *prefix; /* of the folder, with '/' */
	unsigned depth;
	bool found;
};

static struct error *find_survivor(struct survivor *in, const struct oid *tree);

static struct error *look_at_entry(const struct tree_entry *e, void *data)
{
	struct survivor *in = data;
	size_t from, to;
	if (in->found)
		return NULL;
	if (e->mode != MODE_FOLDER) {
		const struct change *change = find_in(in->s, in->prefix, e->name);
		in->found = !change || change->mode;
		return NULL;
	}
	char *prefix = xstrfmt("%s%.*s/", in->prefix, (int)e->name.len, e->name.data);
	struct slice all = { prefix, strlen(prefix) };
	from = bound(in->s, "", all, false);
	to = bound(in->s, "", all, true);
	struct survivor below = { in->s, prefix, in->depth + 1, from == to };
	struct error *err = NULL;
	if (!below.found)
		err = find_survivor(&below, &e->oid);
	in->found = below.found;
	free(prefix);
	return err;
}

static struct error *find_survivor(struct survivor *in, const struct oid *tree)
{
	if (in->depth > SURVIVOR_MAX_DEPTH) {
		in->found = true;
		return NULL;
	}
	return repo_tree_each(in->s->repo, tree, look_at_entry, in);
}

/* Whether anything below the folder PREFIX, whose changes are FROM to TO, is left. */
static struct error *folder_survives(struct snapshot *s, const char *prefix, size_t from, size_t to,
				     bool *survives)
{
	struct tree_entry base;
	*survives = any_left(s, from, to);
	if (*survives || !s->base.hex[0])
		return NULL;
	char *path = xmemdupz(prefix, strlen(prefix) - 1);
	struct error *err = repo_tree_lookup(s->repo, &s->base, path, &base);
	struct survivor top = { s, prefix, 0, false };
	if (!err && base.mode == MODE_FOLDER)
		err = find_survivor(&top, &base.oid);
	error_drop_if(&err, ERROR_NOT_FOUND);
	*survives = top.found;
	free(path);
	return err;
}

/* -- listing a folder -------------------------------------------------------------------------- */

struct item {
	unsigned mode;
	const char *name; /* set when the listing is whole and NAMES moves no more */
	size_t len;
	struct oid oid;
	bool untracked, changed;
};

struct listing {
	struct snapshot *s;
	char *prefix; /* of the folder, with '/' */
	size_t from, to; /* the changes below it */
	struct buffer names; /* those of the base, whose tree does not stay in memory */
	struct item *items;
	size_t nr, alloc;
};

/* CHANGE is NULL for what is as in the base, and for folders. */
static void add_item(struct listing *list, unsigned mode, struct slice name, const struct oid *oid,
		     const struct change *change)
{
	ALLOC_GROW(list->items, list->nr, list->alloc);
	struct item *item = &list->items[list->nr++];
	*item = (struct item){ .mode = mode, .len = name.len, .changed = change != NULL,
			       .untracked = change && change->untracked };
	if (oid)
		item->oid = *oid;
	buffer_add(&list->names, name.data, name.len);
	buffer_addch(&list->names, '\0');
}

/* An entry of the base that no change is about. */
static struct error *add_base_entry(const struct tree_entry *e, void *data)
{
	struct listing *list = data;
	if (list->from < list->to) {
		bool changed;
		if (e->mode == MODE_FOLDER) {
			char *prefix = xstrfmt("%s%.*s/", list->prefix, (int)e->name.len,
					       e->name.data);
			struct slice all = { prefix, strlen(prefix) };
			changed = bound(list->s, "", all, false) != bound(list->s, "", all, true);
			free(prefix);
		} else {
			changed = find_in(list->s, list->prefix, e->name) != NULL;
		}
		if (changed)
			return NULL;
	}
	add_item(list, e->mode, e->name, &e->oid, NULL);
	return NULL;
}

/* The change at AT: a file of this folder, or the first of those in the folder *NAME of it, which
 * end before *NEXT. */
static bool is_file_of(const struct listing *list, size_t at, struct slice *name, size_t *next)
{
	const char *rest = list->s->changes[at].path + strlen(list->prefix);
	*name = (struct slice){ rest, strcspn(rest, "/") };
	*next = at + 1;
	if (!rest[name->len])
		return true;
	struct slice with_its_slash = { rest, name->len + 1 };
	*next = bound(list->s, list->prefix, with_its_slash, true);
	return false;
}

/* The files of this folder whose ids nobody has asked for yet, all at once. */
static struct error *examine_files(struct listing *list)
{
	struct change **files = NULL;
	size_t nr = 0, alloc = 0, next;
	struct slice name;
	for (size_t i = list->from; i < list->to; i = next) {
		struct change *change = &list->s->changes[i];
		if (!is_file_of(list, i, &name, &next) || change->examined)
			continue;
		ALLOC_GROW(files, nr, alloc);
		files[nr++] = change;
	}
	struct error *err = snapshot_examine(list->s, files, nr);
	free(files);
	return err;
}

static struct error *add_changes(struct listing *list)
{
	struct error *err = examine_files(list);
	struct slice name;
	size_t next;
	for (size_t i = list->from; i < list->to && !err; i = next) {
		const struct change *change = &list->s->changes[i];
		bool survives;
		if (is_file_of(list, i, &name, &next)) {
			if (change->mode)
				add_item(list, change->mode, name, &change->oid, change);
			continue;
		}
		char *prefix = xstrfmt("%s%.*s/", list->prefix, (int)name.len, name.data);
		err = folder_survives(list->s, prefix, i, next, &survives);
		if (!err && survives)
			add_item(list, MODE_FOLDER, name, NULL, NULL);
		free(prefix);
	}
	return err;
}

/* git's order: by bytes, a folder as if its name ended with '/'. */
static int compare_items(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	size_t n = x->len < y->len ? x->len : y->len;
	int order = memcmp(x->name, y->name, n);
	if (order)
		return order;
	unsigned char after_x = (unsigned char)x->name[n], after_y = (unsigned char)y->name[n];
	if (!after_x && x->mode == MODE_FOLDER)
		after_x = '/';
	if (!after_y && y->mode == MODE_FOLDER)
		after_y = '/';
	return after_x - after_y;
}

/* Puts the items in order, and into one allocation with their names behind them. */
static struct error *finish_listing(struct listing *list, struct snapshot_entry **entries)
{
	struct error *err = buffer_check(&list->names, "a folder's list of names");
	if (err || !list->nr)
		return err;
	const char *name = list->names.data;
	for (size_t i = 0; i < list->nr; i++) {
		list->items[i].name = name;
		name += list->items[i].len + 1;
	}
	if (list->from < list->to)
		qsort(list->items, list->nr, sizeof(*list->items), compare_items);
	struct snapshot_entry *all =
		xmalloc(list->nr * sizeof(*all) + list->names.len);
	char *names = (char *)(all + list->nr);
	for (size_t i = 0; i < list->nr; i++) {
		const struct item *item = &list->items[i];
		all[i] = (struct snapshot_entry){ item->mode, names, item->oid, item->untracked,
						  item->changed };
		memcpy(names, item->name, item->len + 1);
		names += item->len + 1;
	}
	*entries = all;
	return NULL;
}

/* The tree at PATH of the base; empty when there is none. */
static struct error *base_folder(struct snapshot *s, const char *path, struct oid *out)
{
	struct tree_entry base;
	*out = (struct oid){ "" };
	if (!s->base.hex[0])
		return NULL;
	struct error *err = repo_tree_lookup(s->repo, &s->base, path, &base);
	if (!err && base.mode == MODE_FOLDER)
		*out = base.oid;
	error_drop_if(&err, ERROR_NOT_FOUND);
	return err;
}

struct error *snapshot_list(struct snapshot *s, const char *path, struct snapshot_entry **entries,
			    size_t *nr, struct oid *clean_tree)
{
	struct listing list = { .s = s, .names = BUFFER_INIT };
	struct oid base;
	*entries = NULL;
	*nr = 0;
	list.prefix = with_slash(path);
	struct error *err = snapshot_examine_tracked(s);
	if (err)
		goto out;
	snapshot_range(s, path, &list.from, &list.to);
	err = base_folder(s, path, &base);
	if (!err && base.hex[0])
		err = repo_tree_each(s->repo, &base, add_base_entry, &list);
	if (!err)
		err = add_changes(&list);
	bool clean = list.from == list.to;
	if (!err && *path && !list.nr && !(clean && base.hex[0]))
		err = error_new(ERROR_NOT_FOUND, "there is no folder '%s'", path);
	if (!err)
		err = finish_listing(&list, entries);
	if (err)
		goto out;
	*nr = list.nr;
	if (clean_tree)
		*clean_tree = clean ? base : (struct oid){ "" };
out:
	buffer_release(&list.names);
	free(list.items);
	free(list.prefix);
	return err;
}

struct error *snapshot_lookup(struct snapshot *s, const char *path, struct tree_entry *out)
{
	const struct change *change = *path ? snapshot_find_change(s, path) : NULL;
	size_t from, to;
	if (change && change->mode) {
		*out = (struct tree_entry){ .mode = change->mode, .oid = change->oid };
		return NULL;
	}
	snapshot_range(s, path, &from, &to);
	if (any_left(s, from, to)) {
		*out = (struct tree_entry){ .mode = MODE_FOLDER };
		return NULL;
	}
	if (change || !s->base.hex[0])
		return error_new(ERROR_NOT_FOUND, "there is no '%s'", path);
	return repo_tree_lookup(s->repo, &s->base, path, out);
}
