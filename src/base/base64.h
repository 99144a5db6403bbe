/* Base 64 as of RFC 4648, section 4: with padding, on one line. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/buffer.h"

void base64_add(struct buffer *out, struct slice bytes);

#endif
