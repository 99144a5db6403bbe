/*
 * The child writes a line of numbers for each entry, and path and value behind it, each with a NUL:
 * "<kind> <mode> <owner> <group> <attributes>\0<path>\0<value>\0". The last is "end\0<diff id>\0", or
 * "error\0<text>\0".
 */
#include "image/layer_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/hex.h"
#include "base/memory.h"
#include "base/text.h"
#include "image/tar.h"

#define BLOCK ((size_t)256 << 10)
#define END_BYTES (4 * TAR_BLOCK)
/* Bytes of a path or a target that are passed on; longer ones are an error. */
#define FIELD_MAX (2 * TAR_MAX_PATH)

/* -- in the child ------------------------------------------------------------------------------ */

struct reader {
	int fd, out;
	const char *object_format;
	struct archive *raw;       /* the archive without its compression */
	const EVP_MD *id_hash;
	EVP_MD_CTX *id;
	struct sha256 diff_id;
	char *block;
	uint64_t total, used; /* uncompressed bytes read, and up to the last that is not zero */
	bool ended;
	struct buffer answer;
	struct digest digest;
};

/* What opens files of its own is opened before none can be. */
static void prepare(void *data)
{
	struct reader *r = data;
	unsigned char unused[EVP_MAX_MD_SIZE];
	r->id_hash = strcmp(r->object_format, "sha256") ? EVP_sha1() : EVP_sha256();
	r->id = EVP_MD_CTX_new();
	if (EVP_Digest("", 0, unused, NULL, r->id_hash, NULL) != 1 || !r->id)
		_exit(1);
	sha256_init(&r->diff_id);
}

static void flush(struct reader *r)
{
	const char *at = r->answer.data;
	size_t left = r->answer.len;
	while (left) {
		ssize_t n = write(r->out, at, left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(1);
		at += n;
		left -= (size_t)n;
	}
	buffer_reset(&r->answer);
}

static void add_field(struct reader *r, const char *text)
{
	buffer_add(&r->answer, text, strlen(text) + 1);
	if (r->answer.len > BLOCK)
		flush(r);
}

static _Noreturn void give_up(struct reader *r, const char *why)
{
	add_field(r, "error");
	add_field(r, why ? why : "it cannot be read");
	flush(r);
	_exit(0);
}

static ssize_t read_raw(struct archive *a, void *data, const void **bytes)
{
	struct reader *r = data;
	ssize_t n = archive_read_data(r->raw, r->block, BLOCK);
	(void)a;
	if (n < 0)
		give_up(r, archive_error_string(r->raw));
	sha256_update(&r->diff_id, r->block, (size_t)n);
	for (size_t i = (size_t)n; i > 0; i--) {
		if (!r->block[i - 1])
			continue;
		r->used = r->total + i;
		break;
	}
	r->total += (uint64_t)n;
	*bytes = r->block;
	if (n || r->ended)
		return n;
	/* Some programs leave away the zeros that end an archive, and what fills the last block. */
	r->ended = true;
	memset(r->block, 0, END_BYTES);
	return END_BYTES;
}

static struct archive *open_raw(struct reader *r)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	archive_read_support_format_raw(a);
	archive_read_support_filter_gzip(a);
	archive_read_support_filter_zstd(a);
	if (archive_read_open_fd(a, r->fd, BLOCK) != ARCHIVE_OK ||
	    archive_read_next_header(a, &e) != ARCHIVE_OK)
		give_up(r, archive_error_string(a));
	return a;
}

/* Git's id of the entry's bytes. */
static void hash_entry(struct reader *r, struct archive *a, struct archive_entry *e, char *hex)
{
	char head[40], bytes[16384];
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;
	int len = snprintf(head, sizeof(head), "blob %" PRId64, (int64_t)archive_entry_size(e));
	ssize_t n;
	if (EVP_DigestInit_ex(r->id, r->id_hash, NULL) != 1 ||
	    EVP_DigestUpdate(r->id, head, (size_t)len + 1) != 1)
		_exit(1);
	while ((n = archive_read_data(a, bytes, sizeof(bytes))) > 0)
		EVP_DigestUpdate(r->id, bytes, (size_t)n);
	if (n < 0)
		give_up(r, archive_error_string(a));
	if (EVP_DigestFinal_ex(r->id, digest, &size) != 1)
		_exit(1);
	hex_encode(digest, size, hex);
}

static enum layer_file_kind kind_of(struct archive_entry *e)
{
	if (archive_entry_hardlink(e))
		return LAYER_HARD_LINK;
	switch (archive_entry_filetype(e)) {
	case AE_IFREG:
		return LAYER_FILE;
	case AE_IFDIR:
		return LAYER_FOLDER;
	case AE_IFLNK:
		return LAYER_LINK;
	default:
		return LAYER_OTHER;
	}
}

static void add_entry(struct reader *r, struct archive *a, struct archive_entry *e)
{
	enum layer_file_kind kind = kind_of(e);
	/* As pax records have it; what was not UTF-8 stands there as bytes. */
	const char *path = archive_entry_pathname_utf8(e), *target = NULL;
	bool attributes = archive_entry_xattr_count(e) || archive_entry_acl_types(e);
	char head[96], id[2 * EVP_MAX_MD_SIZE + 1];
	if (!path)
		path = archive_entry_pathname(e);
	if (kind == LAYER_LINK) {
		target = archive_entry_symlink_utf8(e);
		target = target ? target : archive_entry_symlink(e);
	} else if (kind == LAYER_HARD_LINK) {
		target = archive_entry_hardlink_utf8(e);
		target = target ? target : archive_entry_hardlink(e);
	}
	if (!path || strlen(path) > FIELD_MAX || (target && strlen(target) > FIELD_MAX))
		give_up(r, "an entry has no path that could be read");
	if (kind == LAYER_FILE)
		hash_entry(r, a, e, id);
	snprintf(head, sizeof(head), "%d %o %" PRId64 " %" PRId64 " %d", (int)kind,
		 (unsigned)archive_entry_perm(e) & 07777u, (int64_t)archive_entry_uid(e),
		 (int64_t)archive_entry_gid(e), attributes);
	add_field(r, head);
	add_field(r, path);
	add_field(r, kind == LAYER_FILE ? id : target ? target : "");
}

