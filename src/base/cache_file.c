#include "base/cache_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

#define BYTE_ORDER_MARK 0x01020304u
#define KIND_SIZE 16

struct cache_header {
	char kind[KIND_SIZE];
	uint32_t byte_order, version;
	uint64_t size; /* of the payload */
	uint64_t checksum;
};

static uint64_t mix(uint64_t a, uint64_t b)
{
	__uint128_t product = (__uint128_t)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Against accidents, not against people: four independent lanes, so that it runs as fast as the
 * bytes come. */
static uint64_t checksum(const char *data, size_t len)
{
	static const uint64_t keys[4] = { 0xa0761d6478bd642fu, 0xe7037ed1a0b428dbu,
					  0x8ebc6af09c88c6e3u, 0x589965cc75374cc3u };
	uint64_t lanes[4] = { len, keys[1], keys[2], keys[3] }, words[4];
	while (len >= sizeof(words)) {
		memcpy(words, data, sizeof(words));
		for (size_t i = 0; i < 4; i++)
			lanes[i] = mix(lanes[i] ^ words[i], keys[i]);
		data += sizeof(words);
		len -= sizeof(words);
	}
	memset(words, 0, sizeof(words));
	memcpy(words, data, len);
	uint64_t sum = 0;
	for (size_t i = 0; i < 4; i++)
		sum = mix(sum ^ mix(lanes[i] ^ words[i], keys[i]), keys[0]);
	return sum;
}

static void header_init(struct cache_header *h, const char *kind, uint32_t version,
			struct slice payload)
{
	*h = (struct cache_header){ .byte_order = BYTE_ORDER_MARK, .version = version,
				    .size = payload.len,
				    .checksum = checksum(payload.data, payload.len) };
	memcpy(h->kind, kind, strnlen(kind, KIND_SIZE - 1));
}

void cache_file_open(struct cache_file *cache, const char *path, const char *kind,
		     uint32_t version)
{
	struct stat st;
	struct cache_header expected;
	*cache = (struct cache_file){ NULL, 0, NULL, 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) &&
	    st.st_size >= (off_t)sizeof(struct cache_header) &&
	    (uintmax_t)st.st_size <= CACHE_MAX_SIZE) {
		size_t size = (size_t)st.st_size;
		void *mapped = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
		if (mapped != MAP_FAILED) {
			cache->mapped = mapped;
			cache->mapped_size = size;
		}
	}
	close(fd);
	if (!cache->mapped)
		return;
	const char *data = (const char *)cache->mapped + sizeof(expected);
	size_t len = cache->mapped_size - sizeof(expected);
	header_init(&expected, kind, version, (struct slice){ data, len });
	if (memcmp(&expected, cache->mapped, sizeof(expected))) {
		cache_file_release(cache);
		return;
	}
	cache->data = data;
	cache->len = len;
}

void cache_file_release(struct cache_file *cache)
{
	if (cache->mapped)
		munmap(cache->mapped, cache->mapped_size);
	*cache = (struct cache_file){ NULL, 0, NULL, 0 };
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

void cache_file_write(const char *path, const char *kind, uint32_t version, struct slice payload)
{
	struct cache_header header;
	char *directory = xmemdupz(path, (size_t)(strrchr(path, '/') - path));
	error_free(file_make_directories(directory));
	char *temporary = xstrfmt("%s/.cache-XXXXXX", directory);
	int fd = mkostemp(temporary, O_CLOEXEC);
	if (fd >= 0) {
		header_init(&header, kind, version, payload);
		int result = write_all(fd, (const char *)&header, sizeof(header));
		if (!result)
			result = write_all(fd, payload.data, payload.len);
		if (close(fd) < 0 || result < 0 || rename(temporary, path) < 0)
			unlink(temporary);
	}
	free(temporary);
	free(directory);
}
