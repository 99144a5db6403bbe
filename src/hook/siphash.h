/* SipHash-2-4 (Aumasson and Bernstein, 2012): a short hash that nobody without the key can make collide. */
#ifndef HOOK_SIPHASH_H
#define HOOK_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

#define SIPHASH_KEY_SIZE 16

uint64_t siphash(const unsigned char key[SIPHASH_KEY_SIZE], const void *data, size_t len);

#endif