/* Readers of tar stop at its end; what lies behind it, one or the other might still read. */
static void read_rest(struct reader *r, struct archive *a)
{
	int64_t end = archive_filter_bytes(a, 0);
	const void *bytes;
	while (read_raw(NULL, r, &bytes) > 0)
		;
	if (end < 0 || r->used > (uint64_t)end)
		give_up(r, "there are bytes behind its end");
}

static void read_archive(int out, void *data)
{
	struct reader *r = data;
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	size_t entries = 0;
	int status;
	r->out = out;
	r->block = xmalloc(BLOCK);
	buffer_init(&r->answer, BUFFER_MAX_INTERNAL);
	r->raw = open_raw(r);
	archive_read_support_format_tar(a);
	archive_read_support_format_empty(a);
	if (archive_read_open(a, r, NULL, read_raw, NULL) != ARCHIVE_OK)
		give_up(r, archive_error_string(a));
	while ((status = archive_read_next_header(a, &e)) == ARCHIVE_OK || status == ARCHIVE_WARN) {
		if (++entries > LAYER_READER_MAX_ENTRIES)
			give_up(r, "it has too many entries");
		add_entry(r, a, e);
	}
	if (status != ARCHIVE_EOF)
		give_up(r, archive_error_string(a));
	read_rest(r, a);
	digest_of_hash(&r->diff_id, &r->digest);
	add_field(r, "end");
	add_field(r, r->digest.text);
	flush(r);
}

/* -- here -------------------------------------------------------------------------------------- */

struct answers {
	int fd;
	struct buffer bytes;
	size_t at;
};

/* The next field, valid until the next call; false at an end that should not be there. */
static bool next_field(struct answers *in, const char **field)
{
	for (;;) {
		const char *from = in->bytes.data + in->at;
		const char *end = memchr(from, '\0', in->bytes.len - in->at);
		if (end) {
			*field = from;
			in->at += (size_t)(end - from) + 1;
			return true;
		}
		char block[16384];
		ssize_t n;
		if (in->bytes.len - in->at > FIELD_MAX)
			return false;
		buffer_splice(&in->bytes, 0, in->at, "", 0);
		in->at = 0;
		while ((n = read(in->fd, block, sizeof(block))) < 0 && errno == EINTR)
			;
		if (n <= 0)
			return false;
		buffer_add(&in->bytes, block, (size_t)n);
	}
}

static struct error *unreadable(const char *what, const char *why)
{
	struct buffer shown = BUFFER_INIT;
	text_for_terminal(&shown, why, strlen(why), false);
	struct error *err = error_new(ERROR_SYNTAX, "%s is no layer that can be read: %s", what, shown.data);
	buffer_release(&shown);
	return err;
}

static bool parse_head(const char *head, struct layer_file *file)
{
	unsigned kind, attributes;
	char rest;
	if (sscanf(head, "%u %o %" SCNu64 " %" SCNu64 " %u%c", &kind, &file->mode, &file->owner, &file->group,
		   &attributes, &rest) != 5 || kind > LAYER_OTHER)
		return false;
	file->kind = (enum layer_file_kind)kind;
	file->attributes = attributes;
	return true;
}

/* Passes one entry on; *DONE after the last. */
static struct error *take_answer(struct answers *in, const char *what, struct digest *diff_id, bool *done,
				 struct error *(*fn)(const struct layer_file *file, void *data), void *data)
{
	static const char killed[] = "its reader was stopped: it takes more memory or time than a layer may";
	struct layer_file file;
	const char *field;
	if (!next_field(in, &field))
		return unreadable(what, killed);
	bool end = !strcmp(field, "end"), error = !strcmp(field, "error");
	if (!end && !error && !parse_head(field, &file))
		return unreadable(what, "its reader lost its way");
	if (!next_field(in, &field))
		return unreadable(what, killed);
	if (error)
		return unreadable(what, field);
	*done = end;
	if (end)
		return digest_parse(slice_of_string(field), diff_id) ? NULL
								     : unreadable(what, "it has no digest");
	char *path = xstrdup(field);
	struct error *err = next_field(in, &field) ? NULL : unreadable(what, killed);
	file.path = path;
	file.value = field;
	if (!err)
		err = fn(&file, data);
	free(path);
	return err;
}

struct error *layer_read(int fd, const char *object_format, const char *what, struct digest *diff_id,
			 struct error *(*fn)(const struct layer_file *file, void *data), void *data)
{
	static const struct confine_limits limits = { LAYER_READER_MEMORY, LAYER_READER_SECONDS };
	struct reader reader = { .fd = fd, .object_format = object_format };
	struct answers in = { .bytes = BUFFER_INIT_MAX(4 * FIELD_MAX + 65536) };
	struct process child;
	bool done = false;
	int status;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return error_errno(ERROR_IO, "cannot read %s", what);
	struct error *err = confine_start(&child, prepare, read_archive, &reader, &limits);
	if (err)
		return err;
	in.fd = child.out;
	while (!err && !done)
		err = take_answer(&in, what, diff_id, &done, fn, data);
	buffer_release(&in.bytes);
	/* Whether it ended well was seen in its answers; one that goes on writes to nobody. */
	error_free(process_finish(&child, &status));
	return err;
}
