/*
 * Caches: files that only save time. Whoever finds one damaged, missing, of another version or
 * from a machine with another byte order goes on as if it had never been there, and nobody minds
 * if it cannot be written. Layout: a header with a checksum, then the payload, 8-byte aligned.
 */
#ifndef BASE_CACHE_FILE_H
#define BASE_CACHE_FILE_H

#include <stdint.h>

#include "base/buffer.h"

#define CACHE_MAX_SIZE ((size_t)2 << 30)

struct cache_file {
	const char *data; /* the payload; NULL when there is no usable file */
	size_t len;
	void *mapped;
	size_t mapped_size;
};

/* Maps the cache at PATH if it is a sound one of KIND (at most 15 bytes) and VERSION. */
void cache_file_open(struct cache_file *cache, const char *path, const char *kind,
		     uint32_t version);
void cache_file_release(struct cache_file *cache);
/* Puts PAYLOAD in the place of what PATH holds, by rename, making the directory if needed. Not
 * synced: what a crash leaves is checked when it is opened. Failure is silent. */
void cache_file_write(const char *path, const char *kind, uint32_t version, struct slice payload);

#endif
