#include "deploy/leaks_known.h"

#include "base/hex.h"
#include "base/memory.h"

#define KIND "clean-blobs"
/* Above this only those of the last run are kept. */
#define MAX_KNOWN 2000000
#define MAX_OID 32

void leaks_known_open(struct leaks_known *known, struct repo *repo, uint32_t version)
{
	*known = (struct leaks_known){ .version = version };
	known->oid_size = strcmp(repo_object_format(repo), "sha256") ? 20 : 32;
	known->path = xstrfmt("%s/scrutiny/" KIND, repo_common_dir(repo));
	cache_file_open(&known->file, known->path, KIND, version);
	if (known->file.len % known->oid_size)
		cache_file_release(&known->file);
}

bool leaks_known_has(const struct leaks_known *known, const struct oid *oid)
{
	unsigned char id[MAX_OID];
	size_t low = 0, high = known->file.data ? known->file.len / known->oid_size : 0;
	if (!hex_decode(oid->hex, id, known->oid_size))
		return false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = memcmp(known->file.data + middle * known->oid_size, id, known->oid_size);
		if (!order)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

void leaks_known_add(struct leaks_known *known, const struct oid *oid)
{
	if (known->nr_added == known->alloc_added) {
		known->alloc_added = known->alloc_added ? known->alloc_added * 2 : 256;
		known->added = xreallocarray(known->added, known->alloc_added, known->oid_size);
	}
	if (hex_decode(oid->hex, known->added + known->nr_added * known->oid_size, known->oid_size))
		known->nr_added++;
}

static int by_bytes(const void *a, const void *b, void *size)
{
	return memcmp(a, b, *(const size_t *)size);
}

/* Both sorted lists as one, each id once. */
static void merge(struct buffer *out, const struct leaks_known *k)
{
	size_t size = k->oid_size, nr_old = k->file.data ? k->file.len / size : 0, i = 0, j = 0;
	const unsigned char *old = (const unsigned char *)k->file.data;
	if (nr_old + k->nr_added > MAX_KNOWN)
		nr_old = 0;
	while (i < nr_old || j < k->nr_added) {
		int order = i == nr_old        ? 1
			    : j == k->nr_added ? -1
					       : memcmp(old + i * size, k->added + j * size, size);
		const unsigned char *next = order <= 0 ? old + i * size : k->added + j * size;
		if (out->len < size || memcmp(out->data + out->len - size, next, size))
			buffer_add(out, next, size);
		i += order <= 0;
		j += order >= 0;
	}
}

void leaks_known_close(struct leaks_known *known)
{
	struct buffer all = BUFFER_INIT;
	if (known->nr_added) {
		qsort_r(known->added, known->nr_added, known->oid_size, by_bytes, &known->oid_size);
		merge(&all, known);
		cache_file_write(known->path, KIND, known->version, slice_of(&all));
	}
	cache_file_release(&known->file);
	buffer_release(&all);
	free(known->added);
	free(known->path);
	*known = (struct leaks_known){ 0 };
}
