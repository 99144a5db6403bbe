#include "git/records_internal.h"

#include "base/memory.h"
#include "base/sha256.h"
#include "base/text.h"

/* Folders of names below a content id: replies/<hash>.json has one. */
#define RECORD_MAX_NAME_DEPTH 4

bool is_content_id(const char *s)
{
	for (size_t i = 0; i < CONTENT_ID_SIZE; i++)
		if (!ascii_digit(s[i]) && (s[i] < 'a' || s[i] > 'f'))
			return false;
	return !s[CONTENT_ID_SIZE];
}

/*
 * Names become file names, tree entries and lines of a fast-import stream, so they hold plain
 * characters only; '~' is left for the second of two answers that differ. The last part ends in
 * ENDING and the others have no dot, so that no name can be a folder of another.
 */
bool is_record_name(const char *name, const char *ending)
{
	size_t len = strlen(name);
	if (!len || len > RECORD_MAX_NAME || !ends_with(name, ending))
		return false;
	const char *last = strrchr(name, '/');
	for (const char *c = name; *c; c++) {
		bool starts_part = c == name || c[-1] == '/';
		if (starts_part && !ascii_alnum(*c))
			return false;
		if (last && c < last && *c == '.')
			return false;
		if (!ascii_alnum(*c) && !strchr("._+@=,-/", *c))
			return false;
	}
	return true;
}

static struct error *check_key(const char *content_id, const char *name)
{
	if (!is_content_id(content_id))
		return error_new(ERROR_GENERIC, "'%s' is not a content id", content_id);
	if (name && !is_record_name(name, ".json"))
		return error_new(ERROR_GENERIC, "'%s' cannot be the name of a record", name);
	return NULL;
}

struct error *records_open(struct records **out, struct repo *repo)
{
	struct records *r = xcalloc(1, sizeof(*r));
	r->repo = repo;
	journal_init(&r->journal, repo_common_dir(repo));
	struct error *err = records_refresh(r, NULL);
	if (err) {
		records_free(r);
		return err;
	}
	*out = r;
	return NULL;
}

void records_free(struct records *r)
{
	if (!r)
		return;
	journal_release(&r->journal);
	strmap_release(&r->settled, free);
	free(r);
}

struct repo *records_repo(const struct records *r)
{
	return r->repo;
}

/* "v2" and later are layouts that only later programs know. */
static struct error *check_layout(const struct tree_entry *e, void *data)
{
	struct tree_entry *root = data;
	if (slice_equals(e->name, RECORDS_ROOT)) {
		*root = *e;
		return NULL;
	}
	size_t digits = 1;
	while (digits < e->name.len && ascii_digit(e->name.data[digits]))
		digits++;
	if (e->mode != 040000 || e->name.len < 2 || e->name.data[0] != 'v' || digits < e->name.len)
		return NULL;
	return error_with_hint(error_new(ERROR_UNSUPPORTED, "the records were written by a newer git scrutiny "
							    "(layout %.*s)", (int)e->name.len, e->name.data),
			       "upgrade git scrutiny");
}

struct error *records_root(struct repo *repo, const struct oid *commit, struct oid *root)
{
	struct tree_entry entry = { 0 };
	struct oid tree;
	root->hex[0] = '\0';
	struct error *err = repo_commit_tree(repo, commit, &tree);
	if (!err)
		err = repo_tree_each(repo, &tree, check_layout, &entry);
	if (!err && entry.mode == 040000)
		*root = entry.oid;
	return err;
}

struct error *records_refresh(struct records *r, bool *moved)
{
	struct oid tip, root = { "" };
	struct records_watch now;
	if (moved)
		*moved = false;
	/* Looked at before git is asked: what moves meanwhile is seen the next time. */
	records_watch_look(&now, repo_common_dir(r->repo), RECORDS_REF);
	if (r->looked && records_watch_same(&now, &r->watch))
		return NULL;
	struct error *err = repo_ref(r->repo, RECORDS_REF, &tip);
	bool same = !err && !strcmp(tip.hex, r->tip.hex);
	if (!err && !same && tip.hex[0])
		err = error_context(records_root(r->repo, &tip, &root), "cannot read %s", RECORDS_REF);
	if (err)
		return err;
	r->watch = now;
	r->looked = true;
	if (same)
		return NULL;
	r->root = root;
	r->tip = tip;
	if (moved)
		*moved = true;
	return NULL;
}

void records_path(struct buffer *out, const char *content_id, const char *name)
{
	if (is_content_id(content_id))
		buffer_addf(out, "%.2s/%s/%s", content_id, content_id + 2, name);
	else
		buffer_addf(out, "%s/%s", content_id, name);
}

struct error *records_find(struct records *r, const char *content_id, const char *name,
			   struct tree_entry *out)
{
	if (!r->root.hex[0])
		return error_new(ERROR_NOT_FOUND, "there is no record '%s'", name);
	struct buffer path = BUFFER_INIT;
	records_path(&path, content_id, name);
	struct error *err = repo_tree_lookup(r->repo, &r->root, path.data, out);
	if (!err && out->mode != 0100644 && out->mode != 0100755)
		err = error_new(ERROR_NOT_FOUND, "there is no record '%s'", name);
	buffer_release(&path);
	return err;
}

struct error *records_find_now(struct records *r, const char *content_id, const char *name,
			       struct tree_entry *out)
{
	bool moved = false;
	struct error *err = records_find(r, content_id, name, out);
	if (!error_is(err, ERROR_NOT_FOUND))
		return err;
	struct error *refresh = records_refresh(r, &moved);
	if (!refresh && !moved)
		return err;
	error_free(err);
	return refresh ? refresh : records_find(r, content_id, name, out);
}

