/*
 * What folders were found to hold, kept from run to run by tree id.
 *
 * <common dir>/scrutiny/papers-index, a cache (base/cache_file.h):
 *
 *   struct memo_header
 *   nodes     nr_nodes * struct node
 *   words     nr_words * 4
 *   table     size_table * 4     open addressing by key: node + 1; 0 is free
 *   strings   size_strings       each ended by a NUL
 *
 * A run only adds behind what was there; a changed node is a new one under the same key, which
 * the table then finds first. When half of the nodes are of no use any more, those that are
 * in use are copied and the rest is dropped.
 */
#include "base/memory.h"
#include "paper/discover.h"

#define MEMO_KIND "papers-index"
/* Fewer nodes than this are not worth a cleaning. */
#define MEMO_FEW_NODES 4096
/* Above this nothing is added to the file any more; it is made anew. */
#define MEMO_MAX_PLACE ((size_t)1 << 30)

struct memo_header {
	uint32_t nr_nodes, nr_words, size_table, size_strings;
	uint32_t nr_when_cleaned, unused;
};

static bool has_key(const struct node *node)
{
	static const unsigned char none[NODE_KEY_SIZE];
	return memcmp(node->key, none, NODE_KEY_SIZE) != 0;
}

static uint32_t key_bits(const unsigned char key[NODE_KEY_SIZE])
{
	uint32_t bits;
	memcpy(&bits, key, sizeof(bits));
	return bits;
}

/* -- opening and closing ----------------------------------------------------------------------- */

static size_t file_size(const struct memo_header *h)
{
	return sizeof(*h) + h->nr_nodes * sizeof(struct node) +
	       ((size_t)h->nr_words + h->size_table) * sizeof(uint32_t) + h->size_strings;
}

static void memo_init(struct memo *memo, char *path)
{
	*memo = (struct memo){ .path = path, .alloc_words = 64 };
	memo->words = xreallocarray(NULL, memo->alloc_words, sizeof(*memo->words));
	buffer_init(&memo->strings, BUFFER_MAX_INTERNAL);
}

void memo_open(struct memo *memo, const char *common_dir)
{
	memo_init(memo, xstrfmt("%s/scrutiny/papers-index", common_dir));
	cache_file_open(&memo->file, memo->path, MEMO_KIND, DISCOVER_VERSION);
	const struct memo_header *h = (const void *)memo->file.data;
	if (!h || memo->file.len < sizeof(*h) || memo->file.len != file_size(h))
		return;
	memo->nr_old_nodes = h->nr_nodes;
	memo->nr_old_words = h->nr_words;
	memo->size_old_table = h->size_table;
	memo->size_old_strings = h->size_strings;
	memo->nr_when_cleaned = h->nr_when_cleaned;
	memo->old_nodes = (const void *)(h + 1);
	memo->old_words = (const void *)(memo->old_nodes + h->nr_nodes);
	memo->old_table = memo->old_words + h->nr_words;
	memo->old_strings = (const void *)(memo->old_table + h->size_table);
}

void memo_open_beside(struct memo *memo, const struct memo *other)
{
	memo_init(memo, xstrdup(other->path));
	memo->nr_old_nodes = other->nr_old_nodes;
	memo->nr_old_words = other->nr_old_words;
	memo->size_old_table = other->size_old_table;
	memo->size_old_strings = other->size_old_strings;
	memo->nr_when_cleaned = other->nr_when_cleaned;
	memo->old_nodes = other->old_nodes;
	memo->old_words = other->old_words;
	memo->old_table = other->old_table;
	memo->old_strings = other->old_strings;
}

void memo_release(struct memo *memo)
{
	cache_file_release(&memo->file);
	free(memo->path);
	free(memo->nodes);
	free(memo->words);
	buffer_release(&memo->strings);
	strmap_release(&memo->interned, NULL);
	strmap_release(&memo->keys, NULL);
}

/* -- reading ----------------------------------------------------------------------------------- */

const struct node *memo_node(const struct memo *memo, uint32_t number)
{
	return number < memo->nr_old_nodes ? &memo->old_nodes[number]
					   : &memo->nodes[number - memo->nr_old_nodes];
}

const uint32_t *memo_words(const struct memo *memo, uint32_t place)
{
	return place < memo->nr_old_words ? memo->old_words + place
					  : memo->words + (place - memo->nr_old_words);
}

const char *memo_string(const struct memo *memo, uint32_t place)
{
	if (place < memo->size_old_strings)
		return memo->old_strings + place;
	return memo->strings.data + (place - memo->size_old_strings);
}

