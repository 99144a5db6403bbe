/* Facts: what a folder holds, looked at from inside. */
#include <limits.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/memory.h"
#include "base/text.h"
#include "paper/discover.h"

/* Names and paths of one repository, together. */
#define DISCOVER_MAX_STRINGS ((size_t)1 << 30)

#define OWN(kind) ((uint32_t)NODE_OWN << (kind))
#define TAKEN(kind) ((uint32_t)NODE_TAKEN << (kind))
#define ALL_OWN ((uint32_t)NODE_OWN * NODE_KINDS)
#define ALL_TAKEN ((uint32_t)NODE_TAKEN * NODE_KINDS)

bool node_is_paper(uint32_t flags, enum view view, enum view *below)
{
	*below = VIEW_TAKEN;
	if (view == VIEW_TAKEN)
		return false;
	if (flags & NODE_LIFTED)
		return true;
	bool starts = flags & (view == VIEW_FREE ? ALL_OWN : OWN(MANUSCRIPT_TEX));
	*below = starts && !(flags & NODE_OPEN) ? VIEW_INSIDE : view;
	return starts;
}

/* A list of words that grows. */
struct words {
	uint32_t *items;
	size_t nr, alloc;
};

static void add_word(struct words *list, uint32_t word)
{
	ALLOC_GROW(list->items, list->nr, list->alloc);
	list->items[list->nr++] = word;
}

/* One folder being looked at. */
struct facts {
	struct discovery *d;
	const char *path;
	const struct folder *folder;
	struct place inside;
	struct node node;
	struct words manuscripts, references, ignored, children;
	unsigned text_children;    /* folders in it with a TeX or Markdown manuscript somewhere */
	bool source_child;         /* the last of them is one whose parent may be the paper */
	bool *is_tex_manuscript;   /* by entry */
	struct strmap included;    /* name -> number of the entry that includes it + 1 */
};

static uint32_t string_of(struct facts *f, const char *s)
{
	return memo_add_string(&f->d->memo, s, strlen(s));
}

static void add_path_reference(struct facts *f, const char *path, enum reference_kind kind)
{
	add_word(&f->references, string_of(f, path));
	add_word(&f->references, kind);
}

/* -- files ------------------------------------------------------------------------------------- */

/* Content as it is stored, so that every view of it says the same; what is changed in the work
 * tree is not stored yet. */
static bool is_stored(const struct facts *f, const struct snapshot_entry *e)
{
	return !e->changed || snapshot_kind(f->d->snapshot) != SNAPSHOT_WORK_TREE;
}

static struct error *read_entry(const struct facts *f, const char *path,
				const struct snapshot_entry *e, struct buffer *out)
{
	if (!is_stored(f, e))
		return snapshot_read(f->d->snapshot, path, out);
	return repo_read_object(snapshot_repo(f->d->snapshot), &e->oid, OBJECT_BLOB, out);
}

/* What entry number N includes; a name that two files include is nobody's own. */
static void note_included(struct facts *f, const struct tex_scan *scan, size_t n)
{
	for (size_t i = 0; i < scan->included.nr; i++) {
		const struct strmap_entry *name = &scan->included.entries[i];
		void **slot = strmap_at(&f->included, name->key, name->key_len);
		uintptr_t includer = n + 1;
		*slot = (void *)(*slot && *slot != (void *)includer ? UINTPTR_MAX : includer);
	}
}

/* What was seen of a folder of which something is not here is not kept. */
static bool drop_if_away(struct facts *f, struct error **err)
{
	if (!is_away(f->d, *err))
		return false;
	memset(f->node.key, 0, sizeof(f->node.key));
	return error_drop_if(err, ERROR_NOT_FOUND);
}

/* A file too large to look into, or that cannot be read, counts as a manuscript: who reads it
 * says so, and nothing goes unnoticed. */
static struct error *look_into_tex(struct facts *f, const char *path, size_t n)
{
	struct buffer text = BUFFER_INIT_MAX(DISCOVER_MAX_TEX);
	struct tex_scan scan = { false, STRMAP_INIT, STRMAP_INIT };
	const struct snapshot_entry *e = &f->folder->entries[n];
	struct error *err = read_entry(f, path, e, &text);
	if (drop_if_away(f, &err) || error_drop_if(&err, ERROR_LIMIT) ||
	    (!is_stored(f, e) &&
	     (error_drop_if(&err, ERROR_IO) || error_drop_if(&err, ERROR_NOT_FOUND)))) {
		f->is_tex_manuscript[n] = true;
	} else if (!err) {
		tex_scan(&scan, slice_of(&text));
		f->is_tex_manuscript[n] = scan.is_manuscript;
		note_included(f, &scan, n);
		for (size_t i = 0; i < scan.references.nr; i++) {
			const char *key = scan.references.entries[i].key;
			add_path_reference(f, key + 1, (enum reference_kind)(key[0] - '0'));
		}
	}
	tex_scan_release(&scan);
	buffer_release(&text);
	return err;
}

