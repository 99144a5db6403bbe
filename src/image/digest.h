/* Content digests as OCI has them: "sha256:" and 64 lower-case digits; other algorithms are refused.
 * https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests */
#ifndef IMAGE_DIGEST_H
#define IMAGE_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/sha256.h"

#define DIGEST_LENGTH (7 + SHA256_HEX_SIZE)

struct digest {
	char text[DIGEST_LENGTH + 1]; /* "" is none */
};

/* False when TEXT is no SHA-256 digest; OUT is empty then. */
bool digest_parse(struct slice text, struct digest *out);
void digest_of(const void *data, size_t len, struct digest *out);
/* Ends H. */
void digest_of_hash(struct sha256 *h, struct digest *out);
/* Whether the file at PATH, which is no link, has SIZE bytes and this digest. */
bool digest_is_of_file(const struct digest *d, int64_t size, const char *path);
bool digest_equals(const struct digest *a, const struct digest *b);
/* The 64 digits. */
const char *digest_hex(const struct digest *d);

#endif
