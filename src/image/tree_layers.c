#include "image/tree_layers.h"

#include <stdio.h>

#include "base/memory.h"
#include "base/text.h"

/* Folders below the top that are given layers before larger ones are split. */
#define TOP_LAYERS (BUILD_MAX_TREE_LAYERS / 2)
/* Layers of fewer files are not split further; a power of two. */
#define SPLIT_MIN_WEIGHT 6
/* A folder in a split one gets its own layer when it has at least 2^-2 of the files, by their weights. */
#define OWN_WEIGHT 2

/* A layer to be: some children of a folder. */
struct unit {
	const struct file_node *folder;
	const char *path;                 /* the folder's, in the image */
	const struct file_node **members; /* sorted by name */
	size_t nr, files;
	unsigned bit;                     /* of the names' hashes that parts it next */
	uint64_t ones;                    /* bits by which it was parted and that are set in all members */
	bool final;
};

struct planning {
	struct arena *arena;
	struct unit units[BUILD_MAX_TREE_LAYERS];
	size_t nr;
};

/* The exponent of the largest power of two that is not above the number of files. */
static unsigned weight(size_t files)
{
	unsigned n = 0;
	while (files >>= 1)
		n++;
	return n;
}

static const char *join(struct arena **arena, const char *folder, const char *name)
{
	size_t folder_len = strlen(folder), name_len = strlen(name), slash = *folder && *name;
	char *path = arena_alloc(arena, folder_len + slash + name_len + 1);
	memcpy(path, folder, folder_len);
	path[folder_len] = '/';
	memcpy(path + folder_len + slash, name, name_len + 1);
	return path;
}

/* FNV-1a with the finaliser of splitmix64, since single bits of it are used. Part of LAYER_FORMAT. */
static uint64_t hash_name(const char *name)
{
	uint64_t h = 0xcbf29ce484222325u;
	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 0x100000001b3u;
	h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9u;
	h = (h ^ (h >> 27)) * 0x94d049bb133111ebu;
	return h ^ (h >> 31);
}

/* -- units ------------------------------------------------------------------------------------- */

static void count_files(struct unit *unit)
{
	unit->files = 0;
	for (size_t i = 0; i < unit->nr; i++)
		unit->files += unit->members[i]->files;
}

static void whole_folder(struct planning *p, struct unit *unit, const struct file_node *folder,
			 const char *path)
{
	*unit = (struct unit){ .folder = folder, .path = path, .nr = folder->nr };
	unit->members = arena_alloc(&p->arena, (folder->nr ? folder->nr : 1) * sizeof(*unit->members));
	for (size_t i = 0; i < folder->nr; i++)
		unit->members[i] = &folder->children[i];
	count_files(unit);
}

/* A folder that is alone in its own is looked into instead. */
static void descend(struct planning *p, struct unit *unit)
{
	while (unit->nr == 1 && file_node_is_folder(unit->members[0])) {
		const struct file_node *only = unit->members[0];
		whole_folder(p, unit, only, join(&p->arena, unit->path, only->name));
	}
}

static int compare_names(const void *a, const void *b)
{
	return strcmp((*(const struct file_node *const *)a)->name,
		      (*(const struct file_node *const *)b)->name);
}

static int compare_weights(const void *a, const void *b)
{
	unsigned one = weight((*(const struct file_node *const *)a)->files);
	unsigned other = weight((*(const struct file_node *const *)b)->files);
	return one != other ? (one < other) - (one > other) : compare_names(a, b);
}

/* Gives folders of at least LEAST a unit each: the heaviest ones, as many as may be added to the MAX there
 * are to be. False when it comes to nothing. */
static bool carve(struct planning *p, struct unit *unit, unsigned least, size_t max)
{
	const struct file_node **folders = xcalloc(unit->nr ? unit->nr : 1, sizeof(*folders));
	size_t nr = 0, kept = 0, room = max - p->nr;
	for (size_t i = 0; i < unit->nr; i++)
		if (file_node_is_folder(unit->members[i]) && weight(unit->members[i]->files) >= least)
			folders[nr++] = unit->members[i];
	if (nr)
		qsort(folders, nr, sizeof(*folders), compare_weights);
	bool all = nr == unit->nr && nr <= room + 1;
	if (!all && nr > room)
		nr = room;
	const struct unit from = *unit;
	for (size_t i = 0; i < nr; i++) {
		const char *path = join(&p->arena, from.path, folders[i]->name);
		whole_folder(p, all && !i ? unit : &p->units[p->nr++], folders[i], path);
	}
	if (!all && nr) {
		qsort(folders, nr, sizeof(*folders), compare_names);
		for (size_t i = 0; i < unit->nr; i++)
			if (!bsearch(&unit->members[i], folders, nr, sizeof(*folders), compare_names))
				unit->members[kept++] = unit->members[i];
		unit->nr = kept;
		count_files(unit);
	}
	free(folders);
	return nr > (all ? 1 : 0);
}

