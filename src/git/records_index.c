/*
 * Which content ids have which records, from one file: <common dir>/scrutiny/records-index, a
 * cache (base/cache_file.h) that holds
 *
 *   struct index_header
 *   ids     nr_ids * 32 bytes      content ids, ascending
 *   trees   nr_ids * 32 bytes      the tree each had when its names were read
 *   sets    nr_ids * 4 bytes       which set of names it has
 *   starts  (nr_sets + 1) * 4      where each set begins in the text
 *   text                           the sets: names, each ended by a NUL
 *
 * Few papers differ in who reviewed them, so few sets are held by many content ids.
 */
#include "base/cache_file.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "git/records_internal.h"

#define INDEX_KIND "records-index"
#define INDEX_VERSION 1
#define INDEX_MAX_IDS 8000000
/* Above this many sets of names the old ones are not carried over. */
#define INDEX_MAX_SETS 4096
/* Names of one content id that the index remembers. */
#define INDEX_MAX_NAMES 1000
#define FANOUT 256
#define ID_SIZE SHA256_SIZE

struct fanout {
	unsigned char tree[ID_SIZE]; /* zeros: there is no such folder */
	uint32_t start, nr;          /* its content ids */
};

struct index_header {
	uint32_t nr_ids, nr_sets, text_size, unused;
	char tip[OID_MAX_HEX + 8]; /* the commit it was made from */
	struct fanout fanouts[FANOUT];
};

/* A file's parts, wherever its bytes are. */
struct index_view {
	const struct index_header *header;
	const unsigned char (*ids)[ID_SIZE];
	const unsigned char (*trees)[ID_SIZE];
	const uint32_t *sets;
	const uint32_t *starts;
	const char *text;
};

struct records_index {
	struct cache_file file;
	struct buffer made;     /* what was made anew, if the file was not of today */
	struct index_view view;
	bool *complete;         /* by set: has it all the names asked for? */
	struct strmap extra;    /* content ids that have them thanks to the journal */
};

/* -- reading the file -------------------------------------------------------------------------- */

static size_t index_size(const struct index_header *h)
{
	return sizeof(*h) + (size_t)h->nr_ids * (2 * ID_SIZE + sizeof(uint32_t)) +
	       ((size_t)h->nr_sets + 1) * sizeof(uint32_t) + h->text_size;
}

static void view_init(struct index_view *view, const char *data)
{
	const struct index_header *h = (const void *)data;
	view->header = h;
	view->ids = (const void *)(h + 1);
	view->trees = view->ids + h->nr_ids;
	view->sets = (const void *)(view->trees + h->nr_ids);
	view->starts = view->sets + h->nr_ids;
	view->text = (const void *)(view->starts + h->nr_sets + 1);
}

static void open_file(struct records_index *index, const char *path)
{
	cache_file_open(&index->file, path, INDEX_KIND, INDEX_VERSION);
	const char *data = index->file.data;
	if (data && index->file.len >= sizeof(struct index_header) &&
	    index->file.len == index_size((const void *)data))
		view_init(&index->view, data);
}

/* -- looking up -------------------------------------------------------------------------------- */

