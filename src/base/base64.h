/* Base 64 as of RFC 4648, section 4: with padding, on one line. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stdbool.h>

#include "base/buffer.h"

void base64_add(struct buffer *out, struct slice bytes);
/* Appends the bytes that TEXT stands for. False, with nothing appended, when it is not the one form that
 * base64_add gives them. */
bool base64_decode(struct buffer *out, struct slice text);

#endif
