/* Words in scripts that others run. */
#ifndef BASE_SHELL_QUOTE_H
#define BASE_SHELL_QUOTE_H

#include "base/buffer.h"

/* Appends S as one word of a POSIX shell, between single quotes. */
void shell_quote(struct buffer *out, const char *s);

#endif
