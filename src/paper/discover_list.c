/* From nodes to the list that callers get, and the calls of paper.h. */
#include "base/arena.h"
#include "base/hex.h"
#include "base/memory.h"
#include "base/text.h"
#include "paper/discover.h"

struct listing {
	struct paper_list *out;
	const struct memo *memo;
	struct buffer path; /* of the folder being listed */
};

static const struct node *child_at(const struct memo *memo, const struct node *node, size_t i,
				   const char **name, bool *relevant)
{
	const uint32_t *words = memo_words(memo, node->children) + i * CHILD_WORDS;
	*name = memo_string(memo, words[0]);
	*relevant = words[1] & CHILD_RELEVANT;
	return memo_node(memo, words[1] & ~CHILD_RELEVANT);
}

/* Makes the path that of NAME in it; returns the length to go back to. */
static size_t enter(struct buffer *path, const char *name)
{
	size_t before = path->len;
	if (before)
		buffer_addch(path, '/');
	buffer_addstr(path, name);
	return before;
}

/* -- manuscripts ------------------------------------------------------------------------------- */

struct manuscript_search {
	struct listing *listing;
	enum manuscript_kind kind;
	struct manuscript *items;
	size_t nr, alloc;
};

static void add_manuscripts(struct manuscript_search *s, const struct node *node)
{
	const struct memo *memo = s->listing->memo;
	struct buffer *path = &s->listing->path;
	for (size_t i = 0; i < node->nr_manuscripts; i++) {
		const uint32_t *words = memo_words(memo, node->manuscripts) + i * MANUSCRIPT_WORDS;
		if (words[1] != s->kind)
			continue;
		size_t before = enter(path, memo_string(memo, words[0]));
		ALLOC_GROW(s->items, s->nr, s->alloc);
		s->items[s->nr++] = (struct manuscript){
			arena_strndup(&s->listing->out->memory, path->data, path->len), s->kind,
		};
		buffer_truncate(path, before);
	}
}