uint32_t memo_find(const struct memo *memo, const unsigned char key[NODE_KEY_SIZE])
{
	uintptr_t added = (uintptr_t)strmap_get(&memo->keys, (const char *)key, NODE_KEY_SIZE);
	if (added)
		return (uint32_t)added - 1;
	if (!memo->size_old_table)
		return NODE_NONE;
	uint32_t mask = memo->size_old_table - 1;
	for (uint32_t i = key_bits(key) & mask; memo->old_table[i]; i = (i + 1) & mask) {
		uint32_t number = memo->old_table[i] - 1;
		if (!memcmp(memo->old_nodes[number].key, key, NODE_KEY_SIZE))
			return number;
	}
	return NODE_NONE;
}

/* -- adding ------------------------------------------------------------------------------------ */

uint32_t memo_add_node(struct memo *memo, const struct node *node)
{
	ALLOC_GROW(memo->nodes, memo->nr_nodes, memo->alloc_nodes);
	memo->nodes[memo->nr_nodes] = *node;
	uint32_t number = memo->nr_old_nodes + (uint32_t)memo->nr_nodes++;
	if (has_key(node)) {
		void **slot = strmap_at(&memo->keys, (const char *)node->key, NODE_KEY_SIZE);
		*slot = (void *)((uintptr_t)number + 1);
		memo->worth_writing = true;
	}
	return number;
}

uint32_t memo_add_words(struct memo *memo, const uint32_t *words, size_t nr)
{
	uint32_t place = memo->nr_old_words + (uint32_t)memo->nr_words;
	for (size_t i = 0; i < nr; i++) {
		ALLOC_GROW(memo->words, memo->nr_words, memo->alloc_words);
		memo->words[memo->nr_words++] = words[i];
	}
	return place;
}

uint32_t memo_add_string(struct memo *memo, const char *s, size_t len)
{
	void **slot = strmap_at(&memo->interned, s, len);
	if (!*slot) {
		uintptr_t place = memo->size_old_strings + memo->strings.len;
		buffer_add(&memo->strings, s, len);
		buffer_addch(&memo->strings, '\0');
		*slot = (void *)(place + 1);
	}
	return (uint32_t)((uintptr_t)*slot - 1);
}

uint32_t memo_own(struct memo *memo, uint32_t number)
{
	if (number >= memo->nr_old_nodes)
		return number;
	struct node copy = memo->old_nodes[number];
	/* Its children may change too. */
	if (copy.nr_children)
		copy.children = memo_add_words(memo, memo->old_words + copy.children,
					       (size_t)copy.nr_children * CHILD_WORDS);
	return memo_add_node(memo, &copy);
}

struct node *memo_change(struct memo *memo, uint32_t number)
{
	return &memo->nodes[number - memo->nr_old_nodes];
}

void memo_set_child(struct memo *memo, uint32_t number, size_t child, uint32_t node)
{
	uint32_t place = memo_node(memo, number)->children - memo->nr_old_words;
	uint32_t *word = &memo->words[place + child * CHILD_WORDS + 1];
	*word = (*word & CHILD_RELEVANT) | node;
}

/* -- saving ------------------------------------------------------------------------------------ */

static uint32_t table_size(size_t nr_nodes)
{
	uint32_t size = 64;
	while (size / 2 < nr_nodes)
		size *= 2;
	return size;
}

static void fill_table(uint32_t *table, uint32_t size, const struct memo *memo, size_t nr)
{
	for (uint32_t number = 0; number < nr; number++) {
		const struct node *node = memo_node(memo, number);
		if (!has_key(node))
			continue;
		uint32_t i = key_bits(node->key) & (size - 1);
		while (table[i] && memcmp(memo_node(memo, table[i] - 1)->key, node->key,
					  NODE_KEY_SIZE) != 0)
			i = (i + 1) & (size - 1);
		table[i] = number + 1;
	}
}