/* Parts UNIT by the next bit of the names' hashes that is not the same in all. */
static bool halve(struct planning *p, struct unit *unit)
{
	for (; unit->bit < 64; unit->bit++) {
		size_t ones = 0, zeros = 0;
		for (size_t i = 0; i < unit->nr; i++)
			ones += hash_name(unit->members[i]->name) >> unit->bit & 1;
		if (!ones || ones == unit->nr)
			continue;
		struct unit *other = &p->units[p->nr++];
		*other = *unit;
		other->members = arena_alloc(&p->arena, ones * sizeof(*other->members));
		other->nr = 0;
		for (size_t i = 0; i < unit->nr; i++) {
			const struct file_node *member = unit->members[i];
			if (hash_name(member->name) >> unit->bit & 1)
				other->members[other->nr++] = member;
			else
				unit->members[zeros++] = member;
		}
		unit->nr = zeros;
		other->ones |= (uint64_t)1 << unit->bit;
		unit->bit = ++other->bit;
		count_files(unit);
		count_files(other);
		return true;
	}
	return false;
}

/* -- the plan ---------------------------------------------------------------------------------- */

/* By what a new file does not change. */
static int compare_units(const void *a, const void *b)
{
	const struct unit *one = a, *other = b;
	int order = strcmp(one->path, other->path);
	return order ? order : (one->ones > other->ones) - (one->ones < other->ones);
}

/* The heaviest unit that may be split, or NULL. */
static struct unit *heaviest(struct planning *p)
{
	struct unit *best = NULL;
	for (size_t i = 0; i < p->nr; i++) {
		struct unit *unit = &p->units[i];
		unsigned w = weight(unit->files);
		if (unit->final || w < SPLIT_MIN_WEIGHT)
			continue;
		if (!best || w > weight(best->files) ||
		    (w == weight(best->files) && compare_units(unit, best) < 0))
			best = unit;
	}
	return best;
}

static void plan_units(struct planning *p, const struct file_tree *tree)
{
	struct unit *unit;
	if (!tree->root.files)
		return;
	whole_folder(p, &p->units[p->nr++], &tree->root, "");
	descend(p, &p->units[0]);
	carve(p, &p->units[0], 0, TOP_LAYERS);
	while (p->nr < BUILD_MAX_TREE_LAYERS && (unit = heaviest(p))) {
		descend(p, unit);
		if (!carve(p, unit, weight(unit->files) - OWN_WEIGHT, BUILD_MAX_TREE_LAYERS) &&
		    !halve(p, unit))
			unit->final = true;
	}
	for (size_t i = 0; i < p->nr; i++)
		descend(p, &p->units[i]);
	qsort(p->units, p->nr, sizeof(*p->units), compare_units);
}

/* -- entries ----------------------------------------------------------------------------------- */

/* Folders of a base that are not of mode 0755; layers say all that a folder is. */
static const struct {
	const char *path;
	unsigned mode;
} folder_modes[] = { { "root", 0700 }, { "tmp", 01777 }, { "var/tmp", 01777 } };

static unsigned mode_of(const struct file_node *node, const char *path)
{
	if (node->mode == 0120000)
		return 0777;
	if (node->mode == 0100644)
		return 0644;
	for (size_t i = 0; node->copy == FILE_TREE_NO_COPY && i < ARRAY_SIZE(folder_modes); i++)
		if (!strcmp(path, folder_modes[i].path))
			return folder_modes[i].mode;
	return 0755;
}

struct listing {
	struct tree_layers *out;
	struct tree_layer *layer;
	const struct image_spec *spec;
	size_t alloc;
};

