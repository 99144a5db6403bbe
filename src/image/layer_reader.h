/*
 * Reading layers that somebody else made: tar, with gzip, zstd or as it is. libarchive does it in a confined
 * process (base/confine.h); what that says is checked again here.
 */
#ifndef IMAGE_LAYER_READER_H
#define IMAGE_LAYER_READER_H

#include <stdint.h>

#include "image/digest.h"

/* Entries of one layer, and seconds of processor time that it may take. */
#define LAYER_READER_MAX_ENTRIES 2000000
#define LAYER_READER_SECONDS 600
#define LAYER_READER_MEMORY ((size_t)1 << 30)

enum layer_file_kind { LAYER_FILE, LAYER_FOLDER, LAYER_LINK, LAYER_HARD_LINK, LAYER_OTHER };

struct layer_file {
	enum layer_file_kind kind;
	unsigned mode;       /* permissions, with set-user-id and the like */
	uint64_t owner, group;
	bool attributes;     /* it has extended ones, or an access list */
	const char *path;    /* as it stands there */
	const char *value;   /* git's id of a file's bytes, or where a link leads */
};

/* Calls FN for every entry of the archive in FD, in order; FN's error ends it. OBJECT_FORMAT is that of the
 * ids: "sha1" or "sha256". DIFF_ID gets the digest of the uncompressed bytes. ERROR_SYNTAX when it is no such
 * archive or has anything but zeros behind its end; ERROR_LIMIT. WHAT names it in errors. */
struct error *layer_read(int fd, const char *object_format, const char *what, struct digest *diff_id,
			 struct error *(*fn)(const struct layer_file *file, void *data), void *data);

#endif