/* A link's target is its content. */
static struct error *read_link(struct facts *f, const char *path, const struct snapshot_entry *e,
			       struct buffer *out)
{
	if (is_stored(f, e))
		return read_entry(f, path, e, out);
	char target[PATH_MAX];
	char *full = xstrfmt("%s/%s", repo_work_tree(snapshot_repo(f->d->snapshot)), path);
	ssize_t n = readlink(full, target, sizeof(target));
	free(full);
	if (n > 0)
		buffer_add(out, target, (size_t)n);
	return NULL;
}

static struct error *look_at_link(struct facts *f, const char *path, const struct snapshot_entry *e)
{
	struct buffer target = BUFFER_INIT_MAX(PATH_MAX);
	struct error *err = read_link(f, path, e, &target);
	bool unreadable = drop_if_away(f, &err) || error_drop_if(&err, ERROR_LIMIT);
	if (!err && !unreadable && starts_with(target.data, "../") &&
	    strlen(target.data) == target.len)
		add_path_reference(f, target.data, REFERENCE_LINK);
	buffer_release(&target);
	return err;
}

/* Which content the report that stands in the folder is about; a file that says nothing of the
 * kind is about no content at all. */
static struct error *look_at_report(struct facts *f, const char *path,
				    const struct snapshot_entry *e)
{
	static const char key[] = "\"content_id\": \"";
	struct buffer text = BUFFER_INIT_MAX(DISCOVER_MAX_REPORT);
	struct error *err = read_entry(f, path, e, &text);
	bool unreadable = drop_if_away(f, &err) || error_drop_if(&err, ERROR_LIMIT) ||
			  error_drop_if(&err, ERROR_IO) || error_drop_if(&err, ERROR_NOT_FOUND);
	const char *at = err || unreadable ? NULL : strstr(text.data, key);
	if (at && (size_t)(text.data + text.len - at) > strlen(key) + SHA256_HEX_SIZE)
		hex_decode(at + strlen(key), f->node.reported, SHA256_SIZE);
	f->node.flags |= NODE_REPORTED;
	buffer_release(&text);
	return err;
}

static struct error *look_into_files(struct facts *f)
{
	struct buffer path = BUFFER_INIT;
	struct error *err = NULL;
	for (size_t i = 0; i < f->folder->nr && !err; i++) {
		const struct snapshot_entry *e = &f->folder->entries[i];
		if (f->folder->ignored[i] || is_folder_mode(e->mode))
			continue;
		enum file_role role = file_role(e->name);
		buffer_reset(&path);
		path_join(&path, f->path, e->name);
		if (e->mode == 0120000)
			err = look_at_link(f, path.data, e);
		else if (role == FILE_REPORT)
			err = look_at_report(f, path.data, e);
		else if (role == FILE_TEX || role == FILE_TEX_SOURCE)
			err = look_into_tex(f, path.data, i);
	}
	buffer_release(&path);
	return err;
}

/* -- manuscripts ------------------------------------------------------------------------------- */

static bool is_file(const struct folder *folder, size_t i)
{
	return !folder->ignored[i] && is_file_mode(folder->entries[i].mode);
}

static bool is_included(const struct facts *f, size_t n)
{
	const char *name = f->folder->entries[n].name;
	size_t len = strlen(name);
	uintptr_t whole = (uintptr_t)strmap_get(&f->included, name, len);
	uintptr_t stem = (uintptr_t)strmap_get(&f->included, name, len - strlen(".tex"));
	return (whole && whole != n + 1) || (stem && stem != n + 1);
}

/* Files that another one includes are its parts; where they include each other, none is. */
static void leave_included_out(struct facts *f)
{
	size_t left = 0;
	bool *included = xcalloc(f->folder->nr, sizeof(*included));
	for (size_t i = 0; i < f->folder->nr; i++) {
		included[i] = f->is_tex_manuscript[i] && is_included(f, i);
		left += f->is_tex_manuscript[i] && !included[i];
	}
	for (size_t i = 0; i < f->folder->nr && left; i++)
		f->is_tex_manuscript[i] &= !included[i];
	free(included);
}