/* Adds those of the folders below that are taken in. */
static void add_taken(struct manuscript_search *s, const struct node *node)
{
	const char *name;
	bool relevant;
	for (size_t i = 0; i < node->nr_children; i++) {
		const struct node *child = child_at(s->listing->memo, node, i, &name, &relevant);
		if (!relevant || !(child->flags & (uint32_t)NODE_TAKEN << s->kind))
			continue;
		size_t before = enter(&s->listing->path, name);
		add_manuscripts(s, child);
		add_taken(s, child);
		buffer_truncate(&s->listing->path, before);
	}
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

static int compare_manuscripts(const void *a, const void *b, void *data)
{
	const struct manuscript *x = a, *y = b;
	const char *folder = last_part(data);
	size_t len = strlen(folder);
	unsigned rank_x = manuscript_rank(last_part(x->path), folder, len);
	unsigned rank_y = manuscript_rank(last_part(y->path), folder, len);
	return rank_x != rank_y ? (rank_x < rank_y ? -1 : 1) : strcmp(x->path, y->path);
}

/* TeX before Markdown before PDF. */
static enum manuscript_kind best_kind(uint32_t kinds)
{
	enum manuscript_kind kind = MANUSCRIPT_TEX;
	while (kind < MANUSCRIPT_PDF && !(kinds & 1u << kind))
		kind++;
	return kind;
}

static void set_manuscripts(struct listing *l, struct paper *paper, const struct node *node)
{
	bool takes = node->flags & NODE_LIFTED;
	uint32_t kinds = node->flags / (takes ? NODE_TAKEN : NODE_OWN) & NODE_KINDS;
	struct manuscript_search s = { .listing = l, .kind = best_kind(kinds) };
	add_manuscripts(&s, node);
	if (takes)
		add_taken(&s, node);
	if (s.nr > 1)
		qsort_r(s.items, s.nr, sizeof(*s.items), compare_manuscripts, paper->path);
	paper->nr_manuscripts = s.nr;
	paper->manuscripts = arena_alloc(&l->out->memory, s.nr * sizeof(*s.items));
	if (s.nr)
		memcpy(paper->manuscripts, s.items, s.nr * sizeof(*s.items));
	free(s.items);
}

/* -- papers ------------------------------------------------------------------------------------ */

static bool is_dirty(const struct node *node)
{
	static const unsigned char none[NODE_KEY_SIZE];
	return !memcmp(node->key, none, NODE_KEY_SIZE);
}

static void add_paper(struct listing *l, const struct node *node)
{
	struct paper_list *out = l->out;
	ALLOC_GROW(out->items, out->nr, out->alloc);
	struct paper *paper = &out->items[out->nr++];
	*paper = (struct paper){ .nr_inputs = node->nr_inputs, .dirty = is_dirty(node) };
	paper->path = arena_strndup(&out->memory, l->path.data, l->path.len);
	hex_encode(node->content_id, SHA256_SIZE, paper->content_id);
	if (node->flags & NODE_REPORTED)
		hex_encode(node->reported, SHA256_SIZE, paper->reported);
	set_manuscripts(l, paper, node);
}

static void add_outside(struct listing *l, const struct node *node)
{
	struct paper_list *out = l->out;
	for (size_t i = 0; i < node->nr_dependencies; i++) {
		uint32_t reference = memo_words(l->memo, node->dependencies)[i * DEPENDENCY_WORDS];
		struct buffer path = BUFFER_INIT;
		path_resolve(&path, l->path.data, memo_string(l->memo, reference));
		if (strcmp(path.data, "..") && !starts_with(path.data, "../")) {
			ALLOC_GROW(out->outside, out->nr_outside, out->alloc_outside);
			out->outside[out->nr_outside++] = arena_strndup(&out->memory, path.data, path.len);
		}
		buffer_release(&path);
	}
}

static void add_ignored(struct listing *l, const struct node *node)
{
	struct paper_list *out = l->out;
	for (size_t i = 0; i < node->nr_ignored; i++) {
		uint32_t name = memo_words(l->memo, node->ignored)[i * IGNORED_WORDS];
		size_t before = enter(&l->path, memo_string(l->memo, name));
		ALLOC_GROW(out->ignored, out->nr_ignored, out->alloc_ignored);
		out->ignored[out->nr_ignored++] =
			arena_strndup(&out->memory, l->path.data, l->path.len);
		buffer_truncate(&l->path, before);
	}
}

static void list_folder(struct listing *l, const struct node *node, enum view view)
{
	enum view below;
	const char *name;
	bool relevant;
	if (node_is_paper(node->flags, view, &below)) {
		add_paper(l, node);
		add_outside(l, node);
	}
	add_ignored(l, node);
	for (size_t i = 0; i < node->nr_children; i++) {
		const struct node *child = child_at(l->memo, node, i, &name, &relevant);
		if (!relevant)
			continue;
		size_t before = enter(&l->path, name);
		list_folder(l, child, below);
		buffer_truncate(&l->path, before);
	}
}

static int compare_papers(const void *a, const void *b)
{
	return strcmp(((const struct paper *)a)->path, ((const struct paper *)b)->path);
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Folders come in git's order, which is that of their paths but for "a", "a-b" and "a/c". */
static void sort_unless_sorted(void *items, size_t nr, size_t size,
			       int (*compare)(const void *, const void *))
{
	for (size_t i = 1; i < nr; i++) {
		if (compare((char *)items + (i - 1) * size, (char *)items + i * size) > 0) {
			qsort(items, nr, size, compare);
			return;
		}
	}
}

void discover_list(struct paper_list *out, const struct discovery *d, uint32_t root)
{
	struct listing l = { .out = out, .memo = &d->memo, .path = BUFFER_INIT };
	list_folder(&l, memo_node(&d->memo, root), VIEW_FREE);
	sort_unless_sorted(out->items, out->nr, sizeof(*out->items), compare_papers);
	sort_unless_sorted(out->ignored, out->nr_ignored, sizeof(*out->ignored), compare_strings);
	sort_unless_sorted(out->outside, out->nr_outside, sizeof(*out->outside), compare_strings);
	buffer_release(&l.path);
}

void discover_list_one(struct paper_list *out, const struct discovery *d, uint32_t number, const char *path)
{
	struct listing l = { .out = out, .memo = &d->memo, .path = BUFFER_INIT };
	buffer_addstr(&l.path, path);
	add_paper(&l, memo_node(&d->memo, number));
	buffer_release(&l.path);
}

bool paper_report_is_current(const struct paper *paper)
{
	return !*paper->reported || !strcmp(paper->reported, paper->content_id);
}

void paper_list_release(struct paper_list *list)
{
	free(list->items);
	free(list->ignored);
	free(list->outside);
	arena_free(list->memory);
	*list = (struct paper_list){ NULL };
}

/* The number of the top's node. */
static struct error *discover_all(struct discovery *d, uint32_t *root)
{
	struct snapshot_entry *entries;
	struct oid tree;
	size_t nr;
	struct place top = place_top(d);
	struct error *err = snapshot_list(d->snapshot, "", &entries, &nr, &tree);
	if (err)
		return err;
	free(entries);
	err = discover_facts(d, "", &tree, &top, root);
	return err ? err : discover_complete(d, "", NULL, VIEW_FREE, root);
}

struct error *paper_discover(struct paper_list *out, struct snapshot *snapshot,
			     const struct paper_rules *rules)
{
	struct discovery d;
	uint32_t root;
	*out = (struct paper_list){ NULL };
	discovery_init(&d, snapshot, rules);
	struct error *err = discover_all(&d, &root);
	if (!err) {
		discover_list(out, &d, root);
		memo_save(&d.memo, root);
	}
	discovery_release(&d);
	return err;
}

/* -- what differs ------------------------------------------------------------------------------ */

/* A folder in one of two views. */
struct side {
	const struct memo *memo;
	uint32_t number; /* NODE_NONE: it is not there */
	enum view view;
};

/* Nodes of an earlier run are never changed, and both sides have the same ones. */
static bool same_side(const struct side *now, const struct side *then)
{
	return now->number == then->number && now->view == then->view && now->number < now->memo->nr_old_nodes;
}

/* git's order of two folders: as if their names ended with '/'. */
static int compare_folders(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	if (!*a && !*b)
		return 0;
	return (*a ? (unsigned char)*a : '/') - (*b ? (unsigned char)*b : '/');
}

/* The folder NAME on that side; *CURSOR is where the one before was: both come in git's order. */
static struct side side_below(const struct side *folder, const char *name, enum view view, size_t *cursor)
{
	struct side below = { folder->memo, NODE_NONE, view };
	const struct node *node = folder->number == NODE_NONE ? NULL : memo_node(folder->memo, folder->number);
	for (; node && *cursor < node->nr_children; ++*cursor) {
		const uint32_t *child = memo_words(folder->memo, node->children) + *cursor * CHILD_WORDS;
		int order = compare_folders(memo_string(folder->memo, child[0]), name);
		if (!order)
			below.number = child[1] & ~CHILD_RELEVANT;
		if (order >= 0)
			break;
	}
	return below;
}

/* Whether the folder is a paper on that side, and how the folders below are seen. */
static bool side_is_paper(const struct side *side, enum view *below)
{
	*below = side->view;
	return side->number != NODE_NONE && node_is_paper(memo_node(side->memo, side->number)->flags, side->view, below);
}

static void list_changed(struct listing *l, const struct side *now, const struct side *then)
{
	enum view below, below_then;
	size_t cursor = 0;
	if (same_side(now, then))
		return;
	const struct node *node = memo_node(now->memo, now->number);
	bool is_paper = side_is_paper(now, &below), was_paper = side_is_paper(then, &below_then);
	if (is_paper && (!was_paper || memcmp(node->content_id, memo_node(then->memo, then->number)->content_id,
					      SHA256_SIZE) != 0))
		add_paper(l, node);
	for (size_t i = 0; i < node->nr_children; i++) {
		const uint32_t *child = memo_words(now->memo, node->children) + i * CHILD_WORDS;
		const char *name = memo_string(now->memo, child[0]);
		if (!(child[1] & CHILD_RELEVANT))
			continue;
		struct side was = side_below(then, name, below_then, &cursor);
		size_t before = enter(&l->path, name);
		list_changed(l, &(struct side){ now->memo, child[1] & ~CHILD_RELEVANT, below }, &was);
		buffer_truncate(&l->path, before);
	}
}

struct error *paper_discover_changed(struct paper_list *out, struct snapshot *snapshot, struct snapshot *before,
				     const struct paper_rules *rules)
{
	struct discovery now, then;
	uint32_t root, root_then;
	*out = (struct paper_list){ NULL };
	discovery_init(&now, snapshot, rules);
	discovery_init_beside(&then, before, rules, &now);
	struct error *err = discover_all(&then, &root_then);
	if (!err)
		err = discover_all(&now, &root);
	if (!err) {
		struct listing l = { .out = out, .memo = &now.memo, .path = BUFFER_INIT };
		list_changed(&l, &(struct side){ &now.memo, root, VIEW_FREE },
			     &(struct side){ &then.memo, root_then, VIEW_FREE });
		sort_unless_sorted(out->items, out->nr, sizeof(*out->items), compare_papers);
		buffer_release(&l.path);
		memo_save(&now.memo, root);
	}
	discovery_release(&then);
	discovery_release(&now);
	return err;
}