/* The value of a lower-case hexadecimal digit + 1; 0 is none. */
static const unsigned char digit_values[256] = {
	['0'] = 1,  ['1'] = 2,	['2'] = 3,  ['3'] = 4,	['4'] = 5,  ['5'] = 6,
	['6'] = 7,  ['7'] = 8,	['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
	['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

/* The bytes of HEX, padded with zeros; false if it has anything else in it, or too much. */
static bool decode_id(unsigned char id[ID_SIZE], const char *hex)
{
	size_t n = 0;
	for (; n < ID_SIZE && *hex; n++, hex += 2) {
		unsigned high = digit_values[(unsigned char)hex[0]];
		unsigned low = high ? digit_values[(unsigned char)hex[1]] : 0;
		if (!low)
			return false;
		id[n] = (unsigned char)((high - 1) << 4 | (low - 1));
	}
	if (n < ID_SIZE)
		memset(id + n, 0, ID_SIZE - n);
	return !*hex;
}

/* The first 8 bytes as a number that sorts like them. */
static uint64_t leading_bits(const unsigned char id[ID_SIZE])
{
	uint64_t bits = 0;
	for (size_t i = 0; i < 8; i++)
		bits = bits << 8 | id[i];
	return bits;
}

/* Ids are hashes, so where one stands between two others follows from its value. Whoever makes
 * ids for which that is wrong gets halving after a few steps. */
static size_t guess(const struct index_view *view, uint64_t bits, size_t low, size_t high,
		    unsigned step)
{
	uint64_t from = leading_bits(view->ids[low]), to = leading_bits(view->ids[high - 1]);
	if (step >= 6 || from == to)
		return low + (high - low) / 2;
	if (bits <= from)
		return low;
	if (bits >= to)
		return high - 1;
	return low + (size_t)((__uint128_t)(bits - from) * (high - 1 - low) / (to - from));
}

static bool find_id(const struct index_view *view, const unsigned char id[ID_SIZE], size_t *at)
{
	const struct fanout *f = &view->header->fanouts[id[0]];
	size_t low = f->start, high = low + f->nr;
	uint64_t bits = leading_bits(id);
	for (unsigned step = 0; low < high; step++) {
		size_t middle = guess(view, bits, low, high, step);
		int order = memcmp(id, view->ids[middle], ID_SIZE);
		if (!order) {
			*at = middle;
			return true;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

static bool set_has(const struct index_view *view, uint32_t set, const char *name)
{
	const char *at = view->text + view->starts[set], *end = view->text + view->starts[set + 1];
	for (; at < end; at += strlen(at) + 1)
		if (!strcmp(at, name))
			return true;
	return false;
}

bool records_index_has(const struct records_index *index, const char *content_id)
{
	unsigned char id[ID_SIZE];
	size_t at;
	if (index->extra.nr && strmap_has(&index->extra, content_id, strlen(content_id)))
		return true;
	return decode_id(id, content_id) && find_id(&index->view, id, &at) &&
	       index->complete[index->view.sets[at]];
}

/* -- bringing it up to date -------------------------------------------------------------------- */

struct builder {
	struct records *r;
	const struct index_view *old; /* its header is NULL when there was none */
	struct fanout *fanout;        /* the one being filled, and its first digits */
	char digits[3];
	struct fanout fanouts[FANOUT];
	struct buffer ids, trees, sets;
	uint32_t nr_ids;
	struct strmap set_numbers;    /* text of a set -> its number + 1 */
};

static void add_id(struct builder *b, const unsigned char id[ID_SIZE],
		   const unsigned char tree[ID_SIZE], uint32_t set)
{
	buffer_add(&b->ids, id, ID_SIZE);
	buffer_add(&b->trees, tree, ID_SIZE);
	buffer_add(&b->sets, &set, sizeof(set));
	b->fanout->nr++;
	b->nr_ids++;
}

static uint32_t set_number(struct builder *b, const char *text, size_t len)
{
	uint32_t next = (uint32_t)b->set_numbers.nr + 1;
	void **slot = strmap_at(&b->set_numbers, text, len);
	if (!*slot)
		*slot = (void *)(uintptr_t)next;
	return (uint32_t)(uintptr_t)*slot - 1;
}

struct set_text {
	struct buffer text;
	size_t nr;
};

/* Replies and second answers are never asked for by name. */
static struct error *add_to_set(const struct tree_entry *e, void *data)
{
	struct set_text *set = data;
	if ((e->mode != 0100644 && e->mode != 0100755) || memchr(e->name.data, '~', e->name.len) ||
	    set->nr++ >= INDEX_MAX_NAMES)
		return NULL;
	buffer_add(&set->text, e->name.data, e->name.len);
	buffer_addch(&set->text, '\0');
	return NULL;
}

static struct error *add_content_id(const struct tree_entry *e, void *data)
{
	struct builder *b = data;
	char hex[CONTENT_ID_SIZE + 1];
	unsigned char id[ID_SIZE], tree[ID_SIZE];
	size_t at;
	if (e->mode != 040000 || e->name.len != CONTENT_ID_SIZE - 2)
		return NULL;
	memcpy(hex, b->digits, 2);
	memcpy(hex + 2, e->name.data, CONTENT_ID_SIZE - 2);
	hex[CONTENT_ID_SIZE] = '\0';
	if (!decode_id(id, hex) || !decode_id(tree, e->oid.hex))
		return NULL;
	if (b->nr_ids >= INDEX_MAX_IDS)
		return error_new(ERROR_LIMIT, "%s holds more than %d papers", RECORDS_REF,
				 INDEX_MAX_IDS);
	const struct index_view *old = b->old;
	if (old->header && find_id(old, id, &at) && !memcmp(old->trees[at], tree, ID_SIZE)) {
		uint32_t start = old->starts[old->sets[at]], end = old->starts[old->sets[at] + 1];
		add_id(b, id, tree, set_number(b, old->text + start, end - start));
		return NULL;
	}
	struct set_text set = { .text = BUFFER_INIT };
	struct error *err = repo_tree_each(b->r->repo, &e->oid, add_to_set, &set);
	if (!err)
		add_id(b, id, tree, set_number(b, set.text.data, set.text.len));
	buffer_release(&set.text);
	return err;
}

/* Takes over a fan-out folder whose tree is the one we knew. */
static void keep_fanout(struct builder *b, const struct fanout *known)
{
	const struct index_view *old = b->old;
	for (size_t i = known->start; i < (size_t)known->start + known->nr; i++) {
		uint32_t start = old->starts[old->sets[i]], end = old->starts[old->sets[i] + 1];
		add_id(b, old->ids[i], old->trees[i],
		       set_number(b, old->text + start, end - start));
	}
}

static struct error *add_fanout(const struct tree_entry *e, void *data)
{
	struct builder *b = data;
	if (e->mode != 040000 || e->name.len != 2)
		return NULL;
	unsigned char id[ID_SIZE], tree[ID_SIZE];
	memcpy(b->digits, e->name.data, 2);
	if (!decode_id(id, b->digits) || !decode_id(tree, e->oid.hex))
		return NULL;
	unsigned number = id[0];
	b->fanout = &b->fanouts[number];
	b->fanout->start = b->nr_ids;
	b->fanout->nr = 0; /* a broken tree may name a folder twice */
	memcpy(b->fanout->tree, tree, sizeof(tree));
	const struct fanout *known = b->old->header ? &b->old->header->fanouts[number] : NULL;
	if (known && !memcmp(known->tree, b->fanout->tree, ID_SIZE)) {
		keep_fanout(b, known);
		return NULL;
	}
	return repo_tree_each(b->r->repo, &e->oid, add_content_id, b);
}

static void assemble(struct builder *b, struct buffer *out)
{
	struct index_header h = { .nr_ids = b->nr_ids,
				  .nr_sets = (uint32_t)b->set_numbers.nr };
	memcpy(h.tip, b->r->tip.hex, sizeof(b->r->tip.hex));
	memcpy(h.fanouts, b->fanouts, sizeof(h.fanouts));
	for (size_t i = 0; i < b->set_numbers.nr; i++)
		h.text_size += (uint32_t)b->set_numbers.entries[i].key_len;
	buffer_reserve(out, index_size(&h));
	buffer_add(out, &h, sizeof(h));
	buffer_addbuf(out, &b->ids);
	buffer_addbuf(out, &b->trees);
	buffer_addbuf(out, &b->sets);
	uint32_t start = 0;
	for (size_t i = 0; i < b->set_numbers.nr; i++) {
		buffer_add(out, &start, sizeof(start));
		start += (uint32_t)b->set_numbers.entries[i].key_len;
	}
	buffer_add(out, &start, sizeof(start));
	for (size_t i = 0; i < b->set_numbers.nr; i++)
		buffer_add(out, b->set_numbers.entries[i].key, b->set_numbers.entries[i].key_len);
}

/* Makes index->made from the ref, using what the file knew. */
static struct error *rebuild(struct records_index *index, struct records *r)
{
	static const struct index_view none;
	struct builder *b = xcalloc(1, sizeof(*b));
	const struct index_header *known = index->view.header;
	b->r = r;
	b->old = known && known->nr_sets <= INDEX_MAX_SETS ? &index->view : &none;
	buffer_init(&b->ids, BUFFER_MAX_INTERNAL);
	buffer_init(&b->trees, BUFFER_MAX_INTERNAL);
	buffer_init(&b->sets, BUFFER_MAX_INTERNAL);
	struct error *err = NULL;
	if (r->root.hex[0])
		err = repo_tree_each(r->repo, &r->root, add_fanout, b);
	if (!err) {
		assemble(b, &index->made);
		err = buffer_check(&index->made, "the index of records");
	}
	buffer_release(&b->ids);
	buffer_release(&b->trees);
	buffer_release(&b->sets);
	strmap_release(&b->set_numbers, NULL);
	free(b);
	return error_context(err, "cannot read %s", RECORDS_REF);
}

/* -- the journal ------------------------------------------------------------------------------- */

static bool has_committed(const struct index_view *view, const char *content_id, const char *name)
{
	unsigned char id[ID_SIZE];
	size_t at;
	return decode_id(id, content_id) && find_id(view, id, &at) &&
	       set_has(view, view->sets[at], name);
}

static bool is_journalled(const struct journal_entry *entries, size_t nr, const char *name)
{
	for (size_t i = 0; i < nr; i++)
		if (!strcmp(entries[i].name, name))
			return true;
	return false;
}

/* ENTRIES are sorted: those of one content id stand together. */
static void add_journalled(struct records_index *index, const struct journal_entry *entries,
			   size_t nr, const char *const *names)
{
	for (size_t i = 0, next; i < nr; i = next) {
		const char *id = entries[i].content_id;
		bool complete = is_content_id(id);
		for (next = i + 1; next < nr && !strcmp(entries[next].content_id, id);)
			next++;
		for (size_t k = 0; names[k] && complete; k++)
			complete = is_journalled(entries + i, next - i, names[k]) ||
				   has_committed(&index->view, id, names[k]);
		if (complete)
			strmap_add(&index->extra, id, strlen(id));
	}
}

static void find_complete_sets(struct records_index *index, const char *const *names)
{
	uint32_t nr = index->view.header->nr_sets;
	index->complete = xcalloc(nr, sizeof(*index->complete));
	for (uint32_t set = 0; set < nr; set++) {
		index->complete[set] = true;
		for (size_t i = 0; names[i] && index->complete[set]; i++)
			index->complete[set] = set_has(&index->view, set, names[i]);
	}
}

struct error *records_index_new(struct records_index **out, struct records *r,
				const char *const *names)
{
	struct records_index *index = xcalloc(1, sizeof(*index));
	struct journal_entry *entries = NULL;
	size_t nr = 0;
	char *path = xstrfmt("%s/scrutiny/records-index", repo_common_dir(r->repo));
	buffer_init(&index->made, BUFFER_MAX_INTERNAL);
	/* The journal first: what leaves it meanwhile is on the ref by then. */
	struct error *err = journal_list(&r->journal, &entries, &nr);
	if (!err)
		err = records_refresh(r, NULL);
	if (err)
		goto out;
	open_file(index, path);
	if (!index->view.header || strcmp(index->view.header->tip, r->tip.hex)) {
		err = rebuild(index, r);
		if (err)
			goto out;
		view_init(&index->view, index->made.data);
		if (r->tip.hex[0])
			cache_file_write(path, INDEX_KIND, INDEX_VERSION, slice_of(&index->made));
	}
	find_complete_sets(index, names);
	add_journalled(index, entries, nr, names);
	*out = index;
	index = NULL;
out:
	records_index_free(index);
	journal_entries_free(entries, nr);
	free(path);
	return err;
}

void records_index_free(struct records_index *index)
{
	if (!index)
		return;
	cache_file_release(&index->file);
	buffer_release(&index->made);
	free(index->complete);
	strmap_release(&index->extra, NULL);
	free(index);
}