/* A PDF beside the source of the same name was made from it. */
static bool is_built(const struct folder *folder, const char *pdf)
{
	for (size_t i = 0; i < folder->nr; i++) {
		enum file_role role = file_role(folder->entries[i].name);
		if ((role == FILE_TEX || role == FILE_MARKDOWN) && is_file(folder, i) &&
		    same_stem(folder->entries[i].name, pdf))
			return true;
	}
	return false;
}

static bool is_manuscript(const struct facts *f, size_t n, enum manuscript_kind *kind)
{
	const char *name = f->folder->entries[n].name;
	if (!is_file(f->folder, n))
		return false;
	switch (file_role(name)) {
	case FILE_TEX:
		*kind = MANUSCRIPT_TEX;
		return f->is_tex_manuscript[n];
	case FILE_MARKDOWN:
		*kind = MANUSCRIPT_MARKDOWN;
		return !is_project_file(name);
	case FILE_PDF:
		*kind = MANUSCRIPT_PDF;
		return !is_project_file(name) && !is_built(f->folder, name);
	default:
		return false;
	}
}

/* A README at the top would not make the repository a paper, and neither does a note beside its
 * papers make them parts of it: unless it is called main, paper, ..., the top stays open. */
static void find_manuscripts(struct facts *f)
{
	enum manuscript_kind kind;
	bool has_main = false;
	leave_included_out(f);
	if (f->inside.in_assets || !f->inside.in_scope)
		return;
	for (size_t i = 0; i < f->folder->nr; i++) {
		if (!is_manuscript(f, i, &kind))
			continue;
		f->node.flags |= OWN(kind) | TAKEN(kind);
		has_main = has_main || is_main_name(f->folder->entries[i].name);
		add_word(&f->manuscripts, string_of(f, f->folder->entries[i].name));
		add_word(&f->manuscripts, kind);
	}
	if (!*f->path && !has_main && !(f->node.flags & OWN(MANUSCRIPT_TEX)))
		f->node.flags |= NODE_OPEN;
}

/* -- folders ----------------------------------------------------------------------------------- */

static void add_child(struct facts *f, const char *name, uint32_t number)
{
	const uint32_t text = OWN(MANUSCRIPT_TEX) | OWN(MANUSCRIPT_MARKDOWN);
	static const unsigned char none[NODE_KEY_SIZE];
	const struct node *child = memo_node(&f->d->memo, number);
	uint32_t flags = child->flags;
	bool relevant = flags & NODE_RELEVANT;
	if (!memcmp(child->key, none, NODE_KEY_SIZE))
		memset(f->node.key, 0, NODE_KEY_SIZE);
	add_word(&f->children, string_of(f, name));
	add_word(&f->children, number | (relevant ? CHILD_RELEVANT : 0));
	f->node.flags |= flags & ALL_TAKEN;
	if (flags & (NODE_TEXT_BELOW | text)) {
		f->text_children++;
		f->source_child = is_source_folder(name) &&
				  flags & (OWN(MANUSCRIPT_TEX) | NODE_LIFTED);
		f->node.flags |= NODE_TEXT_BELOW;
	}
	if (relevant)
		f->node.flags |= NODE_RELEVANT;
}

static struct error *look_into_folders(struct facts *f)
{
	struct buffer path = BUFFER_INIT;
	struct error *err = NULL;
	for (size_t i = 0; i < f->folder->nr && !err; i++) {
		const struct snapshot_entry *e = &f->folder->entries[i];
		uint32_t child;
		if (!is_folder_mode(e->mode) || f->folder->ignored[i])
			continue;
		buffer_reset(&path);
		path_join(&path, f->path, e->name);
		struct place below = place_below(f->d, &f->inside, path.data, e->name);
		err = discover_facts(f->d, path.data, &e->oid, &below, &child);
		if (!err)
			add_child(f, e->name, child);
	}
	buffer_release(&path);
	return err;
}

static void note_ignored(struct facts *f)
{
	struct buffer name = BUFFER_INIT;
	for (size_t i = 0; i < f->folder->nr; i++) {
		if (!f->folder->ignored[i])
			continue;
		buffer_reset(&name);
		buffer_addstr(&name, f->folder->entries[i].name);
		if (is_folder_mode(f->folder->entries[i].mode))
			buffer_addch(&name, '/');
		add_word(&f->ignored, string_of(f, name.data));
	}
	buffer_release(&name);
}

