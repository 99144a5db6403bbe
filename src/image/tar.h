/*
 * Writing tar archives of one fixed form: POSIX ustar, and pax records for what does not fit into it.
 *
 * We write them ourselves because their bytes are a layer's identity (its diff id): another version of a
 * library must not change them. A change here is a new LAYER_FORMAT.
 */
#ifndef IMAGE_TAR_H
#define IMAGE_TAR_H

#include <stdint.h>

#include "base/buffer.h"

#define TAR_BLOCK 512
/* Longer paths, and targets of links, are no system's. */
#define TAR_MAX_PATH 4096

enum tar_kind { TAR_FILE = '0', TAR_LINK = '2', TAR_FOLDER = '5' };

struct tar_entry {
	enum tar_kind kind;
	const char *path;   /* "usr/bin"; without slashes at its ends */
	const char *target; /* of a link */
	unsigned mode;      /* permissions only */
	unsigned owner, group;
	uint64_t size;      /* of a file */
	int64_t time;
};

/* Appends the header; a file's bytes, and tar_add_padding, are to follow. */
void tar_add_header(struct buffer *out, const struct tar_entry *e);
/* Fills the last block of a file of SIZE bytes. */
void tar_add_padding(struct buffer *out, uint64_t size);
void tar_add_end(struct buffer *out);

#endif
