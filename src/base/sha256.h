/* SHA-256 (libcrypto). */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include <stddef.h>

#define SHA256_SIZE 32
#define SHA256_HEX_SIZE 64

struct sha256 {
	void *context;
};

/* Every sha256_init must be followed by one of the finals, which free the context. */
void sha256_init(struct sha256 *h);
void sha256_update(struct sha256 *h, const void *data, size_t len);
void sha256_final(struct sha256 *h, unsigned char out[SHA256_SIZE]);
/* Lower-case hexadecimal, NUL-terminated. */
void sha256_final_hex(struct sha256 *h, char out[SHA256_HEX_SIZE + 1]);
void sha256_hex(const void *data, size_t len, char out[SHA256_HEX_SIZE + 1]);

#endif
