/* Hexadecimal digits, in lower case. */
#ifndef BASE_HEX_H
#define BASE_HEX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

void hex_encode(const unsigned char *data, size_t len, char *out); /* 2*len + NUL */
/* Reads 2*LEN digits; false, and OUT is zeros, when there are others. */
bool hex_decode(const char *hex, unsigned char *out, size_t len);
/* Whether S is DIGITS of them and nothing else. */
bool hex_is(const char *s, size_t digits);
/* What the digit C counts, in either case; -1: it is none. */
int hex_value(int c);
/* A name that nobody else has: DIGITS of them (an even number, 64 at most) and a NUL. */
struct error *hex_random(char *out, size_t digits);

#endif