static void write_memo(const struct memo *memo, uint32_t nr_when_cleaned)
{
	size_t nr = memo->nr_old_nodes + memo->nr_nodes;
	struct memo_header h = {
		.nr_nodes = (uint32_t)nr,
		.nr_words = memo->nr_old_words + (uint32_t)memo->nr_words,
		.size_table = table_size(nr),
		.size_strings = memo->size_old_strings + (uint32_t)memo->strings.len,
		.nr_when_cleaned = nr_when_cleaned,
	};
	struct buffer out = BUFFER_INIT;
	uint32_t *table = xcalloc(h.size_table, sizeof(*table));
	fill_table(table, h.size_table, memo, nr);
	buffer_reserve(&out, file_size(&h));
	buffer_add(&out, &h, sizeof(h));
	buffer_add(&out, memo->old_nodes, memo->nr_old_nodes * sizeof(struct node));
	buffer_add(&out, memo->nodes, memo->nr_nodes * sizeof(struct node));
	buffer_add(&out, memo->old_words, memo->nr_old_words * sizeof(uint32_t));
	buffer_add(&out, memo->words, memo->nr_words * sizeof(uint32_t));
	buffer_add(&out, table, h.size_table * sizeof(*table));
	buffer_add(&out, memo->old_strings, memo->size_old_strings);
	buffer_addbuf(&out, &memo->strings);
	if (!out.overflowed && out.len == file_size(&h))
		cache_file_write(memo->path, MEMO_KIND, DISCOVER_VERSION, slice_of(&out));
	free(table);
	buffer_release(&out);
}

/* Copies a list whose items are STRIDE words, the first a string. */
static uint32_t copy_list(struct memo *to, const struct memo *from, uint32_t place, size_t nr,
			  size_t stride)
{
	uint32_t start = 0;
	for (size_t i = 0; i < nr; i++) {
		uint32_t item[DEPENDENCY_WORDS];
		memcpy(item, memo_words(from, place) + i * stride, stride * sizeof(*item));
		const char *s = memo_string(from, item[0]);
		item[0] = memo_add_string(to, s, strlen(s));
		uint32_t at = memo_add_words(to, item, stride);
		if (!i)
			start = at;
	}
	return start;
}

/* Copies node NUMBER and what is below it; MOVED is node -> new node + 1. A folder with changes is
 * not copied itself. */
static uint32_t copy_node(struct memo *to, const struct memo *from, uint32_t number,
			  uint32_t *moved)
{
	if (moved[number])
		return moved[number] - 1;
	struct node node = *memo_node(from, number);
	uint32_t *children = xreallocarray(NULL, (size_t)node.nr_children * CHILD_WORDS + 1,
					   sizeof(*children));
	for (size_t i = 0; i < node.nr_children; i++) {
		const uint32_t *child = memo_words(from, node.children) + i * CHILD_WORDS;
		const char *name = memo_string(from, child[0]);
		uint32_t copied = copy_node(to, from, child[1] & ~CHILD_RELEVANT, moved);
		if (has_key(&node)) {
			children[i * CHILD_WORDS] = memo_add_string(to, name, strlen(name));
			children[i * CHILD_WORDS + 1] = copied | (child[1] & CHILD_RELEVANT);
		}
	}
	uint32_t result = NODE_NONE;
	if (has_key(&node)) {
		node.children = memo_add_words(to, children,
					       (size_t)node.nr_children * CHILD_WORDS);
		node.manuscripts = copy_list(to, from, node.manuscripts, node.nr_manuscripts,
					     MANUSCRIPT_WORDS);
		node.references = copy_list(to, from, node.references, node.nr_references,
					    REFERENCE_WORDS);
		node.ignored = copy_list(to, from, node.ignored, node.nr_ignored, IGNORED_WORDS);
		node.dependencies = copy_list(to, from, node.dependencies, node.nr_dependencies,
					      DEPENDENCY_WORDS);
		result = memo_add_node(to, &node);
		moved[number] = result + 1;
	}
	free(children);
	return result;
}

void memo_save(struct memo *memo, uint32_t root)
{
	size_t nr = memo->nr_old_nodes + memo->nr_nodes;
	if (!memo->worth_writing)
		return;
	bool first = !memo->nr_old_nodes;
	bool too_large = memo->size_old_strings + memo->strings.len > MEMO_MAX_PLACE ||
			 memo->nr_old_words + memo->nr_words > MEMO_MAX_PLACE;
	if (!too_large && (first || nr < MEMO_FEW_NODES || nr / 2 < memo->nr_when_cleaned)) {
		write_memo(memo, first ? (uint32_t)nr : memo->nr_when_cleaned);
		return;
	}
	struct memo clean;
	memo_init(&clean, xstrdup(memo->path));
	uint32_t *moved = xcalloc(nr, sizeof(*moved));
	copy_node(&clean, memo, root, moved);
	write_memo(&clean, (uint32_t)clean.nr_nodes);
	free(moved);
	memo_release(&clean);
}
