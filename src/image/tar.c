#include "image/tar.h"

#include <stdio.h>

#include "base/text.h"

/* https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_06 */
struct ustar {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], kind, link[100];
	char magic[6], version[2], uname[32], gname[32], major[8], minor[8], prefix[155], padding[12];
};
_Static_assert(sizeof(struct ustar) == TAR_BLOCK, "a header is one block");

#define MAX_7_DIGITS 07777777ull
#define MAX_11_DIGITS 077777777777ull
/* The name of what holds an entry's pax records, which no program extracts. */
#define PAX_NAME "././@PaxHeader"

/* SIZE - 1 octal digits and a NUL. */
static void put_octal(char *field, size_t size, uint64_t value)
{
	field[--size] = '\0';
	while (size) {
		field[--size] = (char)('0' + (value & 7));
		value >>= 3;
	}
}

static void put_string(char *field, size_t size, const char *value, size_t len)
{
	memcpy(field, value, len < size ? len : size);
}

/* Six digits, a NUL and a space, of the sum of all bytes with spaces in this field. */
static void put_checksum(struct ustar *h)
{
	const unsigned char *bytes = (const unsigned char *)h;
	unsigned sum = 0;
	memset(h->checksum, ' ', sizeof(h->checksum));
	for (size_t i = 0; i < sizeof(*h); i++)
		sum += bytes[i];
	put_octal(h->checksum, 7, sum);
}

static void start_header(struct ustar *h, char kind)
{
	memset(h, 0, sizeof(*h));
	h->kind = kind;
	memcpy(h->magic, "ustar", 6);
	memcpy(h->version, "00", 2);
	put_octal(h->major, sizeof(h->major), 0);
	put_octal(h->minor, sizeof(h->minor), 0);
}

/* Puts PATH into name and prefix, if it can be parted at a slash. */
static bool put_path(struct ustar *h, const char *path, size_t len)
{
	if (len <= sizeof(h->name)) {
		put_string(h->name, sizeof(h->name), path, len);
		return true;
	}
	for (size_t i = len - sizeof(h->name) - 1; i <= sizeof(h->prefix) && i + 1 < len; i++) {
		if (path[i] != '/' || !i)
			continue;
		put_string(h->prefix, sizeof(h->prefix), path, i);
		put_string(h->name, sizeof(h->name), path + i + 1, len - i - 1);
		return true;
	}
	put_string(h->name, sizeof(h->name), path, sizeof(h->name));
	return false;
}

/* "<length> <key>=<value>\n", where the length counts its own digits. */
static void add_record(struct buffer *records, const char *key, const char *value, size_t len)
{
	char digits[24];
	size_t rest = strlen(key) + len + 3, total = rest;
	for (size_t before = 0; before != total;) {
		before = total;
		total = rest + (size_t)snprintf(digits, sizeof(digits), "%zu", before);
	}
	buffer_addf(records, "%zu %s=", total, key);
	buffer_add(records, value, len);
	buffer_addch(records, '\n');
}

static void add_number(struct buffer *records, const char *key, uint64_t value)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
	add_record(records, key, digits, (size_t)len);
}

static void add_records(struct buffer *out, const struct buffer *records)
{
	struct ustar h;
	start_header(&h, 'x');
	put_string(h.name, sizeof(h.name), PAX_NAME, strlen(PAX_NAME));
	put_octal(h.mode, sizeof(h.mode), 0644);
	put_octal(h.uid, sizeof(h.uid), 0);
	put_octal(h.gid, sizeof(h.gid), 0);
	put_octal(h.size, sizeof(h.size), records->len);
	put_octal(h.mtime, sizeof(h.mtime), 0);
	put_checksum(&h);
	buffer_add(out, &h, sizeof(h));
	buffer_addbuf(out, records);
	tar_add_padding(out, records->len);
}

/* A number into its field, or into a record. */
static void put_number(struct buffer *records, char *field, size_t size, const char *key, uint64_t value)
{
	bool fits = value <= (size == 8 ? MAX_7_DIGITS : MAX_11_DIGITS);
	put_octal(field, size, fits ? value : 0);
	if (!fits)
		add_number(records, key, value);
}

void tar_add_header(struct buffer *out, const struct tar_entry *e)
{
	struct ustar h;
	struct buffer records = BUFFER_INIT, path = BUFFER_INIT;
	const char *target = e->target ? e->target : "";
	size_t target_len = strlen(target);
	buffer_addf(&path, "%s%s", e->path, e->kind == TAR_FOLDER ? "/" : "");
	start_header(&h, (char)e->kind);
	bool path_fits = put_path(&h, path.data, path.len), target_fits = target_len <= sizeof(h.link);
	put_string(h.link, sizeof(h.link), target, target_len);
	/* Records are UTF-8 unless they say otherwise. */
	if ((!path_fits && !utf8_valid(path.data, path.len)) ||
	    (!target_fits && !utf8_valid(target, target_len)))
		add_record(&records, "hdrcharset", "BINARY", strlen("BINARY"));
	if (!path_fits)
		add_record(&records, "path", path.data, path.len);
	if (!target_fits)
		add_record(&records, "linkpath", target, target_len);
	put_octal(h.mode, sizeof(h.mode), e->mode);
	put_number(&records, h.uid, sizeof(h.uid), "uid", e->owner);
	put_number(&records, h.gid, sizeof(h.gid), "gid", e->group);
	put_number(&records, h.size, sizeof(h.size), "size", e->kind == TAR_FILE ? e->size : 0);
	put_octal(h.mtime, sizeof(h.mtime), (uint64_t)e->time);
	put_checksum(&h);
	if (records.len)
		add_records(out, &records);
	buffer_add(out, &h, sizeof(h));
	buffer_release(&records);
	buffer_release(&path);
}

static void add_zeros(struct buffer *out, size_t n)
{
	static const char zeros[2 * TAR_BLOCK];
	buffer_add(out, zeros, n);
}

void tar_add_padding(struct buffer *out, uint64_t size)
{
	add_zeros(out, (size_t)(-size % TAR_BLOCK));
}

void tar_add_end(struct buffer *out)
{
	add_zeros(out, 2 * TAR_BLOCK);
}