/* What follows from the folder's own files and those below together. */
static void conclude(struct facts *f)
{
	const uint32_t text = OWN(MANUSCRIPT_TEX) | OWN(MANUSCRIPT_MARKDOWN);
	uint32_t *flags = &f->node.flags;
	if (*flags & text)
		*flags |= NODE_TEXT_BELOW;
	if (f->inside.in_scope && !(*flags & text) && f->text_children == 1 && f->source_child)
		*flags |= NODE_LIFTED;
	if (*flags & ALL_OWN || f->ignored.nr)
		*flags |= NODE_RELEVANT;
	if (f->folder->has_ignore_file)
		*flags |= NODE_IGNORE_FILE;
}

/* -- nodes ------------------------------------------------------------------------------------- */

/* All that the facts of a folder depend on. The path is part of it only where patterns are in
 * force, so that a folder can be moved. */
static void make_key(const struct discovery *d, const char *path, const struct oid *tree,
		     const struct place *place, unsigned char key[NODE_KEY_SIZE])
{
	unsigned char hash[SHA256_SIZE];
	struct sha256 h;
	const char *ignore_id = place->ignore ? ignore_rules_id(place->ignore) : "";
	char view[] = { *path ? 'b' : 't', place->in_assets ? 'a' : '-',
			place->in_scope ? 's' : '-', '\0' };
	sha256_init(&h);
	sha256_update(&h, tree->hex, strlen(tree->hex) + 1);
	sha256_update(&h, view, sizeof(view));
	sha256_update(&h, ignore_id, strlen(ignore_id) + 1);
	sha256_update(&h, d->rules_id, strlen(d->rules_id) + 1);
	if (*ignore_id || *d->rules_id)
		sha256_update(&h, path, strlen(path) + 1);
	sha256_final(&h, hash);
	memcpy(key, hash, NODE_KEY_SIZE);
}

static uint32_t add_node(struct facts *f)
{
	struct memo *memo = &f->d->memo;
	struct node *n = &f->node;
	n->manuscripts = memo_add_words(memo, f->manuscripts.items, f->manuscripts.nr);
	n->nr_manuscripts = (uint32_t)(f->manuscripts.nr / MANUSCRIPT_WORDS);
	n->references = memo_add_words(memo, f->references.items, f->references.nr);
	n->nr_references = (uint32_t)(f->references.nr / REFERENCE_WORDS);
	n->ignored = memo_add_words(memo, f->ignored.items, f->ignored.nr);
	n->nr_ignored = (uint32_t)(f->ignored.nr / IGNORED_WORDS);
	n->children = memo_add_words(memo, f->children.items, f->children.nr);
	n->nr_children = (uint32_t)(f->children.nr / CHILD_WORDS);
	return memo_add_node(memo, n);
}

static struct error *look(struct facts *f, uint32_t *number)
{
	struct error *err = NULL;
	f->is_tex_manuscript = xcalloc(f->folder->nr, sizeof(*f->is_tex_manuscript));
	err = look_into_files(f);
	if (!err) {
		find_manuscripts(f);
		note_ignored(f);
		err = look_into_folders(f);
	}
	if (!err && f->d->memo.strings.len > DISCOVER_MAX_STRINGS)
		err = error_new(ERROR_LIMIT, "the names in this repository are too many to keep");
	if (!err) {
		conclude(f);
		*number = add_node(f);
	}
	free(f->is_tex_manuscript);
	free(f->manuscripts.items);
	free(f->references.items);
	free(f->ignored.items);
	free(f->children.items);
	strmap_release(&f->included, NULL);
	return err;
}

struct error *discover_facts(struct discovery *d, const char *path, const struct oid *tree,
			     const struct place *place, uint32_t *number)
{
	struct facts f = { .d = d, .path = path };
	if (place->depth > DISCOVER_MAX_DEPTH)
		return error_new(ERROR_LIMIT, "'%s' lies in more than %d folders", path,
				 DISCOVER_MAX_DEPTH);
	if (tree->hex[0]) {
		make_key(d, path, tree, place, f.node.key);
		*number = memo_find(&d->memo, f.node.key);
		if (*number != NODE_NONE)
			return NULL;
	}
	struct folder folder;
	struct error *err = folder_open(&folder, d, path, place->ignore);
	if (err)
		return err;
	f.folder = &folder;
	f.inside = place_inside(place, &folder);
	if (folder.is_incomplete)
		memset(f.node.key, 0, sizeof(f.node.key));
	err = look(&f, number);
	folder_release(&folder);
	return err;
}
