#include "base/strmap.h"

#include <sys/random.h>

#include "base/memory.h"

static uint64_t seed;

/* wyhash-style mixing: two 64-bit multiplications folded, eight bytes a step. */
static uint64_t mix(uint64_t a, uint64_t b)
{
	__uint128_t r = (__uint128_t)a * b;
	return (uint64_t)r ^ (uint64_t)(r >> 64);
}

uint64_t strmap_hash(const char *key, size_t len)
{
	if (!seed) {
		if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != (ssize_t)sizeof(seed))
			seed = (uint64_t)(uintptr_t)&seed;
		seed |= 1;
	}
	uint64_t h = seed ^ len * 0x9e3779b97f4a7c15u;
	while (len >= 8) {
		uint64_t word;
		memcpy(&word, key, 8);
		h = mix(h ^ word, 0xa0761d6478bd642fu);
		key += 8;
		len -= 8;
	}
	uint64_t tail = 0;
	memcpy(&tail, key, len);
	return mix(h ^ tail, 0xe7037ed1a0b428dbu ^ seed);
}

static size_t find_slot(const struct strmap *map, const char *key, size_t len, uint64_t hash)
{
	size_t mask = map->index_size - 1;
	size_t i = (size_t)hash & mask;
	while (map->index[i]) {
		const struct strmap_entry *e = &map->entries[map->index[i] - 1];
		if (e->hash == hash && e->key_len == len && !memcmp(e->key, key, len))
			break;
		i = (i + 1) & mask;
	}
	return i;
}

static void grow_index(struct strmap *map)
{
	size_t size = map->index_size ? map->index_size * 2 : 16;
	free(map->index);
	map->index = xcalloc(size, sizeof(*map->index));
	map->index_size = size;
	for (size_t n = 0; n < map->nr; n++) {
		const struct strmap_entry *e = &map->entries[n];
		map->index[find_slot(map, e->key, e->key_len, e->hash)] = (uint32_t)n + 1;
	}
}

void strmap_release(struct strmap *map, void (*free_value)(void *))
{
	for (size_t i = 0; i < map->nr; i++) {
		free(map->entries[i].key);
		if (free_value)
			free_value(map->entries[i].value);
	}
	free(map->entries);
	free(map->index);
	*map = (struct strmap)STRMAP_INIT;
}

void **strmap_at(struct strmap *map, const char *key, size_t len)
{
	if ((map->nr + 1) * 4 > map->index_size * 3)
		grow_index(map);
	uint64_t hash = strmap_hash(key, len);
	size_t slot = find_slot(map, key, len, hash);
	if (!map->index[slot]) {
		ALLOC_GROW(map->entries, map->nr, map->alloc);
		map->entries[map->nr] =
			(struct strmap_entry){ xmemdupz(key, len), len, NULL, hash };
		map->index[slot] = (uint32_t)++map->nr;
	}
	return &map->entries[map->index[slot] - 1].value;
}

static const struct strmap_entry *find(const struct strmap *map, const char *key, size_t len)
{
	if (!map->nr)
		return NULL;
	uint32_t n = map->index[find_slot(map, key, len, strmap_hash(key, len))];
	return n ? &map->entries[n - 1] : NULL;
}

void *strmap_get(const struct strmap *map, const char *key, size_t len)
{
	const struct strmap_entry *e = find(map, key, len);
	return e ? e->value : NULL;
}

bool strmap_has(const struct strmap *map, const char *key, size_t len)
{
	return find(map, key, len) != NULL;
}

bool strmap_add(struct strmap *map, const char *key, size_t len)
{
	size_t before = map->nr;
	strmap_at(map, key, len);
	return map->nr > before;
}