struct error *records_read(struct records *r, const char *content_id, const char *name,
			   struct buffer *out)
{
	struct tree_entry entry;
	struct error *err = check_key(content_id, NULL);
	if (err)
		return err;
	err = journal_read(&r->journal, content_id, name, out, NULL);
	if (!error_drop_if(&err, ERROR_NOT_FOUND))
		return err;
	err = records_find_now(r, content_id, name, &entry);
	return err ? err : repo_read_object(r->repo, &entry.oid, OBJECT_BLOB, out);
}

bool records_has(struct records *r, const char *content_id, const char *name)
{
	struct tree_entry entry;
	if (!is_content_id(content_id))
		return false;
	if (journal_has(&r->journal, content_id, name))
		return true;
	struct error *err = records_find_now(r, content_id, name, &entry);
	bool has = !err;
	error_free(err);
	return has;
}

struct error *records_pending(struct records *r, const char *name, struct strmap *content_ids)
{
	struct journal_entry *entries = NULL;
	size_t nr = 0;
	struct error *err = journal_list(&r->journal, &entries, &nr);
	for (size_t i = 0; i < nr && !err; i++)
		if (!strcmp(entries[i].name, name) && is_content_id(entries[i].content_id))
			strmap_add(content_ids, entries[i].content_id, CONTENT_ID_SIZE);
	journal_entries_free(entries, nr);
	return err;
}

struct name_walk {
	struct repo *repo;
	struct strmap *names;
	const char *prefix;
	unsigned depth;
};

/* Another clone may have pushed any name. Those that we never give are nobody's: they must not become file names
 * or parts of a stream. */
static bool is_plain(struct slice name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!ascii_alnum(name.data[i]) && (!i || !name.data[i] || !strchr("._+@=,-~", name.data[i])))
			return false;
	return name.len > 0;
}

static struct error *add_names(const struct tree_entry *e, void *data)
{
	const struct name_walk *walk = data;
	struct error *err = NULL;
	struct buffer name = BUFFER_INIT;
	if (!is_plain(e->name))
		return NULL;
	buffer_addstr(&name, walk->prefix);
	buffer_add(&name, e->name.data, e->name.len);
	if (e->mode == 040000 && walk->depth < RECORD_MAX_NAME_DEPTH) {
		buffer_addch(&name, '/');
		struct name_walk below = { walk->repo, walk->names, name.data, walk->depth + 1 };
		err = repo_tree_each(walk->repo, &e->oid, add_names, &below);
	} else if (e->mode == 0100644 || e->mode == 0100755) {
		strmap_add(walk->names, name.data, name.len);
	}
	buffer_release(&name);
	return err;
}

struct error *records_committed_names(struct records *r, const char *path, const char *prefix,
				      struct strmap *names)
{
	struct tree_entry folder;
	if (!r->root.hex[0])
		return NULL;
	struct error *err = repo_tree_lookup(r->repo, &r->root, path, &folder);
	if (err) {
		error_drop_if(&err, ERROR_NOT_FOUND);
		return err;
	}
	if (folder.mode != 040000)
		return NULL;
	struct name_walk walk = { r->repo, names, prefix, 0 };
	return repo_tree_each(r->repo, &folder.oid, add_names, &walk);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void records_sorted_names(const struct strmap *set, char ***names, size_t *nr)
{
	*names = set->nr ? xreallocarray(NULL, set->nr, sizeof(**names)) : NULL;
	*nr = set->nr;
	for (size_t i = 0; i < set->nr; i++)
		(*names)[i] = xstrdup(set->entries[i].key);
	if (*nr)
		qsort(*names, *nr, sizeof(**names), compare_names);
}

struct error *records_list(struct records *r, const char *content_id, char ***names, size_t *nr)
{
	struct strmap set = STRMAP_INIT;
	char *folder = NULL;
	*names = NULL;
	*nr = 0;
	struct error *err = check_key(content_id, NULL);
	/* The journal first: what leaves it meanwhile is on the ref by then. */
	if (!err)
		err = journal_names(&r->journal, content_id, &set);
	if (!err)
		err = records_refresh(r, NULL);
	if (!err) {
		folder = xstrfmt("%.2s/%s", content_id, content_id + 2);
		err = records_committed_names(r, folder, "", &set);
	}
	if (!err)
		records_sorted_names(&set, names, nr);
	strmap_release(&set, NULL);
	free(folder);
	return err;
}

static void settle(struct records *r, const char *content_id, struct slice data)
{
	char **hash = (char **)strmap_at(&r->settled, content_id, strlen(content_id));
	free(*hash);
	*hash = xmalloc(SHA256_HEX_SIZE + 1);
	sha256_hex(data.data, data.len, *hash);
}

struct error *records_put(struct records *r, const char *content_id, const char *name,
			  struct slice data)
{
	struct error *err = check_key(content_id, name);
	if (!err && data.len > RECORD_MAX_SIZE)
		err = error_new(ERROR_LIMIT, "the record '%s' is larger than %zu bytes", name,
				RECORD_MAX_SIZE);
	if (!err)
		err = journal_put(&r->journal, content_id, name, data);
	if (!err && !strcmp(name, RUN_NAME))
		settle(r, content_id, data);
	return err;
}

struct error *records_settle(struct records *r, const char *content_id)
{
	struct buffer data = BUFFER_INIT_MAX(RECORD_MAX_SIZE);
	struct error *err = check_key(content_id, NULL);
	if (!err)
		err = journal_read(&r->journal, content_id, RUN_NAME, &data, NULL);
	if (!err)
		settle(r, content_id, slice_of(&data));
	error_drop_if(&err, ERROR_NOT_FOUND);
	buffer_release(&data);
	return err;
}