static void add_entry(struct listing *list, const struct file_node *node, const char *path)
{
	struct tree_layer *layer = list->layer;
	const struct image_copy *copy =
	    node->copy == FILE_TREE_NO_COPY ? NULL : &list->spec->copies[node->copy];
	ALLOC_GROW(layer->entries, layer->nr, list->alloc);
	layer->entries[layer->nr++] = (struct layer_entry){
		.path = path, .node = node, .mode = mode_of(node, path),
		.owner = copy ? copy->owner : 0, .group = copy ? copy->group : 0,
	};
	layer->files += !file_node_is_folder(node);
}

/* As deep as file_tree_read lets a tree be. */
static void add_below(struct listing *list, const struct file_node *node, const char *path)
{
	add_entry(list, node, path);
	if (!file_node_is_folder(node))
		return;
	for (size_t i = 0; i < node->nr; i++)
		add_below(list, &node->children[i], join(&list->out->arena, path, node->children[i].name));
}

static void add_parents(struct listing *list, const struct file_tree *tree, const char *path)
{
	const struct file_node *node = &tree->root;
	for (const char *at = path; *at;) {
		struct slice name = { at, strcspn(at, "/") };
		node = file_node_child(node, name);
		at += name.len;
		add_entry(list, node, arena_strndup(&list->out->arena, path, (size_t)(at - path)));
		at += *at == '/';
	}
}

/* Whether the numbers that are hashed of two entries are the same, as they are of most neighbours. */
static bool same_numbers(const struct layer_entry *a, const struct layer_entry *b)
{
	return a->node->mode == b->node->mode && a->mode == b->mode && a->owner == b->owner &&
	       a->group == b->group;
}

static void hash_entries(struct tree_layer *layer)
{
	struct sha256 h;
	char text[128];
	const struct layer_entry *before = NULL;
	sha256_init(&h);
	int len = snprintf(text, sizeof(text), "git-scrutiny layer %d\n", LAYER_FORMAT);
	sha256_update(&h, text, (size_t)len);
	for (size_t i = 0; i < layer->nr; i++) {
		const struct layer_entry *e = &layer->entries[i];
		const char *oid = file_node_is_folder(e->node) ? "-" : e->node->oid.hex;
		if (!before || !same_numbers(before, e))
			len = snprintf(text, sizeof(text), "%o %o %u %u ", e->node->mode, e->mode, e->owner,
				       e->group);
		before = e;
		sha256_update(&h, text, (size_t)len);
		sha256_update(&h, oid, strlen(oid));
		sha256_update(&h, " ", 1);
		sha256_update(&h, e->path, strlen(e->path) + 1);
	}
	digest_of_hash(&h, &layer->input);
}

static void fill_layer(struct tree_layers *out, struct tree_layer *layer, const struct unit *unit,
		       const struct file_tree *tree, const struct image_spec *spec)
{
	struct listing list = { .out = out, .layer = layer, .spec = spec };
	layer->folder = unit->path;
	layer->taken = unit->nr;
	layer->of = unit->folder->nr;
	layer->whole = unit->folder->whole && unit->nr == unit->folder->nr ? unit->folder : NULL;
	add_parents(&list, tree, unit->path);
	for (size_t i = 0; i < unit->nr; i++)
		add_below(&list, unit->members[i], join(&out->arena, unit->path, unit->members[i]->name));
	hash_entries(layer);
}

void tree_layers_plan(struct tree_layers *out, const struct file_tree *tree, const struct image_spec *spec)
{
	struct planning p = { .nr = 0 };
	plan_units(&p, tree);
	*out = (struct tree_layers){ .layers = xcalloc(p.nr ? p.nr : 1, sizeof(*out->layers)), .nr = p.nr };
	for (size_t i = 0; i < p.nr; i++)
		fill_layer(out, &out->layers[i], &p.units[i], tree, spec);
	/* Paths of folders are units' own. */
	for (size_t i = 0; i < p.nr; i++)
		out->layers[i].folder = join(&out->arena, "", p.units[i].path);
	arena_free(p.arena);
}

void tree_layers_release(struct tree_layers *layers)
{
	for (size_t i = 0; i < layers->nr; i++)
		free(layers->layers[i].entries);
	free(layers->layers);
	arena_free(layers->arena);
	*layers = (struct tree_layers){ 0 };
}
