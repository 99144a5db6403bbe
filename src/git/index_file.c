#include "git/index_file.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/memory.h"
#include "base/text.h"

#define HEADER_SIZE 12
#define STAT_SIZE 40     /* what an entry begins with: times, numbers, mode, owner, size */
#define MODE_AT 24
#define FLAG_EXTENDED 0x4000
#define FLAG_STAGE 0x3000
#define EXTENSION_HEAD 8 /* its name and size */

struct reader {
	const unsigned char *at, *end;
	size_t oid_size;
	uint32_t version;
	char path[INDEX_FILE_MAX_PATH]; /* of version 4: entries say what differs from the one before */
	size_t path_len;
};

static size_t left(const struct reader *r)
{
	return (size_t)(r->end - r->at);
}

static uint32_t number_at(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* git's numbers of variable length, as in packs. */
static bool read_varint(struct reader *r, size_t *out)
{
	size_t value = 0;
	for (int i = 0; i < 5 && r->at < r->end; i++) {
		unsigned char byte = *r->at++;
		value = (i ? (value + 1) << 7 : 0) | (byte & 0x7f);
		if (!(byte & 0x80)) {
			*out = value;
			return true;
		}
	}
	return false;
}

/* The path of an entry that begins at START, and the way to the next one. */
static bool read_path(struct reader *r, const unsigned char *start, struct index_entry *e)
{
	size_t drop = 0;
	if (r->version == 4 && (!read_varint(r, &drop) || drop > r->path_len))
		return false;
	const unsigned char *nul = memchr(r->at, '\0', left(r));
	if (!nul)
		return false;
	size_t len = (size_t)(nul - r->at);
	e->path = (const char *)r->at;
	e->path_len = len;
	r->at = nul + 1;
	if (r->version != 4) {
		/* One to eight NULs make the whole a multiple of eight. */
		size_t size = ((size_t)(nul - start) + 8) & ~(size_t)7;
		if (size > (size_t)(r->end - start))
			return false;
		r->at = start + size;
		return true;
	}
	size_t keep = r->path_len - drop;
	if (keep + len >= sizeof(r->path))
		return false;
	memcpy(r->path + keep, e->path, len + 1);
	r->path_len = keep + len;
	e->path = r->path;
	e->path_len = r->path_len;
	return true;
}

static bool read_entry(struct reader *r, struct index_entry *e)
{
	const unsigned char *start = r->at;
	size_t fixed = STAT_SIZE + r->oid_size + 2;
	if (left(r) < fixed + 3)
		return false;
	unsigned flags = (unsigned)start[fixed - 2] << 8 | start[fixed - 1];
	e->mode = number_at(start + MODE_AT);
	e->oid = start + STAT_SIZE;
	r->at += fixed;
	if (flags & FLAG_EXTENDED) {
		if (r->version < 3)
			return false;
		r->at += 2;
	}
	return !(flags & FLAG_STAGE) && read_path(r, start, e);
}

/* "<NUL><entries> <subtrees>\n<id>": the first of the cached trees is that of the top. */
static void read_cached_tree(const unsigned char *data, size_t size, size_t oid_size, struct index_contents *out)
{
	size_t at = 1, entries = 0;
	if (size < 4 || data[0])
		return;
	while (at < size && ascii_digit((char)data[at]) && entries < SIZE_MAX / 100)
		entries = entries * 10 + (size_t)(data[at++] - '0');
	const unsigned char *newline = memchr(data, '\n', size);
	if (at == 1 || at >= size || data[at] != ' ' || !newline || entries != out->nr)
		return;
	if ((size_t)(data + size - newline) <= oid_size)
		return;
	hex_encode(newline + 1, oid_size, out->tree.hex);
}

/* An extension whose name begins with a small letter changes what the entries mean. */
static bool read_extensions(struct reader *r, struct index_contents *out)
{
	while (left(r) > r->oid_size) {
		if (left(r) < EXTENSION_HEAD + r->oid_size)
			return false;
		size_t size = number_at(r->at + 4);
		if (size > left(r) - EXTENSION_HEAD - r->oid_size || r->at[0] < 'A' || r->at[0] > 'Z')
			return false;
		if (!memcmp(r->at, "TREE", 4))
			read_cached_tree(r->at + EXTENSION_HEAD, size, r->oid_size, out);
		r->at += EXTENSION_HEAD + size;
	}
	return left(r) == r->oid_size;
}

bool index_file_parse(struct slice bytes, size_t oid_size, void (*fn)(const struct index_entry *e, void *data),
		      void *data, struct index_contents *out)
{
	struct reader r = { .at = (const unsigned char *)bytes.data, .oid_size = oid_size };
	struct index_entry e;
	*out = (struct index_contents){ 0 };
	if (bytes.len < HEADER_SIZE + oid_size || memcmp(bytes.data, "DIRC", 4))
		return false;
	r.end = r.at + bytes.len;
	r.version = number_at(r.at + 4);
	if (r.version < 2 || r.version > 4)
		return false;
	out->nr = number_at(r.at + 8);
	r.at += HEADER_SIZE;
	for (size_t i = 0; i < out->nr; i++) {
		if (!read_entry(&r, &e))
			return false;
		if (fn)
			fn(&e, data);
	}
	bool understood = read_extensions(&r, out);
	if (!understood)
		out->tree.hex[0] = '\0';
	return understood;
}

bool index_file_read(const char *path, size_t oid_size, void (*fn)(const struct index_entry *e, void *data),
		     void *data, struct index_contents *out)
{
	struct stat st;
	void *bytes = MAP_FAILED;
	bool understood = false;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	/* git replaces the file, and never writes into it. */
	if (fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size > 0 &&
	    (size_t)st.st_size <= INDEX_FILE_MAX_SIZE)
		bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (fd >= 0)
		close(fd);
	*out = (struct index_contents){ 0 };
	if (bytes == MAP_FAILED)
		return false;
	understood = index_file_parse((struct slice){ bytes, (size_t)st.st_size }, oid_size, fn, data, out);
	munmap(bytes, (size_t)st.st_size);
	return understood;
}
