/*
 * A map from byte strings to pointers that remembers the order of insertion, so that what is
 * made by walking it does not depend on the hash. The hash is seeded per process: keys may
 * come from hostile files.
 */
#ifndef BASE_STRMAP_H
#define BASE_STRMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct strmap_entry {
	char *key; /* NUL-terminated copy, owned by the map */
	size_t key_len;
	void *value; /* not owned */
	uint64_t hash;
};

struct strmap {
	struct strmap_entry *entries; /* in order of insertion */
	size_t nr, alloc;
	uint32_t *index; /* open addressing: entry number + 1, 0 is free */
	size_t index_size;
};

#define STRMAP_INIT { NULL, 0, 0, NULL, 0 }

void strmap_release(struct strmap *map, void (*free_value)(void *)); /* NULL: values stay */

/* The value slot of KEY, made (holding NULL) if it is new. Valid until the next insertion. */
void **strmap_at(struct strmap *map, const char *key, size_t len);
/* NULL when KEY is not there. */
void *strmap_get(const struct strmap *map, const char *key, size_t len);
bool strmap_has(const struct strmap *map, const char *key, size_t len);
/* A hash of bytes, the same as long as the process runs. */
uint64_t strmap_hash(const char *bytes, size_t len);
/* Adds KEY to a map used as a set; true if it was new. */
bool strmap_add(struct strmap *map, const char *key, size_t len);

#endif
